"""Tables of a pack: RFC 4180 with a heading, UTF-8, no cell a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO

from chalicelib.export._cells import cell
from chalicelib.facts.instants import stamp


def write_table(file: IO[bytes], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table, row by row; the file stays open."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(stamp(v) if isinstance(v, datetime) else v) for v in row])
    text.detach()
