"""Whatever strangers wrote is shown as they wrote it, and never becomes a part of the page."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from playwright.sync_api import Page, expect

from chalicelib.model import Difference, Evidence, Fix
from tests.console import given
from tests.console.stage import Stage, staged

#: Each tries another way out of a text.
CORPUS = (
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "'-window.hacked=1-'",
    "javascript:window.hacked=1//",
    "</textarea><iframe srcdoc='<script>parent.hacked=1</script>'>",
    "{{constructor.constructor('window.hacked=1')()}}",
    "${window.hacked=1}",
    "<a href=javascript:window.hacked=1 autofocus onfocus=window.hacked=1>x</a>",
    "&lt;b&gt;&#x3c;i&#x3e;",
    "__proto__",
    "\u202egpj.exe\u2066",
    "<style>*{display:none}</style>",
    "x" * 1500,
)
ALL = " ".join(CORPUS)
KEY = f"{given.ACCOUNT}#eu-west-1#AWS::S3::Bucket#{CORPUS[1]}"
FINDING = f"/findings/{1:032x}"
#: Counted on a page with harmless texts and on one with hostile ones.
FORBIDDEN = "script, iframe, object, embed, base, form[action], style, img, [onerror], [onload]"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("hostile")) as stage:
        stage.keep(given.history(_hostile(), differences=(_difference(),)))
        stage.log(
            given.row(1, event_name=CORPUS[0], event_source=CORPUS[1], actor=ALL, detail=ALL[:900])
        )
        yield stage


@dataclass(frozen=True, slots=True)
class Watched:
    """A page and everything on it that a text may not bring about."""

    page: Page
    trouble: list[str]


@pytest.fixture(scope="module")
def watched(stage: Stage) -> Watched:
    page = stage.page()
    trouble: list[str] = []
    page.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss())[1])
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("popup", lambda popup: trouble.append(popup.url))
    page.on("console", lambda said: trouble.append(said.text) if "VIOLATED" in said.text else None)
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.log('VIOLATED', e.blockedURI))"
    )
    return Watched(page, trouble)


@pytest.fixture
def page(watched: Watched) -> Iterator[Page]:
    page = watched.page
    yield page
    assert watched.trouble == []
    assert page.evaluate("window.hacked") is None
    assert page.locator(f"body :is({FORBIDDEN})").count() == 0


def _hostile() -> given.Finding:
    who = given.actor(
        name=ALL, arn=CORPUS[0], session_name=CORPUS[1], person=CORPUS[2], user_agent=ALL,
        tool=CORPUS[3], source_ip=CORPUS[4], issuer_arn=CORPUS[5], invoked_by=CORPUS[6],
    )  # fmt: skip
    evidence = Evidence(path=CORPUS[0], actual={CORPUS[1]: [ALL]}, expected=ALL, because=CORPUS[:2])
    return given.finding(
        1,
        title=CORPUS[1] + CORPUS[0],
        risk=ALL,
        fix=Fix(text=ALL, remediation=None),
        severity_because=ALL,
        message=ALL,
        evidence=(evidence,),
        gaps=(given.gap(call=CORPUS[0], error=ALL, principal=CORPUS[1], pointer=CORPUS[2]),),
        cause=given.cause(event_name=CORPUS[0], event_source=CORPUS[1], actor=who),
        subject=_subject(),
    )


def _subject() -> given.Subject:
    subject = given.subject("x", arn=CORPUS[7], owner=ALL[:1000])
    tags = {text[:120]: text[:250] for text in CORPUS}
    return replace(subject, ref=replace(subject.ref, id=CORPUS[1]), tags=tags)


def _difference() -> Difference:
    return Difference(pointer=ALL, before={CORPUS[0]: CORPUS[1]}, after=ALL)


def shown(page: Page, *texts: str) -> list[str]:
    """Return which texts do not stand on the page, as they are."""
    told = page.locator("main").evaluate("element => element.textContent")
    return [text for text in texts if text not in told]


def test_a_hostile_finding_is_shown_word_by_word(stage: Stage, page: Page) -> None:
    stage.visit(page, FINDING)
    page.locator(".timeline .entry").first.wait_for()

    assert shown(page, *CORPUS, ALL) == []
    expect(page.locator(".tags li")).to_have_count(len(CORPUS))


@pytest.mark.parametrize("path", ["/findings", "/changes"])
def test_hostile_rows_stay_rows(stage: Stage, page: Page, path: str) -> None:
    stage.visit(page, path)

    expect(page.locator("tbody tr")).to_have_count(1)
    assert shown(page, CORPUS[0], CORPUS[1], CORPUS[8]) == []


def test_hostile_notes_names_and_reasons_are_shown_word_by_word(stage: Stage, page: Page) -> None:
    api, texts = stage.other, [text for text in CORPUS if text.isprintable()]
    api.call("PUT", f"{FINDING}/assignee", body={"assignee": CORPUS[1]})
    api.call("POST", f"{FINDING}/notes", body={"note": " ".join(texts)[:1900]})
    scope = {"rule_id": "*", "account": "*", "region": "*", "resource": CORPUS[1]}
    until = f"{given.ago(days=-5):%Y-%m-%dT%H:%M:%S.000Z}"
    asked = {"scope": scope, "reason": " ".join(texts[:9]), "expires_at": until}
    exemption = api.call("POST", "/exemptions", body=asked)
    person = {"id": "mallory", "name": CORPUS[1], "identities": ["iam-user:AIDAEXAMPLEMALLORY"]}
    api.call("POST", "/people", body=person)

    stage.visit(page, FINDING)
    page.locator(".entry blockquote").wait_for()
    assert shown(page, *texts[:9]) == []
    stage.visit(page, "/exemptions")
    page.locator("tbody tr").wait_for()
    assert shown(page, CORPUS[1], texts[0]) == []
    stage.visit(page, f"/exemptions/{exemption['id']}")
    page.locator(".timeline .entry").first.wait_for()
    assert shown(page, *texts[:9]) == []
    stage.visit(page, "/people")
    page.locator("tbody tr").wait_for()
    assert shown(page, CORPUS[1]) == []


def test_a_hostile_address_is_no_more_than_an_address(stage: Stage, page: Page) -> None:
    text = "<img src=x onerror=window.hacked=1>"
    for path in (f"/findings?q={text}&severity={text}&owner={text}", f"/resource?key={text}"):
        stage.visit(page, path)
        page.get_by_role("alert").wait_for()


def test_only_addresses_of_the_web_are_followed(page: Page) -> None:
    texts = ["javascript:alert(1)", "data:text/html,x", "vbscript:x", " ", "https://a.example/b?c"]

    safe = page.evaluate(
        "async texts => texts.map((await import('/dom.js')).safeUrl)",
        texts,
    )

    assert safe == [None, None, None, None, "https://a.example/b?c"]


def test_the_policy_itself_stops_what_would_slip_through(stage: Stage) -> None:
    """Were the page ever to turn a text into markup, the browser would refuse it."""
    page = stage.page()

    refusals = page.evaluate(
        """() => {
          const tries = [
            () => { document.body.innerHTML = '<img>'; },
            () => { document.body.setAttribute('onclick', 'window.hacked = 1');
                    document.body.click(); },
            () => { const s = document.createElement('script'); s.text = 'window.hacked = 1';
                    document.body.append(s); },
          ];
          return tries.map(act => { try { act(); return ''; } catch (e) { return e.name; } });
        }"""
    )

    assert refusals[0] == "TypeError"
    assert page.evaluate("window.hacked") is None
    page.context.close()
