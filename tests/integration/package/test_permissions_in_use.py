"""Every call that a function really makes is in its policy, on the very table and queue.

The functions run as deployed, on the embedded AWS; what they call is read from botocore's own log.
"""

import contextvars
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.aws import Clients
from chalicelib.evaluate.bundle import bundle_from
from chalicelib.findings._tables import WORK
from chalicelib.model.ruleset import Ruleset
from tests.integration.package.api_scene import ask_everything, clients
from vigil.deploying import Place, deploy
from vigil.local._principals import HOME_REGION, client_for
from vigil.local.deployment import HANDLERS
from vigil.local.environment import LocalVigil
from vigil.local.moto_server import EmbeddedAws
from vigil.package.catalogue import Catalogue
from vigil.package.patterns import event_patterns
from vigil.package.permissions import GRANTS
from vigil.package.plan import FUNCTIONS

IDLE_SECONDS = 60
RULES_BUCKET = "vigil-rules"
#: What the scene is about; the looks of all types are compared to declarations elsewhere.
JUDGED = ("AWS::EC2::SecurityGroup", "AWS::S3::Bucket")
#: What an operation is called in IAM, where the two differ.
ACTIONS = {
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}
SETTINGS = {
    "VIGIL_SLACK_SPACING_SECONDS": "0",
    "VIGIL_SLACK_BURST_SECONDS": "2",
    "VIGIL_CONFIRM_SECONDS": "1",
    "VIGIL_RULES_BUCKET": RULES_BUCKET,
}
WORLD = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
_RUNNING: contextvars.ContextVar[str] = contextvars.ContextVar("running", default="")

Call = tuple[str, str, str]


