"""Sweeps: what stands already is found, told once, and nothing that a sweep meets stops it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from moto.iam.models import iam_backends

from chalicelib import pipeline
from chalicelib.errors import NotOfferedError, PermanentError
from chalicelib.model import (
    LookRequest,
    Page,
    Reason,
    SweepRequest,
    Transition,
    TransitionKind,
    message_from,
)
from tests.integration.pipeline.world import REGION, World
from vigil.local._principals import client_for

ROLE = "AWS::IAM::Role"
GROUP = "AWS::EC2::SecurityGroup"
WHOLE_ACCOUNT = "Observed::Account::Global"
TRAIL = "AWS::CloudTrail::Trail"
RECORDING = "cloudtrail-multi-region-trail-active"
LOGS_OPEN = "cloudtrail-bucket-not-public"
OPEN_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::trail-logs/*",
        }
    ],
}


def make_role(world: World, name: str = "etl", *, idle_days: int = 120) -> None:
    trust = {"Version": "2012-10-17", "Statement": []}
    world.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    created = datetime.now(UTC) - timedelta(days=idle_days)
    iam_backends[world.aws.account_id]["aws"].get_role(name).create_date = created


def history_of(world: World) -> list[Transition]:
    items = client_for(world.aws.url, "dynamodb").scan(TableName="vigil-history")["Items"]
    return [msgspec.json.decode(item["body"]["S"], type=Transition) for item in items]


def test_a_first_sweep_finds_an_idle_role_and_tells_one_summary(world: World) -> None:
    make_role(world)

    world.sweep()

    assert world.open_findings(ROLE, "etl", "global") == {"iam-role-not-stale"}
    opened = [t for t in history_of(world) if t.kind is TransitionKind.OPENED]
    assert {t.reason for t in opened} == {Reason.FIRST_LOOK}
    (summary,) = [t.summary for t in history_of(world) if t.summary]
    counts = {count.rule_id: count.count for count in summary.counts}
    assert counts["iam-role-not-stale"] == 1


def test_a_second_sweep_under_the_same_rules_tells_no_summary(world: World) -> None:
    world.sweep()

    world.sweep()

    assert len([t for t in history_of(world) if t.summary]) == 1


def test_a_sweep_that_ends_just_after_another_repeats_nothing_of_its_summary(
    world: World,
) -> None:
    make_role(world)
    world.client("s3").create_bucket(Bucket="reports")
    begun = [*_requests_of_a_sweep(world), *_requests_of_a_sweep(world)]
    first, second = _but_looks_at(world, "reports", begun)

    # The second one's last look begins before the first one's summary, and ends after it.
    with _meanwhile(world, lambda: world.process(message_from(first))):
        world.process(message_from(second))

    (summary,) = [t.summary for t in history_of(world) if t.summary]
    assert "iam-role-not-stale" in {count.rule_id for count in summary.counts}


def test_what_a_routine_sweep_finds_is_not_a_first_look(world: World) -> None:
    world.sweep()
    make_role(world)

    world.sweep()

    finding = world.finding("iam-role-not-stale", ROLE, "etl", "global")
    assert finding.reason is not Reason.FIRST_LOOK
    assert finding.cause is None


def test_roles_are_described_by_the_bulk_call_only(world: World) -> None:
    for number in range(5):
        make_role(world, f"role-{number}")
    world.calls.clear()

    world.sweep()

    assert "iam:GetRole" not in world.calls
    assert world.calls.count("iam:GetAccountAuthorizationDetails") == 1


def test_a_sweep_of_nothing_new_opens_nothing_and_is_idempotent(world: World) -> None:
    make_role(world)
    world.sweep()
    before = [f.revision for f in world.known(ROLE, "etl", "global").findings]

    world.sweep()

    assert [f.revision for f in world.known(ROLE, "etl", "global").findings] == before


def test_a_page_that_failed_once_is_taken_apart_into_single_looks(world: World) -> None:
    make_role(world)
    request = next(
        r for r in _requests_of_a_sweep(world) if not isinstance(r, LookRequest) and r.type == ROLE
    )

    world.process(
        msgspec.json.encode({"vigil": "sweep", "request": request}).decode(), redelivered=True
    )

    looks = world.queued(world.settings.sweep_queue_url)
    assert "etl" in {look.ref.id for look in looks if isinstance(look, LookRequest)}


def test_rows_that_name_nothing_fail_the_end_of_their_listing_and_hold_nothing_up(
    world: World,
) -> None:
    make_role(world)
    kept = world.ports
    pages = [replace(kept.observer.page(listing_of(ROLE, world)), next_token="2", nameless=1)]

    class Odd:
        def __getattr__(self, name: str) -> Any:
            return getattr(kept.observer, name)

        def page(self, _request: SweepRequest) -> Page:
            return pages.pop() if pages else Page()

    world.ports = replace(kept, observer=Odd())
    world.process(message_from(listing_of(ROLE, world)))
    (last,) = world.queued(world.settings.sweep_queue_url)

    with pytest.raises(PermanentError, match="1 rows of the listing name nothing"):
        world.process(message_from(last))

    world.ports = kept
    assert world.open_findings(ROLE, "etl", "global") == {"iam-role-not-stale"}


def test_a_region_that_does_not_have_a_service_has_nothing_to_list(world: World) -> None:
    kept = world.ports

    class NotThere:
        def __getattr__(self, name: str) -> Any:
            return getattr(kept.observer, name)

        def page(self, _request: SweepRequest) -> Page:
            raise NotOfferedError("no such host")

    world.ports = replace(kept, observer=NotThere())
    world.process(message_from(listing_of(ROLE, world)))
    world.ports = kept

    assert world.queued(world.settings.sweep_queue_url) == []


def listing_of(type_name: str, world: World) -> SweepRequest:
    return SweepRequest(account_id=world.aws.account_id, region="global", type=type_name)


def test_a_role_that_is_used_again_resolves_at_the_next_look(world: World) -> None:
    make_role(world)
    world.sweep()
    role = iam_backends[world.aws.account_id]["aws"].get_role("etl")
    role.last_used, role.last_used_region = datetime.now(UTC), "eu-west-1"
    look = LookRequest(ref=world.ref(ROLE, "etl", "global"), reason=Reason.TIME)

    world.process(msgspec.json.encode({"vigil": "look", "request": look}).decode())

    finding = world.finding("iam-role-not-stale", ROLE, "etl", "global")
    assert finding.status == "RESOLVED"


def test_a_role_is_due_the_instant_it_becomes_stale(world: World) -> None:
    make_role(world, idle_days=89)
    world.sweep()
    now = datetime.now(UTC)

    due = {ref.id for ref in world.ports.store.due(now + timedelta(days=1, minutes=1))}

    assert "etl" in due
    assert "etl" not in {ref.id for ref in world.ports.store.due(now + timedelta(hours=23))}


def test_an_open_finding_on_a_resource_that_vanished_unseen_is_due_within_a_day(
    world: World,
) -> None:
    ec2 = world.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="w", Description="w", VpcId=vpc)["GroupId"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    ssh["IpRanges"] = [{"CidrIp": "0.0.0.0/0"}]  # type: ignore[assignment] # JSON
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])
    world.sweep()

    due = {ref.id for ref in world.ports.store.due(datetime.now(UTC) + timedelta(days=1))}

    assert group in due


def _requests_of_a_sweep(world: World) -> list[LookRequest | SweepRequest]:
    pipeline.start_sweep(world.settings.account_id, "aws", world.ports)
    return list(world.queued(world.settings.sweep_queue_url))


def _but_looks_at(
    world: World, resource_id: str, requests: list[LookRequest | SweepRequest]
) -> list[LookRequest]:
    """Process all that sweeps queue but the looks at one resource; return those."""
    left = []
    while requests:
        for request in requests:
            if isinstance(request, LookRequest) and request.ref.id == resource_id:
                left.append(request)
            else:
                world.process(message_from(request))
        requests = world.queued(world.settings.sweep_queue_url)
    return left


@contextmanager
def _meanwhile(world: World, happens: Callable[[], object]) -> Iterator[None]:
    """Let something happen once, within the next look."""
    kept, left = world.ports, [happens]

    class Interrupted:
        def __getattr__(self, name: str) -> Any:
            return getattr(kept.observer, name)

        def describe(self, *what: Any) -> Any:
            world.ports = kept
            while left:
                left.pop()()
            return kept.observer.describe(*what)

    world.ports = replace(kept, observer=Interrupted())
    yield
    world.ports = kept


def record_everything(world: World) -> None:
    world.client("s3").create_bucket(Bucket="trail-logs")
    cloudtrail = world.client("cloudtrail")
    cloudtrail.create_trail(Name="main", S3BucketName="trail-logs", IsMultiRegionTrail=True)
    cloudtrail.start_logging(Name="main")


def sweep_type(world: World, type_name: str, region: str) -> None:
    request = SweepRequest(account_id=world.aws.account_id, region=region, type=type_name)
    world.process(msgspec.json.encode({"vigil": "sweep", "request": request}).decode())
    world.work_through()


def account_findings(world: World) -> set[str]:
    return world.open_findings(WHOLE_ACCOUNT, world.aws.account_id, "global")


def test_a_recording_that_ended_without_an_event_is_found_by_the_sweep(world: World) -> None:
    record_everything(world)
    sweep_type(world, WHOLE_ACCOUNT, "global")
    before = account_findings(world)
    world.client("cloudtrail").stop_logging(Name="main")
    world.take_records()

    sweep_type(world, WHOLE_ACCOUNT, "global")

    assert RECORDING not in before
    assert RECORDING in account_findings(world)


def test_what_an_account_is_not_told_takes_no_other_verdict_with_it(world: World) -> None:
    sweep_type(world, WHOLE_ACCOUNT, "global")

    found = account_findings(world)
    assert {"iam-root-mfa-enabled", "iam-password-policy-min-length", RECORDING} <= found
    # The embedded AWS knows neither: nothing may be concluded from that.
    assert not {"iam-root-not-used-recently", "account-contact-details-present"} & found


def test_whoever_opens_the_log_bucket_is_named_for_the_trail(world: World) -> None:
    record_everything(world)
    world.client("s3").delete_public_access_block(Bucket="trail-logs")
    world.take_records()
    sweep_type(world, TRAIL, REGION)
    before = world.open_findings(TRAIL, "main")
    world.client("s3").put_bucket_policy(Bucket="trail-logs", Policy=json.dumps(OPEN_POLICY))

    world.deliver_all()
    world.work_through()

    finding = world.finding(LOGS_OPEN, TRAIL, "main")
    assert LOGS_OPEN not in before
    assert finding.cause is not None
    assert finding.cause.event_name == "PutBucketPolicy"
