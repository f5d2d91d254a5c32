"""Ways in which people can come into an account: as IAM users of it, or through a federation.

A user may also be a program's; the summary does not tell, so users are counted whatever they are.
"""

from typing import Any

from chalicelib.model import ConfigurationItem, Fact

USERS = "/observed/AccountSummary/Users"
PROVIDERS = "/observed/SAMLProviders"

FEDERATION = "federation"
IAM_USERS = "iam-users"


def sign_in_paths(item: ConfigurationItem) -> list[dict[str, Any]]:
    """List each federation, and the IAM users if there are any."""
    paths = [
        _row(FEDERATION, f"{PROVIDERS}/{index}")
        for index, _ in enumerate(item.observed["SAMLProviders"])
    ]
    if item.observed["AccountSummary"]["Users"]:
        paths.append(_row(IAM_USERS, USERS))
    return paths


def _row(path: str, place: str) -> dict[str, Any]:
    return {"Path": path, "Because": [place]}


SIGN_IN_PATHS = Fact(
    name="SignInPaths",
    inputs=(USERS, PROVIDERS),
    compute=sign_in_paths,
    schema={
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "Path": {"enum": [FEDERATION, IAM_USERS]},
                "Because": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["Path", "Because"],
            "additionalProperties": False,
        },
    },
)
