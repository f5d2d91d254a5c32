"""The pytest-benchmark files of this folder, run as they are and read into lines.

Each of them has floors or limits of its own, which fail there; here they are figures beside the
others. What a test says in `extra_info` becomes a line with the target that stands here.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.report import Line, Wanted

FOLDER = Path(__file__).parent
#: `extra_info` of the cold start → name, unit, limit.
TOLD: Mapping[str, tuple[str, str, float | None]] = {
    "cpu_ms": ("cold start, process start → ready for an event, CPU", "ms", 300.0),
    "cpu_over_bare_client": ("cold start, CPU over that of a bare boto3 client", "×", None),
    "peak_mib": ("cold start, memory with every rule loaded", "MiB", 60.0),
    "bare_peak_mib": ("cold start, memory of a bare boto3 client", "MiB", None),
    "zip_mb": ("package, zip", "MB", 12.0),
}


def lines() -> Iterator[Line]:
    """Run the files; raise where one of their own limits is broken."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        _run(report)
        found = msgspec.json.decode(report.read_bytes())["benchmarks"]
    for one in found:
        yield from _told(one["extra_info"]) if one["extra_info"] else _timed(one)


def _run(report: Path) -> None:
    options = ("--benchmark-only", f"--benchmark-json={report}", "-n", "0", "-o", "addopts=", "-q")
    command = (sys.executable, "-m", "pytest", str(FOLDER), *options)
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own files
        command, cwd=FOLDER.parent, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"a benchmark broke its own limit:\n{done.stdout[-2_000:]}")


def _told(told: Mapping[str, float]) -> Iterator[Line]:
    for key, (name, unit, limit) in TOLD.items():
        if key in told:
            wanted = Wanted.AT_MOST if limit else None
            yield Line(name=name, value=told[key], unit=unit, wanted=wanted, target=limit)


def _timed(one: Mapping[str, Any]) -> Iterator[Line]:
    stats = one["stats"]
    yield Line(
        name=f"{Path(one['fullname']).stem.partition('.')[0]}: {one['name']}",
        value=stats["min"] * 1e6,
        unit="µs",
        note=f"wall, least of {stats['rounds']}; median {stats['median'] * 1e6:.3g}",
    )
