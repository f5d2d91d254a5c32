"""From a record to the resources it touched, by the routes that resource types declare.

A route says where to look, never what to conclude. What failed touched nothing; what only read
touched nothing either, but may prove use (``observe``). A plug-in's callable that cannot read a
hostile payload makes its part absent; it never costs the record.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.ingest import merging
from chalicelib.ingest.canonical import free_of_surrogates
from chalicelib.ingest.outcome import unsuccessful_texts
from chalicelib.ingest.ownership import UNKNOWN_REGION, is_of_another_account
from chalicelib.ingest.paths import Path, compiled, ids_at
from chalicelib.model import Companion, CompanionTouch, Relation, ResourceRef, ResourceType, Touch
from chalicelib.model.plugin import Record, Route

GLOBAL = "global"

#: What foreign data provokes in code that expects another shape. Anything else is a defect.
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a change happened: the account that owns it, not the caller's."""

    account_id: str
    region: str
    partition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A route with everything prepared that following it needs.

    Attributes:
        region: Fixed Region of the type, or None for the record's.
        dependent_type: Set where the route is a companion's.
    """

    type: str
    region: str | None
    route: Route
    paths: tuple[Path, ...]
    identify: Callable[[str, Record], str | None] | None
    dependent_type: str | None = None
    account_wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where a record leads."""

    touches: tuple[Touch, ...] = ()
    companions: tuple[CompanionTouch, ...] = ()
    derived: Mapping[str, Any] = field(default_factory=dict)


NOWHERE = Trace()


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Every route of every type, by (event source, action)."""

    targets: Mapping[tuple[str, str], tuple[Target, ...]]

    @classmethod
    def of(cls, types: Iterable[ResourceType], *, looks: bool = True) -> "Routing":
        """Compile the routes of resource types and their companions.

        Without `looks` there is nobody to blame and nothing that depends on a companion: records
        are asked only which resources they name and what change rules read.
        """
        targets: dict[tuple[str, str], list[Target]] = {}
        for resource_type in types:
            for target in _targets_of(resource_type) if looks else _named_by(resource_type):
                for action in target.route.actions:
                    targets.setdefault((target.route.source, action), []).append(target)
        return cls(targets={key: tuple(found) for key, found in targets.items()})

    def wants(self, source: str, action: str) -> bool:
        """Tell whether any route names this call (action without date suffix)."""
        return (source, action) in self.targets

    def written(self, record: Record, key: tuple[str, str], origin: Origin) -> Trace:
        """Follow a call that succeeded and may have changed something."""
        targets = self.targets.get(key)
        if targets is None:
            return NOWHERE
        touches: list[Touch] = []
        companions: list[CompanionTouch] = []
        derived: dict[str, Any] = {}
        for target, ids in _followed(targets, record, origin):
            if target.dependent_type is None:
                touches += _touches(target, ids, record, origin)
            else:
                companions += _companions(target, ids, record, origin)
            derived |= _asked(target.route.derive, record)
        return Trace(
            touches=merging.touches(touches),
            companions=merging.companions(companions),
            derived=derived,
        )

    def observed(self, record: Record, key: tuple[str, str], origin: Origin) -> Trace:
        """Follow a call that succeeded and only read: what it proves, and nothing written."""
        targets = [t for t in self.targets.get(key, ()) if t.route.observe and not t.dependent_type]
        touches = [
            replace(touch, writes=(), proposed={}, creates=False, deletes=False)
            for target, ids in _followed(targets, record, origin)
            for touch in _touches(target, ids, record, origin)
            if touch.observes
        ]
        return Trace(touches=merging.touches(touches)) if touches else NOWHERE


def patterns(
    types: Iterable[ResourceType], change_matches: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Return every (event source, action) that EventBridge must deliver, sorted.

    Actions carry no date suffix: Lambda's ``CreateFunction`` arrives as ``CreateFunction20150331``,
    so a pattern needs the prefix form beside the exact one. ``*`` of a change rule is kept.
    """
    targets = [target for resource_type in types for target in _targets_of(resource_type)]
    delivered = {
        (target.route.source, action)
        for target in targets
        if target.route.delivered
        for action in target.route.actions
    }
    return sorted(delivered | set(change_matches))


