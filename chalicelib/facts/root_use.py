"""When root was used, and with what: its password, one of its keys, a sign-in just recorded.

Somebody who finds no row has proof of disuse only as far back as IAM keeps notes (passwords since
October 2014, keys since April 2015); that is long enough for every look-back window.
"""

from typing import Any

from chalicelib.model import ConfigurationItem, Fact

ROOT_USE = "/observed/RootUse"
ROOT_SIGN_IN = "/observed/RootSignIn"
#: Only so that the report is asked for before it is fetched.
_REPORT_STATE = "/observed/CredentialReportState"

_MEANS = {
    "PasswordLastUsed": "password",
    "AccessKey1LastUsed": "access key 1",
    "AccessKey2LastUsed": "access key 2",
}
_SIGN_IN = "sign-in"


def root_activity(item: ConfigurationItem) -> list[dict[str, Any]]:
    """List the last use of each means root has; unread parts prove no use."""
    used = item.observed.get("RootUse") or {}
    found = [(means, used.get(name), f"{ROOT_USE}/{name}") for name, means in _MEANS.items()]
    found.append((_SIGN_IN, item.observed.get("RootSignIn"), ROOT_SIGN_IN))
    return [{"By": by, "At": at, "Because": [place]} for by, at, place in found if at is not None]


ROOT_ACTIVITY = Fact(
    name="RootActivity",
    inputs=(ROOT_USE, ROOT_SIGN_IN, _REPORT_STATE),
    compute=root_activity,
    schema={
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "By": {"enum": [*_MEANS.values(), _SIGN_IN]},
                "At": {"type": "string"},
                "Because": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["By", "At", "Because"],
            "additionalProperties": False,
        },
    },
    partial=True,
)
