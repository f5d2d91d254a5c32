"""The console as a person uses it: a browser, the real API, a store that holds what it shows."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from chalicelib.model import Finding, OwnerFrom, Reason, Severity
from tests.console import given
from tests.console.stage import Stage, staged

#: More than a page of 50; every tenth is of high severity, the others are low.
MANY = 60
PUBLIC = f"/findings/{1:032x}"
UNKNOWN = f"/findings/{2:032x}"
UNREADABLE = f"/findings/{3:032x}"
#: A browser's own controls may have it in between; nothing of the page behind may.
FOCUS_IS_HELD = """
    document.activeElement === document.body
    || document.querySelector('dialog').contains(document.activeElement)
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("console")) as stage:
        differences = given.DIFFERENCES
        stage.keep(
            given.history(given.finding(1, subject=given.subject()), differences=differences),
            [given.opened(_stood_there())],
            [given.opened(_hidden())],
            *([given.opened(_one_of_many(number))] for number in range(100, 100 + MANY)),
        )
        stage.log(given.row(1), given.row(2, disposition="refused", actor=None, detail="spoofed"))
        yield stage


@pytest.fixture(scope="module")
def page(stage: Stage) -> Page:
    return stage.page(timezone_id="America/New_York", locale="en-GB")


def _stood_there() -> Finding:
    subject = given.subject("old-bucket", owner="platform", owner_from=OwnerFrom.DEFAULT)
    return given.finding(2, subject=subject, cause=None, reason=Reason.FIRST_LOOK, due_at=None)


def _hidden() -> Finding:
    return given.finding(
        3,
        subject=given.subject("locked"),
        rule_id="vigil-resource-unreadable",
        severity=Severity.MEDIUM,
        gaps=(given.gap(),),
        evidence=(),
    )


def _one_of_many(number: int) -> Finding:
    severity = Severity.HIGH if number % 10 == 0 else Severity.LOW
    return given.finding(number, severity=severity, due_at=None)


def rows(page: Page, count: int) -> None:
    """Wait until the table has so many rows. The policy forbids waiting by a script's text."""
    expect(page.locator("tbody tr")).to_have_count(count)


def test_filters_stand_in_the_url_and_survive_reloading_and_going_back(
    stage: Stage, page: Page
) -> None:
    stage.visit(page, "/findings")
    page.locator("tbody tr").first.wait_for()

    page.get_by_role("checkbox", name="high").check(no_wait_after=True)
    page.wait_for_url("**/findings?severity=high")
    rows(page, 6)
    page.reload()
    rows(page, 6)
    shown = page.locator("tbody .sev").all_inner_texts()
    kept = page.get_by_role("checkbox", name="high").is_checked()
    page.go_back()
    rows(page, 50)

    assert set(shown) == {"high"}
    assert kept
    assert page.url == stage.at("/findings")


def test_a_text_filter_is_typed_and_entered(stage: Stage, page: Page) -> None:
    stage.visit(page, "/findings")
    page.get_by_label("Text").fill("old-bucket")

    page.keyboard.press("Enter")
    page.wait_for_url("**/findings?q=old-bucket")
    rows(page, 1)

    assert page.locator("tbody").inner_text().count("old-bucket") == 1


def test_more_findings_are_added_and_the_first_of_them_has_the_focus(
    stage: Stage, page: Page
) -> None:
    stage.visit(page, "/findings")
    more = page.get_by_role("button", name="Show more")
    more.click()
    rows(page, MANY + 3)

    assert more.is_hidden()
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 51


def test_a_finding_says_what_is_wrong_what_changed_who_did_it_and_proves_it(
    stage: Stage, page: Page
) -> None:
    stage.visit(page, PUBLIC)
    page.locator(".timeline").wait_for()
    text = page.locator("main").inner_text()

    told = (
        given.MESSAGE, "no public reader", '{"Principal":"*"}', "/properties/BucketPolicy",
        "not there", '{"Allow":"*"}', "release-42", "by infrastructure as code", "203.0.113.7",
        "PutBucketPolicy", "Block public access.", "Anyone on the internet",
        "from a tag of the resource", "overdue", "entry 2", "entry 1",
    )  # fmt: skip
    assert [phrase for phrase in told if phrase not in text] == []
    record = stage.other.call("GET", PUBLIC)
    assert record["integrity"]["hash"] in text


def test_nobody_is_named_where_nobody_is_proven(stage: Stage, page: Page) -> None:
    stage.visit(page, UNKNOWN)
    who = page.locator("section", has_text="Who did it")

    told = who.inner_text()

    assert "unknown" in told
    assert "It stood there when Vigil first looked" in told
    assert "release-42" not in page.locator("main").inner_text()
    assert "the default owner" in page.locator("main").inner_text()


