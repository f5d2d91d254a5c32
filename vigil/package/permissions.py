"""The least-privilege policy of each function, with resources named wherever AWS lets them be.

What a look may call comes from the declarations of the facets that the rules need; a rule switched
off takes its permissions with it. Nothing here may change a resource that Vigil looks at.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.findings._tables import DUE_INDEX, HOUR_INDEX, ID_INDEX, OPEN_INDEX
from vigil.package.catalogue import Catalogue
from vigil.package.cloudformation import (
    Json,
    attribute,
    imported,
    only_if,
    policy,
    statement,
    sub,
)
from vigil.package.plan import QUEUES, FunctionPlan

FROM_SECRETS_MANAGER = "SlackSecretInSecretsManager"
FROM_PARAMETER_STORE = "SlackSecretInParameterStore"
EVERYTHING = "*"

_STATE = ("dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem")
_APPEND = ("dynamodb:PutItem",)
_SEND = ("sqs:SendMessage",)
_TAKE_RULES = ("s3:GetObjectVersion",)
_KEEP_ITEMS = ("s3:PutObject",)
#: What Lambda's poller does in the function's name.
CONSUME = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
LIST_STREAMS = ("dynamodb:ListStreams",)
WRITE_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")

#: People and exemptions are believed only with their history.
_REGISTER: Mapping[str, tuple[str, ...]] = {
    "work": ("dynamodb:GetItem", "dynamodb:Query"),
    "history": ("dynamodb:Query",),
}

#: Manifests are read by version; of segments the newest will do where it is what its name says.
_UNSEAL: Mapping[str, tuple[str, ...]] = {
    "evidence": ("s3:ListBucketVersions",),
    "evidence/seal/manifests/*": ("s3:GetObjectVersion",),
    "evidence/seal/segments/*": ("s3:GetObject", "s3:GetObjectVersion"),
}

#: What is wrong with the history is a finding like any other.
_TELL: Mapping[str, tuple[str, ...]] = {
    "findings": ("dynamodb:Query", "dynamodb:PutItem"),
    "history": _APPEND,
}

#: Function → place → what it may do there; looks, logs and event sources come on top.
GRANTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "evaluate": {
        "findings": _STATE,
        "history": _APPEND,
        "ledger": _APPEND,
        "work": ("dynamodb:GetItem", "dynamodb:UpdateItem"),
        "evidence/items/*": _KEEP_ITEMS,
        "rules/*": _TAKE_RULES,
        "changes": _SEND,
        "sweep": _SEND,
    },
    "sweep_start": {
        "work": ("dynamodb:GetItem", "dynamodb:BatchWriteItem"),
        "rules/*": _TAKE_RULES,
        "sweep": _SEND,
    },
    "sweep_work": {
        "findings": _STATE,
        f"findings/{OPEN_INDEX}": ("dynamodb:Query",),
        "history": _APPEND,
        "evidence/items/*": _KEEP_ITEMS,
        "rules/*": _TAKE_RULES,
        "work": (
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
        ),
        "changes": _SEND,
        "sweep": _SEND,
    },
    "due": {
        f"findings/{DUE_INDEX}": ("dynamodb:Query",),
        f"findings/{OPEN_INDEX}": ("dynamodb:Query",),
        "findings": ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"),
        "history": ("dynamodb:Query", "dynamodb:PutItem"),
        "work": ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"),
        "rules/*": _TAKE_RULES,
        "sweep": _SEND,
    },
    "announce": {
        **_REGISTER,
        "work": (*_REGISTER["work"], "dynamodb:UpdateItem"),
        "topic": ("sns:Publish",),
        "failures": ("s3:ListBucket",),
        "failures/*": ("s3:PutObject",),
    },
    "reannounce": {
        f"history/{HOUR_INDEX}": ("dynamodb:Query",),
        **_REGISTER,
        "work": (*_REGISTER["work"], "dynamodb:PutItem", "dynamodb:UpdateItem"),
        "topic": ("sns:Publish",),
    },
    "posture": {
        f"findings/{OPEN_INDEX}": ("dynamodb:Query",),
        "history": ("dynamodb:Query",),
        "work": ("dynamodb:Query", "dynamodb:PutItem"),
    },
    "export": {
        "ledger": ("dynamodb:Scan",),
        "work": ("dynamodb:GetItem", "dynamodb:PutItem"),
        **_UNSEAL,
        "evidence/seal/signatures/*": ("s3:GetObjectVersion",),
        "rules": ("s3:ListBucketVersions",),
        "rules/*": _TAKE_RULES,
        "exports/*": ("s3:PutObject",),
        "seal-key": ("kms:GetPublicKey", "kms:Sign"),
        "exports": ("sqs:ChangeMessageVisibility",),
    },
    "api": {
        "findings": ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"),
        f"findings/{OPEN_INDEX}": ("dynamodb:Query",),
        f"findings/{ID_INDEX}": ("dynamodb:Query",),
        "history": ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"),
        f"history/{HOUR_INDEX}": ("dynamodb:Query",),
        "ledger": ("dynamodb:Query",),
        "work": ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"),
        "rules/*": _TAKE_RULES,
        "evidence": ("s3:ListBucketVersions",),
        "evidence/items/*": ("s3:GetObject",),
        "evidence/seal/manifests/*": ("s3:GetObjectVersion",),
        "exports": _SEND,
        "exports/*": ("s3:GetObject",),
    },
    "seal": {
        "evidence": ("s3:ListBucketVersions",),
        "evidence/seal/segments/*": ("s3:PutObject",),
        "evidence/seal/manifests/*": ("s3:GetObjectVersion", "s3:PutObject"),
        **_TELL,
        "failures": ("s3:ListBucket",),
        "failures/*": ("s3:PutObject",),
    },
    "sign": {
        "evidence": ("s3:ListBucketVersions",),
        "evidence/seal/manifests/*": ("s3:GetObjectVersion",),
        "evidence/seal/signatures/*": ("s3:PutObject",),
        "seal-key": ("kms:GetPublicKey", "kms:Sign"),
    },
    "recount": {
        **_UNSEAL,
        f"history/{HOUR_INDEX}": ("dynamodb:Query",),
        **_TELL,
        "work": ("dynamodb:GetItem", "dynamodb:PutItem"),
    },
    "slack": {
        "findings": ("dynamodb:Query",),
        "history": ("dynamodb:GetItem",),
        "work": ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        "slack": ("sqs:SendMessage", "sqs:ChangeMessageVisibility"),
    },
}

_ROLE = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"
_BUCKET = "arn:${AWS::Partition}:s3:::*"
#: An organization's trail belongs to the management account, wherever it is seen.
_TRAIL = "arn:${AWS::Partition}:cloudtrail:*:*:trail/*"
#: AWS's own prefix lists belong to no account.
_PREFIX_LIST = "arn:${AWS::Partition}:ec2:*:*:prefix-list/*"
#: Below these API Gateway keeps stages; beside them lie API keys, whose values a GET can read.
_STAGES = tuple(
    f"arn:${{AWS::Partition}}:apigateway:*::/{apis}{path}"
    for apis in ("apis", "restapis")
    for path in ("", "/*/stages", "/*/stages/*")
)
#: Action → the resources it is confined to. Of the other actions AWS confines some, to every
#: resource of the one kind that they read: that would say nothing more.
CONFINED: Mapping[str, str | tuple[str, ...]] = {
    "apigateway:GET": _STAGES,
    "cloudtrail:GetEventSelectors": _TRAIL,
    "cloudtrail:GetTrail": _TRAIL,
    "cloudtrail:GetTrailStatus": _TRAIL,
    "cloudtrail:ListTags": _TRAIL,
    "ec2:GetManagedPrefixListEntries": _PREFIX_LIST,
    "iam:GetRole": _ROLE,
    "iam:GetRolePolicy": _ROLE,
    "iam:ListAttachedRolePolicies": _ROLE,
    "iam:ListRolePolicies": _ROLE,
    "s3:GetBucketAcl": _BUCKET,
    "s3:GetBucketOwnershipControls": _BUCKET,
    "s3:GetBucketPolicy": _BUCKET,
    "s3:GetBucketPublicAccessBlock": _BUCKET,
    "s3:GetBucketTagging": _BUCKET,
}


def policy_for(plan: FunctionPlan, catalogue: Catalogue) -> Json:
    """Return the policy of a function's role; resources are intrinsics of the app stack."""
    return policy(
        [
            _logs(plan),
            *_event_sources(plan),
            *(statement(acts, _place(at)) for at, acts in GRANTS[plan.name].items()),
            *(_secret() if plan.name == "slack" else ()),
            *_confined(looks_of(plan, catalogue)),
        ]
    )


