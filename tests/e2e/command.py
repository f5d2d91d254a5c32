"""The `vigil` command as a person starts it: a process of its own, with a terminal's signals."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Works in a checkout whose `vigil` script was never installed.
VIGIL = (sys.executable, "-c", "from vigil.cli import main; main(prog_name='vigil')")
_EXPORT = "  export "
PATIENCE_SECONDS = 120


def run_vigil(
    *arguments: str, settings: Mapping[str, str | None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it to its end; `settings` go into its environment, or out of it where None."""
    environment = {**_environment(), **(settings or {})}
    return subprocess.run(  # noqa: S603 - our own arguments, no shell
        [*VIGIL, *arguments],
        cwd=ROOT,
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def interrupted(*arguments: str) -> tuple[int, str, str]:
    """Start it, press Ctrl-C once it has printed something; return (code, stdout, stderr)."""
    process = _started(*arguments)
    assert process.stdout
    process.stdout.readline()
    return Served(process).interrupt()


@contextmanager
def serving(*arguments: str) -> Iterator["Served"]:
    """Start a command that serves until it is interrupted."""
    process = _started(*arguments)
    served = Served(process)
    try:
        served.read_until("Ctrl-C ends it.")
        yield served
    finally:
        # Ended, not killed: it has a database to end.
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


class Served:
    """A running command and what it printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.lines: list[str] = []
        self._process = process

    def read_until(self, last: str) -> None:
        """Read stdout up to the line that says `last`."""
        assert self._process.stdout
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
            if last in line:
                return
        raise AssertionError(f"{self.lines} {self._process.communicate()[1]}")

    @property
    def exports(self) -> dict[str, str]:
        """What the command asks a person to export."""
        words = [w for line in self.lines if line.startswith(_EXPORT) for w in line.split()[1:]]
        return dict(word.split("=", 1) for word in words)

    def interrupt(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Press Ctrl-C: the whole process group hears it. Return (code, stdout, stderr)."""
        os.killpg(self._process.pid, number)
        out, err = self._process.communicate(timeout=PATIENCE_SECONDS)
        return self._process.returncode, out, err


def _started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own arguments, no shell
        [*VIGIL, *arguments],
        cwd=ROOT,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _environment() -> Mapping[str, str]:
    # A person's narrow terminal and broken AWS settings must not matter.
    return {**os.environ, "COLUMNS": "100", "PYTHONUNBUFFERED": "1", "AWS_PROFILE": "production"}


def complaints(text: str, signs: Sequence[str] = ("Traceback", '"level":', "WARNING")) -> list[str]:
    """Return the lines that no person wants to see."""
    return [line for line in text.splitlines() if any(sign in line for sign in signs)]
