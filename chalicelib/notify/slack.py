"""Slack messages as Block Kit, and the two ways they get there: a bot token or an incoming webhook.

Names, policies and user agents were chosen by somebody else, so they stand in ``plain_text``
elements only, where Slack parses neither mentions nor links nor formatting; `text`, which it does
parse, is escaped. Limits: https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Sequence
from typing import Any, Protocol

from chalicelib.model import (
    Detection,
    Finding,
    Severity,
    Status,
    Summary,
    Transition,
    TransitionKind,
)
from chalicelib.notify import words

Block = dict[str, Any]
#: What a message consists of: ``text`` and ``blocks``.
Payload = dict[str, Any]

HEADER_LIMIT_CHARS = 150
SECTION_LIMIT_CHARS = 2_000
BLOCK_LIMIT = 50
#: Slack refuses messages somewhere above 11,000 characters, undocumented; stay well below.
TOTAL_LIMIT_CHARS = 9_000
TOLD_PER_MESSAGE = 6

_SIGNS = {
    Severity.CRITICAL: "🟥",
    Severity.HIGH: "🟧",
    Severity.MEDIUM: "🟨",
    Severity.LOW: "🟦",
    Severity.INFORMATIONAL: "⬜",
}
_RESOLVED_SIGN = "✅"


class Poster(Protocol):
    """One Slack channel, whichever way it is reached."""

    @property
    def threads(self) -> bool:
        """Whether replies and edits exist."""

    def post(self, payload: Payload, *, delivery_id: str, thread: str | None) -> str | None:
        """Post a message and return its timestamp, or None where the way knows none.

        Raises:
            DeliveryError: Slack refused it for now.
        """

    def update(self, timestamp: str, payload: Payload) -> None:
        """Replace a message."""

    def find(self, delivery_id: str) -> str | None:
        """Return the timestamp of the message with this delivery id, where it can be known."""


def payload(
    told: Sequence[Finding | Detection],
    transitions: Sequence[Transition] = (),
    *,
    repeated: bool = False,
) -> Payload:
    """Return the message about one resource: its findings and detections as they are now.

    Args:
        told: At least one, all of one resource; the worst first.
        transitions: What just happened to them: adds before → after.
        repeated: Marks a message that may have been posted before.
    """
    first = told[0]
    blocks = [_header(first)]
    for one in told[:TOLD_PER_MESSAGE]:
        blocks += _blocks_of(one, transitions, titled=one is not first)
    if more := len(told) - TOLD_PER_MESSAGE:
        blocks += [_plain(f"… and {more} more on this resource")] if more > 0 else []
    blocks.append(_context(first, repeated=repeated))
    return _bounded({"text": escape(_fallback(told)), "blocks": blocks})


def reply(transition: Transition) -> Payload:
    """Return the reply in a finding's thread that says what just happened to it."""
    finding = transition.finding
    title = finding.title if finding else transition.rule_id
    lines = [f"{_moved(transition)} {title}"]
    lines += [words.difference_text(d) for d in transition.differences]
    if transition.cause:
        lines.append(f"Who: {words.who(transition.cause)}")
    text = "\n".join(lines)
    return _bounded({"text": escape(words.clean(lines[0])), "blocks": [_plain(text)]})


def summary_payload(summary: Summary, account_id: str) -> Payload:
    """Return the one message about a first sweep, or the first under new rules."""
    what = "First sweep" if summary.first else "Sweep under new rules"
    total = sum(count.count for count in summary.counts)
    title = f"{what} of account {account_id}: {total} finding(s)"
    lines = [
        f"{_SIGNS[c.severity]} {c.severity} · {c.title}: {c.count} "
        f"({', '.join(words.clean(e, 80) for e in c.examples)})"
        for c in summary.counts
    ]
    blocks = [_heading(title), *(_plain(line) for line in lines[: BLOCK_LIMIT - 3])]
    blocks.append(_note("What stood before Vigil looked. From here on, every change is told."))
    return _bounded({"text": escape(title), "blocks": blocks})


def digest_payload(lines: Sequence[str]) -> Payload:
    """Return the one message that lists what a burst held back."""
    title = f"{len(lines)} more in the last minute"
    blocks = [_heading(title), *(_plain(line) for line in lines[: BLOCK_LIMIT - 2])]
    if left := len(lines) - (BLOCK_LIMIT - 2):
        blocks += [_plain(f"… and {left} more")] if left > 0 else []
    return _bounded({"text": escape(title), "blocks": blocks})


