"""`python -m tests.prowler.record`: ask Prowler anew, keep what it says, write the page.

Without `--ask`, Prowler's last recording is used and only the page is written.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.prowler import differences, ours, peer
from tests.prowler.stage import Stage, measured, staged
from tests.prowler.verdicts import disagreements


def main(arguments: list[str] | None = None) -> int:
    """Do it; return 1 where a disagreement has no explanation."""
    parser = argparse.ArgumentParser(prog="python -m tests.prowler.record", description=__doc__)
    parser.add_argument("--ask", action="store_true", help="run Prowler")
    given = parser.parse_args(arguments)
    with staged() as stage:
        if given.ask:
            record(stage)
        return _write(stage)


def record(stage: Stage) -> None:
    """Let Prowler look, and keep what it says."""
    with tempfile.TemporaryDirectory() as folder:
        command = peer.command(Path(folder))
        measured(stage, command, peer.environment(stage.aws.url), Path(folder) / "out")
        said = peer.verdicts_in(Path(folder), stage.account.names)
    peer.write_recording(said, peer.versions())


def _write(stage: Stage) -> int:
    vigil = ours.scanned_account(stage)
    versions, prowler = peer.recorded()
    told = differences.explained(disagreements(vigil, prowler), differences.explanations())
    for one in told.unexplained:
        sys.stderr.write(f"without a reason: {one}\n")
    for place in told.idle:
        sys.stderr.write(f"without a case: {place}\n")
    if told.unexplained or told.idle:
        return 1
    text = differences.page(vigil, prowler, versions, stage.account.made)
    differences.PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
