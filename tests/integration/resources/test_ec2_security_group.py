"""Security groups on moto, and what records say of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.findings.blame import explains
from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.routing import Routing
from chalicelib.model import (
    Change,
    ConfigurationItem,
    Evidence,
    GapReason,
    ResourceRef,
    SweepRequest,
)
from chalicelib.resources import _frame
from chalicelib.resources.ec2_security_group import RESOURCE_TYPE
from tests.integration.resources.recorded_aws import (
    ACCOUNT,
    RecordedAws,
    StoppedClock,
    aws_on_moto,
)

REGION = "eu-west-1"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EVERYTHING = frozenset(
    {"/derived/InternetIngress", *(p for f in RESOURCE_TYPE.facets for p in f.pointers)}
)
ROUTING = Routing.of([RESOURCE_TYPE])
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
WORLD = [{"CidrIp": "0.0.0.0/0"}]
SSH_ROW = {
    **SSH,
    "CidrIp": "0.0.0.0/0",
    "CidrIpv6": None,
    "SourcePrefixListId": None,
    "SourceSecurityGroupId": None,
    "SourceSecurityGroupOwnerId": None,
    "Description": None,
}


@dataclass
class Network:
    """A VPC to put groups into."""

    aws: RecordedAws
    vpc: str = field(init=False)

    def __post_init__(self) -> None:
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.aws.calls.clear()

    @property
    def ec2(self) -> Any:
        """Return the Region's client."""
        return self.aws.client("ec2", region=REGION)

    def group(self, *permissions: Any, name: str = "web") -> ResourceRef:
        """Create a group with these ingress permissions."""
        made = self.ec2.create_security_group(GroupName=name, Description="x", VpcId=self.vpc)
        if permissions:
            self.ec2.authorize_security_group_ingress(
                GroupId=made["GroupId"], IpPermissions=list(permissions)
            )
        return ref(made["GroupId"])

    def prefix_list(self, *cidrs: str) -> str:
        """Create a prefix list; return its id."""
        entries = [{"Cidr": cidr} for cidr in cidrs]
        made = self.ec2.create_managed_prefix_list(
            PrefixListName="x", AddressFamily="IPv4", MaxEntries=9, Entries=entries
        )
        return str(made["PrefixList"]["PrefixListId"])

    def attach(self, group: ResourceRef) -> None:
        """Create a network interface that uses the group."""
        subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.0.1.0/24")["Subnet"]
        self.ec2.create_network_interface(SubnetId=subnet["SubnetId"], Groups=[group.id])

    def look(self, group: ResourceRef) -> ConfigurationItem | None:
        """Describe a group; notes the calls anew."""
        self.aws.calls.clear()
        return _frame.describe(self.aws, RESOURCE_TYPE, group, EVERYTHING, StoppedClock())

    def seen(self, group: ResourceRef) -> ConfigurationItem:
        """Describe a group that is there."""
        item = self.look(group)
        assert item is not None
        return item

    def listed(self) -> dict[str, ConfigurationItem]:
        """List the Region's groups by id; notes the calls anew."""
        self.aws.calls.clear()
        request = SweepRequest(account_id=ACCOUNT, region=REGION, type=RESOURCE_TYPE.type)
        page = _frame.page(self.aws, RESOURCE_TYPE, request, EVERYTHING, StoppedClock())
        return {item.ref.id: item for item in page.items}


def ref(group_id: str) -> ResourceRef:
    return ResourceRef(account_id=ACCOUNT, region=REGION, type=RESOURCE_TYPE.type, id=group_id)


def change(name: str, **record: Any) -> Change:
    return change_from(
        {
            "eventVersion": "1.11",
            "eventSource": "ec2.amazonaws.com",
            "eventName": name,
            "eventTime": "2026-01-01T11:59:58Z",
            "awsRegion": REGION,
            "eventID": "6f1d2c3b-0000-4000-8000-000000000002",
            "recipientAccountId": ACCOUNT,
            "userIdentity": {"type": "IAMUser", "userName": "alice", "accountId": ACCOUNT},
            **record,
        },
        ROUTING,
        received_at=NOON,
    )


def nested(*permissions: dict[str, Any], group: str = "sg-0a1b2c3d") -> dict[str, Any]:
    return {"groupId": group, "ipPermissions": {"items": list(permissions)}}


def from_world(port: int) -> dict[str, Any]:
    return {
        "ipProtocol": "tcp",
        "fromPort": port,
        "toPort": port,
        "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0", "description": "for now"}]},
    }


