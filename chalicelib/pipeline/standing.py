"""What a message lists, and how that stands now.

A message is about one resource and lists everything one look found there. Its findings then move
one by one, perhaps in the company of findings of another message, or begin a new episode that has
a message of its own; an edit must show all that the message lists, and nothing that it does not.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.findings.deliveries import Thread
from chalicelib.findings.identity import detection_key
from chalicelib.model import Detection, Finding, Known, Status, Transition
from chalicelib.model.notice import Entry, short_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Entries of a notice that are told together: as a new message, or in an old one's thread.

    Attributes:
        thread: The message they already stand in, or None.
        interrupted: Those that an earlier delivery may have posted.
    """

    entries: tuple[Entry, ...]
    thread: Thread | None
    interrupted: tuple[Entry, ...]

    @property
    def id(self) -> str:
        """Identity of the first entry."""
        return self.entries[0].id

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """What happened."""
        return tuple(entry.transition for entry in self.entries)

    @property
    def keys(self) -> tuple[str, ...]:
        """All that the message lists."""
        return self.thread.told if self.thread else tuple(map(told_key, self.transitions))

    def only(self, ids: Collection[str], *, inside: bool) -> "Part":
        """Return the part with those entries only whose short ids are among `ids`, or are not."""

        def kept(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
            return tuple(e for e in entries if (short_id(e.id) in ids) is inside)

        return replace(self, entries=kept(self.entries), interrupted=kept(self.interrupted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a message lists, as it is now.

    Attributes:
        told: What is open first, then the worst.
        past: Findings whose newer episodes stand in another message.
    """

    told: tuple[Finding | Detection, ...]
    past: tuple[Finding, ...] = ()


def parts_of(
    entries: Sequence[Entry], shown: Mapping[str, Thread], interrupted: frozenset[str]
) -> tuple[Part, ...]:
    """Split a notice's entries by the message they belong to.

    Args:
        entries: What is to be told, the worst first.
        shown: `told_id` → the message a finding stands in.
        interrupted: Entries that an earlier delivery may have posted.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        thread = shown.get(told_id(entry.transition))
        groups.setdefault(thread.timestamp if thread else "", []).append(entry)
    # A new message last: where it was posted already, what has its home elsewhere leaves it first.
    return tuple(
        Part(
            entries=tuple(group),
            thread=shown[told_id(group[0].transition)] if timestamp else None,
            interrupted=tuple(e for e in group if e.id in interrupted),
        )
        for timestamp, group in sorted(groups.items(), key=lambda one: not one[0])
    )


def standing(part: Part, known: Known) -> Standing:
    """Return what a part's message lists, as it is now."""
    findings = {f.rule_id: f for f in known.findings}
    told: dict[str, Finding | Detection] = {told_key(d): d for d in known.detections}
    told |= {told_key(f): f for f in known.findings}
    # What just happened may be over already: a new episode, or a detection that expired.
    told = {told_key(t): one for t in part.transitions if (one := _about(t))} | told
    listed = [told[key] for key in part.keys if key in told]
    past = [
        findings[rule] for key in part.keys if key not in told and (rule := _rule(key, findings))
    ]
    return Standing(told=tuple(sorted(listed, key=_by_urgency)), past=tuple(past))


def told_id(transition: Transition, *, episodes_later: int = 0) -> str:
    """Identity of a finding's episode; empty for what is told once and has no thread."""
    finding = transition.finding
    return f"{finding.id}#{finding.episode + episodes_later}" if finding else ""


def told_key(one: Transition | Finding | Detection) -> str:
    """Name a finding's episode, or a detection, among those of its resource."""
    about = _about(one) if isinstance(one, Transition) else one
    if isinstance(about, Finding):
        return f"{about.rule_id}#{about.episode}"
    return detection_key(about) if about else ""


def _about(transition: Transition) -> Finding | Detection | None:
    return transition.finding or transition.detection


def _rule(key: str, findings: Mapping[str, Finding]) -> str:
    rule_id = key.rpartition("#")[0]
    return rule_id if rule_id in findings else ""


def _by_urgency(one: Finding | Detection) -> tuple[bool, int]:
    resolved = isinstance(one, Finding) and one.status is Status.RESOLVED
    return resolved, -one.severity.rank
