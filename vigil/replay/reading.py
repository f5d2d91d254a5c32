"""From bytes to records: log files, JSON Lines, envelopes, single records, LookupEvents' answers.

Records of a log file stay undecoded slices: of most of them only a few keys are ever looked at.
A file is read as a whole up to a limit; above it JSON Lines come in blocks and other documents
record by record, so memory stays bounded whatever a person points at.
"""

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import ijson
import msgspec

from chalicelib.errors import InvalidRecordError
from chalicelib.ingest import canonical
from vigil.replay.sources import COMPRESSED, Gap, Source

#: A file of CloudTrail has a few megabytes at most; larger ones are somebody's collection.
DOCUMENT_LIMIT_BYTES = 32 * 1024 * 1024
BLOCK_BYTES = 2 * 1024 * 1024
#: CloudTrail's records end at 256 KB, a compressed bomb nowhere.
RECORD_LIMIT_BYTES = 8 * 1024 * 1024

_GZIP_MAGIC = b"\x1f\x8b"
_LINES = (".jsonl", ".ndjson")
#: Where a document shows what it is.
_HEAD_BYTES = 256
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

#: A record: an undecoded slice, or the value where decoding it was needed to find it.
Raw = msgspec.Raw | bytes | dict[str, Any] | list[Any] | str | float | None
Numbered = tuple[int, Raw]


class _LogFile(msgspec.Struct):
    Records: list[msgspec.Raw]


_LOG_FILE = msgspec.json.Decoder(_LogFile)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records to judge in one go.

    Attributes:
        source: File they are of.
        lines: Block of JSON Lines, or None for the whole file.
        first: Number of the block's first line.
        gap: Set where the file could be read no further.
    """

    source: Source
    lines: bytes | None = None
    first: int = 1
    gap: Gap | None = None

    @property
    def size(self) -> int:
        """Bytes to read, as far as one can tell before reading."""
        if self.lines is not None:
            return len(self.lines)
        try:
            return self.source.path.stat().st_size
        except OSError:
            return 0


def batches_of(source: Source) -> Iterator[Batch]:
    """Split a file: JSON Lines into blocks, anything else not at all."""
    if not _is_lines(source):
        yield Batch(source=source)
        return
    first = 1
    try:
        with _opened(source.path) as file:
            for block in _blocks(file):
                yield Batch(source=source, lines=block, first=first)
                first += block.count(b"\n")
    except (OSError, EOFError, zlib.error) as error:
        yield Batch(source=source, lines=b"", gap=_gap(source, error))


def records_of(batch: Batch) -> Iterator[Numbered | Gap]:
    """Yield (index, record): 0-based in a document, 1-based in JSON Lines; gaps where it breaks."""
    if batch.gap is not None:
        yield batch.gap
    if batch.lines is not None:
        yield from _lines(batch.lines, batch.first)
        return
    try:
        yield from _document(batch.source)
    except (OSError, EOFError, zlib.error) as error:
        yield _gap(batch.source, error)


def _gap(source: Source, error: Exception) -> Gap:
    why = error.strerror if isinstance(error, OSError) and error.strerror else None
    return Gap(name=source.name, why=why or f"not readable to its end ({error})")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        # By content: what a name promises and a file holds differ often enough.
        compressed = file.peek(2)[:2] == _GZIP_MAGIC
        yield cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if compressed else file


def _is_lines(source: Source) -> bool:
    return source.name.lower().removesuffix(COMPRESSED).endswith(_LINES)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield whole lines, some megabytes at a time; a line over the limit is cut to nothing."""
    kept: list[bytes] = []
    size = 0
    while chunk := file.read(BLOCK_BYTES):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield b"".join((*kept, chunk[:end]))
            kept, size = [], 0
        size += len(chunk) - end
        # Beyond the limit the rest of a line is dropped: what is left of it is no JSON.
        if size <= RECORD_LIMIT_BYTES:
            kept.append(chunk[end:])
    if any(kept):
        yield b"".join(kept)


def _lines(block: bytes, first: int) -> Iterator[Numbered]:
    for number, line in enumerate(block.split(b"\n"), start=first):
        text = line.strip().removeprefix(_BYTE_ORDER_MARK)
        if text:
            yield number, text


