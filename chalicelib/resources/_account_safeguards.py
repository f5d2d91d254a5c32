"""What a call takes away from a Region: the fact that its change rules read.

Most calls say it by their name (`DisableSecurityHub`) and need no fact. These safeguards can also
be lost by a call that might as well switch them on: there the payload decides.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.resources._declared import closed

_FACT = "SafeguardsLost"

SAFEGUARDS = ("emr-public-access-block", "guardduty", "macie", "ssm-public-sharing-block")

#: Declares the fact; every part that derives it joins this one.
SAFEGUARDS_LOST: Mapping[str, Mapping[str, Any]] = {
    _FACT: {"type": "array", "items": closed({"Safeguard": {"enum": list(SAFEGUARDS)}})}
}


def unsaid(pointer: str) -> dict[str, Any]:
    """Return the proposal of a call that leaves the value at `pointer` alone: it explains nothing.

    Nothing proposed would mean "the payload does not say", which leaves the caller under
    suspicion. An empty list equals no value that is not a list.
    """
    return {pointer: []}


def losses(safeguard: str, *, lost: bool) -> Mapping[str, Any]:
    """Return the fact for one safeguard: a row where it is lost, none where it is not."""
    return {_FACT: [{"Safeguard": safeguard}] if lost else []}
