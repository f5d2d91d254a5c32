"""The sentences every channel shares: who, where, what changed, how long. Nothing is escaped here.

Each channel escapes by its own format; a sentence only bounds lengths and drops control characters,
because every name in it was chosen by somebody else.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from chalicelib.facts.legible import legible
from chalicelib.model import Actor, Cause, Difference, Finding, Subject, Transition, Via

VALUE_LIMIT_CHARS = 300
NAME_LIMIT_CHARS = 200

#: What is shown of a value is far shorter than this many levels of brackets.
_DEPTH_LIMIT = 100

_VIA = {
    Via.CONSOLE: "the console",
    Via.SDK: "CLI or SDK",
    Via.IAC: "infrastructure as code",
    Via.SERVICE: "an AWS service",
}


def clean(text: str, limit: int = NAME_LIMIT_CHARS) -> str:
    """Replace characters that act instead of being read, and bound the length."""
    return legible(text if len(text) <= limit else text[: limit - 1] + "…")


def value_text(value: Any) -> str:
    """Write a JSON value for a person: bounded, in one line; None is “nothing”."""
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else msgspec.json.encode(_said(value)).decode()
    return clean(text, VALUE_LIMIT_CHARS)


def where(subject: Subject) -> str:
    """Name the resource and the place it is in."""
    ref = subject.ref
    return clean(f"{ref.type} {ref.id} in account {ref.account_id}, {ref.region}", 400)


def who(cause: Cause | None) -> str:
    """Name the actor with the proof of it, or say that nobody is known."""
    if cause is None:
        return "Unknown who: no event seen so far explains it"
    parts = [_actor_text(cause.actor), f"by {clean(cause.event_name)}"]
    if cause.actor.source_ip:
        parts.append(f"from {clean(cause.actor.source_ip)}")
    if via := _via_text(cause.actor):
        parts.append(f"via {via}")
    return " ".join(parts) + f" at {instant(cause.event_time)}"


def difference_text(difference: Difference) -> str:
    """Say what one attribute was and is."""
    before, after = value_text(difference.before), value_text(difference.after)
    return f"{clean(difference.pointer)}: {before} → {after}"


def change_lines(transition: Transition) -> list[str]:
    """Say before → after of what a transition is about, attribute by attribute.

    At a first look nobody knows what was before: only what is there is said then.
    """
    finding = transition.finding
    first = finding is not None and finding.revision == 1 and finding.seen_from is None
    return [
        _seen_text(difference)
        if first and difference.before is None
        else f"Changed: {difference_text(difference)}"
        for difference in transition.differences
    ]


def duration(span: timedelta) -> str:
    """Write a span with its two largest units: ``3 d 4 h``, ``1.2 s``."""
    seconds = span.total_seconds()
    if seconds < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{max(seconds, 0):.1f} s"
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts, rest = [], int(seconds)
    for name, size in units:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])


def open_for(finding: Finding) -> str:
    """Say how long a resolved finding was open."""
    return duration((finding.resolved_at or finding.changed_at) - finding.opened_at)


def instant(when: datetime) -> str:
    """Write an instant in UTC, RFC 3339 with milliseconds."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def _seen_text(difference: Difference) -> str:
    return f"Seen: {clean(difference.pointer)}: {value_text(difference.after)}"


def _said(value: Any, depth: int = 0) -> Any:
    """Leave out what is absent: an item names every key, a person needs those with a value."""
    if depth >= _DEPTH_LIMIT:
        return "…"
    if isinstance(value, Mapping):
        return {k: _said(v, depth + 1) for k, v in value.items() if v is not None}
    return [_said(v, depth + 1) for v in value] if isinstance(value, list) else value


def _actor_text(actor: Actor) -> str:
    name = clean(actor.person or actor.name)
    issuer = clean(actor.issuer_arn.rsplit("/", 1)[-1]) if actor.issuer_arn else ""
    named = f"{name} (role {issuer})" if issuer and issuer not in name else name
    return f"{named}, called by {clean(actor.invoked_by)}," if actor.invoked_by else named


def _via_text(actor: Actor) -> str:
    if actor.tool:
        return clean(actor.tool)
    return _VIA.get(actor.via, "")