def test_a_group_is_described_one_row_per_source() -> None:
    with aws_on_moto() as aws:
        network = Network(aws)
        group = network.group(
            {
                **SSH,
                "IpRanges": [{"CidrIp": "203.0.113.0/24", "Description": "office"}, *WORLD],
                "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
            }
        )
        item = network.seen(group)

    rows = item.properties["SecurityGroupIngress"]
    assert [(row["CidrIp"], row["CidrIpv6"], row["Description"]) for row in rows] == [
        (None, "::/0", None),
        ("0.0.0.0/0", None, None),
        ("203.0.113.0/24", None, "office"),
    ]
    assert [row["Sources"] for row in item.derived["InternetIngress"]] == [["0.0.0.0/0", "::/0"]]


def test_a_deleted_group_is_absent() -> None:
    with aws_on_moto() as aws:
        network = Network(aws)
        group = network.group()
        network.ec2.delete_security_group(GroupId=group.id)

        assert network.look(group) is None


def test_the_default_group_of_a_deleted_vpc_is_absent() -> None:
    with aws_on_moto() as aws:
        network = Network(aws)
        own = [{"Name": "vpc-id", "Values": [network.vpc]}]
        (default,) = network.ec2.describe_security_groups(Filters=own)["SecurityGroups"]
        network.ec2.delete_security_group(GroupId=default["GroupId"])
        network.ec2.delete_vpc(VpcId=network.vpc)

        assert network.look(ref(default["GroupId"])) is None


def test_a_described_group_costs_two_calls_and_one_per_prefix_list() -> None:
    with aws_on_moto() as aws:
        network = Network(aws)
        offices = network.prefix_list("203.0.113.0/24")
        group = network.group({**SSH, "PrefixListIds": [{"PrefixListId": offices}]})
        network.look(group)

    assert sorted(aws.calls) == [
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:GetManagedPrefixListEntries",
    ]


def test_a_prefix_list_that_holds_the_world_opens_the_group() -> None:
    with aws_on_moto() as aws:
        network = Network(aws)
        world = network.prefix_list("10.0.0.0/8", "0.0.0.0/0")
        group = network.group({**SSH, "PrefixListIds": [{"PrefixListId": world}]})
        item = network.seen(group)

    (row,) = item.derived["InternetIngress"]
    assert row["Because"] == [
        "/properties/SecurityGroupIngress/0",
        f"/observed/PrefixLists/{world}/Entries/0",
    ]
    assert item.companions == (f"{ACCOUNT}#{REGION}#AWS::EC2::PrefixList#{world}",)


def test_a_list_that_aws_manages_is_read_like_any_other() -> None:
    with aws_on_moto() as aws:
        network = Network(aws)
        name = "com.amazonaws.global.cloudfront.origin-facing"
        named = [{"Name": "prefix-list-name", "Values": [name]}]
        (edge,) = network.ec2.describe_managed_prefix_lists(Filters=named)["PrefixLists"]
        group = network.group({**SSH, "PrefixListIds": [{"PrefixListId": edge["PrefixListId"]}]})
        item = network.seen(group)

    assert item.observed["PrefixLists"][edge["PrefixListId"]]["Entries"]
    assert item.derived["InternetIngress"] == []


def test_an_unreadable_prefix_list_is_a_gap_and_the_world_beside_it_is_still_seen() -> None:
    with aws_on_moto() as aws:
        network = Network(aws)
        offices = network.prefix_list("203.0.113.0/24")
        group = network.group(
            {**SSH, "IpRanges": WORLD, "PrefixListIds": [{"PrefixListId": offices}]}
        )
        aws.deny("ec2:GetManagedPrefixListEntries")
        item = network.seen(group)

    assert {gap.pointer: (gap.reason, gap.call) for gap in item.gaps} == {
        f"/observed/PrefixLists/{offices}/Entries": (
            GapReason.DENIED,
            "ec2:GetManagedPrefixListEntries",
        ),
        "/derived/InternetIngress": (GapReason.DENIED, "ec2:GetManagedPrefixListEntries"),
    }
    assert [row["Sources"] for row in item.derived["InternetIngress"]] == [["0.0.0.0/0"]]


@pytest.mark.parametrize("attached", [False, True], ids=["attached to nothing", "attached"])
def test_a_group_says_whether_an_interface_uses_it(attached: bool) -> None:
    with aws_on_moto() as aws:
        network = Network(aws)
        group = network.group()
        if attached:
            network.attach(group)

        assert network.seen(group).observed["AttachedInterfaces"] == int(attached)
        assert network.listed()[group.id].observed["AttachedInterfaces"] == int(attached)


def test_a_hundred_groups_are_listed_with_two_calls_and_one_per_prefix_list() -> None:
    with aws_on_moto() as aws:
        network = Network(aws)
        offices = network.prefix_list("203.0.113.0/24")
        permission = {**SSH, "PrefixListIds": [{"PrefixListId": offices}]}
        groups = [network.group(permission, name=f"web-{n}") for n in range(97)]
        listed = network.listed()

    assert {group.id for group in groups} <= set(listed)
    assert sorted(aws.calls) == [
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:GetManagedPrefixListEntries",
    ]


