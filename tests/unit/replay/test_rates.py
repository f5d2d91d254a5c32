"""A replay counts as the pipeline does: in the order of its input, by the time of the events."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.model import Severity
from tests.unit.notify.told import DETECTION
from tests.unit.replay.given import (
    event_id,
    harmless,
    json_lines,
    judge,
    log_file,
    plan,
    replay,
    risky,
)
from vigil.replay.counting import Tally
from vigil.replay.judging import Candidate, row_of, with_bursts
from vigil.replay.outline import Verdict
from vigil.replay.running import replayed

RULE = "iam-unauthorized-calls-burst"


def refused(number: int, **overrides: Any) -> dict[str, Any]:
    """Build a call that was refused, a second after the one before."""
    time = f"2026-01-01T12:00:{number % 60:02}Z"
    given = {"eventID": event_id(number), "eventTime": time, "errorCode": "AccessDenied"}
    return harmless(number, **{**given, **overrides})


def test_the_record_that_is_one_too_many_is_noted_once(tmp_path: Path) -> None:
    log = log_file(tmp_path, *map(refused, range(25)))

    rows, tally = replay(tmp_path, log)

    noted = [row for row in rows if row.rule_ids]
    assert [(row.source[-2:], row.verdict, row.severity) for row in noted] == [
        ("#9", "noted", "low")
    ]
    assert noted[0].rule_ids == (RULE,)
    assert "was refused 10 calls within 5 minutes: CreateMesh (AccessDenied)" in noted[0].message
    assert [row.source for row in rows] == [f"{log.name}#{n}" for n in range(25)]
    assert (tally.verdicts[Verdict.NOTED], tally.verdicts[Verdict.FAILED]) == (1, 24)


def test_calls_are_counted_across_files_and_workers(tmp_path: Path) -> None:
    files = [
        json_lines(tmp_path, *map(refused, range(start, start + 5)), name=f"{start:02}.jsonl")
        for start in (0, 5)
    ]

    rows, tally = replay(tmp_path, *files, everything=False)

    assert [row.source for row in rows] == []
    assert (tally.verdicts[Verdict.NOTED], tally.worst) == (1, "low")


def test_a_duplicate_does_not_count(tmp_path: Path) -> None:
    records = [refused(number) for number in range(9)]

    _, tally = replay(tmp_path, log_file(tmp_path, *records, *records))

    assert tally.duplicates == 9
    assert tally.verdicts[Verdict.NOTED] == 0


OTHERWISE = {
    "slowly": lambda n: refused(n, eventTime=f"2026-01-01T12:{n:02}:00Z"),
    "by many": lambda n: refused(n, userIdentity={"type": "IAMUser", "principalId": f"AIDA{n}"}),
    "for another reason": lambda n: refused(n, errorCode="ThrottlingException"),
    "in many accounts": lambda n: refused(n, recipientAccountId=f"{111122223300 + n}"),
    "not at all": lambda n: refused(n, errorCode=None),
}


@pytest.mark.parametrize("otherwise", OTHERWISE.values(), ids=OTHERWISE)
def test_what_is_no_burst_is_not_noted(tmp_path: Path, otherwise: Any) -> None:
    rows, _ = replay(tmp_path, log_file(tmp_path, *map(otherwise, range(20))))

    assert not [row for row in rows if RULE in row.rule_ids]


@pytest.mark.parametrize(("failed", "verdict"), [(True, "noted"), (False, "risky")])
def test_a_refused_call_is_never_risky_whatever_the_rules_severity(
    *, failed: bool, verdict: str
) -> None:
    row = row_of(judge().judged(refused(1)), "a.json#1")
    candidate = Candidate(row=row, failed=failed, occurrences=())

    counted = with_bursts(candidate, [DETECTION])

    assert (counted.verdict, counted.severity) == (verdict, DETECTION.severity)
    assert counted.message == DETECTION.message


def test_rows_stay_in_the_order_of_the_input(tmp_path: Path) -> None:
    log = log_file(tmp_path, *map(refused, range(10)), risky(99))
    asked = replace(plan(tmp_path, everything=False), mildest=Severity.LOW)

    rows = [row for rows in replayed([log], asked, Tally(), 1) for row in rows]

    assert [row.source for row in rows] == [f"{log.name}#9", f"{log.name}#10"]
