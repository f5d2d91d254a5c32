"""Slack messages as Block Kit, and what a way to Slack must be able to do.

Names, policies and user agents were chosen by somebody else, so they stand in ``plain_text``
elements only, where Slack parses neither mentions nor links nor formatting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.model import (
    Detection,
    Finding,
    Severity,
    Status,
    Summary,
    Transition,
    TransitionKind,
)
from chalicelib.model.notice import ACT_KINDS
from chalicelib.notify import accepted, words
from chalicelib.notify._blocks import (
    HEADER_LIMIT_CHARS,
    SECTION_LIMIT_CHARS,
    Block,
    Payload,
    bounded,
    escape,
    heading,
    listed,
    markdown,
    note,
    plain,
)
from chalicelib.notify._care import act_text, care, owner
from chalicelib.notify._summaries import WHOLE_LIST, named_and_rest, rest_text

__all__ = [
    "Lookup",
    "Payload",
    "Poster",
    "digest_payload",
    "line_of",
    "payload",
    "reply",
    "retired_payload",
    "summary_payload",
]

TOLD_PER_MESSAGE = 6

_SIGNS = {
    Severity.CRITICAL: "🟥",
    Severity.HIGH: "🟧",
    Severity.MEDIUM: "🟨",
    Severity.LOW: "🟦",
    Severity.INFORMATIONAL: "⬜",
}
_RESOLVED_SIGN = "✅"
_ACT_SIGN = "👤"
_REPEATED = "repeated: the first delivery may have arrived"
_REPLY_LIMIT_CHARS = 1_900
_MOVES = {
    TransitionKind.UPDATED: "✏️ Changed:",
    TransitionKind.ATTRIBUTED: "🔎 Explained:",
    TransitionKind.REOPENED: "🔁 Open again:",
    TransitionKind.EXEMPTION_ENDED: "🔔 No longer exempt, and still open:",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What a search for an earlier delivery found.

    Attributes:
        timestamp: The message, or None.
        ids: `short_id` of everything that the message delivered.
        is_certain: False where the way cannot know, so that None means nothing.
    """

    timestamp: str | None = None
    ids: frozenset[str] = frozenset()
    is_certain: bool = True


class Poster(Protocol):
    """One Slack channel, whichever way it is reached."""

    def post(self, payload: Payload, *, ids: Sequence[str], thread: str | None) -> str | None:
        """Post a message and return its timestamp, or None where the way knows none.

        Args:
            payload: The message.
            ids: What it delivers; `find` recognises it by any of them.
            thread: The message to reply to.

        Raises:
            DeliveryError: Slack refused it for now.
        """

    def update(self, timestamp: str, payload: Payload) -> bool:
        """Replace a message; return False where it is not there, or cannot be replaced."""

    def find(self, delivery_id: str, *, thread: str | None, since: datetime) -> Lookup:
        """Look for the message that delivered this id, posted at `since` or later."""


def payload(
    told: Sequence[Finding | Detection],
    transitions: Sequence[Transition] = (),
    *,
    past: Sequence[Finding] = (),
    now: datetime | None = None,
    repeated: bool = False,
) -> Payload:
    """Return the message about one resource: its findings and detections as they are now.

    Args:
        told: At least one, all of one resource; what stands and is worst first.
        transitions: What just happened to them: adds before → after.
        past: Findings that stood in the message and have since been told in a newer one.
        now: When it is written, to say what is overdue; None: when a finding was last changed.
        repeated: Marks a message that may have been posted before.
    """
    first = told[0]
    blocks = [heading(_headline(first))]
    for one in told[:TOLD_PER_MESSAGE]:
        blocks += _blocks_of(one, transitions, titled=one is not first, now=now)
    if (more := len(told) - TOLD_PER_MESSAGE) > 0:
        blocks.append(plain(f"… and {more} more on this resource"))
    blocks += [plain(f"{_RESOLVED_SIGN} {f.title}: later told in a newer message") for f in past]
    blocks.append(_context(first, repeated=repeated))
    return bounded(_fallback(told), blocks)


def reply(*transitions: Transition, repeated: bool = False) -> Payload:
    """Return the reply in a message's thread that says what just happened to what it tells of.

    Args:
        transitions: At least one; all of them stand in the same message.
        repeated: Marks a reply that may have been posted before.
    """
    texts = [_reply_text(transition) for transition in transitions]
    last = [note(_REPEATED)] if repeated else []
    return bounded(words.clean(texts[0].partition("\n")[0]), [*listed(texts), *last])


def retired_payload(transition: Transition) -> Payload:
    """Return what a message becomes whose finding stands in another one."""
    title = transition.finding.title if transition.finding else transition.rule_id
    where = words.where(transition.subject)
    told = f"{title}: told in another message"
    return bounded(words.clean(told, 300), [plain(words.clean(told, 300)), note(where)])


def summary_payload(summary: Summary, account_id: str, *, repeated: bool = False) -> Payload:
    """Return the one message about a first sweep, or the first under new rules."""
    what = "First sweep" if summary.first else "Sweep under new rules"
    total = sum(count.count for count in summary.counts)
    title = f"{what} of account {account_id}: {total} finding(s)"
    named, rest = named_and_rest(summary.counts)
    lines = [
        f"{_SIGNS[c.severity]} {c.severity} · not met by {c.count}: {c.title} "
        f"({', '.join(words.clean(e, 80) for e in c.examples)})"
        for c in named
    ]
    lines += [f"{_SIGNS[one.severity]} {one.severity} · {rest_text(one)}" for one in rest]
    lines += [f"… {WHOLE_LIST}"] if rest else []
    last = "What stood before Vigil looked. From here on, every change is told."
    return bounded(title, [heading(title), *listed(lines), note(_marked(last, repeated=repeated))])


