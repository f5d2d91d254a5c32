"""History entries → notices: what belongs together, how loud, and where a message may be routed."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from chalicelib.model import Severity, Transition, TransitionKind
from chalicelib.model.notice import ACT_KINDS, QUIET_REASONS, Entry, Level, Notice, is_told

#: An unreadable resource is work for somebody, whatever rule it hides.
UNREADABLE_RULE_ID = "vigil-resource-unreadable"

LEVELS = {
    Severity.CRITICAL: Level.PAGE,
    Severity.HIGH: Level.PAGE,
    Severity.MEDIUM: Level.TICKET,
    Severity.LOW: Level.LOG,
    Severity.INFORMATIONAL: Level.LOG,
}

#: Exemptions and people that somebody has to decide upon; the others are told for the record.
ASKING_KINDS = frozenset(
    {
        TransitionKind.EXEMPTION_REQUESTED,
        TransitionKind.EXEMPTION_ENDING,
        TransitionKind.PERSON_CHANGED,
    }
)


def notices_from(entries: Iterable[Entry]) -> tuple[Notice, ...]:
    """Group entries that somebody is told of: one notice per resource and look."""
    told = sorted((e for e in entries if is_told(e.transition)), key=_group_of)
    return tuple(_notice_of(tuple(group)) for _, group in groupby(told, key=_group_of))


def severity_of(transition: Transition) -> Severity:
    """Return the severity a transition is told with."""
    if transition.finding:
        return transition.finding.severity
    return transition.detection.severity if transition.detection else Severity.INFORMATIONAL


def level_of(transition: Transition) -> Level:
    """Return how loudly to tell a transition."""
    quiet = transition.reason in QUIET_REASONS or transition.kind in ACT_KINDS
    if transition.summary or quiet:
        return Level.LOG
    if transition.rule_id == UNREADABLE_RULE_ID or transition.kind in ASKING_KINDS:
        return Level.TICKET
    return LEVELS[severity_of(transition)]


def _group_of(entry: Entry) -> tuple[str, str]:
    return entry.pk, entry.transition.times.decided.isoformat()


def _notice_of(entries: Sequence[Entry]) -> Notice:
    ordered = tuple(sorted(entries, key=lambda e: (-severity_of(e.transition).rank, e.sk)))
    levels = list(Level)
    return Notice(
        id=ordered[0].id,
        level=min(map(_level_of, ordered), key=levels.index),
        severity=severity_of(ordered[0].transition),
        entries=ordered,
    )


def _level_of(entry: Entry) -> Level:
    """Return how loudly to tell an entry: an accepted risk is written down, and no more."""
    return Level.LOG if entry.exemption_id is not None else level_of(entry.transition)
