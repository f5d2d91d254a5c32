"""Ways to spoil a document at one place, as Hypothesis strategies; the original stays whole."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec
from hypothesis import strategies as st

from tests.hostile.corpus import TEXTS, VALUES

Path: TypeAlias = tuple[str | int, ...]

_GONE = object()

texts = st.sampled_from(sorted(TEXTS)).map(TEXTS.__getitem__)
free_texts = st.text(st.characters(), max_size=40)
values = st.sampled_from(sorted(VALUES)).map(VALUES.__getitem__)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts | free_texts,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts | free_texts, inner, max_size=4)
    ),
    max_leaves=15,
)
anything = st.one_of(texts, texts, values, json_values, st.just(_GONE))


def paths(value: Any, prefix: Path = ()) -> Iterator[Path]:
    """Yield the path of every value within a document, itself left out."""
    if isinstance(value, Mapping):
        parts: Any = value.items()
    else:
        parts = enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*prefix, key)
        yield from paths(part, (*prefix, key))


def text_paths(value: Any) -> list[Path]:
    """Return the paths of all texts."""
    return [path for path in paths(value) if isinstance(at(value, path), str)]


def at(value: Any, path: Path) -> Any:
    """Return the value at a path."""
    for key in path:
        value = value[key]
    return value


def replaced(value: Any, path: Path, new: Any) -> Any:
    """Return a copy with one value replaced, or left out."""
    if not path:
        return {} if new is _GONE else new
    key, rest = path[0], path[1:]
    copy: Any = dict(value) if isinstance(value, Mapping) else list(value)
    if new is _GONE and not rest:
        del copy[key]
    else:
        copy[key] = replaced(copy[key], rest, new)
    return copy


@st.composite
def spoilt(draw: st.DrawFn, documents: tuple[Any, ...], news: Any = anything) -> Any:
    """Draw a document with one to three of its values replaced."""
    document = draw(st.sampled_from(documents))
    for _ in range(draw(st.integers(1, 3))):
        places = list(paths(document))
        if places:
            document = replaced(document, draw(st.sampled_from(places)), draw(news))
    return document


def as_bytes(document: Any) -> bytes:
    """Write JSON as strangers may: lone surrogates as escapes, whatever the depth."""
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError:
        return json.dumps(document).encode()
