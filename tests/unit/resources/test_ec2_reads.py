"""How EC2's answers become items: pages, absent parts, what is others', what cannot be read."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import PermanentError
from chalicelib.model import GapReason, ResourceType
from chalicelib.resources import (
    _frame,
    ec2_image,
    ec2_instance,
    ec2_network_acl,
    ec2_route_table,
    ec2_snapshot,
    ec2_vpc,
)
from tests.unit.resources.fake_ec2 import (
    ACCOUNT,
    BESIDE,
    REGION,
    VPC_ROW,
    Answer,
    Clock,
    Ec2,
    always,
    everything,
    look,
    page,
    ref,
    refused,
    seen,
)

IMAGE, INSTANCE = ec2_image.RESOURCE_TYPE, ec2_instance.RESOURCE_TYPE
ACL, TABLE = ec2_network_acl.RESOURCE_TYPE, ec2_route_table.RESOURCE_TYPE
SNAPSHOT, VPC = ec2_snapshot.RESOURCE_TYPE, ec2_vpc.RESOURCE_TYPE

RUNNING = {"State": {"Code": 16, "Name": "running"}}


def instances(*found: dict[str, Any]) -> Answer:
    return {"Reservations": [{"Instances": [{**RUNNING, **one}]} for one in found]}


OPTIONS = {
    "nothing said, as on old launches": (None, ("optional", "enabled")),
    "no tokens said": ({"HttpEndpoint": "disabled"}, ("optional", "disabled")),
    "no endpoint said": ({"HttpTokens": "required"}, ("required", "enabled")),
    "still being applied": (
        {"State": "pending", "HttpTokens": "required", "HttpEndpoint": "enabled"},
        ("required", "enabled"),
    ),
}


@pytest.mark.parametrize(("options", "expected"), OPTIONS.values(), ids=OPTIONS)
def test_metadata_options_have_the_documented_defaults(
    options: dict[str, str] | None, expected: tuple[str, str]
) -> None:
    said = {"MetadataOptions": options} if options else {}

    item = seen(
        INSTANCE, "i-1", describe_instances=always(instances({"InstanceId": "i-1", **said}))
    )

    tokens, endpoint = expected
    assert item.properties["MetadataOptions"] == {"HttpTokens": tokens, "HttpEndpoint": endpoint}
    assert item.gaps == ()


@pytest.mark.parametrize("state", ["running", "shutting-down", "terminated"])
def test_an_instance_is_described_in_every_state(state: str) -> None:
    found = {"InstanceId": "i-1", "State": {"Code": 48, "Name": state}}

    item = seen(INSTANCE, "i-1", describe_instances=always(instances(found)))

    assert item.properties["State"]["Name"] == state


def test_an_instance_without_state_is_no_answer() -> None:
    answer = {"Reservations": [{"Instances": [{"InstanceId": "i-1"}]}]}

    item = seen(INSTANCE, "i-1", describe_instances=always(answer))

    assert {gap.reason for gap in item.gaps} == {GapReason.MALFORMED}


def test_an_answer_that_names_no_instance_proves_nothing() -> None:
    item = seen(INSTANCE, "i-1", describe_instances=always({"Reservations": []}))

    assert item.gaps


GONE = {
    "InvalidInstanceID.NotFound": True,
    "InvalidInstanceID.Malformed": True,
    "InvalidAMIID.Unavailable": True,
    "UnauthorizedOperation": False,
    "InvalidParameterValue": False,
    "NotFound": False,
    "RequestLimitExceeded": False,
}


@pytest.mark.parametrize(("code", "absent"), GONE.items(), ids=GONE)
def test_only_a_code_about_the_id_means_that_there_is_none(code: str, absent: bool) -> None:
    item = look(INSTANCE, "i-1", describe_instances=refused(code))

    assert (item is None) is absent
    assert item is None or item.gaps


def by_token(kind: str, pages: dict[str | None, list[Any]]) -> Callable[..., Answer]:
    """Answer a listing page by page; each page names the next."""
    tokens = list(pages)

    def answer(**given: Any) -> Answer:
        token = given.get("NextToken")
        following = tokens[tokens.index(token) + 1 :]
        return {kind: pages[token], **({"NextToken": following[0]} if following else {})}

    return answer


ENTRIES: dict[str, Any] = {"Entries": [], "Associations": []}
LISTINGS: dict[str, tuple[ResourceType, str, str, dict[str, Any]]] = {
    "instances": (INSTANCE, "describe_instances", "Reservations", {}),
    "network ACLs": (ACL, "describe_network_acls", "NetworkAcls", ENTRIES),
    "route tables": (TABLE, "describe_route_tables", "RouteTables", {"Routes": [], "VpcId": "v"}),
    "VPCs": (VPC, "describe_vpcs", "Vpcs", VPC_ROW),
    "images": (IMAGE, "describe_images", "Images", {"Public": False, "State": "available"}),
    "snapshots": (SNAPSHOT, "describe_snapshots", "Snapshots", {"Encrypted": True}),
}
IDS = {
    INSTANCE.type: "InstanceId",
    ACL.type: "NetworkAclId",
    TABLE.type: "RouteTableId",
    VPC.type: "VpcId",
    IMAGE.type: "ImageId",
    SNAPSHOT.type: "SnapshotId",
}


def row(kind: ResourceType, resource_id: str, more: dict[str, Any]) -> dict[str, Any]:
    one = {**more, IDS[kind.type]: resource_id}
    return {"Instances": [{**RUNNING, **one}]} if kind is INSTANCE else one


@pytest.mark.parametrize(("kind", "call", "member", "more"), LISTINGS.values(), ids=LISTINGS)
def test_a_listing_goes_on_where_its_page_ended(
    kind: ResourceType, call: str, member: str, more: dict[str, Any]
) -> None:
    pages = {None: [row(kind, "x-1", more)], "more": [row(kind, "x-2", more)]}
    aws = Ec2({**BESIDE, call: by_token(member, pages)})

    first = page(kind, aws)
    second = page(kind, aws, first.next_token)

    assert [item.ref.id for item in first.items] == ["x-1"]
    assert first.next_token == "more"
    assert [item.ref.id for item in second.items] == ["x-2"]
    assert second.next_token is None


@pytest.mark.parametrize(("kind", "call", "member", "more"), LISTINGS.values(), ids=LISTINGS)
def test_a_listing_without_its_list_is_no_empty_account(
    kind: ResourceType, call: str, member: str, more: dict[str, Any]
) -> None:
    assert member
    assert more is not None

    with pytest.raises(PermanentError):
        page(kind, Ec2({**BESIDE, call: always({})}))


OTHERS = [name for name in LISTINGS if name != "instances"]


@pytest.mark.parametrize("name", OTHERS)
def test_what_another_account_owns_is_neither_listed_nor_described(name: str) -> None:
    kind, call, member, more = LISTINGS[name]
    stranger = {**row(kind, "x-1", more), "OwnerId": "444455556666"}
    answers: dict[str, Any] = {**BESIDE, call: always({member: [stranger]})}

    assert page(kind, Ec2(answers)).items == ()
    assert look(kind, "x-1", **answers) is None


def test_an_acl_says_which_subnets_it_stands_before() -> None:
    acl = {
        "NetworkAclId": "acl-1",
        "Entries": [],
        "Associations": [{"SubnetId": "subnet-2"}, {"SubnetId": "subnet-1"}],
    }

    item = seen(ACL, "acl-1", describe_network_acls=always({"NetworkAcls": [acl]}))

    assert item.observed["Subnets"] == ["subnet-1", "subnet-2"]


BROKEN_ENTRIES = {
    "tcp without ports": {"PortRange": None},
    "no addresses": {"CidrBlock": None},
    "addresses that are none": {"CidrBlock": "999.0.0.0/0"},
    "no action": {"RuleAction": None},
    "no direction": {"Egress": None},
    "no protocol": {"Protocol": None},
}


@pytest.mark.parametrize("broken", BROKEN_ENTRIES.values(), ids=BROKEN_ENTRIES)
def test_an_entry_that_lost_a_part_is_never_read_as_one_that_decides_less(
    broken: dict[str, Any],
) -> None:
    entry = {
        "RuleNumber": 100,
        "Egress": False,
        "RuleAction": "deny",
        "Protocol": "6",
        "CidrBlock": "0.0.0.0/0",
        "PortRange": {"From": 22, "To": 22},
    }
    acl = {"NetworkAclId": "acl-1", "Entries": [{**entry, **broken}], "Associations": []}

    item = seen(ACL, "acl-1", describe_network_acls=always({"NetworkAcls": [acl]}))

    assert item.derived["InternetIngress"] is None
    assert [gap.reason for gap in item.gaps] == [GapReason.MALFORMED]


def test_images_are_the_account_s_own_with_those_that_are_disabled() -> None:
    aws = Ec2({"describe_images": always({"Images": []})})

    page(IMAGE, aws)
    _frame.describe(aws, IMAGE, ref(IMAGE, "ami-1"), everything(IMAGE), Clock())

    assert len(aws.asked) == 2
    for _, given in aws.asked:
        assert given["Owners"] == ["self"]
        assert given["IncludeDisabled"] is True


@pytest.mark.parametrize(
    ("kind", "resource_id", "arn"),
    [
        (INSTANCE, "i-1", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1"),
        (ACL, "acl-1", f"arn:aws:ec2:{REGION}:{ACCOUNT}:network-acl/acl-1"),
        (TABLE, "rtb-1", f"arn:aws:ec2:{REGION}:{ACCOUNT}:route-table/rtb-1"),
        (VPC, "vpc-1", f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-1"),
        (IMAGE, "ami-1", f"arn:aws:ec2:{REGION}::image/ami-1"),
        (SNAPSHOT, "snap-1", f"arn:aws:ec2:{REGION}::snapshot/snap-1"),
    ],
    ids=lambda value: getattr(value, "type", None),
)
def test_arns_are_as_aws_writes_them(kind: ResourceType, resource_id: str, arn: str) -> None:
    assert kind.arn is not None
    assert kind.arn(ref(kind, resource_id)) == arn
