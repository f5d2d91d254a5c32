"""The embedded AWS with the account in it, and runs of either side on it, measured alike."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.prowler.account import seeded
from tests.prowler.account.seeding import REGION, Seeding
from tests.prowler.short_circuit import ShortSession
from vigil.local._call import Environ, StartResponse
from vigil.local._principals import applied
from vigil.local.moto_server import EmbeddedAws

VIGIL = (str(Path(sys.executable).with_name("vigil")), "scan", "--region", REGION)
_LAUNCHER = Path(__file__).with_name("launcher.py")
_LIMIT_SECONDS = 900.0


class CountingAws(EmbeddedAws):
    """Counts what arrives, whoever sends it."""

    requests = 0
    _counting = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        """Serve one request."""
        with self._counting:
            self.requests += 1
        return super().__call__(environ, start_response)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The account, ready to be looked at."""

    aws: CountingAws
    account: Seeding


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run cost.

    Attributes:
        wall: Seconds by the clock.
        cpu: Seconds of the process's own.
        peak_mib: The most memory it held, its children's included.
        requests: Calls that reached AWS.
    """

    wall: float
    cpu: float
    peak_mib: float
    requests: int
    code: int


@contextmanager
def staged() -> Iterator[Stage]:
    """Yield the account on a server of this process, without moto's 1,300 images of its own."""
    with applied(os.environ, {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}), CountingAws() as aws:
        yield Stage(aws=aws, account=seeded(ShortSession(aws)))


def measured(
    stage: Stage, command: Sequence[str], environment: Mapping[str, str], output: Path
) -> Run:
    """Run a command to its end; what it prints goes to files beside `output`.

    A process begins with the peak of the one that started it, so neither is started by this one,
    in which all of moto lives.
    """
    before, started = stage.aws.requests, time.perf_counter()
    report, errors = output.with_suffix(".json"), output.with_suffix(".err")
    with output.open("wb") as out, errors.open("wb") as err:
        subprocess.run(  # noqa: S603 - the two tools, with arguments of ours
            (sys.executable, "-I", "-S", str(_LAUNCHER), str(report), *command),
            env=dict(environment),
            stdout=out,
            stderr=err,
            timeout=_LIMIT_SECONDS,
            check=True,
        )
    said = json.loads(report.read_bytes())
    wall = time.perf_counter() - started
    return Run(wall=wall, requests=stage.aws.requests - before, **said)
