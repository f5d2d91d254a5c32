"""Every route names a call that exists, and looks for ids where that call has something.

AWS's own descriptions of its calls, which botocore brings along, say what exists. CloudTrail
writes some of it in dialects of its own; those are the tables here.
"""

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

from chalicelib.model import ResourceType, Route
from vigil.rulefiles import resource_types

#: Event source (without ``.amazonaws.com``) → services of botocore, where they are not named alike.
SERVICES = {
    "access-analyzer": ("accessanalyzer",),
    "apigateway": ("apigateway", "apigatewayv2"),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elb", "elbv2"),
    "elasticmapreduce": ("emr",),
    "es": ("es", "opensearch"),
    "monitoring": ("cloudwatch",),
    "s3": ("s3", "s3control"),
    "sso": ("sso-admin",),
}

#: Event name → operation, where CloudTrail names a call otherwise than the API.
NAMES = {
    ("s3", "PutBucketPublicAccessBlock"): "PutPublicAccessBlock",
    ("s3", "DeleteBucketPublicAccessBlock"): "DeletePublicAccessBlock",
    ("s3", "PutAccountPublicAccessBlock"): "PutPublicAccessBlock",
    ("s3", "DeleteAccountPublicAccessBlock"): "DeletePublicAccessBlock",
}

#: Events that are no API calls: what AWS does by itself, and people signing in.
NO_CALLS = {
    ("kms", "DeleteExpiredKeyMaterial"),
    ("kms", "DeleteKey"),
    ("kms", "RotateKey"),
    ("kms", "SynchronizeMultiRegionKey"),
    ("signin", "ConsoleLogin"),
}

#: Paths to what CloudTrail, not the service, puts into a record.
OF_THE_RECORD = {
    "awsRegion",
    "eventSource",
    "resources[].ARN",
    "serviceEventDetails.keyId",
    "userIdentity.type",
    "userIdentity.userName",
}

#: Services whose records leave out the one member that the answer consists of.
UNWRAPPED = ("rds", "redshift")

#: (event source, member) → what CloudTrail calls the member.
MEMBERS = {("s3", "bucket"): "bucketname"}

_OF_LISTS = "EC2 records wrap each element of a list of texts in an object"
#: (event source, path) that no shape has.
IN_RECORDS_ONLY = {
    ("ec2", "requestParameters.instancesSet.items[].instanceId"): _OF_LISTS,
    ("ec2", "requestParameters.groupSet.items[].groupId"): _OF_LISTS,
    ("ec2", "requestParameters.resourcesSet.items[].resourceId"): _OF_LISTS,
}

#: (event source, action) of routes that find nothing and are there for what they derive.
NAMES_NOTHING = {
    ("rds", "AuthorizeDBSecurityGroupIngress"),
}


def routes_of(kind: ResourceType) -> tuple[Route, ...]:
    """Return a type's own routes and those of its companions."""
    return (*kind.routes, *(route for companion in kind.companions for route in companion.routes))


CALLS = sorted(
    {
        (route.source, action, route.ids)
        for kind in resource_types()
        for route in routes_of(kind)
        for action in route.actions
    }
)


def short(source: str) -> str:
    """Return an event source without the domain that all have."""
    return source.removesuffix(".amazonaws.com")


@cache
def services(source: str) -> tuple[ServiceModel, ...]:
    """Return the descriptions of the services whose calls come from an event source."""
    loader, name = Loader(), short(source)
    try:
        return tuple(
            ServiceModel(loader.load_service_model(one, "service-2"), one)
            for one in SERVICES.get(name, (name,))
        )
    except UnknownServiceError:
        return ()


def operations(source: str, action: str) -> list[OperationModel]:
    """Return the operations that an event name stands for."""
    name = NAMES.get((short(source), action), action)
    known = services(source)
    return [one.operation_model(name) for one in known if name in one.operation_names]


def has(source: str, action: str, path: str) -> bool:
    """Tell whether any operation of that event name has something at a path of its records."""
    if path in OF_THE_RECORD or (short(source), path) in IN_RECORDS_ONLY:
        return True
    head, *steps = bare(path, (action,)).split(".")
    shapes = (_shape(one, head, source) for one in operations(source, action))
    return any(_leads(shape, steps, source) for shape in shapes if shape is not None)


