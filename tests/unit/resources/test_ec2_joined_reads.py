"""Snapshots, VPCs and route tables, which are more than one of EC2's answers."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.model import GapReason
from chalicelib.resources import ec2_route_table, ec2_snapshot, ec2_vpc
from chalicelib.resources._snapshot_reads import GROUPS, SHARING_BLOCK
from tests.unit.resources.fake_ec2 import (
    ACCOUNT,
    BESIDE,
    REGION,
    VPC_ROW,
    Answer,
    Ec2,
    always,
    page,
    refused,
    seen,
)

TABLE = ec2_route_table.RESOURCE_TYPE
SNAPSHOT, VPC = ec2_snapshot.RESOURCE_TYPE, ec2_vpc.RESOURCE_TYPE


def snapshots(*ids: str) -> Answer:
    return {
        "Snapshots": [
            {"SnapshotId": each, "OwnerId": ACCOUNT, "Encrypted": False, "VolumeId": "vol-1"}
            for each in ids
        ]
    }


def region_of_snapshots(public: set[str], *ids: str) -> dict[str, Callable[..., Answer]]:
    """Answer as EC2 does where `public` of these snapshots are everyone's."""

    def described(**given: Any) -> Answer:
        found = given.get("SnapshotIds", ids)
        if "RestorableByUserIds" in given:
            assert given["RestorableByUserIds"] == ["all"]
            found = [each for each in found if each in public]
        assert given["OwnerIds"] == ["self"]
        return snapshots(*found)

    def permissions(**given: Any) -> Answer:
        stranger = {"UserId": "444455556666"}
        everyone = [{"Group": "all"}] if given["SnapshotId"] in public else []
        return {"CreateVolumePermissions": [stranger, *everyone]}

    return {
        **BESIDE,
        "describe_snapshots": described,
        "describe_snapshot_attribute": permissions,
    }


def test_listed_and_described_snapshots_are_the_same() -> None:
    answers = region_of_snapshots({"snap-2"}, "snap-1", "snap-2")

    items = {item.ref.id: item for item in page(SNAPSHOT, Ec2(answers)).items}

    for each in ("snap-1", "snap-2"):
        described = seen(SNAPSHOT, each, **answers)
        assert items[each].document() == described.document()
    assert items["snap-2"].observed["CreateVolumeGroups"] == ["all"]
    assert items["snap-1"].observed["CreateVolumeGroups"] == []


def test_only_public_snapshots_of_a_page_are_asked_one_by_one() -> None:
    ids = [f"snap-{n}" for n in range(50)]
    aws = Ec2(region_of_snapshots({"snap-7"}, *ids))

    found = page(SNAPSHOT, aws).items

    assert len(found) == len(ids)
    assert aws.count("describe_snapshots") == 2
    assert aws.count("describe_snapshot_attribute") == 1
    assert aws.count("get_snapshot_block_public_access_state") == 1


def test_a_region_without_snapshots_is_one_call() -> None:
    aws = Ec2(region_of_snapshots(set()))

    assert page(SNAPSHOT, aws).items == ()
    assert len(aws.asked) == 1


def test_an_unreadable_block_of_the_region_is_a_gap_beside_what_is_known() -> None:
    block = {"get_snapshot_block_public_access_state": refused("InvalidAction")}
    answers = {**region_of_snapshots(set(), "snap-1"), **block}

    (listed,) = page(SNAPSHOT, Ec2(answers)).items
    described = seen(SNAPSHOT, "snap-1", **answers)

    for item in (listed, described):
        assert [(gap.pointer, gap.reason) for gap in item.gaps] == [
            (SHARING_BLOCK, GapReason.UNSUPPORTED)
        ]
        assert item.observed["CreateVolumeGroups"] == []


