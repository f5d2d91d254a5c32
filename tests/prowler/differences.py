"""Why the two sides disagree, who is right, and the page that says so.

`differences.yaml` explains; the disagreements themselves come from the verdicts. One without an
explanation, and an explanation without one, both fail a test.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.prowler.verdicts import Disagreement, Place, Said, Verdicts, checks, disagreements

FILE = Path(__file__).with_name("differences.yaml")
PAGE = Path("docs/reference/differences.md")
ALL_OTHERS = "all others"
_RIGHT = {"vigil": "Vigil", "prowler": "Prowler", "either": "both, each to its own question"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why two verdicts differ.

    Attributes:
        right: ``vigil``, ``prowler`` or ``either``.
        aws: The page of AWS's documentation.
        held_by: Examples of rules (``rule: name``) and tests that hold our verdict.
        where: Rule → resources, or `ALL_OTHERS`.
    """

    title: str
    vigil: Said
    prowler: Said
    right: str
    why: str
    aws: str
    held_by: Sequence[str]
    where: Mapping[str, Sequence[str] | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Disagreements with their reasons.

    Attributes:
        by: Explanation → what it explains.
        unexplained: Disagreements that no explanation names.
        idle: Explained places where there is no such disagreement.
    """

    by: Sequence[tuple[Explanation, Sequence[Disagreement]]]
    unexplained: Sequence[Disagreement]
    idle: Sequence[Place]


def explanations() -> tuple[Explanation, ...]:
    """Read the file."""
    entries: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tuple(
        Explanation(**{**entry, "vigil": Said(entry["vigil"]), "prowler": Said(entry["prowler"])})
        for entry in entries
    )


def explained(found: Iterable[Disagreement], reasons: Sequence[Explanation]) -> Explained:
    """Put disagreements and explanations together."""
    left = {_key(one): one for one in found}
    by: list[tuple[Explanation, Sequence[Disagreement]]] = []
    idle: list[Place] = []
    for reason in sorted(reasons, key=_takes_all_others):
        mine: list[Disagreement] = []
        for rule, resources in reason.where.items():
            for place in _places(rule, resources, reason, left):
                one = left.pop((*place, reason.vigil, reason.prowler), None)
                if one is None:
                    idle.append(place)
                else:
                    mine.append(one)
        by.append((reason, mine))
    return Explained(by=by, unexplained=tuple(left.values()), idle=idle)


def _takes_all_others(reason: Explanation) -> bool:
    return ALL_OTHERS in reason.where.values()


def _key(one: Disagreement) -> tuple[str, str, Said, Said]:
    return one.rule, one.resource, one.vigil, one.prowler


def _places(
    rule: str,
    resources: Sequence[str] | str,
    reason: Explanation,
    left: Mapping[tuple[str, str, Said, Said], Disagreement],
) -> list[Place]:
    if resources != ALL_OTHERS:
        return [(rule, resource) for resource in resources]
    said = (reason.vigil, reason.prowler)
    found = [(key[0], key[1]) for key in left if key[0] == rule and key[2:] == said]
    return found or [(rule, ALL_OTHERS)]


def page(vigil: Verdicts, prowler: Verdicts, versions: Mapping[str, str], resources: int) -> str:
    """Return the page.

    Raises:
        LookupError: Something is unexplained, so there is no whole page.
    """
    found = disagreements(vigil, prowler)
    told = explained(found, explanations())
    if told.unexplained or told.idle:
        raise LookupError(f"without a reason: {told.unexplained}; without a case: {told.idle}")
    compared = sum(1 for rule, _ in {*vigil, *prowler} if rule in checks())
    parts = [_opening(versions, resources, compared, told)]
    parts += [_section(reason, mine) for reason, mine in told.by]
    return "\n".join(parts)


def _opening(versions: Mapping[str, str], resources: int, compared: int, told: Explained) -> str:
    count = dict.fromkeys(_RIGHT, 0)
    for reason, mine in told.by:
        count[reason.right] += len(mine)
    every = sum(count.values())
    return _OPENING.format(
        version=versions["prowler"],
        resources=resources,
        rules=len(checks()),
        compared=f"{compared:,}",
        agreed=f"{compared - every:,}",
        every=every,
        causes=len(told.by),
        **count,
    )


_OPENING = """\
<!-- Made by `make differences`; edits are lost. -->
# Where Vigil and Prowler disagree

An account of {resources} resources, made by `tests/prowler/account` on the embedded AWS: good, bad
and tricky ones. Prowler {version} and Vigil look at it, at {rules} questions that both ask, and say
{compared} things. They say the same of {agreed}; of {every} they do not, for {causes} reasons:
Vigil is right on {vigil}, Prowler on {prowler}, and on {either} both are, each to its own question.

"Nothing to do" is COMPLIANT, PASS, not applicable or not listed; "cannot say" is INSUFFICIENT_DATA
or MANUAL. Which checks stand against which rule is in `tests/prowler/checks.csv`.

A policy whose `Statement` is an object, which IAM allows, is left out here: five of Prowler's
checks (cross-account access, public access, public writing and TLS of buckets, public queues) stop
at the first of them and give no verdict on anything. Vigil reads it as the one statement it is.
"""


_SAID = "Vigil: {}. Prowler: {}. Right: **{}**.\n"


def _section(reason: Explanation, mine: Sequence[Disagreement]) -> str:
    lines = [
        f"## {reason.title}\n",
        _SAID.format(reason.vigil.value, reason.prowler.value, _RIGHT[reason.right]),
        f"{reason.why} ([AWS]({reason.aws}))\n",
        "Held by " + "; ".join(f"`{held}`" for held in reason.held_by) + ".\n",
        "| rule | resources |",
        "|---|---|",
    ]
    for rule in dict.fromkeys(one.rule for one in mine):
        names = ", ".join(f"`{one.resource}`" for one in mine if one.rule == rule)
        lines.append(f"| [{rule}](rules/{rule}.md) | {names} |")
    return "\n".join(lines) + "\n"
