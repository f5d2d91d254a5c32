"""One change, all the way: a person's tool, AWS, event, verdict, finding, Slack, and back again."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.iam.models import iam_backends

from chalicelib.findings.timeline import recordings
from tests.e2e.story import PATIENCE_SECONDS, PROMISED_SECONDS, USER, Story, a_story, tools
from vigil.demo.stage import policy_open_to_all, ssh_from, wait_for

TOOLS = tools()
ALL_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
PUBLIC = "s3-bucket-no-public-read"
SSH = "ec2-sg-no-public-ssh"
STALE = "iam-role-not-stale"
IDLE_DAYS = 120
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
Recorder = Callable[[str, object], None]


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with a_story() as told:
        yield told
        assert not told.vigil.bus.failures
        assert not told.aws.crashes


@pytest.mark.parametrize("name", TOOLS)
def test_a_bucket_opened_and_closed_again_is_told_and_resolved_in_its_thread(
    name: str, story: Story, tmp_path: Path, record_property: Recorder
) -> None:
    tool, bucket = TOOLS[name], f"opened-by-{name}"
    story.client("s3").create_bucket(Bucket=bucket)
    story.settle()

    tool.set_policy(story, bucket, tmp_path, policy_open_to_all(bucket))
    done = time.monotonic()
    message = story.told(
        f"Bucket {bucket} can be read by anyone", f"{USER} by PutBucketPolicy", tool.signature
    )
    record_property("seconds_until_told", time.monotonic() - done)
    record_property("seconds_promised", PROMISED_SECONDS)
    tool.set_policy(story, bucket, tmp_path, None)
    story.told("Resolved after", "outside can read", thread=message.ts)

    assert bucket not in story.open_findings(PUBLIC)


def test_every_configuration_that_a_bucket_had_is_kept_and_can_be_read_back(story: Story) -> None:
    s3 = story.client("s3")
    s3.create_bucket(Bucket="kept")
    story.settle()
    s3.put_bucket_policy(Bucket="kept", Policy=policy_open_to_all("kept"))
    story.settle()
    s3.delete_bucket_policy(Bucket="kept")
    story.settle()
    s3.delete_bucket(Bucket="kept")
    story.settle()

    first, opened, closed, gone = recordings(story.history("kept"))

    assert gone.item is None
    assert first.item == closed.item != opened.item
    items = [story.items().get(one.item) for one in (first, opened) if one.item]
    assert [item["observed"]["BucketPolicy"] is None for item in items] == [True, False]
    assert [d.pointer for d in closed.differences] == ["/observed/BucketPolicy"]


def test_without_the_accounts_block_every_affected_bucket_is_judged_again(story: Story) -> None:
    s3, control = story.client("s3"), story.client("s3control")
    account = story.aws.account_id
    control.put_public_access_block(AccountId=account, PublicAccessBlockConfiguration=ALL_BLOCKED)
    for name in ("shielded-1", "shielded-2", "private-1"):
        s3.create_bucket(Bucket=name)
    for name in ("shielded-1", "shielded-2"):
        s3.put_bucket_policy(Bucket=name, Policy=policy_open_to_all(name))
    story.settle()
    before, open_before = story.looks(), story.open_findings(PUBLIC)

    control.delete_public_access_block(AccountId=account)

    affected = {"shielded-1", "shielded-2"}
    assert not open_before & affected
    assert wait_for(lambda: affected <= story.open_findings(PUBLIC), PATIENCE_SECONDS)
    for name in affected:
        story.told(f"Bucket {name} can be read", f"{USER} by DeleteAccountPublicAccessBlock")
    story.settle()
    assert "private-1" not in story.open_findings(PUBLIC)
    assert all(story.looks()[name] > before[name] for name in affected)


def test_a_role_that_is_used_again_resolves_at_its_next_due_look(story: Story) -> None:
    story.client("iam").create_role(RoleName="etl", AssumeRolePolicyDocument=TRUST)
    role: Any = iam_backends[story.aws.account_id]["aws"].get_role("etl")
    role.create_date = datetime.now(UTC) - timedelta(days=IDLE_DAYS)
    story.settle()
    story.vigil.run_schedule("sweep_start")
    story.settle()
    assert "etl" in story.open_findings(STALE)

    role.last_used, role.last_used_region = datetime.now(UTC), "eu-west-1"
    story.vigil.run_schedule("due")
    story.settle()
    still_open = "etl" in story.open_findings(STALE)
    story.let_a_day_pass()
    story.vigil.run_schedule("due")
    story.settle()

    assert still_open
    assert "etl" not in story.open_findings(STALE)


def test_a_sweep_of_what_every_account_has_leaves_no_rule_undecided(story: Story) -> None:
    story.vigil.run_schedule("sweep_start")

    story.settle()

    assert "us-east-1" in story.looks()
    assert story.undecided() == set()


def test_a_prefix_list_that_opens_up_rejudges_the_groups_naming_it_and_no_other(
    story: Story,
) -> None:
    ec2 = story.client("ec2")
    office = ec2.create_managed_prefix_list(
        PrefixListName="office",
        MaxEntries=5,
        AddressFamily="IPv4",
        Entries=[{"Cidr": "203.0.113.0/24"}],
    )["PrefixList"]
    listed = {"PrefixListIds": [{"PrefixListId": office["PrefixListId"]}], "IpRanges": []}
    naming = {_group(story, name, {**ssh_from("")[0], **listed}) for name in ("one", "two")}
    other = _group(story, "other", ssh_from("198.51.100.0/24")[0])
    story.settle()
    before = story.looks()

    ec2.modify_managed_prefix_list(
        PrefixListId=office["PrefixListId"],
        CurrentVersion=office["Version"],
        AddEntries=[{"Cidr": "0.0.0.0/0"}],
    )

    assert wait_for(lambda: naming <= story.open_findings(SSH), PATIENCE_SECONDS)
    for group in naming:
        story.told(f"{group} accepts SSH", f"{USER} by ModifyManagedPrefixList")
    story.settle()
    after = story.looks()
    assert all(after[group] > before[group] for group in naming)
    assert {key for key in before if after[key] != before[key]} == naming
    assert after[other] == before[other]


def test_a_managed_policys_new_version_rejudges_it_and_the_roles_that_have_it_and_no_other(
    story: Story,
) -> None:
    iam = story.client("iam")
    reading = _allowing("s3:GetObject")
    policy = iam.create_policy(PolicyName="shared", PolicyDocument=reading)["Policy"]["Arn"]
    for name in ("holder-1", "holder-2", "bystander"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    for name in ("holder-1", "holder-2"):
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    story.settle()
    before = story.looks()

    iam.create_policy_version(PolicyArn=policy, PolicyDocument=_allowing("s3:*"), SetAsDefault=True)
    holders = {"holder-1", "holder-2"}

    assert wait_for(
        lambda: all(story.looks()[name] > before[name] for name in holders), PATIENCE_SECONDS
    )
    story.settle()
    after = story.looks()
    assert {key for key in before if after[key] != before[key]} == {policy, *holders}


def _group(story: Story, name: str, permission: dict[str, object]) -> str:
    ec2 = story.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    return str(group)


def _allowing(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
