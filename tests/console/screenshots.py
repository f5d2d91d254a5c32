"""Writes the screenshots of the guide: `python -m tests.console.screenshots`.

What they show is the demo: the deployed functions caught it, the real API told it. Look at every
picture before you commit it.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from playwright.sync_api import Browser, Page
from rich.console import Console

from chalicelib.findings.postures import DynamoPostures
from tests.console.browser import ROOT, chromium
from vigil.client import ApiClient
from vigil.console.server import ConsoleServer
from vigil.demo.scenes import SCENES
from vigil.demo.stage import BUCKET, IDLE_ROLES, SECOND_BUCKET, Stage
from vigil.local._principals import client_for
from vigil.local.console import api_as, console_as

FOLDER = ROOT / "docs" / "images"
LIMIT_BYTES = 300_000
SIZES: Mapping[int, Mapping[str, int]] = {
    1440: {"width": 1440, "height": 900},
    390: {"width": 390, "height": 844},
}
DESK_LIGHT, DESK_DARK = (1440, "light"), (1440, "dark")
TELEPHONE_LIGHT, TELEPHONE_DARK = (390, "light"), (390, "dark")
#: Page → what is there once it is ready, and how it is shown.
PICTURES: Mapping[str, tuple[str, tuple[tuple[int, str], ...]]] = {
    "overview": (".chart path", (DESK_LIGHT, DESK_DARK, TELEPHONE_LIGHT, TELEPHONE_DARK)),
    "findings": ("tbody tr", (DESK_LIGHT, DESK_DARK, TELEPHONE_LIGHT)),
    "finding": (".timeline .entry", (DESK_LIGHT, DESK_DARK, TELEPHONE_DARK)),
    "resource": (".document", (DESK_LIGHT,)),
    "changes": ("tbody tr", (DESK_LIGHT,)),
    "exemptions": ("tbody tr", (DESK_LIGHT, TELEPHONE_DARK)),
    "people": ("tbody tr", (DESK_LIGHT,)),
    "export": (".job", (DESK_LIGHT,)),
    "ask": (".matched", (DESK_LIGHT,)),
}


def main() -> None:
    """Play the demo and take the pictures."""
    os.environ["POWERTOOLS_LOG_LEVEL"] = "CRITICAL"
    # Only now: the functions' loggers read their level when they are imported.
    from vigil.demo.runner import play_all, staged  # noqa: PLC0415 - see above

    FOLDER.mkdir(parents=True, exist_ok=True)
    with staged(0) as stage, console_as(stage.admin) as console, chromium() as browser:
        for number, scene in enumerate(SCENES):
            play_all(stage, Console(quiet=True), [scene])
            _count(stage, ago=_BETWEEN * (len(SCENES) - number))
        paths = _worked_on(stage)
        _count(stage)
        for name, (sign, looks) in PICTURES.items():
            for width, scheme in looks:
                _picture(browser, console, name, paths[name], sign, width, scheme)


def _count(stage: Stage, ago: timedelta = timedelta()) -> None:
    """Count what is open; `ago` remembers it as of then, for the story takes less than an hour."""
    vigil = stage.vigil
    assert vigil
    vigil.run_schedule("posture")
    database = client_for(vigil.environment["AWS_ENDPOINT_URL_DYNAMODB"], "dynamodb")
    postures = DynamoPostures(database, vigil.environment["VIGIL_WORK_TABLE"])
    counted = postures.latest(stage.aws.account_id)
    assert counted
    postures.keep(stage.aws.account_id, replace(counted, at=counted.at - ago))


def _worked_on(stage: Stage) -> dict[str, str]:
    """Let two people work on what was found; return page → path."""
    one, other = api_as(stage.admin), api_as(_somebody(stage, "lee"))
    for api, person, name in ((one, "dana", "Dana Admin"), (other, "lee", "Lee Reviewer")):
        me = api.call("GET", "/me")["identity"]
        key = f"{me['kind']}:{me['id']}"
        body = {"id": person, "name": name, "identities": [key]}
        one.call("POST", "/people", body=body)
    found = one.call("GET", "/findings", {"q": BUCKET, "severity": "critical"})["items"][0]
    path = f"/findings/{found['finding_id']}"
    one.call("POST", f"{path}/acknowledgement", body={"note": "Asked the data team about it."})
    one.call("PUT", f"{path}/assignee", body={"assignee": "dana"})
    _accept(one, other)
    start, end = (f"{datetime.now(UTC) - ago:%Y-%m-%dT%H:%M:%S.000Z}" for ago in _WINDOW)
    one.call("POST", "/exports", body={"format": "pack", "from": start, "to": end})
    if stage.vigil:
        stage.vigil.idle(20.0)
    key = "#".join(found[k] for k in ("account_id", "region", "resource_type", "resource_id"))
    return {
        "overview": "/?days=7",
        "findings": "/findings",
        "finding": path,
        "ask": path,
        "resource": f"/resource?key={quote(key, safe='')}",
        "changes": "/changes",
        "exemptions": "/exemptions",
        "people": "/people",
        "export": "/exports",
    }


#: Between two scenes, in the chart.
_BETWEEN = timedelta(hours=6)
_WINDOW = (timedelta(days=30), timedelta())


def _somebody(stage: Stage, name: str) -> dict[str, str]:
    iam = stage.client("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    secrets = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    return {**stage.admin, **secrets}


def _accept(one: ApiClient, other: ApiClient) -> None:
    until = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M:%S.000Z}"
    everywhere = {"account": "*", "region": "*"}
    idle = one.call("GET", "/findings", {"q": IDLE_ROLES[0]})["items"][0]["rule_id"]
    asked = [
        one.call(
            "POST",
            "/exemptions",
            body={"scope": everywhere | scope, "reason": why, "expires_at": until},
        )
        for scope, why in (
            (
                {"rule_id": idle, "resource": "demo-old-*"},
                "Needed until the new pipeline runs in July.",
            ),
            ({"rule_id": "*", "resource": SECOND_BUCKET}, "Reviewed; moves next week."),
        )
    ]
    other.call("POST", f"/exemptions/{asked[0]['id']}/approval", body={"note": "Until July."})


@contextmanager
def _shown(browser: Browser, console: ConsoleServer, width: int, scheme: str) -> Iterator[Page]:
    context = browser.new_context(
        viewport=SIZES[width], color_scheme=scheme, reduced_motion="reduce", locale="en-GB"
    )
    page = context.new_page()
    page.goto(console.url)
    page.locator("#who .who-name").wait_for()
    yield page
    context.close()


def _picture(  # noqa: PLR0917 - one thing per parameter
    browser: Browser,
    console: ConsoleServer,
    name: str,
    path: str,
    sign: str,
    width: int,
    scheme: str,
) -> None:
    file = FOLDER / f"console-{name}-{scheme}-{width}.png"
    with _shown(browser, console, width, scheme) as page:
        page.goto(console.origin + path)
        if name == "ask":
            page.get_by_role("button", name="Ask for an exemption").click()
        page.locator(sign).first.wait_for()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=file)
    size = file.stat().st_size
    print(f"{file.relative_to(ROOT)}  {size / 1000:.0f} kB")  # noqa: T201 - a command
    if size > LIMIT_BYTES:
        raise SystemExit(f"{file.name} is too large to be kept in the repository")


if __name__ == "__main__":
    main()
