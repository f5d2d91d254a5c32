"""The page of permissions: by function, by rule, by resource type.

Roles are made of what the functions need together, so a rule saves only what no other rule needs.
"""

from collections.abc import Iterator, Mapping
from itertools import product

from chalicelib.model import ResourceType
from chalicelib.resources._owner import TAGS_POINTER
from vigil.package.catalogue import Catalogue
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
from vigil.reference import markdown
from vigil.reference.markdown import code, codes, link, table
from vigil.reference.needs import Needs, needs_of, saved_by

_LEAD = """What each function's role may do, and on what.
None may change a resource that Vigil looks at.
`*` stands where AWS knows no narrower resource.
An action that is needed by rules goes when they go: see [by rule](#by-rule) and \
[by resource type](#by-resource-type)."""
_BY_RULE = """What a look needs for each rule, and what goes when that rule alone is switched \
off in [`vigil.yaml`](../guide/settings.md) and the package is built with it \
(`vigil package --settings vigil.yaml`): what other rules need, or listing needs, stays.
`vigil rules deploy` switches rules without touching roles.
Rules about changes need no permission: they read the record."""
_BY_TYPE = """Every type is listed by the sweep, whether rules judge it or not; it is described \
only as far as rules ask, and its tags, which name its owner. Actions for facets that nothing \
needs are granted to nobody."""
MANY = 3


def permissions_page(catalogue: Catalogue) -> str:
    """Return the page."""
    types = {kind.type: kind for kind in catalogue.types}
    needed = {rule.id: needs_of(rule, types) for rule in catalogue.rules}
    return markdown.page("Permissions", _LEAD, _body(catalogue, needed))


def _body(catalogue: Catalogue, needed: Mapping[str, Needs]) -> Iterator[str]:
    users = _users(needed)
    for plan in FUNCTIONS:
        rows = sorted(_granted(plan, catalogue, users))
        yield from markdown.section(plan.deployed_name, table(("action", "on", "needed by"), rows))
    yield from markdown.section("By rule", (_BY_RULE, "", *_by_rule(catalogue, needed)))
    yield from markdown.section("By resource type", (_BY_TYPE, "", *_by_type(catalogue)))


def _users(needed: Mapping[str, Needs]) -> dict[str, list[str]]:
    """Return IAM action → the rules that cannot be judged without it."""
    found: dict[str, list[str]] = {}
    for rule_id, needs in needed.items():
        for action in needs.actions:
            found.setdefault(action, []).append(rule_id)
    return found


def _granted(
    plan: FunctionPlan, catalogue: Catalogue, users: Mapping[str, list[str]]
) -> Iterator[tuple[str, str, str]]:
    for action, place in _own(plan):
        yield code(action), place, "itself"
    if plan.name == "slack":
        reading = codes(("secretsmanager:GetSecretValue", "ssm:GetParameter"))
        yield reading, "the secret you name, where it is", "itself"
    tagged = _tag_actions(catalogue)
    for action in looks_of(plan, catalogue):
        otherwise = "owners" if action in tagged else "listing"
        yield code(action), _places(action), _named(users.get(action, [])) or otherwise


def _tag_actions(catalogue: Catalogue) -> frozenset[str]:
    """Return what reads tags, which name a resource's owner: needed even where no rule asks."""
    return frozenset(
        action
        for _, facet in catalogue.facets()
        if TAGS_POINTER in facet.pointers
        for action in facet.permissions
    )


def _places(action: str) -> str:
    confined = CONFINED.get(action, EVERYTHING)
    return codes(confined if isinstance(confined, tuple) else (confined,))


def _named(rules: list[str]) -> str:
    """Return rules by name where they are few; the table by rule has all of them."""
    if len(rules) > MANY:
        return link(f"{len(rules)} rules", "#by-rule")
    return ", ".join(map(_linked, sorted(rules)))


def _linked(rule_id: str) -> str:
    return link(code(rule_id), f"rules/{rule_id}.md")


def _own(plan: FunctionPlan) -> Iterator[tuple[str, str]]:
    """Yield what a function does with Vigil's own things."""
    yield from product(WRITE_LOGS, ("its own log group",))
    for place, actions in GRANTS[plan.name].items():
        yield from product(actions, (f"Vigil's {place}",))
    if plan.queue:
        yield from product(CONSUME, (f"Vigil's {plan.queue}",))
    if plan.reads_history:
        yield from product((*STREAM, *LIST_STREAMS), ("the stream of Vigil's history",))


def _by_rule(catalogue: Catalogue, needed: Mapping[str, Needs]) -> Iterator[str]:
    saved = saved_by(catalogue.types, needed)
    rows = (
        (_linked(rule_id), codes(sorted(needs.actions)), codes(sorted(saved[rule_id])) or "nothing")
        for rule_id, needs in needed.items()
        if needs.facets
    )
    yield from table(("rule", "needs", "goes with it"), rows)


def _by_type(catalogue: Catalogue) -> Iterator[str]:
    described: dict[str, set[str]] = {}
    for kind, facet in catalogue.facets():
        described.setdefault(kind.type, set()).update(facet.permissions)
    rows = (
        (_type(kind), codes(kind.list_permissions), codes(sorted(described.get(kind.type, ()))))
        for kind in catalogue.types
    )
    yield from table(("type", "to list it", "to describe it"), rows)


def _type(kind: ResourceType) -> str:
    return link(kind.type, "resource-types.md" + markdown.anchor(kind.type))
