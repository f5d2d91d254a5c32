"""A part of what an account, or one of its Regions, is as a whole.

The two account types are too wide for one file: each setting of the account is a `Part` in a
module of its own, and the type gathers them. Parts never share a name under ``/observed``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.model import Companion, Facet, Fact, Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One setting, with everything a resource type declares about it.

    Attributes:
        shapes: Name under ``/observed`` → JSON Schema.
        defaults: Name → value in an account that nobody has touched.
    """

    shapes: Mapping[str, Mapping[str, Any]]
    defaults: Mapping[str, Any]
    facets: tuple[Facet, ...]
    facts: tuple[Fact, ...] = ()
    routes: tuple[Route, ...] = ()
    companions: tuple[Companion, ...] = ()
    change_facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    volatile: tuple[str, ...] = ()


def joined(parts: Iterable[Part]) -> Part:
    """Return all parts as one."""
    every = tuple(parts)
    return Part(
        shapes={name: shape for part in every for name, shape in part.shapes.items()},
        defaults={name: value for part in every for name, value in part.defaults.items()},
        facets=tuple(facet for part in every for facet in part.facets),
        facts=tuple(fact for part in every for fact in part.facts),
        routes=tuple(route for part in every for route in part.routes),
        companions=tuple(companion for part in every for companion in part.companions),
        change_facts={name: s for part in every for name, s in part.change_facts.items()},
        volatile=tuple(pointer for part in every for pointer in part.volatile),
    )
