"""A sweep's findings counted by rule, for the one message that tells them all.

Only findings that a first look or new rules brought are counted: whatever changed meanwhile was
told by itself.
"""

from collections import defaultdict
from collections.abc import Iterable

from chalicelib.model import Finding, Reason, RuleCount

EXAMPLES_SHOWN = 3
SUMMARISED = frozenset({Reason.FIRST_LOOK, Reason.RULE_CHANGE})


def counts_of(findings: Iterable[Finding]) -> tuple[RuleCount, ...]:
    """Count findings by rule, worst and then most numerous first."""
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.reason in SUMMARISED:
            by_rule[finding.rule_id].append(finding)
    counts = [_count(found) for found in by_rule.values()]
    return tuple(sorted(counts, key=lambda c: (-c.severity.rank, -c.count, c.rule_id)))


def _count(findings: list[Finding]) -> RuleCount:
    worst = max(findings, key=lambda finding: finding.severity.rank)
    return RuleCount(
        rule_id=worst.rule_id,
        title=worst.title,
        severity=worst.severity,
        count=len(findings),
        examples=tuple(f.subject.ref.id for f in findings[:EXAMPLES_SHOWN]),
    )