def bare(path: str, actions: tuple[str, ...]) -> str:
    """Return a path without the name under which newer dialects put all that one call says."""
    wrappers = {name for action in actions for name in _wrappers(action)}
    return ".".join(step for step in path.split(".") if step not in wrappers)


def _shape(operation: OperationModel, head: str, source: str) -> Shape | None:
    if head == "requestParameters":
        return operation.input_shape
    shape = operation.output_shape
    if head != "responseElements" or shape is None:
        return None
    members = list(shape.members.values())
    unwrapped = short(source) in UNWRAPPED and len(members) == 1
    return members[0] if unwrapped else shape


def _wrappers(action: str) -> tuple[str, ...]:
    lowered = action[0].lower() + action[1:]
    return (f"{action}Request", f"{action}Response", f"{lowered}Input")


def _leads(shape: Shape, steps: list[str], source: str) -> bool:
    if not steps:
        return True
    if shape.type_name == "list":
        # XML lists: {"items": [...]}, or without that level where a path says so.
        rest = steps[1:] if steps[0] in ("items[]", "item[]") else steps
        return _leads(shape.member, rest, source)
    if shape.type_name != "structure":
        return False
    wanted = steps[0].removesuffix("[]").lower()
    found = (one for name, one in shape.members.items() if wanted in _spelt(name, one, source))
    return any(_leads(one, steps[1:], source) for one in found)


def _spelt(name: str, shape: Shape, source: str) -> Iterator[str]:
    for spelling in (name, shape.serialization.get("name", name)):
        folded = spelling.lower()
        yield MEMBERS.get((short(source), folded), folded)
        if short(source) == "ec2":
            yield f"{folded}set"


@pytest.mark.parametrize("source", sorted({source for source, *_ in CALLS}))
def test_every_route_names_a_call_that_the_service_has(source: str) -> None:
    named = {action for one, action, _ in CALLS if one == source}

    unknown = {action for action in named if not operations(source, action)}

    assert unknown == {action for one, action in NO_CALLS if one == short(source)}


@pytest.mark.parametrize("kind", resource_types(), ids=lambda kind: kind.type)
def test_every_path_to_an_id_is_one_of_the_calls_that_it_is_followed_in(
    kind: ResourceType,
) -> None:
    """A path may be shared by calls some of which lack it; it must be in one of them."""
    followed: dict[tuple[str, str], set[str]] = {}
    for route in routes_of(kind):
        for path, action in product(route.ids, route.actions):
            followed.setdefault((route.source, bare(path, route.actions)), set()).add(action)

    lost = {
        place
        for place, actions in followed.items()
        if not any(has(place[0], action, place[1]) for action in actions)
    }

    assert lost == set()


def test_every_call_has_at_least_one_of_the_paths_to_its_ids() -> None:
    blind = {
        (short(source), action)
        for source, action, paths in CALLS
        if paths and (short(source), action) not in NO_CALLS
        if not any(has(source, action, path) for path in paths)
    }

    assert blind == NAMES_NOTHING


@pytest.mark.parametrize(
    ("source", "action", "path", "is_there"),
    [
        ("ec2", "RunInstances", "responseElements.instancesSet.items[].instanceId", True),
        ("ec2", "RunInstances", "responseElements.instanceSet.items[].instanceId", False),
        ("ec2", "RunInstances", "responseElements.instancesSet.items[].instanceIds", False),
        ("ec2", "CreateFlowLogs", "requestParameters.CreateFlowLogsRequest.ResourceId[]", True),
        ("ec2", "CreateFlowLogs", "requestParameters.DeleteFlowLogsRequest.ResourceId[]", False),
        ("s3", "PutBucketPolicy", "requestParameters.bucketName", True),
        ("s3", "PutBucketPolicy", "responseElements.bucketName", False),
        ("s3", "PutBucketPolicy", "requestParameters.bucketNames", False),
        ("rds", "CreateDBInstance", "responseElements.dBInstanceIdentifier", True),
        ("sqs", "CreateQueue", "responseElements.queueUrl", True),
        ("sqs", "CreateQueue", "responseElement.queueUrl", False),
    ],
)
def test_a_mistyped_path_is_found(source: str, action: str, path: str, is_there: Any) -> None:
    assert has(f"{source}.amazonaws.com", action, path) is is_there
