"""Everything that decides how resources are judged: rules, exceptions by place, owners, times."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from chalicelib.model.rule import Rule, Severity

#: Severity → hours from opening within which a finding should be resolved; one that is missing,
#: like informational here, has no such time.
DEFAULT_SLA: Mapping[Severity, int] = MappingProxyType(
    {
        Severity.CRITICAL: 24,
        Severity.HIGH: 7 * 24,
        Severity.MEDIUM: 30 * 24,
        Severity.LOW: 90 * 24,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemptionPolicy:
    """How long a risk may be accepted.

    Attributes:
        max_days: How far ahead an exemption may end; counted when it is asked for.
        remind_days: How long before the end people are reminded.
    """

    max_days: int = 90
    remind_days: int = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Other rules in some places.

    Attributes:
        accounts: Empty for every account.
        regions: Empty for every Region and for what is ``global``.
        rules: Rules as they are here, in place of those of the same ids.
        disabled: Ids of rules that are not in force here.
    """

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    disabled: tuple[str, ...] = ()

    def covers(self, account_id: str, region: str) -> bool:
        """Tell whether it holds in a place."""
        in_account = not self.accounts or account_id in self.accounts
        return in_account and (not self.regions or region in self.regions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """The rules in force.

    Attributes:
        overrides: In order; a later one wins.
        owners: Account → owner of findings whose resource names none.
        default_owner: Owner in all other accounts.
        sla: Severity → hours, like `DEFAULT_SLA`; moves due dates of what opens from then on.
    """

    rules: tuple[Rule, ...]
    overrides: tuple[Override, ...] = ()
    owners: Mapping[str, str] = field(default_factory=dict)
    default_owner: str | None = None
    sla: Mapping[Severity, int] = field(default_factory=lambda: dict(DEFAULT_SLA))
    exemptions: ExemptionPolicy = field(default_factory=ExemptionPolicy)

    def owner_in(self, account_id: str) -> str | None:
        """Return who owns what names no owner."""
        return self.owners.get(account_id, self.default_owner)

    def rules_in(self, account_id: str, region: str) -> tuple[Rule, ...]:
        """Return the rules in force in a place, by id."""
        found = {rule.id: rule for rule in self.rules}
        for override in self.overrides:
            if override.covers(account_id, region):
                found |= {rule.id: rule for rule in override.rules}
                for rule_id in override.disabled:
                    found.pop(rule_id, None)
        return tuple(found[rule_id] for rule_id in sorted(found))


def narrowed(ruleset: Ruleset, ids: Collection[str]) -> Ruleset:
    """Return a ruleset of nothing but some rules."""
    return replace(
        ruleset,
        rules=tuple(rule for rule in ruleset.rules if rule.id in ids),
        overrides=tuple(
            replace(one, rules=tuple(rule for rule in one.rules if rule.id in ids))
            for one in ruleset.overrides
        ),
    )
