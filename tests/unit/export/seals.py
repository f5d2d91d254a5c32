"""A seal in memory: entries put under chained manifests, as the seal of a deployment would."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from chalicelib.export.spool import SealedPart, Spool
from chalicelib.findings._items import entry_key, stamp
from chalicelib.findings.integrity import Key, Line, Manifest, canonical, manifest_after, segment_of
from chalicelib.model import Transition
from chalicelib.model.export import ExportedFinding, SealedEntry
from tests.unit.export.given import END, sealed

SEALED_AT = END + timedelta(minutes=1)
PER_PART = 4


def keyed(entry: SealedEntry) -> SealedEntry:
    """Return an entry under the key that the store gives it."""
    return replace(entry, sk=entry_key(entry.transition))


def estate(found: Iterable[ExportedFinding]) -> Iterator[ExportedFinding]:
    """Yield findings each about a resource of its own: only then do their entries' keys differ."""
    for exported in found:
        yield moved_to(exported, exported.finding.id)


def moved_to(exported: ExportedFinding, finding_id: str) -> ExportedFinding:
    """Return the same history of another finding, about a resource of its own."""
    entries: list[SealedEntry] = []
    for entry in exported.entries:
        prev = entries[-1].hash if entries else None
        entries.append(keyed(sealed(_moved(entry.transition, finding_id, prev))))
    finding = entries[-1].transition.finding
    assert finding is not None
    return replace(
        exported, finding=replace(finding, head=entries[-1].hash), entries=tuple(entries)
    )


def _moved(written: Transition, finding_id: str, prev: str | None) -> Transition:
    finding, ref = written.finding, written.subject.ref
    assert finding is not None
    own = replace(written.subject, ref=replace(ref, id=f"{ref.id}-{finding_id}"))
    finding = replace(finding, id=finding_id, subject=own)
    return replace(written, subject=own, finding=finding, prev=prev)


def line_of(entry: SealedEntry) -> Line:
    document = {
        "pk": entry.pk,
        "sk": entry.sk,
        "kind": entry.kind,
        "seq": entry.seq,
        "prev": entry.prev,
        "hash": entry.hash,
        "body": entry.body.decode(),
    }
    return Line(
        key=Key(pk=entry.pk, sk=entry.sk),
        kind=entry.kind,
        hour=stamp(entry.transition.times.decided)[:13],
        raw=canonical(document),
    )


def parts_of(
    entries: Iterable[SealedEntry], *, size: int = PER_PART, sealed_at: datetime = SEALED_AT
) -> Iterator[SealedPart]:
    """Yield the parts of a seal, so many entries a part."""
    head: Manifest | None = None
    waiting = iter(entries)
    while batch := tuple(islice(waiting, size)):
        lines = tuple(map(line_of, batch))
        head = manifest_after(head, lines, now=sealed_at)
        yield SealedPart(number=head.number, raw=head.raw, lines=segment_of(lines), entries=batch)


def entries_of(findings: Iterable[ExportedFinding]) -> list[SealedEntry]:
    """Return all entries of some findings in the order of time."""
    entries = [entry for one in findings for entry in one.entries]
    return sorted(entries, key=lambda e: (e.transition.times.decided, e.pk, e.sk))


@contextmanager
def spooled(folder: Path, entries: Iterable[SealedEntry], **options: int) -> Iterator[Spool]:
    """Return a spool that took a seal of these entries; it still has to settle."""
    spool = Spool(folder / "spool.db")
    try:
        for part in parts_of(entries, **options):
            spool.take(part)
        yield spool
    finally:
        spool.close()
