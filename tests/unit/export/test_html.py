"""The page: readable without anything else, and nothing that anybody wrote acts in it."""

import hashlib
import io
import re
from base64 import b64encode
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from chalicelib.export._html_card import HISTORY_LIMIT
from chalicelib.export._html_tables import LINKS_LIMIT, Tally
from chalicelib.export._markup import TEXT_LIMIT_CHARS, element, text
from chalicelib.export.html import FORMAT
from chalicelib.export.record import record_of
from chalicelib.model import TransitionKind
from chalicelib.model.export import ExportContext, ExportedFinding
from tests.unit.export import given

ELEMENTS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "header",
        "nav",
        "section",
        "article",
        "aside",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "div",
        "span",
        "b",
        "br",
        "code",
        "a",
        "dl",
        "dt",
        "dd",
        "ol",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "svg",
        "rect",
    ]
)
ATTRIBUTES = frozenset(
    [
        "lang",
        "charset",
        "name",
        "content",
        "http-equiv",
        "id",
        "class",
        "href",
        "scope",
        "viewbox",
        "preserveaspectratio",
        "aria-hidden",
        "x",
        "y",
        "width",
        "height",
    ]
)
BENIGN = "plain"
XSS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "<!--",
    "-->",
    "<![CDATA[",
    "<?php",
    "&lt;script&gt;",
    "&#x3c;script&#x3e;",
    "<a href=javascript:alert(1)>x",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "\u202e<b>\u0000\u2028\ufeff",
    "＜script＞",
    "</article></main></body></html>",
    "{{constructor.constructor('alert(1)')()}}",
    "<x" + "y" * 5_000,
)


