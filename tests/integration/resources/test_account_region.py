"""What is switched on in a Region: off is told from denied, odd answers, services elsewhere."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.findings.blame import explains
from chalicelib.model import ConfigurationItem, Evidence, GapReason, ResourceRef, Route, Touch
from chalicelib.resources import _frame
from chalicelib.resources._account_safeguards import unsaid
from chalicelib.resources.account_region import RESOURCE_TYPE
from tests.integration.resources.paged_aws import PagedAws, refusal
from tests.integration.resources.recorded_aws import (
    ACCOUNT,
    RecordedAws,
    StoppedClock,
)

REGION = "eu-west-1"
REF = ResourceRef(account_id=ACCOUNT, region=REGION, type="Observed::Account::Region", id=REGION)
EMR = "emr:GetBlockPublicAccessConfiguration"
CREATED = "2025-06-01T00:00:00Z"


def look(aws: RecordedAws, *names: str) -> ConfigurationItem:
    wanted = frozenset(f"/observed/{name}" for name in names)
    item = _frame.describe(aws, RESOURCE_TYPE, REF, wanted, StoppedClock())
    assert item is not None
    return item


@pytest.fixture(scope="module")
def aws() -> PagedAws:
    return PagedAws()


def gaps(item: ConfigurationItem) -> list[tuple[str, GapReason, str]]:
    return [(gap.pointer, gap.reason, gap.error) for gap in item.gaps]


def test_macie_that_is_not_enabled_is_off(aws: PagedAws) -> None:
    off = refusal("AccessDeniedException", "Macie is not enabled")
    aws.play({"macie2:GetMacieSession": [off]})

    item = look(aws, "MacieStatus")

    assert (item.observed, item.gaps) == ({"MacieStatus": None}, ())


REFUSED = "User: arn:aws:iam::123456789012:user/Macie is not enabled is not authorized to perform"


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        ("AccessDeniedException", REFUSED, GapReason.DENIED),
        ("AccessDeniedException", "", GapReason.DENIED),
        ("ResourceNotFoundException", "Macie is not enabled", GapReason.UNSUPPORTED),
    ],
    ids=["a refusal", "a refusal without words", "another code"],
)
def test_a_refusal_by_macie_is_a_gap(
    aws: PagedAws, code: str, message: str, reason: GapReason
) -> None:
    aws.play({"macie2:GetMacieSession": [refusal(code, message)]})

    item = look(aws, "MacieStatus")

    assert gaps(item) == [("/observed/MacieStatus", reason, code)]


def test_security_hub_that_is_not_subscribed_is_off(aws: PagedAws) -> None:
    off = refusal("InvalidAccessException", "Account is not subscribed to AWS Security Hub")
    aws.play({"securityhub:DescribeHub": [off]})

    item = look(aws, "HubArn")

    assert (item.observed, item.gaps) == ({"HubArn": None}, ())


def test_a_refusal_by_security_hub_is_a_gap(aws: PagedAws) -> None:
    aws.play({"securityhub:DescribeHub": [refusal("AccessDeniedException", "no")]})

    item = look(aws, "HubArn")

    assert gaps(item) == [("/observed/HubArn", GapReason.DENIED, "AccessDeniedException")]


#: Name → its first call, and what a fresh Region says there.
FRESH: dict[str, tuple[str, list[dict[str, Any]], Any]] = {
    "Detector": ("guardduty:ListDetectors", [{"DetectorIds": []}], None),
    "Analyzers": ("accessanalyzer:ListAnalyzers", [{"analyzers": []}], []),
    "ConfigurationRecorders": (
        "config:DescribeConfigurationRecorders",
        [{"ConfigurationRecorders": []}],
        [],
    ),
    "DeliveryChannels": ("config:DescribeDeliveryChannels", [{"DeliveryChannels": []}], []),
    "SsmDocumentPublicSharing": (
        "ssm:GetServiceSetting",
        [{"ServiceSetting": {"SettingValue": "Enable", "Status": "Default"}}],
        "Enable",
    ),
}


@pytest.mark.parametrize(("name", "fresh"), FRESH.items(), ids=FRESH.keys())
def test_what_a_fresh_region_says_is_off(
    aws: PagedAws, name: str, fresh: tuple[str, list[dict[str, Any]], Any]
) -> None:
    call, answers, value = fresh
    item = look(aws.play({call: answers}), name)

    assert (item.observed, item.gaps) == ({name: value}, ())


@pytest.mark.parametrize(("name", "fresh"), FRESH.items(), ids=FRESH.keys())
def test_an_answer_without_what_aws_always_sends_is_a_gap(
    aws: PagedAws, name: str, fresh: tuple[str, list[dict[str, Any]], Any]
) -> None:
    item = look(aws.play({fresh[0]: [{}]}), name)

    assert gaps(item) == [(f"/observed/{name}", GapReason.MALFORMED, "MalformedAnswerError")]


#: What AWS says of a service, or a Region, that the account cannot use.
ELSEWHERE = {
    "OptInRequired": GapReason.UNSUPPORTED,
    "UnrecognizedClientException": GapReason.DENIED,
    "InvalidClientTokenId": GapReason.DENIED,
    "UnknownOperationException": GapReason.UNSUPPORTED,
    "404": GapReason.UNSUPPORTED,
    "SubscriptionRequiredException": GapReason.UNSUPPORTED,
}


@pytest.mark.parametrize(("code", "reason"), ELSEWHERE.items(), ids=ELSEWHERE.keys())
def test_a_service_that_is_not_offered_here_leaves_a_gap(
    aws: PagedAws, code: str, reason: GapReason
) -> None:
    item = look(aws.play({"guardduty:ListDetectors": [refusal(code)]}), "Detector")

    assert gaps(item) == [("/observed/Detector", reason, code)]


class Unreachable:
    """AWS in a Region where no endpoint has an address."""

    def client(self, service: str, *, account_id: str, region: str) -> Any:
        """Fail as a client's first call does."""
        raise EndpointConnectionError(endpoint_url=f"https://{service}.{region}.{account_id}")


