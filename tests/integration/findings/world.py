"""The resource of the interleavings: what people do to it, and the rule that objects."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.model import (
    Rule,
    Touch,
)
from tests.unit.findings import given
from tests.unit.findings.given import REF

HOLES = "/properties/Holes"
WORLD = "world"

_ROW = {
    "type": "object",
    "required": ["Port", "Source"],
    "properties": {"Port": {"type": "integer"}, "Source": {"type": "string"}},
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "required": ["properties", "observed"],
    "properties": {
        "properties": {
            "type": "object",
            "required": ["Holes", "Tags"],
            "properties": {
                "Holes": {"type": "array", "items": _ROW},
                "Tags": {"type": "array", "items": {"type": "string"}},
            },
            "additionalProperties": False,
        },
        "observed": {"type": "object", "properties": {}, "additionalProperties": False},
    },
}
_OPEN_ROW = {
    "type": "object",
    "required": ["Port", "Source"],
    "properties": {"Port": {"minimum": 0}, "Source": {"const": WORLD}},
}


def door_rule(**overrides: Any) -> Rule:
    holes = {"type": "array", "items": {"not": _OPEN_ROW}}
    properties = {"type": "object", "required": ["Holes"], "properties": {"Holes": holes}}
    return given.rule(
        condition={
            "type": "object",
            "required": ["properties"],
            "properties": {"properties": properties},
        },
        pointers=("/properties/Holes/*/Source", "/properties/Holes/*/Port"),
        **overrides,
    )


@dataclass(frozen=True, kw_only=True)
class State:
    """The resource at one time; generation 0 is before it was first created."""

    exists: bool = True
    generation: int = 1
    holes: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    denied: bool = False

    @property
    def violates(self) -> bool:
        """Tell whether the rule objects."""
        return self.exists and bool(self.holes)


@dataclass(frozen=True, kw_only=True)
class Op:
    """One thing that somebody does to the resource."""

    name: str
    time: float
    by: str
    port: int = 0

    def applied(self, state: State) -> State:
        """Return the state after it."""
        return _EFFECTS[self.name](self, state)

    def touch(self, state: State) -> Touch | None:
        """What the record says was written; None where there is no record for the resource."""
        row = {"Port": self.port, "Source": WORLD}
        touches = {
            "open": Touch(ref=REF, writes=(HOLES,), proposed={HOLES: [row]}),
            "close": Touch(ref=REF, writes=(HOLES,), proposed={HOLES: []}),
            "tag": Touch(
                ref=REF,
                writes=("/properties/Tags",),
                proposed={"/properties/Tags": list(state.tags)},
            ),
            "delete": Touch(ref=REF, deletes=True),
            "create": Touch(ref=REF, creates=True, writes=(HOLES,), proposed={HOLES: []}),
        }
        return touches.get(self.name)


_EFFECTS: Mapping[str, Callable[[Op, State], State]] = {
    "open": lambda op, s: replace(s, holes=tuple(sorted({*s.holes, op.port}))),
    "close": lambda op, s: replace(s, holes=tuple(p for p in s.holes if p != op.port)),
    "tag": lambda op, s: replace(s, tags=(*s.tags, op.by)),
    "delete": lambda _, s: replace(s, exists=False, holes=(), tags=()),
    "create": lambda _, s: State(generation=s.generation + 1, denied=s.denied),
    "deny": lambda _, s: replace(s, denied=True),
    "allow": lambda _, s: replace(s, denied=False),
}


@dataclass
class World:
    """The timeline of the resource; remembers every state it was in."""

    timeline: list[tuple[float, State]] = field(default_factory=lambda: [(-1000.0, State())])

    def at(self, time: float) -> State:
        """Return the state at a time."""
        return next(state for since, state in reversed(self.timeline) if since <= time)

    def during(self, start: float, end: float) -> list[State]:
        """Every state it was in at some instant of an interval."""
        later = [state for since, state in self.timeline if start < since <= end]
        return [self.at(start), *later]

    def apply(self, op: Op) -> State:
        """Do it, and return the state after it."""
        state = op.applied(self.at(op.time))
        self.timeline.append((op.time, state))
        return state


def script(rng: random.Random, *, denials: bool) -> Iterator[Op]:
    names = ["open", "open", "close", "close", "tag", "delete"] + ["deny"] * denials
    time, denied, exists = 0.0, False, True
    for number in range(rng.randint(2, 7)):
        time += rng.choice((0.05, rng.uniform(0, 2), rng.uniform(0, 40), 200.0))
        name = rng.choice(names)
        if not exists:
            name = "create"
        exists = name != "delete"
        if name == "deny":
            name, denied = ("allow", False) if denied else ("deny", True)
        yield Op(name=name, time=time, by=f"person-{number}", port=rng.choice((22, 22, 3389)))
    if denied:
        yield Op(name="allow", time=time + 1, by="nobody")
