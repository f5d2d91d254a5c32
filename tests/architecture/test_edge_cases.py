"""Every edge case that a section of the catalogue lists is held by a test that exists.

``tests/edge_cases/section_<n>.csv`` maps a line (the first 12 digits of its SHA-256) to tests. A
test id without brackets stands for all its parameters. The catalogue itself lies beside the
repository; without it, only the tests' existence is checked.
"""

import csv
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "edge_cases"
CATALOGUE = ROOT.parent / "shared" / "catalogue" / "edge_cases.md"
CLAIMED = (*range(29), 30)

_BULLET = re.compile(r"(- |\d+\. )")


def rows_of(section: int) -> list[tuple[str, str]]:
    """Read (line hash, test id) of a section."""
    with (FOLDER / f"section_{section}.csv").open(newline="", encoding="utf-8") as file:
        return [(row["line_sha256_12"], row["test_id"]) for row in csv.DictReader(file)]


def lines_of(section: int) -> dict[str, str]:
    """Return hash → bullet of a section of the catalogue; nothing where it is not at hand."""
    text = CATALOGUE.read_text(encoding="utf-8") if CATALOGUE.exists() else ""
    part = re.search(rf"^## {section}\. .*?$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    lines = (line.strip() for line in (part[1] if part else "").splitlines())
    return {sha256(line.encode()).hexdigest()[:12]: line for line in lines if _BULLET.match(line)}


@pytest.fixture(scope="module")
def collected() -> frozenset[str]:
    """Collect the ids of every test in the files that the lists name."""
    ids = [test for section in CLAIMED for _, test in rows_of(section)]
    files = sorted({test.partition("::")[0] for test in ids})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-o", "addopts="]
    answer = subprocess.run(  # noqa: S603 - our own interpreter on our own file names
        [*command, "--import-mode=importlib", "-p", "no:cacheprovider", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    found = [line for line in answer.stdout.splitlines() if "::" in line]
    return frozenset((*found, *(line.partition("[")[0] for line in found)))


@pytest.mark.parametrize("section", CLAIMED)
def test_every_named_test_exists(section: int, collected: frozenset[str]) -> None:
    missing = [test for _, test in rows_of(section) if test not in collected]

    assert missing == []


@pytest.mark.parametrize("section", CLAIMED)
def test_every_line_of_a_claimed_section_has_a_test(section: int) -> None:
    covered = {line for line, _ in rows_of(section)}

    missing = [text for digest, text in lines_of(section).items() if digest not in covered]

    assert rows_of(section)
    assert missing == []


@pytest.mark.parametrize("section", CLAIMED)
def test_no_test_stands_for_a_line_that_is_not_there(section: int) -> None:
    lines = lines_of(section)

    strangers = [row for row in rows_of(section) if lines and row[0] not in lines]

    assert strangers == []
