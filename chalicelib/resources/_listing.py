"""Pages out of the rows of a listing call: a row that cannot be read never takes others along.

What a newcomer gets wrong: a row is somebody else's data. Whatever is asked of it belongs into the
callables given here, not around them; an odd row then becomes a reference, to be described on its
own, where being odd costs nobody else anything.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

from botocore.exceptions import ParamValidationError

from chalicelib.model import ConfigurationItem, FacetReading, Page, ResourceRef
from chalicelib.resources._errors import MalformedAnswerError
from chalicelib.resources._frame import UNEXPECTED, listed

T = TypeVar("T")

#: What a row becomes: an item, a name to be looked at by itself, or nothing that is ours.
Listed: TypeAlias = ConfigurationItem | ResourceRef | None

#: What an odd row provokes; an id of another type is refused by botocore itself.
_ODD = (*UNEXPECTED, ParamValidationError)


def page_of(rows: Iterable[Any], build: Callable[[Any], Listed], token: Any = None) -> Page:
    """Return the page of some rows.

    Args:
        rows: What the listing call answered, not looked at yet.
        build: Names a row and reads it with `whole`; may raise whatever an odd row provokes.
        token: Where the next page begins; nothing of it counts as the end.
    """
    items: list[ConfigurationItem] = []
    refs: list[ResourceRef] = []
    nameless = 0
    for row in rows:
        try:
            found = _named(build(row))
        except _ODD:
            nameless += 1
            continue
        if isinstance(found, ResourceRef):
            refs.append(found)
        elif found is not None:
            items.append(found)
    return Page(items=tuple(items), refs=tuple(refs), nameless=nameless, next_token=token or None)


def whole(ref: ResourceRef, *parts: Callable[[], FacetReading]) -> ConfigurationItem | ResourceRef:
    """Return the item that a row holds, or its reference where any part of it cannot be read."""
    try:
        return listed(ref, *(part() for part in parts))
    except _ODD:
        return ref


def beneath(
    rows: Iterable[Any], inner: Callable[[Any], Iterable[Any]]
) -> Iterator[tuple[Any, Any]]:
    """Yield (row, inner row) of rows that hold others; (row, None) where a row's are not legible.

    Nothing can be built of None, so that such a row is counted as one without a name.
    """
    for row in rows:
        try:
            found = [(row, one) for one in inner(row)]
        except _ODD:
            found = [(row, None)]
        yield from found


def gathered(rows: Iterable[Any], of: Callable[[Any], Iterable[T]]) -> list[T]:
    """Return what is asked of all rows at once; of odd ones nothing, they show when built."""
    found: list[T] = []
    for row in rows:
        with suppress(*_ODD):
            found.extend(of(row))
    return found


def _named(found: Listed) -> Listed:
    ref = found.ref if isinstance(found, ConfigurationItem) else found
    name: Any = ref.id if ref is not None else "nothing of ours"
    if not isinstance(name, str) or not name:
        raise MalformedAnswerError("a row names nothing")
    return found
