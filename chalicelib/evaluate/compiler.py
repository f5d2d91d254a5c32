"""Compiles a rule document into a `Rule`: whole-document JSON Schema, parameters filled in.

The document's outline (which keys, of which type) is checked by ``rules/rule.schema.json`` before;
this module checks what only the resource types know: names, types, values that can never occur.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, TypeAlias

import msgspec

from chalicelib.errors import RuleDocumentError
from chalicelib.evaluate import _declared, _message
from chalicelib.evaluate._declared import Schema
from chalicelib.evaluate._grammar import (
    Compiled,
    Reads,
    RefusedError,
    Site,
    Where,
    compile_properties,
    compile_schema,
)
from chalicelib.evaluate._parameters import check_all_used, filled_in, parameters_of
from chalicelib.evaluate._triggers import matches_of, narrowed_to, rate_of
from chalicelib.model import Fix, ResourceType, Rule, RuleKind, Severity, SeverityClause
from chalicelib.model.pointer import pointer_of

LineOf: TypeAlias = Callable[[Where], int | None]
Document: TypeAlias = Mapping[str, Any]

#: Facets are objects of names; the other fields of a change are values themselves.
CHANGE_FACETS = ("actor", "derived")
ITEM_LOOK_UPS = frozenset({"id", "account", "region", "arn", "actual"})
CHANGE_LOOK_UPS = ITEM_LOOK_UPS | {"actor.name", "actor.arn", "action", "source_ip"}
RATE_LOOK_UPS = CHANGE_LOOK_UPS | {"rate.calls", "rate.minutes", "rate.actions", "rate.errors"}


def compile_rule(
    document: Document,
    *,
    source: str,
    line_of: LineOf,
    types: Iterable[ResourceType],
    parameters: Mapping[str, Any] | None = None,
) -> Rule:
    """Return the rule of a document; `parameters` override its defaults.

    Raises:
        RuleDocumentError: The document breaks the grammar; names file, line and expectation.
    """
    try:
        return rehashed(_rule(document, tuple(types), parameters or {}))
    except RefusedError as refusal:
        place = "/".join(map(str, refusal.where))
        raise RuleDocumentError(
            f"{place}: {refusal}", source=source, line=line_of(refusal.where)
        ) from refusal


def _rule(document: Document, types: tuple[ResourceType, ...], overrides: Document) -> Rule:
    parameters = parameters_of(document, overrides)
    keys = (*CONDITION_KEYS, "rate")
    written = {key: value for key, value in document.items() if key in keys}
    check_all_used(parameters, written, document["message"])
    filled: Document = filled_in(written, parameters)
    if "change" in document:
        return _change_rule(document, filled, types, parameters)
    return _configuration_rule(document, filled, types, parameters)


CONDITION_KEYS = ("applies_when", "compliant_when", "harmless_when", "severity_when")


def _configuration_rule(
    document: Document, filled: Document, types: tuple[ResourceType, ...], parameters: Document
) -> Rule:
    resource_type = _type_named(document["resource"], types)
    site = _root(_declared.item_schema(resource_type))
    condition = _facets(filled["compliant_when"], site.inside("compliant_when"))
    block = filled.get("applies_when")
    applies = _facets(block, site.inside("applies_when")) if block else None
    return replace(
        _common(document, filled, site, parameters, ITEM_LOOK_UPS),
        kind=RuleKind.CONFIGURATION,
        resource_type=resource_type.type,
        condition=condition,
        applies_when=applies,
        **_reads(site.reads),
    )


def _change_rule(
    document: Document, filled: Document, types: tuple[ResourceType, ...], parameters: Document
) -> Rule:
    if "resource" in document:
        _type_named(document["resource"], types)
    rate = rate_of(filled.get("rate"))
    look_ups = RATE_LOOK_UPS if rate else CHANGE_LOOK_UPS
    site = _root(_declared.change_schema(types))
    condition = _harmless(filled.get("harmless_when"), site.inside("harmless_when"))
    return replace(
        _common(document, filled, site, parameters, look_ups),
        kind=RuleKind.CHANGE,
        resource_type=document.get("resource"),
        condition=condition,
        matches=matches_of(document["change"]),
        kinds=narrowed_to(document["change"], "kind"),
        actor_types=narrowed_to(document["change"], "actor"),
        errors=narrowed_to(document["change"], "errors"),
        explained_by=tuple(document.get("explained_by", ())),
        rate=rate,
        **_reads(site.reads),
    )


def _common(
    document: Document,
    filled: Document,
    site: Site,
    parameters: Document,
    look_ups: frozenset[str],
) -> Rule:
    # The conditions are compiled before: what they read is what messages may look up.
    clauses = filled.get("severity_when", ())
    severities = tuple(
        _clause(clause, site.inside("severity_when", index)) for index, clause in enumerate(clauses)
    )
    message = " ".join(document["message"].split())
    _check_message(message, site.inside("message"), look_ups, parameters)
    fix = document["fix"]
    return Rule(
        id=document["id"],
        kind=RuleKind.CONFIGURATION,
        title=document["title"],
        severity=Severity(document["severity"]),
        resource_type=None,
        condition={},
        message=message,
        risk=" ".join(document["risk"].split()),
        fix=Fix(text=" ".join(fix["text"].split()), remediation=fix.get("remediation")),
        severity_when=severities,
        frameworks={name: tuple(ids) for name, ids in document.get("frameworks", {}).items()},
        parameters=parameters,
    )


def _reads(reads: Reads) -> dict[str, Any]:
    timed = {bound.path for bound in reads.bounds}
    for path, where in reads.plain.items():
        if path in timed:
            raise RefusedError(where, "this value is judged as an age elsewhere in the rule")
    pointers = sorted(pointer_of(path) for path in reads.pointers)
    bounds = sorted(reads.bounds, key=lambda bound: (bound.path, bound.limit_seconds))
    return {"pointers": tuple(pointers), "time_bounds": tuple(bounds)}


def _root(declared: Schema) -> Site:
    return Site(declared=(declared,), path=(), where=(), reads=Reads())


def _type_named(name: str, types: tuple[ResourceType, ...]) -> ResourceType:
    for resource_type in types:
        if resource_type.type == name:
            return resource_type
    known = ", ".join(sorted(t.type for t in types))
    raise RefusedError(("resource",), f"unknown resource type {name!r} (known: {known})")


def _facets(block: Document, site: Site) -> Compiled:
    """Compile facet → name → schema."""
    return compile_properties(
        {facet: _names(names, site.property(facet)) for facet, names in block.items()}
    )


def _names(names: Any, site: Site) -> Compiled:
    if not isinstance(names, Mapping) or not names:
        site.refuse("expected name: schema pairs")
    return compile_properties(
        {name: compile_schema(schema, site.property(name)) for name, schema in names.items()}
    )


def _harmless(block: Document | None, site: Site) -> Compiled:
    if block is None:
        # Every such change is risky: a condition that never holds, without boolean schemas.
        return {"not": {"type": "object"}}
    if "anyOf" not in block:
        return _fields(block, site)
    if len(block) > 1:
        site.refuse("anyOf must stand alone")
    branches = enumerate(block["anyOf"])
    return {"anyOf": [_fields(branch, site.inside("anyOf", index)) for index, branch in branches]}


def _fields(block: Document, site: Site) -> Compiled:
    return compile_properties({name: _field(name, schema, site) for name, schema in block.items()})


def _field(name: str, schema: Any, site: Site) -> Compiled:
    inner = site.property(name)
    return _names(schema, inner) if name in CHANGE_FACETS else compile_schema(schema, inner)


def _clause(clause: Document, site: Site) -> SeverityClause:
    return SeverityClause(
        when=_fields_or_facets(clause["when"], site.inside("when")),
        severity=Severity(clause["severity"]),
        because=" ".join(clause["because"].split()),
    )


def _fields_or_facets(block: Document, site: Site) -> Compiled:
    is_change = bool(_declared.child(site.declared, "event_source"))
    return _fields(block, site) if is_change else _facets(block, site)


def _check_message(
    message: str, site: Site, look_ups: frozenset[str], parameters: Document
) -> None:
    paths = {path[:2] for path in site.reads.pointers}
    keys = {key for path in paths for key in _declared.names_below(_at(site.declared, path))}
    allowed = look_ups | {f"actual.{key}" for key in keys - {"Because"}}
    allowed |= {f"parameter.{name}" for name in parameters}
    try:
        used = _message.names_in(message)
    except ValueError as error:
        site.refuse(str(error))
    for name in used:
        if name not in allowed:
            site.refuse(f"unknown look-up {{{name}}} (allowed: {', '.join(sorted(allowed))})")


def _at(declared: _declared.Schemas, path: tuple[str, ...]) -> _declared.Schemas:
    for name in path:
        declared = _declared.child(declared, name)
    return declared


def rehashed(rule: Rule) -> Rule:
    """Return a rule with the hash of what it says now."""
    bare = replace(rule, hash="")
    return replace(bare, hash=sha256(msgspec.json.encode(bare, order="sorted")).hexdigest())