@dataclass
class Recorder(logging.Handler):
    """Notes (function, action, place) of every call."""

    calls: set[Call] = field(default_factory=set)
    looks: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__(logging.DEBUG)

    def __hash__(self) -> int:
        return id(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Take the operation and its parameters out of a log entry."""
        function = _RUNNING.get()
        if not function or not str(record.msg).startswith("Making request for"):
            return
        model, request = record.args  # type: ignore[misc] # botocore's own
        service = str(model.service_model.service_name)  # type: ignore[union-attr]
        operation = f"{service}:{model.name}"  # type: ignore[union-attr]
        if service == "dynamodb" or ACTIONS.get(operation, operation) in OWN_ACTIONS:
            for action, place in places_of(operation, request):  # type: ignore[arg-type]
                self.calls.add((function, action, place))
        else:
            self.looks.add((function, operation))


def places_of(operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the IAM actions of an operation, and where."""
    service, _, name = operation.partition(":")
    action = ACTIONS.get(operation, operation)
    if service == "sns":
        yield action, "topic"
    elif service == "secretsmanager":
        yield action, "secret"
    elif service == "kms":
        yield action, "seal-key"
    elif service == "s3":
        versioned = "s3:GetObjectVersion" if "versionId=" in request["url"] else action
        yield versioned if name == "GetObject" else action, _folder(request["url"])
    elif service == "sqs":
        url = json.loads(request["body"])["QueueUrl"]
        yield action, url.rpartition("vigil-")[2]
    else:
        yield from _tables_of(name, json.loads(request["body"]))


def _folder(url: str) -> str:
    """Return what of a bucket is granted of which this object is a part."""
    _, bucket, *path = urlsplit(url).path.split("/")
    if not any(path):
        return _short(bucket)
    *folders, _ = path
    place = "/".join((_short(bucket), *folders, "*"))
    return place if place in PLACES else f"{_short(bucket)}/*"


def _tables_of(name: str, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if name == "TransactWriteItems":
        for item in body["TransactItems"]:
            for verb, request in item.items():
                yield f"dynamodb:{verb}Item", _short(request["TableName"])
    elif name == "BatchWriteItem":
        yield from (("dynamodb:BatchWriteItem", _short(table)) for table in body["RequestItems"])
    else:
        index = f"/{body['IndexName']}" if "IndexName" in body else ""
        yield f"dynamodb:{name}", f"{_short(body['TableName'])}{index}"


def _short(table: str) -> str:
    return table.removeprefix("vigil-")


def named(name: str, handler: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return the handler, known by name to whatever it calls."""

    def run(event: Any, context: Any) -> Any:
        token = _RUNNING.set(name)
        try:
            return handler(event, context)
        finally:
            _RUNNING.reset(token)

    return run


@pytest.fixture
def observed(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """What the functions call while a small account is swept, opened and closed again."""
    catalogue, recorder = Catalogue.read(), Recorder()
    bundle = tmp_path_factory.mktemp("bundle") / "bundle.json"
    bundle.write_bytes(bundle_from(()))
    endpoint = logging.getLogger("botocore.endpoint")
    before = endpoint.level
    endpoint.addHandler(recorder)
    endpoint.setLevel(logging.DEBUG)
    endpoint.propagate = False
    try:
        _play(catalogue, bundle)
    finally:
        endpoint.removeHandler(recorder)
        endpoint.setLevel(before)
        endpoint.propagate = True
    return recorder


def _play(catalogue: Catalogue, bundle: Path) -> None:
    handlers = {name: named(name, handler) for name, handler in HANDLERS.items()}
    patterns = event_patterns(catalogue.types, catalogue.rulebook)
    settings = {**SETTINGS, "VIGIL_BUNDLE": str(bundle)}
    with (
        EmbeddedAws(require_trail=False, managed_policies=False) as aws,
        # Before anybody asks for rules: they ask again after half a minute only.
        _rules_bucket(aws),
        LocalVigil(aws, handlers, patterns, settings) as vigil,
    ):
        _deploy(aws, catalogue)
        vigil.run_schedule("sweep_start")
        assert vigil.idle(IDLE_SECONDS)
        ec2, s3 = client_for(aws.url, "ec2"), client_for(aws.url, "s3")
        group = ec2.create_security_group(GroupName="web", Description="web")["GroupId"]
        s3.create_bucket(Bucket="records")
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[WORLD])
        assert vigil.idle(IDLE_SECONDS)
        key = f"{aws.account_id}#{HOME_REGION}#AWS::EC2::SecurityGroup#{group}"
        ask_everything(clients(aws), key)
        assert vigil.idle(IDLE_SECONDS)
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[WORLD])
        assert vigil.idle(IDLE_SECONDS)
        for name in ("due", "reannounce", "posture", "sign", "recount"):
            vigil.run_schedule(name)
        assert vigil.idle(IDLE_SECONDS)
        assert not vigil.bus.failures


@contextmanager
def _rules_bucket(aws: EmbeddedAws) -> Iterator[None]:
    s3 = client_for(aws.url, "s3")
    s3.create_bucket(Bucket=RULES_BUCKET)
    versioned = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=RULES_BUCKET, VersioningConfiguration=versioned)
    yield


def _deploy(aws: EmbeddedAws, catalogue: Catalogue) -> None:
    """Put rules where functions look for newer ones than those they came with: none."""
    rules = tuple(rule for rule in catalogue.rules if rule.resource_type in JUDGED)
    place = Place(bucket=RULES_BUCKET, table=WORK)
    # The tables lie where the functions' environment says.
    clients = {"s3": client_for(aws.url, "s3"), "dynamodb": Clients().client("dynamodb")}
    deploy(Ruleset(rules=rules), catalogue.types, place, clients)


def granted() -> set[Call]:
    """Return every grant as (function, action, place)."""
    grants = {
        (function, action, place)
        for function, places in GRANTS.items()
        for place, actions in places.items()
        for action in actions
    }
    return grants | {("slack", "secretsmanager:GetSecretValue", "secret")}


OWN_ACTIONS = {action for _, action, _ in granted()}
PLACES = {place for *_, place in granted()}


#: Grants that the scenario above has no occasion for, and the occasion.
UNUSED = {
    ("evaluate", "dynamodb:DeleteItem", "findings"): "a resource loses a companion",
    ("evaluate", "dynamodb:UpdateItem", "work"): "a rate rule counts",
    ("evaluate", "dynamodb:GetItem", "work"): "the functions share a process: the first one asked",
    ("evaluate", "s3:GetObjectVersion", "rules/*"): "the first one asked for all",
    ("sweep_work", "s3:GetObjectVersion", "rules/*"): "the first one asked for all",
    ("evaluate", "sqs:SendMessage", "sweep"): "a companion of several resources changes",
    ("sweep_work", "dynamodb:DeleteItem", "findings"): "a resource loses a companion",
    ("sweep_work", "dynamodb:GetItem", "work"): "a message of a sweep is delivered again",
    ("sweep_work", "sqs:SendMessage", "sweep"): "a listing has more than one page",
    ("sweep_work", "sqs:SendMessage", "changes"): "a swept resource is to be confirmed",
    ("due", "sqs:SendMessage", "sweep"): "something is due",
    ("due", "dynamodb:GetItem", "work"): "the functions share a process: the first one asked",
    ("due", "s3:GetObjectVersion", "rules/*"): "the first one asked for all",
    ("due", "dynamodb:Query", "findings/open"): "an exemption ends",
    ("due", "dynamodb:GetItem", "findings"): "a finding moves while its exemption ends",
    ("due", "dynamodb:PutItem", "findings"): "an exemption ends",
    ("due", "dynamodb:Query", "history"): "there is an exemption",
    ("due", "dynamodb:PutItem", "history"): "an exemption ends",
    ("due", "dynamodb:PutItem", "work"): "an exemption ends",
    ("due", "dynamodb:UpdateItem", "work"): "an exemption ends",
    ("announce", "dynamodb:GetItem", "work"): "an exemption covers a finding",
    ("announce", "dynamodb:Query", "history"): "there is an exemption",
    ("reannounce", "dynamodb:Query", "work"): "something was not announced",
    ("reannounce", "dynamodb:Query", "history"): "there is an exemption",
    ("reannounce", "dynamodb:UpdateItem", "work"): "something was not announced",
    ("reannounce", "dynamodb:GetItem", "work"): "always",
    ("reannounce", "sns:Publish", "topic"): "something was not announced",
    ("posture", "dynamodb:Query", "history"): "there is an exemption",
    ("api", "dynamodb:GetItem", "history"): "a finding moves while somebody acts on it",
    ("api", "s3:GetObjectVersion", "rules/*"): "the first one asked for all",
    ("api", "s3:GetObject", "exports/*"): "whoever fetches an export, by a URL that the API signed",
    ("export", "sqs:ChangeMessageVisibility", "exports"): "an export fails for a passing reason",
    ("announce", "s3:ListBucket", "failures"): "Lambda itself, for a lost batch",
    ("announce", "s3:PutObject", "failures/*"): "Lambda itself, for a lost batch",
    ("export", "s3:GetObjectVersion", "evidence/seal/segments/*"): "something lies on a segment",
    ("export", "s3:GetObjectVersion", "evidence/seal/signatures/*"): "an hour has passed",
    ("recount", "s3:GetObjectVersion", "evidence/seal/segments/*"): "something lies on a segment",
    ("recount", "dynamodb:PutItem", "findings"): "history and seal differ",
    ("recount", "dynamodb:PutItem", "history"): "history and seal differ",
    ("seal", "s3:GetObjectVersion", "evidence/seal/manifests/*"): "another process sealed",
    ("seal", "dynamodb:Query", "findings"): "somebody changes the history",
    ("seal", "dynamodb:PutItem", "findings"): "somebody changes the history",
    ("seal", "dynamodb:PutItem", "history"): "somebody changes the history",
    ("seal", "s3:ListBucket", "failures"): "Lambda itself, for a lost batch",
    ("seal", "s3:PutObject", "failures/*"): "Lambda itself, for a lost batch",
    ("slack", "dynamodb:GetItem", "history"): "a notice is too large for the topic",
    ("slack", "dynamodb:Query", "work"): "a digest",
    ("slack", "sqs:SendMessage", "slack"): "a burst",
    ("slack", "sqs:ChangeMessageVisibility", "slack"): "Slack refuses",
}


def test_functions_are_granted_the_calls_they_make_and_no_others(observed: Recorder) -> None:
    declared = {c for _, facet in Catalogue.read().facets() for c in facet.calls}
    listed = {c for kind in Catalogue.read().types for c in kind.list_calls}

    assert {who for who, *_ in observed.calls} == HANDLERS.keys()
    assert observed.calls - granted() == set()
    assert granted() - observed.calls - UNUSED.keys() == set()
    assert {who for who, _ in observed.looks} == {p.name for p in FUNCTIONS if p.describes}
    assert {call for _, call in observed.looks} - declared - listed == set()
