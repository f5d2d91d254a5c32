"""How a notice becomes a message: claim, turn, post, receipt; at least once, twice only if marked.

What is shown is the finding as it stands when the message is rendered, not as it was when the entry
was written: a message that would say less than the one already there is skipped.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from chalicelib.errors import DeliveryError
from chalicelib.findings.deliveries import Claim, Deliveries, Thread
from chalicelib.model import Detection, Finding, ResourceRef, Transition
from chalicelib.model.notice import Entry, Notice
from chalicelib.notify import slack
from chalicelib.notify.notices import notices_from
from chalicelib.ports import Clock, Store

#: Slack takes about one message a second and channel.
SPACING = timedelta(seconds=1)
BURST_WINDOW = timedelta(seconds=60)
BURST_LIMIT = 5


class Publisher(Protocol):
    """Where announcements go."""

    def __call__(self, notice: Notice) -> str:
        """Publish and return the message id."""


class Digests(Protocol):
    """A queue that brings a digest back at its window's end."""

    def __call__(self, window: str, delay_seconds: int) -> None:
        """Queue the digest of a window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcing:
    """What announcing needs: the topic and the memory of what was published."""

    publish: Publisher
    deliveries: Deliveries
    clock: Clock


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


def announce(entries: Iterable[Entry], world: Announcing) -> int:
    """Publish what is not yet published; return the number of notices.

    Publishing again after a crash between publish and receipt is harmless: every channel
    remembers what it delivered.
    """
    missing = [e for e in entries if not world.deliveries.is_delivered(e.id)]
    notices = notices_from(missing)
    for notice in notices:
        message_id = world.publish(notice)
        for entry in notice.entries:
            world.deliveries.receipt(entry.id, message_id, world.clock.now())
    return len(notices)


def tell_slack(notice: Notice, world: Slacking) -> str:
    """Post a notice; return what became of it, for the log.

    Raises:
        DeliveryError: Slack, or its pace, refuses for now: bring the message back.
    """
    claims = {e.id: world.deliveries.claim(e.id, world.clock.now()) for e in notice.entries}
    if Claim.HELD in claims.values():
        _release(claims, world)
        raise DeliveryError("another delivery of this notice is under way")
    entries = [e for e in notice.entries if claims[e.id] is not Claim.DONE]
    if not entries:
        return "delivered before"
    try:
        return _tell_claimed(entries, claims, world)
    except DeliveryError:
        _release(claims, world)
        raise


def tell_digest(window: str, world: Slacking) -> str:
    """Post the digest of a burst, once."""
    digest_id = f"digest#{window}"
    claim = world.deliveries.claim(digest_id, world.clock.now())
    if claim is Claim.DONE:
        return "delivered before"
    if claim is Claim.HELD:
        raise DeliveryError("another delivery of this digest is under way")
    try:
        _take_turn(world)
        payload = slack.digest_payload(list(world.deliveries.held(window)))
        timestamp = world.poster().post(payload, delivery_id=digest_id, thread=None)
    except DeliveryError:
        world.deliveries.release(digest_id)
        raise
    world.deliveries.receipt(digest_id, timestamp or "posted", world.clock.now())
    return "digest"


def _tell_claimed(entries: Sequence[Entry], claims: dict[str, Claim], world: Slacking) -> str:
    interrupted = any(claims[e.id] is Claim.INTERRUPTED for e in entries)
    shown = _shown(entries, world)
    fresh = [e for e in entries if not _is_superseded(e.transition, shown)]
    if not fresh:
        return _receipt(entries, "superseded", world)
    found = world.poster().find(fresh[0].id) if interrupted else None
    if found:
        return _remember(entries, found, world)
    window, count = world.deliveries.burst(world.clock.now(), world.window)
    if count >= BURST_LIMIT:
        return _hold(fresh, window, world)
    _take_turn(world)
    world.deliveries.count_post(window, world.clock.now())
    thread = next((shown[key] for e in fresh if (key := _told_id(e.transition)) in shown), None)
    if thread and world.poster().threads:
        return _reply(entries, fresh, thread, world)
    return _post(entries, fresh, world, repeated=interrupted)


def _post(
    entries: Sequence[Entry], fresh: Sequence[Entry], world: Slacking, *, repeated: bool
) -> str:
    first = fresh[0].transition
    if first.summary:
        payload = slack.summary_payload(first.summary, first.account_id)
    else:
        transitions = [e.transition for e in fresh]
        payload = slack.payload(_told(transitions, world), transitions, repeated=repeated)
    timestamp = world.poster().post(payload, delivery_id=fresh[0].id, thread=None)
    return _remember(entries, timestamp, world)


def _reply(
    entries: Sequence[Entry], fresh: Sequence[Entry], thread: Thread, world: Slacking
) -> str:
    """Say in the thread what happened, and let the message itself show how things stand."""
    poster = world.poster()
    for entry in fresh:
        poster.post(slack.reply(entry.transition), delivery_id=entry.id, thread=thread.timestamp)
    transitions = [e.transition for e in fresh]
    poster.update(thread.timestamp, slack.payload(_told(transitions, world), transitions))
    return _remember(entries, thread.timestamp, world)


def _told(transitions: Sequence[Transition], world: Slacking) -> list[Finding | Detection]:
    """Return the findings of the transitions as they stand now, worst first."""
    ref: ResourceRef = transitions[0].subject.ref
    current = {f.rule_id: f for f in world.store.known(ref).findings}
    told: list[Finding | Detection] = []
    for transition in transitions:
        if transition.finding:
            told.append(current.get(transition.rule_id, transition.finding))
        elif transition.detection:
            told.append(transition.detection)
    return sorted(told, key=lambda one: -one.severity.rank)


def _shown(entries: Sequence[Entry], world: Slacking) -> dict[str, Thread]:
    """Return the messages that the entries' findings already stand in."""
    threads = {}
    for entry in entries:
        told_id = _told_id(entry.transition)
        if told_id and (thread := world.deliveries.thread(told_id)):
            threads[told_id] = thread
    return threads


