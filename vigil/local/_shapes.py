"""From botocore's names to CloudTrail's: lower camel case on the first letter, secrets masked.

Only the first letter is lowered, mechanically (`dBInstanceIdentifier`); whoever wants prettier
keys breaks every consumer that was written against real records.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_STARS = "****"
_PASSWORD = re.compile(r"(?i)passwords?$")
_SECRET = re.compile(
    r"(?i)^(secret.*(string|binary|key|accesskey)|private_?key.*|.*auth_?token|plaintext"
    r"|session_?token|client_?secret|userdata|certificateprivatekey)$"
)
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def lowered(name: str) -> str:
    """Lower the first letter."""
    return name[:1].lower() + name[1:]


def camel(shape: Any, value: Any, name: str = "") -> Any:
    """Return a value of a botocore shape under CloudTrail's names; unknown keys are dropped."""
    if hidden := masked(name, shape, value):
        return hidden
    kind = getattr(shape, "type_name", None)
    if kind == "structure" and isinstance(value, Mapping):
        return {
            lowered(key): camel(member, value[key], key)
            for key, member in shape.members.items()
            if value.get(key) is not None
        }
    if kind == "list" and isinstance(value, list | tuple):
        return [camel(shape.member, entry, name) for entry in value]
    if kind == "map" and isinstance(value, Mapping):
        return {str(key): camel(shape.value, entry, str(key)) for key, entry in value.items()}
    return plain(value)


def masked(name: str, shape: Any, value: Any) -> str | None:
    """Return what CloudTrail shows instead of a secret; None where the value is none."""
    if not isinstance(value, str | bytes):
        return None
    if _PASSWORD.search(name):
        return _STARS
    if _SECRET.match(name) or getattr(shape, "metadata", {}).get("sensitive"):
        return HIDDEN
    return None


def plain(value: Any) -> Any:
    """Return a leaf as JSON holds it; bytes are never shown."""
    if isinstance(value, bytes | bytearray):
        return HIDDEN
    if isinstance(value, datetime):
        return value.strftime(_TIME)
    return value if isinstance(value, str | int | float | bool | None) else str(value)
