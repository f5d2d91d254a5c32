"""Every page on a telephone and on a desk, light and dark, by the keyboard, and what it weighs."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from chalicelib.findings._items import item_of_finding
from tests.console import given
from tests.console.stage import Stage, staged

LIMIT_BYTES = 150_000
FEW, MANY = 500, 10_000
BATCH = 25
FINDING = f"/findings/{1:032x}"
KEY = f"{given.ACCOUNT}%23eu-west-1%23AWS::S3::Bucket%23prod-backups"
PAGES = {
    "/": ".totals",
    "/findings": "tbody tr",
    FINDING: ".timeline .entry",
    f"/resource?key={KEY}": ".page .panel, .failure",
    "/changes": "tbody tr",
    "/exemptions": ".empty, tbody tr",
    "/people": ".empty, tbody tr",
    "/exports": ".jobs, .empty",
}
TELEPHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("screens")) as stage:
        first = given.finding(1, subject=given.subject())
        stage.keep(given.history(first, differences=given.DIFFERENCES))
        stage.log(*(given.row(n, disposition="refused") for n in range(1, 4)))
        fill(stage, range(2, FEW))
        yield stage


def fill(stage: Stage, numbers: range) -> None:
    """Write findings without their histories: for how many there are only lists matter."""
    database, found = stage.database(), [given.finding(number) for number in numbers]
    puts = [{"PutRequest": {"Item": item_of_finding(given.opened(one), one)}} for one in found]
    for start in range(0, len(puts), BATCH):
        database.batch_write_item(RequestItems={"vigil-findings": puts[start : start + BATCH]})


def luminance(page: Page) -> float:
    """Return how bright the page behind everything is, from 0 to 255."""
    channels = page.evaluate(
        "getComputedStyle(document.documentElement).backgroundColor.match(/[0-9]+/g).map(Number)"
    )
    return sum(channels[:3]) / 3


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(TELEPHONE, "dark", id="390 px, dark"),
        pytest.param(DESK, "light", id="1440 px, light"),
        pytest.param(TELEPHONE, "light", id="390 px, light", marks=pytest.mark.slow),
        pytest.param(DESK, "dark", id="1440 px, dark", marks=pytest.mark.slow),
    ],
)
def test_every_page_fits_and_follows_the_colour_scheme(
    stage: Stage, size: dict[str, int], scheme: str
) -> None:
    page = stage.page(viewport=size, color_scheme=scheme)
    wide = []
    for path, sign in PAGES.items():
        stage.visit(page, path)
        page.locator(sign).first.wait_for()
        wide.append((path, page.evaluate("document.documentElement.scrollWidth - innerWidth")))

    assert [one for one in wide if one[1] > 0] == []
    assert (luminance(page) > 200) == (scheme == "light")
    page.context.close()


def test_on_a_telephone_rows_are_cards_that_name_their_parts(stage: Stage) -> None:
    page = stage.page(viewport=TELEPHONE)
    stage.visit(page, "/findings")
    row = page.locator("tbody tr").first
    row.wait_for()

    assert row.evaluate("row => getComputedStyle(row).display") == "grid"
    owner = row.locator("td[data-label=Owner]")
    assert owner.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Owner"'
    expect(page.locator("thead")).to_have_css("clip-path", "inset(50%)")
    page.context.close()


def test_the_keyboard_alone_reaches_the_content_every_control_and_every_row(stage: Stage) -> None:
    page = stage.page()
    stage.visit(page, "/findings")
    page.locator("tbody tr").first.wait_for()
    expected = page.locator("a[href], button, input, select, summary").evaluate_all(
        "all => all.filter(one => one.checkVisibility() && !one.disabled).length"
    )
    page.keyboard.press("Tab")
    skip = page.evaluate("document.activeElement.className")
    reached = []
    for _ in range(expected):
        reached.append(page.evaluate(WHERE))
        page.keyboard.press("Tab")

    assert skip == "skip"
    assert len({place for place, _ in reached if place}) == expected
    assert [place for place, outlined in reached if place and not outlined] == []
    page.context.close()


#: Which element has the focus, and whether one can see that it has.
WHERE = """(() => {
  const one = document.activeElement;
  if (one === document.body) return ['', true];
  const all = [...document.querySelectorAll('a[href], button, input, select, summary')];
  const seen = one => ['', '::after'].some(part => {
    const style = getComputedStyle(one, part || null);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  });
  const next = one.nextElementSibling;
  return [`${all.indexOf(one)}`, seen(one) || (next && seen(next)) || one.className === 'skip'];
})()"""


def test_the_skip_link_leads_to_the_content(stage: Stage) -> None:
    page = stage.page()
    stage.visit(page, "/findings")
    page.locator("tbody tr").first.wait_for()

    page.keyboard.press("Tab")
    box = page.get_by_role("link", name="Skip to content").bounding_box()
    page.keyboard.press("Enter")

    assert box
    assert box["y"] >= 0
    assert page.evaluate("document.activeElement.id") == "main"
    page.context.close()


def test_nothing_moves_for_who_asked_for_no_motion(stage: Stage) -> None:
    page = stage.page()
    page.evaluate("document.querySelector('main').className = 'bone'")

    expect(page.locator("main")).to_have_css("animation-name", "none")
    page.context.close()


def weight_of(stage: Stage, path: str) -> tuple[int, int]:
    """Open a page in a fresh browser; return the bytes it took and its rows."""
    page = stage.page()
    network = page.context.new_cdp_session(page)
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(stage.at(path))
    page.locator("tbody tr").first.wait_for()
    page.wait_for_load_state("networkidle")
    rows = page.locator("tbody tr").count()
    page.context.close()
    return int(sum(sizes)), rows


def test_the_first_page_of_many_findings_is_small(stage: Stage) -> None:
    weight, rows = weight_of(stage, "/findings")

    assert rows == 50
    assert 10_000 < weight <= LIMIT_BYTES / 2


@pytest.mark.slow
def test_the_first_page_of_ten_thousand_findings_is_small(stage: Stage) -> None:
    fill(stage, range(FEW, MANY + 1))

    weight, rows = weight_of(stage, "/findings")

    assert rows == 50
    assert 10_000 < weight <= LIMIT_BYTES