def digest_payload(lines: Sequence[str], *, repeated: bool = False) -> Payload:
    """Return the one message that lists what a burst held back."""
    title = f"{len(lines)} more in the last minute"
    last = _marked("Too many at once to tell one by one.", repeated=repeated)
    return bounded(title, [heading(title), *listed(lines), note(last)])


def line_of(transition: Transition) -> str:
    """Return a transition in one line, for a digest."""
    told = transition.finding or transition.detection
    if told is None:
        return accepted.title_of(transition) or transition.rule_id
    sign = _RESOLVED_SIGN if transition.kind is TransitionKind.RESOLVED else _SIGNS[told.severity]
    if transition.kind in ACT_KINDS:
        sign = f"{_ACT_SIGN} {words.clean(act_text(transition))} ·"
    return f"{sign} {words.clean(told.message, 300)} ({words.where(told.subject)})"


def _blocks_of(
    one: Finding | Detection,
    transitions: Sequence[Transition],
    *,
    titled: bool,
    now: datetime | None,
) -> list[Block]:
    blocks = [plain(_headline(one))] if titled or len(_headline(one)) > HEADER_LIMIT_CHARS else []
    facts = [
        f"Rule: {one.title}",
        f"Where: {words.where(one.subject)}",
        f"Who: {words.who(one.cause)}",
    ]
    if isinstance(one, Finding):
        facts += care(one, now or one.changed_at)
    facts += _changes(one, transitions)
    if isinstance(one, Detection) and any(_is_transient(t, one) for t in transitions):
        facts.append("Transient: it was undone before it was looked at.")
    blocks.append(plain("\n".join(facts)))
    if isinstance(one, Finding) and one.status is Status.RESOLVED:
        return [*blocks, plain(f"Open for {words.open_for(one)}.")]
    advice = f"*Why it matters* {escape(one.risk)}\n*How to fix* {escape(one.fix.text)}"
    return [*blocks, markdown(advice)]


def _changes(one: Finding | Detection, transitions: Sequence[Transition]) -> list[str]:
    return [
        line
        for transition in transitions
        if transition.rule_id == one.rule_id
        for line in words.change_lines(transition)
    ]


def _is_transient(transition: Transition, detection: Detection) -> bool:
    about = transition.detection
    return (
        transition.transient
        and about is not None
        and (about.rule_id, about.cause) == (detection.rule_id, detection.cause)
    )


def _is_resolved(one: Finding | Detection) -> bool:
    return isinstance(one, Finding) and one.status is Status.RESOLVED


def _sign(one: Finding | Detection) -> str:
    return _RESOLVED_SIGN if _is_resolved(one) else _SIGNS[one.severity]


def _headline(one: Finding | Detection) -> str:
    """Say what is wrong, not what should be: titles of rules say how things are meant to be."""
    state = "RESOLVED" if _is_resolved(one) else one.severity.upper()
    return f"{_sign(one)} {state} · {words.clean(one.message, SECTION_LIMIT_CHARS - 50)}"


def _reply_text(transition: Transition) -> str:
    finding = transition.finding
    title = finding.title if finding else transition.rule_id
    lines = [f"{_moved(transition)} {title}"]
    lines += [words.difference_text(d) for d in transition.differences]
    if transition.cause and transition.kind not in ACT_KINDS:
        lines.append(f"Who: {words.who(transition.cause)}")
    return "\n".join(lines)[:_REPLY_LIMIT_CHARS]


def _moved(transition: Transition) -> str:
    finding = transition.finding
    if finding and transition.kind is TransitionKind.RESOLVED:
        return f"{_RESOLVED_SIGN} Resolved after {words.open_for(finding)} ({transition.reason}):"
    if transition.kind in ACT_KINDS:
        return f"{_ACT_SIGN} {act_text(transition)} ·"
    return _MOVES.get(transition.kind, "•")


def _context(one: Finding | Detection, *, repeated: bool) -> Block:
    parts = [one.rule_id, words.instant(one.seen_at)]
    seen_by = one.seen_by if isinstance(one, Finding) else None
    if isinstance(one, Finding):
        parts.append(f"finding {one.id} revision {one.revision} episode {one.episode}")
        parts.append(f"seen through event {seen_by}" if seen_by else "seen by a sweep")
    if one.cause and one.cause.event_id not in {None, seen_by}:
        parts.append(f"event {one.cause.event_id}")
    parts.append(f"owner {owner(one.subject)}")
    return note(_marked(words.clean(" · ".join(parts), 1_000), repeated=repeated))


def _marked(text: str, *, repeated: bool) -> str:
    return f"{text} · {_REPEATED}" if repeated else text


def _fallback(told: Sequence[Finding | Detection]) -> str:
    first = told[0]
    more = f" (+{len(told) - 1} more)" if len(told) > 1 else ""
    state = "resolved" if _is_resolved(first) else first.severity
    return words.clean(f"{state}: {first.message}{more}", 300)