def _document(source: Source) -> Iterator[Numbered | Gap]:
    with _opened(source.path) as file:
        data = file.read(DOCUMENT_LIMIT_BYTES + 1).removeprefix(_BYTE_ORDER_MARK)
        if not data.strip():
            return
        if len(data) > DOCUMENT_LIMIT_BYTES:
            yield from _streamed(source, io.BufferedReader(_Rest(data, file)))
            return
    try:
        yield from enumerate(_LOG_FILE.decode(data).Records)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield from _other(source, data)


def _other(source: Source, data: bytes) -> Iterator[Numbered | Gap]:
    """Read what is no plain log file: another document, lines, or something broken."""
    for read in (_slices, _values):
        try:
            yield from enumerate(read(data))
        except (InvalidRecordError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        return
    if _is_log_file(data):
        yield from _streamed(source, io.BufferedReader(_Rest(data, io.BytesIO())))
    elif _starts_with_a_whole_line(data):
        yield from _lines(data, 1)
    else:
        yield Gap(name=source.name, why="not JSON")


def _slices(data: bytes) -> Iterable[Raw]:
    """Return the undecoded records of a list, of LookupEvents' answer, or the only one."""
    start = data.lstrip()[:1]
    if start == b"[":
        return _LIST.decode(data)
    if start != b"{":
        raise InvalidRecordError("not a JSON document")
    document = _OBJECT.decode(data)
    events = document.get("Events")
    return _looked_up(_LIST.decode(events)) if events is not None else [data]


def _looked_up(events: Iterable[msgspec.Raw]) -> list[Raw]:
    # aws cloudtrail lookup-events: each event carries its record as a text.
    found = [msgspec.json.decode(event) for event in events]
    texts = [event.get("CloudTrailEvent") if isinstance(event, dict) else None for event in found]
    return [text.encode() if isinstance(text, str) else text for text in texts]


def _values(data: bytes) -> Iterable[Raw]:
    """Return the records of a document that only a lenient decoder takes."""
    document = canonical.decode(data)
    if isinstance(document, dict) and isinstance(document.get("Records"), list):
        records: list[Raw] = document["Records"]
        return records
    return document if isinstance(document, list) else [document]


def _is_log_file(data: bytes) -> bool:
    return b'"Records"' in data[:_HEAD_BYTES]


def _starts_with_a_whole_line(data: bytes) -> bool:
    line = data.lstrip().partition(b"\n")[0]
    try:
        return isinstance(canonical.decode(line), dict)
    except InvalidRecordError:
        return False


def _streamed(source: Source, file: io.BufferedReader) -> Iterator[Numbered | Gap]:
    """Read record by record: slower, but bounded, and it gives what a broken file still holds."""
    start = file.peek(_HEAD_BYTES).lstrip()[:_HEAD_BYTES]
    if not (_is_log_file(start) or start.startswith(b"[")):
        yield from _streamed_lines(file)
        return
    path = "Records.item" if start.startswith(b"{") else "item"
    guarded = _Guarded(file)
    index = 0
    try:
        for record in ijson.items(guarded, path, use_float=True):
            guarded.since_record = 0
            yield index, record
            index += 1
    except (ijson.JSONError, UnicodeDecodeError, OSError, EOFError, zlib.error) as error:
        why = " ".join(str(error).split())[:200]
        yield Gap(name=source.name, why=f"not readable beyond record {index} ({why})")


def _streamed_lines(file: IO[bytes]) -> Iterator[Numbered]:
    first = 1
    for block in _blocks(file):
        yield from _lines(block, first)
        first += block.count(b"\n")


class _Rest(io.RawIOBase):
    """What was read already, then the rest of its file."""

    def __init__(self, head: bytes, file: IO[bytes]) -> None:
        self._head = io.BytesIO(head)
        self._file = file

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer."""
        data = self._head.read(len(buffer)) or self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Guarded:
    """A file that ends with an error where one record alone would fill the memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.since_record = 0

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        data = self._file.read(size)
        self.since_record += len(data)
        if self.since_record > RECORD_LIMIT_BYTES:
            raise OSError(f"a record of more than {RECORD_LIMIT_BYTES} bytes")
        return data