def looks_of(plan: FunctionPlan, catalogue: Catalogue) -> frozenset[str]:
    """Return the actions with which a function looks at resources."""
    described = {a for _, facet in catalogue.facets() for a in facet.permissions}
    listed = {a for kind in catalogue.types for a in kind.list_permissions}
    return frozenset(
        (described if plan.describes else set()) | (listed if plan.lists else set()),
    )


def _logs(plan: FunctionPlan) -> Json:
    group = f"log-group:/aws/lambda/${{AWS::StackName}}-{plan.deployed_name}:*"
    return statement(
        WRITE_LOGS,
        sub(f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:{group}"),
    )


def _event_sources(plan: FunctionPlan) -> Iterator[Json]:
    if plan.queue:
        yield statement(CONSUME, attribute(QUEUES[plan.queue].id))
    if plan.reads_history or plan.seals:
        yield statement(STREAM, imported("HistoryStreamArn"))
        # AWS confines listing to a table's streams, not to one of them.
        yield statement(LIST_STREAMS, _below("HistoryTableArn", "stream/*"))


def _place(name: str) -> Any:
    """Return the ARN of a place that `GRANTS` names."""
    owner, _, part = name.partition("/")
    if owner in QUEUES and not part:
        return attribute(QUEUES[owner].id)
    if owner == "topic":
        return imported("TopicArn")
    if owner == "seal-key":
        return imported("SealKeyArn")
    if owner in ("evidence", "exports", "failures", "rules"):
        bucket = f"{owner.capitalize()}BucketArn"
        return _below(bucket, part) if part else imported(bucket)
    table = f"{owner.capitalize()}TableArn"
    return _below(table, f"index/{part}") if part else imported(table)


def _below(export: str, path: str) -> Json:
    return {"Fn::Join": ["/", [imported(export), path]]}


def _secret() -> Iterator[Json]:
    """Yield what reads the Slack secret, in the one place where it is."""
    here = "${AWS::Region}:${AWS::AccountId}"
    name = {"Name": {"Fn::Select": [1, {"Fn::Split": [":", sub("${SlackSecret}:")]}]}}
    # Secrets Manager adds six characters of its own to every name.
    secret = f"arn:${{AWS::Partition}}:secretsmanager:{here}:secret:${{Name}}-??????"
    parameter = f"arn:${{AWS::Partition}}:ssm:{here}:parameter${{Name}}"
    for condition, action, arn in (
        (FROM_SECRETS_MANAGER, "secretsmanager:GetSecretValue", secret),
        (FROM_PARAMETER_STORE, "ssm:GetParameter", parameter),
    ):
        yield only_if(condition, statement((action,), {"Fn::Sub": [arn, name]}))


def _confined(actions: Iterable[str]) -> Iterator[Json]:
    by_resource: dict[str | tuple[str, ...], list[str]] = {}
    for action in actions:
        by_resource.setdefault(CONFINED.get(action, EVERYTHING), []).append(action)
    for resource in sorted(by_resource, key=str):
        yield statement(by_resource[resource], _everywhere_in(resource))


def _everywhere_in(resource: str | tuple[str, ...]) -> Any:
    if isinstance(resource, tuple):
        return [sub(one) for one in resource]
    return resource if resource == EVERYTHING else sub(resource)
