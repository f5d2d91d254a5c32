"""What is not known of an item: unread parts, and parts that break the type's closed schema.

A misshapen value is as unknown as an unread one: it becomes a gap (reason ``malformed``), and only
the rules that read it are left undecided.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from chalicelib.evaluate._kleene import Shadow, shadow_of
from chalicelib.evaluate._time import Place
from chalicelib.model import Gap, GapReason
from chalicelib.model.pointer import is_below, pointer_of, tokens_of, touches

#: What stands in a gap's ``call`` where no call failed, but an answer makes no sense.
OWN_CHECK = "vigil:CheckItem"
MAX_MISSHAPEN = 50

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A gap with its path.

    Attributes:
        opaque: The value there has the wrong shape; not even a list proves anything.
    """

    path: Tokens
    gap: Gap
    opaque: bool = False


def holes_of(
    document: Mapping[str, Any], gaps: Iterable[Gap], closed: Draft202012Validator
) -> tuple[Hole, ...]:
    """Return the holes of an item: its gaps, and what breaks `closed` outside of them."""
    unread = tuple(Hole(path=tokens_of(gap.pointer), gap=gap) for gap in gaps)
    if closed.is_valid(document):
        return unread
    return (*unread, *islice(_misshapen(document, closed, unread), MAX_MISSHAPEN))


def unreadable(places: Iterable[Place]) -> tuple[Hole, ...]:
    """Return holes for texts that should be instants and are none."""
    return tuple(_hole(tuple(map(str, place)), "not an instant") for place in places)


def touching(holes: Iterable[Hole], pointers: Iterable[Tokens]) -> tuple[Hole, ...]:
    """Return the holes that concern what a rule reads."""
    wanted = tuple(pointers)
    return tuple(hole for hole in holes if any(touches(hole.path, path) for path in wanted))


def shadow_from(holes: Iterable[Hole]) -> Shadow:
    """Return the shadow that holes cast."""
    known = tuple(holes)
    return shadow_of((h.path for h in known), (h.path for h in known if h.opaque))


def _misshapen(
    document: Mapping[str, Any], closed: Draft202012Validator, unread: tuple[Hole, ...]
) -> Iterator[Hole]:
    for error in closed.iter_errors(document):
        path = (*map(str, error.instance_path), *_missing(error))
        if not any(is_below(path, hole.path) for hole in unread):
            yield _hole(path, str(error.schema_path[-1]))


def _missing(error: ValidationError) -> Tokens:
    if error.schema_path[-1] != "required":
        return ()
    return (str(getattr(error.kind, "property")),)  # noqa: B009 - the stub lists no variants


def _hole(path: Tokens, error: str) -> Hole:
    gap = Gap(pointer=pointer_of(path), reason=GapReason.MALFORMED, call=OWN_CHECK, error=error)
    return Hole(path=path, gap=gap, opaque=True)
