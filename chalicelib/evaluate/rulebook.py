"""The rules in force, ready to judge: validators compiled once, looked up by type and by event.

Build one per process and keep it; building costs more than judging a hundred items.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import msgspec
from jsonschema_rs import Draft202012Validator

from chalicelib.evaluate import _declared
from chalicelib.evaluate._kleene import Shadow, Truth, judge
from chalicelib.evaluate.placing import Places, rules_anywhere
from chalicelib.model import (
    Change,
    Compliance,
    Evaluation,
    ResourceType,
    Rule,
    RuleKind,
    SeverityClause,
)
from chalicelib.model.pointer import tokens_of
from chalicelib.model.rule import ANY
from chalicelib.model.ruleset import Ruleset

Tokens = tuple[str, ...]


@dataclass(slots=True)
class Check:
    """A condition: as schema for judging with holes, as validator for judging fast.

    The validator is compiled, and a schema that is yet to be made is made, at the first use: a
    process that meets only some types of resources pays neither time nor memory for the rules of
    all others.
    """

    written: Mapping[str, Any] | Callable[[], Mapping[str, Any]]
    _validator: Draft202012Validator | None = None

    @property
    def schema(self) -> Mapping[str, Any]:
        """The schema."""
        if callable(self.written):
            self.written = self.written()
        return self.written

    @property
    def validator(self) -> Draft202012Validator:
        """The compiled schema."""
        if self._validator is None:
            self._validator = Draft202012Validator(dict(self.schema))
        return self._validator

    def holds(self, document: Any, shadow: Shadow | None) -> Truth:
        """Judge a document; None where holes decide."""
        if shadow is not None:
            return judge(self.schema, document, shadow)
        return self.validator.is_valid(document)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyRule:
    """A rule with everything prepared that judging needs.

    Attributes:
        names: (facet, name) pairs it reads: nothing else of an item is shown to the engines.
        pointers: What it reads, as tokens.
        timed: Paths judged as ages.
        compliant: What judging gives where nothing is unknown and the rule holds.
        not_applicable: The same where the rule does not apply.
    """

    rule: Rule
    condition: Check
    applies: Check | None
    severities: tuple[tuple[Check, SeverityClause], ...]
    names: tuple[tuple[str, str], ...]
    pointers: tuple[Tokens, ...]
    timed: frozenset[Tokens]
    compliant: Evaluation
    not_applicable: Evaluation

    @classmethod
    def of(cls, rule: Rule) -> "ReadyRule":
        """Prepare a rule."""
        pointers = tuple(tokens_of(pointer) for pointer in rule.pointers)
        return cls(
            rule=rule,
            condition=Check(rule.condition),
            applies=Check(rule.applies_when) if rule.applies_when is not None else None,
            severities=tuple((Check(clause.when), clause) for clause in rule.severity_when),
            names=tuple(sorted({(path[0], path[1]) for path in pointers if len(path) > 1})),
            pointers=pointers,
            timed=frozenset(bound.path for bound in rule.time_bounds),
            compliant=_bare(rule, Compliance.COMPLIANT),
            not_applicable=_bare(rule, Compliance.NOT_APPLICABLE),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRules:
    """The rules of one resource type.

    Attributes:
        closed: Validates the part of an item that these rules read.
        inputs: Fact → pointers it is computed from.
    """

    resource_type: ResourceType
    rules: tuple[ReadyRule, ...]
    pointers: frozenset[str]
    closed: Check
    inputs: Mapping[str, Tokens]

    @classmethod
    def of(cls, resource_type: ResourceType, rules: tuple[Rule, ...]) -> "TypeRules":
        """Prepare the rules of a type."""
        pointers = frozenset(pointer for rule in rules for pointer in rule.pointers)

        def closed() -> Mapping[str, Any]:
            return _declared.closed_schema(_declared.item_schema(resource_type), pointers)

        return cls(
            resource_type=resource_type,
            rules=tuple(ReadyRule.of(rule) for rule in rules),
            pointers=pointers,
            closed=Check(closed),
            inputs={fact.name: fact.inputs for fact in resource_type.facts},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """Every rule in force.

    Attributes:
        by_id: Rules by id, in order of ids.
        by_type: Configuration rules by resource type.
        changes: Change rules by (event source, action); either may be ``*``.
        hash: SHA-256 over the hashes of all rules, and over what overrides them where.
        places: Where overrides put other rules in force; None where there are none.
    """

    by_id: Mapping[str, Rule]
    by_type: Mapping[str, TypeRules]
    changes: Mapping[tuple[str, str], tuple[ReadyRule, ...]]
    hash: str
    places: "Places[Rulebook] | None" = None

    @classmethod
    def in_force(cls, ruleset: Ruleset, types: Iterable[ResourceType]) -> "Rulebook":
        """Prepare everything that is in force anywhere; `at` says what is in one place."""
        known = tuple(types)
        book = cls.of(rules_anywhere(ruleset), known)
        if not ruleset.overrides:
            return book
        places = Places(ruleset, lambda rules: cls.of(rules, known))
        written = msgspec.json.encode(ruleset.overrides, order="sorted")
        return replace(book, places=places, hash=sha256(book.hash.encode() + written).hexdigest())

    @classmethod
    def of(cls, rules: Iterable[Rule], types: Iterable[ResourceType]) -> "Rulebook":
        """Prepare rules; those of a type that is not among `types` judge nothing."""
        by_id = {rule.id: rule for rule in sorted(rules, key=lambda rule: rule.id)}
        whole = "".join(rule.hash for rule in by_id.values())
        return cls(
            by_id=by_id,
            by_type={t.type: TypeRules.of(t, _rules_of(t, by_id)) for t in types},
            changes=_by_event(by_id.values()),
            hash=sha256(whole.encode()).hexdigest(),
        )

    def at(self, account_id: str, region: str) -> "Rulebook":
        """Return the rules in force in an account and Region."""
        return self if self.places is None else self.places.at(account_id, region)

    @property
    def matches(self) -> frozenset[tuple[str, str]]:
        """(event source, action) pairs that change rules look at."""
        return frozenset(self.changes)

    def rules_for(self, resource_type: str) -> tuple[Rule, ...]:
        """Return the configuration rules of a type."""
        own = self.by_type.get(resource_type)
        return tuple(ready.rule for ready in own.rules) if own else ()

    def pointers_for(self, resource_type: str) -> frozenset[str]:
        """Return what rules read of a type's items; empty where no rule judges it."""
        own = self.by_type.get(resource_type)
        return own.pointers if own else frozenset()

    def change_rules_for(self, change: Change) -> tuple[ReadyRule, ...]:
        """Return the change rules that look at a change, by id."""
        found = {
            ready.rule.id: ready
            for key in _keys(change.event_source, change.action)
            for ready in self.changes.get(key, ())
            if _looks_at(ready.rule, change, named=key[1] != ANY)
        }
        return tuple(found[rule_id] for rule_id in sorted(found))


