"""The pipeline over an embedded AWS, one message at a time: nothing moves unless a test moves it.

The records are those that the local CloudTrail writes for the test's own calls, in the envelopes
that the local EventBridge would carry. Every call that Vigil makes is noted.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import msgspec
from moto.moto_api._internal.models import moto_api_backend

from chalicelib import pipeline, wiring
from chalicelib.aws import Clients, SystemClock
from chalicelib.evaluate.bundle import bundle_from
from chalicelib.findings.store import table_definitions
from chalicelib.model import Finding, Known, LookRequest, ResourceRef, SweepRequest, request_from
from chalicelib.settings import Settings
from vigil.local._principals import client_for, role_environment, user_environment
from vigil.local.bus import envelope
from vigil.local.moto_server import EmbeddedAws
from vigil.rulefiles import built_in

REGION = "us-east-1"
#: What a sweep goes through unless a test says otherwise: all types would take ten times as long.
SWEPT = ("AWS::EC2::SecurityGroup", "AWS::IAM::Role", "AWS::S3::Bucket")
#: Loads botocore's models once for all tests.
SESSION = boto3.session.Session()


@dataclass
class World:
    """An account, Vigil's pipeline over it, and what went between them.

    Attributes:
        records: CloudTrail records of what was done and not yet processed.
        calls: ``service:Operation`` of every call that Vigil made since the last `forget`.
    """

    aws: EmbeddedAws
    ports: pipeline.Ports
    user: dict[str, str]
    settings: Settings
    auditor_key: str
    records: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    clients: dict[str, Any] = field(default_factory=dict)
    sent: int = 0

    def client(self, service: str) -> Any:
        """Return a client that acts as a person."""
        if service not in self.clients:
            build: Any = SESSION.client
            self.clients[service] = build(
                service,
                REGION,
                endpoint_url=self.aws.url,
                aws_access_key_id=self.user["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=self.user["AWS_SECRET_ACCESS_KEY"],
            )
        return self.clients[service]

    def empty(self) -> None:
        """Forget everything that was done in the account and everything Vigil knows."""
        self.aws.trail.wait_until_written(5)
        self.aws.faults.clear()
        moto_api_backend.reset()
        _create_places(self.aws)
        self.user = user_environment(self.aws.url, "someone")
        self.clients.clear()
        self.aws.trail.wait_until_written(5)
        self.records.clear()
        self.calls.clear()

    def take_records(self) -> list[dict[str, Any]]:
        """Return the records of what was done since, oldest first."""
        assert self.aws.trail.wait_until_written(5)
        taken, self.records[:] = list(self.records), []
        return taken

    def deliver(self, record: dict[str, Any], *, redelivered: bool = False) -> str:
        """Process one record as the changes queue would hand it over."""
        return self.process(msgspec.json.encode(envelope(record)).decode(), redelivered=redelivered)

    def deliver_all(self) -> list[str]:
        """Process every record of what was done since, in order."""
        return [self.deliver(record) for record in self.take_records()]

    def process(self, body: str, *, redelivered: bool = False) -> str:
        """Process one message."""
        self.sent += 1
        message = pipeline.Message(
            id=f"message-{self.sent}",
            body=body,
            received_at=datetime.now(UTC).replace(microsecond=0),
            redelivered=redelivered,
        )
        return pipeline.process_message(message, self.ports)

    def queued(self, url: str) -> list[LookRequest | SweepRequest]:
        """Take what waits in a queue now; delayed messages stay."""
        sqs, requests = client_for(self.aws.url, "sqs"), []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                requests.append(request_from(message["Body"]))
        return [request for request in requests if request]

    def work_through(self) -> int:
        """Process the sweep queue until it is empty; return how many messages there were."""
        done = 0
        while requests := self.queued(self.settings.sweep_queue_url):
            for request in requests:
                self.process(msgspec.json.encode(_message(request)).decode())
                done += 1
        return done

    def sweep(self) -> None:
        """Run a whole sweep of the account, through the types that the world was made with."""
        pipeline.start_sweep(self.settings.account_id, "aws", self.ports)
        self.work_through()

    def known(self, type_name: str, resource_id: str, region: str = REGION) -> Known:
        """Return what the store knows of a resource."""
        return self.ports.store.known(self.ref(type_name, resource_id, region))

    def ref(self, type_name: str, resource_id: str, region: str = REGION) -> ResourceRef:
        """Name a resource of the account."""
        return ResourceRef(
            account_id=self.aws.account_id, region=region, type=type_name, id=resource_id
        )

    def open_findings(self, type_name: str, resource_id: str, region: str = REGION) -> set[str]:
        """Return the rules that object to a resource now."""
        findings = self.known(type_name, resource_id, region).findings
        return {finding.rule_id for finding in findings if finding.status == "OPEN"}

    def finding(
        self, rule_id: str, type_name: str, resource_id: str, region: str = REGION
    ) -> Finding:
        """Return one finding."""
        findings = self.known(type_name, resource_id, region).findings
        return next(f for f in findings if f.rule_id == rule_id)


@contextmanager
def world_in(folder: Path, swept: Collection[str] = SWEPT) -> Iterator[World]:
    """Start an account with Vigil's pipeline over it; its tables are moto's, behind the lock.

    Args:
        folder: Where its rules are written.
        swept: The types that sweeps go through.
    """
    rules = built_in()
    assert not rules.problems
    (folder / "bundle.json").write_bytes(bundle_from(rules.rules))
    with EmbeddedAws(require_trail=False, managed_policies=False) as aws:
        auditor = role_environment(aws.url, "vigil-auditor", aws.account_id)
        settings = _settings(aws, folder)
        session = boto3.session.Session(
            auditor["AWS_ACCESS_KEY_ID"],
            auditor["AWS_SECRET_ACCESS_KEY"],
            auditor["AWS_SESSION_TOKEN"],
            REGION,
        )
        calls: list[str] = []
        session.events.register("before-call", lambda model, **_: calls.append(_call(model)))
        clients = _clients_of(session, aws.url)
        ports = wiring.ports_over(settings, clients, SystemClock())
        world = World(
            aws=aws,
            ports=replace(ports, places=tuple(p for p in ports.places if p[0] in swept)),
            user=user_environment(aws.url, "someone"),
            settings=settings,
            auditor_key=auditor["AWS_ACCESS_KEY_ID"],
            calls=calls,
        )
        aws.trail.wait_until_written(5)
        aws.on_record(world.records.append)
        yield world


def _clients_of(session: boto3.session.Session, url: str) -> Clients:
    class Local(boto3.session.Session):
        def client(self, *args: Any, **kwargs: Any) -> Any:
            build: Any = session.client
            return build(*args, **{**kwargs, "endpoint_url": url})

    return Clients(endpoint_url=url, session=Local(region_name=REGION))


def _create_places(aws: EmbeddedAws) -> dict[str, str]:
    """Create Vigil's tables and queues; return queue name → URL."""
    dynamodb = client_for(aws.url, "dynamodb")
    for definition in table_definitions():
        dynamodb.create_table(**definition)
    sqs = client_for(aws.url, "sqs")
    return {
        name: sqs.create_queue(QueueName=f"vigil-{name}")["QueueUrl"]
        for name in ("changes", "sweep")
    }


def _settings(aws: EmbeddedAws, folder: Path) -> Settings:
    urls = _create_places(aws)
    return Settings(
        findings_table="vigil-findings",
        history_table="vigil-history",
        ledger_table="vigil-ledger",
        work_table="vigil-work",
        changes_queue_url=urls["changes"],
        sweep_queue_url=urls["sweep"],
        account_id=aws.account_id,
        bundle=folder / "bundle.json",
        sweep_regions=(REGION,),
        endpoint_url=aws.url,
    )


def _call(model: Any) -> str:
    return f"{model.service_model.service_name}:{model.name}"


def _message(request: LookRequest | SweepRequest) -> dict[str, Any]:
    kind = "look" if isinstance(request, LookRequest) else "sweep"
    return {"vigil": kind, "request": request}
