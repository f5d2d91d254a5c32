"""Judging items: four verdicts, evidence, severities, and what damage does."""

from typing import Any

import pytest

from chalicelib.evaluate.engine import judge_item
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import Compliance, ConfigurationItem, Evaluation, GapReason, Severity
from tests.rulekit import NOW, book, document, item, opening

NO_SSH = {
    "derived": {
        "Openings": {
            "items": {
                "not": {"properties": {"FromPort": {"maximum": 22}, "ToPort": {"minimum": 22}}}
            }
        }
    }
}
SSH = book(document(compliant_when=NO_SSH, message="{id} is open to {actual.Sources}"))
PUBLIC = book(document())


def only(described: ConfigurationItem, rules: Rulebook = SSH) -> Evaluation:
    (verdict,) = judge_item(described, rules, NOW)
    return verdict


def open_to(*rows: dict[str, Any]) -> ConfigurationItem:
    return item(derived={"Openings": list(rows)})


def test_an_item_that_fits_is_compliant_and_says_nothing() -> None:
    verdict = only(open_to(opening(443, 443)))

    assert verdict.compliance is Compliance.COMPLIANT
    assert (verdict.message, verdict.evidence, verdict.gaps) == ("", (), ())


def test_evidence_is_the_failing_row_with_its_reasons() -> None:
    verdict = only(open_to(opening(443, 443), opening(0, 1024)))

    (evidence,) = verdict.evidence
    assert verdict.compliance is Compliance.NON_COMPLIANT
    assert evidence.path == "/derived/Openings/1"
    assert evidence.because == ("/properties/Public",)
    assert evidence.expected == "not (FromPort at most 22 and ToPort at least 22)"


def test_reasons_are_no_part_of_the_actual_value() -> None:
    (evidence,) = only(open_to(opening(22, 22))).evidence

    assert evidence.actual == {
        "Protocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "Sources": ["0.0.0.0/0"],
    }


def test_a_message_speaks_for_every_failing_row() -> None:
    rows = [opening(22, 22, Sources=["::/0"]), opening(0, 99, Sources=["0.0.0.0/0", "::/0"])]

    assert only(open_to(*rows)).message == "one is open to ::/0, 0.0.0.0/0"


def test_a_rule_that_does_not_apply_is_not_applicable() -> None:
    rules = book(document(applies_when={"properties": {"Name": {"const": "b"}}}))

    assert only(item(Public=True), rules).compliance is Compliance.NOT_APPLICABLE


def test_whether_it_applies_may_be_unknown() -> None:
    rules = book(document(applies_when={"properties": {"Name": {"const": "b"}}}))

    verdict = only(item("/properties/Name", Name=None, Public=True), rules)

    assert verdict.compliance is Compliance.INSUFFICIENT_DATA


def test_a_gap_elsewhere_is_not_the_rules_business() -> None:
    verdict = only(item("/observed/Attached", Attached=None), PUBLIC)

    assert (verdict.compliance, verdict.gaps) == (Compliance.COMPLIANT, ())


def test_what_cannot_be_read_is_insufficient_data_and_names_the_call() -> None:
    verdict = only(item("/derived/Openings", derived={"Openings": None}))

    assert verdict.compliance is Compliance.INSUFFICIENT_DATA
    assert verdict.message == "one could not be judged: unit:DescribeThing answered AccessDenied"
    assert [gap.pointer for gap in verdict.gaps] == ["/derived/Openings"]


def test_a_failure_proven_below_a_gap_stands() -> None:
    verdict = only(item("/derived/Openings", derived={"Openings": [opening(22, 22)]}))

    assert verdict.compliance is Compliance.NON_COMPLIANT
    assert [evidence.path for evidence in verdict.evidence] == ["/derived/Openings/0"]


def test_good_rows_below_a_gap_prove_nothing() -> None:
    verdict = only(item("/derived/Openings", derived={"Openings": [opening(443, 443)]}))

    assert verdict.compliance is Compliance.INSUFFICIENT_DATA


def without(row: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != key}


def test_one_damaged_row_does_not_hide_a_proven_failure() -> None:
    damaged = without(opening(443, 443), "FromPort")

    verdict = only(open_to(damaged, opening(22, 22)))

    assert verdict.compliance is Compliance.NON_COMPLIANT


