"""Markdown that says what it was given and nothing else.

Texts of rules may come from anybody who writes rules: every one passes through `plain` or `code`,
or a title could close a table, a link or an HTML tag.
"""

import re
from collections.abc import Iterable, Iterator

from chalicelib.facts.legible import legible

MADE = "<!-- Made by `vigil generate`; edits are lost. -->"

Row = Iterable[str]

_SPECIAL = re.compile(r"([\\`*_\[\]<>~&$])")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ]")
_TROUBLE = frozenset("`|")
_NOT_IN_ANCHOR = re.compile(r"[^\w\- ]")
#: What at the beginning of a line makes it something else than a paragraph.
_MARKER = re.compile(r"^(\d*)([-+.)=:#])")


def page(title: str, lead: str, body: Iterable[str]) -> str:
    """Return a whole page; lead and body are Markdown, the title is not."""
    return "\n".join([MADE, f"# {plain(title)}", "", lead, "", *body]).rstrip("\n") + "\n"


def plain(text: str) -> str:
    """Return a text as Markdown that shows just this text, inside of a line."""
    return _SPECIAL.sub(r"\\\1", " ".join(legible(text).split()))


def paragraph(text: str) -> str:
    """Return a text as Markdown that shows just this text, as a line of its own."""
    return _MARKER.sub(r"\1\\\2", plain(text))


def code(text: str) -> str:
    """Return a text as inline code; empty where there is none."""
    shown = legible(text).strip()
    if not _TROUBLE & set(shown):
        return f"`{shown}`" if shown else ""
    # Ticks would end it and pipes a cell, whatever stands around them: entities cannot.
    return f"<code>{_NOT_PLAIN.sub(lambda match: f'&#{ord(match[0])};', shown)}</code>"


def codes(texts: Iterable[str]) -> str:
    """Return texts as inline code, separated by commas."""
    return ", ".join(map(code, texts))


def link(label: str, target: str) -> str:
    """Return a link; the label is Markdown already."""
    return f"[{label}]({target})"


def anchor(heading: str) -> str:
    """Return where GitHub lets links to a heading end."""
    return "#" + _NOT_IN_ANCHOR.sub("", heading.lower()).replace(" ", "-")


def section(heading: str, body: Iterable[str]) -> Iterator[str]:
    """Yield a section, or nothing where its body is empty."""
    lines = list(body)
    if lines:
        yield from (f"## {heading}", "", *lines, "")


def table(head: Row, rows: Iterable[Row]) -> Iterator[str]:
    """Yield a table, or nothing where it has no rows; cells are Markdown already."""
    columns = list(head)
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    if lines:
        yield from (f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *lines)


def _cell(text: str) -> str:
    return text.replace("|", "&#124;")
