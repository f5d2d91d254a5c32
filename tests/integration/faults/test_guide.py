"""The table of faults in the guide and the suite: neither says what the other lacks."""

import ast
import re
from pathlib import Path

import pytest

from vigil.package.plan import QUEUES

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "guide" / "faults.md").read_text()
ROWS = [line for line in GUIDE.splitlines() if line.startswith("| ") and "what happens" not in line]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def names_in(path: Path) -> set[str]:
    nodes = ast.parse(path.read_text()).body if path.is_file() else []
    return {n.name for n in nodes if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:50])
def test_every_row_of_the_guide_names_tests_that_exist(row: str) -> None:
    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    named = NAMED.findall(cells[-1])

    assert len(cells) == 5
    assert all(cells)
    assert named
    assert [f"{p}::{t}" for p, t in named if t not in names_in(ROOT / p)] == []


def test_every_test_of_the_suite_has_a_row() -> None:
    named = {f"{path}::{test}" for path, test in NAMED.findall(GUIDE)}
    suite = {
        f"{path.relative_to(ROOT)}::{test}"
        for path in Path(__file__).parent.glob("test_*.py")
        for test in names_in(path)
        if path != Path(__file__)
    }

    assert suite
    assert suite - named == set()


def test_the_guide_moves_messages_between_queues_that_the_stack_has() -> None:
    deployed = {name for queue in QUEUES.values() for name in (queue.id, queue.dead_letter_id)}

    named = set(re.findall(r"\b\w+(?:Queue|DeadLetters)\b", GUIDE))

    assert named == deployed


def test_the_numbers_of_the_guide_are_those_of_the_plan() -> None:
    work = [QUEUES["changes"], QUEUES["sweep"]]

    assert {queue.max_receives for queue in work} == {5}
    assert {queue.retention_seconds for queue in QUEUES.values()} == {14 * 86_400}
    assert "five deliveries" in GUIDE
    assert "14 days" in GUIDE
