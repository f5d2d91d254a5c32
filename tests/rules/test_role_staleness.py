"""`iam-role-not-stale` over time: to the millisecond, and without any event."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.evaluate.engine import judge_item
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import Compliance, ConfigurationItem, Evaluation, FacetReading, ResourceRef
from chalicelib.resources import _frame
from chalicelib.resources.iam_role import RESOURCE_TYPE, TYPE
from vigil.rulefiles import load_rule

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
RULES = Path(__file__).parents[2] / "rules" / "iam"
RULE = load_rule(RULES / "iam-role-not-stale.yaml", (RESOURCE_TYPE,)).rule
RULEBOOK = Rulebook.of([RULE], [RESOURCE_TYPE])


def role(*, created: datetime, used: datetime | None = None) -> ConfigurationItem:
    observed = {
        "CreateDate": text(created),
        "RoleLastUsed": {"LastUsedDate": used and text(used), "Region": used and "eu-west-1"},
        "LastAssumed": None,
    }
    reading = FacetReading(properties=RESOURCE_TYPE.defaults["properties"], observed=observed)
    ref = ResourceRef(account_id="123456789012", region="global", type=TYPE, id="app")
    return _frame.derive(RESOURCE_TYPE, _frame.listed(ref, reading), frozenset(RULE.pointers))


def text(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def judged(item: ConfigurationItem, now: datetime = NOW) -> Evaluation:
    (evaluation,) = judge_item(item, RULEBOOK, now)
    return evaluation


@pytest.mark.parametrize(
    ("age", "compliance"),
    [
        pytest.param(timedelta(days=30), Compliance.COMPLIANT, id="younger than 90 days"),
        pytest.param(timedelta(days=90), Compliance.COMPLIANT, id="exactly 90 days"),
        pytest.param(
            timedelta(days=90) + MILLISECOND, Compliance.NON_COMPLIANT, id="a millisecond more"
        ),
        pytest.param(timedelta(days=91), Compliance.NON_COMPLIANT, id="91 days"),
        pytest.param(timedelta(days=-1), Compliance.COMPLIANT, id="a clock that runs ahead"),
    ],
)
def test_an_age_is_judged_to_the_millisecond(age: timedelta, compliance: Compliance) -> None:
    used = role(created=NOW - timedelta(days=1000), used=NOW - age)
    new = role(created=NOW - age)

    assert {judged(used).compliance, judged(new).compliance} == {compliance}


def test_a_role_becomes_stale_without_any_event() -> None:
    item = role(created=NOW - timedelta(days=1000), used=NOW - timedelta(days=89))

    flips_at = judged(item).flips_at

    assert flips_at == NOW + timedelta(days=1) + MILLISECOND
    assert judged(item, flips_at - MILLISECOND).compliance is Compliance.COMPLIANT
    assert judged(item, flips_at).compliance is Compliance.NON_COMPLIANT


def test_a_role_without_a_date_of_use_is_not_called_never_used() -> None:
    message = judged(role(created=NOW - timedelta(days=1000))).message

    assert "400 days" in message
    assert "never" not in message