def _is_superseded(transition: Transition, shown: dict[str, Thread]) -> bool:
    told_id = _told_id(transition)
    return told_id in shown and shown[told_id].revision >= transition.seq


def _told_id(transition: Transition) -> str:
    """Identity of the finding's current episode; what is told once has no thread."""
    return f"{transition.finding.id}#{transition.finding.episode}" if transition.finding else ""


def _remember(entries: Sequence[Entry], timestamp: str | None, world: Slacking) -> str:
    for entry in entries:
        told_id = _told_id(entry.transition)
        if told_id and timestamp:
            thread = Thread(timestamp=timestamp, revision=entry.transition.seq)
            world.deliveries.remember_thread(told_id, thread)
    return _receipt(entries, timestamp or "posted", world)


def _receipt(entries: Sequence[Entry], message: str, world: Slacking) -> str:
    for entry in entries:
        world.deliveries.receipt(entry.id, message, world.clock.now())
    return message


def _hold(fresh: Sequence[Entry], window: str, world: Slacking) -> str:
    """Keep entries for the digest; its lines and its message stand before any receipt.

    Every held entry queues the digest's message again: the first one posts it, the others find
    its receipt. None may rely on another delivery that can still crash.
    """
    for entry in fresh:
        world.deliveries.hold(window, entry.id, slack.line_of(entry.transition))
    world.digests(window, int(world.window.total_seconds()))
    return _receipt(fresh, f"digest#{window}", world)


def _take_turn(world: Slacking) -> None:
    wait = world.deliveries.wait_for_turn(world.clock.now(), world.spacing)
    if wait is not None:
        raise DeliveryError("not this channel's turn", retry_after_seconds=wait.total_seconds())


def _release(claims: dict[str, Claim], world: Slacking) -> None:
    for entry_id, claim in claims.items():
        if claim is Claim.FRESH:
            world.deliveries.release(entry_id)
