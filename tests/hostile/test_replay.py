"""What a replay prints of any record is a row: bounded, and inert in programs and terminals."""

import csv
import io
import json
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.export._cells import CELL_LIMIT_CHARS
from chalicelib.model import Severity
from tests.builders import envelope
from tests.hostile.corpus import records
from tests.hostile.harmless import assert_still, assert_terminal_is_harmless
from tests.hostile.mutations import as_bytes, json_values, replaced, spoilt, text_paths
from tests.hostile.reach import (
    LONG,
    QUICK,
    ROUTING_KEYS,
    each_share,
    each_text,
    share_of,
    told,
)
from tests.hostile.way import START, types, way
from vigil.cli.replay import _WRITERS, COLUMNS
from vigil.replay.judging import Judge, row_of
from vigil.replay.outline import Verdict
from vigil.replay.row import Row

ROW_LIMIT_BYTES = 256 * 1024
#: What starts a formula, in OWASP's list, and what programs skip before it.
FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


@cache
def judge() -> Judge:
    """Return a judge with the rules there are."""
    return Judge.of(way().ports.rulebook, tuple(types().values()), START)


def rows_of(*raw: Any) -> list[Row]:
    """Judge records as they stand in a file."""
    return [
        row_of(judge().judged(msgspec.Raw(as_bytes(one))), f"trail.json.gz#{index}")
        for index, one in enumerate(raw)
    ]


def printed(form: str, rows: list[Row]) -> str:
    """Return what the command prints of rows."""
    file = io.StringIO(newline="")
    _WRITERS[form](file).write(rows)
    return file.getvalue()


def assert_prints_harmlessly(rows: list[Row]) -> None:
    """Assert that no format of these rows acts."""
    assert_terminal_is_harmless(printed("table", rows))
    lines = printed("jsonl", rows).rstrip("\n").split("\n")
    assert [json.loads(line)["source"] for line in lines] == [row.source for row in rows]
    for line in lines:
        assert_still(line, allowed="")
        assert len(line.encode()) <= ROW_LIMIT_BYTES
    table = list(csv.reader(io.StringIO(printed("csv", rows), newline="")))
    assert {len(cells) for cells in table} == {len(COLUMNS)}
    for cell in (cell for cells in table[1:] for cell in cells):
        assert len(cell) <= CELL_LIMIT_CHARS + 1
        assert cell.lstrip()[:1] not in FORMULA or not cell
        assert_still(cell, allowed="")


@each_share
@each_text
def test_a_record_in_which_every_text_is_hostile_prints_harmlessly(text: str, share: int) -> None:
    spoilt_records = []
    for detail in share_of(told(), text, share):
        hostile = detail
        for path in text_paths(detail):
            if path[-1] not in ROUTING_KEYS:
                hostile = replaced(hostile, path, text)
        spoilt_records += [hostile, {**hostile, "eventName": text}, {**hostile, "eventTime": text}]

    assert_prints_harmlessly(rows_of(*spoilt_records))


@QUICK
@given(st.deferred(lambda: spoilt(records())))
def test_any_record_prints_harmlessly(detail: Any) -> None:
    assert_prints_harmlessly(rows_of(detail, envelope(detail) if isinstance(detail, dict) else 1))


@pytest.mark.slow
@LONG
@given(st.deferred(lambda: spoilt(records())))
def test_any_record_really_prints_harmlessly(detail: Any) -> None:
    assert_prints_harmlessly(rows_of(detail))


@QUICK
@given(json_values)
def test_any_json_prints_harmlessly(value: Any) -> None:
    assert_prints_harmlessly(rows_of(value, {"Records": value}, {"detail": value}))


def test_told_records_are_risky_here_too() -> None:
    verdicts = [row.verdict for row in rows_of(*told())]

    assert verdicts.count(Verdict.RISKY) >= 3
    assert all(row.severity in {None, *Severity} for row in rows_of(*told()))
