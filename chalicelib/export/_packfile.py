"""A zip with the same bytes for the same contents, written as it is read, each member hashed.

Times, modes and the system it was made on are constants; members stand in the order of writing.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o100644 << 16
_BUFFER_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What a manifest says of a file."""

    sha256: str
    size: int


class PackFile:
    """Writes members one after the other; `members` are those that are listed."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin a zip in a file that can be sought in."""
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._members: dict[str, Member] = {}

    @property
    def members(self) -> Mapping[str, Member]:
        """The listed members so far."""
        return dict(self._members)

    @contextmanager
    def member(self, name: str, *, listed: bool = True) -> Iterator[IO[bytes]]:
        """Open a new member for writing."""
        about = zipfile.ZipInfo(name, _EPOCH)
        about.compress_type = zipfile.ZIP_DEFLATED
        about.create_system = _UNIX
        about.external_attr = _MODE
        with self._zip.open(about, "w", force_zip64=True) as opened:
            hashing = _Hashing(opened)
            buffered = io.BufferedWriter(hashing, _BUFFER_BYTES)
            yield buffered
            buffered.flush()
        if listed:
            self._members[name] = Member(sha256=hashing.digest.hexdigest(), size=hashing.size)

    def add(self, name: str, data: bytes, *, listed: bool = True) -> None:
        """Write a whole member."""
        with self.member(name, listed=listed) as file:
            file.write(data)

    def close(self) -> None:
        """Write the directory of the zip; the file stays open."""
        self._zip.close()


class _Hashing(io.RawIOBase):
    """Passes on what is written, and hashes and counts it."""

    def __init__(self, inner: IO[bytes]) -> None:
        super().__init__()
        self.digest = hashlib.sha256()
        self.size = 0
        self._inner = inner

    def writable(self) -> bool:
        """Say that it is."""
        return True

    def write(self, data: Any, /) -> int:
        """Pass some bytes on."""
        self.digest.update(data)
        self.size += len(data)
        return self._inner.write(data)