def line_of(transition: Transition) -> str:
    """Return a transition in one line, for a digest."""
    told = transition.finding or transition.detection
    if told is None:
        return transition.rule_id
    sign = _RESOLVED_SIGN if transition.kind is TransitionKind.RESOLVED else _SIGNS[told.severity]
    return f"{sign} {told.title}: {words.where(told.subject)}"


def escape(text: str) -> str:
    """Escape what Slack's mrkdwn acts on."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _blocks_of(
    one: Finding | Detection, transitions: Sequence[Transition], *, titled: bool
) -> list[Block]:
    blocks = [_plain(f"{_SIGNS[one.severity]} {one.title}")] if titled else []
    blocks.append(_plain(words.clean(one.message, SECTION_LIMIT_CHARS)))
    facts = [f"Where: {words.where(one.subject)}", f"Who: {words.who(one.cause)}"]
    facts += [f"Changed: {line}" for line in _changes(one, transitions)]
    if isinstance(one, Detection) and any(t.transient for t in transitions):
        facts.append("Transient: it was undone before it was looked at.")
    blocks.append(_plain("\n".join(facts)))
    if isinstance(one, Finding) and one.status is Status.RESOLVED:
        return [*blocks, _plain(f"Open for {words.open_for(one)}.")]
    advice = f"*Why it matters* {escape(one.risk)}\n*How to fix* {escape(one.fix.text)}"
    return [*blocks, _markdown(advice)]


def _changes(one: Finding | Detection, transitions: Sequence[Transition]) -> list[str]:
    return [
        words.difference_text(difference)
        for transition in transitions
        if transition.rule_id == one.rule_id
        for difference in transition.differences
    ]


def _header(one: Finding | Detection) -> Block:
    resolved = isinstance(one, Finding) and one.status is Status.RESOLVED
    sign = _RESOLVED_SIGN if resolved else _SIGNS[one.severity]
    state = "RESOLVED" if resolved else one.severity.upper()
    return _heading(f"{sign} {state} · {one.title}")


def _moved(transition: Transition) -> str:
    finding = transition.finding
    if finding and transition.kind is TransitionKind.RESOLVED:
        return f"{_RESOLVED_SIGN} Resolved after {words.open_for(finding)} ({transition.reason}):"
    return {
        TransitionKind.UPDATED: "✏️ Changed:",
        TransitionKind.ATTRIBUTED: "🔎 Explained:",
        TransitionKind.REOPENED: "🔁 Open again:",
    }.get(transition.kind, "•")


def _context(one: Finding | Detection, *, repeated: bool) -> Block:
    parts = [one.rule_id, words.instant(one.seen_at)]
    if isinstance(one, Finding):
        parts.append(f"finding {one.id} revision {one.revision} episode {one.episode}")
        parts.append(f"seen through event {one.seen_by}" if one.seen_by else "seen by a sweep")
    if one.cause and one.cause.event_id:
        parts.append(f"event {one.cause.event_id}")
    parts.append(f"owner {one.subject.owner or 'unassigned'}")
    if repeated:
        parts.append("repeated: the first delivery may have arrived")
    return _note(words.clean(" · ".join(parts), 1_000))


def _fallback(told: Sequence[Finding | Detection]) -> str:
    first = told[0]
    more = f" (+{len(told) - 1} more)" if len(told) > 1 else ""
    return words.clean(f"{first.severity}: {first.title}{more}: {first.subject.ref.id}", 300)


def _heading(text: str) -> Block:
    element = {"type": "plain_text", "text": text[:HEADER_LIMIT_CHARS], "emoji": False}
    return {"type": "header", "text": element}


def _plain(text: str) -> Block:
    element = {"type": "plain_text", "text": text[:SECTION_LIMIT_CHARS] or "–", "emoji": False}
    return {"type": "section", "text": element}


def _markdown(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:SECTION_LIMIT_CHARS]}}


def _note(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "plain_text", "text": text, "emoji": False}]}


def _bounded(message: Payload) -> Payload:
    """Drop blocks from the middle until Slack takes the message; first and last stay."""
    blocks = list(message["blocks"])[: BLOCK_LIMIT - 1]
    blocks = [*blocks[:-1], message["blocks"][-1]]
    while len(str(blocks)) > TOTAL_LIMIT_CHARS and len(blocks) > 2:  # noqa: PLR2004 - first, last
        del blocks[-2]
    return {**message, "blocks": blocks}
