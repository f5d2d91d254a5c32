"""What a CloudWatch Logs metric filter matches: its pattern parsed, and asked about one event.

Two patterns that look nothing alike may mean the same, so patterns are never compared as text.
Only patterns for JSON events are understood (``{ $.eventName = "x" && … }``) and the empty one,
which matches everything. Patterns of plain terms, and terms with regular expressions (``%…%``, a
stranger's expression may cost any time), raise: nothing is known of what they match.

What a newcomer gets wrong: ``!=`` on a field that the event has not. CloudWatch does not document
that it holds, so here it does not.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from chalicelib.facts._globs import covers

#: CloudWatch Logs allows 1,024 characters.
PATTERN_LIMIT_CHARS = 2_048
#: Parentheses within parentheses; beyond this a pattern is somebody's joke.
DEPTH_LIMIT = 32


class PatternError(ValueError):
    """A pattern that is not understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One condition on one field; `operand` is empty where the operator takes none."""

    path: tuple[str | int, ...]
    operator: str
    operand: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Junction:
    """Conditions of which all, or one, must hold; without conditions it always holds."""

    every: bool
    parts: tuple["Pattern", ...]


Pattern: TypeAlias = Term | Junction

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<mark>[{}()]|&&|\|\|)
    | (?P<operator>!=|<=|>=|=|<|>)
    | (?P<selector>\$(?:\.[A-Za-z0-9_-]+|\[[0-9]{1,6}\])+)
    | "(?P<quoted>(?:[^"\\]|\\.)*)"
    | (?P<word>[^\s{}()"=!<>&|%$]+)
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[([0-9]+)\]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_END = ("end", "")
#: ``?`` is a wildcard elsewhere in AWS, ``%`` encloses regular expressions.
_UNCLEAR = frozenset("?%")
_WORDS = {"IS": ("TRUE", "FALSE", "NULL"), "NOT": ("EXISTS",)}

Token: TypeAlias = tuple[str, str]


def parse(text: str) -> Pattern:
    """Return what a filter pattern asks.

    Raises:
        PatternError: It is no JSON pattern, or uses what is not understood.
    """
    if len(text) > PATTERN_LIMIT_CHARS:
        raise PatternError("the pattern is too long")
    if not text.strip():
        return Junction(every=True, parts=())
    reader = _Reader(list(_tokens(text)))
    reader.expect("mark", "{")
    pattern = reader.either(DEPTH_LIMIT)
    reader.expect("mark", "}")
    reader.expect(*_END)
    return pattern


def matches(pattern: Pattern, event: Mapping[str, Any]) -> bool:
    """Tell whether a pattern certainly matches an event."""
    if isinstance(pattern, Junction):
        held = (matches(part, event) for part in pattern.parts)
        return all(held) if pattern.every else any(held)
    return _OPERATORS[pattern.operator](_value_at(event, pattern.path), pattern.operand)


def _tokens(text: str) -> Iterator[Token]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise PatternError(f"nothing is understood at character {place}")
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()
    yield _END


class _Reader:
    """Reads tokens by recursive descent: parentheses bind before ``&&``, that before ``||``."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._place = 0

    def expect(self, kind: str, text: str) -> None:
        if not self._take(kind, text):
            raise PatternError(f"expected {text or kind}, found {self._tokens[self._place][1]!r}")

    def either(self, depth: int) -> Pattern:
        return self._joined("||", self._both, depth, every=False)

    def _both(self, depth: int) -> Pattern:
        return self._joined("&&", self._one, depth, every=True)

    def _joined(
        self, mark: str, part: Callable[[int], Pattern], depth: int, *, every: bool
    ) -> Pattern:
        parts = [part(depth)]
        while self._take("mark", mark):
            parts.append(part(depth))
        return parts[0] if len(parts) == 1 else Junction(every=every, parts=tuple(parts))

    def _one(self, depth: int) -> Pattern:
        if depth == 0:
            raise PatternError("too many parentheses")
        if self._take("mark", "("):
            inner = self.either(depth - 1)
            self.expect("mark", ")")
            return inner
        return self._term()

    def _term(self) -> Pattern:
        path = _path_of(self._next("selector"))
        if self._tokens[self._place][0] == "operator":
            operator = self._next("operator")
            return Term(path=path, operator=operator, operand=self._operand())
        return Term(path=path, operator=self._test())

    def _operand(self) -> str:
        kind, text = self._tokens[self._place]
        if kind not in {"word", "quoted"}:
            raise PatternError("expected a value")
        if not _UNCLEAR.isdisjoint(text):
            raise PatternError("an expression, or a value that might be one")
        self._place += 1
        return text if kind == "word" else _ESCAPED.sub(r"\1", text)

    def _test(self) -> str:
        word = self._next("word").upper()
        if word == "EXISTS":
            return word
        second = self._next("word").upper()
        if second not in _WORDS.get(word, ()):
            raise PatternError(f"unknown test {word} {second}")
        return f"{word} {second}"

    def _next(self, kind: str) -> str:
        found, text = self._tokens[self._place]
        if found != kind:
            raise PatternError(f"expected a {kind}, found {text!r}")
        self._place += 1
        return text

    def _take(self, kind: str, text: str) -> bool:
        here = self._tokens[self._place] == (kind, text)
        self._place += here
        return here


def _path_of(selector: str) -> tuple[str | int, ...]:
    steps = _STEP.findall(selector)
    return tuple(name or int(index) for name, index in steps)


class _Nothing:
    """Stands for a field that the event has not; None is a value."""


_NOTHING = _Nothing()


def _value_at(event: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        if isinstance(step, str) and isinstance(event, Mapping):
            event = event.get(step, _NOTHING)
        elif isinstance(step, int) and isinstance(event, list) and step < len(event):
            event = event[step]
        else:
            return _NOTHING
    return event


def _equals(value: Any, operand: str) -> bool:
    if isinstance(value, str):
        return covers(operand, value)
    number = _number(operand)
    return _is_number(value) and number is not None and bool(value == number)


def _differs(value: Any, operand: str) -> bool:
    return (isinstance(value, str) or _is_number(value)) and not _equals(value, operand)


def _compared(holds: Callable[[float, float], bool]) -> Callable[[Any, str], bool]:
    def compare(value: Any, operand: str) -> bool:
        number = _number(operand)
        return _is_number(value) and number is not None and holds(value, number)

    return compare


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


_OPERATORS: Mapping[str, Callable[[Any, str], bool]] = {
    "=": _equals,
    "!=": _differs,
    "<": _compared(lambda value, limit: value < limit),
    "<=": _compared(lambda value, limit: value <= limit),
    ">": _compared(lambda value, limit: value > limit),
    ">=": _compared(lambda value, limit: value >= limit),
    "EXISTS": lambda value, _: value is not _NOTHING,
    "NOT EXISTS": lambda value, _: value is _NOTHING,
    "IS TRUE": lambda value, _: value is True,
    "IS FALSE": lambda value, _: value is False,
    "IS NULL": lambda value, _: value is None,
}
