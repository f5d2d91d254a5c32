"""``sla:`` in ``vigil.yaml``: how soon a finding is due, all the way into the bundle."""

from pathlib import Path

import msgspec
import pytest

from chalicelib.errors import RuleDocumentError
from chalicelib.evaluate.bundle import bundle_from, ruleset_from
from chalicelib.model import Severity
from chalicelib.model.ruleset import DEFAULT_SLA, Ruleset
from vigil.library.loading import library
from vigil.rulefiles import resource_types

TYPES = resource_types()


def read(folder: Path, *lines: str) -> Ruleset:
    path = folder / "vigil.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return library(TYPES, settings=path).ruleset


def test_what_is_not_said_is_due_as_by_default(tmp_path: Path) -> None:
    sla = read(tmp_path, "sla: {critical: 4, informational: 9000}").sla

    assert sla == {**DEFAULT_SLA, Severity.CRITICAL: 4, Severity.INFORMATIONAL: 9000}


def test_null_takes_a_due_date_away(tmp_path: Path) -> None:
    sla = read(tmp_path, "sla: {low: null}").sla

    assert Severity.LOW not in sla
    assert sla[Severity.HIGH] == DEFAULT_SLA[Severity.HIGH]


def test_due_times_travel_with_the_rules(tmp_path: Path) -> None:
    tuned = read(tmp_path, "sla: {high: 12.0, low: null}")

    assert ruleset_from(bundle_from(tuned)).sla == {
        Severity.CRITICAL: 24,
        Severity.HIGH: 12,
        Severity.MEDIUM: 720,
    }


def test_a_ruleset_that_says_nothing_of_them_is_due_as_by_default() -> None:
    older = msgspec.json.encode({"rules": []})

    assert msgspec.json.decode(older, type=Ruleset).sla == DEFAULT_SLA


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sla: {severe: 4}", "known: critical, high, informational, low, medium"),
        ("sla: {high: 0}", "0 is less than the minimum of 1"),
        ("sla: {high: 87601}", "greater than the maximum of 87600"),
        ("sla: {high: 1.5}", "1.5 is not of type 'integer', 'null'"),
        ("sla: {high: soon}", "'soon' is not of type"),
        ("sla: {high: true}", "True is not of type"),
        ("sla: {}", "at least one entry"),
    ],
)
def test_a_due_time_is_whole_hours(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(RuleDocumentError, match=f"vigil.yaml:1: .*{said}"):
        read(tmp_path, line)
