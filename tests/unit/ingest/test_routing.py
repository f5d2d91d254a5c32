"""Where a record leads: by declared routes only, and to nobody else's resources."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.routing import Routing, patterns
from chalicelib.model import Change, ResourceType
from chalicelib.model.plugin import Record, Route
from tests.builders import (
    ACCOUNT,
    OTHER_ACCOUNT,
    RECEIVED_AT,
    REGION,
    assumed_role,
    companion,
    iam_user,
    record,
    resource_type,
)

S3, EC2, IAM, STS = (f"{name}.amazonaws.com" for name in ("s3", "ec2", "iam", "sts"))
BUCKET_ID = ("requestParameters.bucketName",)
PUT_POLICY = Route(
    source=S3,
    actions=("PutBucketPolicy",),
    ids=BUCKET_ID,
    writes=("/observed/BucketPolicy",),
    propose=lambda r: {"/observed/BucketPolicy": r["requestParameters"]["bucketPolicy"]},
    derive=lambda r: {"PublicAccess": list(r["requestParameters"]["bucketPolicy"])},
)
POLICY_PUT = {
    "eventName": "PutBucketPolicy",
    "requestParameters": {"bucketName": "records", "bucketPolicy": {"Statement": []}},
}


def changed(*types: ResourceType, **overrides: Any) -> Change:
    return change_from(record(**overrides), Routing.of(types), received_at=RECEIVED_AT)


def buckets(*routes: Route, **overrides: Any) -> ResourceType:
    return resource_type("AWS::S3::Bucket", *routes, **overrides)


def test_a_write_touches_its_resource_with_pointers_and_proposal() -> None:
    change = changed(buckets(PUT_POLICY), **POLICY_PUT)

    (touch,) = change.touches
    assert touch.ref.key == f"{ACCOUNT}#{REGION}#AWS::S3::Bucket#records"
    assert touch.writes == ("/observed/BucketPolicy",)
    assert touch.proposed == {"/observed/BucketPolicy": {"Statement": []}}
    assert change.derived == {"PublicAccess": ["Statement"]}


def test_a_call_that_no_route_names_leads_nowhere() -> None:
    change = changed(buckets(PUT_POLICY), eventName="PutBucketAcl")

    assert (change.touches, change.companions, change.derived) == ((), (), {})


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param({"errorCode": "AccessDenied"}, id="failed"),
        pytest.param({"errorCode": "Client.DryRunOperation"}, id="dry run"),
        pytest.param({"readOnly": True}, id="read-only"),
    ],
)
def test_what_changed_nothing_touches_nothing(overrides: dict[str, Any]) -> None:
    change = changed(buckets(PUT_POLICY), **POLICY_PUT, **overrides)

    assert (change.touches, change.derived) == ((), {})


def test_a_failed_call_does_not_reach_companions_either() -> None:
    block = companion("Observed::Account::Global", Route(source=S3, actions=("Put",)), wide=True)

    change = changed(buckets(companions=(block,)), eventName="Put", errorCode="AccessDenied")

    assert change.companions == ()


def test_global_types_live_in_one_region() -> None:
    route = Route(source=IAM, actions=("UpdateRole",), ids=("requestParameters.roleName",))
    roles = resource_type("AWS::IAM::Role", route, is_global=True)

    change = changed(
        roles,
        eventSource=IAM,
        eventName="UpdateRole",
        awsRegion="us-east-1",
        requestParameters={"roleName": "Deployer"},
    )

    assert change.touches[0].ref.region == "global"
    assert change.region == "us-east-1"


def test_several_routes_to_one_resource_make_one_touch() -> None:
    both = (
        Route(source=S3, actions=("Put",), ids=BUCKET_ID, writes=("/a", "/b"),
              propose=lambda _: {"/a": 1}),
        Route(source=S3, actions=("Put",), ids=BUCKET_ID, writes=("/b", "/c"), creates=True,
              propose=lambda _: {"/c": 3}),
    )  # fmt: skip

    change = changed(buckets(*both), eventName="Put")

    (touch,) = change.touches
    assert touch.writes == ("/a", "/b", "/c")
    assert touch.proposed == {"/a": 1, "/c": 3}
    assert touch.creates
    assert not touch.deletes


def test_one_event_touches_every_resource_it_names_once() -> None:
    route = Route(
        source=EC2, actions=("CreateTags",), ids=("requestParameters.resourcesSet.items[].id",)
    )
    items = [{"id": "sg-1"}, {"id": "sg-2"}, {"id": "sg-1"}]

    change = changed(
        resource_type("AWS::EC2::SecurityGroup", route),
        eventSource=EC2,
        eventName="CreateTags",
        requestParameters={"resourcesSet": {"items": items}},
    )

    assert [touch.ref.id for touch in change.touches] == ["sg-1", "sg-2"]


def test_the_first_path_that_yields_an_id_wins() -> None:
    paths = ("requestParameters.groupId", "responseElements.groupId", "requestParameters.groupName")
    groups = resource_type(
        "AWS::EC2::SecurityGroup", Route(source=EC2, actions=("DeleteSecurityGroup",), ids=paths)
    )

    change = changed(
        groups,
        eventSource=EC2,
        eventName="DeleteSecurityGroup",
        requestParameters={"groupId": "", "groupName": "web"},
        responseElements={"groupId": "sg-1"},
    )

    assert [touch.ref.id for touch in change.touches] == ["sg-1"]


def test_a_route_without_ids_is_about_the_account() -> None:
    account = resource_type(
        "Observed::Account::Global", Route(source=S3, actions=("Put",)), is_global=True
    )

    change = changed(account, eventName="Put", requestParameters=None)

    assert change.touches[0].ref.key == f"{ACCOUNT}#global#Observed::Account::Global#{ACCOUNT}"


def test_identify_canonicalises_and_drops() -> None:
    def identify(raw: str, _record: Record) -> str | None:
        return raw.removeprefix("arn:aws:s3:::") if not raw.endswith("--x-s3") else None

    type_ = buckets(PUT_POLICY, identify=identify)

    def ids(name: str) -> list[str]:
        parameters = {"bucketName": name, "bucketPolicy": {}}
        change = changed(type_, eventName="PutBucketPolicy", requestParameters=parameters)
        return [touch.ref.id for touch in change.touches]

    assert ids("arn:aws:s3:::records") == ["records"]
    assert ids("fast--euw1-az1--x-s3") == []


def test_companions_lead_to_their_dependents() -> None:
    modify = Route(
        source=EC2,
        actions=("ModifyManagedPrefixList",),
        ids=("requestParameters.ModifyManagedPrefixListRequest.PrefixListId",),
        writes=("/observed/PrefixLists",),
    )
    groups = resource_type(
        "AWS::EC2::SecurityGroup", companions=(companion("AWS::EC2::PrefixList", modify),)
    )

    change = changed(
        groups,
        eventSource=EC2,
        eventName="ModifyManagedPrefixList",
        requestParameters={"ModifyManagedPrefixListRequest": {"PrefixListId": "pl-1"}},
    )

    (found,) = change.companions
    assert found.ref.key == f"{ACCOUNT}#{REGION}#AWS::EC2::PrefixList#pl-1"
    assert found.dependent_type == "AWS::EC2::SecurityGroup"
    assert found.writes == ("/observed/PrefixLists",)
    assert not found.account_wide
    assert change.touches == ()


def test_an_account_wide_companion_stays_when_its_payload_is_missing() -> None:
    block = companion(
        "Observed::Account::Global",
        Route(source=S3, actions=("PutAccountPublicAccessBlock",), writes=("/observed/Block",),
              propose=lambda r: {"/observed/Block": r["requestParameters"]["configuration"]}),
        wide=True,
        region="global",
    )  # fmt: skip

    change = changed(
        buckets(companions=(block,)),
        eventName="PutAccountPublicAccessBlock",
        requestParameters={"omitted": True},
    )

    (found,) = change.companions
    assert found.account_wide
    assert (found.ref.id, found.ref.region, found.proposed) == (ACCOUNT, "global", {})


def test_a_companion_of_two_types_reaches_the_dependents_of_both() -> None:
    shared = companion("X::Y::Z", Route(source=S3, actions=("Put",), ids=BUCKET_ID))
    types = (resource_type("A::B::C", companions=(shared,)), buckets(companions=(shared,)))

    change = changed(*types, eventName="Put")

    assert {c.dependent_type for c in change.companions} == {"A::B::C", "AWS::S3::Bucket"}


USE = Route(
    source=STS,
    actions=("AssumeRole",),
    ids=("requestParameters.roleArn",),
    writes=("/properties/Never",),
    observe=lambda r: {"/observed/LastAssumed": r["eventTime"]},
    delivered=False,
)


def assumed(role_arn: str, **overrides: Any) -> Change:
    roles = resource_type("AWS::IAM::Role", USE, is_global=True)
    call = {"eventSource": STS, "eventName": "AssumeRole", "readOnly": True, **overrides}
    return changed(roles, requestParameters={"roleArn": role_arn}, **call)


def test_a_read_only_call_proves_use_and_writes_nothing() -> None:
    change = assumed(f"arn:aws:iam::{ACCOUNT}:role/Deployer")

    (touch,) = change.touches
    assert touch.observes == {"/observed/LastAssumed": "2026-01-01T12:00:00Z"}
    assert (touch.writes, touch.proposed, touch.creates) == ((), {}, False)


def test_a_read_only_call_that_proves_nothing_leads_nowhere() -> None:
    silent = replace(USE, observe=lambda _: {})
    roles = resource_type("AWS::IAM::Role", silent, is_global=True)

    change = changed(
        roles,
        eventSource=STS,
        eventName="AssumeRole",
        readOnly=True,
        requestParameters={"roleArn": "Deployer"},
    )

    assert change.touches == ()


def test_a_refused_use_proves_nothing() -> None:
    change = assumed(f"arn:aws:iam::{ACCOUNT}:role/Deployer", errorCode="AccessDenied")

    assert change.touches == ()


def test_the_callers_copy_of_a_cross_account_call_touches_nothing() -> None:
    assert assumed(f"arn:aws:iam::{OTHER_ACCOUNT}:role/Deployer").touches == ()


@pytest.mark.parametrize(
    ("owner", "touched"),
    [pytest.param(ACCOUNT, ["records"], id="ours"), pytest.param(OTHER_ACCOUNT, [], id="theirs")],
)
def test_a_resource_that_the_record_gives_to_another_account_is_not_ours(
    owner: str, touched: list[str]
) -> None:
    resources = [{"accountId": owner, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::records"}]

    change = changed(buckets(PUT_POLICY), resources=resources, **POLICY_PUT)

    assert [touch.ref.id for touch in change.touches] == touched
    assert bool(change.derived) is bool(touched)


def test_another_accounts_principal_does_not_make_the_resource_theirs() -> None:
    change = changed(
        buckets(PUT_POLICY), userIdentity=iam_user(accountId=OTHER_ACCOUNT), **POLICY_PUT
    )

    assert change.touches[0].ref.account_id == ACCOUNT


@pytest.mark.parametrize(
    "error",
    [ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError],
)
def test_a_payload_that_a_plug_in_cannot_read_is_absent_and_the_record_stays(
    error: type[Exception],
) -> None:
    def refuse(_record: Record) -> Mapping[str, Any]:
        raise error

    route = Route(
        source=S3,
        actions=("Put",),
        ids=BUCKET_ID,
        writes=("/a",),
        propose=refuse,
        derive=refuse,
        observe=refuse,
    )

    change = changed(buckets(route), eventName="Put")

    (touch,) = change.touches
    assert (touch.writes, touch.proposed, touch.observes) == (("/a",), {}, {})
    assert change.derived == {}


def test_a_defect_in_a_plug_in_is_not_hidden() -> None:
    def broken(_record: Record) -> Mapping[str, Any]:
        raise AssertionError

    route = Route(source=S3, actions=("Put",), ids=BUCKET_ID, propose=broken)

    with pytest.raises(AssertionError):
        changed(buckets(route), eventName="Put")


def test_an_id_that_identify_cannot_read_names_nothing() -> None:
    def identify(raw: str, _record: Record) -> str:
        return raw.split(":")[5]

    assert changed(buckets(PUT_POLICY, identify=identify), **POLICY_PUT).touches == ()


def test_a_proposal_never_carries_lone_surrogates() -> None:
    route = Route(source=S3, actions=("Put",), ids=BUCKET_ID, propose=lambda _: {"/a": "x\ud800"})

    change = changed(buckets(route), eventName="Put")

    assert change.touches[0].proposed == {"/a": "x\ufffd"}


DELETE_LOGS = Route(
    source=EC2,
    actions=("DeleteFlowLogs",),
    ids=("requestParameters.flowLogId[]",),
    derive=lambda _: {"Deleted": True},
)


@pytest.mark.parametrize(
    ("response", "touched"),
    [
        pytest.param({"unsuccessful": {}}, ["fl-1", "fl-2"], id="all done"),
        pytest.param({"DeleteFlowLogsResponse": {"unsuccessful": ""}}, ["fl-1", "fl-2"],
                     id="all done, wrapped"),
        pytest.param({"unsuccessful": {"items": [{"resourceId": "fl-2", "error": {}}]}}, ["fl-1"],
                     id="one failed"),
        pytest.param(
            {"DeleteFlowLogsResponse": {"Unsuccessful": {"item": {"resourceId": "fl-2"}}}},
            ["fl-1"], id="one failed, wrapped"),
        pytest.param(
            {"unsuccessful": {"items": [{"resourceId": "fl-1"}, {"resourceId": "fl-2"}]}}, [],
            id="all failed"),
    ],
)  # fmt: skip
def test_what_a_batch_did_not_do_is_not_touched(response: Any, touched: list[str]) -> None:
    change = changed(
        resource_type("AWS::EC2::FlowLog", DELETE_LOGS),
        eventSource=EC2,
        eventName="DeleteFlowLogs",
        requestParameters={"flowLogId": ["fl-1", "fl-2"]},
        responseElements=response,
    )

    assert [touch.ref.id for touch in change.touches] == touched
    assert bool(change.derived) is bool(touched)


def test_a_regional_resource_in_an_unknown_region_is_not_looked_at_but_judged() -> None:
    change = changed(buckets(PUT_POLICY), awsRegion="...", **POLICY_PUT)

    assert (change.region, change.touches) == ("unknown", ())
    assert change.derived == {"PublicAccess": ["Statement"]}


@pytest.mark.parametrize(
    ("identity", "region", "partition"),
    [
        pytest.param(iam_user(), REGION, "aws", id="commercial"),
        pytest.param(
            assumed_role(arn="arn:aws-us-gov:sts::1:assumed-role/a/b"), "us-gov-west-1",
            "aws-us-gov", id="GovCloud by ARN"),
        pytest.param({"type": "AWSService"}, "us-gov-west-1", "aws-us-gov",
                     id="GovCloud by Region"),
        pytest.param({"type": "AWSService"}, "cn-north-1", "aws-cn", id="China by Region"),
        pytest.param(iam_user(arn="arn:aws:iam::1:root"), "cn-north-1", "aws", id="ARN wins"),
        pytest.param({"arn": "arn:evil#:iam::1:root"}, REGION, "aws", id="no partition at all"),
        pytest.param(None, "eu-isoe-west-1", "aws-iso-e", id="isolated"),
    ],
)  # fmt: skip
def test_the_partition_is_where_the_record_says(identity: Any, region: str, partition: str) -> None:
    change = changed(buckets(PUT_POLICY), userIdentity=identity, awsRegion=region, **POLICY_PUT)

    assert change.partition == partition
    assert change.touches[0].ref.partition == partition


def test_routing_knows_the_calls_that_any_route_names() -> None:
    routing = Routing.of([buckets(PUT_POLICY)])

    assert routing.wants(S3, "PutBucketPolicy")
    assert not routing.wants(EC2, "PutBucketPolicy")


def test_patterns_hold_delivered_routes_companions_and_change_rules_once() -> None:
    tag = companion("X::Y::Z", Route(source=S3, actions=("PutObjectTagging",), ids=BUCKET_ID))
    types = [buckets(PUT_POLICY, companions=(tag,)), resource_type("AWS::IAM::Role", USE)]

    found = patterns(types, [(S3, "PutBucketPolicy"), ("signin.amazonaws.com", "*")])

    assert found == [
        (S3, "PutBucketPolicy"),
        (S3, "PutObjectTagging"),
        ("signin.amazonaws.com", "*"),
    ]


def _never(_record: Record) -> Mapping[str, Any]:
    pytest.fail("a truncated payload must not be interpreted")


@pytest.mark.parametrize("asked", ["propose", "derive"])
def test_a_truncated_payload_is_not_interpreted(asked: str) -> None:
    question: dict[str, Callable[[Record], Mapping[str, Any]]] = {asked: _never}
    route = Route(source=S3, actions=("Put",), ids=("resources[].ARN",), writes=("/a",), **question)  # type: ignore[arg-type] # one keyword of two

    change = changed(
        buckets(route),
        eventName="Put",
        requestParameters={"omitted": True, "originalSize": 120_000},
        resources=[{"ARN": "arn:aws:s3:::records"}],
    )

    assert change.touches[0].writes == ("/a",)
