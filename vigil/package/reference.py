"""The reference pages below ``docs/reference``, written from the code so that they cannot drift.

Edit what they are made from, then run ``vigil generate``; a page edited by hand is overwritten.
"""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from chalicelib.ingest.routing import patterns as delivered
from chalicelib.model import ResourceType, RuleKind
from chalicelib.resources._frame import facets_for
from chalicelib.settings import Settings
from vigil.package.catalogue import Catalogue
from vigil.package.cloudformation import Json
from vigil.package.parameters import PARAMETERS, SOURCES
from vigil.package.patterns import ANY
from vigil.package.permissions import (
    CONFINED,
    CONSUME,
    EVERYTHING,
    GRANTS,
    LIST_STREAMS,
    STREAM,
    WRITE_LOGS,
    looks_of,
)
from vigil.package.plan import FUNCTIONS, FunctionPlan

_MADE = "<!-- Made by `vigil generate`; edits are lost. -->"
_ATTRIBUTE = re.compile(r"^(\w+): (.+)$")
_PREFIX = "VIGIL_"
Row = Iterable[str]


def reference_pages(catalogue: Catalogue) -> Mapping[str, str]:
    """Return every reference page by its file name."""
    return {
        "events.md": _page("Events", _EVENTS, _events(catalogue)),
        "permissions.md": _page("Permissions", _PERMISSIONS, _permissions(catalogue)),
        "resource-types.md": _page("Resource types", _TYPES, _types(catalogue)),
        "rules.md": _page("Rules", _RULES, _rules(catalogue)),
        "settings.md": _page("Settings", _SETTINGS, _settings()),
    }


_EVENTS = """What EventBridge delivers to Vigil, and nothing else.
A resource type follows an event because the call changes what is described; a rule because it \
judges the call itself."""
_PERMISSIONS = """What each function's role may do, and on what.
None may change a resource that Vigil looks at.
`*` stands where AWS knows no narrower resource.
An action that is needed by rules goes when they go."""
_TYPES = """What is looked at, with which calls, and only where a rule needs the answer."""
_RULES = """Every rule. `vigil rules show ID` tells its risk, its fix and its examples."""
_SETTINGS = """Parameters of the app stack, and the variables that the functions read."""


def _page(title: str, lead: str, body: Iterable[str]) -> str:
    return "\n".join([_MADE, f"# {title}", "", lead, "", *body]).rstrip("\n") + "\n"


def _events(catalogue: Catalogue) -> Iterator[str]:
    followed = _followed(catalogue.types)
    judged = _judged(catalogue)
    pairs = sorted(delivered(catalogue.types, catalogue.rulebook.matches))
    yield from _table(
        ("event", "followed for", "judged by"),
        (
            (
                "any, by actors that the rule names"
                if ANY in pair
                else f"`{_service(pair[0])}:{pair[1]}`",
                ", ".join(sorted(followed.get(pair, ()))),
                ", ".join(f"`{rule}`" for rule in sorted(judged.get(pair, ()))),
            )
            for pair in pairs
        ),
    )


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


def _permissions(catalogue: Catalogue) -> Iterator[str]:
    for plan in FUNCTIONS:
        yield f"## {plan.deployed_name}"
        yield ""
        rows = sorted(_granted(plan, catalogue))
        yield from _table(("action", "on", "needed by"), rows)
        yield ""


