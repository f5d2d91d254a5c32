"""Says in words what a rule's condition wants, for somebody who does not read JSON Schema.

Reads the document as its author wrote it, not the compiled schema: there, parameters are numbers
already and nobody could see what may be changed.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import msgspec

from chalicelib.evaluate._parameters import REFERENCE, REPEAT
from chalicelib.evaluate.compiler import CHANGE_FACETS
from vigil.reference.markdown import code

Block: TypeAlias = Mapping[str, Any]
Parameters: TypeAlias = Mapping[str, Any]

ALL, ANY = "all of", "any of"

#: Where the name of an object meets the name of something in it.
_PATH = re.compile(r"(?<=\w)` `(?=\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A part of a condition: words, and what they hold together.

    Attributes:
        text: Markdown.
        how: How the parts belong together.
    """

    text: str = ""
    how: str = ALL
    parts: tuple["Clause", ...] = ()

    def joined(self) -> "Clause":
        """Return the same in as few levels as can be."""
        parts = tuple(part.joined() for part in self.parts)
        if len(parts) != 1:
            return replace(self, parts=parts)
        (only,) = parts
        return replace(only, text=_PATH.sub(".", _said(self.text, only.text)))


def condition(block: Block, parameters: Parameters) -> Iterator[str]:
    """Yield the lines of a Markdown list: facets of an item, or fields of a change."""
    whole = Clause(parts=tuple(_block(block, parameters))).joined()
    yield from _lines(whole.parts if not whole.text and whole.how == ALL else (whole,), 0)


def one_line(block: Block, parameters: Parameters) -> str:
    """Return a condition as one line."""
    return _flat(Clause(parts=tuple(_block(block, parameters))).joined())


def value(given: Any) -> str:
    """Return a value as inline code."""
    is_text = isinstance(given, str) and given.strip()
    return code(given if is_text else msgspec.json.encode(given).decode())


def _block(block: Block, parameters: Parameters) -> Iterator[Clause]:
    for name, given in block.items():
        if name == "anyOf":
            branches = (Clause(parts=tuple(_block(one, parameters))) for one in given)
            yield Clause(how=ANY, parts=tuple(branches))
        elif name in FACETS:
            yield from (
                _about(f"{FACETS[name]}{inner}", schema, parameters)
                for inner, schema in given.items()
            )
        else:
            yield _about(name, given, parameters)


#: Facet → how its names are told. Properties are told as CloudFormation calls them.
FACETS: Mapping[str, str] = {
    "properties": "",
    **{facet: f"{facet}." for facet in ("observed", *CHANGE_FACETS)},
}


def _about(name: str, schema: Block, parameters: Parameters) -> Clause:
    return Clause(text=code(name), parts=(_clause(schema, parameters),))


def _clause(schema: Block, parameters: Parameters) -> Clause:
    if REPEAT in schema:
        return _repeated(schema, parameters)
    # The type of a list or an object says nothing that its contents do not say.
    told = {word: given for word, given in schema.items() if (word, given) not in CONTAINERS}
    return Clause(
        parts=tuple(SAID[word](given, parameters) for word, given in (told or schema).items())
    )


CONTAINERS = (("type", "object"), ("type", "array"))


def _repeated(schema: Block, parameters: Parameters) -> Clause:
    name = schema[REPEAT]
    how = ALL if "all" in schema else ANY
    inner = _clause(schema["all" if how == ALL else "any"], {**parameters, name: _ELEMENT})
    each = "for each" if how == ALL else "for at least one"
    return Clause(text=f"{each} of {_given({REFERENCE: name}, parameters)}:", parts=(inner,))


#: Stands for the element in question inside of ``each``.
_ELEMENT = object()


def _given(given: Any, parameters: Parameters) -> str:
    if not isinstance(given, Mapping):
        return value(given)
    name = given[REFERENCE]
    if parameters[name] is _ELEMENT:
        return "it"
    return f"{code(name)} (by default {value(parameters[name])})"


def _leaf(words: str) -> Callable[[Any, Parameters], Clause]:
    def said(given: Any, parameters: Parameters) -> Clause:
        return Clause(text=words.format(_given(given, parameters)))

    return said


def _inner(words: str) -> Callable[[Any, Parameters], Clause]:
    def said(given: Any, parameters: Parameters) -> Clause:
        return Clause(text=words, parts=(_clause(given, parameters),))

    return said


def _branches(how: str) -> Callable[[Any, Parameters], Clause]:
    def said(given: Any, parameters: Parameters) -> Clause:
        return Clause(how=how, parts=tuple(_clause(one, parameters) for one in given))

    return said


def _properties(given: Any, parameters: Parameters) -> Clause:
    return Clause(parts=tuple(_about(name, inner, parameters) for name, inner in given.items()))


def _enum(given: Any, parameters: Parameters) -> Clause:
    if isinstance(given, Mapping):
        return Clause(text=f"is one of {_given(given, parameters)}")
    return Clause(text=f"is one of {', '.join(_given(one, parameters) for one in given)}")


def _length(bound: str) -> Callable[[Any, Parameters], Clause]:
    def said(given: Any, parameters: Parameters) -> Clause:
        words = EMPTINESS.get((bound, given) if isinstance(given, int) else ())
        return Clause(text=words or f"has {bound} {_given(given, parameters)} elements")

    return said


EMPTINESS: Mapping[tuple[object, ...], str] = {
    ("at least", 1): "is not empty",
    ("at most", 0): "is empty",
}


def _type(given: Any, _parameters: Parameters) -> Clause:
    named = [given] if isinstance(given, str) else given
    return Clause(text=f"is {' or '.join(TYPES[name] for name in named)}")


def _not(given: Any, parameters: Parameters) -> Clause:
    inner = _clause(given, parameters).joined()
    if not inner.parts and inner.text.startswith("is "):
        return Clause(text=f"is not {inner.text.removeprefix('is ')}")
    return Clause(text="never:", parts=(inner,))


TYPES: Mapping[str, str] = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "`null`",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}

SAID: Mapping[str, Callable[[Any, Parameters], Clause]] = {
    "type": _type,
    "const": _leaf("is {}"),
    "enum": _enum,
    "minimum": _leaf("is at least {}"),
    "maximum": _leaf("is at most {}"),
    "minItems": _length("at least"),
    "maxItems": _length("at most"),
    "maxAgeDays": _leaf("is at most {} days ago"),
    "minDaysLeft": _leaf("is at least {} days ahead"),
    "properties": _properties,
    "items": _inner("in every element:"),
    "contains": _inner("in at least one element:"),
    "not": _not,
    "allOf": _branches(ALL),
    "anyOf": _branches(ANY),
}


def _lines(clauses: Iterable[Clause], depth: int) -> Iterator[str]:
    for clause in clauses:
        more = clause.how + ":" if clause.parts else ""
        yield f"{'  ' * depth}- {_said(clause.text, more)}"
        yield from _lines(clause.parts, depth + 1)


def _flat(clause: Clause) -> str:
    word = " and " if clause.how == ALL else " or "
    inner = word.join(_grouped(part) for part in clause.parts)
    return _said(clause.text, f"({inner})" if clause.text and inner else inner)


def _grouped(part: Clause) -> str:
    return f"({_flat(part)})" if part.parts and not part.text else _flat(part)


def _said(*words: str) -> str:
    return " ".join(filter(None, words))
