"""What a scan looks at: every (resource type, Region) that some wanted rule needs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from chalicelib.errors import PermanentError
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import ResourceType, Rule, RuleKind

GLOBAL = "global"


class ScopeError(PermanentError):
    """A filter names what does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a person wants looked at; an empty filter leaves nothing out.

    Attributes:
        services: As in type names, in lower case: ``s3``, ``ec2``.
        regions: Empty: every Region that is switched on. Global types are always looked at.
    """

    services: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One listing and everything it leads to."""

    type: str
    region: str

    @property
    def name(self) -> str:
        """A name that is the same in the next scan."""
        return f"{self.type}@{self.region}"


def service_of(resource_type: ResourceType) -> str:
    """Return the service that `Scope.services` means."""
    return resource_type.service.lower()


def wanted_rules(
    rules: Iterable[Rule], types: Sequence[ResourceType], scope: Scope
) -> tuple[Rule, ...]:
    """Return the configuration rules a scan judges with.

    Raises:
        ScopeError: A filter names no rule, type or service, or together they leave nothing.
    """
    judging = tuple(rule for rule in rules if rule.kind is RuleKind.CONFIGURATION)
    by_name = {resource_type.type: resource_type for resource_type in types}
    services = {service_of(resource_type) for resource_type in types}
    check_named("rule", scope.rules, {rule.id for rule in judging})
    check_named("resource type", scope.types, by_name)
    check_named("service", scope.services, services)
    wanted = tuple(rule for rule in judging if _wants(scope, rule, by_name))
    if not wanted:
        raise ScopeError("no configuration rule is left by these filters")
    return wanted


def tasks_for(
    rulebook: Rulebook, types: Iterable[ResourceType], regions: Sequence[str]
) -> tuple[Task, ...]:
    """Return what to look at, Region by Region, global things first."""
    judged = [kind for kind in types if rulebook.pointers_for(kind.type)]
    places = (GLOBAL, *regions)
    return tuple(
        Task(type=kind.type, region=region)
        for region in places
        for kind in judged
        if kind.is_global == (region == GLOBAL)
    )


def _wants(scope: Scope, rule: Rule, types: Mapping[str, ResourceType]) -> bool:
    name = rule.resource_type or ""
    tests: tuple[tuple[tuple[str, ...], Callable[[], str]], ...] = (
        (scope.rules, lambda: rule.id),
        (scope.types, lambda: name),
        (scope.services, lambda: service_of(types[name])),
    )
    return name in types and all(not named or value() in named for named, value in tests)


def check_named(what: str, named: Iterable[str], known: Iterable[str]) -> None:
    """Refuse names that are not known.

    Raises:
        ScopeError: One is not; the message names one that is.
    """
    every = sorted(known)
    for name in named:
        if name not in every:
            near = get_close_matches(name, every, n=1) or every[:3]
            raise ScopeError(f"no such {what}: {name!r} (for example: {', '.join(near)})")
