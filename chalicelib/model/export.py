"""What an export is asked for and made of; an export format is a `Format` found by its constant.

A format gets findings with their whole history, oldest id first, one by one: it must write as it
reads and never gather them. Nothing it writes may depend on the clock, the caller or the machine.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import IO

from chalicelib.model.finding import Finding
from chalicelib.model.people import Exemption, Identity
from chalicelib.model.rule import Rule
from chalicelib.model.transition import Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportQuery:
    """What is wanted: findings that were open at any moment of a window.

    Attributes:
        start: Beginning of the window, inclusive.
        end: End of the window, exclusive: everything is told as it was then.
        accounts: Empty for all.
        rule_ids: Empty for all.
        ocsf_version: ``1.8.0`` or ``1.9.0-dev``.
    """

    start: datetime
    end: datetime
    format: str
    accounts: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    ocsf_version: str = "1.8.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedEntry:
    """A history entry as it was sealed.

    Attributes:
        body: The bytes that were hashed; `transition` is read from them.
        prev: Hash of the previous entry about the same thing; None for the first.
    """

    pk: str
    sk: str
    kind: str
    seq: int
    hash: str
    prev: str | None
    body: bytes
    transition: Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFinding:
    """A finding as it was at the window's end, and how it came to be.

    Attributes:
        entries: Its whole history until the window's end, oldest first; also what was before the
            window.
        exemption: The one in force at the window's end, or None.
    """

    finding: Finding
    entries: tuple[SealedEntry, ...]
    exemption: Exemption | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportContext:
    """What is said of a whole export.

    Attributes:
        manifest: Number of the last sealed manifest it was made from; 0 where nothing is sealed.
        manifest_hash: That manifest's hash.
        sealed_until: When that manifest was sealed.
        rules: Rule id → rule, as far as they are known; a finding may name one that is not.
    """

    query: ExportQuery
    manifest: int
    manifest_hash: str | None
    sealed_until: datetime | None
    rules: Mapping[str, Rule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """An export format: the constant ``FORMAT`` of a module of `chalicelib.export`.

    Attributes:
        name: As ``--format`` takes it.
        write: Writes findings to a binary file, as they come.
        detections: True where `write` is also given detections' entries (kind ``detected``).
    """

    name: str
    suffix: str
    media_type: str
    write: Callable[[Iterable[ExportedFinding | SealedEntry], ExportContext, IO[bytes]], None]
    detections: bool = False


class ExportStatus(StrEnum):
    """How far an export has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """An export that somebody asked for, and what became of it.

    Attributes:
        total: Findings to write; None until they are counted.
        size: Bytes of the finished file.
        sha256: Of the finished file, hexadecimal.
        key_fingerprint: SHA-256 of the public key that a pack is signed with; None for the others.
        error: Why there is no file, in one line.
        url: Where the file can be fetched for a short time; only on a job that is read, never
            stored.
    """

    id: str
    query: ExportQuery
    status: ExportStatus
    requested_by: Identity
    requested_at: datetime
    done: int = 0
    total: int | None = None
    manifest: int | None = None
    size: int | None = None
    sha256: str | None = None
    key_fingerprint: str | None = None
    finished_at: datetime | None = None
    error: str | None = None
    url: str | None = None