class _Page(HTMLParser):
    """What a page is made of, without its texts."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.structure: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.structure.append((tag, tuple(name for name, _ in attrs)))
        values = dict(attrs)
        self.links += [values["href"] or ""] if "href" in values else []
        self.ids += [values["id"] or ""] if "id" in values else []

    def handle_endtag(self, tag: str) -> None:
        self.structure.append((f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.structure.append(("comment", (data,)))

    def handle_pi(self, data: str) -> None:
        self.structure.append(("instruction", (data,)))

    def unknown_decl(self, data: str) -> None:
        self.structure.append(("declaration", (data,)))


def _page(*exported: ExportedFinding, about: ExportContext | None = None) -> str:
    file = io.BytesIO()
    FORMAT.write(iter(exported), about or given.about(), file)
    return file.getvalue().decode()


def _hostile(said: str) -> _Page:
    context = given.about(
        query={"accounts": (said,), "rule_ids": (said,)},
        rules=given.hostile_rules(said),
        manifest_hash=said,
    )
    return _Page(_page(given.hostile(said), about=context))


@pytest.mark.parametrize("said", XSS, ids=range(len(XSS)))
def test_no_text_changes_what_the_page_is_made_of(said: str) -> None:
    page = _hostile(said)

    assert page.structure == _hostile(BENIGN).structure
    assert {tag.lstrip("/") for tag, _ in page.structure} <= ELEMENTS
    assert {name for _, names in page.structure for name in names} <= ATTRIBUTES
    assert all(link.startswith("#") for link in page.links)


def test_every_text_is_on_the_page() -> None:
    said = "<i>&\"'"

    texts = "\n".join(_hostile(said).texts)

    assert texts.count(said) > 40


def test_the_policy_lets_the_style_of_the_page_in_and_nothing_else() -> None:
    page = _page(*given.population())

    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)

    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.replace("&#x27;", "'") == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_nothing_is_loaded_from_anywhere() -> None:
    page = _page(*given.population())

    assert "url(" not in page
    assert "@import" not in page
    assert " src=" not in page


def test_every_link_leads_to_a_place_on_the_page() -> None:
    page = _Page(_page(*given.population()))

    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_the_page_is_whole() -> None:
    page = _Page(_page(*given.population()))
    open_tags: list[str] = []

    for tag, _ in page.structure:
        if tag.startswith("/"):
            assert open_tags.pop() == tag[1:]
        elif tag not in {"meta", "br"}:
            open_tags.append(tag)

    assert open_tags == []


def _said(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_summary_counts_what_follows() -> None:
    said = _said(_page(*given.population()))

    assert "5 findings in the window" in said
    assert "2 open at its end" in said
    assert "2 of them overdue" in said
    assert "1 open, but the risk accepted" in said
    assert "2 resolved" in said


def test_a_control_counts_the_findings_of_its_rules_once() -> None:
    page = _page(*given.population())
    (section,) = re.findall(r'<section id="framework-0">.*?</section>', page, re.DOTALL)

    rows = [_said(row).split() for row in re.findall(r"<tr>.*?</tr>", section)]

    assert rows[1] == ["1.16", "iam-role-no-admin", "–", "–", "–", "1", "Deployer"]
    assert rows[2][:6] == ["2.1.4", "s3-bucket-no-public-read", "1", "1", "1", "–"]
    assert [row[0] for row in rows[3:]] == ["6.3", "6.10"]


def test_a_rule_that_no_framework_names_is_listed_apart() -> None:
    page = _page(*given.population())

    assert "vigil-resource-unreadable" in page[page.index('id="other-rules"') :][:2000]


def test_a_table_leads_to_a_few_findings_and_counts_the_rest() -> None:
    page = _page(*given.many(LINKS_LIMIT + 7))

    (section,) = re.findall(r'<section id="framework-0">.*?</section>', page, re.DOTALL)

    assert section.count("<a ") == LINKS_LIMIT
    assert "and 7 more" in section


def test_of_many_findings_of_a_rule_a_few_are_remembered() -> None:
    tally, record = Tally(), record_of(given.acknowledged(), None, given.END)
    for number in range(1_000):
        tally.add({**record, "finding_id": f"{number:032x}"})

    assert [len(links) for links in tally._links.values()] == [LINKS_LIMIT]
    assert tally.total("all") == 1_000


def test_a_finding_tells_evidence_change_person_exemption_and_history() -> None:
    first, second = _said(_page(given.acknowledged())), _said(_page(given.exempted()))

    assert "alice@example.com by PutBucketPolicy from 203.0.113.7 via the console" in first
    assert "/properties/BucketPolicy nothing" in first
    assert "2026-01-01 12:30:00 Acknowledged bob@example.com I am on it." in first
    assert "Unknown: no event seen so far explains it" in second
    assert "Approved by Carol, 2026-01-01 13:30:00" in second
    assert "High Failing Exempted" in second


def test_a_long_history_is_cut_in_the_middle_and_says_so() -> None:
    history = given.History(given.finding())
    for number in range(HISTORY_LIMIT + 4):
        history.then(TransitionKind.NOTED, number + 1, {})

    page = _page(history.exported())

    assert page.count(">Noted") == HISTORY_LIMIT - 1
    assert "5 entries in between are left out here." in page
    assert history.finding.head is not None
    assert history.finding.head in page


def test_a_page_without_seal_says_that_nothing_is_sealed() -> None:
    page = _page(about=given.about(manifest=0, manifest_hash=None, sealed_until=None))

    assert "nothing on this page is sealed" in page
    assert "There are none in this window." in page


def test_two_findings_of_one_name_are_two_places() -> None:
    first = given.acknowledged()
    second = replace(first, finding=replace(first.finding, id="9" * 32))

    assert _Page(_page(first, second)).ids.count(f"f-{'9' * 32}") == 1


def test_text_is_escaped_bounded_and_legible() -> None:
    assert text("<&'\">") == "&lt;&amp;&#x27;&quot;&gt;"
    assert len(text("x" * 10_000)) == TEXT_LIMIT_CHARS
    assert text("a\u202eb") == "a\ufffdb"


def test_an_element_escapes_what_is_no_element() -> None:
    inner = element("b", "<i>")

    assert element("p", inner, "<i>", title='"') == (
        '<p title="&quot;"><b>&lt;i&gt;</b>&lt;i&gt;</p>'
    )