def test_a_region_without_endpoints_is_all_gaps() -> None:
    wanted = frozenset(pointer for facet in RESOURCE_TYPE.facets for pointer in facet.pointers)

    item = _frame.describe(Unreachable(), RESOURCE_TYPE, REF, wanted, StoppedClock())

    assert item is not None
    assert {gap.pointer for gap in item.gaps} == wanted
    assert {gap.reason for gap in item.gaps} == {GapReason.UNAVAILABLE}


def analyzer(name: str, kind: str) -> dict[str, Any]:
    arn = f"arn:aws:access-analyzer:{REGION}:{ACCOUNT}:analyzer/{name}"
    return {"arn": arn, "name": name, "type": kind, "status": "ACTIVE", "createdAt": CREATED}


def test_analyzers_on_a_second_page_count(aws: PagedAws) -> None:
    aws.play(
        {
            "accessanalyzer:ListAnalyzers": [
                {"analyzers": [analyzer("unused", "ACCOUNT_UNUSED_ACCESS")], "nextToken": "more"},
                {"analyzers": [analyzer("external", "ACCOUNT")]},
            ]
        }
    )

    item = look(aws, "Analyzers")

    assert item.observed["Analyzers"] == [
        {"AnalyzerName": "external", "Type": "ACCOUNT", "Status": "ACTIVE"},
        {"AnalyzerName": "unused", "Type": "ACCOUNT_UNUSED_ACCESS", "Status": "ACTIVE"},
    ]


def test_a_port_range_without_an_end_is_one_port(aws: PagedAws) -> None:
    block = {
        "BlockPublicSecurityGroupRules": True,
        "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22}],
    }
    aws.play({EMR: [{"BlockPublicAccessConfiguration": block}]})

    item = look(aws, "BlockPublicAccessConfiguration")

    assert item.observed["BlockPublicAccessConfiguration"] == {
        "BlockPublicSecurityGroupRules": True,
        "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
    }


