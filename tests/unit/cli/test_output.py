"""What commands print: one row a line, and nothing in it that acts."""

import csv
import io
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.export._cells import FORMULA_STARTS, cell
from vigil.cli.output import Csv, JsonLines, OutputError, opened

HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "\u200b=1")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_never_becomes_a_formula(text: str) -> None:
    assert cell(text).lstrip()[:1] not in FORMULA_STARTS


@given(st.text())
def test_no_cell_is_a_formula_or_holds_a_control_character(text: str) -> None:
    shown = cell(text)

    assert shown.isprintable()
    assert not shown.lstrip().startswith(FORMULA_STARTS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        ("plain", "plain"),
        (["a", "b"], "a; b"),
        ([{"type": "T", "id": "i"}], "T i"),
        (7, "7"),
        (["=a", "b"], "'=a; b"),
    ],
)
def test_cells(value: object, expected: str) -> None:
    assert cell(value) == expected


def test_csv_has_a_heading_and_survives_commas_quotes_and_lines() -> None:
    file = io.StringIO(newline="")
    Csv(file, ("a", "b")).write([{"a": 'x,"y"\nz', "b": None, "c": "left out"}])

    assert list(csv.reader(io.StringIO(file.getvalue(), newline=""))) == [
        ["a", "b"],
        ['x,"y" z', ""],
    ]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_json_lines_say_the_same_and_steer_no_terminal(text: str) -> None:
    file = io.StringIO()
    JsonLines(file).write([{"text": text}])

    line = file.getvalue().removesuffix("\n")

    assert line.isprintable()
    assert msgspec.json.decode(line) == {"text": text}


def test_a_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")

    with pytest.raises(LookupError):
        write_half(path)

    assert path.read_text() == "before"
    with opened(path) as file:
        file.write("whole")
    assert path.read_text() == "whole"
    assert [one.name for one in tmp_path.iterdir()] == ["out.csv"]


def write_half(path: Path) -> None:
    with opened(path) as file:
        file.write("half")
        raise LookupError


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"), opened(tmp_path / "no" / "f"):
        pass
