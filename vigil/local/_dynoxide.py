"""dynoxide, a DynamoDB-compatible database in one binary, as a child process.

It comes from npm and exists only for some platforms; where it is absent, `find_binary` says so
and the tables live in moto.
"""

import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

_START_SECONDS = 5.0
_STOP_SECONDS = 1.0
_ANNOUNCEMENT = "listening on "
_HOST = "127.0.0.1"


class DynoxideError(RuntimeError):
    """The database did not start."""


def find_binary() -> Path | None:
    """Return the binary beside the interpreter or on the PATH; None where there is none."""
    beside = Path(sys.executable).parent / "dynoxide"
    if beside.is_file():
        return beside
    found = shutil.which("dynoxide")
    return Path(found) if found else None


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def _ending_with_us() -> tuple[str, ...]:
    """Return the prefix that ends the database even where we are killed; empty where it lacks."""
    tool = shutil.which("setpriv")
    return (tool, "--pdeathsig", "TERM") if tool else ()


class Dynoxide:
    """A running database, for as long as the `with` block lasts."""

    def __init__(self, binary: Path, file: Path | None = None) -> None:
        """Prepare it; `file` keeps the data, None forgets it."""
        # It cannot choose a port itself. Between our choice and its start another process may
        # take the port; then it ends at once, and starting again is up to the caller.
        self._port = _free_port()
        self._binary = binary
        self._command = [*_ending_with_us(), str(binary), "--port", str(self._port)]
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._command += ["--db-path", str(file)]
        self._process: subprocess.Popen[str] | None = None
        self.url = f"http://{_HOST}:{self._port}"

    def __enter__(self) -> Self:
        """Start it and wait until it listens.

        Raises:
            DynoxideError: It ended, or said nothing for five seconds.
        """
        self._process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            self._command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Ctrl-C is for us: the functions finish their writes before the database goes.
            process_group=0,
        )
        # A process that neither speaks nor ends would hold the read for ever.
        watchdog = threading.Timer(_START_SECONDS, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline() if self._process.stdout else ""
        watchdog.cancel()
        if _ANNOUNCEMENT not in line:
            self._stop()
            raise DynoxideError(f"{self._binary} did not start: {line.strip() or 'no output'}")
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self._stop()

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
