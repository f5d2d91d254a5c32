"""A whole scan against Prowler: the same account, Region and questions, one after the other.

Both run as people run them, each a process of its own with its start-up in the figure, against one
embedded AWS that counts what reaches it. The server works on the same cores and costs both.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks.report import Line, Wanted
from tests.prowler import peer
from tests.prowler.stage import VIGIL, Run, Stage, measured, staged

ROUNDS = 3
TIMES_FASTER = 5.0
SHARE_OF_CALLS = 0.5
PEAK_MB = 200.0
_MB_PER_MIB = 1.048576
_SCAN = (*VIGIL, "--all", "--format", "jsonl")


def lines(rounds: int = ROUNDS) -> Iterator[Line]:
    """Measure; nothing where the peer is not installed."""
    if not peer.PROWLER.exists():
        sys.stderr.write("no prowler here (make differences installs it): not compared\n")
        return
    with staged() as stage:
        runs = [_round(stage) for _ in range(rounds)]
        made = stage.account.made
    ours, theirs = ([run[side] for run in runs] for side in (0, 1))
    yield from _times(ours, theirs, made)
    yield from _amounts(ours, theirs)


def _round(stage: Stage) -> tuple[Run, Run]:
    environment = peer.environment(stage.aws.url)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        ours = measured(stage, _SCAN, environment, output)
        theirs = measured(stage, peer.command(Path(folder)), environment, output)
    if ours.code or theirs.code:
        raise RuntimeError(f"a scan failed: {ours.code}, {theirs.code}")
    return ours, theirs


def _times(ours: Sequence[Run], theirs: Sequence[Run], made: int) -> Iterator[Line]:
    walls = [[run.wall for run in side] for side in (ours, theirs)]
    yield Line(
        name=f"scan of {made} resources, by the clock",
        value=min(walls[1]) / min(walls[0]),
        unit="×",
        wanted=Wanted.AT_LEAST,
        target=TIMES_FASTER,
        note=f"{min(walls[0]):.1f} s : {min(walls[1]):.1f} s, "
        f"medians {median(walls[1]) / median(walls[0]):.1f}×",
    )
    spent = [min(run.cpu for run in side) for side in (ours, theirs)]
    yield Line(
        name="scan, own CPU",
        value=spent[1] / spent[0],
        unit="×",
        note=f"{spent[0]:.1f} s : {spent[1]:.1f} s",
    )


def _amounts(ours: Sequence[Run], theirs: Sequence[Run]) -> Iterator[Line]:
    calls = [max(run.requests for run in side) for side in (ours, theirs)]
    yield Line(
        name="scan, calls that reach AWS, of Prowler's",
        value=calls[0] / calls[1],
        unit="×",
        wanted=Wanted.AT_MOST,
        target=SHARE_OF_CALLS,
        note=f"{calls[0]:,} : {calls[1]:,}",
    )
    peaks = [max(run.peak_mib for run in side) * _MB_PER_MIB for side in (ours, theirs)]
    yield Line(
        name="scan, peak memory",
        value=peaks[0],
        unit="MB",
        wanted=Wanted.AT_MOST,
        target=PEAK_MB,
        note=f"Prowler {peaks[1]:.0f}",
    )
