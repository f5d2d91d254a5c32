"""What the page calls things: states, histories and persons, in a reader's words."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.export._markup import Html, element, joined

VALUE_LIMIT_CHARS = 600

#: What an entry of the history says, by its kind; a kind that is missing is shown as it is.
KINDS: Mapping[str, str] = {
    "opened": "Opened",
    "reopened": "Opened again",
    "updated": "Evidence or severity changed",
    "attributed": "Cause proven",
    "resolved": "Resolved",
    "acknowledged": "Acknowledged",
    "assigned": "Assigned",
    "noted": "Noted",
    "exempted": "Exempted",
    "exemption-ended": "Exemption ended",
}
REASONS: Mapping[str, str] = {
    "change": "a change",
    "time": "time passed",
    "first-look": "the first look at it",
    "rule-change": "the rule changed",
    "companion": "something it depends on changed",
    "person": "a person",
    "resource_deleted": "the resource was deleted",
}
_VIA: Mapping[str, str] = {
    "console": "the console",
    "cli-or-sdk": "CLI or SDK",
    "iac": "infrastructure as code",
    "aws-service": "an AWS service",
}
_OWNER_FROM: Mapping[str, str] = {
    "tag": "by a tag of the resource",
    "account": "owner of the account",
    "default": "by default",
}
_UNKNOWN_WHO = "Unknown: no event seen so far explains it"


def code(value: str) -> Html:
    """Return an identifier."""
    return element("code", value)


def when(stamp: str | None) -> str:
    """Return an instant as the page shows it: to the second, in UTC."""
    return f"{stamp[:10]} {stamp[11:19]}" if stamp else ""


def value(found: Any) -> Html:
    """Return a JSON value for a person: bounded, “nothing” where there is none."""
    if found is None:
        return element("span", "nothing", class_="mute")
    shown = found if isinstance(found, str) else _json(found)
    return code(shown if len(shown) <= VALUE_LIMIT_CHARS else shown[:VALUE_LIMIT_CHARS] + "…")


def who(cause: Mapping[str, Any] | None) -> Html:
    """Return who did it and how, as far as that is proven."""
    if cause is None:
        return element("span", _UNKNOWN_WHO, class_="mute")
    actor = cause["actor"]
    how = [code(cause["event_name"])]
    if actor["source_ip"]:
        how += [joined((" from ", code(actor["source_ip"])))]
    if via := actor["tool"] or _VIA.get(actor["via"]):
        how += [joined((" via ", via))]
    name = element("b", actor["person"] or actor["name"])
    at = f" at {when(cause['event_time'])}"
    return joined((name, " by ", *how, at, _role(actor), _event(cause)))


def owner(record: Mapping[str, Any]) -> Html | None:
    """Return who is said to own the resource, and what says so."""
    found = record["owner"]
    if found is None:
        return None
    source = _OWNER_FROM.get(found["from"] or "", "")
    return joined((found["name"], element("span", f" {source}", class_="mute")))


def named(person: Mapping[str, Any] | None) -> str:
    """Return an identity by its name; empty where nobody is named."""
    return str(person["name"]) if person else ""


def _role(actor: Mapping[str, Any]) -> Html | None:
    return joined((element("br"), code(actor["arn"]))) if actor["arn"] else None


def _event(cause: Mapping[str, Any]) -> Html | None:
    if not cause["event_id"]:
        return None
    return joined((element("br"), "CloudTrail event ", code(cause["event_id"])))


def _json(found: Any) -> str:
    return msgspec.json.encode(found, order="sorted").decode()
