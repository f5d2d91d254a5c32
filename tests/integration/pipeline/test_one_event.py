"""What one event costs and leads to, through the real pipeline and real HTTP to the AWS API."""

import json

import pytest

from chalicelib.findings._items import row_from
from chalicelib.findings._tables import LEDGER
from tests.integration.pipeline.world import World

BUCKET = "AWS::S3::Bucket"
GROUP = "AWS::EC2::SecurityGroup"
ROLE = "AWS::IAM::Role"
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
PUBLIC = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}],
}


def open_bucket(world: World, name: str = "reports") -> None:
    s3 = world.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_policy(
        Bucket=name,
        Policy=json.dumps(PUBLIC).replace(
            '"Resource": "*"', f'"Resource": "arn:aws:s3:::{name}/*"'
        ),
    )


def make_group(world: World) -> str:
    ec2 = world.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    return str(ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"])


def test_a_bucket_event_makes_one_read_per_facet_two_queries_and_one_transaction(
    world: World,
) -> None:
    open_bucket(world)
    *_, policy_written = world.take_records()

    world.deliver(policy_written)

    assert sorted(world.calls) == [
        "dynamodb:Query",
        "dynamodb:Query",  # the trails that write into the bucket
        "dynamodb:TransactWriteItems",
        "s3:GetBucketAcl",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketTagging",  # whose it is
        "s3:GetBucketVersioning",
        "s3:GetPublicAccessBlock",
        "s3control:GetPublicAccessBlock",
        "sqs:SendMessageBatch",  # the confirming look of a finding that opened
    ]


def test_a_bucket_event_that_changes_nothing_makes_ten_calls(world: World) -> None:
    open_bucket(world)
    world.deliver_all()
    world.client("s3").put_bucket_tagging(Bucket="reports", Tagging={"TagSet": []})
    world.client("s3").put_bucket_ownership_controls(
        Bucket="reports", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    *_, ownership_written = world.take_records()
    world.calls.clear()

    world.deliver(ownership_written)

    # Seven reads, the bucket's Query, the Query for trails that write into it, the transaction.
    assert len(world.calls) == 10
    assert "s3:ListBuckets" not in world.calls


def test_a_group_event_makes_one_describe_per_facet(world: World) -> None:
    group = make_group(world)
    world.deliver_all()
    world.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    world.calls.clear()

    world.deliver_all()

    assert sorted(world.calls) == [
        "dynamodb:Query",
        "dynamodb:TransactWriteItems",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "sqs:SendMessageBatch",
    ]


def test_a_role_event_reads_the_role_once(world: World) -> None:
    trust = {"Version": "2012-10-17", "Statement": []}
    world.client("iam").create_role(RoleName="etl", AssumeRolePolicyDocument=json.dumps(trust))

    world.deliver_all()

    assert world.calls.count("iam:GetRole") == 1


def test_a_public_policy_opens_a_finding_that_names_its_author(world: World) -> None:
    open_bucket(world)

    world.deliver_all()

    finding = world.finding("s3-bucket-no-public-read", BUCKET, "reports")
    assert finding.cause is not None
    assert finding.cause.event_name == "PutBucketPolicy"
    assert finding.cause.actor.name == "someone"


def test_removing_the_policy_resolves_the_finding(world: World) -> None:
    open_bucket(world)
    world.deliver_all()
    world.client("s3").delete_bucket_policy(Bucket="reports")

    world.deliver_all()

    assert "s3-bucket-no-public-read" not in world.open_findings(BUCKET, "reports")


def test_taking_the_account_block_off_rejudges_every_bucket(world: World) -> None:
    block = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    control = {"AccountId": world.aws.account_id}
    s3control = world.ports.observer.aws.client(  # type: ignore[attr-defined] # the real observer
        "s3control", account_id=world.aws.account_id, region="us-east-1"
    )
    s3control.put_public_access_block(**control, PublicAccessBlockConfiguration=block)
    for name in ("reports", "invoices"):
        open_bucket(world, name)
    world.deliver_all()
    world.work_through()
    assert "s3-bucket-no-public-read" not in world.open_findings(BUCKET, "reports")
    s3control.delete_public_access_block(**control)

    world.deliver_all()
    world.work_through()

    for name in ("reports", "invoices"):
        finding = world.finding("s3-bucket-no-public-read", BUCKET, name)
        assert finding.status == "OPEN"
        assert finding.reason == "companion"


def test_a_duplicate_record_changes_nothing(world: World) -> None:
    open_bucket(world)
    records = world.take_records()
    for record in records:
        world.deliver(record)
    before = world.known(BUCKET, "reports")

    outcome = world.deliver(records[-1])

    assert outcome == "duplicate"
    assert world.known(BUCKET, "reports") == before


def test_a_redelivered_record_orders_the_confirming_look_that_may_have_been_lost(
    world: World,
) -> None:
    open_bucket(world)
    *_, record = world.take_records()
    world.deliver(record)
    world.calls.clear()

    world.deliver(record, redelivered=True)

    assert "sqs:SendMessageBatch" in world.calls


def test_a_failed_call_is_counted_and_leads_to_no_look(world: World) -> None:
    s3 = world.client("s3")
    with pytest.raises(s3.exceptions.ClientError):
        s3.put_bucket_policy(Bucket="nowhere", Policy="{}")

    outcomes = world.deliver_all()

    assert outcomes == ["failed-call"]
    assert world.calls == ["dynamodb:PutItem"]


def test_a_call_that_nobody_judges_is_counted_as_irrelevant(world: World) -> None:
    world.client("ec2").create_key_pair(KeyName="letters")

    assert world.deliver_all() == ["irrelevant"]
    assert world.calls == ["dynamodb:PutItem"]


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("no json", "invalid"),
        ("[]", "invalid"),
        ('{"detail-type": "EC2 Instance State-change Notification"}', "irrelevant"),
        ('{"detail-type": "AWS API Call via CloudTrail", "detail": {}}', "refused"),
    ],
)
def test_what_is_no_record_has_its_row_and_does_no_harm(
    world: World, body: str, outcome: str
) -> None:
    assert world.process(body) == outcome
    assert world.calls == ["dynamodb:PutItem"]


