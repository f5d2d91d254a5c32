"""Verdicts of both sides in the same words, and where they disagree.

What a newcomer gets wrong: "compliant", "not applicable" and not being listed all mean that there
is nothing to do, so between those there is no disagreement. That something could not be read is
a verdict of its own.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from tests.prowler.account.seeding import ACCOUNT, REGION

CHECKS = Path(__file__).with_name("checks.csv")


class Said(StrEnum):
    """What one side says of one thing, the gravest last."""

    NOTHING = "nothing to do"
    UNKNOWN = "cannot say"
    FAILS = "fails"


#: Rule and resource, by the name the account gives it.
Place = tuple[str, str]
Verdicts = Mapping[Place, Said]
#: RDS puts the minute into the names of the snapshots it makes itself.
_MINUTE = re.compile(r"-\d{4}(-\d\d){4}$")
_RANK = {said: rank for rank, said in enumerate(Said)}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Disagreement:
    """A thing on which the two do not say the same."""

    rule: str
    resource: str
    vigil: Said
    prowler: Said


@cache
def checks() -> Mapping[str, tuple[str, ...]]:
    """Return rule → the peer's checks that ask the same of the same things."""
    with CHECKS.open(encoding="utf-8", newline="") as rows:
        found: dict[str, tuple[str, ...]] = {}
        for row in csv.DictReader(rows):
            if not row["not_compared"]:
                found[row["rule"]] = (*found.get(row["rule"], ()), row["check"])
        return found


@cache
def every_check() -> tuple[str, ...]:
    """Return all checks that the peer runs, also those whose verdicts cannot be compared."""
    with CHECKS.open(encoding="utf-8", newline="") as rows:
        return tuple(sorted({row["check"] for row in csv.DictReader(rows)}))


def worst(said: Iterable[tuple[Place, Said]]) -> dict[Place, Said]:
    """Join what was said of a thing more than once: the gravest counts."""
    found: dict[Place, Said] = {}
    for place, one in said:
        found[place] = max(found.get(place, one), one, key=_RANK.__getitem__)
    return found


def disagreements(vigil: Verdicts, prowler: Verdicts) -> tuple[Disagreement, ...]:
    """Return where the two differ; what a side does not list is nothing to do."""
    return tuple(
        Disagreement(rule=place[0], resource=place[1], vigil=ours, prowler=theirs)
        for place in sorted({*vigil, *prowler})
        if place[0] in checks()
        and (ours := vigil.get(place, Said.NOTHING))
        is not (theirs := prowler.get(place, Said.NOTHING))
    )


def name_of(raw: str, names: Mapping[str, str]) -> str:
    """Return what the account calls a thing that a side names by ARN, URL or id."""
    if raw in names:
        return names[raw]
    parts = [names.get(part, part) for part in re.split(r"[/:|]", raw) if part]
    if "apis" in parts:
        # Prowler names no stage of these.
        return parts[parts.index("apis") + 1]
    if "stages" in parts:
        return "/".join((parts[parts.index("stages") - 1], parts[-1]))
    own = {ACCOUNT, REGION, "root", "account"}
    return "account" if not parts or parts[-1] in own else _MINUTE.sub("", parts[-1])
