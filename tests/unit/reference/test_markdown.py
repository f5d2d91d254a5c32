"""Whatever a text holds, the page shows that text and stays the page it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from chalicelib.facts.legible import legible
from vigil.reference.markdown import anchor, code, link, page, paragraph, plain, section, table

READER = MarkdownIt("commonmark").enable("table")
HOSTILE = (
    "a | b",
    "ends with a backslash \\",
    "\\| escaped already",
    "`code` and ``more``",
    "`",
    "<script>alert(1)</script>",
    "<!-- comment",
    "[click](https://example.com)",
    "![image](x)",
    "line\nbreak\r\nand\ttab",
    "| --- | --- |",
    "**bold** _and_ ~~struck~~",
    "&lt; &amp; &#124;",
    "$x$ costs $5",
    "right to left \u202e and a line separator \u2028",
)
MARKERS = ("# heading", "1. item", "- item", "+ item", "===", "---", "> quote", "12) item", "...")
texts = st.one_of(
    st.sampled_from(HOSTILE), st.text(alphabet="ab`|\\<>[]()*_&#;~$!-\n ", min_size=1)
)


def shown(text: str) -> str:
    return " ".join(legible(text).split())


def text_of(token: Token) -> str:
    return "".join(
        child.content for child in token.children or () if child.type in ("text", "code_inline")
    )


def cells_of(markdown: str) -> list[list[str]]:
    rows: list[list[str]] = []
    for token in READER.parse(markdown):
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline" and rows:
            rows[-1].append(text_of(token))
    return rows


@pytest.mark.parametrize("text", [*HOSTILE, *MARKERS], ids=repr)
def test_a_paragraph_shows_its_text_and_nothing_else(text: str) -> None:
    tokens = READER.parse(paragraph(text))

    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in tokens[1].children or ()} == {"text"}
    assert text_of(tokens[1]) == shown(text)


@given(texts, texts)
def test_a_cell_shows_its_text_and_keeps_its_column(one: str, other: str) -> None:
    lines = table(("first", "second", "third"), [(plain(one), code(other), "end")])

    head, row = cells_of("\n".join(lines))

    assert len(head) == len(row) == 3
    assert row[0] == shown(one)
    assert row[1].split() == legible(other).split()
    assert row[2] == "end"


@given(texts)
def test_code_is_code(text: str) -> None:
    (inline,) = [token for token in READER.parse(f"x {code(text)}") if token.type == "inline"]

    kinds = {child.type for child in inline.children or ()}

    assert kinds <= {"text", "code_inline", "html_inline"}
    html = [child.content for child in inline.children or () if child.type == "html_inline"]
    assert html in ([], ["<code>", "</code>"])


def test_a_page_says_that_it_is_made_and_escapes_its_title() -> None:
    lines = page("A <b> title", "Lead.", ["Body."]).splitlines()

    assert lines[0].startswith("<!-- Made by `vigil generate`")
    assert lines[1] == r"# A \<b\> title"
    assert lines[-1] == "Body."


def test_what_is_empty_leaves_no_heading() -> None:
    assert list(section("Parameters", table(("name",), []))) == []
    assert code("  ") == ""


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("AWS::S3::Bucket", "#awss3bucket"),
        ("By resource type", "#by-resource-type"),
        ("sweep-work", "#sweep-work"),
    ],
)
def test_anchors_are_those_of_github(heading: str, expected: str) -> None:
    assert anchor(heading) == expected


def test_a_link_keeps_its_label() -> None:
    (inline,) = [t for t in READER.parse(link(code("a-rule"), "a.md")) if t.type == "inline"]

    assert [child.type for child in inline.children or ()] == [
        "link_open",
        "code_inline",
        "link_close",
    ]