def test_a_listing_goes_on_where_the_page_before_ended() -> None:
    aws = _TwoPages()

    first = RESOURCE_TYPE.list(aws, ACCOUNT, REGION, None)
    second = RESOURCE_TYPE.list(aws, ACCOUNT, REGION, first.next_token)

    assert [item.ref.id for item in first.items + second.items] == ["sg-1", "sg-2"]
    assert second.next_token is None


NO_RULES: dict[str, Any] = {"IpPermissions": [], "IpPermissionsEgress": []}


class _TwoPages:
    """EC2 with two groups, a page each, and no network interface."""

    def client(self, *_: Any, **__: Any) -> Any:
        return self

    def describe_security_groups(self, **request: Any) -> dict[str, Any]:
        if "NextToken" not in request:
            return {"SecurityGroups": [{"GroupId": "sg-1", **NO_RULES}], "NextToken": "more"}
        assert request["NextToken"] == "more"
        return {"SecurityGroups": [{"GroupId": "sg-2", **NO_RULES}]}

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"NetworkInterfaces": []}]


def test_listing_without_leave_to_see_interfaces_leaves_a_gap_in_every_group() -> None:
    with aws_on_moto() as aws:
        network = Network(aws)
        group = network.group({**SSH, "IpRanges": WORLD})
        aws.deny("ec2:DescribeNetworkInterfaces")
        item = network.listed()[group.id]

    assert [gap.pointer for gap in item.gaps] == ["/observed/AttachedInterfaces"]
    assert item.derived["InternetIngress"]


def test_a_group_shared_by_another_account_is_not_listed() -> None:
    with aws_on_moto() as aws:
        network = Network(aws)
        group = network.group()
        page = RESOURCE_TYPE.list(_Renamed(aws), "444455556666", REGION, None)

    assert group.id not in {item.ref.id for item in page.items}


@dataclass
class _Renamed:
    """The same AWS, asked by somebody who thinks it is another account's."""

    aws: RecordedAws

    def client(self, service: str, *, account_id: str, region: str) -> Any:
        assert account_id == "444455556666"
        return self.aws.client(service, region=region)


def test_a_name_alone_is_looked_up() -> None:
    with aws_on_moto() as aws:
        group = Network(aws).group(name="by-name")
        assert RESOURCE_TYPE.resolve is not None

        assert RESOURCE_TYPE.resolve(aws, ref("by-name")) == group
        assert RESOURCE_TYPE.resolve(aws, ref("nobody")) is None
        assert RESOURCE_TYPE.resolve(aws, ref("sg-0a1b2c3d")) == ref("sg-0a1b2c3d")


def test_spellings_of_the_world_are_one_row() -> None:
    with aws_on_moto() as aws:
        network = Network(aws)
        group = network.group({**SSH, "IpRanges": WORLD})
        item = network.seen(group)

    assert item.properties["SecurityGroupIngress"] == [SSH_ROW]


LEGACY = {"ipPermissions": {}, "ipProtocol": "tcp", "fromPort": 22, "toPort": 22}
WRAPPED = {
    "ModifySecurityGroupRulesRequest": {
        "GroupId": "sg-0a1b2c3d",
        "SecurityGroupRule": {
            "tag": 1,
            "SecurityGroupRuleId": "sgr-1",
            "SecurityGroupRule": {**SSH, "CidrIpv4": "0.0.0.0/0"},
        },
    }
}
OPENINGS = {
    "nested": ("AuthorizeSecurityGroupIngress", nested(from_world(22))),
    "legacy": (
        "AuthorizeSecurityGroupIngress",
        {"groupId": "sg-0a1b2c3d", **LEGACY, "cidrIp": "0.0.0.0/0"},
    ),
    "modified": ("ModifySecurityGroupRules", WRAPPED),
}


@pytest.mark.parametrize(("name", "parameters"), OPENINGS.values(), ids=OPENINGS)
def test_an_opening_is_proposed_as_it_will_be_described(name: str, parameters: Any) -> None:
    seen = change(name, requestParameters=parameters)

    (touch,) = seen.touches
    assert touch.ref.id == "sg-0a1b2c3d"
    assert touch.proposed["/properties/SecurityGroupIngress"] == [SSH_ROW]
    assert [row["Protocol"] for row in seen.derived["InternetIngress"]] == ["tcp"]


def test_a_request_cut_for_its_size_proposes_nothing() -> None:
    seen = change(
        "AuthorizeSecurityGroupIngress",
        requestParameters={"groupId": "sg-0a1b2c3d", "omitted": True},
    )

    (touch,) = seen.touches
    assert touch.proposed == {}


