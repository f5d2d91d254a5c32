"""The table: one row a finding, no formulas, and nothing that breaks out of its cell."""

import csv
import io
from dataclasses import replace

import pytest

from chalicelib.export._cells import CELL_LIMIT_CHARS, FORMULA_STARTS
from chalicelib.export.csv import COLUMNS, FORMAT
from chalicelib.model.export import ExportedFinding
from tests.unit.export import given

FORMULAS = ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "＝1", " =1")


def _rows(*exported: ExportedFinding) -> list[dict[str, str]]:
    file = io.BytesIO()
    FORMAT.write(exported, given.about(), file)
    return list(csv.DictReader(io.StringIO(file.getvalue().decode(), newline="")))


def test_lines_end_as_rfc_4180_wants_and_all_have_the_same_columns() -> None:
    file = io.BytesIO()
    FORMAT.write(given.population(), given.about(), file)
    text = file.getvalue().decode()

    rows = list(csv.reader(io.StringIO(text, newline="")))

    assert text.count("\r\n") == text.count("\n") == len(rows) == 6
    assert {len(row) for row in rows} == {len(COLUMNS)}


def test_a_row_says_who_what_when_and_why() -> None:
    row, accepted, *_ = _rows(*given.population())

    assert row["actor"] == "alice@example.com"
    assert row["source_ip"] == "203.0.113.7"
    assert row["differences"] == '/properties/BucketPolicy: null → {"Statement":["AllowAll"]}'
    assert row["frameworks"] == "cis-aws-7.0 2.1.4; fsbp S3.2 S3.8"
    assert row["tags"] == "env=production; team=payments"
    assert row["overdue"] == "true"
    assert accepted["exemption_approved_by"] == "Carol"


@pytest.mark.parametrize("formula", FORMULAS, ids=range(len(FORMULAS)))
def test_no_cell_becomes_a_formula(formula: str) -> None:
    hostile = given.hostile(formula)

    (row,) = _rows(hostile)

    cells = [cell for name, cell in row.items() if name not in given.OWN_VALUES]
    assert not any(cell.lstrip().startswith(FORMULA_STARTS) for cell in cells)
    assert sum(cell.startswith("'") for cell in cells) >= 10


def test_a_line_break_in_a_name_starts_no_row() -> None:
    exported = given.acknowledged()
    broken = replace(exported.finding, title='a"\r\nb,c')

    (row,) = _rows(replace(exported, finding=broken))

    assert row["title"] == 'a"  b,c'


def test_a_cell_is_bounded() -> None:
    exported = given.acknowledged()
    long = replace(exported.finding, message="x" * (CELL_LIMIT_CHARS * 2))

    (row,) = _rows(replace(exported, finding=long))

    assert len(row["message"]) == CELL_LIMIT_CHARS
