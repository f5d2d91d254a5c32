"""Runs the examples that every rule carries: the proof that it judges what its author meant.

Examples give only what matters: the rest of an item comes from the type's defaults (AWS's own for
a fresh resource) and, inside lists, from the type's schema (null or an empty list). They live in
account 111122223333, Region us-east-1, and their resource is called ``example``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeAlias

import msgspec

from chalicelib.evaluate._message import shortened
from chalicelib.evaluate._time import parse_instant
from chalicelib.evaluate.engine import burst_of, judge_change, judge_item, occurrences
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.routing import Routing
from chalicelib.model import (
    Change,
    Compliance,
    ConfigurationItem,
    Detection,
    Evidence,
    ResourceRef,
    ResourceType,
    Rule,
    RuleKind,
    Severity,
    Subject,
)
from chalicelib.model.pointer import EACH, pointer_of, resolve, tokens_of
from chalicelib.resources._frame import derive
from vigil._completion import completed_item, completed_record
from vigil._engines import disagreements
from vigil._mutations import surviving_mutations
from vigil.rates import MemoryRates
from vigil.rulefiles import RuleFile

Example: TypeAlias = Mapping[str, Any]
Path: TypeAlias = tuple[str, ...]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXCERPT_LIMIT_CHARS = 600
HARMLESS, RISKY = "HARMLESS", "RISKY"
#: What compiling adds to a condition; on its own it is what the author wrote.
GUARDS = ("type", "required")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that a rule's examples show to be wrong.

    Attributes:
        example: Name of the example, or None where it is about the rule as a whole.
    """

    rule_id: str
    source: str
    line: int | None
    example: str | None
    message: str

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}" if self.line else self.source
        return (
            f"{place}: {self.example}: {self.message}"
            if self.example
            else (f"{place}: {self.message}")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One rule, set up to be tried.

    Attributes:
        resource_type: Type judged; None for change rules.
        routing: Routes of all types, so that payload facts are really derived.
    """

    rule: Rule
    book: Rulebook
    resource_type: ResourceType | None
    routing: Routing

    @classmethod
    def of(cls, rule: Rule, types: Iterable[ResourceType]) -> "Bench":
        """Set up a rule."""
        known = tuple(types)
        judged = rule.resource_type if rule.kind is RuleKind.CONFIGURATION else None
        return cls(
            rule=rule,
            book=Rulebook.of([rule], known),
            resource_type=next((t for t in known if t.type == judged), None),
            routing=Routing.of(known),
        )


def problems_of(file: RuleFile, types: Iterable[ResourceType]) -> tuple[Problem, ...]:
    """Run a rule's examples and everything that examples must show; empty where all is well."""
    bench = Bench.of(file.rule, types)
    found: list[Problem] = []
    for index, example in enumerate(file.examples):
        line = file.line_of("examples", index)
        found += [
            _problem(file, line, example["name"], message) for message in _wrong(bench, example)
        ]
    if not found:
        line = file.line_of("examples")
        found += [_problem(file, line, None, text) for text in shortcomings(bench, file.examples)]
    return tuple(found)


def item_of(bench: Bench, example: Example) -> ConfigurationItem:
    """Return the complete item of an example, facts derived."""
    resource_type = _type_of(bench)
    item = completed_item(resource_type, example, now_of(example))
    return derive(resource_type, item, frozenset(bench.rule.pointers))


def change_of(bench: Bench, example: Example) -> Change:
    """Return the change of an example, payload facts derived."""
    record = completed_record(example["event"], bench.rule.matches)
    return change_from(record, bench.routing, received_at=NOW)


def now_of(example: Example) -> datetime:
    """Return when an example is judged."""
    return parse_instant(str(example.get("now", ""))) or NOW


def shortcomings(bench: Bench, examples: Iterable[Example]) -> Iterator[str]:
    """Say which verdicts and which paths no example shows."""
    known = tuple(examples)
    for verdict in _verdicts_of(bench.rule):
        if not any(example["expect"] == verdict for example in known):
            yield f"expected an example for {verdict}"
    for paths, verdicts in _paths_to_show(bench.rule):
        documents = [_document_of(bench, e) for e in known if e["expect"] in verdicts]
        for path in paths:
            if not any(_occurs(document, path) for document in documents):
                wanted = " or ".join(verdicts)
                yield f"expected {pointer_of(path)} to occur in an example for {wanted}"


def _paths_to_show(rule: Rule) -> Iterator[tuple[frozenset[Path], tuple[str, ...]]]:
    """Yield paths, and the verdicts of which one must show each of them.

    A misspelt path makes a condition pass, so it has to be seen passing. What change rules and
    severities read may be there only in what is objected to.
    """
    if rule.kind is RuleKind.CHANGE:
        yield frozenset(map(tokens_of, rule.pointers)), (HARMLESS, RISKY)
        return
    conditions = (rule.condition, rule.applies_when or {})
    judged = frozenset(path for schema in conditions for path in _paths_in(schema, ()))
    graded = frozenset(path for c in rule.severity_when for path in _paths_in(c.when, ()))
    yield judged, (Compliance.COMPLIANT,)
    yield graded - judged, (Compliance.COMPLIANT, Compliance.NON_COMPLIANT)


def _paths_in(schema: Mapping[str, Any], path: Path) -> Iterator[Path]:
    """Yield the paths at which a compiled condition looks at a value."""
    for keyword, given in schema.items():
        if keyword == "properties":
            for name, inner in given.items():
                yield from _paths_in(inner, (*path, name))
        elif keyword in ("items", "contains"):
            yield from _paths_in(given, (*path, EACH))
        elif keyword in ("allOf", "anyOf", "not"):
            for inner in given if isinstance(given, list) else [given]:
                yield from _paths_in(inner, path)
        elif keyword not in GUARDS or len(schema) == 1:
            yield path


def _wrong(bench: Bench, example: Example) -> Iterator[str]:
    try:
        if bench.rule.kind is RuleKind.CHANGE:
            yield from _wrong_change(bench, example)
        else:
            yield from _wrong_item(bench, example)
    except ValueError as error:
        yield str(error)


def _wrong_item(bench: Bench, example: Example) -> Iterator[str]:
    if "now" in example and parse_instant(str(example["now"])) is None:
        yield "now: expected an RFC 3339 instant with a time zone"
    item, now = item_of(bench, example), now_of(example)
    (verdict,) = judge_item(item, bench.book, now)
    excerpt = _excerpt(bench.rule, item.document())
    if verdict.compliance != example["expect"]:
        detail = verdict.message or "nothing objected"
        yield f"expected {example['expect']}, got {verdict.compliance} ({detail}); {excerpt}"
    elif missing := _not_at(example, verdict.evidence):
        yield f"expected it to fail at {missing}, but it fails at {_places(verdict.evidence)}"
    yield from _wrong_severity(example, verdict.severity)
    yield from disagreements(bench.rule, item.document(), now)
    if verdict.compliance is Compliance.COMPLIANT:
        yield from surviving_mutations(_type_of(bench), bench.book, item, now)


def _wrong_change(bench: Bench, example: Example) -> Iterator[str]:
    change = change_of(bench, example)
    detections = _detections(bench, change, example)
    got = RISKY if detections else HARMLESS
    if got != example["expect"]:
        excerpt = _excerpt(bench.rule, change.document())
        yield f"expected {example['expect']}, got {got}; {excerpt}"
    for detection in detections[:1]:
        yield from _wrong_severity(example, detection.severity)
    yield from disagreements(bench.rule, change.document(), NOW)


def _detections(bench: Bench, change: Change, example: Example) -> tuple[Detection, ...]:
    """Return what the rule sees; a rate rule in the example's event as often as it happens."""
    if bench.rule.rate is None:
        if "times" in example or "every_seconds" in example:
            raise ValueError("times and every_seconds: expected only in examples of rate rules")
        return judge_change(change, bench.book, _subject_of)
    rates, apart = MemoryRates(), timedelta(seconds=example.get("every_seconds", 1))
    repeated = (
        replace(
            change,
            record_hash=sha256(bytes([number])).hexdigest(),
            event_time=change.event_time + number * apart,
        )
        for number in range(example.get("times", 1))
    )
    counted = (one for again in repeated for one in occurrences(again, bench.book, _subject_of))
    bursts = (burst_of(one, rates.count(one)) for one in counted)
    return tuple(burst for burst in bursts if burst is not None)


def _wrong_severity(example: Example, severity: Severity) -> Iterator[str]:
    if example.get("severity", severity) != severity:
        yield f"expected severity {example['severity']}, got {severity}"


def _not_at(example: Example, evidence: tuple[Evidence, ...]) -> str | None:
    wanted = example.get("at", [])
    places = set(_places(evidence).split(", "))
    return next(
        (at for at in ([wanted] if isinstance(wanted, str) else wanted) if at not in places), None
    )


def _places(evidence: tuple[Evidence, ...]) -> str:
    places = (p for one in evidence for p in (*(one.because or (one.path,)), *_switches(one)))
    return ", ".join(dict.fromkeys(places))


def _switches(evidence: Evidence) -> tuple[str, ...]:
    return tuple(switch.pointer for switch in evidence.despite)


def _excerpt(rule: Rule, document: Mapping[str, Any]) -> str:
    names = dict.fromkeys(tuple(tokens_of(pointer)[:2]) for pointer in rule.pointers)
    shown = {"/" + "/".join(name): resolve(document, name) for name in names}
    text = msgspec.json.encode(shown).decode("utf-8", "replace")
    return shortened(f"the rule reads {text}", EXCERPT_LIMIT_CHARS)


def _verdicts_of(rule: Rule) -> tuple[str, ...]:
    if rule.kind is RuleKind.CHANGE:
        always = not rule.pointers and rule.rate is None
        return (RISKY,) if always else (HARMLESS, RISKY)
    optional = (Compliance.NOT_APPLICABLE,) if rule.applies_when is not None else ()
    return (
        Compliance.COMPLIANT,
        Compliance.NON_COMPLIANT,
        *optional,
        Compliance.INSUFFICIENT_DATA,
    )


def _document_of(bench: Bench, example: Example) -> Mapping[str, Any]:
    if bench.rule.kind is RuleKind.CHANGE:
        return change_of(bench, example).document()
    return item_of(bench, example).document()


def _occurs(value: Any, path: tuple[str, ...]) -> bool:
    if not path:
        return True
    if isinstance(value, list):
        return any(_occurs(one, path[1:]) for one in value)
    return isinstance(value, Mapping) and path[0] in value and _occurs(value[path[0]], path[1:])


def _type_of(bench: Bench) -> ResourceType:
    if bench.resource_type is None:
        raise ValueError(f"nothing describes {bench.rule.resource_type}")
    return bench.resource_type


def _subject_of(ref: ResourceRef, _: ConfigurationItem | None) -> Subject:
    return Subject(ref=ref)


def _problem(file: RuleFile, line: int | None, example: str | None, message: str) -> Problem:
    return Problem(
        rule_id=file.rule.id, source=file.source, line=line, example=example, message=message
    )
