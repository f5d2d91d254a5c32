"""Frameworks: what is covered is read from the rules, what is not says why."""

import csv
from dataclasses import replace

import pytest

from chalicelib.export._frameworks import TITLES, in_order
from chalicelib.model import RuleKind
from vigil.reference.controls import TABLES, controls_of
from vigil.reference.standards import framework_page, page_of, standings, summary
from vigil.rulefiles import built_in

RULES = tuple(file.rule for file in built_in().files)
CIS = "cis-aws-7.0"
#: What only people can judge; everything else of CIS 7.0 has a rule.
NOT_AUTOMATABLE = {"2.1.2", "2.1.3", "2.1.4"}
SIZES = {
    "cis-aws-7.0": 70,
    "cis-aws-6.0": 63,
    "cis-aws-5.0": 63,
    "cis-aws-3.0": 62,
    "cis-aws-1.4": 58,
    "fsbp": 370,
}


@pytest.mark.parametrize("key", SIZES)
def test_every_control_of_a_framework_is_listed_once(key: str) -> None:
    numbers = [c.number for c in controls_of(key) if c.standard != "beyond"]

    assert len(numbers) == len(set(numbers)) == SIZES[key]


@pytest.mark.parametrize("key", SIZES)
def test_what_no_rule_covers_says_why(key: str) -> None:
    silent = [
        one.control.number
        for one in standings(key, RULES)
        if one.state != "covered" and not one.control.reason
    ]

    assert silent == []


@pytest.mark.parametrize("key", SIZES)
def test_rules_name_no_control_that_the_framework_does_not_have(key: str) -> None:
    known = {control.number for control in controls_of(key)}

    assert {number for rule in RULES for number in rule.frameworks.get(key, ())} <= known


def test_every_automatable_control_of_cis_7_is_covered() -> None:
    found = {one.control.number: one.state for one in standings(CIS, RULES)}

    assert {number for number, state in found.items() if state == "not automatable"} == (
        NOT_AUTOMATABLE
    )
    assert {state for number, state in found.items() if number not in NOT_AUTOMATABLE} == {
        "covered"
    }


def test_a_rule_about_changes_covers_nothing() -> None:
    watching = tuple(rule for rule in RULES if rule.kind is RuleKind.CHANGE)

    found = {one.control.number: one for one in standings(CIS, watching)}

    assert {one.state for one in found.values()} == {"open", "not automatable"}
    assert "s3-bucket-made-public" in found["5.8"].watching
    assert "No rule judges what is there yet." in framework_page(page_of(CIS), watching)


def test_a_rule_moves_a_control_from_open_to_covered() -> None:
    (rule,) = [rule for rule in RULES if rule.id == "iam-access-key-rotated"]
    renamed = replace(rule, frameworks={"cis-aws-6.0": ("2.12",)})

    before, after = (
        {one.control.number: one for one in standings("cis-aws-6.0", rules)}["2.12"]
        for rules in ((), (renamed,))
    )

    assert before.state == "open"
    assert "tier 2" in before.control.reason
    assert (after.state, after.judging) == ("covered", (rule.id,))


def test_controls_of_other_standards_do_not_count() -> None:
    text = framework_page(page_of("fsbp"), RULES)
    inside, beyond = text.split("## Controls of Security Hub outside of this standard")

    assert summary("fsbp", RULES).startswith("370 controls: ")
    assert "| EC2.13 |" in inside
    assert "| S3.22 |" in beyond
    assert "| S3.22 |" not in inside


def test_frameworks_without_a_table_promise_nothing() -> None:
    text = framework_page(page_of("soc2"), RULES)

    assert "never proof" in text
    assert "named by rules" in summary("soc2", RULES)


@pytest.mark.parametrize("key", ["../../etc/passwd", "", "A/B", "é", "x" * 500, "soc2 "])
def test_a_framework_of_ones_own_gets_a_file_name_that_is_safe(key: str) -> None:
    file = page_of(key).file

    assert "/" not in file
    assert file.isascii()
    assert len(file) < 64
    assert file not in {f"{known}.md" for known in TITLES}


def test_two_frameworks_never_share_a_file() -> None:
    assert page_of("a b").file != page_of("a-b").file


def test_numbers_sort_as_people_count() -> None:
    numbers = ["2.10", "2.2", "AC-17", "AC-2(1)", "AC-2", "EC2.182", "EC2.53", "2.1.6"]

    assert sorted(numbers, key=in_order) == [
        "2.1.6",
        "2.2",
        "2.10",
        "AC-2",
        "AC-2(1)",
        "AC-17",
        "EC2.53",
        "EC2.182",
    ]


def test_tables_know_two_states_and_end_their_sentences() -> None:
    for path in TABLES.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                assert row["state"] in ("", "open", "not automatable"), row
                assert bool(row["state"]) == bool(row["reason"]), row
                assert row["title"]
                assert not row["title"].endswith("."), row
                assert row["reason"].endswith(".") or not row["reason"], row
