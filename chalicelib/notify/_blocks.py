"""Block Kit's building blocks, each within Slack's limits.

Whatever a stranger may have chosen goes through `plain`, `heading` or `note`: Slack parses nothing
there. `markdown` and a message's ``text`` are parsed, so they take escaped text only.
Limits: https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Iterable, Sequence
from typing import Any

Block = dict[str, Any]
#: What a message consists of: ``text`` and ``blocks``.
Payload = dict[str, Any]

HEADER_LIMIT_CHARS = 150
SECTION_LIMIT_CHARS = 2_000
BLOCK_LIMIT = 50
#: Slack refuses messages somewhere above 11,000 characters, undocumented; stay well below.
TOTAL_LIMIT_CHARS = 9_000
#: What a list of lines may take of that; the rest is for headings and notes.
_LIST_LIMIT_CHARS = 7_000
#: A message without blocks; Slack recommends 4,000 at most.
PLAIN_LIMIT_CHARS = 3_500


def heading(text: str) -> Block:
    """Make a header."""
    element = {"type": "plain_text", "text": text[:HEADER_LIMIT_CHARS], "emoji": False}
    return {"type": "header", "text": element}


def plain(text: str) -> Block:
    """Make a paragraph in which nothing is parsed."""
    element = {"type": "plain_text", "text": text[:SECTION_LIMIT_CHARS] or "–", "emoji": False}
    return {"type": "section", "text": element}


def markdown(text: str) -> Block:
    """Make a paragraph of escaped text with formatting."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:SECTION_LIMIT_CHARS]}}


def note(text: str) -> Block:
    """Make small print."""
    return {"type": "context", "elements": [{"type": "plain_text", "text": text, "emoji": False}]}


def listed(lines: Sequence[str]) -> list[Block]:
    """Pack lines into as few paragraphs as possible; say how many found no room."""
    paragraphs, room = [""], _LIST_LIMIT_CHARS
    for shown, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            return [*map(plain, paragraphs), plain(f"… and {len(lines) - shown} more")]
        if len(paragraphs[-1]) + len(line) >= SECTION_LIMIT_CHARS:
            paragraphs.append("")
        paragraphs[-1] = f"{paragraphs[-1]}\n{line}".lstrip("\n")
    return [plain(paragraph) for paragraph in paragraphs if paragraph]


def bounded(text: str, blocks: Iterable[Block]) -> Payload:
    """Make a message; blocks before the last give way to a remark until Slack takes it."""
    *given, last = blocks
    kept = given[: BLOCK_LIMIT - 2]
    while len(str([*kept, last])) > TOTAL_LIMIT_CHARS and len(kept) > 1:
        kept.pop()
    cut = [plain("… more than one message can hold")] if len(kept) < len(given) else []
    return {"text": escape(text), "blocks": [*kept, *cut, last]}


def plainly(payload: Payload) -> Payload:
    """Say the same without blocks, as far as it fits, and that it is not all."""
    texts = [text for block in payload["blocks"] for text in _texts_of(block)]
    said = "\n".join(texts)[:PLAIN_LIMIT_CHARS]
    return {
        "text": f"{said}\n… shortened: Slack refused the full message",
        # An empty list, because an edit without one keeps the blocks that stand.
        "blocks": [],
        # What a stranger wrote must become neither link nor formatting here either.
        "parse": "none",
        "mrkdwn": False,
    }


def _texts_of(block: Block) -> Iterable[str]:
    for one in block.get("elements") or [block["text"]]:
        yield one["text"] if one["type"] == "mrkdwn" else escape(one["text"])


def escape(text: str) -> str:
    """Escape what Slack's mrkdwn acts on."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
