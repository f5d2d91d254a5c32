"""An export takes disk, not memory: 100,000 findings fit into a fifth of its function's."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[3]
LIMIT_MB = 200


def measured(name: str, *findings: int) -> list[dict[str, float]]:
    done = subprocess.run(  # noqa: S603 - constant arguments
        [sys.executable, "-m", "tests.integration.exporting.gauge", name, *map(str, findings)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=1_200,
    )
    return [msgspec.json.decode(line) for line in done.stdout.splitlines()]


def test_eight_times_the_findings_take_hardly_more_memory() -> None:
    few, many = measured("jsonl", 100, 800)

    assert (few["findings"], many["findings"]) == (100, 800)
    assert many["size"] > 7 * few["size"]
    assert many["rss_mb"] < few["rss_mb"] + 8


@pytest.mark.slow
@pytest.mark.parametrize("name", ["csv", "jsonl", "ocsf", "asff", "html", "pack"])
def test_a_hundred_thousand_findings_fit_into_200_mb(name: str) -> None:
    (took,) = measured(name, 100_000)

    print(name, took)  # noqa: T201 - what is measured is to be seen
    assert took["findings"] == 100_000
    assert took["rss_mb"] <= LIMIT_MB
