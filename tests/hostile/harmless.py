"""What harmless means, per reader: nothing in a text acts, and every size has a stated bound.

These are the readers' own rules, written down independently of the code that keeps them.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import msgspec

from chalicelib.notify import slack
from tests.hostile.way import ITEM_LIMIT_BYTES, PK_LIMIT_BYTES, SK_LIMIT_BYTES, Way

#: Slack's documented limits; the whole is undocumented, and refused somewhere above 11,000.
BLOCKS, HEADER_CHARS, SECTION_CHARS, CONTEXT_CHARS, MESSAGE_CHARS = 50, 150, 3_000, 2_000, 12_000
SNS_BYTES, SUBJECT_CHARS, ATTRIBUTE_CHARS = 262_144, 100, 256
SQS_BYTES = 1024 * 1024
LEDGER_DETAIL_CHARS = 300
#: Marks that stand on one letter; a flood of them reaches into the lines around it.
STACKED_MARKS = 4

_ENTITIES = re.compile(r"&(?:amp|lt|gt);")
_ACTING = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
_SGR = re.compile(r"\x1b\[[0-9;]*m")
#: XML's characters, which is what SQS takes in a body.
_NOT_FOR_SQS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_TAGS = "html head meta title style body h1 h2 article span p div a b i s code pre br hr"
TAGS = frozenset(_TAGS.split())
ATTRIBUTES = {
    "html": {"lang"},
    "meta": {"charset", "http-equiv", "content", "name"},
    "style": {"nonce"},
    "article": {"class"},
    "span": {"class"},
    "p": {"class"},
    "div": {"class"},
    "a": {"rel", "href"},
}


def assert_still(text: str, *, allowed: str = "\n") -> None:
    """Assert that no character of a text does anything but show itself."""
    acting = {hex(ord(c)) for c in text if c not in allowed and unicodedata.category(c) in _ACTING}
    assert not acting, f"{acting} in {text[:200]!r}"
    height = 0
    for character in text:
        height = height + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        assert height <= STACKED_MARKS, f"a flood of marks in {text[:80]!r}"


def assert_slack_is_harmless(payload: slack.Payload) -> None:
    """Assert that Slack takes a message and parses nothing but our own words in it."""
    assert 1 <= len(payload["blocks"]) <= BLOCKS
    assert len(str(payload)) <= MESSAGE_CHARS
    assert payload["text"].strip()
    parsed = [payload["text"]]
    for block in payload["blocks"]:
        elements = [block["text"]] if "text" in block else block["elements"]
        for element in elements:
            limit = {"header": HEADER_CHARS, "context": CONTEXT_CHARS}.get(block["type"])
            assert 0 < len(element["text"]) <= (limit or SECTION_CHARS)
            assert_still(element["text"])
            if element["type"] != "plain_text":
                parsed.append(element["text"])
            else:
                # "emoji": true would make :boom: act.
                assert element["emoji"] is False
    for text in parsed:
        assert_still(text)
        assert not re.search("[<>&]", _ENTITIES.sub("", text)), text


def assert_sns_is_harmless(arguments: Mapping[str, Any]) -> None:
    """Assert that SNS and a mail reader take a notice."""
    assert len(arguments["Message"].encode()) <= SNS_BYTES - 4_096
    subject = arguments["Subject"]
    assert subject.isascii()
    assert subject.isprintable()
    assert 0 < len(subject) < SUBJECT_CHARS
    for attribute in arguments["MessageAttributes"].values():
        assert 0 < len(attribute["StringValue"]) <= ATTRIBUTE_CHARS
        assert_still(attribute["StringValue"])
    forms = json.loads(arguments["Message"])
    assert_still(forms["email"])
    assert isinstance(json.loads(forms["default"]), dict)
    assert not _NOT_FOR_SQS.search(forms["default"]), "the topic's queues would refuse it"


def assert_storable(way: Way) -> None:
    """Assert that DynamoDB and SQS take everything, and that the ledger quotes nobody at length."""
    for item in way.store.written:
        assert len(msgspec.json.encode(item)) <= ITEM_LIMIT_BYTES
        assert 0 < len(item["pk"]["S"].encode()) <= PK_LIMIT_BYTES
        assert 0 < len(item["sk"]["S"].encode()) <= SK_LIMIT_BYTES
    for body in way.line.bodies:
        assert len(body.encode()) <= SQS_BYTES
        assert not _NOT_FOR_SQS.search(body), "SQS would refuse it"
    for row in way.store.rows:
        assert len(row.detail or "") <= LEDGER_DETAIL_CHARS
        assert_still("".join((row.event_source, row.event_name, row.detail or "")), allowed="")


def assert_harmless(way: Way) -> None:
    """Assert it of everything that left the pipeline."""
    assert_storable(way)
    for payload in way.posted():
        assert_slack_is_harmless(payload)
    for arguments in way.published():
        assert_sns_is_harmless(arguments)
    if way.error is not None:
        assert len(str(way.error)) <= LEDGER_DETAIL_CHARS
        assert_still(str(way.error), allowed="")


def assert_terminal_is_harmless(output: str) -> None:
    """Assert that a terminal only shows what it is sent; colours are ours."""
    assert_still(_SGR.sub("", output))


class Page(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.strangers: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        """Note what no template makes."""
        self.strangers.append(data)

    def handle_pi(self, data: str) -> None:
        """Note what no template makes."""
        self.strangers.append(data)

    def unknown_decl(self, data: str) -> None:
        """Note what no template makes."""
        self.strangers.append(data)


def assert_page_is_harmless(text: str) -> Page:
    """Assert that a page has no element, attribute or link that the template did not make."""
    page = Page(text)
    assert not page.strangers
    for tag, attributes in page.elements:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES.get(tag, set()), (tag, attributes)
        assert re.match(r"https?:", attributes.get("href") or "http:")
        assert re.fullmatch(r"[\w -]*", attributes.get("class") or "")
    assert [tag for tag, _ in page.elements].count("style") == 1
    return page