def test_an_event_put_on_the_bus_by_a_customer_is_refused(world: World) -> None:
    open_bucket(world)
    *_, record = world.take_records()
    spoofed = {"detail-type": "AWS API Call via CloudTrail", "source": "my.app", "detail": record}

    assert world.process(json.dumps(spoofed)) == "refused"
    assert world.known(BUCKET, "reports").look is None


def test_one_event_on_two_groups_looks_at_both(world: World) -> None:
    ec2 = world.client("ec2")
    groups = [make_group(world)]
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    groups.append(ec2.create_security_group(GroupName="db", Description="db", VpcId=vpc)["GroupId"])
    world.take_records()
    ec2.create_tags(Resources=groups, Tags=[{"Key": "owner", "Value": "platform"}])

    assert world.deliver_all() == ["evaluated"]

    assert all(world.known(GROUP, group).look for group in groups)


def test_the_owner_is_read_from_the_resources_tags(world: World) -> None:
    group = make_group(world)
    ec2 = world.client("ec2")
    ec2.create_tags(Resources=[group], Tags=[{"Key": "owner", "Value": "platform"}])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])

    world.deliver_all()

    assert world.finding("ec2-sg-no-public-ssh", GROUP, group).subject.owner == "platform"


def test_a_denied_read_after_a_decided_one_is_a_finding_of_its_own(world: World) -> None:
    open_bucket(world)
    world.deliver_all()
    world.aws.faults.deny("s3", "GetBucketPolicy", access_key=world.auditor_key)
    world.client("s3").put_bucket_tagging(Bucket="reports", Tagging={"TagSet": []})
    world.client("s3").put_bucket_acl(Bucket="reports", ACL="private")

    world.deliver_all()

    finding = world.finding("vigil-resource-unreadable", BUCKET, "reports")
    assert finding.status == "OPEN"
    assert "s3:GetBucketPolicy" in finding.message
    assert "s3-bucket-no-public-read" in world.open_findings(BUCKET, "reports")


def test_the_ledger_names_whoever_made_a_call_however_they_are_called(world: World) -> None:
    world.client("s3").create_bucket(Bucket="reports")
    (created,) = world.take_records()
    stranger = {
        "type": "IAMUser",
        "userName": "a\u202eb" + "x" * 500,
        "arn": "arn:aws:iam::1:user/x",
    }

    world.deliver(created)
    world.deliver({**created, "eventID": "e-2", "userIdentity": stranger})

    items = world.client("dynamodb").scan(TableName=LEDGER)["Items"]
    names = sorted(str(row_from(item).actor) for item in items)
    assert names[1] == "someone"
    assert names[0].startswith("a\ufffdbxxx")
    assert len(names[0]) == 256
