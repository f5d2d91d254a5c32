"""Texts of rules are found in the bundles of the past by the hashes that a history names."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib import bundles, version
from chalicelib.evaluate.bundle import bundle_from
from chalicelib.evaluate.placing import hash_of
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import Rule
from chalicelib.model.ruleset import Override, Ruleset
from tests.unit.export.given import rule

OLD = replace(rule("door-closed"), title="as it was", hash="old")
NEW = replace(rule("door-closed"), title="as it is", hash="new")
STRICT = replace(rule("door-closed"), title="as it is in one account", hash="strict")
OTHER = replace(rule("window-closed"), hash="other")
TODAY = Ruleset(rules=(NEW, OTHER))
PLACED = replace(TODAY, overrides=(Override(accounts=("111122223333",), rules=(STRICT,)),))
YESTERDAY = Ruleset(rules=(OLD,))


def named(*rules: Rule) -> tuple[tuple[str, str], ...]:
    return tuple((one.id, one.hash) for one in rules)


def test_every_text_that_is_named_is_found_wherever_it_is() -> None:
    found = bundles.texts_from([PLACED, YESTERDAY], named(OLD, STRICT), None)

    assert found.versions["door-closed", "old"] == OLD
    assert found.versions["door-closed", "strict"] == STRICT
    assert found.unknown(named(OLD, STRICT)) == []


def test_what_nobody_has_is_unknown() -> None:
    found = bundles.texts_from([TODAY], [("door-closed", "lost")], "lost too")

    assert found.unknown([("door-closed", "lost")]) == ["door-closed@lost"]
    assert found.bundle == "lost too"
    assert not found.in_force


def test_the_rules_in_force_are_those_of_the_bundle_that_a_sweep_named() -> None:
    found = bundles.texts_from([TODAY, YESTERDAY], (), hash_of(YESTERDAY))

    assert found.in_force == {"door-closed": OLD}


def test_no_bundle_is_read_that_is_not_needed() -> None:
    def rulesets() -> Iterator[Ruleset]:
        yield TODAY
        raise AssertionError("one more was read")

    assert bundles.texts_from(rulesets(), named(NEW), hash_of(TODAY)).in_force


@pytest.mark.parametrize("ruleset", [TODAY, PLACED, YESTERDAY], ids=["plain", "placed", "other"])
def test_sweeps_name_a_ruleset_by_the_hash_it_is_looked_for_by(ruleset: Ruleset) -> None:
    assert hash_of(ruleset) == Rulebook.in_force(ruleset, ()).hash


def test_a_bundle_of_another_build_is_passed_over() -> None:
    packaged = bundle_from(TODAY)

    own = Ruleset(rules=bundles.OWN_RULES)
    assert list(bundles.rulesets(packaged, lambda: None, "")) == [TODAY, own]
    assert list(bundles.rulesets(b'{"format": 99}', lambda: None, "")) == [own]


def test_the_version_is_the_one_that_is_released() -> None:
    project = Path(__file__).parents[3] / "pyproject.toml"

    assert f'version = "{version.VERSION}"' in project.read_text(encoding="utf-8")
