"""What must not be lost or swallowed: denied listings, failing looks, names that stand for ids."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from chalicelib import pipeline
from chalicelib.errors import ConflictError, PermanentError, RetryableError
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import (
    LookRequest,
    Reason,
    Summary,
    SweepRequest,
    Transition,
    TransitionKind,
    message_from,
)
from chalicelib.model.notice import is_told
from tests.integration.pipeline.world import World
from vigil.local._principals import client_for
from vigil.local.faults import Effect, Fault
from vigil.rulefiles import resource_types

BUCKET = "AWS::S3::Bucket"
GROUP = "AWS::EC2::SecurityGroup"
ROLE = "AWS::IAM::Role"
OPENED_BY_CALL = "ec2-sg-ingress-opened-to-internet"
PUBLIC_SSH = "ec2-sg-no-public-ssh"


def ingress(port: int) -> dict[str, Any]:
    world = [{"CidrIp": "0.0.0.0/0"}]
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": world}


def make_group(world: World) -> str:
    ec2 = world.client("ec2")
    vpc = next(v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if v["IsDefault"])
    return str(ec2.create_security_group(GroupName="web", Description="w", VpcId=vpc)["GroupId"])


def history_of(world: World, rule_id: str) -> list[Transition]:
    items = client_for(world.aws.url, "dynamodb").scan(TableName="vigil-history")["Items"]
    entries = [msgspec.json.decode(item["body"]["S"], type=Transition) for item in items]
    return [entry for entry in entries if entry.rule_id == rule_id]


def summaries_of(world: World) -> list[Summary]:
    return [entry.summary for entry in history_of(world, "") if entry.summary]


def counted(world: World) -> dict[str, int]:
    (summary,) = summaries_of(world)
    return {count.rule_id: count.count for count in summary.counts}


def waiting_in(world: World, url: str) -> int:
    answer = client_for(world.aws.url, "sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["All"]
    )
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed")
    return sum(int(answer["Attributes"][name]) for name in names)


@contextmanager
def describing_nothing(world: World, type_name: str) -> Iterator[None]:
    """Make every look at a type fail as if others kept winning."""
    kept = world.ports

    class Blind:
        def __getattr__(self, name: str) -> Any:
            return getattr(kept.observer, name)

        def describe(self, ref: Any, observes: Any) -> Any:
            if ref.type == type_name:
                raise ConflictError("others keep winning")
            return kept.observer.describe(ref, observes)

    world.ports = replace(kept, observer=Blind())
    try:
        yield
    finally:
        world.ports = kept


def work_through(
    world: World, *failures: type[Exception], deliveries: int = 1
) -> list[LookRequest | SweepRequest]:
    """Process the sweep queue until it is empty; return the messages that failed to the end."""
    dead = []
    while requests := world.queued(world.settings.sweep_queue_url):
        dead += [r for r in requests if not _delivered(world, r, failures, deliveries)]
    return dead


def _delivered(
    world: World,
    request: LookRequest | SweepRequest,
    failures: tuple[type[Exception], ...],
    deliveries: int,
) -> bool:
    for delivery in range(deliveries):
        try:
            world.process(message_from(request), redelivered=delivery > 0)
        except failures:
            continue
        return True
    return False


def _denied(world: World, service: str, operation: str) -> Fault:
    return Fault(
        effect=Effect.DENIED, service=service, operation=operation, access_key=world.auditor_key
    )


def test_an_opening_by_a_call_that_names_its_group_is_told_although_it_is_closed_again(
    world: World,
) -> None:
    group = make_group(world)
    world.deliver_all()
    ec2 = world.client("ec2")
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ingress(22)])
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[ingress(22)])
    opened, closed = world.take_records()
    del opened["requestParameters"]["groupId"]
    opened["requestParameters"]["groupName"] = "web"
    confirming = LookRequest(ref=world.ref(GROUP, group), reason=Reason.CHANGE, confirmation=1)

    world.deliver(opened)
    world.deliver(closed)
    world.process(message_from(confirming))

    (told,) = history_of(world, OPENED_BY_CALL)
    assert told.kind is TransitionKind.DETECTED
    assert told.subject.ref.id == group


def test_a_call_that_names_its_group_is_looked_at_although_the_name_cannot_be_resolved(
    world: World,
) -> None:
    group = make_group(world)
    world.deliver_all()
    ec2 = world.client("ec2")
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ingress(22)])
    (opened,) = world.take_records()
    del opened["requestParameters"]["groupId"]
    opened["requestParameters"]["groupName"] = "web"
    world.aws.faults.add(_denied(world, "ec2", "DescribeSecurityGroups"))
    confirming = LookRequest(ref=world.ref(GROUP, "web"), reason=Reason.CHANGE, confirmation=1)

    world.deliver(opened)
    world.process(message_from(confirming))

    assert "vigil-resource-unreadable" in world.open_findings(GROUP, "web")
    assert [t.kind for t in history_of(world, OPENED_BY_CALL)] == [TransitionKind.DETECTED]


def test_a_name_that_cannot_be_resolved_for_now_brings_the_record_back(world: World) -> None:
    group = make_group(world)
    world.deliver_all()
    world.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[ingress(22)])
    (opened,) = world.take_records()
    del opened["requestParameters"]["groupId"]
    opened["requestParameters"]["groupName"] = "web"
    world.aws.faults.add(
        Fault(effect=Effect.FAILED, service="ec2", operation="DescribeSecurityGroups")
    )

    with pytest.raises(RetryableError):
        world.deliver(opened)


def test_a_denied_listing_withholds_no_summary_and_leaves_no_account_at_its_first_look(
    world: World,
) -> None:
    world.client("s3").create_bucket(Bucket="reports")
    world.aws.faults.add(_denied(world, "ec2", "DescribeSecurityGroups"))

    pipeline.start_sweep(world.settings.account_id, "aws", world.ports)
    dead = work_through(world, PermanentError, deliveries=3)

    assert [(type(r), getattr(r, "type", "")) for r in dead] == [(SweepRequest, GROUP)]
    assert counted(world)["s3-bucket-tls-required"] == 1
    assert world.ports.sweeps.last(world.settings.account_id)


def test_a_look_that_fails_twice_withholds_no_summary_and_is_told_by_itself(world: World) -> None:
    world.client("s3").create_bucket(Bucket="reports")
    pipeline.start_sweep(world.settings.account_id, "aws", world.ports)
    with describing_nothing(world, BUCKET):
        (dead,) = work_through(world, ConflictError, deliveries=2)
    assert "s3-bucket-tls-required" not in counted(world)

    world.process(message_from(dead), redelivered=True)

    (opened,) = history_of(world, "s3-bucket-tls-required")
    assert is_told(opened)


def test_a_look_that_fails_once_keeps_the_summary_waiting(world: World) -> None:
    world.client("s3").create_bucket(Bucket="reports")
    pipeline.start_sweep(world.settings.account_id, "aws", world.ports)
    with describing_nothing(world, BUCKET):
        (failed,) = work_through(world, ConflictError)
    assert not summaries_of(world)

    world.process(message_from(failed), redelivered=True)

    assert counted(world)["s3-bucket-tls-required"] == 1


def test_what_changed_since_a_first_look_is_told_although_its_confirming_look_saw_it_first(
    world: World,
) -> None:
    group = make_group(world)
    ec2 = world.client("ec2")
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ingress(3389)])
    world.take_records()
    pipeline.start_sweep(world.settings.account_id, "aws", world.ports)
    work_through(world)
    first = LookRequest(ref=world.ref(GROUP, group), reason=Reason.FIRST_LOOK)
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ingress(22)])

    pipeline.looks.order_confirmation(first, replace(world.ports, confirm_seconds=(0,)))
    work_through(world)
    world.deliver_all()

    assert any(is_told(entry) for entry in history_of(world, PUBLIC_SSH))


def test_confirming_looks_of_a_sweep_do_not_join_the_live_changes(world: World) -> None:
    for number in range(3):
        world.client("s3").create_bucket(Bucket=f"bucket-{number}")

    world.sweep()

    assert waiting_in(world, world.settings.sweep_queue_url) >= 3
    assert waiting_in(world, world.settings.changes_queue_url) == 0


def test_a_queued_look_carries_nothing_that_only_change_rules_read(world: World) -> None:
    group = make_group(world)
    world.deliver_all()
    world.client("ec2").authorize_security_group_ingress(
        GroupId=group, IpPermissions=[ingress(22), ingress(443)]
    )
    hasty = replace(world, ports=replace(world.ports, confirm_seconds=(0, 0)))

    hasty.deliver_all()

    (look,) = world.queued(world.settings.changes_queue_url)
    assert look.change is not None
    assert look.change.derived == {}
    assert json.loads(message_from(look))["request"]["touch"]["proposed"]


def test_a_redelivered_look_orders_the_confirming_look_that_may_have_been_lost(
    world: World,
) -> None:
    world.client("s3").create_bucket(Bucket="reports")
    look = LookRequest(ref=world.ref(BUCKET, "reports"), reason=Reason.COMPANION)
    world.process(message_from(look))
    ordered = waiting_in(world, world.settings.sweep_queue_url)

    world.process(message_from(look), redelivered=True)

    assert waiting_in(world, world.settings.sweep_queue_url) == ordered + 1


def test_a_redelivered_record_of_many_resources_orders_their_confirming_looks(
    world: World,
) -> None:
    group = make_group(world)
    world.deliver_all()
    world.client("ec2").create_tags(Resources=[group], Tags=[{"Key": "team", "Value": "web"}])
    (tagged,) = world.take_records()
    items = tagged["requestParameters"]["resourcesSet"]["items"]
    items.append({"resourceId": "sg-0123456789abcdef0"})
    before = waiting_in(world, world.settings.changes_queue_url)

    world.deliver(tagged, redelivered=True)

    assert waiting_in(world, world.settings.changes_queue_url) >= before + 2


def test_what_a_live_look_finds_under_new_rules_is_in_their_sweeps_summary(world: World) -> None:
    new = "s3-bucket-tls-required"
    old_rules = [rule for rule in world.ports.rulebook.by_id.values() if rule.id != new]
    old_book = Rulebook.of(old_rules, resource_types())
    before = replace(world, ports=replace(world.ports, rulebook=old_book))
    world.client("s3").create_bucket(Bucket="reports")
    world.take_records()
    before.sweep()
    world.client("s3").put_bucket_acl(Bucket="reports", ACL="private")
    world.deliver_all()

    world.sweep()

    last = max(summaries_of(world), key=lambda summary: summary.sweep_id)
    assert new in {count.rule_id for count in last.counts}


def test_two_records_that_share_an_event_id_are_both_told(world: World) -> None:
    account = world.aws.account_id
    root = {"type": "Root", "arn": f"arn:aws:iam::{account}:root", "accountId": account}
    world.client("s3").create_bucket(Bucket="reports")
    (record,) = world.take_records()
    for name in ("DisableKey", "ScheduleKeyDeletion"):
        act = {"eventSource": "kms.amazonaws.com", "eventName": name, "userIdentity": root}
        world.deliver({**record, **act, "requestParameters": {"keyId": "1"}})

    assert len(history_of(world, "iam-root-acted")) == 2
