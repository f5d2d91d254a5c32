"""The golden files: what each format makes of the population in `given`.

Write them anew with ``python -m tests.unit.export.goldens`` and read the difference: a format is a
contract with programs that nobody here knows.
"""

import io
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from chalicelib.model.export import ExportContext, Format
from tests.unit.export import given

GOLDEN = Path(__file__).parent / "golden"
NAMES = ("asff", "csv", "html", "jsonl", "ocsf")


def format_of(name: str) -> Format:
    found: Format = import_module(f"chalicelib.export.{name}").FORMAT
    return found


def written(form: Format, about: ExportContext) -> bytes:
    """Write the population, and a detection where the format takes them."""
    file = io.BytesIO()
    detections = (given.detected(),) if form.detections else ()
    form.write(iter((*given.population(), *detections)), about, file)
    return file.getvalue()


def expected() -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of every golden file."""
    for name in NAMES:
        form = format_of(name)
        yield f"findings{form.suffix}", written(form, given.about())
    newer = given.about(query={"ocsf_version": "1.9.0-dev"})
    yield "findings.ocsf-1.9.0-dev.jsonl", written(format_of("ocsf"), newer)


if __name__ == "__main__":
    for file_name, content in expected():
        (GOLDEN / file_name).write_bytes(content)