def test_a_public_snapshot_whose_permissions_are_refused_is_a_gap() -> None:
    answers = region_of_snapshots({"snap-1"}, "snap-1")
    answers["describe_snapshot_attribute"] = refused("UnauthorizedOperation")

    (item,) = page(SNAPSHOT, Ec2(answers)).items

    assert [gap.pointer for gap in item.gaps] == [GROUPS]
    assert item.observed["CreateVolumeGroups"] is None


def vpcs(*ids: str) -> Answer:
    return {"Vpcs": [{"VpcId": each, "OwnerId": ACCOUNT, **VPC_ROW} for each in ids]}


def flow_log(log_id: str, vpc: str, **more: Any) -> dict[str, Any]:
    return {
        "FlowLogId": log_id,
        "ResourceId": vpc,
        "FlowLogStatus": "ACTIVE",
        "TrafficType": "ALL",
        **more,
    }


def test_flow_logs_and_endpoints_of_a_page_are_two_calls() -> None:
    endpoint = {
        "VpcEndpointId": "vpce-1",
        "VpcId": "vpc-2",
        "ServiceName": f"com.amazonaws.{REGION}.ec2",
        "VpcEndpointType": "Interface",
        "State": "Available",
    }
    aws = Ec2(
        {
            "describe_vpcs": always(vpcs("vpc-1", "vpc-2")),
            "describe_flow_logs": always(
                {"FlowLogs": [flow_log("fl-2", "vpc-1"), flow_log("fl-1", "vpc-1")]}
            ),
            "describe_vpc_endpoints": always({"VpcEndpoints": [endpoint]}),
        }
    )

    first, second = page(VPC, aws).items

    assert len(aws.asked) == 3
    assert [log["FlowLogId"] for log in first.observed["FlowLogs"]] == ["fl-1", "fl-2"]
    assert first.observed["Endpoints"] == []
    assert second.observed["FlowLogs"] == []
    assert second.derived["EndpointServices"] == [
        {
            "Service": "ec2",
            "Type": "Interface",
            "State": "available",
            "Because": ["/observed/Endpoints/0"],
        }
    ]
    assert [key.rpartition("#")[2] for key in first.companions] == ["fl-1", "fl-2"]
    assert [key.rpartition("#")[2] for key in second.companions] == ["vpce-1"]


def test_flow_logs_that_may_not_be_seen_are_a_gap_of_each_vpc() -> None:
    aws = Ec2(
        {
            **BESIDE,
            "describe_vpcs": always(vpcs("vpc-1", "vpc-2")),
            "describe_flow_logs": refused("UnauthorizedOperation"),
        }
    )

    items = page(VPC, aws).items

    assert [[gap.pointer for gap in item.gaps] for item in items] == [["/observed/FlowLogs"]] * 2
    assert all(item.observed["Endpoints"] == [] for item in items)


def test_a_flow_log_that_says_no_delivery_status_is_known_all_the_same() -> None:
    item = seen(
        VPC,
        "vpc-1",
        **{
            **BESIDE,
            "describe_vpcs": always(vpcs("vpc-1")),
            "describe_flow_logs": always({"FlowLogs": [flow_log("fl-1", "vpc-1")]}),
        },
    )

    assert item.observed["FlowLogs"][0]["DeliverLogsStatus"] is None
    assert item.gaps == ()


def side(vpc: str, cidr: str | None = None, **more: Any) -> dict[str, Any]:
    return {"VpcId": vpc, **({"CidrBlock": cidr} if cidr else {}), **more}


def table(*routes: dict[str, Any], table_id: str = "rtb-1") -> Answer:
    return {"RouteTableId": table_id, "VpcId": "vpc-1", "OwnerId": ACCOUNT, "Routes": list(routes)}


def peer_route(cidr: str, peering: str = "pcx-1", state: str = "active") -> dict[str, Any]:
    return {"DestinationCidrBlock": cidr, "VpcPeeringConnectionId": peering, "State": state}


LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}
SIDES = {
    "this side asked": ("RequesterVpcInfo", "AccepterVpcInfo"),
    "this side accepted": ("AccepterVpcInfo", "RequesterVpcInfo"),
}


