"""Which findings a scope is about."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidRequestError
from chalicelib.findings._scopes import checked_scope, globbed
from chalicelib.findings.exemptions import covers, matches
from chalicelib.model import Finding, Scope
from tests.unit.findings.exempting import DECIDED, FINDING, exemption

RULE = FINDING.rule_id


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param({}, True, id="rule alone"),
        pytest.param({"rule_id": "*", "resource": "front"}, True, id="resource alone"),
        pytest.param({"resource": "arn:aws:test:::front"}, True, id="ARN"),
        pytest.param({"resource": "fr?nt"}, True, id="one character"),
        pytest.param({"resource": "f*t"}, True, id="any characters"),
        pytest.param({"account": "1111*"}, True, id="accounts"),
        pytest.param({"region": "eu-*"}, True, id="Regions"),
        pytest.param({"resource_type": "Test::Door"}, True, id="type"),
        pytest.param({"tags": {"stage": "dev"}}, True, id="tag"),
        pytest.param({"rule_id": "door-open"}, False, id="another rule"),
        pytest.param({"rule_id": "door-*"}, False, id="rules have no wildcards"),
        pytest.param({"resource": "fron"}, False, id="a part is not the whole"),
        pytest.param({"resource": "FRONT"}, False, id="upper case"),
        pytest.param({"resource": "[f]ront"}, False, id="brackets are brackets"),
        pytest.param({"resource": "fr.nt"}, False, id="a dot is a dot"),
        pytest.param({"account": "2*"}, False, id="another account"),
        pytest.param({"region": "us-*"}, False, id="another Region"),
        pytest.param({"resource_type": "Test::Window"}, False, id="another type"),
        pytest.param({"tags": {"stage": "prod"}}, False, id="another tag"),
        pytest.param({"tags": {"stage": "dev", "team": "a"}}, False, id="one of two tags"),
    ],
)
def test_a_scope_matches_where_all_of_it_does(scope: dict[str, Any], expected: bool) -> None:
    assert matches(Scope(**{"rule_id": RULE, **scope}), FINDING) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, True, id="as asked for"),
        pytest.param({"pinned": (FINDING.id,)}, True, id="pinned"),
        pytest.param({"pinned": ("another",)}, False, id="not pinned"),
        pytest.param({"pinned": ()}, False, id="nothing pinned"),
        pytest.param({"scope": Scope(rule_id=RULE, tags={"stage": "dev"})}, False, id="tag alone"),
    ],
)
def test_a_tag_alone_never_exempts(changes: dict[str, Any], expected: bool) -> None:
    assert covers(exemption(**changes), FINDING) is expected


def test_a_pinned_finding_stays_exempt_when_its_tag_goes() -> None:
    untagged = replace(FINDING, subject=replace(FINDING.subject, tags={}))
    tagged = Scope(rule_id=RULE, tags={"stage": "dev"})

    assert covers(exemption(scope=tagged, pinned=(FINDING.id,)), untagged)


@pytest.mark.parametrize(
    ("after_seconds", "expected"), [(-1, True), (0, True), (1, False)], ids=["before", "at", "past"]
)
def test_a_resource_made_again_after_the_approval_is_not_exempt(
    after_seconds: int, expected: bool
) -> None:
    again = replace(FINDING, recreated_at=DECIDED + timedelta(seconds=after_seconds))

    assert covers(exemption(), again) is expected


def own(rule_id: str) -> Finding:
    return replace(FINDING, rule_id=rule_id)


def test_what_vigil_says_of_itself_is_exempt_only_by_name() -> None:
    anything_here = Scope(rule_id="*", resource="front")

    assert not matches(anything_here, own("vigil-resource-unreadable"))
    assert matches(Scope(rule_id="vigil-resource-unreadable"), own("vigil-resource-unreadable"))


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param({"rule_id": "*"}, id="everything"),
        pytest.param({"rule_id": "*", "tags": {"stage": "dev"}}, id="a tag"),
        pytest.param({"rule_id": "*", "resource": "*front"}, id="rules and resources"),
        pytest.param({"rule_id": "*", "account": "111122223333"}, id="an account"),
        pytest.param({"rule_id": "door-*"}, id="wildcard in a rule"),
        pytest.param({"rule_id": ""}, id="no rule"),
        pytest.param({"account": "prod"}, id="account"),
        pytest.param({"region": "Frankfurt"}, id="Region"),
        pytest.param({"resource": ""}, id="no resource"),
        pytest.param({"resource": "x" * 2_000}, id="long"),
        pytest.param({"resource": "\ud800"}, id="half a character"),
        pytest.param({"resource_type": "door"}, id="type"),
        pytest.param({"tags": {str(n): "" for n in range(51)}}, id="many tags"),
        pytest.param({"tags": {"": "x"}}, id="tag without a key"),
    ],
)
def test_a_scope_that_is_no_exception_is_refused(scope: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        checked_scope(Scope(**{"rule_id": RULE, **scope}))


def slowly_globbed(pattern: str, text: str) -> bool:
    """Match as the definition says."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return slowly_globbed(pattern[1:], text) or bool(text and slowly_globbed(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and slowly_globbed(pattern[1:], text[1:])


@given(st.text("ab*?[]!.^\\\n", max_size=8), st.text("ab[]!.^\\\n", max_size=8))
def test_wildcards_mean_what_they_mean_and_nothing_else_is_one(pattern: str, text: str) -> None:
    assert globbed(pattern, text) is slowly_globbed(pattern, text)


def test_no_pattern_is_slow() -> None:
    assert not globbed("*a" * 500 + "b", "a" * 2_000)
