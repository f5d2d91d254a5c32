"""Records of the history's stream → lines to seal, and what others did to the history.

Nothing that comes through the stream may be refused: what cannot be sealed as an entry is sealed as
a mark, because a batch that never succeeds would hold up all that comes after it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.findings._items import stamp
from chalicelib.findings.history import hash_of, transition_from
from chalicelib.findings.integrity import Key, Line, Mark, canonical
from chalicelib.model import Transition

_HOUR_CHARS = len("2026-01-01T12")
_Image = Mapping[str, Mapping[str, Any]]

_MARKS: Mapping[str, Mark] = {
    "INSERT": Mark.UNFIT,
    "MODIFY": Mark.ALTERED,
    "REMOVE": Mark.REMOVED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """Something that was done to the history, and not by Vigil.

    Attributes:
        old: Hash of the body as it was; None where there was none.
        new: Hash of the body as it is; None where there is none.
        changed: Names of the attributes that differ.
        event: Id of the stream's record.
        why: What is wrong with an entry that was put in; None for the other marks.
    """

    mark: Mark
    key: Key
    old: str | None
    new: str | None
    changed: tuple[str, ...]
    event: str
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a batch of the stream holds, in its order."""

    lines: tuple[Line, ...]
    alterations: tuple[Alteration, ...]


def batch_from(records: Iterable[Mapping[str, Any]]) -> Batch:
    """Read a batch of the stream; every record becomes one line."""
    lines: list[Line] = []
    alterations: list[Alteration] = []
    for record in records:
        images = record["dynamodb"]
        new = images.get("NewImage", {})
        why = misfit(new) if record["eventName"] == "INSERT" else None
        if record["eventName"] == "INSERT" and why is None:
            lines.append(line_of_entry(new))
            continue
        alteration = _alteration(record, why)
        alterations.append(alteration)
        lines.append(_line_of_mark(alteration, new))
    return Batch(lines=tuple(lines), alterations=tuple(alterations))


def misfit(image: _Image) -> str | None:
    """Say what is wrong with an entry's attributes; None where they are what Vigil writes."""
    try:
        body = image["body"]["S"].encode()
        said = transition_from(body)
        claimed = (image["hash"]["S"], image["kind"]["S"], int(image["seq"]["N"]))
        prev = image["prev"]["S"] if "prev" in image else None
        key = Key(pk=image["pk"]["S"], sk=image["sk"]["S"])
    except (KeyError, TypeError, ValueError, AttributeError, msgspec.DecodeError):
        return "it is no history entry"
    if claimed[0] != hash_of(body):
        return "its hash is not that of its body"
    if (*claimed[1:], prev, key.pk) != (said.kind.value, said.seq, said.prev, said.subject.ref.key):
        return "its attributes are not those of its body"
    return None if _bears(key.sk, said) else "its key is not that of its body"


def line_of_entry(image: _Image) -> Line:
    """Write an entry that fits as a line."""
    fields = {name: image[name]["S"] for name in ("body", "hash", "kind", "pk", "sk")}
    prev = image["prev"]["S"] if "prev" in image else None
    raw = canonical({**fields, "prev": prev, "seq": int(image["seq"]["N"])})
    decided = transition_from(fields["body"].encode()).times.decided
    return Line(
        key=Key(pk=fields["pk"], sk=fields["sk"]),
        kind=fields["kind"],
        hour=stamp(decided)[:_HOUR_CHARS],
        raw=raw,
    )


def _bears(sk: str, said: Transition) -> bool:
    """Tell whether a sort key names its entry's time, number and kind."""
    return sk.endswith(f"#{said.seq:08d}#{said.kind.value}") and (
        said.summary is not None or sk.startswith(stamp(said.times.decided))
    )


def _alteration(record: Mapping[str, Any], why: str | None) -> Alteration:
    images = record["dynamodb"]
    new, old = images.get("NewImage", {}), images.get("OldImage", {})
    return Alteration(
        mark=_MARKS[record["eventName"]],
        key=Key(**{name: str(value["S"]) for name, value in images["Keys"].items()}),
        old=_body_hash(old),
        new=_body_hash(new),
        changed=tuple(sorted(n for n in {*old, *new} if old.get(n) != new.get(n))),
        event=str(record.get("eventID", "")),
        why=why,
    )


def _body_hash(image: _Image) -> str | None:
    body = image.get("body", {}).get("S")
    return hash_of(body.encode()) if isinstance(body, str) else None


def _line_of_mark(alteration: Alteration, image: _Image) -> Line:
    """Write a mark; what was put in or changed is kept whole, as what somebody forged."""
    key, mark = alteration.key, alteration.mark
    document = {
        "changed": alteration.changed,
        "event": alteration.event,
        "image": canonical(image).decode(),
        "kind": mark.value,
        "new": alteration.new,
        "old": alteration.old,
        "pk": key.pk,
        "sk": key.sk,
        "why": alteration.why,
    }
    return Line(key=key, kind=mark.value, hour=None, raw=canonical(document))