@pytest.mark.parametrize(("here", "there"), SIDES.values(), ids=SIDES)
def test_the_peer_is_the_other_side(here: str, there: str) -> None:
    blocks = {
        "CidrBlockSet": [{"CidrBlock": "10.1.0.0/16"}, {"CidrBlock": "10.2.0.0/16"}],
        "Ipv6CidrBlockSet": [{"Ipv6CidrBlock": "2001:db8::/56"}],
    }
    peering = {
        "VpcPeeringConnectionId": "pcx-1",
        here: side("vpc-1", "10.0.0.0/16"),
        there: side("vpc-2", "10.1.0.0/16", **blocks),
    }

    item = seen(
        TABLE,
        "rtb-1",
        describe_route_tables=always({"RouteTables": [table(LOCAL, peer_route("10.1.0.0/16"))]}),
        describe_vpc_peering_connections=always({"VpcPeeringConnections": [peering]}),
    )

    assert item.observed["Peerings"] == {
        "pcx-1": {"PeerCidrs": ["10.1.0.0/16", "10.2.0.0/16", "2001:db8::/56"]}
    }
    assert [each["PeerCidr"] for each in item.derived["WholePeerBlocks"]] == ["10.1.0.0/16"]
    assert item.gaps == ()


UNKNOWN_PEERS: dict[str, Callable[..., Answer]] = {
    "the call is refused": refused("UnauthorizedOperation"),
    "the peering is not found": always({"VpcPeeringConnections": []}),
    "the peering hides its addresses": always(
        {
            "VpcPeeringConnections": [
                {
                    "VpcPeeringConnectionId": "pcx-1",
                    "RequesterVpcInfo": side("vpc-1", "10.0.0.0/16"),
                    "AccepterVpcInfo": side("vpc-2"),
                }
            ]
        }
    ),
}


@pytest.mark.parametrize("answer", UNKNOWN_PEERS.values(), ids=UNKNOWN_PEERS)
def test_a_peer_that_cannot_be_read_is_a_gap_at_its_addresses(
    answer: Callable[..., Answer],
) -> None:
    item = seen(
        TABLE,
        "rtb-1",
        describe_route_tables=always({"RouteTables": [table(peer_route("10.1.0.0/16"))]}),
        describe_vpc_peering_connections=answer,
    )

    pointers = [gap.pointer for gap in item.gaps]
    assert pointers == ["/observed/Peerings/pcx-1/PeerCidrs", "/derived/WholePeerBlocks"]
    assert item.derived["WholePeerBlocks"] == []
    assert {gap.call for gap in item.gaps} == {"ec2:DescribeVpcPeeringConnections"}


def test_a_black_hole_is_not_asked_about_and_still_leads_back() -> None:
    aws = Ec2(
        {
            "describe_route_tables": always(
                {"RouteTables": [table(peer_route("10.1.0.0/16", state="blackhole"))]}
            )
        }
    )

    (item,) = page(TABLE, aws).items

    assert aws.count("describe_vpc_peering_connections") == 0
    assert item.derived["WholePeerBlocks"] == []
    assert [key.rpartition("#")[2] for key in item.companions] == ["pcx-1"]


def test_the_peers_of_a_page_of_tables_are_one_call() -> None:
    tables = [table(peer_route("10.1.2.0/24"), table_id=f"rtb-{n}") for n in range(20)]
    peering = {
        "VpcPeeringConnectionId": "pcx-1",
        "RequesterVpcInfo": side("vpc-1", "10.0.0.0/16"),
        "AccepterVpcInfo": side("vpc-2", "10.1.0.0/16"),
    }
    aws = Ec2(
        {
            "describe_route_tables": always({"RouteTables": tables}),
            "describe_vpc_peering_connections": always({"VpcPeeringConnections": [peering]}),
        }
    )

    items = page(TABLE, aws).items

    assert len(items) == len(tables)
    assert len(aws.asked) == 2
