"""What a rule needs: the calls of its looks, the events that matter, the permissions it costs."""

from dataclasses import replace

import pytest

from chalicelib.model.ruleset import narrowed
from vigil.package.catalogue import Catalogue
from vigil.package.permissions import looks_of
from vigil.package.plan import FUNCTIONS
from vigil.reference.needs import needs_of, saved_by

CATALOGUE = Catalogue.read()
TYPES = {kind.type: kind for kind in CATALOGUE.types}
NEEDED = {rule.id: needs_of(rule, TYPES) for rule in CATALOGUE.rules}
SAVED = saved_by(CATALOGUE.types, NEEDED)
RULES = {rule.id: rule for rule in CATALOGUE.rules}
(SWEEPER,) = [plan for plan in FUNCTIONS if plan.lists]
#: Some that save something and some that save nothing; the slow test takes all.
SOME = (
    *sorted(rule_id for rule_id in SAVED if SAVED[rule_id])[:3],
    "s3-bucket-no-public-read",
    "events-bus-not-public",  # alone in its need, but the listing asks the same
)


def really_saved_by(rule_id: str) -> frozenset[str]:
    rest = narrowed(CATALOGUE.ruleset, RULES.keys() - {rule_id})
    without = Catalogue.of(rest, CATALOGUE.types)
    return looks_of(SWEEPER, CATALOGUE) - looks_of(SWEEPER, without)


@pytest.mark.parametrize("rule_id", SOME)
def test_what_goes_with_a_rule_is_what_the_roles_lose(rule_id: str) -> None:
    assert really_saved_by(rule_id) == SAVED[rule_id]


@pytest.mark.slow
@pytest.mark.parametrize("rule_id", sorted(SAVED))
def test_what_goes_with_any_rule_is_what_the_roles_lose(rule_id: str) -> None:
    assert really_saved_by(rule_id) == SAVED[rule_id]


def test_some_rules_save_something_and_change_rules_nothing() -> None:
    assert any(SAVED.values())
    assert not NEEDED["s3-bucket-made-public"].facets
    assert not SAVED["s3-bucket-made-public"]


def test_the_events_of_a_rule_write_what_its_facts_are_made_of() -> None:
    needs = NEEDED["ec2-sg-no-public-ssh"]

    assert ("ec2.amazonaws.com", "AuthorizeSecurityGroupIngress") in needs.decisive
    assert ("ec2.amazonaws.com", "CreateSecurityGroup") in needs.decisive
    assert ("ec2.amazonaws.com", "CreateTags") not in needs.decisive
    assert ("ec2.amazonaws.com", "AuthorizeSecurityGroupEgress") not in needs.decisive


def test_what_makes_something_new_counts_whatever_it_writes() -> None:
    kind = TYPES["AWS::EC2::SecurityGroup"]
    silent = replace(kind, routes=tuple(replace(route, writes=()) for route in kind.routes))

    needs = needs_of(RULES["ec2-sg-no-public-ssh"], {kind.type: silent})

    assert ("ec2.amazonaws.com", "CreateSecurityGroup") in needs.decisive
    assert ("ec2.amazonaws.com", "AuthorizeSecurityGroupIngress") not in needs.decisive


def test_the_events_of_a_companion_count() -> None:
    needs = NEEDED["s3-bucket-no-public-read"]

    assert ("s3.amazonaws.com", "PutAccountPublicAccessBlock") in needs.decisive


def test_what_is_not_delivered_is_told_apart() -> None:
    rule = RULES["ec2-sg-no-public-ssh"]
    kind = TYPES["AWS::EC2::SecurityGroup"]
    muted = replace(kind, routes=tuple(replace(r, delivered=False) for r in kind.routes))

    needs = needs_of(rule, {kind.type: muted})

    call = ("ec2.amazonaws.com", "AuthorizeSecurityGroupIngress")
    assert call in needs.unheard
    assert call not in needs.decisive
