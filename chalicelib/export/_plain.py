"""Records as canonical JSON: keys sorted, instants always in UTC with milliseconds."""

from datetime import datetime
from typing import Any

import msgspec

from chalicelib.facts.instants import stamp


def canonical(record: Any) -> bytes:
    """Write a record, or plain values with records in them, without line feed."""
    plain = msgspec.to_builtins(record, builtin_types=(datetime,))
    return msgspec.json.encode(_stamped(plain), order="sorted")


def _stamped(value: Any) -> Any:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, dict):
        return {name: _stamped(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_stamped(one) for one in value]
    return value
