"""AWS::IAM::ManagedPolicy: a customer's own managed policy, in its default version.

AWS's policies are nobody's to change: they are named where they are attached and not described.
What a newcomer gets wrong: a version that is not the default grants nothing to anybody.
"""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.facts.admin import ADMIN_GRANTS_SCHEMA, admin_grants
from chalicelib.facts.escalation import ESCALATIONS_SCHEMA, escalations
from chalicelib.facts.policy import POLICY_SCHEMA, normalise_policy
from chalicelib.model import (
    ConfigurationItem,
    FacetReading,
    Fact,
    Page,
    ResourceRef,
    ResourceType,
)
from chalicelib.model.plugin import Record
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import MalformedAnswerError, member
from chalicelib.resources._iam_entity import (
    DETAILS_CALL,
    client,
    details,
    facet,
    found,
    iam_ref,
    policy_at,
)
from chalicelib.resources._iam_events import (
    GRANT_CHANGE_FACTS,
    always,
    granted_by_text,
    iam_route,
)
from chalicelib.resources._listing import Listed, page_of, whole
from chalicelib.resources._payload import field, parameters_of

TYPE = "AWS::IAM::ManagedPolicy"

DOCUMENT = "/properties/PolicyDocument"
VERSION = "/observed/DefaultVersionId"
ATTACHMENTS = "/observed/AttachmentCount"
BOUNDARY_USES = "/observed/PermissionsBoundaryUsageCount"

_PAGE_SIZE = 100
_ARN = re.compile(r"arn:[a-z-]+:iam::(\d{12}):policy/[!-~]{1,640}", re.ASCII)

_SHAPE = closed(
    {
        "properties": closed(
            {
                "ManagedPolicyName": {"type": "string"},
                "Path": {"type": "string"},
                "PolicyDocument": {**POLICY_SCHEMA, "type": "object"},
            }
        ),
        "observed": closed(
            {
                "DefaultVersionId": {"type": "string"},
                "AttachmentCount": {"type": "integer"},
                "PermissionsBoundaryUsageCount": {"type": "integer"},
            }
        ),
    }
)
#: Attached to one principal, and allowing it to read one bucket.
_DEFAULTS: Mapping[str, Any] = {
    "properties": {
        "ManagedPolicyName": "read-reports",
        "Path": "/",
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject"],
                    "Resource": ["arn:aws:s3:::reports/*"],
                }
            ],
        },
    },
    "observed": {
        "DefaultVersionId": "v1",
        "AttachmentCount": 1,
        "PermissionsBoundaryUsageCount": 0,
    },
}


def _own_policy_arn(raw: str, record: Record) -> str | None:
    match = _ARN.fullmatch(raw)
    return raw if match and match[1] == record.get("recipientAccountId", match[1]) else None


def _read_policy(aws: Any, ref: ResourceRef) -> FacetReading | None:
    answer = found(aws, ref, "get_policy", PolicyArn=ref.id)
    if answer is None:
        return None
    policy = member(answer, "Policy")
    version = member(
        client(aws, ref.account_id).get_policy_version(
            PolicyArn=ref.id, VersionId=member(policy, "DefaultVersionId")
        ),
        "PolicyVersion",
    )
    return _reading(policy, version, "iam:GetPolicyVersion")


def _reading(policy: Mapping[str, Any], version: Mapping[str, Any], call: str) -> FacetReading:
    document, gaps = policy_at(DOCUMENT, member(version, "Document"), call)
    return FacetReading(
        properties={
            "ManagedPolicyName": member(policy, "Arn").rpartition("/")[2],
            "Path": member(policy, "Path"),
            "PolicyDocument": document,
        },
        observed={
            "DefaultVersionId": member(policy, "DefaultVersionId"),
            "AttachmentCount": member(policy, "AttachmentCount"),
            # Left out of the answer where the policy is nobody's boundary.
            "PermissionsBoundaryUsageCount": policy.get("PermissionsBoundaryUsageCount", 0),
        },
        gaps=gaps,
        unique_id=member(policy, "PolicyId"),
    )


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return the account's own policies, 100 per call with all their versions."""
    answer, following = details(aws, account_id, "LocalManagedPolicy", _PAGE_SIZE, token)
    policies = member(answer, "Policies")
    return page_of(policies, lambda policy: _item(account_id, region, policy), following)


