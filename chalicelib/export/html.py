"""One page that explains itself: to be read, printed and handed over. No script, nothing loaded.

Tables come first and are known last. So findings are written to a compressed spool as they go by
(8 MB in memory, then a temporary file), and what is kept of them are counts and ten links per rule:
memory grows with the number of rules, not of findings.
"""

import gzip
import shutil
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO

from chalicelib.export._html_card import card
from chalicelib.export._html_style import POLICY, STYLE
from chalicelib.export._html_tables import (
    Framework,
    Tally,
    framework_section,
    frameworks_of,
    rules_section,
    section_anchor,
    summary,
)
from chalicelib.export._html_words import code, when
from chalicelib.export._markup import Html, element, joined
from chalicelib.export.record import history_of, record_of
from chalicelib.facts.instants import stamp
from chalicelib.model.export import ExportContext, ExportedFinding, Format, SealedEntry

SPOOL_MEMORY_BYTES = 8 * 1024 * 1024
_TITLE = "Compliance findings"
_FASTEST = 1
_HOW_TO_READ = (
    "A finding is a rule failing on a resource. It keeps its number for ever; each time it opens "
    "again is another episode. All times are UTC. Everything is told as it was at the window's "
    "end. A person is named only where a recorded event is proven to have led to the finding."
)


def write(
    records: Iterable[ExportedFinding | SealedEntry], about: ExportContext, file: IO[bytes]
) -> None:
    """Write the page."""
    tally = Tally()
    with SpooledTemporaryFile(max_size=SPOOL_MEMORY_BYTES) as spool:
        with gzip.GzipFile(fileobj=spool, mode="wb", compresslevel=_FASTEST, mtime=0) as cards:
            for exported in records:
                if isinstance(exported, ExportedFinding):
                    cards.write(_counted(exported, about, tally).encode())
        spool.seek(0)
        file.write(_before(about, tally).encode())
        with gzip.GzipFile(fileobj=spool, mode="rb") as cards:
            shutil.copyfileobj(cards, file)
    file.write(_after(tally).encode())


def _counted(exported: ExportedFinding, about: ExportContext, tally: Tally) -> Html:
    record = record_of(exported, about, about.query.end)
    tally.add(record)
    return card(record, history_of(exported.entries))


def _before(about: ExportContext, tally: Tally) -> str:
    frameworks = frameworks_of(about.rules)
    body = joined(
        (
            _header(about),
            _contents(frameworks),
            element("h2", "Summary", class_="same-page", id="summary"),
            *summary(tally),
            *(framework_section(one, tally, n) for n, one in enumerate(frameworks)),
            rules_section(about.rules, tally),
            element("h2", "Findings", id="findings"),
        )
    )
    return f'<!doctype html>\n<html lang="en">{_head()}<body><main>{body}'


def _after(tally: Tally) -> str:
    none = None if tally.titles else element("p", "There are none in this window.")
    return f"{joined((none, element('footer', _HOW_TO_READ)))}</main></body></html>\n"


def _head() -> Html:
    policy = {"http_equiv": "Content-Security-Policy", "content": POLICY}
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", **policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", _TITLE),
        # Escaping would change the style, and its hash; nothing in it comes from outside.
        element("style", Html(STYLE)),
    )


def _header(about: ExportContext) -> Html:
    query = about.query
    start, end = when(stamp(query.start)), when(stamp(query.end))
    facts = {
        "Window": f"{start} to {end} (UTC), the end not included",
        "Accounts": ", ".join(query.accounts) or "all",
        "Rules": ", ".join(query.rule_ids) or "all",
        "Sealed evidence": _sealed(about),
    }
    pairs = ((element("dt", name), element("dd", said)) for name, said in facts.items())
    return element(
        "header",
        element("h1", _TITLE),
        element("p", f"Every finding that was open between {start} and {end} UTC", class_="lead"),
        element("dl", *(part for pair in pairs for part in pair)),
    )


def _sealed(about: ExportContext) -> str:
    if about.manifest == 0 or about.manifest_hash is None:
        return "none: nothing on this page is sealed"
    sealed = f" of {when(stamp(about.sealed_until))}" if about.sealed_until else ""
    return joined((f"manifest {about.manifest}{sealed}, SHA-256 ", code(about.manifest_hash)))


def _contents(frameworks: tuple[Framework, ...]) -> Html:
    named = ((section_anchor(n), one.title) for n, one in enumerate(frameworks))
    last = (("other-rules", "Findings of other rules"), ("findings", "Findings"))
    places = _links((("summary", "Summary"), *named, *last))
    heading = element("h2", "Contents", class_="same-page")
    return element("nav", heading, element("ol", *places, class_="contents"))


def _links(places: Iterable[tuple[str, str]]) -> Iterator[Html]:
    for place, name in places:
        yield element("li", element("a", name, href=f"#{place}"))


FORMAT = Format(
    name="html",
    suffix=".html",
    media_type="text/html; charset=utf-8",
    write=write,
)
