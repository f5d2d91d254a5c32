"""What EC2's events propose and derive, for instances, images, snapshots, ACLs, routes and VPCs."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.facts.peering import ROUTES
from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.routing import Routing
from chalicelib.model import Change, ResourceType
from chalicelib.resources import (
    ec2_image,
    ec2_instance,
    ec2_network_acl,
    ec2_route_table,
    ec2_snapshot,
    ec2_vpc,
)
from chalicelib.resources._snapshot_reads import GROUPS, SHARING_BLOCK

ACCOUNT = "123456789012"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TYPES = [
    module.RESOURCE_TYPE
    for module in (
        ec2_image,
        ec2_instance,
        ec2_network_acl,
        ec2_route_table,
        ec2_snapshot,
        ec2_vpc,
    )
]
ROUTING = Routing.of(TYPES)
INSTANCE, VPC = ec2_instance.RESOURCE_TYPE, ec2_vpc.RESOURCE_TYPE
TABLE, IMAGE, SNAPSHOT = (
    ec2_route_table.RESOURCE_TYPE,
    ec2_image.RESOURCE_TYPE,
    ec2_snapshot.RESOURCE_TYPE,
)
METADATA, PROFILE = "/properties/MetadataOptions", "/properties/IamInstanceProfile"
FLOW_LOGS, ENDPOINTS = "/observed/FlowLogs", "/observed/Endpoints"


def change(action: str, asked: Any = None, answered: Any = None, **more: Any) -> Change:
    record = {
        "eventVersion": "1.11",
        "eventSource": "ec2.amazonaws.com",
        "eventName": action,
        "eventTime": "2026-01-01T00:00:00Z",
        "eventID": "6f1d2c3b-0000-4000-8000-000000000002",
        "awsRegion": "eu-west-1",
        "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": "alice"},
        "requestParameters": asked,
        "responseElements": answered,
        "readOnly": False,
        **more,
    }
    return change_from(record, ROUTING, received_at=NOON)


def proposed(kind: ResourceType, made: Change) -> dict[str, dict[str, Any]]:
    return {t.ref.id: dict(t.proposed) for t in made.touches if t.ref.type == kind.type}


def launched(*ids: str, **more: Any) -> dict[str, Any]:
    items = [{"instanceId": each, "imageId": "ami-1", **more} for each in ids]
    return {"instancesSet": {"items": items}}


def test_a_launch_names_every_instance_with_its_options_and_profile() -> None:
    options = {"state": "pending", "httpTokens": "required", "httpEndpoint": "enabled"}
    profile = {"arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/apps/web", "id": "AIPA"}
    answer = launched("i-1", "i-2", metadataOptions=options, iamInstanceProfile=profile)

    touched = proposed(INSTANCE, change("RunInstances", {}, answer))

    expected = {METADATA: {"HttpTokens": "required", "HttpEndpoint": "enabled"}, PROFILE: "web"}
    assert touched == {"i-1": expected, "i-2": expected}


def test_a_launch_without_options_or_profile_proposes_only_that_there_is_no_profile() -> None:
    assert proposed(INSTANCE, change("RunInstances", {}, launched("i-1"))) == {
        "i-1": {PROFILE: None}
    }


def test_options_are_proposed_as_the_call_left_them() -> None:
    asked = {
        "ModifyInstanceMetadataOptionsRequest": {"InstanceId": "i-1", "HttpTokens": "optional"}
    }
    left = {"httpTokens": "optional", "httpEndpoint": "disabled", "state": "pending"}
    answer = {"ModifyInstanceMetadataOptionsResponse": {"instanceMetadataOptions": left}}

    with_answer = change("ModifyInstanceMetadataOptions", asked, answer)
    without = change("ModifyInstanceMetadataOptions", asked)

    assert proposed(INSTANCE, with_answer)["i-1"] == {
        METADATA: {"HttpTokens": "optional", "HttpEndpoint": "disabled"}
    }
    assert proposed(INSTANCE, without)["i-1"] == {
        METADATA: {"HttpTokens": "optional", "HttpEndpoint": None}
    }
    assert with_answer.derived == {"MetadataLoosenings": []}
    assert without.derived == {
        "MetadataLoosenings": [{"Option": "HttpTokens", "Value": "optional"}]
    }


LAYOUTS = {
    "wrapped": "{action}Response",
    "bare": "",
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("AssociateIamInstanceProfile", "web"),
        ("ReplaceIamInstanceProfileAssociation", "web"),
        ("DisassociateIamInstanceProfile", None),
    ],
)
def test_a_profile_is_put_on_and_taken_off(layout: str, action: str, name: str | None) -> None:
    profile = {"arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/apps/web"}
    association = {"instanceId": "i-1", "iamInstanceProfile": profile}
    answer: dict[str, Any] = {"iamInstanceProfileAssociation": association}
    if layout:
        answer = {layout.format(action=action): answer}

    made = change(action, {f"{action}Request": {"AssociationId": "iip-assoc-1"}}, answer)

    assert proposed(INSTANCE, made) == {"i-1": {PROFILE: name}}


def test_a_profile_named_in_the_request_is_proposed_where_no_answer_is_recorded() -> None:
    request = {"InstanceId": "i-1", "IamInstanceProfile": {"Name": "web"}}
    made = change("AssociateIamInstanceProfile", {"AssociateIamInstanceProfileRequest": request})

    assert proposed(INSTANCE, made) == {"i-1": {PROFILE: "web"}}


EDITS = {
    "in a form of its own": ({"userData": "<sensitiveDataRemoved>"}, ["userData"]),
    "in the generic form": ({"attribute": "userData", "value": "x"}, ["userData"]),
    "with another key case": ({"UserData": {"value": "x"}}, ["userData"]),
    "two at once": (
        {"ebsOptimized": {"value": True}, "sourceDestCheck": {"value": False}},
        ["ebsOptimized", "sourceDestCheck"],
    ),
    "nothing known": ({"colour": "red"}, []),
    "an attribute that is no text": ({"attribute": {"value": "userData"}}, []),
}


@pytest.mark.parametrize(("asked", "attributes"), EDITS.values(), ids=EDITS)
def test_an_edit_says_which_attributes_it_writes(
    asked: dict[str, Any], attributes: list[str]
) -> None:
    made = change("ModifyInstanceAttribute", {"instanceId": "i-1", **asked})

    assert made.derived == {"InstanceAttributes": attributes}
    assert "x" not in str(made.derived.values())


@pytest.mark.parametrize("action", ["StartInstances", "StopInstances", "TerminateInstances"])
def test_starting_and_stopping_names_every_instance(action: str) -> None:
    items = [{"instanceId": "i-1"}, {"instanceId": "i-2"}]

    made = change(action, {"instancesSet": {"items": items}})

    assert [touch.ref.id for touch in made.touches] == ["i-1", "i-2"]
    # An instance that ends stays described: nothing is taken as gone.
    assert not any(touch.deletes for touch in made.touches)


def sharing(attribute: str, **modes: list[dict[str, Any]]) -> dict[str, Any]:
    return {attribute: {mode: {"items": items} for mode, items in modes.items()}}


SHARINGS: dict[str, tuple[dict[str, Any], list[tuple[str, str | None]]]] = {
    "everyone": ({"add": [{"group": "all"}]}, [("anyone", None)]),
    "no known group": ({"add": [{"group": "none"}]}, []),
    "an account": ({"add": [{"userId": "444455556666"}]}, [("account", "444455556666")]),
    "an account as a number": ({"add": [{"userId": 444455556666}]}, [("account", "444455556666")]),
    "the own account": ({"add": [{"userId": ACCOUNT}]}, []),
    "the organisation": ({"add": [{"organizationArn": "arn:aws:organizations::1:o"}]}, []),
    "a unit": ({"add": [{"organizationalUnitArn": "arn:aws:organizations::1:ou"}]}, []),
    "less": ({"remove": [{"group": "all"}, {"userId": "444455556666"}]}, []),
    "one more and one less": (
        {"add": [{"userId": "444455556666"}], "remove": [{"group": "all"}]},
        [("account", "444455556666")],
    ),
}
SHARERS = {
    "snapshot": ("ModifySnapshotAttribute", "snapshotId", "snap-1", "createVolumePermission"),
    "image": ("ModifyImageAttribute", "imageId", "ami-1", "launchPermission"),
}


@pytest.mark.parametrize("sharer", SHARERS.values(), ids=SHARERS)
@pytest.mark.parametrize(("modes", "expected"), SHARINGS.values(), ids=SHARINGS)
def test_a_sharing_says_with_whom(
    sharer: tuple[str, str, str, str],
    modes: dict[str, Any],
    expected: list[tuple[str, str | None]],
) -> None:
    action, key, resource, attribute = sharer

    made = change(action, {key: resource, **sharing(attribute, **modes)})

    rows = [(row["Audience"], row["AccountId"]) for row in made.derived["SharedWith"]]
    assert rows == expected
    assert [touch.ref.id for touch in made.touches] == [resource]


@pytest.mark.parametrize(
    ("modes", "groups", "public"),
    [
        pytest.param({"add": [{"group": "all"}]}, ["all"], True, id="made public"),
        pytest.param({"remove": [{"group": "all"}]}, [], False, id="made private"),
    ],
)
def test_who_may_use_it_is_proposed(modes: dict[str, Any], groups: list[str], public: bool) -> None:
    asked = {"snapshotId": "snap-1", **sharing("createVolumePermission", **modes)}
    snapshot = change("ModifySnapshotAttribute", asked)
    asked = {"imageId": "ami-1", **sharing("launchPermission", **modes)}
    image = change("ModifyImageAttribute", asked)

    assert proposed(SNAPSHOT, snapshot) == {"snap-1": {GROUPS: groups}}
    assert proposed(IMAGE, image) == {"ami-1": {ec2_image.PUBLIC: public}}


def test_sharing_with_an_account_proposes_nothing_about_everyone() -> None:
    asked = sharing("createVolumePermission", add=[{"userId": "444455556666"}])

    made = change("ModifySnapshotAttribute", {"snapshotId": "snap-1", **asked})

    assert proposed(SNAPSHOT, made) == {"snap-1": {}}


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"launchPermission": ""}, id="an empty text"),
        pytest.param({"launchPermission": {"add": []}}, id="an empty list"),
        pytest.param({"launchPermission": {"add": {"items": ["x", None, {}]}}}, id="strange items"),
        pytest.param({"launchPermission": {"add": {"items": {"userId": {}}}}}, id="a strange id"),
    ],
)
def test_a_strange_sharing_opens_nothing(asked: dict[str, Any]) -> None:
    made = change("ModifyImageAttribute", {"imageId": "ami-1", **asked})

    assert made.derived == {"SharedWith": []}


@pytest.mark.parametrize(
    ("action", "asked", "state"),
    [
        ("DisableSnapshotBlockPublicAccess", {}, "unblocked"),
        (
            "EnableSnapshotBlockPublicAccess",
            {"EnableSnapshotBlockPublicAccessRequest": {"State": "block-all-sharing"}},
            "block-all-sharing",
        ),
        ("EnableSnapshotBlockPublicAccess", {"state": "block-new-sharing"}, "block-new-sharing"),
    ],
)
def test_the_block_of_a_region_makes_every_snapshot_due(
    action: str, asked: dict[str, Any], state: str
) -> None:
    (companion,) = change(action, asked).companions

    assert companion.account_wide
    assert companion.dependent_type == SNAPSHOT.type
    assert companion.proposed == {SHARING_BLOCK: state}


def test_a_route_to_a_peer_is_proposed_and_any_other_is_none() -> None:
    asked = {"routeTableId": "rtb-1", "destinationCidrBlock": "10.1.0.0/16"}

    peer = change("CreateRoute", {**asked, "vpcPeeringConnectionId": "pcx-1"})
    gateway = change("CreateRoute", {**asked, "gatewayId": "igw-1"})

    (row,) = proposed(TABLE, peer)["rtb-1"][ROUTES]
    assert (row["DestinationCidrBlock"], row["VpcPeeringConnectionId"]) == ("10.1.0.0/16", "pcx-1")
    assert proposed(TABLE, gateway)["rtb-1"] == {ROUTES: []}


FLOW_LOG_REQUESTS = {
    "one VPC": {"tag": 1, "content": "vpc-1"},
    "two VPCs": [{"tag": 1, "content": "vpc-1"}, {"tag": 2, "content": "vpc-2"}],
    "a subnet beside a VPC": [{"tag": 1, "content": "subnet-1"}, {"tag": 2, "content": "vpc-1"}],
}


@pytest.mark.parametrize("ids", FLOW_LOG_REQUESTS.values(), ids=FLOW_LOG_REQUESTS)
def test_a_flow_log_leads_to_its_vpcs(ids: Any) -> None:
    request = {"ResourceId": ids, "TrafficType": "ALL"}

    made = change("CreateFlowLogs", {"CreateFlowLogsRequest": request})

    found = proposed(VPC, made)
    assert "vpc-1" in found
    assert all(name.startswith("vpc-") for name in found)
    assert found["vpc-1"] == {FLOW_LOGS: [{"TrafficType": "ALL"}]}


DELETIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "one": ({"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": "fl-1"}}}, ["fl-1"]),
    "two": (
        {
            "DeleteFlowLogsRequest": {
                "FlowLogId": [{"tag": 1, "content": "fl-1"}, {"tag": 2, "content": "fl-2"}]
            }
        },
        ["fl-1", "fl-2"],
    ),
    "the older layout": ({"flowLogId": ["fl-1"]}, ["fl-1"]),
}


@pytest.mark.parametrize(("asked", "ids"), DELETIONS.values(), ids=DELETIONS)
def test_deleted_flow_logs_are_told_and_lead_to_who_had_them(
    asked: dict[str, Any], ids: list[str]
) -> None:
    made = change("DeleteFlowLogs", asked)

    assert made.derived == {"DeletedFlowLogs": ids}
    assert [companion.ref.id for companion in made.companions] == ids
    assert made.touches == ()


def test_an_endpoint_leads_to_its_vpc_and_its_end_to_who_had_it() -> None:
    request = {
        "VpcId": "vpc-1",
        "ServiceName": "com.amazonaws.eu-west-1.ec2",
        "VpcEndpointType": "Interface",
    }
    ended = {"VpcEndpointId": {"tag": 1, "content": "vpce-1"}}

    made = change("CreateVpcEndpoint", {"CreateVpcEndpointRequest": request})
    gone = change("DeleteVpcEndpoints", {"DeleteVpcEndpointsRequest": ended})

    assert proposed(VPC, made)["vpc-1"][ENDPOINTS][0]["VpcEndpointType"] == "Interface"
    assert [companion.ref.id for companion in gone.companions] == ["vpce-1"]


CREATED = {
    "a VPC": ("CreateVpc", {"vpc": {"vpcId": "vpc-1"}}, "vpc-1"),
    "the default VPC": (
        "CreateDefaultVpc",
        {"CreateDefaultVpcResponse": {"vpc": {"vpcId": "vpc-1"}}},
        "vpc-1",
    ),
    "an ACL": ("CreateNetworkAcl", {"networkAcl": {"networkAclId": "acl-1"}}, "acl-1"),
    "a table": (
        "CreateRouteTable",
        {"routeTable": {"routeTableId": "rtb-1", "vpcId": "vpc-1"}},
        "rtb-1",
    ),
    "an image": ("CreateImage", {"imageId": "ami-1"}, "ami-1"),
    "a snapshot": ("CreateSnapshot", {"snapshotId": "snap-1"}, "snap-1"),
}


@pytest.mark.parametrize(("action", "answer", "resource"), CREATED.values(), ids=CREATED)
def test_what_is_made_is_named_by_the_answer(
    action: str, answer: dict[str, Any], resource: str
) -> None:
    (touch,) = change(action, {}, answer).touches

    assert touch.ref.id == resource
    assert touch.creates


TAGGED = ["i-1", "acl-1", "rtb-1", "vpc-1", "ami-1", "snap-1"]


def test_a_tag_leads_to_each_kind_by_its_id_and_to_no_other() -> None:
    resources = [{"resourceId": each} for each in (*TAGGED, "vol-1", "vpce-1", "i-1\n")]

    made = change("CreateTags", {"resourcesSet": {"items": resources}})

    assert sorted(touch.ref.id for touch in made.touches) == sorted(TAGGED)
    assert len({touch.ref.type for touch in made.touches}) == len(TAGGED)
