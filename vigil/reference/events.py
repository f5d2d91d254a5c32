"""The page of events: what EventBridge delivers, and for whom."""

from collections.abc import Iterable, Iterator

from chalicelib.ingest.routing import patterns as delivered
from chalicelib.model import ResourceType
from chalicelib.model.rule import ANY
from vigil.package.catalogue import Catalogue
from vigil.reference import markdown
from vigil.reference.markdown import code, link, table
from vigil.reference.needs import name_of

_LEAD = """What EventBridge delivers to Vigil, and nothing else.
A resource type follows an event because the call changes what is described; a rule because it \
judges the call itself."""


def events_page(catalogue: Catalogue) -> str:
    """Return the page."""
    return markdown.page("Events", _LEAD, _body(catalogue))


def _body(catalogue: Catalogue) -> Iterator[str]:
    followed = _followed(catalogue.types)
    judged = _judged(catalogue)
    pairs = sorted(delivered(catalogue.types, catalogue.rulebook.matches))
    rows = (
        (
            "any, by actors or with errors that the rule names"
            if ANY in pair
            else code(name_of(pair)),
            ", ".join(sorted(followed.get(pair, ()))),
            ", ".join(
                link(code(rule), f"rules/{rule}.md") for rule in sorted(judged.get(pair, ()))
            ),
        )
        for pair in pairs
    )
    yield from table(("event", "followed for", "judged by"), rows)


def _followed(types: Iterable[ResourceType]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for kind in types:
        for route in (*kind.routes, *(r for c in kind.companions for r in c.routes)):
            for action in route.actions:
                found.setdefault((route.source, action), set()).add(kind.type)
    return found


def _judged(catalogue: Catalogue) -> dict[tuple[str, str], set[str]]:
    return {
        pair: {ready.rule.id for ready in rules}
        for pair, rules in catalogue.rulebook.changes.items()
    }
