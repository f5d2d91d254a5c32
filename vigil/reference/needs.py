"""What judging by a rule takes: the calls of a look, their permissions, the events that lead to it.

A rule about changes takes none of it: it reads the record, and nothing is described for it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from chalicelib.model import Facet, ResourceType, Route, Rule, RuleKind
from chalicelib.model.pointer import tokens_of, touches
from chalicelib.resources._frame import facets_for

Tokens = tuple[str, ...]
Event = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a configuration rule needs of its type.

    Attributes:
        facets: What is described for it.
        decisive: Delivered events that write what it reads.
        unheard: Events that do so too, and reach nobody but a replay.
    """

    facets: tuple[Facet, ...] = ()
    decisive: frozenset[Event] = frozenset()
    unheard: frozenset[Event] = frozenset()

    @property
    def actions(self) -> frozenset[str]:
        """The IAM actions of a look."""
        return frozenset(action for facet in self.facets for action in facet.permissions)


def needs_of(rule: Rule, types: Mapping[str, ResourceType]) -> Needs:
    """Return what a rule needs; nothing for a change rule."""
    kind = types.get(rule.resource_type or "")
    if rule.kind is not RuleKind.CONFIGURATION or kind is None:
        return Needs()
    read = inputs_of(rule, kind)
    writing = [route for route in kind.routes if route.creates or _writes(route, read)]
    for companion in kind.companions:
        writing += [route for route in companion.routes if _writes(route, read)]
    heard = frozenset(_events(route for route in writing if route.delivered))
    return Needs(
        facets=facets_for(kind, frozenset(rule.pointers)),
        decisive=heard,
        unheard=frozenset(_events(writing)) - heard,
    )


def name_of(event: Event) -> str:
    """Return an event as people write it, ``s3:PutBucketAcl``."""
    source, action = event
    return f"{source.removesuffix('.amazonaws.com')}:{action}"


def inputs_of(rule: Rule, kind: ResourceType) -> tuple[Tokens, ...]:
    """Return what a rule reads of AWS's answers, facts traced back to what they are made of."""
    facts: dict[Tokens, tuple[str, ...]] = {
        ("derived", fact.name): fact.inputs for fact in kind.facts
    }
    read: dict[Tokens, None] = {}
    for tokens in map(tokens_of, rule.pointers):
        traced = facts.get(tokens[:2])
        read.update(dict.fromkeys([tokens] if traced is None else map(tokens_of, traced)))
    return tuple(read)


def saved_by(
    types: Iterable[ResourceType], needed: Mapping[str, Needs]
) -> Mapping[str, frozenset[str]]:
    """Return rule id → the IAM actions that go when it alone is switched off."""
    how_many = Counter(action for needs in needed.values() for action in needs.actions)
    # Populations are listed, and existence is asked, whether rules ask for more or not.
    kept = {action for kind in types for action in _always(kind)}
    return {
        rule_id: frozenset(a for a in needs.actions if how_many[a] == 1 and a not in kept)
        for rule_id, needs in needed.items()
    }


def _always(kind: ResourceType) -> Iterator[str]:
    yield from kind.list_permissions
    for facet in facets_for(kind, frozenset()):
        yield from facet.permissions


def _writes(route: Route, read: tuple[Tokens, ...]) -> bool:
    written = map(tokens_of, route.writes)
    return any(touches(own, tokens) for own in written for tokens in read)


def _events(routes: Iterable[Route]) -> Iterator[Event]:
    for route in routes:
        for action in route.actions:
            yield route.source, action
