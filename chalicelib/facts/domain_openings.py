"""What stands open of a search domain to the internet: its endpoint, and whom its policy lets in.

A domain in a VPC has no address on the internet, so its policy opens nothing there. A public
endpoint is a row of its own beside those of the policy: whether an endpoint behind a closed
policy will do is for a rule to say.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.policy import OPENINGS_SCHEMA, openings

NETWORK = "/properties/VPCOptions"
POLICY = "/properties/AccessPolicies"

#: The audience of the row that says there is a public endpoint at all.
ENDPOINT = "endpoint"

_COLUMNS = ("Audience", "Principals", "Actions", "Limits", "Because")
_OPENING: Mapping[str, Any] = OPENINGS_SCHEMA["items"]["properties"]

#: JSON Schema of `domain_openings`' answer; columns as in `facts.policy.OPENINGS_SCHEMA`.
DOMAIN_OPENINGS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            **{name: _OPENING[name] for name in _COLUMNS},
            "Audience": {"enum": [ENDPOINT, *_OPENING["Audience"]["enum"]]},
        },
        "required": list(_COLUMNS),
        "additionalProperties": False,
    },
}


def domain_openings(
    policy: Mapping[str, Any] | None, *, in_vpc: bool, account_id: str
) -> list[dict[str, Any]]:
    """Return the endpoint, then the policy's openings in the order of its statements.

    Args:
        policy: As `facts.policy.normalise_policy` gives it.
        in_vpc: Whether the domain's endpoint lies in a VPC.
        account_id: Owner of the domain.
    """
    if in_vpc:
        return []
    endpoint: dict[str, Any] = {name: [] for name in _COLUMNS}
    endpoint |= {"Audience": ENDPOINT, "Because": [NETWORK]}
    rows = openings(policy, account_id=account_id, kind="es")
    return [endpoint, *(_placed(row) for row in rows)]


def _placed(row: Mapping[str, Any]) -> dict[str, Any]:
    because = [POLICY + place for place in row["Because"]]
    return {**{name: row[name] for name in _COLUMNS}, "Because": because}