def test_what_could_not_be_read_is_told_with_the_call_and_who_was_refused(
    stage: Stage, page: Page
) -> None:
    stage.visit(page, UNREADABLE)
    page.get_by_role("heading", name="What could not be read").wait_for()
    text = page.locator("main").inner_text()

    assert "s3:GetBucketPolicy" in text
    assert "AccessDenied" in text
    assert "assumed-role/vigil/reader" in text


def test_times_are_local_with_utc_behind_them(stage: Stage, page: Page) -> None:
    stage.visit(page, PUBLIC)
    shown = page.locator("section", has_text="Times").locator("time").first

    title = shown.get_attribute("title") or ""

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", title)
    assert title.startswith(f"{given.OPENED:%Y-%m-%dT%H:%M:%S}")
    local_hour = (given.OPENED.hour - 5) % 24
    assert re.search(rf"\b{local_hour:02d}:|\b{(local_hour + 1) % 24:02d}:", shown.inner_text())


def test_an_entry_leads_to_the_finding_as_it_was_then(stage: Stage, page: Page) -> None:
    stage.visit(page, PUBLIC)
    page.get_by_role("link", name="Finding as of then").last.click()
    page.locator(".banner").wait_for()

    assert "may be read by its own account" in page.locator(".message").inner_text()
    assert page.get_by_role("button", name="Acknowledge").count() == 0
    page.get_by_role("link", name="Show it as it is now").click()
    page.locator(".message", has_text="everybody").wait_for()