def test_a_block_that_says_nothing_is_a_gap(aws: PagedAws) -> None:
    item = look(
        aws.play({EMR: [{"BlockPublicAccessConfiguration": {}}]}), "BlockPublicAccessConfiguration"
    )

    assert [reason for _, reason, _ in gaps(item)] == [GapReason.MALFORMED]


def test_the_status_of_a_recorder_is_read_in_any_case(aws: PagedAws) -> None:
    status = {"name": "default", "recording": True, "lastStatus": "Failure"}
    aws.play(
        {"config:DescribeConfigurationRecorderStatus": [{"ConfigurationRecordersStatus": [status]}]}
    )

    item = look(aws, "RecorderStatuses")

    assert item.observed["RecorderStatuses"] == [
        {"Name": "default", "Recording": True, "LastStatus": "FAILURE"}
    ]


@pytest.mark.parametrize(
    ("pages", "holds"),
    [
        ([{"Buckets": [{"Name": "b", "BucketRegion": REGION}]}], True),
        ([{"Buckets": []}], False),
        ([{"Buckets": [{"Name": "b", "BucketRegion": "us-east-1"}]}], False),
        (
            [{"Buckets": [], "ContinuationToken": "more"}, {"Buckets": [{"Name": "b"}]}],
            True,
        ),
        (
            [{"Buckets": [], "ContinuationToken": "x"}, {"Buckets": [], "ContinuationToken": "x"}],
            False,
        ),
    ],
    ids=["one", "none", "one elsewhere", "one on the second page", "a token that repeats"],
)
def test_a_region_holds_buckets_where_one_is_listed(
    aws: PagedAws,
    pages: list[dict[str, Any]],
    holds: bool,
) -> None:
    item = look(aws.play({"s3:ListBuckets": pages}), "HoldsBuckets")

    assert item.observed == {"HoldsBuckets": holds}


def test_a_suspended_detector_is_described(aws: PagedAws) -> None:
    aws.play(
        {
            "guardduty:ListDetectors": [{"DetectorIds": ["d1"]}],
            "guardduty:GetDetector": [{"Status": "DISABLED"}],
        }
    )

    item = look(aws, "Detector")

    assert item.observed["Detector"] == {"DetectorId": "d1", "Status": "DISABLED"}


def routes_of(action: str) -> list[Route]:
    return [route for route in RESOURCE_TYPE.routes if action in route.actions]


def proposed(action: str, **parameters: Any) -> dict[str, Any]:
    (route,) = routes_of(action)
    assert (route.ids, route.propose is not None) == (("awsRegion",), True)
    record = {"eventName": action, "awsRegion": REGION, "requestParameters": parameters}
    assert route.propose is not None
    return {k.removeprefix("/observed/"): v for k, v in route.propose(record).items()}