def _bare(rule: Rule, compliance: Compliance) -> Evaluation:
    return Evaluation(
        rule_id=rule.id, rule_hash=rule.hash, compliance=compliance, severity=rule.severity
    )


def _rules_of(resource_type: ResourceType, rules: Mapping[str, Rule]) -> tuple[Rule, ...]:
    return tuple(
        rule
        for rule in rules.values()
        if rule.kind is RuleKind.CONFIGURATION and rule.resource_type == resource_type.type
    )


def _by_event(rules: Iterable[Rule]) -> dict[tuple[str, str], tuple[ReadyRule, ...]]:
    changes: dict[tuple[str, str], tuple[ReadyRule, ...]] = {}
    for ready in (ReadyRule.of(rule) for rule in rules if rule.kind is RuleKind.CHANGE):
        for pair in ready.rule.matches:
            changes[pair] = (*changes.get(pair, ()), ready)
    return changes


def _keys(source: str, action: str) -> tuple[tuple[str, str], ...]:
    return ((source, action), (source, ANY), (ANY, action), (ANY, ANY))


def _looks_at(rule: Rule, change: Change, *, named: bool) -> bool:
    return (
        (not rule.kinds or change.kind in rule.kinds)
        and (not rule.actor_types or change.actor.type in rule.actor_types)
        and (not rule.errors or refused_with(change.error_code, rule.errors))
        and (change.outcome == "succeeded" or bool(rule.errors) or "/outcome" in rule.pointers)
        # A wildcard means changes; a read is looked at only where the rule names it, or where the
        # refusal itself is what the rule is about.
        and (named or bool(rule.errors) or not change.read_only)
    )


def refused_with(error_code: str | None, wanted: tuple[str, ...]) -> bool:
    """Tell whether an error code is among those that rules name, ``Begin*`` and ``*End`` too."""
    return bool(error_code) and any(_is_like(str(error_code), one) for one in wanted)


def _is_like(code: str, wanted: str) -> bool:
    if wanted.endswith(ANY):
        return code.startswith(wanted[:-1])
    return code.endswith(wanted[1:]) if wanted.startswith(ANY) else code == wanted