def test_a_finding_is_acknowledged_assigned_and_noted_with_the_keyboard_alone(
    stage: Stage, page: Page
) -> None:
    stage.visit(page, UNKNOWN)
    page.get_by_role("button", name="Acknowledge").focus()
    page.keyboard.press("Enter")
    page.locator("dialog").wait_for()
    held = []
    for _ in range(5):
        page.keyboard.press("Tab")
        held.append(page.evaluate(FOCUS_IS_HELD))
    page.get_by_label("Note").fill("I am on it.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".entry", has_text="I am on it.").wait_for()
    page.get_by_role("button", name="Assign").press("Enter")
    page.get_by_label("Who sees to it").fill("carol")
    page.keyboard.press("Enter")
    page.locator(".entry", has_text="Assigned").wait_for()

    record = stage.other.call("GET", UNKNOWN)
    history = stage.other.call("GET", f"{UNKNOWN}/history")["items"]
    assert all(held)
    assert (record["acknowledged_by"], record["assignee"]) == ("alice", "carol")
    assert [(e["kind"], e["by"] and e["by"]["name"]) for e in history] == [
        ("opened", None), ("acknowledged", "alice"), ("assigned", "alice"),
    ]  # fmt: skip
    assert page.locator("#live").inner_text() == "Assigned"


def test_what_the_api_refuses_is_told_in_the_dialog_which_stays(stage: Stage, page: Page) -> None:
    stage.visit(page, UNREADABLE)
    page.get_by_role("button", name="Assign").click()
    page.get_by_label("Who sees to it").fill("dave")
    stage.other.call("PUT", f"{UNREADABLE}/assignee", body={"assignee": "dave"})
    page.get_by_role("button", name="Assign", exact=True).last.click()

    error = page.locator("dialog .dialog-error p").first
    error.wait_for()

    assert "already assigned to dave" in error.inner_text()
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")


def test_one_person_asks_for_an_exemption_and_only_another_one_grants_it(
    stage: Stage, page: Page
) -> None:
    """Two people exist, each with one identity; who asked sees his approval refused."""
    me = stage.other.call("GET", "/me")["identity"]
    stage.visit(page, "/people")
    page.get_by_text("Nobody is known yet").wait_for()
    mine = page.evaluate(
        "fetch('/api/me', {headers: {'X-Vigil-Session': localStorage['vigil-session']}})"
        ".then(r => r.json()).then(m => m.identity)"
    )
    for name, identity in (("Alice", mine), ("Bob", me)):
        page.get_by_role("button", name="Add a person").click()
        page.get_by_label("Id", exact=True).fill(name.lower())
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("Identities").fill(f"{identity['kind']}:{identity['id']}")
        page.get_by_role("button", name="Add", exact=True).click()
        page.locator("tbody tr", has_text=name).wait_for()

    stage.visit(page, PUBLIC)
    page.get_by_role("button", name="Ask for an exemption").click()
    page.locator(".matched").wait_for()
    narrow = page.locator(".matched").inner_text()
    page.get_by_label("Resource", exact=True).fill("*")
    page.get_by_label("Reason").fill("The press kit is public on purpose.")
    page.locator(".matched:not(:text-is('1'))").wait_for()
    wide = page.locator(".matched").inner_text()
    page.get_by_label("Resource", exact=True).fill("prod-backups")
    page.get_by_label("Reason").focus()
    page.locator(".matched:text-is('1')").wait_for()
    page.get_by_role("button", name="Ask for it").click()
    page.locator("#live", has_text="Asked").wait_for()

    stage.visit(page, "/exemptions?status=requested")
    page.locator("tbody .row-link").click()
    page.get_by_role("button", name="Approve").click()
    page.locator("dialog").get_by_role("button", name="Approve").click()
    refusal = page.locator("dialog .dialog-error p").first
    refusal.wait_for()
    told = refusal.inner_text()
    exemption_id = page.url.rpartition("/")[2]
    stage.other.call("POST", f"/exemptions/{exemption_id}/approval", body={"note": "Fine."})
    page.reload()
    page.locator(".page-head .tag", has_text="in force").wait_for()
    exemption = page.locator("main").inner_text()
    stage.visit(page, PUBLIC)
    page.locator(".page-head .tag", has_text="exempt").wait_for()

    assert (narrow, int(wide)) == ("1", MANY + 2)
    assert "another person" in told or "yourself" in told
    assert "Fine." in exemption
    assert "The press kit is public on purpose." in page.locator("main").inner_text()


def test_changes_say_what_became_of_them(stage: Stage, page: Page) -> None:
    stage.visit(page, "/changes")
    rows(page, 2)
    text = page.locator("tbody").inner_text()

    assert "judged" in text
    assert "refused: not from CloudTrail" in text
    assert "not kept" in text
    assert "release-42" in text


def test_an_export_shows_its_progress_and_brings_its_file(
    stage: Stage, page: Page, tmp_path: Path
) -> None:
    stage.visit(page, "/exports")
    page.get_by_label("Format").select_option("csv")
    page.get_by_role("button", name="Export").click()
    ready = page.get_by_role("button", name="Download")
    ready.wait_for()
    with page.expect_download() as downloading:
        ready.click()
    file = tmp_path / "export.csv"
    downloading.value.save_as(file)

    assert given.MESSAGE in file.read_text(encoding="utf-8")
    assert re.search(r"SHA-256\s+[0-9a-f]{64}", page.locator(".job").inner_text())


def test_the_overview_counts_and_leads_to_what_it_counts(stage: Stage, page: Page) -> None:
    stage.visit(page, "/?days=7")
    page.locator(".chart path").first.wait_for()
    page.get_by_text("Vigil 0").wait_for()

    page.locator(".bars a", has_text="high").first.click()
    page.wait_for_url("**/findings?severity=high")

    rows(page, 6)


def test_what_is_on_its_way_is_grey_lines_and_what_failed_is_told_with_a_way_on(
    stage: Stage, page: Page
) -> None:
    problem = '{"title":"Too busy","status":503,"detail":"The store is overloaded."}'
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/findings?*", hold)
    stage.visit(page, "/findings")
    page.locator(".skeleton[aria-busy]").wait_for()
    held[0].fulfill(status=503, content_type="application/problem+json", body=problem)
    page.get_by_role("alert").wait_for()
    told = page.get_by_role("alert").inner_text()
    page.unroute("**/api/findings?*")
    page.get_by_role("button", name="Try again").click()
    page.locator("tbody tr").first.wait_for()

    assert "Too busy" in told
    assert "The store is overloaded." in told


def test_an_empty_list_says_that_it_is_empty_and_what_to_do(stage: Stage, page: Page) -> None:
    stage.visit(page, "/findings?q=nowhere-to-be-found")

    page.get_by_text("No finding matches").wait_for()
    page.get_by_role("link", name="Clear all filters").click()
    page.locator("tbody tr").first.wait_for()


@pytest.mark.parametrize("path", ["/nothing-here", "/findings/unknown"])
def test_what_is_not_there_is_said_to_be_not_there(stage: Stage, page: Page, path: str) -> None:
    stage.visit(page, path)

    page.get_by_text(re.compile("no such|not|nothing", re.IGNORECASE)).first.wait_for()


def test_a_browser_that_was_not_given_the_address_is_told_how_to_get_in(stage: Stage) -> None:
    context = stage.browser.new_context()
    page = context.new_page()
    page.goto(stage.at("/findings"))

    page.get_by_role("alert").get_by_text("Open the address").wait_for()

    assert page.locator("tbody tr").count() == 0
    context.close()