def _granted(plan: FunctionPlan, catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    for action, place in _own(plan):
        yield f"`{action}`", place, "itself"
    if plan.name == "slack":
        reading = _code(("secretsmanager:GetSecretValue", "ssm:GetParameter"))
        yield reading, "the secret you name, where it is", "itself"
    needed = _needed_by(catalogue)
    for action in looks_of(plan, catalogue):
        rules = _code(sorted(needed.get(action, ()))) or "listing"
        yield f"`{action}`", f"`{CONFINED.get(action, EVERYTHING)}`", rules


def _own(plan: FunctionPlan) -> Iterator[tuple[str, str]]:
    """Yield what a function does with Vigil's own things."""
    yield from product(WRITE_LOGS, ("its own log group",))
    for place, actions in GRANTS[plan.name].items():
        yield from product(actions, (f"Vigil's {place}",))
    if plan.queue:
        yield from product(CONSUME, (f"Vigil's {plan.queue}",))
    if plan.reads_history:
        yield from product((*STREAM, *LIST_STREAMS), ("the stream of Vigil's history",))


def _needed_by(catalogue: Catalogue) -> dict[str, set[str]]:
    """Return IAM action → the rules that cannot be judged without it."""
    found: dict[str, set[str]] = {}
    kinds = {kind.type: kind for kind in catalogue.types}
    for rule in catalogue.rules:
        if rule.kind is RuleKind.CONFIGURATION and rule.resource_type in kinds:
            for facet in facets_for(kinds[rule.resource_type], frozenset(rule.pointers)):
                for action in facet.permissions:
                    found.setdefault(action, set()).add(rule.id)
    return found


def _types(catalogue: Catalogue) -> Iterator[str]:
    asked = {(kind.type, facet.name) for kind, facet in catalogue.facets()}
    for kind in catalogue.types:
        yield f"## {kind.type}"
        yield ""
        where = "belongs to no Region" if kind.is_global else "belongs to a Region"
        listed = _code(kind.list_calls) or "no call of its own"
        yield f"{kind.noun.capitalize()}; {where}; listed by {listed}."
        yield ""
        rows = (
            (
                f"`{facet.name}`",
                _code(facet.calls),
                "yes" if (kind.type, facet.name) in asked else "no rule needs it",
            )
            for facet in kind.facets
        )
        yield from _table(("facet", "calls", "asked for"), rows)
        if kind.facts:
            yield ""
            yield f"Derived: {_code(fact.name for fact in kind.facts)}."
        yield ""


def _rules(catalogue: Catalogue) -> Iterator[str]:
    judging = {
        RuleKind.CONFIGURATION: "Judging what is there",
        RuleKind.CHANGE: "Judging what somebody does",
    }
    for kind, heading in judging.items():
        rows = (
            (
                f"`{rule.id}`",
                rule.title,
                str(rule.severity),
                rule.resource_type or "",
                ", ".join(rule.frameworks),
            )
            for rule in catalogue.rules
            if rule.kind is kind
        )
        yield f"## {heading}"
        yield ""
        yield from _table(("rule", "wants", "severity", "resource", "frameworks"), rows)
        yield ""


def _settings() -> Iterator[str]:
    yield "## Parameters"
    yield ""
    rows = ((f"`{name}`", _default(p), p["Description"]) for name, p in PARAMETERS.items())
    yield from _table(("parameter", "default", "meaning"), rows)
    yield ""
    yield "## Variables"
    yield ""
    meanings = _meanings()
    yield from _table(
        ("variable", "set by the stack", "meaning"),
        (
            (f"`{name}`", "yes" if name in SOURCES else "no: the default holds", meanings[name])
            for name in variables()
        ),
    )


def variables() -> tuple[str, ...]:
    """Return the names of Vigil's own variables, as the settings themselves ask for them."""
    asked = _Asked()
    Settings.from_env(asked)
    return tuple(sorted(name for name in asked if name.startswith(_PREFIX)))


class _Asked(dict[str, str]):
    """An environment in which everything required is set; remembers what it was asked for."""

    def get(self, key: str, default: object = None) -> str:
        del default
        self[key] = "1"
        return self[key]


def _default(parameter: Json) -> str:
    if "Default" not in parameter:
        return "required"
    return f"`{parameter['Default']}`" if parameter["Default"] else "empty"


def _meanings() -> dict[str, str]:
    """Return what the settings' own class says of each, by its variable."""
    found: dict[str, str] = {}
    name = ""
    for line in map(str.strip, inspect.cleandoc(Settings.__doc__ or "").splitlines()):
        if match := _ATTRIBUTE.match(line):
            name = f"{_PREFIX}{match[1].upper()}"
            found[name] = match[2].replace("``", "`")
        elif name:
            found[name] = f"{found[name]} {line}".strip().replace("``", "`")
    return found


def _table(head: Row, rows: Iterable[Row]) -> Iterator[str]:
    columns = list(head)
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _service(source: str) -> str:
    return source.removesuffix(".amazonaws.com")