def test_a_refused_authorisation_changes_nothing() -> None:
    seen = change(
        "AuthorizeSecurityGroupIngress",
        requestParameters=nested(from_world(22)),
        errorCode="Client.InvalidPermission.Duplicate",
    )

    assert seen.touches == ()
    assert seen.derived == {}


IDS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "created": ("CreateSecurityGroup", {"responseElements": {"groupId": "sg-1"}}, ["sg-1"]),
    "deleted": ("DeleteSecurityGroup", {"requestParameters": {"groupId": "sg-1"}}, ["sg-1"]),
    "named": (
        "AuthorizeSecurityGroupIngress",
        {"requestParameters": {"groupName": "web tier", **LEGACY}},
        ["web tier"],
    ),
    "described anew": (
        "UpdateSecurityGroupRuleDescriptionsIngress",
        {
            "requestParameters": {
                "UpdateSecurityGroupRuleDescriptionsIngressRequest": {"GroupId": "sg-1"}
            }
        },
        ["sg-1"],
    ),
    "tagged with others": (
        "CreateTags",
        {
            "requestParameters": {
                "resourcesSet": {"items": [{"resourceId": "i-1"}, {"resourceId": "sg-1"}]}
            }
        },
        ["sg-1"],
    ),
    "launched": (
        "RunInstances",
        {
            "responseElements": {
                "instancesSet": {
                    "items": [
                        {
                            "networkInterfaceSet": {
                                "items": [{"groupSet": {"items": [{"groupId": g}]}}]
                            }
                        }
                        for g in ("sg-1", "sg-2")
                    ]
                }
            }
        },
        ["sg-1", "sg-2"],
    ),
    "attached": (
        "ModifyNetworkInterfaceAttribute",
        {"requestParameters": {"groupSet": {"items": [{"groupId": "sg-1"}]}}},
        ["sg-1"],
    ),
}


@pytest.mark.parametrize(("name", "record", "ids"), IDS.values(), ids=IDS)
def test_a_record_leads_to_its_groups(name: str, record: Any, ids: list[str]) -> None:
    assert [touch.ref.id for touch in change(name, **record).touches] == ids


def test_a_changed_prefix_list_leads_to_the_groups_that_name_it() -> None:
    seen = change(
        "ModifyManagedPrefixList",
        requestParameters={
            "ModifyManagedPrefixListRequest": {
                "PrefixListId": "pl-0a1b",
                "AddEntry": {"tag": 1, "Cidr": "0.0.0.0/0"},
            }
        },
    )

    (touched,) = seen.companions
    assert touched.ref.key == f"{ACCOUNT}#{REGION}#AWS::EC2::PrefixList#pl-0a1b"
    assert not touched.account_wide
    assert touched.proposed == {"/observed/PrefixLists": {"pl-0a1b": {"Entries": ["0.0.0.0/0"]}}}


def opened_item() -> tuple[ConfigurationItem, tuple[Evidence, ...]]:
    item = ConfigurationItem(
        ref=ref("sg-0a1b2c3d"),
        properties={"SecurityGroupIngress": [{**SSH_ROW, "Description": "typed later"}]},
        observed={},
        started_at=NOON,
        ended_at=NOON,
    )
    because = ("/properties/SecurityGroupIngress/0",)
    path = "/derived/InternetIngress/0"
    return item, (Evidence(path=path, actual=None, expected="", because=because),)


BYSTANDERS = {
    "who opened another port": ("AuthorizeSecurityGroupIngress", nested(from_world(443))),
    "who revoked a rule": ("RevokeSecurityGroupIngress", nested(from_world(22))),
    "who described a rule": (
        "UpdateSecurityGroupRuleDescriptionsIngress",
        nested(from_world(22)),
    ),
    "who opened the other direction": (
        "AuthorizeSecurityGroupEgress",
        nested(from_world(22)),
    ),
    "who tagged the group": (
        "CreateTags",
        {"resourcesSet": {"items": [{"resourceId": "sg-0a1b2c3d"}]}},
    ),
}


@pytest.mark.parametrize(("name", "parameters"), BYSTANDERS.values(), ids=BYSTANDERS)
def test_nobody_is_blamed(name: str, parameters: Any) -> None:
    item, evidence = opened_item()

    (touch,) = change(name, requestParameters=parameters).touches

    assert not explains(touch, evidence, item)


def test_whoever_created_the_group_did_not_open_it() -> None:
    item, evidence = opened_item()

    (touch,) = change("CreateSecurityGroup", responseElements={"groupId": "sg-0a1b2c3d"}).touches

    assert touch.creates
    assert not explains(touch, evidence, item)


@pytest.mark.parametrize(("name", "parameters"), OPENINGS.values(), ids=OPENINGS)
def test_whoever_opened_it_is_named(name: str, parameters: Any) -> None:
    item, evidence = opened_item()

    (touch,) = change(name, requestParameters=parameters).touches

    assert explains(touch, evidence, item)
