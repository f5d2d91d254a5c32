"""A rule that is withdrawn leaves nothing open, even where no rule judges the type any more."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from moto import mock_aws

from chalicelib.aws import Clients
from chalicelib.findings._tables import table_definitions
from chalicelib.findings.history import transition_from
from chalicelib.model import LookRequest, OwnerFrom, Reason, ResourceRef, Severity, Status
from chalicelib.model.ruleset import Ruleset
from chalicelib.pipeline import Ports, take_look
from chalicelib.settings import Settings
from chalicelib.wiring import ports_over, resource_types
from vigil.rulefiles import RULES, load_rules

BUCKET = "AWS::S3::Bucket"
OTHERS = Ruleset(rules=load_rules((RULES / "cloudtrail",), resource_types()).rules)
JUDGED = Ruleset(
    rules=load_rules((RULES / "s3" / "s3-bucket-tls-required.yaml",), resource_types()).rules,
    owners={"123456789012": "payments"},
    sla=dict.fromkeys(Severity, 5),
)


@dataclass
class Clock:
    """A clock that a test moves."""

    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """Return a later instant than ever before."""
        self.at += timedelta(milliseconds=1)
        return self.at


@dataclass
class Account:
    """An account with one bucket, and functions under rules that change."""

    clients: Clients
    clock: Clock
    ref: ResourceRef

    def under(self, ruleset: Ruleset) -> Ports:
        """Return the functions' world under some rules."""
        settings = Settings(
            findings_table="vigil-findings",
            history_table="vigil-history",
            ledger_table="vigil-ledger",
            work_table="vigil-work",
            bundle=Path("none"),
            sweep_regions=("us-east-1",),
            confirm_seconds=(),
        )
        return ports_over(settings, self.clients, self.clock, ruleset)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        clients = Clients()
        for definition in table_definitions():
            clients.client("dynamodb").create_table(**definition)
        s3 = clients.client("s3")
        s3.create_bucket(Bucket="reports")
        tags = {"TagSet": [{"Key": "team", "Value": "shop"}]}
        s3.put_bucket_tagging(Bucket="reports", Tagging=tags)
        ref = ResourceRef(account_id="123456789012", region="us-east-1", type=BUCKET, id="reports")
        yield Account(clients, Clock(), ref)


def test_a_type_that_no_rule_judges_any_more_is_looked_at_once_more(account: Account) -> None:
    before, after = account.under(JUDGED), account.under(OTHERS)
    take_look(LookRequest(ref=account.ref, reason=Reason.TIME), before)
    (found,) = before.store.known(account.ref).findings
    account.clock.at += timedelta(days=1)

    (due,) = after.store.due(account.clock.now())
    take_look(LookRequest(ref=due, reason=Reason.TIME), after)

    (finding,) = after.store.known(account.ref).findings
    assert BUCKET not in {type_name for type_name, _ in after.places}
    assert (found.status, finding.status) == (Status.OPEN, Status.RESOLVED)
    assert finding.reason is Reason.RULE_CHANGE
    assert list(after.store.due(account.clock.now() + timedelta(days=400))) == []


def test_a_look_knows_the_owner_from_tags_and_the_due_date_from_the_settings(
    account: Account,
) -> None:
    ports = account.under(JUDGED)

    take_look(LookRequest(ref=account.ref, reason=Reason.TIME), ports)

    (finding,) = ports.store.known(account.ref).findings
    assert (finding.subject.owner, finding.subject.owner_from) == ("shop", OwnerFrom.TAG)
    assert finding.subject.tags == {"team": "shop"}
    assert finding.due_at == finding.opened_at + timedelta(hours=5)
    (entry,) = ports.store.history_of(account.ref)  # type: ignore[attr-defined] # of the adapter
    assert transition_from(entry.body).subject == finding.subject