def _item(account_id: str, region: str, policy: Mapping[str, Any]) -> Listed:
    ref = iam_ref(account_id, region, TYPE, member(policy, "Arn"), member(policy, "Arn"))
    return whole(ref, lambda: _reading(policy, _default_version(policy), DETAILS_CALL))


def _default_version(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    for version in member(policy, "PolicyVersionList"):
        if version.get("IsDefaultVersion"):
            default: Mapping[str, Any] = version
            return default
    raise MalformedAnswerError("the answer has no default version")


def _admin_grants(item: ConfigurationItem) -> list[dict[str, Any]]:
    """Return what the policy grants to those who hold it: nothing while nobody does.

    As a permissions boundary it limits, and grants nothing either.
    """
    if not item.observed["AttachmentCount"]:
        return []
    return [
        {**row, "Because": [*(DOCUMENT + place for place in row["Because"]), ATTACHMENTS]}
        for row in admin_grants(item.properties["PolicyDocument"])
    ]


def _escalations(item: ConfigurationItem) -> list[dict[str, Any]]:
    """Return what those who hold the policy can make of it alone, while anybody holds it."""
    if not item.observed["AttachmentCount"]:
        return []
    rows = escalations([(DOCUMENT, item.properties["PolicyDocument"])])
    return [{**row, "Because": [*row["Because"], ATTACHMENTS]} for row in rows]


def _written(record: Record) -> Mapping[str, Any]:
    policy = normalise_policy(field(parameters_of(record), "policyDocument"))
    return {DOCUMENT: policy} if policy is not None and _is_default(record) else {}


def _granted(record: Record) -> Mapping[str, Any]:
    return granted_by_text(record) if _is_default(record) else {}


def _is_default(record: Record) -> bool:
    """Tell whether the version that is written is the one that counts; a first one always is."""
    creates = field(record, "eventName") == "CreatePolicy"
    return creates or field(parameters_of(record), "setAsDefault") in (True, "true")


_ARN_PATH = ("requestParameters.policyArn",)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="iam",
    noun="managed policy",
    is_global=True,
    schema=_SHAPE,
    routes=(
        iam_route(
            "CreatePolicy",
            ("responseElements.policy.arn",),
            *(DOCUMENT, VERSION, ATTACHMENTS),
            creates=True,
            propose=lambda record: {**_written(record), ATTACHMENTS: 0},
            derive=_granted,
        ),
        iam_route("DeletePolicy", _ARN_PATH, deletes=True),
        iam_route(
            "CreatePolicyVersion", _ARN_PATH, DOCUMENT, VERSION, propose=_written, derive=_granted
        ),
        iam_route("SetDefaultPolicyVersion", _ARN_PATH, DOCUMENT, VERSION),
        iam_route("DeletePolicyVersion", _ARN_PATH),
        *(
            iam_route(f"Attach{kind}Policy", _ARN_PATH, ATTACHMENTS)
            for kind in ("User", "Group", "Role")
        ),
        *(
            iam_route(f"Detach{kind}Policy", _ARN_PATH, ATTACHMENTS, propose=always(ATTACHMENTS, 0))
            for kind in ("User", "Group", "Role")
        ),
    ),
    facets=(
        facet(
            "policy",
            (
                "/properties/ManagedPolicyName",
                "/properties/Path",
                DOCUMENT,
                VERSION,
                ATTACHMENTS,
                BOUNDARY_USES,
            ),
            _read_policy,
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            existence=True,
        ),
    ),
    facts=(
        Fact(
            name="AdminGrants",
            inputs=(DOCUMENT, ATTACHMENTS),
            compute=_admin_grants,
            schema=ADMIN_GRANTS_SCHEMA,
        ),
        Fact(
            name="Escalations",
            inputs=(DOCUMENT, ATTACHMENTS),
            compute=_escalations,
            schema=ESCALATIONS_SCHEMA,
        ),
    ),
    list=_list,
    list_calls=(DETAILS_CALL,),
    list_permissions=(DETAILS_CALL,),
    identify=_own_policy_arn,
    arn=lambda ref: ref.id,
    defaults=_DEFAULTS,
    change_facts=GRANT_CHANGE_FACTS,
)
