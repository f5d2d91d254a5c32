"""The page of resource types: what is looked at, with which calls, and for which rules."""

from collections.abc import Iterator

from chalicelib.model import ResourceType
from vigil.package.catalogue import Catalogue
from vigil.reference import markdown
from vigil.reference.markdown import code, codes, link, table

_LEAD = "What is looked at, with which calls, and only where a rule needs the answer."


def types_page(catalogue: Catalogue) -> str:
    """Return the page."""
    return markdown.page("Resource types", _LEAD, _body(catalogue))


def _body(catalogue: Catalogue) -> Iterator[str]:
    asked = {(kind.type, facet.name) for kind, facet in catalogue.facets()}
    for kind in catalogue.types:
        yield from markdown.section(kind.type, _type(kind, catalogue, asked))


def _type(kind: ResourceType, catalogue: Catalogue, asked: set[tuple[str, str]]) -> Iterator[str]:
    where = "belongs to no Region" if kind.is_global else "belongs to a Region"
    listed = codes(kind.list_calls) or "no call of its own"
    yield from (f"{kind.noun[:1].upper()}{kind.noun[1:]}; {where}; listed by {listed}.", "")
    rows = (
        (
            code(facet.name),
            codes(facet.calls),
            "yes" if (kind.type, facet.name) in asked else "no rule needs it",
        )
        for facet in kind.facets
    )
    yield from table(("facet", "calls", "asked for"), rows)
    if kind.facts:
        yield from ("", f"Derived: {codes(fact.name for fact in kind.facts)}.")
    if rules := catalogue.rulebook.rules_for(kind.type):
        pages = ", ".join(link(code(rule.id), f"rules/{rule.id}.md") for rule in rules)
        yield from ("", f"Judged by {pages}.")