MISSHAPEN = {
    "missing key": ([without(opening(443, 443), "FromPort")], "/derived/Openings/0/FromPort"),
    "text for number": ([opening("443", 443)], "/derived/Openings/0/FromPort"),  # type: ignore[arg-type]
    "null for number": ([opening(443, None)], "/derived/Openings/0/ToPort"),  # type: ignore[arg-type]
    "key in another case": ([{**opening(443, 443), "fromport": 22}], "/derived/Openings/0"),
    "object for list": ({"0": opening(443, 443)}, "/derived/Openings"),
    "null for list": (None, "/derived/Openings"),
}


@pytest.mark.parametrize(("value", "pointer"), MISSHAPEN.values(), ids=MISSHAPEN)
def test_a_misshapen_value_is_insufficient_data_at_its_pointer(value: Any, pointer: str) -> None:
    verdict = only(item(derived={"Openings": value}))

    assert verdict.compliance is Compliance.INSUFFICIENT_DATA
    assert [gap.pointer for gap in verdict.gaps] == [pointer]
    assert verdict.gaps[0].reason is GapReason.MALFORMED
    assert pointer in verdict.message


def test_an_absent_name_is_insufficient_data() -> None:
    described = item()
    assert isinstance(described.properties, dict)
    del described.properties["Public"]

    assert only(described, PUBLIC).compliance is Compliance.INSUFFICIENT_DATA


def test_a_misshapen_value_leaves_other_rules_alone() -> None:
    other = document(id="thing-is-named", compliant_when={"properties": {"Name": {"const": "a"}}})

    named, public = judge_item(item(Public="no"), book(document(), other), NOW)

    assert (named.rule_id, named.compliance) == ("thing-is-named", Compliance.COMPLIANT)
    assert public.compliance is Compliance.INSUFFICIENT_DATA


def test_a_number_where_null_is_declared_but_not_allowed_by_the_rule_fails() -> None:
    rules = book(document(compliant_when={"properties": {"Size": {"maximum": 3}}}))

    assert only(item(Size=None), rules).compliance is Compliance.NON_COMPLIANT


CLAUSES = [
    {
        "when": {"observed": {"Attached": {"maximum": 0}}},
        "severity": "low",
        "because": "it is attached to nothing",
    },
    {
        "when": {"properties": {"Name": {"const": "crown"}}},
        "severity": "critical",
        "because": "it is the crown",
    },
]
GRADED = book(document(severity_when=CLAUSES))


@pytest.mark.parametrize(
    ("described", "severity", "because"),
    [
        (item(Public=True), Severity.HIGH, None),
        (item(Public=True, Attached=0), Severity.LOW, "it is attached to nothing"),
        (item(Public=True, Name="crown"), Severity.CRITICAL, "it is the crown"),
        (item(Public=True, Name="crown", Attached=0), Severity.LOW, "it is attached to nothing"),
        (item("/observed/Attached", Public=True, Attached=None), Severity.HIGH, None),
    ],
    ids=["no clause", "first", "second", "first of both", "unknown"],
)
def test_the_first_clause_that_holds_sets_the_severity(
    described: ConfigurationItem, severity: Severity, because: str | None
) -> None:
    verdict = only(described, GRADED)

    assert (verdict.severity, verdict.severity_because) == (severity, because)


def test_a_clause_that_cannot_be_decided_ends_the_search() -> None:
    described = item("/observed/Attached", Public=True, Name="crown", Attached=None)

    assert only(described, GRADED).severity is Severity.HIGH


def test_a_type_without_rules_is_not_judged() -> None:
    assert judge_item(item(), book(), NOW) == ()


def test_rules_judge_in_order_of_their_ids_and_carry_their_hash() -> None:
    rules = book(document(id="z-last"), document(id="a-first"))

    verdicts = judge_item(item(), rules, NOW)

    assert [verdict.rule_id for verdict in verdicts] == ["a-first", "z-last"]
    assert all(v.rule_hash == rules.by_id[v.rule_id].hash for v in verdicts)


def test_the_rulebook_knows_what_its_rules_read() -> None:
    assert SSH.pointers_for("Test::Unit::Thing") == {
        "/derived/Openings/*/FromPort",
        "/derived/Openings/*/ToPort",
    }
    assert SSH.pointers_for("Test::No::Such") == frozenset()
    assert [rule.id for rule in SSH.rules_for("Test::Unit::Thing")] == ["thing-not-public"]


def test_the_rulebooks_hash_is_that_of_its_rules_in_any_order() -> None:
    one, other = document(id="a-a"), document(id="b-b")

    assert book(one, other).hash == book(other, one).hash != book(one).hash
