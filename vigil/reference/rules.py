"""The index of rules: by service, the worst first."""

from collections.abc import Iterator

from chalicelib.model import Rule, RuleKind
from vigil.reference import markdown
from vigil.reference.markdown import code, link, plain, table
from vigil.rulefiles import RuleFile

_LEAD = """Every rule has a page; `vigil rules show ID` tells the same of the rule in force.
The controls they cover are listed [by framework](README.md#frameworks)."""
_KINDS = {
    RuleKind.CONFIGURATION: "Judging what is there",
    RuleKind.CHANGE: "Judging what somebody does",
}


def rules_page(files: tuple[RuleFile, ...]) -> str:
    """Return the page."""
    return markdown.page("Rules", _LEAD, _body(files))


def _body(files: tuple[RuleFile, ...]) -> Iterator[str]:
    rules = sorted((file.rule for file in files), key=_order)
    for kind, heading in _KINDS.items():
        rows = (
            (
                service_of(rule),
                link(code(rule.id), f"rules/{rule.id}.md"),
                str(rule.severity),
                plain(rule.title),
                code(rule.resource_type or ""),
            )
            for rule in rules
            if rule.kind is kind
        )
        columns = ("service", "rule", "severity", "wants", "resource")
        yield from markdown.section(heading, table(columns, rows))


def service_of(rule: Rule) -> str:
    """Return the service that a rule is about: ids begin with it."""
    return rule.id.partition("-")[0]


def _order(rule: Rule) -> tuple[str, int, str]:
    return service_of(rule), -rule.severity.rank, rule.id
