"""Judging against Cloud Custodian: the same answers, the same run, rounds in turn, CPU time.

Both sides start from what botocore parsed; both have their rule or policy loaded. Each pair asks
the same question in the best way the peer has to ask it; the line says on how many of the items
the two agree.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.judging import BUCKET, GROUP, Judge, Round
from benchmarks.report import Line, Wanted
from benchmarks.samples import buckets, groups

PEER = Path(".venv-c7n/bin/python")
SIDE = Path(__file__).with_name("c7n_side.py")
ITEMS = 500
ROUNDS = 41
TIMES_FASTER = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """One rule against one policy."""

    title: str
    policy: str
    type: str
    rules: tuple[str, ...]
    target: float | None = None


_SSH = ("ec2-sg-no-public-ssh",)
_TLS = ("s3-bucket-tls-required",)
_PUBLIC = ("s3-bucket-no-public-read",)

#: Pairs with a target ask the same question; the others show what a simpler one would cost.
DUELS = (
    Duel(
        title="groups, SSH from a source wider than /8 : the same",
        policy="group-ssh",
        type=GROUP,
        rules=_SSH,
        target=TIMES_FASTER,
    ),
    Duel(
        title="groups, the same rule : 0.0.0.0/0 and ::/0, literally",
        policy="group-ssh-literal",
        type=GROUP,
        rules=_SSH,
    ),
    Duel(
        title="groups, the same rule : 0.0.0.0/0 alone",
        policy="group-ssh-ipv4-only",
        type=GROUP,
        rules=_SSH,
    ),
    Duel(title="groups, all our rules : one policy", policy="group-ssh", type=GROUP, rules=()),
    Duel(
        title="buckets, TLS required : the same, in four spellings",
        policy="bucket-tls",
        type=BUCKET,
        rules=_TLS,
        target=TIMES_FASTER,
    ),
    Duel(
        title="buckets, the same rule : one spelling",
        policy="bucket-tls-one-spelling",
        type=BUCKET,
        rules=_TLS,
    ),
    Duel(
        title="buckets, public read : the same",
        policy="bucket-public",
        type=BUCKET,
        rules=_PUBLIC,
        target=TIMES_FASTER,
    ),
    Duel(
        title="buckets, the same rule : blocks ignored",
        policy="bucket-public-unblocked",
        type=BUCKET,
        rules=_PUBLIC,
    ),
    Duel(title="buckets, all our rules : one policy", policy="bucket-tls", type=BUCKET, rules=()),
)


class Peer:
    """Cloud Custodian in its own process, asked for one round at a time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def round(self, policy: str) -> Round:
        """Let it filter every resource once."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the peer was started without pipes")
        self._process.stdin.write(policy + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Round(seconds=answer["seconds"], failing=frozenset(answer["failing"]))


def lines(duels: Sequence[Duel] = DUELS, rounds: int = ROUNDS) -> Iterator[Line]:
    """Measure every pair; nothing where the peer is not installed."""
    if not PEER.exists():
        sys.stderr.write("no c7n here (scripts/setup-c7n.sh installs it): not compared\n")
        return
    answers = {GROUP: groups(ITEMS), BUCKET: buckets(ITEMS)}
    with tempfile.TemporaryDirectory() as folder, _started(Path(folder), answers) as process:
        peer = Peer(process)
        for duel in duels:
            yield _fought(duel, Judge.of(duel.type, answers[duel.type], *duel.rules), peer, rounds)
        process.stdin.close()  # type: ignore[union-attr]  # reason: a pipe was asked for


def _started(folder: Path, answers: dict[str, list[Any]]) -> "subprocess.Popen[str]":
    files = [folder / "groups.json", folder / "buckets.json"]
    for file, name in zip(files, (GROUP, BUCKET), strict=True):
        file.write_text(json.dumps(answers[name]), encoding="utf-8")
    return subprocess.Popen(  # noqa: S603 - our own script, files we wrote
        [PEER, SIDE, *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _fought(duel: Duel, judge: Judge, peer: Peer, rounds: int) -> Line:
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(judge.round())
        theirs.append(peer.round(duel.policy))
    best = min(r.seconds for r in theirs) / min(r.seconds for r in ours)
    middle = median(r.seconds for r in theirs) / median(r.seconds for r in ours)
    agreed = ITEMS - len(ours[0].failing ^ theirs[0].failing)
    same = f", same verdict {agreed / ITEMS:.1%}" if duel.rules else ""
    speeds = " : ".join(f"{ITEMS / min(r.seconds for r in side):,.0f}/s" for side in (ours, theirs))
    return Line(
        name=duel.title,
        value=best,
        unit="×",
        wanted=Wanted.AT_LEAST if duel.target else None,
        target=duel.target,
        note=f"{speeds}, medians {middle:.2f}×{same}",
    )
