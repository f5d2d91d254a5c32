"""`vigil rules deploy`: puts rules into versioned S3, then points running functions at them.

The pointer moves last and in one write: functions see the old rules or the new ones, never half.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.deployed import OBJECT_KEY, Pointer
from chalicelib.errors import PermanentError
from chalicelib.evaluate.bundle import bundle_from
from chalicelib.evaluate.shapes import shapes_of
from chalicelib.model import ResourceType
from chalicelib.model.ruleset import Ruleset

REFUSALS = (ClientError, BotoCoreError)
DATA_STACK = "vigil-data"
_OUTPUTS = {"bucket": "RulesBucket", "table": "WorkTable"}


class DeployError(PermanentError):
    """The rules could not be put where the functions look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where deployed rules live."""

    bucket: str
    table: str


def place_of(cloudformation: Any, stack: str) -> Place:
    """Ask the data stack where its rules live.

    Raises:
        DeployError: There is no such stack, it is older than this command, or nobody may ask.
    """
    try:
        stacks = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except REFUSALS as error:
        raise DeployError(f"the stack {stack} could not be asked: {_said(error)}") from error
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stacks[0].get("Outputs", ())}
    missing = [name for name in _OUTPUTS.values() if name not in outputs]
    if missing:
        raise DeployError(f"the stack {stack} has no output {missing[0]}: update it first")
    return Place(**{field: outputs[name] for field, name in _OUTPUTS.items()})


def deploy(
    ruleset: Ruleset, types: tuple[ResourceType, ...], place: Place, clients: Mapping[str, Any]
) -> Pointer:
    """Put rules in force; return what functions now point at.

    Args:
        ruleset: The rules.
        types: What they may name.
        place: Where to.
        clients: ``s3`` and ``dynamodb``.

    Raises:
        DeployError: AWS refuses, or the bucket keeps no versions.
    """
    data = bundle_from(ruleset)
    digest = sha256(data).hexdigest()
    try:
        put = clients["s3"].put_object(
            Bucket=place.bucket, Key=OBJECT_KEY, Body=data, ContentType="application/json"
        )
        version = put.get("VersionId")
        if not version:
            raise DeployError(f"the bucket {place.bucket} keeps no versions: switch them on first")
        pointer = Pointer(version=version, sha256=digest, shapes=shapes_of(types))
        clients["dynamodb"].put_item(TableName=place.table, Item=pointer.as_item())
    except REFUSALS as error:
        raise DeployError(f"the rules could not be deployed: {_said(error)}") from error
    return pointer


def _said(error: Exception) -> str:
    if isinstance(error, ClientError):
        found = error.response.get("Error", {})
        return f"{found.get('Code', 'refused')}: {found.get('Message', '')}"[:300]
    return next(iter(str(error).splitlines()), type(error).__name__)
