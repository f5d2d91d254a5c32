"""How a notice becomes a message: claim, turn, post, receipt; at least once, twice only if marked.

What is shown is the finding as it stands when the message is rendered, not as it was when the entry
was written: a message that would say less than the one already there is skipped. Nothing may follow
a post but its receipt, so that a refusal never comes after something that cannot be undone.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from chalicelib.errors import DeliveryError
from chalicelib.findings.bursts import Bursts, Line, started_at
from chalicelib.findings.deliveries import KEEP, Claim, Deliveries, Thread
from chalicelib.model import Status, TransitionKind
from chalicelib.model.notice import ACT_KINDS, Entry, Notice, is_posted
from chalicelib.notify import accepted, slack
from chalicelib.notify.notices import severity_of
from chalicelib.pipeline.claims import Claims, claim
from chalicelib.pipeline.earlier import earlier_of, retire_superseded
from chalicelib.pipeline.pacing import Paced
from chalicelib.pipeline.standing import Part, parts_of, standing, told_id, told_key
from chalicelib.ports import Clock, Store

#: Slack takes about one message a second and channel.
SPACING = timedelta(seconds=1)
BURST_WINDOW = timedelta(seconds=60)
BURST_LIMIT = 5
OPENING_KINDS = frozenset({TransitionKind.OPENED, TransitionKind.REOPENED})


class Digests(Protocol):
    """A queue that brings a digest back at its window's end."""

    def __call__(self, window: str, delay_seconds: int) -> None:
        """Queue the digest of a window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slacking:
    """What posting to Slack needs."""

    store: Store
    deliveries: Deliveries
    poster: Callable[[], slack.Poster]
    digests: Digests
    clock: Clock
    spacing: timedelta = SPACING
    window: timedelta = BURST_WINDOW

    @property
    def bursts(self) -> Bursts:
        """The channel's bursts."""
        return Bursts(self.deliveries)


def tell_slack(notice: Notice, world: Slacking) -> str:
    """Post a notice; return what became of it, for the log.

    Raises:
        DeliveryError: Slack, or its pace, refuses for now: bring the message back.
    """
    posted = [entry for entry in notice.entries if is_posted(entry.transition)]
    if not posted:
        return "informational"
    poster = _poster(world)
    claims = claim([entry.id for entry in posted], world.deliveries, world.clock.now())
    entries = [e for e in posted if claims.found[e.id] is not Claim.DONE]
    if not entries:
        return "delivered before"
    shown = _shown(entries, world)
    superseded = [e for e in entries if _is_superseded(e, shown, world) or _is_apart(e, shown)]
    fresh = [e for e in entries if e not in superseded]
    parts = parts_of(fresh, shown, claims.interrupted)
    try:
        retire_superseded(superseded, shown, claims, poster)
        _receipt(superseded, "superseded", world)
    except DeliveryError:
        claims.release()
        raise
    outcomes = ["superseded"] if superseded else []
    return ", ".join(outcomes + [_tell_claimed(part, claims, poster, world) for part in parts])


def tell_digest(window: str, world: Slacking) -> str:
    """Post the digest of a burst, once.

    Raises:
        DeliveryError: Slack, or its pace, refuses for now: bring the message back.
    """
    poster = _poster(world)
    digest_id = f"digest#{window}"
    claims = claim([digest_id], world.deliveries, world.clock.now())
    if claims.found[digest_id] is Claim.DONE:
        return "delivered before"
    try:
        message = _post_digest(window, claims, poster, world)
    except DeliveryError as error:
        claims.release(may_stand=[digest_id] if error.may_stand else [])
        raise
    world.deliveries.receipt(digest_id, message, world.clock.now())
    return "digest" if message else "nothing held"


def _poster(world: Slacking) -> Paced:
    """Return the way to Slack; who cannot have it, or has to wait, has claimed nothing yet."""
    poster = Paced(
        poster=world.poster(),
        deliveries=world.deliveries,
        clock=world.clock,
        spacing=world.spacing,
    )
    poster.expect_no_pause()
    return poster


def _tell_claimed(part: Part, claims: Claims, poster: Paced, world: Slacking) -> str:
    try:
        return _tell(part, poster, world)
    except DeliveryError as error:
        claims.release(may_stand=[e.id for e in part.entries] if error.may_stand else [])
        raise


def _post_digest(window: str, claims: Claims, poster: Paced, world: Slacking) -> str:
    (digest_id,) = claims.found
    world.bursts.close(window, world.clock.now())
    lines = world.bursts.held(window)
    if not lines:
        return ""
    earlier = slack.Lookup()
    if claims.interrupted:
        earlier = poster.find(digest_id, thread=None, since=started_at(window))
    if earlier.timestamp:
        return earlier.timestamp
    poster.take_turn()
    payload = slack.digest_payload(lines, repeated=not earlier.is_certain)
    return poster.post(payload, ids=[digest_id], thread=None) or "posted"


def _tell(part: Part, poster: Paced, world: Slacking) -> str:
    earlier = earlier_of(part, poster)
    if earlier.timestamp:
        told = _stands_in(part.only(earlier.ids, inside=True), earlier.timestamp)
        outcome = _remember(_edited(told, poster, world), earlier.timestamp, world)
        rest = part.only(earlier.ids, inside=False)
        return f"{outcome}, {_tell(rest, poster, world)}" if rest.entries else outcome
    if not _is_summary(part) and (window := _full_window(part, world)):
        return _hold(_edited(part, poster, world), window, world)
    poster.take_turn()
    part = _edited(part, poster, world)
    payload = _payload(part, world, repeated=not earlier.is_certain)
    ids = [entry.id for entry in part.entries]
    thread = part.thread.timestamp if part.thread else None
    return _remember(part, poster.post(payload, ids=ids, thread=thread) or "", world)


