"""Slack messages on the terminal: labels in one column, what they say in the other.

The messages hold names that strangers chose: they are printed as `Text`, never as Rich's markup,
and line by line as `legible` leaves them, because Rich hands a terminal's own commands through.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from chalicelib.facts.legible import legible
from vigil.local._slack_html import Shown

_WIDTH = 100
_LABEL_WIDTH = 14
_LINE_LIMIT_CHARS = 180
#: With its colon it fits beside the labels in 80 columns.
_POINTER_LIMIT_CHARS = 58
_LABELLED = re.compile(r"(Rule|Where|Who|Due|Overdue|Seen to|Transient): (.+)")
#: In a thread's reply the pointer stands alone.
_CHANGED = re.compile(r"(?:(Changed|Seen): )?(/.+)")
_ADVICE = re.compile(r"\*([^*\n]+)\* (.+)")
#: Ids are for looking things up, which nobody does while a story runs.
_ID = re.compile(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-")
#: The sign that a heading begins with → the frame's colour.
_COLOURS: Mapping[str, str] = {
    "🟥": "red",
    "🟧": "dark_orange",
    "🟨": "yellow",
    "🟦": "blue",
    "✅": "green",
}


def show(message: Shown, console: Console) -> None:
    """Print one message."""
    lines = list(_lines(message.payload))
    sign = str(lines[0])[:1] if lines and isinstance(lines[0], Text) else ""
    panel = Panel(
        Group(*lines),
        title="Slack, in the thread" if message.thread_ts else "Slack",
        title_align="left",
        border_style=_COLOURS.get(sign, "none"),
        width=min(console.width, _WIDTH),
    )
    console.print(panel)


def shortened(text: str) -> str:
    """Leave out the middle of what is too long to be read in passing."""
    if len(text) <= _LINE_LIMIT_CHARS:
        return text
    half = _LINE_LIMIT_CHARS // 2
    return f"{text[:half]} … {text[-half:]}"


def _difference(text: str) -> str:
    """Shorten “pointer: before → after”; the end of a pointer says what changed."""
    pointer, colon, values = text.partition(": ")
    return _end_of(pointer) + colon + shortened(values)


def _end_of(pointer: str) -> str:
    if len(pointer) <= _POINTER_LIMIT_CHARS:
        return pointer
    end = pointer[1 - _POINTER_LIMIT_CHARS :]
    # Whole segments where one begins in time, else what fits.
    return "…" + (end[end.find("/") :] if "/" in end else end)


def _lines(payload: Mapping[str, Any]) -> Iterable[RenderableType]:
    for number, block in enumerate(payload.get("blocks", [])):
        if block.get("type") == "context":
            yield from (_footnote(element.get("text", "")) for element in block["elements"])
        else:
            text = str(block.get("text", {}).get("text", ""))
            first, *others = map(legible, text.split("\n"))
            yield _line(first, style="bold" if number == 0 else "")
            yield from (_line(other) for other in others)


def _line(text: str, style: str = "") -> RenderableType:
    if match := _CHANGED.fullmatch(text):
        return _row(match[1] or "Changed", _difference(match[2]))
    if match := _LABELLED.fullmatch(text):
        return _row(match[1], match[2])
    if match := _ADVICE.fullmatch(text):
        return _row(match[1], _unescaped(match[2]))
    return Text(text, style)


def _row(label: str, text: str) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=_LABEL_WIDTH, no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    grid.add_row(Text(label), Text(text))
    return grid


def _footnote(text: str) -> Text:
    parts = [part for part in legible(str(text)).split(" · ") if not _ID.search(part)]
    return Text(" · ".join(parts), "dim")


def _unescaped(text: str) -> str:
    # Slack's three entities, once.
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
