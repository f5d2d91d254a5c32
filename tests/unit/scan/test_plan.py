"""What a scan looks at, and what it says of filters that name nothing."""

from dataclasses import replace

import pytest

from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import ResourceType, Rule
from tests.rulekit import THING, change_document, document, rule
from vigil.scan.plan import Scope, ScopeError, Task, tasks_for, wanted_rules

EVERYWHERE = replace(THING, type="Test::Globe::Thing", service="globe", is_global=True)
UNJUDGED = replace(THING, type="Test::Unit::Other")
TYPES: tuple[ResourceType, ...] = (THING, EVERYWHERE, UNJUDGED)


def globe_rule() -> Rule:
    written = rule(document(id="globe-not-public"))
    return replace(written, resource_type=EVERYWHERE.type)


RULES = (rule(document()), rule(change_document()), globe_rule())


def ids(scope: Scope) -> set[str]:
    return {one.id for one in wanted_rules(RULES, TYPES, scope)}


def test_without_filters_every_configuration_rule_and_no_change_rule_judges() -> None:
    assert ids(Scope()) == {"thing-not-public", "globe-not-public"}


@pytest.mark.parametrize(
    "scope",
    [
        Scope(rules=("globe-not-public",)),
        Scope(types=("Test::Globe::Thing",)),
        Scope(services=("globe",)),
        Scope(services=("globe", "unit"), types=("Test::Globe::Thing",)),
    ],
    ids=["rule", "type", "service", "both must hold"],
)
def test_filters_leave_only_what_they_name(scope: Scope) -> None:
    assert ids(scope) == {"globe-not-public"}


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (Scope(rules=("globe-not-publik",)), "no such rule: 'globe-not-publik'.*globe-not-public"),
        (Scope(rules=("thing-made-public",)), "no such rule"),
        (Scope(types=("AWS::S3::Bukket",)), "no such resource type: 'AWS::S3::Bukket'"),
        (Scope(services=("s4",)), "no such service: 's4'"),
        (Scope(services=("unit",), rules=("globe-not-public",)), "no configuration rule is left"),
    ],
    ids=["typo", "a change rule", "type", "service", "nothing left"],
)
def test_filters_that_name_nothing_are_refused(scope: Scope, said: str) -> None:
    with pytest.raises(ScopeError, match=said):
        wanted_rules(RULES, TYPES, scope)


def test_global_things_come_once_and_unjudged_types_never() -> None:
    book = Rulebook.of(RULES, TYPES)

    tasks = tasks_for(book, TYPES, ("eu-west-1", "us-east-1"))

    assert tasks == (
        Task(type="Test::Globe::Thing", region="global"),
        Task(type="Test::Unit::Thing", region="eu-west-1"),
        Task(type="Test::Unit::Thing", region="us-east-1"),
    )
