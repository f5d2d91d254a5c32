"""Examples of rate rules say how often something happens."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.errors import RuleDocumentError
from tests.ratekit import document
from tests.rulekit import THING
from vigil.examples import problems_of
from vigil.rulefiles import load_rule

EVENT = {"eventSource": "a.amazonaws.com", "eventName": "Get", "errorCode": "AccessDenied"}
OFTEN = {"name": "often", "expect": "RISKY", "times": 3, "event": EVENT}
RARELY = {"name": "rarely", "expect": "HARMLESS", "times": 2, "event": EVENT}


def problems(folder: Path, *examples: Mapping[str, Any], **overrides: Any) -> str:
    written = {**document(**overrides), "examples": list(examples)}
    path = folder / f"{written['id']}.yaml"
    path.write_text(yaml.safe_dump(written), encoding="utf-8")
    return "\n".join(map(str, problems_of(load_rule(path, [THING]), [THING])))


def test_a_rate_rule_whose_examples_hold_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path, OFTEN, RARELY) == ""


WRONG = {
    "too few": ({**OFTEN, "times": 2}, RARELY, "often: expected RISKY, got HARMLESS"),
    "too slow": ({**OFTEN, "every_seconds": 200}, RARELY, "often: expected RISKY"),
    "often after all": (OFTEN, {**RARELY, "times": 9}, "rarely: expected HARMLESS, got RISKY"),
    "at once": (OFTEN, {**RARELY, "times": 3, "every_seconds": 0}, "expected HARMLESS, got RISKY"),
    "severity": ({**OFTEN, "severity": "low"}, RARELY, "expected severity low, got high"),
    "only bursts": (OFTEN, {**OFTEN, "name": "again"}, "expected an example for HARMLESS"),
}


@pytest.mark.parametrize(("one", "other", "said"), WRONG.values(), ids=WRONG)
def test_examples_are_held_to_how_often(
    tmp_path: Path, one: dict[str, Any], other: dict[str, Any], said: str
) -> None:
    assert said in problems(tmp_path, one, other)


def test_only_rate_rules_happen_often(tmp_path: Path) -> None:
    said = problems(
        tmp_path, OFTEN, RARELY, rate=None, message="{actor.name} was refused", severity="low"
    )

    assert "times and every_seconds: expected only in examples of rate rules" in said


REFUSED = {
    "a resource": ({"resource": THING.type}, "a rate rule counts what an actor does"),
    "an explanation": ({"explained_by": ["a-b"]}, "no finding explains how often"),
    "per what": ({"rate": {"count": 3, "within_minutes": 5}}, "missing key 'per'"),
    "per address": (
        {"rate": {"count": 3, "within_minutes": 5, "per": "address"}},
        "'actor' was expected",
    ),
    "a wildcard inside": (
        {"change": [{"names": ["*"], "errors": ["Access*Denied"]}]},
        "does not match",
    ),
    "any error": ({"change": [{"names": ["*"], "errors": ["*"]}]}, "does not match"),
}


@pytest.mark.parametrize(("overrides", "said"), REFUSED.values(), ids=REFUSED)
def test_a_document_that_cannot_be_counted_is_refused(
    tmp_path: Path, overrides: dict[str, Any], said: str
) -> None:
    with pytest.raises(RuleDocumentError, match=said):
        problems(tmp_path, OFTEN, RARELY, **overrides)
