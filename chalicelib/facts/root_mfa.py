"""What stands between root's password and the account: the second factors of root's sign-in.

Where an organisation has removed root's password and keys there is no sign-in to protect, whatever
devices are left over. Of hardware devices and passkeys AWS tells nothing but that one is there.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import ConfigurationItem, Fact

SUMMARY = "/observed/AccountSummary"
VIRTUAL_DEVICES = "/observed/RootVirtualMfaDevices"

_KINDS = ("none", "virtual", "hardware")


def root_second_factors(item: ConfigurationItem) -> list[dict[str, Any]]:
    """List the proven second factors; one row of kind ``none`` where a sign-in needs none.

    Virtual devices are listed each. ``hardware`` stands for whatever is on no list: a token, a
    security key or a passkey.
    """
    summary = item.observed.get("AccountSummary")
    devices = item.observed.get("RootVirtualMfaDevices")
    if summary is None or _has_no_credentials(summary):
        return []
    if not summary["AccountMFAEnabled"]:
        return [_row("none", None, f"{SUMMARY}/AccountMFAEnabled")]
    if devices is None:
        return []
    if not devices:
        return [_row("hardware", None, f"{SUMMARY}/AccountMFAEnabled")]
    return [
        _row("virtual", serial, f"{VIRTUAL_DEVICES}/{index}")
        for index, serial in enumerate(devices)
    ]


def devices_do_not_matter(item: ConfigurationItem) -> bool:
    """Tell whether the list of virtual devices can change nothing."""
    summary = item.observed.get("AccountSummary")
    if summary is None:
        return False
    return not summary["AccountMFAEnabled"] or _has_no_credentials(summary)


def _has_no_credentials(summary: Mapping[str, Any]) -> bool:
    return (summary["AccountPasswordPresent"], summary["AccountAccessKeysPresent"]) == (0, 0)


def _row(kind: str, serial: str | None, place: str) -> dict[str, Any]:
    return {"Kind": kind, "Serial": serial, "Because": [place]}


ROOT_SECOND_FACTORS = Fact(
    name="RootSecondFactors",
    inputs=(SUMMARY, VIRTUAL_DEVICES),
    compute=root_second_factors,
    schema={
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "Kind": {"enum": list(_KINDS)},
                "Serial": {"type": ["string", "null"]},
                "Because": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["Kind", "Serial", "Because"],
            "additionalProperties": False,
        },
    },
    partial=True,
    settled=devices_do_not_matter,
)
