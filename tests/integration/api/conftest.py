"""The API over HTTP: the local Vigil, its gateway, and people who call with keys of their own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from chalicelib.aws import Clients
from chalicelib.evaluate.bundle import bundle_from
from chalicelib.findings._tables import FINDINGS, HISTORY, LEDGER
from chalicelib.model import Severity
from tests.integration.findings.seeding import finding, put_findings, put_rows
from tests.unit.findings.given import REF, ledger_row
from vigil.client import LOCAL_PATH, ApiClient, Response
from vigil.local._gateway import API, handler
from vigil.local._principals import HOME_REGION, user_environment
from vigil.local.environment import LocalVigil
from vigil.local.moto_server import EmbeddedAws
from vigil.rulefiles import load_rule, resource_types

PEOPLE = ("alice", "bob")
ACTOR = "mallory"
RULE = Path(__file__).parents[3] / "rules" / "ec2" / "ec2-sg-no-public-ssh.yaml"


@dataclass(frozen=True, kw_only=True)
class Api:
    """A running API.

    Attributes:
        people: Name → client that signs with this user's keys.
        keys: Name → what to export to act as this user.
    """

    url: str
    vigil: LocalVigil
    people: Mapping[str, ApiClient]
    keys: Mapping[str, Mapping[str, str]]

    def call(
        self, method: str, path: str, body: Any = None, *, by: str = "alice", **query: str
    ) -> Response:
        """Call it and return whatever it answers; ``from_`` stands for ``from``."""
        said = {name.rstrip("_"): value for name, value in query.items()}
        sent = b"" if body is None else msgspec.json.encode(body)
        return self.people[by].request(method, path, said, sent)

    def done(self, method: str, path: str, body: Any = None, **more: str) -> Any:
        """Call it and return the document of a success."""
        answer = self.call(method, path, body, **more)
        assert 200 <= answer.status < 300, answer.body
        return msgspec.json.decode(answer.body)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The API of a fresh local Vigil in which a few findings stand."""
    bundle = tmp_path_factory.mktemp("vigil") / "bundle.json"
    bundle.write_bytes(bundle_from([load_rule(RULE, resource_types()).rule]))
    settings = {"VIGIL_BUNDLE": str(bundle)}
    with (
        EmbeddedAws(require_trail=False, managed_policies=False) as aws,
        # Nothing else runs: nobody looks at what is changed here, or tells of it.
        LocalVigil(aws, {API: handler}, (), settings) as vigil,
    ):
        seed(aws.account_id)
        keys = {name: user_environment(aws.url, name) for name in PEOPLE}
        url = aws.url + LOCAL_PATH
        yield Api(
            url=url,
            vigil=vigil,
            keys=keys,
            people={name: ApiClient(url=url, session=session_of(keys[name])) for name in PEOPLE},
        )


def session_of(keys: Mapping[str, str]) -> boto3.session.Session:
    """Return the session of somebody."""
    return boto3.session.Session(
        keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region_name=HOME_REGION
    )


def seed(account_id: str) -> None:
    """Put findings and changes into the tables of the local Vigil."""
    client = Clients().client("dynamodb")
    found = (
        finding(name, severity=grade, ref=replace(REF, account_id=account_id, id=name))
        for grade in (Severity.CRITICAL, Severity.HIGH, Severity.LOW)
        for name in (f"front-{grade.value}", f"back-{grade.value}")
    )
    put_findings(client, FINDINGS, HISTORY, *found)
    put_rows(client, LEDGER, ledger_row(account_id=account_id, region=HOME_REGION, actor=ACTOR))
