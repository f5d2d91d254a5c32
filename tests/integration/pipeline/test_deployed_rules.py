"""Rules that are deployed while functions run: taken within a minute, whole or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.aws import Clients
from chalicelib.deployed import OBJECT_KEY, RECHECK_AFTER, DeployedRules
from chalicelib.evaluate.bundle import bundle_from
from chalicelib.findings._tables import WORK, table_definitions
from chalicelib.model import Severity
from chalicelib.model.ruleset import Ruleset
from chalicelib.settings import Settings
from chalicelib.wiring import World, resource_types
from vigil.deploying import DeployError, Place, deploy
from vigil.rulefiles import RULES, load_rules

BUCKET = "vigil-rules"
PLACE = Place(bucket=BUCKET, table=WORK)
LIBRARY = load_rules((RULES / "cloudtrail",), resource_types()).rules
PACKAGED = Ruleset(rules=LIBRARY)
STRICTER = Ruleset(rules=tuple(replace(r, severity=Severity.CRITICAL, hash="new") for r in LIBRARY))


@dataclass
class MovingClock:
    """A clock that a test moves."""

    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the instant."""
        return self.at


@dataclass
class Stage:
    """Running functions, and somebody who deploys."""

    world: World
    clock: MovingClock
    clients: Clients
    calls: list[str]

    def wait(self, by: timedelta = RECHECK_AFTER) -> None:
        """Let time pass."""
        self.clock.at += by

    def severities(self) -> set[Severity]:
        """Return the severities of the rules in force, as a function finds them."""
        return {rule.severity for rule in self.world.ports().rulebook.by_id.values()}

    def deploy(self, ruleset: Ruleset) -> None:
        """Deploy as `vigil rules deploy` does."""
        clients = {name: self.clients.client(name) for name in ("s3", "dynamodb")}
        deploy(ruleset, resource_types(), PLACE, clients)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    bundle = tmp_path / "bundle.json"
    bundle.write_bytes(bundle_from(PACKAGED))
    settings = Settings(
        findings_table="vigil-findings",
        history_table="vigil-history",
        ledger_table="vigil-ledger",
        work_table=WORK,
        bundle=bundle,
        rules_bucket=BUCKET,
    )
    with mock_aws():
        clients, clock, calls = Clients(), MovingClock(), list[str]()
        s3, dynamodb = clients.client("s3"), clients.client("dynamodb")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        work = next(d for d in table_definitions() if d["TableName"] == WORK)
        dynamodb.create_table(**work)
        for client in (s3, dynamodb):
            client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))
        deployed = DeployedRules(dynamodb=dynamodb, s3=lambda: s3, table=WORK, bucket=BUCKET)
        world = World(settings=settings, clients=clients, clock=clock, deployed=deployed)
        yield Stage(world=world, clock=clock, clients=clients, calls=calls)


PLAIN = {rule.severity for rule in LIBRARY}


def test_running_functions_take_new_rules_within_a_minute(stage: Stage) -> None:
    assert stage.severities() == PLAIN

    stage.deploy(STRICTER)
    stage.wait(timedelta(seconds=59))

    assert stage.severities() == {Severity.CRITICAL}


def test_a_function_that_starts_later_takes_them_at_once(stage: Stage) -> None:
    stage.deploy(STRICTER)

    assert stage.severities() == {Severity.CRITICAL}


def test_asking_costs_one_small_read_in_half_a_minute_and_s3_only_when_rules_moved(
    stage: Stage,
) -> None:
    stage.severities()
    stage.deploy(STRICTER)
    stage.wait()
    stage.severities()
    stage.calls.clear()

    for _ in range(50):
        stage.wait(RECHECK_AFTER / 25)
        stage.severities()

    assert stage.calls == ["GetItem", "GetItem"]


def test_going_back_is_deploying_again(stage: Stage) -> None:
    stage.deploy(STRICTER)
    stage.severities()

    stage.deploy(PACKAGED)
    stage.wait()

    assert stage.severities() == PLAIN


def broken_by_another_object(stage: Stage) -> None:
    put: Any = stage.clients.client("s3").put_object(Bucket=BUCKET, Key=OBJECT_KEY, Body=b"{}")
    item = stage.clients.client("dynamodb").get_item(
        TableName=WORK, Key={"pk": {"S": "rules"}, "sk": {"S": "deployed"}}
    )["Item"]
    item["version"] = {"S": put["VersionId"]}
    stage.clients.client("dynamodb").put_item(TableName=WORK, Item=item)


def broken_by_deletion(stage: Stage) -> None:
    s3 = stage.clients.client("s3")
    for version in s3.list_object_versions(Bucket=BUCKET)["Versions"]:
        s3.delete_object(Bucket=BUCKET, Key=OBJECT_KEY, VersionId=version["VersionId"])


def broken_by_another_build(stage: Stage) -> None:
    stage.clients.client("dynamodb").update_item(
        TableName=WORK,
        Key={"pk": {"S": "rules"}, "sk": {"S": "deployed"}},
        UpdateExpression="SET shapes = :other",
        ExpressionAttributeValues={":other": {"S": "0" * 64}},
    )


@pytest.mark.parametrize(
    "breaking", [broken_by_another_object, broken_by_deletion, broken_by_another_build]
)
def test_rules_that_cannot_be_had_leave_those_in_force_until_they_can(
    stage: Stage, breaking: Any
) -> None:
    stage.severities()
    stage.deploy(STRICTER)
    breaking(stage)
    stage.wait()

    assert stage.severities() == PLAIN
    stage.deploy(STRICTER)
    stage.wait()
    assert stage.severities() == {Severity.CRITICAL}


def test_a_work_table_that_does_not_answer_leaves_the_rules_in_force(stage: Stage) -> None:
    stage.deploy(STRICTER)
    stage.severities()
    stage.clients.client("dynamodb").delete_table(TableName=WORK)
    stage.wait()

    assert stage.severities() == {Severity.CRITICAL}


def test_a_bucket_without_versions_is_refused_and_nothing_points_to_it(stage: Stage) -> None:
    s3 = stage.clients.client("s3")
    s3.create_bucket(Bucket="plain")
    clients = {name: stage.clients.client(name) for name in ("s3", "dynamodb")}

    with pytest.raises(DeployError, match="keeps no versions"):
        deploy(STRICTER, resource_types(), Place(bucket="plain", table=WORK), clients)

    assert stage.severities() == PLAIN