SETTING = "/ssm/documents/console/public-sharing-permission"
PROPOSED: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "a detector is deleted": ("DeleteDetector", {"detectorId": "d"}, {"Detector": None}),
    "a detector is suspended": (
        "UpdateDetector",
        {"detectorId": "d", "enable": "false"},
        {"Detector": {"Status": "DISABLED"}},
    ),
    "a detector is made": ("CreateDetector", {"enable": True}, {"Detector": {"Status": "ENABLED"}}),
    "a detector reports less often": ("UpdateDetector", {"detectorId": "d"}, {"Detector": []}),
    "Macie is disabled": ("DisableMacie", {}, {"MacieStatus": None}),
    "Macie is enabled": ("EnableMacie", {}, {"MacieStatus": "ENABLED"}),
    "Macie is enabled, but paused": (
        "EnableMacie",
        {"status": "PAUSED"},
        {"MacieStatus": "PAUSED"},
    ),
    "Macie publishes less often": (
        "UpdateMacieSession",
        {"findingPublishingFrequency": "SIX_HOURS"},
        {"MacieStatus": []},
    ),
    "Security Hub is disabled": ("DisableSecurityHub", {}, {"HubArn": None}),
    "a recorder is stopped": (
        "StopConfigurationRecorder",
        {"configurationRecorderName": "default"},
        {"RecorderStatuses": [{"Name": "default", "Recording": False}]},
    ),
    "a recorder is deleted": (
        "DeleteConfigurationRecorder",
        {"configurationRecorderName": "default"},
        {"ConfigurationRecorders": []},
    ),
    "a channel is deleted": (
        "DeleteDeliveryChannel",
        {"deliveryChannelName": "default"},
        {"DeliveryChannels": []},
    ),
    "a recorder that leaves types out": (
        "PutConfigurationRecorder",
        {
            "configurationRecorder": {
                "name": "default",
                "recordingGroup": {
                    "allSupported": False,
                    "exclusionByResourceTypes": {"resourceTypes": ["AWS::EC2::Volume"]},
                    "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
                },
            }
        },
        {
            "ConfigurationRecorders": [
                {
                    "Name": "default",
                    "RecordingGroup": {
                        "AllSupported": False,
                        "IncludeGlobalResourceTypes": False,
                        "ResourceTypes": [],
                        "ExclusionByResourceTypes": ["AWS::EC2::Volume"],
                        "RecordingStrategy": "EXCLUSION_BY_RESOURCE_TYPES",
                    },
                }
            ]
        },
    ),
    "a recorder whose group is not said": (
        "PutConfigurationRecorder",
        {"configurationRecorder": {"name": "default"}},
        {"ConfigurationRecorders": {}},
    ),
    "an analyzer is deleted": ("DeleteAnalyzer", {"analyzerName": "x"}, {"Analyzers": []}),
    "documents may be shared": (
        "UpdateServiceSetting",
        {"settingId": SETTING, "settingValue": "Enable"},
        {"SsmDocumentPublicSharing": "Enable"},
    ),
    "sharing is reset by ARN": (
        "ResetServiceSetting",
        {"settingId": f"arn:aws:ssm:{REGION}:{ACCOUNT}:servicesetting{SETTING}"},
        {"SsmDocumentPublicSharing": "Enable"},
    ),
    "another setting": (
        "UpdateServiceSetting",
        {"settingId": "/ssm/other"},
        {"SsmDocumentPublicSharing": []},
    ),
    "Security Hub is enabled": ("EnableSecurityHub", {}, {"HubArn": []}),
    "an analyzer is made": ("CreateAnalyzer", {"type": "ACCOUNT"}, {"Analyzers": {}}),
    "a channel is made": ("PutDeliveryChannel", {}, {"DeliveryChannels": {}}),
    "EMR's block is opened": (
        "PutBlockPublicAccessConfiguration",
        {"blockPublicAccessConfiguration": {"blockPublicSecurityGroupRules": "false"}},
        {
            "BlockPublicAccessConfiguration": {
                "BlockPublicSecurityGroupRules": False,
                "PermittedPublicSecurityGroupRuleRanges": [],
            }
        },
    ),
    "EMR's block as text": (
        "PutBlockPublicAccessConfiguration",
        {"blockPublicAccessConfiguration": "HIDDEN"},
        {"BlockPublicAccessConfiguration": []},
    ),
}


@pytest.mark.parametrize(
    ("action", "parameters", "expected"), PROPOSED.values(), ids=PROPOSED.keys()
)
def test_a_call_proposes_what_its_payload_says(
    action: str, parameters: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert proposed(action, **parameters) == expected


@pytest.mark.parametrize("name", ["Detector", "MacieStatus", "HubArn", "SsmDocumentPublicSharing"])
@pytest.mark.parametrize("value", [None, "DISABLED", {"Status": "DISABLED"}], ids=str)
def test_a_call_that_leaves_a_value_alone_explains_none(name: str, value: Any) -> None:
    pointer = f"/observed/{name}"
    item = replace(look(RecordedAws()), observed={name: value})
    touch = Touch(ref=REF, writes=(pointer,), proposed=unsaid(pointer))
    deepest = f"{pointer}/Status" if isinstance(value, dict) else pointer

    evidence = Evidence(path=deepest, actual=value, expected="another")

    assert not explains(touch, (evidence,), item)
