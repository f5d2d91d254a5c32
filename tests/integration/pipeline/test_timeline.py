"""Every distinct configuration is kept once, before the history names it, and can be asked for."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import DamagedEvidenceError, NotFoundError, RetryableError
from chalicelib.findings.history import Entry, transition_from
from chalicelib.findings.items import S3Items
from chalicelib.findings.timeline import finding_as_of, findings_as_of, item_as_of, recordings
from chalicelib.model import LookRequest, Reason, Transition, TransitionKind, message_from
from tests.integration.pipeline.world import World
from vigil.local._principals import client_for
from vigil.local.faults import Effect, Fault

EVIDENCE = "evidence"
GROUP = "AWS::EC2::SecurityGroup"
PUBLIC_SSH = "ec2-sg-no-public-ssh"
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@pytest.fixture
def kept(world: World) -> Iterator[World]:
    """Return the world with a timeline."""
    s3 = client_for(world.aws.url, "s3")
    s3.create_bucket(Bucket=EVIDENCE, ObjectLockEnabledForBucket=True)
    world.take_records()
    yield replace(world, ports=replace(world.ports, items=items_of(world)))
    world.calls.clear()


def items_of(world: World) -> S3Items:
    """Return the items as a process sees them that has just begun."""
    observer: Any = world.ports.observer
    return S3Items(lambda: observer.aws.client("s3"), EVIDENCE)


def make_group(world: World) -> str:
    ec2 = world.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = str(ec2.create_security_group(GroupName="w", Description="w", VpcId=vpc)["GroupId"])
    world.deliver_all()
    return group


def allow(world: World, group: str) -> None:
    world.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    world.deliver_all()


def revoke(world: World, group: str) -> None:
    world.client("ec2").revoke_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    world.deliver_all()


def look_again(world: World, group: str) -> None:
    request = LookRequest(ref=world.ref(GROUP, group), reason=Reason.TIME)
    world.process(message_from(request))


def history(world: World, group: str) -> list[Entry]:
    store: Any = world.ports.store
    return list(store.history_of(world.ref(GROUP, group)))


def told(world: World, group: str) -> list[Transition]:
    return [transition_from(entry.body) for entry in history(world, group)]


def objects(world: World) -> dict[str, int]:
    """Return the key and the number of versions of every item."""
    listed = client_for(world.aws.url, "s3").list_object_versions(Bucket=EVIDENCE)
    keys = [version["Key"] for version in listed.get("Versions", [])]
    return {key: keys.count(key) for key in keys}


def test_two_changes_leave_two_items_and_the_same_content_only_one(kept: World) -> None:
    group = make_group(kept)
    allow(kept, group)
    kept = replace(kept, ports=replace(kept.ports, items=items_of(kept)))
    revoke(kept, group)
    look_again(kept, group)

    first, opened, closed = recordings(history(kept, group))

    assert first.item == closed.item != opened.item
    assert first.item
    assert opened.item
    hashes = sorted((first.item.hash, opened.item.hash))
    assert objects(kept) == {f"items/{name}.json.gz": 1 for name in hashes}
    assert [d.pointer for d in opened.differences] == ["/properties/SecurityGroupIngress/0"]
    assert opened.differences[0].before is None
    assert opened.differences[0].after["FromPort"] == 22
    assert first.differences == ()


def test_an_event_costs_one_put_where_the_configuration_changed_and_none_where_not(
    kept: World,
) -> None:
    group = make_group(kept)
    kept.calls.clear()
    allow(kept, group)
    changed = kept.calls.count("s3:PutObject")
    kept.client("ec2").create_tags(Resources=[group], Tags=[])
    kept.calls.clear()
    kept.deliver_all()
    look_again(kept, group)

    assert changed == 1
    assert "s3:PutObject" not in kept.calls


def test_what_moves_a_finding_names_the_item_that_was_judged(kept: World) -> None:
    group = make_group(kept)
    allow(kept, group)

    entries = told(kept, group)

    (opened,) = [t for t in entries if t.rule_id == PUBLIC_SSH]
    (*_, recorded) = [t for t in entries if t.kind is TransitionKind.RECORDED]
    assert opened.item == recorded.item
    assert opened.times == recorded.times
    assert recorded.seen_by == opened.seen_by
    item = items_of(kept).get(opened.item.hash if opened.item else "")
    assert item["properties"]["SecurityGroupIngress"][0]["FromPort"] == 22
    assert item.keys() == {"properties", "observed", "gaps"}


def test_between_two_changes_the_group_is_as_the_first_left_it(kept: World) -> None:
    group = make_group(kept)
    allow(kept, group)
    after_first = kept.ports.clock.now()
    revoke(kept, group)

    entries = history(kept, group)

    ref = item_as_of(entries, after_first)
    assert ref is not None
    assert items_of(kept).get(ref)["properties"]["SecurityGroupIngress"]
    then = {f.rule_id: f.status for f in findings_as_of(entries, after_first)}
    assert then[PUBLIC_SSH] == "OPEN"
    of_rule = [e for e in entries if f"#{PUBLIC_SSH}#" in e.sk]
    standing = kept.finding(PUBLIC_SSH, GROUP, group)
    assert finding_as_of(of_rule, kept.ports.clock.now()) == standing
    assert standing.status == "RESOLVED"


def test_a_deleted_group_is_gone_from_then_on(kept: World) -> None:
    group = make_group(kept)
    before = kept.ports.clock.now()
    kept.client("ec2").delete_security_group(GroupId=group)
    kept.deliver_all()

    entries = history(kept, group)

    assert item_as_of(entries, before)
    assert item_as_of(entries, kept.ports.clock.now()) is None
    assert recordings(entries)[-1].reason is Reason.RESOURCE_DELETED


@pytest.mark.parametrize("effect", [Effect.DENIED, Effect.FAILED])
def test_a_look_whose_item_is_not_kept_is_redelivered_and_then_complete(
    effect: Effect, kept: World
) -> None:
    group = make_group(kept)
    kept.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    (record,) = kept.take_records()
    kept.aws.faults.add(Fault(service="s3", operation="PutObject", effect=effect))

    with pytest.raises(RetryableError, match="not kept"):
        kept.deliver(record)
    unjudged = kept.open_findings(GROUP, group)
    kept.aws.faults.clear()
    kept.deliver(record, redelivered=True)

    assert PUBLIC_SSH not in unjudged
    assert PUBLIC_SSH in kept.open_findings(GROUP, group)
    assert len(objects(kept)) == 2


def test_an_item_that_somebody_replaced_is_found_out(kept: World) -> None:
    ref = items_of(kept).put({"properties": {"Open": False}})
    s3 = client_for(kept.aws.url, "s3")
    (key,) = objects(kept)

    for body in (b"", b"not gzip", s3.get_object(Bucket=EVIDENCE, Key=key)["Body"].read()[:-9]):
        s3.put_object(Bucket=EVIDENCE, Key=key, Body=body)
        with pytest.raises(DamagedEvidenceError):
            items_of(kept).get(ref)
    other = items_of(kept).put({"properties": {"Open": True}})
    copied = {"Bucket": EVIDENCE, "Key": f"items/{other.hash}.json.gz"}
    s3.copy_object(Bucket=EVIDENCE, Key=key, CopySource=copied)
    with pytest.raises(DamagedEvidenceError):
        items_of(kept).get(ref)


def test_an_item_that_never_was_is_not_found(kept: World) -> None:
    with pytest.raises(NotFoundError):
        items_of(kept).get("0" * 64)
