"""JSON Lines of canonical records, each with the history that made it.

Nothing is escaped: these are the values as they were stored, for programs. Keys are sorted, so
that the same findings give the same bytes.
"""

from collections.abc import Iterable
from typing import IO

import msgspec

from chalicelib.export.record import history_of, record_of
from chalicelib.model.export import ExportContext, ExportedFinding, Format, SealedEntry


def write(
    records: Iterable[ExportedFinding | SealedEntry], about: ExportContext, file: IO[bytes]
) -> None:
    """Write a line a finding."""
    for exported in records:
        if isinstance(exported, ExportedFinding):
            file.write(line(exported, about))


def line(exported: ExportedFinding, about: ExportContext) -> bytes:
    """Return one finding with its history, newline included."""
    record = record_of(exported, about, about.query.end)
    record["history"] = history_of(exported.entries)
    return msgspec.json.encode(record, order="sorted") + b"\n"


FORMAT = Format(
    name="jsonl",
    suffix=".jsonl",
    media_type="application/jsonl",
    write=write,
)
