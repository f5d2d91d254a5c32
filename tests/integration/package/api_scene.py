"""Everything that people ask of the API, once: what its function calls shows what it may need."""

from datetime import timedelta
from typing import Any

import boto3
import msgspec

from chalicelib.aws import SystemClock
from vigil.client import LOCAL_PATH, ApiClient
from vigil.local._principals import HOME_REGION, user_environment
from vigil.local.moto_server import EmbeddedAws

PEOPLE = ("ana", "ben")
RULE_ID = "ec2-sg-no-public-ssh"


def clients(aws: EmbeddedAws) -> dict[str, ApiClient]:
    """Return two people's clients of the API."""
    return {name: _client(aws, name) for name in PEOPLE}


def ask_everything(people: dict[str, ApiClient], resource_key: str) -> None:
    """Read, act, accept a risk between two people, and ask for an export."""
    ana, ben = (people[name] for name in PEOPLE)
    for name, client in people.items():
        me = client.call("GET", "/me")["identity"]
        key = f"{me['kind']}:{me['id']}"
        client.call("POST", "/people", body={"id": name, "name": name, "identities": [key]})
    finding = ana.call("GET", "/findings", {"rule_id": RULE_ID})["items"][0]["finding_id"]
    for path in ("", "/history"):
        ana.call("GET", f"/findings/{finding}{path}")
    ana.call("POST", f"/findings/{finding}/acknowledgement", body={"note": "on it"})
    ana.call("GET", "/resource", {"key": resource_key})
    ana.call("GET", "/resource", {"key": resource_key, "as_of": _in_days(1)})
    for path in ("/changes", "/rules", "/posture", "/health", "/exports", "/people"):
        ana.call("GET", path)
    _accept(ana, ben)
    window = {"from": _in_days(-2), "to": _in_days(0)}
    export = ana.call("POST", "/exports", body={"format": "pack", **window})
    ana.call("GET", f"/exports/{export['id']}")


def _accept(ana: ApiClient, ben: ApiClient) -> None:
    request: dict[str, Any] = {
        "scope": {"rule_id": RULE_ID},
        "reason": "torn down soon",
        "expires_at": _in_days(5),
    }
    exemption = ana.call("POST", "/exemptions", body=request)["id"]
    ben.call("POST", f"/exemptions/{exemption}/approval", body={})
    ana.call("GET", f"/exemptions/{exemption}")
    ana.call("GET", "/findings", {"exempt": "true"})


def _in_days(days: int) -> str:
    when = SystemClock().now() + timedelta(days=days)
    return msgspec.to_builtins(when)  # type: ignore[no-any-return] # a datetime becomes a text


def _client(aws: EmbeddedAws, name: str) -> ApiClient:
    keys = user_environment(aws.url, name)
    session = boto3.session.Session(
        keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region_name=HOME_REGION
    )
    return ApiClient(url=aws.url + LOCAL_PATH, session=session)
