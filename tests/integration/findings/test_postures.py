"""The curve of how an account stands: small rows, one for each hour and one for each day."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from chalicelib import measuring
from chalicelib.findings.posture import NAMED, Posture, RulePosture
from chalicelib.findings.postures import RETENTION, DynamoPostures
from chalicelib.model import Severity, Status
from tests.integration.conftest import Database
from tests.integration.findings.looking import look
from tests.unit.findings.given import REF, at, closed, opened

ACCOUNT = REF.account_id
HOUR = timedelta(hours=1)
ROW_LIMIT_BYTES = 4_096


def posture(hours: float = 0, high: int = 1) -> Posture:
    return Posture(at=at(hours * 3600), open={Severity.HIGH: high})


def largest() -> Posture:
    """The largest there can be."""
    rule = RulePosture(rule_id="r" * 80, title="é" * 200, severity=Severity.INFORMATIONAL, count=9)
    return Posture(
        at=at(0),
        open=dict.fromkeys(Severity, 10**9),
        by_account={f"{n:012}": 10**9 for n in range(NAMED)},
        by_owner={f"{n}" + "é" * 256: 10**9 for n in range(NAMED)},
        by_rule=(rule,) * NAMED,
        overdue=10**9,
        exempt=10**9,
        unreadable=10**9,
        detected=10**9,
        acknowledged=10**9,
        fixed=10**9,
        mttd_seconds=1234567.891,
        mtta_seconds=1234567.891,
        mttr_seconds=1234567.891,
    )


@pytest.fixture
def postures(fast_database: Database) -> DynamoPostures:
    return DynamoPostures(fast_database.client(), fast_database.table("work"))


def test_an_hour_is_kept_once_with_its_last_numbers(postures: DynamoPostures) -> None:
    for one in (posture(0, 3), posture(0.5, 5), posture(1, 4)):
        postures.keep(ACCOUNT, one)

    assert [p.open[Severity.HIGH] for p in postures.series(ACCOUNT, at(0))] == [5, 4]
    assert [p.open[Severity.HIGH] for p in postures.series(ACCOUNT, at(3600))] == [4]
    assert postures.series("444455556666", at(0)) == ()


def test_a_day_is_kept_once_with_its_last_numbers(postures: DynamoPostures) -> None:
    for hours in (0, 5, 24, 48):
        postures.keep(ACCOUNT, posture(hours, high=hours + 1))

    days = postures.series(ACCOUNT, at(0), daily=True)

    assert [p.open[Severity.HIGH] for p in days] == [6, 25, 49]


def test_the_last_one_is_kept_whole_and_the_past_as_numbers(postures: DynamoPostures) -> None:
    assert postures.latest(ACCOUNT) is None

    postures.keep(ACCOUNT, largest())

    assert postures.latest(ACCOUNT) == largest()
    (kept,) = postures.series(ACCOUNT, at(0))
    assert kept == replace(largest(), by_account={}, by_owner={}, by_rule=())


def test_a_row_of_the_curve_is_small_and_expires(
    postures: DynamoPostures, fast_database: Database
) -> None:
    postures.keep(ACCOUNT, largest())

    rows = fast_database.client().scan(TableName=fast_database.table("work"))["Items"]

    curve = [row for row in rows if row["sk"]["S"] != "latest"]
    assert len(curve) == 2
    assert all(len(msgspec.json.encode(row)) <= ROW_LIMIT_BYTES for row in curve)
    expiry = int((at(0) + RETENTION).timestamp())
    assert [int(row["expires"]["N"]) for row in curve] == [expiry, expiry]


def test_the_account_is_measured_and_remembered(
    fast_database: Database, postures: DynamoPostures, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(fast_database.store(), opened(0))
    for role in ("findings", "history", "ledger", "work"):
        monkeypatch.setenv(f"VIGIL_{role.upper()}_TABLE", fast_database.table(role))
    monkeypatch.setenv("VIGIL_ACCOUNT_ID", ACCOUNT)
    monkeypatch.setenv("AWS_ENDPOINT_URL", fast_database.url)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAROOT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")

    found = measuring.measure()

    assert found.open[Severity.HIGH] == 1
    assert found.overdue == 1
    assert postures.latest(ACCOUNT) == found


def test_what_was_resolved_lately_is_found_without_reading_all_that_ever_was(
    fast_database: Database,
) -> None:
    store = fast_database.store()
    look(store, opened(0))
    look(store, closed(86_400))

    (found,) = store.resolved_findings(ACCOUNT, since=at(86_400))

    assert (found.status, found.opened_at) == (Status.RESOLVED, at(1.5))
    assert list(store.resolved_findings(ACCOUNT, since=at(86_400) + HOUR)) == []
    assert list(store.open_findings(ACCOUNT)) == []
