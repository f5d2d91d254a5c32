"""The shapes in which CloudTrail says the same thing, section by section.

Sections: 1 success or failure, 2 null or empty, 3 ingress, 4 EC2's dialects, 5 S3, 6 policies,
7 names, 8 identities (`test_actor`), 9 delivery, 10 envelope (`test_envelope`), 11 redaction and
truncation, 12 one event and many resources.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.routing import Routing
from chalicelib.model import Change, Outcome, ResourceType
from chalicelib.model.plugin import Record, Route
from tests.builders import (
    ABSENT,
    ACCOUNT,
    RECEIVED_AT,
    iam_user,
    record,
    resource_type,
    root_user,
)

EVENTS = Path(__file__).parents[2] / "events"
S3, EC2, IAM, KMS, SIGN_IN = (f"{n}.amazonaws.com" for n in ("s3", "ec2", "iam", "kms", "signin"))


def change(*types: ResourceType, **overrides: Any) -> Change:
    return change_from(record(**overrides), Routing.of(types), received_at=RECEIVED_AT)


def touched(source: str, path: str, **overrides: Any) -> list[str]:
    """Return the ids that one path finds in a record of the action ``Act``."""
    route = Route(source=source, actions=("Act",), ids=(path,))
    call = {"eventSource": source, "eventName": "Act", **overrides}
    return [touch.ref.id for touch in change(resource_type("A::B::C", route), **call).touches]


def event(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return found


SIGNED_IN = {
    "eventSource": SIGN_IN,
    "eventName": "ConsoleLogin",
    "responseElements": {"ConsoleLogin": "Success"},
}


@pytest.mark.parametrize(
    ("overrides", "outcome"),
    [
        pytest.param({}, "succeeded", id="1-no error code"),
        pytest.param({"errorCode": None}, "succeeded", id="1-null"),
        pytest.param({"errorCode": ""}, "succeeded", id="1-empty"),
        pytest.param({"errorCode": "Client.UnauthorizedOperation"}, "failed", id="1-EC2 prefix"),
        pytest.param({"errorCode": "AccessDenied"}, "failed", id="1-denied"),
        pytest.param({"errorCode": "TrailNotFoundException"}, "failed", id="1-a service's own"),
        pytest.param({"errorCode": "Client.DryRunOperation", "errorMessage": "would have worked"},
                     "failed", id="1-dry run"),
        pytest.param({"errorCode": "Denied", "responseElements": {"_return": True}}, "failed",
                     id="1-error code wins over an answer"),
        pytest.param({"errorCode": "Denied", "responseElements": {"message": "User: …"}}, "failed",
                     id="1-an answer is no proof of success"),
        pytest.param({"errorCode": "AccessDenied", "requestParameters": None}, "failed",
                     id="1-failed without parameters"),
        pytest.param({"errorCode": {"code": 7}}, "failed", id="1-an error code of another type"),
        pytest.param({"errorMessage": "a note"}, "succeeded", id="1-a message alone is no failure"),
        pytest.param(SIGNED_IN, "succeeded", id="1-signed in"),
        pytest.param({**SIGNED_IN, "responseElements": {"ConsoleLogin": "Failure"}}, "failed",
                     id="1-sign-in refused in the answer"),
        pytest.param({**SIGNED_IN, "eventName": "PasswordUpdated",
                      "responseElements": {"PasswordUpdated": "Failure"}},
                     "failed", id="1-another sign-in event refused"),
        pytest.param({**SIGNED_IN, "responseElements": None,
                      "errorMessage": "Failed authentication"},
                     "failed", id="1-sign-in refused in the message"),
        pytest.param({"responseElements": {"Answer": "Failure"}}, "succeeded",
                     id="1-only sign-in answers so"),
    ],
)  # fmt: skip
def test_an_outcome_is_read_from_error_code_and_sign_in_answer(
    overrides: dict[str, Any], outcome: str
) -> None:
    assert change(**overrides).outcome is Outcome(outcome)


@pytest.mark.parametrize(
    ("source", "path", "overrides", "expected"),
    [
        pytest.param(IAM, "responseElements.accessKey.userName",
                     {"requestParameters": None, "userIdentity": root_user(),
                      "responseElements": {"accessKey": {"userName": "alice"}}},
                     ["alice"], id="2-parameters null on a successful change"),
        pytest.param(KMS, "resources[].ARN",
                     {"requestParameters": None, "eventType": "AwsServiceEvent",
                      "resources": [{"ARN": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"}]},
                     [f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"], id="2-target only in resources"),
        pytest.param(EC2, "serviceEventDetails.snapshotId",
                     {"requestParameters": None, "serviceEventDetails": {"snapshotId": "snap-1"}},
                     ["snap-1"], id="2-target only in service event details"),
        pytest.param(EC2, "responseElements.groupId",
                     {"requestParameters": {"groupName": "web"},
                      "responseElements": {"groupId": "sg-1"}},
                     ["sg-1"], id="2-id of a created thing"),
        pytest.param(S3, "requestParameters.bucketName", {"responseElements": None},
                     ["records"], id="2-answer null after success"),
        pytest.param(EC2, "requestParameters.CreateDefaultVpcRequest.VpcId",
                     {"requestParameters": {"CreateDefaultVpcRequest": ""}}, [],
                     id="2-empty text for an object"),
        pytest.param(EC2, "requestParameters.groups.items[].groupId",
                     {"requestParameters": {"groups": {}}}, [], id="2-empty object for a list"),
        pytest.param(S3, "requestParameters.bucketName", {"userIdentity": None}, ["records"],
                     id="2-no identity"),
        pytest.param(EC2, "requestParameters.groupId",
                     {"requestParameters": {"groupId": "sg-1", "ipPermissions": {}}}, ["sg-1"],
                     id="3-legacy layout"),
        pytest.param(EC2, "requestParameters.ModifySecurityGroupRulesRequest.GroupId",
                     {"requestParameters": {"ModifySecurityGroupRulesRequest": {
                         "GroupId": "sg-1", "SecurityGroupRule": {"tag": 1}}}},
                     ["sg-1"], id="3-wrapped layout"),
        pytest.param(EC2, "requestParameters.networkAclId",
                     {"requestParameters": {"networkAclId": "acl-1", "portRange": {}}}, ["acl-1"],
                     id="3-network ACL"),
        pytest.param(EC2, "requestParameters.instancesSet.items[].instanceId",
                     {"requestParameters": {"instancesSet": {"items": [{"instanceId": "i-1"}]}}},
                     ["i-1"], id="4-classic lists"),
        pytest.param(EC2, "requestParameters.DeleteFlowLogsRequest.FlowLogId[]",
                     {"requestParameters": {"DeleteFlowLogsRequest": {"FlowLogId": [
                         {"tag": 1, "content": "fl-1"}, {"tag": 2, "content": "fl-2"}]}}},
                     ["fl-1", "fl-2"], id="4-wrapped list of several"),
        pytest.param(EC2, "requestParameters.DeleteFlowLogsRequest.FlowLogId[]",
                     {"requestParameters": {"DeleteFlowLogsRequest": {
                         "FlowLogId": {"tag": 1, "content": "fl-1"}}}},
                     ["fl-1"], id="4-one element is an object"),
        pytest.param(EC2, "requestParameters.flowLogId[]",
                     {"requestParameters": {"flowLogId": ["fl-1"]}}, ["fl-1"],
                     id="4-the same call years ago"),
        pytest.param(EC2, "requestParameters.DelTGwVpcAttachReq.TransitGatewayAttachmentId",
                     {"requestParameters": {"DelTGwVpcAttachReq": {
                         "TransitGatewayAttachmentId": "tgw-attach-1"}}},
                     ["tgw-attach-1"], id="4-irregular wrapper"),
        pytest.param(EC2, "requestParameters.size", {"requestParameters": {"size": 8}}, ["8"],
                     id="4-number for text"),
        pytest.param(EC2, "requestParameters.value", {"requestParameters": {"value": True}}, [],
                     id="4-text turned into a boolean"),
        pytest.param(EC2, "requestParameters.userData",
                     {"requestParameters": {"userData": "<sensitiveDataRemoved>"}}, [],
                     id="4-removed data is no id"),
        pytest.param(S3, "requestParameters.bucketName",
                     {"requestParameters": {"bucketName": ["records"], "acl": [""]}}, ["records"],
                     id="5-version 1.05 lists"),
        pytest.param(S3, "requestParameters.host",
                     {"requestParameters": {"Host": "records.s3.amazonaws.com"}},
                     ["records.s3.amazonaws.com"], id="5-Host and host"),
        pytest.param(IAM, "requestParameters.sAMLProviderArn",
                     {"requestParameters": {"SAMLProviderArn": "arn:x"}}, ["arn:x"],
                     id="7-mechanical lower camel"),
        pytest.param(KMS, "requestParameters.keyMetadata.aWSAccountId",
                     {"requestParameters": {"keyMetadata": {"AWSAccountId": "1"}}}, ["1"],
                     id="7-two spellings in one guide"),
        pytest.param(IAM, "requestParameters.userName",
                     {"requestParameters": {"userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}}, [],
                     id="11-hidden id"),
        pytest.param(S3, "requestParameters.parameters.name",
                     {"requestParameters": {"parameters": "HIDDEN_DUE_TO_SECURITY_REASONS"}}, [],
                     id="11-hidden text for a map"),
        pytest.param(S3, "requestParameters.bucketName",
                     {"requestParameters": {"omitted": True}}, [], id="11-truncated"),
        pytest.param(EC2, "responseElements.instancesSet.items[].instanceId",
                     {"responseElements": {"instancesSet": {"items": [
                         {"instanceId": "i-1"}, {"instanceId": "i-2"}]}}},
                     ["i-1", "i-2"], id="12-instances"),
        pytest.param(EC2, "requestParameters.alarmNames[]",
                     {"requestParameters": {"alarmNames": ["a", "b"]}}, ["a", "b"],
                     id="12-plain list"),
        pytest.param(EC2, "requestParameters.changeBatch.changes[].resourceRecordSet.name",
                     {"requestParameters": {"changeBatch": {"changes": [
                         {"resourceRecordSet": {"name": "a."}},
                         {"resourceRecordSet": {"name": "b."}}]}}},
                     ["a.", "b."], id="12-list of changes"),
    ],
)  # fmt: skip
def test_a_resource_is_found_in_every_shape(
    source: str, path: str, overrides: dict[str, Any], expected: list[str]
) -> None:
    assert touched(source, path, **overrides) == expected


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param({"Statement": {}}, id="6-object"),
        pytest.param('{"Statement": []}', id="6-text"),
        pytest.param("%7B%22Statement%22%3A%5B%5D%7D", id="6-URL-encoded"),
        pytest.param("invalid-json-policy", id="6-invalid"),
        pytest.param({}, id="6-empty"),
    ],
)
def test_a_plug_in_sees_the_payload_as_the_record_has_it(policy: Any) -> None:
    def propose(seen: Record) -> dict[str, Any]:
        return {"/policy": seen["requestParameters"]["policy"]}

    route = Route(source=S3, actions=("Act",), ids=("requestParameters.name",), propose=propose)

    found = change(
        resource_type("A::B::C", route),
        eventName="Act",
        requestParameters={"name": "x", "policy": policy},
    )

    assert found.touches[0].proposed == {"/policy": policy}


def test_7_a_versioned_event_name_takes_the_route_of_its_stem() -> None:
    route = Route(
        source="lambda.amazonaws.com",
        actions=("AddPermission",),
        ids=("requestParameters.functionName",),
    )

    found = change(
        resource_type("AWS::Lambda::Function", route),
        eventSource="lambda.amazonaws.com",
        eventName="AddPermission20150331v2",
        requestParameters={"functionName": "f"},
    )

    assert (found.event_name, found.action) == ("AddPermission20150331v2", "AddPermission")
    assert [touch.ref.id for touch in found.touches] == ["f"]


def test_7_the_same_action_of_another_service_takes_another_route() -> None:
    route = Route(
        source="sns.amazonaws.com", actions=("AddPermission",), ids=("requestParameters.x",)
    )

    found = change(
        resource_type("AWS::SNS::Topic", route),
        eventSource="sqs.amazonaws.com",
        eventName="AddPermission",
        requestParameters={"x": "q"},
    )

    assert found.touches == ()


def test_9_a_delivered_twice_record_is_byte_for_byte_the_same_change() -> None:
    one, other = change(), change()

    assert one == other


def test_9_copies_for_two_accounts_are_two_records() -> None:
    shared = {"sharedEventID": "d9a7d9d4-1d0c-4a59-8d5e-2f1a4b3c5d6e"}

    ours, theirs = change(**shared), change(**shared, recipientAccountId="444455556666")

    assert (ours.account_id, theirs.account_id) == (ACCOUNT, "444455556666")
    assert ours.record_hash != theirs.record_hash


def test_9_a_bucket_lies_in_the_region_of_its_events() -> None:
    route = Route(source=S3, actions=("PutBucketTagging",), ids=("requestParameters.bucketName",))

    found = change(resource_type("AWS::S3::Bucket", route), awsRegion="ap-southeast-2")

    assert found.touches[0].ref.region == "ap-southeast-2"


def test_11_odd_times_elsewhere_in_a_record_do_no_harm() -> None:
    parameters = {"launchTime": 1644272345000, "startTime": "May 24, 2025, 2:51:14\u202fPM"}

    assert change(requestParameters=parameters).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("version", ["1.0", "1.05", "1.11", "2.0", ABSENT, 1.08])
def test_11_any_event_version_is_read(version: Any) -> None:
    assert change(eventVersion=version).action == "PutBucketTagging"


def test_2_a_record_of_a_service_without_identity_and_parameters_is_read() -> None:
    found = change_from(event("key_deleted_by_service"), Routing.of([]), received_at=RECEIVED_AT)

    assert (found.kind, found.actor.name) == ("service-event", "AWS Internal")


def test_8_root_signing_in_without_mfa_is_known_as_such() -> None:
    found = change_from(event("console_login_root"), Routing.of([]), received_at=RECEIVED_AT)

    assert (found.kind, found.outcome) == ("sign-in", Outcome.SUCCEEDED)
    assert (found.actor.type, found.actor.mfa) == ("Root", False)


def test_8_a_person_of_another_account_is_the_actor_but_not_the_owner() -> None:
    found = change(userIdentity=iam_user(accountId="444455556666"))

    assert (found.account_id, found.actor.account_id) == (ACCOUNT, "444455556666")
