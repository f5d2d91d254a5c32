"""What a summary names and what it only counts: nobody reads forty lines of one message.

The history and the topic's machine form keep every rule; only what people read is cut.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.model import RuleCount, Severity

RULES_NAMED = 10
#: Where all of it stands, for whoever was told of a part.
WHOLE_LIST = "vigil scan lists them all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """The rules of one severity that are not named."""

    severity: Severity
    rules: int
    findings: int


def named_and_rest(
    counts: Sequence[RuleCount],
) -> tuple[tuple[RuleCount, ...], tuple[Rest, ...]]:
    """Split a summary's rules, which come worst first.

    Where not all can be named, those of low and informational severity are only counted.
    """
    if len(counts) <= RULES_NAMED:
        return tuple(counts), ()
    loud = [count for count in counts if count.severity.rank > Severity.LOW.rank]
    named = tuple(loud[:RULES_NAMED])
    return named, _rest(count for count in counts if count not in named)


def _rest(counts: Iterable[RuleCount]) -> tuple[Rest, ...]:
    every = tuple(counts)
    severities = dict.fromkeys(count.severity for count in every)
    return tuple(_of(severity, every) for severity in severities)


def _of(severity: Severity, counts: Iterable[RuleCount]) -> Rest:
    found = [count.count for count in counts if count.severity is severity]
    return Rest(severity=severity, rules=len(found), findings=sum(found))


def rest_text(rest: Rest) -> str:
    """Say what is not named."""
    rules = "1 more rule" if rest.rules == 1 else f"{rest.rules} more rules"
    return f"{rules} not met by {rest.findings}"
