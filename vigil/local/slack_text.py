"""Slack messages as plain text for the terminal: what a person reads, without the markup."""

from collections.abc import Iterable, Mapping
from typing import Any


def text_of(payload: Mapping[str, Any]) -> str:
    """Return a message's text, one line per block element; what is escaped becomes readable."""
    lines = [line for block in payload.get("blocks", []) for line in _lines_of(block)]
    return "\n".join(lines) or str(payload.get("text", ""))


def _lines_of(block: Mapping[str, Any]) -> Iterable[str]:
    elements = [block["text"]] if "text" in block else block.get("elements", [])
    for element in elements:
        text = str(element.get("text", ""))
        if element.get("type") == "mrkdwn":
            text = text.replace("*", "").replace("&lt;", "<").replace("&gt;", ">")
            text = text.replace("&amp;", "&")
        yield text