def _stands_in(part: Part, timestamp: str) -> Part:
    """Let a part be kept up to date in the message that was found."""
    first = part.transitions[0]
    if part.thread or (first.finding or first.detection) is None:
        return part
    return replace(part, thread=Thread(timestamp=timestamp, revision=0, told=part.keys))


def _payload(part: Part, world: Slacking, *, repeated: bool) -> slack.Payload:
    first = part.transitions[0]
    if first.summary:
        return slack.summary_payload(first.summary, first.account_id, repeated=repeated)
    if first.exemption or first.person:
        return accepted.payload(first, repeated=repeated)
    if part.thread:
        return slack.reply(*part.transitions, repeated=repeated)
    now = standing(part, world.store.known(first.subject.ref))
    at = world.clock.now()
    return slack.payload(now.told, part.transitions, past=now.past, now=at, repeated=repeated)


def _edited(part: Part, poster: slack.Poster, world: Slacking) -> Part:
    """Let the part's message show how things stand, before anything is said about it.

    Reads again after each edit: of two deliveries that edit at once, the one that edits last could
    have read first. Where somebody deleted the message, the part becomes one for a new message.
    """
    if part.thread is None:
        return part
    ref, shown = part.transitions[0].subject.ref, None
    while (now := standing(part, world.store.known(ref))) != shown:
        payload = slack.payload(now.told, part.transitions, past=now.past, now=world.clock.now())
        if not poster.update(part.thread.timestamp, payload):
            return replace(part, thread=None)
        shown = now
    return part


def _shown(entries: Iterable[Entry], world: Slacking) -> dict[str, Thread]:
    """Return the messages that the entries' findings already stand in."""
    found = {}
    for told in filter(None, (told_id(e.transition) for e in entries)):
        if thread := world.deliveries.thread(told):
            found[told] = thread
    return found | _half_remembered(entries, found, world)


def _half_remembered(
    entries: Iterable[Entry], found: Mapping[str, Thread], world: Slacking
) -> dict[str, Thread]:
    """Remember the rest of a message whose delivery ended while it was being remembered."""
    rest = {}
    for one in (entry.transition for entry in entries):
        told, key = told_id(one), told_key(one)
        thread = next((t for t in found.values() if key in t.told), None)
        if thread and told not in found and one.kind in OPENING_KINDS:
            rest[told] = replace(thread, revision=one.seq)
            world.deliveries.remember_thread(told, rest[told])
    return rest


def _is_superseded(entry: Entry, shown: Mapping[str, Thread], world: Slacking) -> bool:
    thread = shown.get(told_id(entry.transition))
    if thread and (thread.timestamp or thread.revision >= entry.transition.seq):
        return thread.revision >= entry.transition.seq
    # Without a message of its own to show it in, an old episode would look like the newest.
    newer = told_id(entry.transition, episodes_later=1)
    return bool(newer) and world.deliveries.thread(newer) is not None


def _is_apart(entry: Entry, shown: Mapping[str, Thread]) -> bool:
    """Tell whether a finding stands in no message, and is acted upon or exempt: nobody waits."""
    if entry.transition.kind not in ACT_KINDS and entry.exemption_id is None:
        return False
    thread = shown.get(told_id(entry.transition))
    return thread is None or not thread.timestamp


def _is_summary(part: Part) -> bool:
    return part.transitions[0].summary is not None


def _full_window(part: Part, world: Slacking) -> str | None:
    """Return the running window where it has no slot left for this part."""
    now = world.clock.now()
    window = world.bursts.window(now, world.window)
    taken = world.bursts.take_slot(window, part.id, BURST_LIMIT, now)
    return None if taken else window


def _hold(part: Part, window: str, world: Slacking) -> str:
    """Keep a part for the digest; the digest's message stands before the lines and receipts do.

    Every held part queues the digest's message again: the first one posts it, the others find
    its receipt. None may rely on another delivery that can still crash.
    """
    now = world.clock.now()
    left = started_at(window) + world.window - now
    world.digests(window, max(math.ceil(left.total_seconds()), 0))
    world.bursts.hold(window, [_line(entry) for entry in part.entries], now)
    if part.thread:
        _remember_threads(part, part.thread.timestamp, world)
    return f"digest#{window}"


def _line(entry: Entry) -> Line:
    text = slack.line_of(entry.transition)
    return Line(entry_id=entry.id, text=text, rank=severity_of(entry.transition).rank)


def _remember(part: Part, timestamp: str, world: Slacking) -> str:
    """Note a post: which message its findings stand in, then the receipts."""
    _remember_threads(part, part.thread.timestamp if part.thread else timestamp, world)
    return _receipt(part.entries, timestamp or "posted", world)


def _remember_threads(part: Part, timestamp: str, world: Slacking) -> None:
    for transition in part.transitions:
        if told := told_id(transition):
            finding = transition.finding
            over = finding is not None and finding.status is Status.RESOLVED
            world.deliveries.remember_thread(
                told,
                Thread(timestamp=timestamp, revision=transition.seq, told=part.keys),
                expires=world.clock.now() + KEEP if over else None,
            )


def _receipt(entries: Iterable[Entry], message: str, world: Slacking) -> str:
    for entry in entries:
        world.deliveries.receipt(entry.id, message, world.clock.now())
    return message
