"""People read findings, act on them and accept risks over HTTP, each under a name AWS proves."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import urllib3

from chalicelib.api._endpoints import SECURITY_HEADERS
from chalicelib.aws import SystemClock
from tests.integration.api.conftest import ACTOR, Api, session_of
from tests.unit.findings.given import KIND, RULE_ID
from vigil.client import ApiClient

NOBODY = "0" * 32
LONG_AGO, SOON_AFTER = "2025-01-01T00:00:00Z", "2026-01-01T13:00:00Z"
GROUP_RULE = "ec2-sg-no-public-ssh"


def first(api: Api, **query: str) -> Mapping[str, Any]:
    items = api.done("GET", "/findings", **query)["items"]
    assert items
    return dict(items[0])


# Reading


def test_findings_are_listed_by_the_page_worst_first(api: Api) -> None:
    page = api.done("GET", "/findings", limit="4")
    rest = api.done("GET", "/findings", limit="4", cursor=page["next"])

    severities = [one["severity"] for one in (*page["items"], *rest["items"])]
    assert severities == ["critical"] * 2 + ["high"] * 2 + ["low"] * 2
    assert rest["next"] is None


def test_filters_come_from_the_query(api: Api) -> None:
    found = api.done("GET", "/findings", severity="high,low", q="BACK")["items"]

    assert [one["resource_id"] for one in found] == ["back-high", "back-low"]


def test_a_finding_is_told_whole_as_it_is_and_as_it_was(api: Api) -> None:
    path = f"/findings/{first(api, q='front-low')['finding_id']}"

    now, then = api.done("GET", path), api.done("GET", path, as_of=SOON_AFTER)

    assert now["message"] == "front-low is open"
    assert now["compliance"] == "NON_COMPLIANT"
    assert {**then, "overdue": None} == {**now, "overdue": None}
    assert api.call("GET", path, as_of=LONG_AGO).status == 404


def test_a_resource_is_told_with_its_findings(api: Api) -> None:
    one = first(api)
    key = "#".join((one["account_id"], one["region"], KIND, one["resource_id"]))

    now, then = (api.done("GET", "/resource", key=key, **q) for q in ({}, {"as_of": SOON_AFTER}))

    assert [f["finding_id"] for f in now["findings"]] == [one["finding_id"]]
    assert [f["finding_id"] for f in then["findings"]] == [one["finding_id"]]
    assert (now["key"], now["arn"], now["item"]) == (key, one["resource_arn"], None)


@pytest.mark.parametrize(
    "key",
    ["x", "#", "###", "999999999999#r#t#i", "123456789012#r#t#nothing", "123456789012##t#i"],
)
def test_a_resource_that_nobody_knows_is_not_found(api: Api, key: str) -> None:
    assert api.call("GET", "/resource", key=key).status == 404


def test_changes_are_listed_with_whoever_made_them(api: Api) -> None:
    found = api.done("GET", "/changes", from_="2026-01-01T00:00:00Z", to=SOON_AFTER)

    assert [(one["event_name"], one["actor"]) for one in found["items"]] == [("OpenDoor", ACTOR)]
    assert api.done("GET", "/changes", from_=LONG_AGO, to="2025-01-01T05:00:00Z")["items"] == []


@pytest.mark.parametrize(
    "window",
    [{"from_": SOON_AFTER, "to": LONG_AGO}, {"from_": "1999-01-01T00:00:00Z"}],
    ids=["ends before it begins", "longer than the ledger is kept"],
)
def test_a_window_that_is_none_is_refused(api: Api, window: Mapping[str, str]) -> None:
    assert api.call("GET", "/changes", **window).status == 400


def test_rules_in_force_are_listed_and_told(api: Api) -> None:
    listed = {one["id"]: one for one in api.done("GET", "/rules")["items"]}

    assert api.done("GET", f"/rules/{GROUP_RULE}") == listed[GROUP_RULE]
    assert api.call("GET", "/rules/no-such-rule").status == 404


def test_health_and_posture_say_how_things_stand(api: Api) -> None:
    health, posture = api.done("GET", "/health"), api.done("GET", "/posture", days="1")

    assert health["status"] == "ok", health
    assert {check["name"] for check in health["checks"]} >= {"findings", "rules", "register"}
    assert posture["now"]["open"]["critical"] == 2
    assert [point["critical"] for point in posture["series"]] == [2]


def test_short_lists_come_by_the_page_too(api: Api) -> None:
    enrol(api)

    first = api.done("GET", "/people", limit="1")
    second = api.done("GET", "/people", limit="1", cursor=first["next"])

    assert [one["id"] for page in (first, second) for one in page["items"]] == ["alice", "bob"]
    assert second["next"] is None
    assert api.call("GET", "/rules", limit="1", cursor=first["next"]).status == 400


# Acting


def test_what_somebody_does_stands_in_the_history_under_their_name(api: Api) -> None:
    path = f"/findings/{first(api, q='front-high')['finding_id']}"

    api.done("POST", f"{path}/acknowledgement", {"note": "on it"})
    api.done("PUT", f"{path}/assignee", {"assignee": "bob"})
    record = api.done("POST", f"{path}/notes", {"note": "asked the vendor"}, by="bob")

    history = api.done("GET", f"{path}/history", limit="3")
    rest = api.done("GET", f"{path}/history", cursor=history["next"])
    told = [
        (one["kind"], one["by"] and one["by"]["name"], one["note"])
        for one in (*history["items"], *rest["items"])
    ]
    assert told == [
        ("opened", None, None),
        ("acknowledged", "alice", "on it"),
        ("assigned", "alice", None),
        ("noted", "bob", "asked the vendor"),
    ]
    assert (record["acknowledged_by"], record["assignee"]) == ("alice", "bob")
    assert record["integrity"]["hash"] == rest["items"][-1]["hash"]
    assert first(api, assignee="bob")["acknowledged_at"]


def test_an_exemption_holds_once_another_person_approved_it(api: Api) -> None:
    enrol(api)
    scope = {"rule_id": RULE_ID, "resource": "back-*"}
    preview = api.done("POST", "/exemptions/preview", {"scope": scope})

    asked = api.done(
        "POST", "/exemptions", {"scope": scope, "reason": "torn down soon", "expires_at": later()}
    )
    path = f"/exemptions/{asked['id']}"
    own = api.call("POST", f"{path}/approval", {})
    approved = api.done("POST", f"{path}/approval", {"note": "fine"}, by="bob")
    again = api.call("POST", f"{path}/approval", {}, by="bob")

    assert (preview["matched"], asked["status"], asked["in_force"]) == (3, "requested", False)
    assert (own.status, again.status) == (403, 409)
    assert (approved["in_force"], approved["decided_by"]["person"]) == (True, "bob")
    assert len(api.done("GET", "/findings", exempt="true")["items"]) == 3
    assert first(api, exempt="true")["exemption"]["id"] == asked["id"]
    assert [one["kind"] for one in api.done("GET", path)["history"]] == [
        "exemption-requested",
        "exemption-approved",
    ]
    api.done("POST", f"{path}/revocation", {}, by="alice")
    assert api.done("GET", "/findings", exempt="true")["items"] == []
    assert api.done("GET", "/exemptions", in_force="true")["items"] == []
    assert len(api.done("GET", "/exemptions", status="revoked")["items"]) == 1


def later() -> str:
    """Return an end within what may be asked for, whatever the clock of this machine says."""
    return (SystemClock().now() + timedelta(days=10)).isoformat()


def enrol(api: Api) -> None:
    """Make the callers persons, once."""
    if api.done("GET", "/people")["items"]:
        return
    for name in ("alice", "bob"):
        me = api.done("GET", "/me", by=name)["identity"]
        key = f"{me['kind']}:{me['id']}"
        api.done("POST", "/people", {"id": name, "name": name, "identities": [key]}, by=name)
    assert [one["id"] for one in api.done("GET", "/people")["items"]] == ["alice", "bob"]
    assert api.done("GET", "/me", by="bob")["person"] == "bob"


def test_an_export_is_asked_for_and_waits_its_turn(api: Api) -> None:
    asked = api.done(
        "POST", "/exports", {"format": "jsonl", "from": "2026-01-01T00:00:00Z", "to": SOON_AFTER}
    )

    export = api.done("GET", f"/exports/{asked['id']}")

    assert (export["status"], export["url"], export["requested_by"]["name"]) == (
        "queued",
        None,
        "alice",
    )
    assert api.done("GET", "/exports")["items"][0]["id"] == asked["id"]


# Refusals


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"/findings/{NOBODY}", None, 404),
        ("GET", "/findings/..%2F..", None, 404),
        ("GET", f"/findings/{quote(chr(233) * 50)}", None, 404),
        ("GET", "/findings?colour=red", None, 400),
        ("GET", "/findings?limit=1&limit=2", None, 400),
        ("GET", "/findings?q=%ff", None, 200),
        ("GET", "/findings?cursor=abc", None, 400),
        ("POST", f"/findings/{NOBODY}/notes", {"note": "x"}, 404),
        ("POST", f"/findings/{NOBODY}/notes", {}, 422),
        ("POST", f"/findings/{NOBODY}/notes", {"note": "x" * 70_000}, 413),
        ("POST", "/exemptions", {"scope": {"rule_id": "*"}}, 422),
        ("POST", "/exemptions/preview", {"scope": {"rule_id": "*"}}, 422),
        ("POST", f"/exemptions/ex-{'0' * 16}/approval", {}, 404),
        ("DELETE", "/people/nobody", None, 404),
        ("POST", "/people", {"id": "x", "name": "x", "identities": ["root:1"]}, 422),
        ("GET", "/exports/nothing", None, 404),
        ("POST", "/exports", {"format": "xml", "from": LONG_AGO, "to": SOON_AFTER}, 422),
    ],
)
def test_what_cannot_be_done_is_a_problem(
    api: Api, method: str, path: str, body: Any, status: int
) -> None:
    answer = api.call(method, path, body)

    document = json.loads(answer.body)
    assert answer.status == status, document
    if status >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert document["status"] == status
        assert document["type"].startswith("urn:vigil:problem:")


@pytest.mark.parametrize("path", ["/health", "/findings?colour=red"], ids=["success", "problem"])
def test_every_answer_has_the_headers_that_keep_browsers_out(api: Api, path: str) -> None:
    headers = {name.lower(): value for name, value in api.call("GET", path).headers.items()}

    assert headers.items() >= {n.lower(): v for n, v in SECURITY_HEADERS.items()}.items()


def test_another_media_type_is_a_problem_too(api: Api) -> None:
    signed = api.people["alice"]._signed("POST", api.url + "/people", b"x=1")
    headers = {**signed, "Content-Type": "text/plain"}

    answer = urllib3.request("POST", api.url + "/people", body=b"x=1", headers=headers)

    assert answer.status == 415
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing"), ("DELETE", "/findings"), ("GET", "/findings//history"), ("GET", "/")],
)
def test_a_route_that_is_not_there_is_refused_as_api_gateway_does(
    api: Api, method: str, path: str
) -> None:
    answer = api.call(method, path)

    assert (answer.status, json.loads(answer.body)) == (
        403,
        {"message": "Missing Authentication Token"},
    )


def test_nobody_is_let_in_without_a_signature_or_with_a_key_that_nobody_knows(api: Api) -> None:
    stranger = session_of({"AWS_ACCESS_KEY_ID": "AKIASTRANGER", "AWS_SECRET_ACCESS_KEY": "x"})

    unsigned = urllib3.request("GET", api.url + "/findings")
    unknown = ApiClient(url=api.url, session=stranger).request("GET", "/findings")

    assert (unsigned.status, unknown.status) == (403, 403)


def test_nothing_failed_on_the_way(api: Api) -> None:
    assert not api.vigil.bus.failures
