"""Look into a CloudTrail record's payload: somebody else's JSON, with keys of any case.

Whatever is not there, or is of another kind than expected, is simply not there.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model.plugin import Record

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def parameters_of(record: Record) -> Mapping[str, Any]:
    """Return the request parameters; empty where the record has none."""
    parameters = field(record, "requestParameters")
    return parameters if isinstance(parameters, Mapping) else {}


def field(value: Any, name: str) -> Any:
    """Return the member called `name` in any case, or None."""
    if not isinstance(value, Mapping):
        return None
    if name in value:
        return value[name]
    folded = name.lower()
    return next((item for key, item in value.items() if str(key).lower() == folded), None)


def scalar(value: Any) -> Any:
    """Unwrap a list of one: header values were lists before event version 1.08."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def flag(value: Any) -> bool | None:
    """Return a boolean, also one that CloudTrail wrote as text; None for anything else."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def partition_of(record: Record) -> str:
    """Return the partition of the Region that the record is from."""
    region = str(field(record, "awsRegion") or "")
    found = (name for prefix, name in _PARTITIONS.items() if region.startswith(prefix))
    return next(found, "aws")
