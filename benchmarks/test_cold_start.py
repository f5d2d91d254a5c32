"""A cold start of `evaluate` from the package, under AWS's own runtime client.

Ready is the first request for an event, with every rule loaded and the DynamoDB client built. Read
the ratio of processor times: wall time on a shared machine is mostly other people's.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.e2e.lambda_runtime import Configuration, LambdaFunction, Sandbox
from tests.integration.package.built import package_once
from vigil.package.build import APP, ZIP

ROUNDS = 9
ZIP_LIMIT_BYTES = 12 * 1024 * 1024
#: A tenth above what it takes today; a heavy import would be many tenths.
MOST_BARE_STARTS = 1.75
BARE = """
import boto3
client = boto3.client("dynamodb")
def handle(event, context):
    return None
"""
VARIABLES = {
    **{f"VIGIL_{name}_TABLE": name for name in ("FINDINGS", "HISTORY", "LEDGER", "WORK")},
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(kw_only=True)
class Starts:
    """Cold starts of one function, each in a process of its own."""

    sandbox: Sandbox
    configuration: Configuration
    log: Path
    running: ExitStack = field(default_factory=ExitStack)
    cpu_seconds: list[float] = field(default_factory=list)
    peak_bytes: list[int] = field(default_factory=list)

    def start(self) -> LambdaFunction:
        """Start a process and wait until it is ready."""
        function = LambdaFunction(self.sandbox, self.configuration, self.log)
        self.running.enter_context(function).wait_until_ready()
        self.cpu_seconds.append(function.cpu_seconds())
        self.peak_bytes.append(function.peak_bytes())
        return function

    def end(self) -> None:
        """End it."""
        self.running.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package_once(tmp_path_factory.getbasetemp())


@pytest.fixture
def evaluate(built: Path, tmp_path: Path) -> Iterator[Starts]:
    template = json.loads((built / APP).read_text(encoding="utf-8"))
    handler = template["Resources"]["Evaluate"]["Properties"]["Handler"]
    sandbox = Sandbox.of(built / ZIP, tmp_path, Path(boto3.__file__).parents[1])
    configuration = Configuration(name="evaluate", handler=handler, variables=VARIABLES)
    starts = Starts(sandbox=sandbox, configuration=configuration, log=tmp_path / "log")
    with starts.running:
        yield starts


@pytest.fixture
def bare(evaluate: Starts, tmp_path: Path) -> Iterator[Starts]:
    """The same runtime, boto3 and one client, and nothing of ours."""
    task = tmp_path / "bare"
    task.mkdir()
    (task / "bare.py").write_text(BARE)
    sandbox = Sandbox(python=evaluate.sandbox.python, task=task, runtime=evaluate.sandbox.runtime)
    configuration = Configuration(name="bare", handler="bare.handle", variables=VARIABLES)
    starts = Starts(sandbox=sandbox, configuration=configuration, log=tmp_path / "log")
    with starts.running:
        yield starts


def test_cold_start(evaluate: Starts, bare: Starts, built: Path, benchmark: Any) -> None:
    def end_and_start_bare() -> None:
        # Taken in turns, so that a busy minute meets both.
        for starts in (evaluate, bare):
            starts.end()
        bare.start()
        bare.end()

    benchmark.pedantic(evaluate.start, setup=end_and_start_bare, rounds=ROUNDS)

    ratio = min(evaluate.cpu_seconds) / min(bare.cpu_seconds)
    size = (built / ZIP).stat().st_size
    benchmark.extra_info |= {
        "cpu_ms": round(min(evaluate.cpu_seconds) * 1000),
        "cpu_over_bare_client": round(ratio, 2),
        "peak_mib": round(max(evaluate.peak_bytes) / 2**20, 1),
        "bare_peak_mib": round(max(bare.peak_bytes) / 2**20, 1),
        "zip_mb": round(size / 1e6, 1),
    }
    assert ratio < MOST_BARE_STARTS
    assert size <= ZIP_LIMIT_BYTES
