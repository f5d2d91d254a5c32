"""The page of one rule: what it wants, why, how to fix it, what it looks at and what it cannot see.

Tells of the rule as written: what a person's settings make of it, `vigil rules show` tells.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.model import ResourceType, Rule, RuleKind
from chalicelib.model.rule import ANY
from vigil.reference import markdown
from vigil.reference.limits import limits_of
from vigil.reference.markdown import code, codes, link, paragraph, plain, section, table
from vigil.reference.needs import Needs, name_of, needs_of
from vigil.reference.standards import page_of
from vigil.reference.wording import condition, one_line
from vigil.rulefiles import RULES, RuleFile

TYPES_PAGE = "../resource-types.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A rule with all that its page tells of."""

    file: RuleFile
    kind: ResourceType | None
    needs: Needs

    @property
    def rule(self) -> Rule:
        """The rule."""
        return self.file.rule

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Its parameters with their defaults."""
        parameters: Mapping[str, Any] = self.file.document.get("parameters", {})
        return parameters


def rule_page(file: RuleFile, types: Mapping[str, ResourceType]) -> str:
    """Return the page of a rule."""
    needs = needs_of(file.rule, types)
    subject = Subject(file=file, kind=types.get(file.rule.resource_type or ""), needs=needs)
    return markdown.page(file.rule.title, "\n".join(_head(subject)), _body(subject))


def _head(subject: Subject) -> Iterator[str]:
    rule = subject.rule
    yield f"- rule: {_file(subject.file)}"
    yield f"- severity: **{rule.severity}**"
    yield from _severities(subject)
    yield f"- judges: {_judged(subject)}"


def _file(file: RuleFile) -> str:
    name = code(file.rule.id)
    if not file.path.is_relative_to(RULES):
        return name
    inside = file.path.relative_to(RULES)
    return link(name, str(Path("../../../rules") / inside))


def _severities(subject: Subject) -> Iterator[str]:
    for clause in subject.file.document.get("severity_when", ()):
        where = one_line(clause["when"], subject.parameters)
        yield f"  - **{clause['severity']}** where {where}: {plain(clause['because'])}"


def _judged(subject: Subject) -> str:
    rule = subject.rule
    whose = "the account"
    if rule.resource_type:
        whose = link(code(rule.resource_type), TYPES_PAGE + markdown.anchor(rule.resource_type))
    return whose if rule.kind is RuleKind.CONFIGURATION else f"changes; what it says is of {whose}"


def _body(subject: Subject) -> Iterator[str]:
    rule, document = subject.rule, subject.file.document
    yield from section("Why it matters", [paragraph(rule.risk)])
    wanted = "Compliant" if rule.kind is RuleKind.CONFIGURATION else "Harmless"
    yield from section(wanted, _condition(subject))
    yield from section("How to fix", _fix(rule))
    yield from section("Parameters", _parameters(subject))
    looked_at = "Events that lead to a look"
    if rule.kind is RuleKind.CHANGE:
        looked_at = "Changes it looks at"
    yield from section(looked_at, _events(subject))
    yield from section("What a look needs", _calls(subject.needs))
    yield from section("Frameworks", _frameworks(rule))
    yield from section("Examples", _examples(document["examples"]))
    yield from section("Limits", limits_of(subject.file, subject.needs))


def _condition(subject: Subject) -> Iterator[str]:
    document, parameters = subject.file.document, subject.parameters
    if "applies_when" in document:
        yield f"Applies only where {one_line(document['applies_when'], parameters)}."
        yield ""
    wanted = document.get("compliant_when") or document.get("harmless_when")
    if wanted is None:
        yield "Never: every such change is told."
        return
    yield from condition(wanted, parameters)


def _fix(rule: Rule) -> Iterator[str]:
    yield paragraph(rule.fix.text)
    if rule.fix.remediation:
        yield ""
        yield f"Remediation: {code(rule.fix.remediation)}."


def _parameters(subject: Subject) -> Iterator[str]:
    if not subject.parameters:
        return
    rows = ((code(name), _json(given)) for name, given in subject.parameters.items())
    yield from table(("parameter", "default"), ((name, code(given)) for name, given in rows))
    yield from (
        "",
        f"Set them in {link('`vigil.yaml`', '../../guide/settings.md')}:",
        "",
        "```yaml",
        "rules:",
        f"  {subject.rule.id}:",
        f"    parameters: {_json(subject.parameters)}",
        "```",
    )


def _json(given: Any) -> str:
    # JSON is YAML, on one line whatever the texts in it hold.
    return msgspec.json.encode(given).decode()


def _events(subject: Subject) -> Iterator[str]:
    rule = subject.rule
    if rule.kind is RuleKind.CHANGE:
        yield from _changes(rule)
        return
    if subject.needs.decisive:
        yield "These calls write what the rule reads, or make something new:"
        yield codes(sorted(map(name_of, subject.needs.decisive))) + "."
        yield f"Every other call that its type {link('follows', '../events.md')} leads to one, too."


def _changes(rule: Rule) -> Iterator[str]:
    named = [name_of(pair) for pair in rule.matches if ANY not in pair]
    anything = ["Every call"] if (ANY, ANY) in rule.matches else []
    broad = [
        f"Every call to {code(source)}" if action == ANY else f"{code(action)} of any service"
        for source, action in rule.matches
        if (source == ANY) != (action == ANY)
    ]
    yield f"{', '.join([*anything, *broad, *map(code, sorted(named))])}."
    narrowed = (("kinds", rule.kinds), ("actors", rule.actor_types), ("errors", rule.errors))
    for name, only in narrowed:
        if only:
            yield f"Only these {name}: {codes(only)}."


def _calls(needs: Needs) -> Iterator[str]:
    rows = (
        (code(facet.name), codes(facet.calls), codes(facet.permissions)) for facet in needs.facets
    )
    yield from table(("facet", "calls", "permissions"), rows)


def _frameworks(rule: Rule) -> Iterator[str]:
    rows = (
        (link(plain(page.title), f"../frameworks/{page.file}"), ", ".join(map(plain, controls)))
        for page, controls in ((page_of(key), ids) for key, ids in rule.frameworks.items())
    )
    yield from table(("framework", "controls"), rows)


def _examples(examples: list[Mapping[str, Any]]) -> Iterator[str]:
    rows = (
        (plain(example["name"]), example["expect"], example.get("severity", ""))
        for example in examples
    )
    yield from table(("example", "verdict", "severity"), rows)
