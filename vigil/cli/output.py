"""How commands print what they found: JSON Lines and CSV for programs, text for people.

Every string was written by somebody else. JSON carries it as it is; a cell of a table program
must not become a formula, and nothing printed may steer a terminal.
"""

import csv
import io
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import msgspec

from chalicelib.errors import PermanentError
from chalicelib.export._cells import cell


class OutputError(PermanentError):
    """A file cannot be written."""


class Writer(Protocol):
    """Writes rows in one format."""

    def write(self, rows: Sequence[Any]) -> None:
        """Write some rows."""


class JsonLines:
    """One JSON object a line."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, rows: Sequence[Any]) -> None:
        """Write some rows."""
        if rows:
            lines = (_ascii_controls(msgspec.json.encode(row).decode()) for row in rows)
            self._file.write("\n".join(lines) + "\n")


class Csv:
    """RFC 4180 with a heading; lists become texts."""

    def __init__(self, file: IO[str], columns: Sequence[str]) -> None:
        self._columns = columns
        self._writer = csv.writer(file)
        self._writer.writerow(columns)

    def write(self, rows: Sequence[Any]) -> None:
        """Write some rows."""
        for row in rows:
            values: Mapping[str, Any] = msgspec.to_builtins(row)
            self._writer.writerow([cell(values.get(name)) for name in self._columns])


def print_object(value: Any) -> None:
    """Print one JSON object as a line."""
    JsonLines(sys.stdout).write([value])


@contextmanager
def opened(path: Path | None) -> Iterator[IO[str]]:
    """Open what results go to: stdout, or a file that appears only when it is complete.

    Raises:
        OutputError: The file cannot be written.
    """
    if path is None:
        yield sys.stdout
        return
    with opened_binary(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        yield text
        text.detach()


@contextmanager
def opened_binary(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for bytes; it appears only when it is complete.

    Raises:
        OutputError: The file cannot be written.
    """
    try:
        with _replacing(path) as file:
            yield file
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        unfinished.chmod(0o666 & ~_umask())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _ascii_controls(line: str) -> str:
    # JSON need not escape DEL, C1 controls and direction marks; terminals act on them.
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else _escaped(c) for c in line)


def _escaped(character: str) -> str:
    encoded = character.encode("utf-16-be").hex()
    return "".join(f"\\u{encoded[at : at + 4]}" for at in range(0, len(encoded), 4))
