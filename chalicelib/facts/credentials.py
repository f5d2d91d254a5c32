"""With what an IAM user can sign in and call, and when each of it was last used.

What a newcomer gets wrong: "never used" is not "used endlessly long ago". A password or key that
shows no use counts from its creation: a new one has had no time, and AWS has tracked passwords only
since October 2014. What is switched off is no credential at all.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.facts.role_use import INSTANT
from chalicelib.model import ConfigurationItem, Fact
from chalicelib.model.pointer import tokens_of, touches

_PROFILE = "/properties/LoginProfile"
_CREATED = "/observed/PasswordCreated"
_LAST_USED = "/observed/PasswordLastUsed"
_KEYS = "/observed/AccessKeys"
_DEVICES = "/observed/MFADevices"

_TEXT: Mapping[str, Any] = {"type": "string"}
_TEXTS: Mapping[str, Any] = {"type": "array", "items": _TEXT}

#: What a device's serial number tells of its kind; a bare number is printed on a hardware token.
_KINDS = {":u2f/": "security-key", ":mfa/": "virtual"}
_TOKEN = "hardware-token"  # noqa: S105 - a kind of device


def credential_activity(item: ConfigurationItem) -> list[dict[str, Any]]:
    """Return the last sign of life of each credential that works: the password, active keys.

    ``Source`` is ``created`` or ``used``. With a gap, the credentials of which all is known.
    """
    return [*_password(item), *_keys(item)]


def console_access(item: ConfigurationItem) -> list[dict[str, Any]]:
    """Return one row where the user has a console password: what else signing in asks for."""
    if item.properties["LoginProfile"] is None:
        return []
    factors = sorted({_kind(device["SerialNumber"]) for device in item.observed["MFADevices"]})
    return [{"SecondFactors": factors, "Because": [_PROFILE, _DEVICES]}]


def _password(item: ConfigurationItem) -> Iterator[dict[str, Any]]:
    created, used = item.observed["PasswordCreated"], item.observed["PasswordLastUsed"]
    if created is not None and _is_read(item, _LAST_USED):
        yield _row("password", "", (created, _CREATED), (used, _LAST_USED))


def _keys(item: ConfigurationItem) -> Iterator[dict[str, Any]]:
    for index, key in enumerate(item.observed["AccessKeys"] or ()):
        if key["Status"] == "Active":
            at = f"{_KEYS}/{index}"
            created = (key["CreateDate"], f"{at}/CreateDate")
            used = (key["LastUsedDate"], f"{at}/LastUsedDate")
            yield _row("access-key", key["AccessKeyId"], created, used)


def _row(
    kind: str, name: str, created: tuple[str, str], used: tuple[str | None, str]
) -> dict[str, Any]:
    # A password set anew after its last use counts from then: its owner has had no time.
    is_used = used[0] is not None and used[0].removesuffix("Z") >= created[0].removesuffix("Z")
    at, because = used if is_used else created
    return {
        "Credential": kind,
        "Id": name,
        "At": at,
        "Source": "used" if is_used else "created",
        "Because": [because],
    }


def _is_read(item: ConfigurationItem, pointer: str) -> bool:
    place = tokens_of(pointer)
    return not any(touches(tokens_of(gap.pointer), place) for gap in item.gaps)


def _kind(serial_number: str) -> str:
    return next((kind for mark, kind in _KINDS.items() if mark in serial_number), _TOKEN)


def _rows(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    whole = {**properties, "Because": _TEXTS}
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": whole,
            "required": list(whole),
            "additionalProperties": False,
        },
    }


CREDENTIAL_ACTIVITY = Fact(
    name="CredentialActivity",
    inputs=(_PROFILE, _CREATED, _LAST_USED, _KEYS),
    compute=credential_activity,
    schema=_rows(
        {
            "Credential": {"enum": ["password", "access-key"]},
            "Id": _TEXT,
            "At": INSTANT,
            "Source": {"enum": ["created", "used"]},
        }
    ),
    partial=True,
)

CONSOLE_ACCESS = Fact(
    name="ConsoleAccess",
    inputs=(_PROFILE, _DEVICES),
    compute=console_access,
    schema=_rows({"SecondFactors": _TEXTS}),
)
