"""The seal as data: lines, segments, chained manifests, signed statements.

Every hash is over bytes as they are stored. A manifest or a line is never hashed after having been
written again: another version of this code may write the same thing differently.
"""

import base64
import gzip
import hashlib
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from chalicelib.errors import DamagedEvidenceError
from chalicelib.findings._items import stamp
from chalicelib.findings.history import transition_from
from chalicelib.model.export import SealedEntry

SEGMENTS = "seal/segments/"
MANIFESTS = "seal/manifests/"
SIGNATURES = "seal/signatures/"
#: What one batch of the stream can grow to is far below; anything above is not ours.
SEGMENT_LIMIT_BYTES = 64 * 1024 * 1024
_NUMBER_DIGITS = 10
_GZIP = 31


class BrokenSealError(DamagedEvidenceError):
    """What is sealed is not what was sealed; the message names the place."""


class Mark(StrEnum):
    """Kinds of lines that are no history entry, but tell what was done to one."""

    ALTERED = "altered"
    REMOVED = "removed"
    #: Put into the table by somebody who is not Vigil: it is no entry, or not what it says it is.
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Key of an entry in the history."""

    pk: str
    sk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a segment.

    Attributes:
        kind: Of the entry, or a `Mark`.
        hour: The hour in which the entry was decided, ``2026-01-01T12``; None for marks.
        raw: Canonical JSON, without line feed.
    """

    key: Key
    kind: str
    hour: str | None
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One link of the seal's chain: which lines were sealed, and after which.

    Attributes:
        number: From 1, without a hole.
        prev: Hash of the previous manifest's bytes; None for the first.
        segment: Hash of the segment's bytes before compression: the joined lines.
        entries: Lines in the segment.
        total: Lines in all segments up to this one.
        kinds: Lines by kind.
        hours: Entries by the hour in which they were decided.
        raw: The bytes that are stored, signed and hashed.
    """

    number: int
    prev: str | None
    segment: str
    entries: int
    total: int
    first: Key
    last: Key
    kinds: Mapping[str, int]
    hours: Mapping[str, int]
    sealed_at: datetime
    raw: bytes = b""

    @property
    def hash(self) -> str:
        """What the next manifest names as its ``prev``."""
        return digest(self.raw)


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def canonical(document: Any) -> bytes:
    """Write a document as canonical JSON: keys sorted, UTF-8, no blanks."""
    return msgspec.json.encode(document, order="sorted")


def segment_of(lines: Sequence[Line]) -> bytes:
    """Return a segment before compression: every line ends with a line feed."""
    return b"".join(line.raw + b"\n" for line in lines)


def packed(segment: bytes) -> bytes:
    """Compress a segment; the same bytes give the same bytes."""
    return gzip.compress(segment, mtime=0)


def unpacked(data: bytes) -> bytes:
    """Decompress a segment.

    Raises:
        BrokenSealError: It is none, or larger than any of ours.
    """
    reader = zlib.decompressobj(wbits=_GZIP)
    try:
        segment = reader.decompress(data, SEGMENT_LIMIT_BYTES)
    except zlib.error as error:
        raise BrokenSealError("not compressed as segments are") from error
    if not reader.eof:
        raise BrokenSealError("cut short, or larger than any segment")
    return segment


def manifest_after(head: Manifest | None, lines: Sequence[Line], *, now: datetime) -> Manifest:
    """Return the manifest that seals some lines behind all that was sealed before."""
    manifest = Manifest(
        number=head.number + 1 if head else 1,
        prev=head.hash if head else None,
        segment=digest(segment_of(lines)),
        entries=len(lines),
        total=(head.total if head else 0) + len(lines),
        first=lines[0].key,
        last=lines[-1].key,
        kinds=Counter(line.kind for line in lines),
        hours=Counter(line.hour for line in lines if line.hour),
        sealed_at=now,
    )
    return replace(manifest, raw=_written(manifest))


def manifest_from(raw: bytes) -> Manifest:
    """Read a manifest and keep its bytes.

    Raises:
        BrokenSealError: The bytes are no manifest.
    """
    try:
        return replace(msgspec.json.decode(raw, type=Manifest), raw=raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenSealError(f"not a manifest: {error}") from error


def entry_from_line(raw: bytes) -> SealedEntry | None:
    """Read a history entry from its line; None for a mark.

    Raises:
        BrokenSealError: The line is neither.
    """
    try:
        line = msgspec.json.decode(raw, type=_Read)
        if line.body is None:
            Mark(line.kind)
            return None
        body = line.body.encode()
        return SealedEntry(
            pk=line.pk,
            sk=line.sk,
            kind=line.kind,
            seq=line.seq,
            hash=line.hash,
            prev=line.prev,
            body=body,
            transition=transition_from(body),
        )
    except (msgspec.DecodeError, ValueError) as error:
        raise BrokenSealError(f"not a sealed line: {error}") from error


def statement_of(manifest: Manifest, fingerprint: str, *, now: datetime) -> bytes:
    """Return what is signed: that this manifest, and with it all before it, existed by now."""
    return canonical(
        {
            "entries_total": manifest.total,
            "hash": manifest.hash,
            "key": fingerprint,
            "manifest": manifest.number,
            "signed_at": stamp(now),
        }
    )


def signature_document(statement: bytes, signature: bytes, public_key: bytes) -> bytes:
    """Write a signature with all that is needed to check it."""
    return canonical(
        {
            "public_key": base64.b64encode(public_key).decode(),
            "signature": base64.b64encode(signature).decode(),
            "statement": statement.decode(),
        }
    )


def fingerprint_of(public_key: bytes) -> str:
    """Return what pins a key from outside: SHA-256 of its DER SubjectPublicKeyInfo."""
    return digest(public_key)


def segment_name(sha256: str) -> str:
    """Return the S3 key of a segment."""
    return f"{SEGMENTS}{sha256}.jsonl.gz"


def manifest_name(number: int) -> str:
    """Return the S3 key of a manifest."""
    return f"{MANIFESTS}{number:0{_NUMBER_DIGITS}d}.json"


def signature_name(number: int) -> str:
    """Return the S3 key of the signature of a manifest."""
    return f"{SIGNATURES}{number:0{_NUMBER_DIGITS}d}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A line of either sort, as it is read."""

    pk: str
    sk: str
    kind: str
    seq: int = 0
    hash: str = ""
    prev: str | None = None
    body: str | None = None


def _written(manifest: Manifest) -> bytes:
    document = {f.name: getattr(manifest, f.name) for f in fields(manifest) if f.name != "raw"}
    return canonical({**document, "sealed_at": stamp(manifest.sealed_at)})