def _followed(
    targets: Iterable[Target], record: Record, origin: Origin
) -> Iterator[tuple[Target, list[str]]]:
    """Yield targets with the ids to look at; left out is what names only others' or undone ones.

    A target without an id (redacted, truncated) stays: what its payload means is still known.
    """
    undone = unsuccessful_texts(record)
    for target in targets:
        if not target.paths:
            yield target, [origin.account_id]
            continue
        named = _named(target.paths, record)
        # A batch answer lists what it did not do: blame must not rest on those.
        ours = [
            raw_id
            for raw_id in named
            if raw_id not in undone and not is_of_another_account(raw_id, record, origin.account_id)
        ]
        if ours or not named:
            found = (_identified(target, raw_id, record) for raw_id in ours)
            yield target, list(dict.fromkeys(filter(None, found)))


def _named(paths: tuple[Path, ...], record: Record) -> tuple[str, ...]:
    for path in paths:
        if found := ids_at(record, path):
            return found
    return ()


def _targets_of(resource_type: ResourceType) -> Iterable[Target]:
    for route in resource_type.routes:
        yield Target(
            type=resource_type.type,
            region=GLOBAL if resource_type.is_global else None,
            route=route,
            paths=tuple(map(compiled, route.ids)),
            identify=resource_type.identify,
        )
    for companion in resource_type.companions:
        for route in companion.routes:
            yield _companion_target(companion, route, resource_type.type)


def _named_by(resource_type: ResourceType) -> Iterable[Target]:
    for target in _targets_of(resource_type):
        if target.dependent_type is None:
            yield replace(target, route=replace(target.route, propose=None, observe=None))


def _companion_target(companion: Companion, route: Route, dependent_type: str) -> Target:
    return Target(
        type=companion.type,
        region=companion.region,
        route=route,
        paths=tuple(map(compiled, route.ids)),
        identify=companion.identify,
        dependent_type=dependent_type,
        account_wide=companion.relation is Relation.ACCOUNT,
    )


def _touches(target: Target, ids: list[str], record: Record, origin: Origin) -> Iterable[Touch]:
    if not ids:
        return
    proposed = _asked(target.route.propose, record)
    observes = _asked(target.route.observe, record)
    for ref in _refs(target, ids, origin):
        yield Touch(
            ref=ref,
            writes=target.route.writes,
            proposed=proposed,
            observes=observes,
            creates=target.route.creates,
            deletes=target.route.deletes,
        )


def _companions(
    target: Target, ids: list[str], record: Record, origin: Origin
) -> Iterable[CompanionTouch]:
    if target.dependent_type is None or not ids:
        return
    proposed = _asked(target.route.propose, record)
    for ref in _refs(target, ids, origin):
        yield CompanionTouch(
            ref=ref,
            dependent_type=target.dependent_type,
            account_wide=target.account_wide,
            writes=target.route.writes,
            proposed=proposed,
        )


def _refs(target: Target, ids: list[str], origin: Origin) -> Iterable[ResourceRef]:
    region = target.region or origin.region
    if region == UNKNOWN_REGION:
        return
    for resource_id in ids:
        yield ResourceRef(
            account_id=origin.account_id,
            region=region,
            type=target.type,
            id=resource_id,
            partition=origin.partition,
        )


def _identified(target: Target, raw: str, record: Record) -> str | None:
    if target.identify is None:
        return raw
    try:
        return target.identify(raw, record)
    except UNREADABLE:
        return None


def _asked(
    question: Callable[[Record], Mapping[str, Any]] | None, record: Record
) -> Mapping[str, Any]:
    if question is None or _is_omitted(record):
        return {}
    try:
        answer = question(record)
    except UNREADABLE:
        return {}
    return _plain(answer)


def _plain(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    # Decoding text within the record (policies) can bring back what decoding the record removed.
    try:
        return free_of_surrogates(answer)
    except (ValueError, RecursionError):
        return {}


def _is_omitted(record: Record) -> bool:
    # Above 100 KB CloudTrail leaves only {"omitted": true}: silence must not read as "removed".
    parameters = record.get("requestParameters")
    return isinstance(parameters, Mapping) and bool(parameters.get("omitted"))
