"""What holds for every format: golden files, one row a finding, the same bytes, bounded memory."""

import csv
import gc
import io
import os
import pkgutil
import re
import subprocess
import sys
import tracemalloc
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from chalicelib import export
from chalicelib.model.export import ExportContext, Format
from tests.unit.export import given
from tests.unit.export.goldens import GOLDEN, NAMES, expected, format_of, written

GOLDENS = dict(expected())
FORMATS = {name: format_of(name) for name in NAMES}
#: Characters that make a finding large enough to be seen in memory.
PADDING = 50_000
ROOT = Path(__file__).parents[3]
TIMEOUT_SECONDS = 600
#: Linux gives the maximum in kilobytes.
_PROGRAM = """
import os, resource
from tests.unit.export import given
from tests.unit.export.goldens import format_of
with open(os.devnull, "wb") as file:
    format_of("{name}").write(given.many({count}), given.about(), file)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
#: More than a format needs by itself: an HTML page holds 8 MB of its spool.
MEMORY_LIMIT_BYTES = 16 * 1024 * 1024


def _rows(name: str, content: bytes) -> list[str]:
    """Return the finding ids of an export, one a row."""
    text = content.decode()
    if name == "csv":
        return [row["finding_id"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    if name == "html":
        return re.findall(r'<article id="f-([^"]*)"', text)
    keys = {"jsonl": "finding_id", "asff": "Id", "ocsf": "finding_info"}
    found = [msgspec.json.decode(line)[keys[name]] for line in text.splitlines()]
    return [one["uid"] if name == "ocsf" else one.rpartition("/")[2] for one in found]


def test_every_module_with_a_format_is_tested_here_under_its_own_name() -> None:
    modules = (module.name for module in pkgutil.iter_modules(export.__path__))
    found = {
        name: import_module(f"chalicelib.export.{name}")
        for name in modules
        if not name.startswith("_")
    }
    formats = {name: module.FORMAT for name, module in found.items() if hasattr(module, "FORMAT")}

    assert {form.name for form in formats.values()} == set(NAMES)
    assert all(name == form.name for name, form in formats.items())


@pytest.mark.parametrize("name", GOLDENS)
def test_a_format_writes_what_it_always_wrote(name: str) -> None:
    assert GOLDENS[name] == (GOLDEN / name).read_bytes()


def test_there_is_no_golden_file_that_nothing_writes() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == GOLDENS.keys()


@pytest.mark.parametrize("name", NAMES)
def test_every_finding_is_one_row_and_in_order(name: str) -> None:
    form = FORMATS[name]
    file = io.BytesIO()

    form.write(given.many(50), given.about(), file)

    assert _rows(name, file.getvalue()) == [f"{number:032x}" for number in range(50)]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "ocsf"])
def test_a_detection_is_no_row_of_a_format_of_findings(name: str) -> None:
    form, file = FORMATS[name], io.BytesIO()

    form.write([*given.population(), given.detected()], given.about(), file)

    assert not form.detections
    assert file.getvalue() == written(form, given.about())


@pytest.mark.parametrize("name", NAMES)
def test_without_findings_there_is_still_a_file(name: str) -> None:
    file = io.BytesIO()

    FORMATS[name].write(iter(()), given.about(rules={}), file)

    assert _rows(name, file.getvalue()) == []


def _peak(form: Format, about: ExportContext, count: int, padding: int = 0) -> int:
    """Return the most memory that writing so many findings took, in bytes, on top of before."""
    gc.collect()
    tracemalloc.start()
    try:
        with Path(os.devnull).open("wb") as file:
            form.write(given.many(count, padding), about, file)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", NAMES)
def test_no_format_gathers_what_it_is_given(name: str) -> None:
    few = _peak(FORMATS[name], given.about(), 5, PADDING)

    assert _peak(FORMATS[name], given.about(), 200, PADDING) < few + 100 * PADDING


def _resident(name: str, count: int) -> int:
    """Return the most memory a process had that wrote so many findings, in bytes."""
    program = _PROGRAM.format(name=name, count=count)
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=TIMEOUT_SECONDS,
    )
    return int(done.stdout) * 1024


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_hundred_thousand_findings_fit_into_little_memory(name: str) -> None:
    assert _resident(name, 100_000) < _resident(name, 10) + MEMORY_LIMIT_BYTES
