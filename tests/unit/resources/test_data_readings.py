"""What AWS's answers about databases, domains and API stages become, page by page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.model import GapReason, Page, ResourceRef, ResourceType, SweepRequest
from chalicelib.resources import _frame
from chalicelib.resources.apigateway_stage import RESOURCE_TYPE as REST_STAGE
from chalicelib.resources.apigatewayv2_stage import RESOURCE_TYPE as API_STAGE
from chalicelib.resources.efs_file_system import RESOURCE_TYPE as FILE_SYSTEM
from chalicelib.resources.opensearchservice_domain import RESOURCE_TYPE as DOMAIN
from chalicelib.resources.rds_cluster_snapshot import RESOURCE_TYPE as CLUSTER_SNAPSHOT
from chalicelib.resources.rds_db_cluster import RESOURCE_TYPE as CLUSTER
from chalicelib.resources.rds_db_instance import RESOURCE_TYPE as INSTANCE
from chalicelib.resources.rds_db_snapshot import RESOURCE_TYPE as SNAPSHOT
from chalicelib.resources.redshift_cluster import RESOURCE_TYPE as WAREHOUSE
from tests.integration.resources.recorded_aws import ACCOUNT, StoppedClock

REGION = "eu-west-1"

Answer = Callable[[Mapping[str, Any]], Any]


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Call")


@dataclass
class Scripted:
    """AWS that answers each call with what a test wrote down, and remembers what it was asked."""

    answers: Mapping[str, Any]
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def client(self, service: str, *, account_id: str, region: str) -> Any:
        """Return a client of any service: names of calls are enough to tell them apart."""
        assert (account_id, region) == (ACCOUNT, REGION)
        assert service
        return _Client(self)


class _Client:
    def __init__(self, aws: Scripted) -> None:
        self._aws = aws

    def __getattr__(self, name: str) -> Any:
        def call(**given: Any) -> Any:
            self._aws.asked.append((name, given))
            answer = self._aws.answers[name]
            answer = answer(given) if callable(answer) else answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def get_paginator(self, name: str) -> Any:
        class Paginator:
            def paginate(_self, **given: Any) -> list[Any]:  # noqa: N805 - the outer self is needed
                return [getattr(self, name)(**given)]

        return Paginator()


def described(kind: ResourceType, resource_id: str, aws: Scripted) -> Any:
    ref = ResourceRef(account_id=ACCOUNT, region=REGION, type=kind.type, id=resource_id)
    return _frame.describe(aws, kind, ref, everything(kind), StoppedClock())


def everything(kind: ResourceType) -> frozenset[str]:
    facts = {f"/derived/{fact.name}" for fact in kind.facts}
    return frozenset(facts | {pointer for facet in kind.facets for pointer in facet.pointers})


def page_of(kind: ResourceType, aws: Scripted, token: str | None = None) -> Page:
    request = SweepRequest(account_id=ACCOUNT, region=REGION, type=kind.type, token=token)
    return _frame.page(aws, kind, request, everything(kind), StoppedClock())


def instance(name: str = "orders", **overrides: Any) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": name,
        "Engine": "postgres",
        "DBInstanceStatus": "available",
        "PubliclyAccessible": False,
        "StorageEncrypted": False,
        "AutoMinorVersionUpgrade": True,
        "MultiAZ": False,
        "DBSubnetGroup": {
            "VpcId": "vpc-1",
            "Subnets": [{"SubnetIdentifier": "subnet-b"}, {"SubnetIdentifier": "subnet-a"}],
        },
        "TagList": [],
        "DbiResourceId": "db-ABC",
    } | overrides


MAIN_TABLE = {
    "RouteTableId": "rtb-main",
    "Associations": [{"Main": True}],
    "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}],
}


def test_the_routes_of_a_public_instance_are_read_once_for_each_vpc() -> None:
    rows = [
        instance("a", PubliclyAccessible=True),
        instance("b", PubliclyAccessible=True),
        instance("c"),
    ]
    aws = Scripted(
        {
            "describe_db_instances": {"DBInstances": rows, "Marker": "next"},
            "describe_route_tables": {"RouteTables": [MAIN_TABLE]},
        }
    )

    page = page_of(INSTANCE, aws)

    assert [name for name, _ in aws.asked] == ["describe_db_instances", "describe_route_tables"]
    assert page.next_token == "next"
    first, _, private = page.items
    assert [row["SubnetId"] for row in first.observed["InternetRoutes"]] == ["subnet-a", "subnet-b"]
    assert private.observed["InternetRoutes"] is None
    assert private.companions == ()
    assert [key.split("#", 2)[2] for key in first.companions] == [
        "AWS::EC2::RouteTable#rtb-main",
        "AWS::EC2::Subnet#subnet-a",
        "AWS::EC2::Subnet#subnet-b",
    ]


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        pytest.param(refused("UnauthorizedOperation"), GapReason.DENIED, id="denied"),
        pytest.param({"RouteTables": []}, GapReason.MALFORMED, id="hidden by the subnets' owner"),
    ],
)
def test_unread_routes_are_a_gap_of_their_own(tables: Any, reason: GapReason) -> None:
    row = instance(PubliclyAccessible=True)
    aws = Scripted(
        {"describe_db_instances": {"DBInstances": [row]}, "describe_route_tables": tables}
    )

    item = described(INSTANCE, "orders", aws)

    assert item.properties["PubliclyAccessible"] is True
    assert [(gap.pointer, gap.reason, gap.call) for gap in item.gaps] == [
        ("/observed/InternetRoutes", reason, "ec2:DescribeRouteTables")
    ]


def test_an_instance_outside_of_any_vpc_has_no_routes_to_ask_for() -> None:
    row = instance(PubliclyAccessible=True, DBSubnetGroup=None)
    aws = Scripted({"describe_db_instances": {"DBInstances": [row]}})

    item = described(INSTANCE, "orders", aws)

    assert item.observed["InternetRoutes"] is None
    assert item.gaps == ()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"StorageEncrypted": True}, "sse-kms", id="by flag"),
        pytest.param({"StorageEncrypted": False}, "none", id="not by flag"),
        pytest.param({"StorageEncryptionType": "sse-rds"}, "sse-rds", id="under a key of AWS"),
        pytest.param(
            {"StorageEncryptionType": "none", "StorageEncrypted": False}, "none", id="none"
        ),
    ],
)
def test_the_type_of_encryption_goes_before_the_flag(said: dict[str, Any], expected: str) -> None:
    aws = Scripted({"describe_db_instances": {"DBInstances": [instance(**said)]}})

    item = described(INSTANCE, "orders", aws)

    assert item.observed["StorageEncryptionType"] == expected


@pytest.mark.parametrize("lost", ["PubliclyAccessible", "StorageEncrypted", "Engine", "MultiAZ"])
def test_an_answer_without_what_aws_always_says_is_malformed(lost: str) -> None:
    row = {name: value for name, value in instance().items() if name != lost}
    aws = Scripted({"describe_db_instances": {"DBInstances": [row]}})

    item = described(INSTANCE, "orders", aws)

    assert {gap.reason for gap in item.gaps} == {GapReason.MALFORMED}
    assert item.properties["PubliclyAccessible"] is None


def test_an_empty_answer_is_no_proof_of_absence() -> None:
    aws = Scripted({"describe_db_clusters": {"DBClusters": []}})

    item = described(CLUSTER, "orders", aws)

    assert {gap.reason for gap in item.gaps} == {GapReason.MALFORMED}


@pytest.mark.parametrize("kind", [SNAPSHOT, CLUSTER_SNAPSHOT], ids=lambda kind: kind.noun)
@pytest.mark.parametrize("name", ["rds:orders-2026-01-01-00-00", "awsbackup:job-0a1b"])
def test_nobody_asks_with_whom_an_automated_snapshot_is_shared(
    kind: ResourceType, name: str
) -> None:
    attributes = next(facet for facet in kind.facets if facet.name == "attributes")
    ref = ResourceRef(account_id=ACCOUNT, region=REGION, type=kind.type, id=name)

    reading = attributes.read(Scripted({}), ref)

    assert reading is not None
    assert reading.observed == {"RestoreAccounts": []}


def snapshot(name: str, **overrides: Any) -> dict[str, Any]:
    return {
        "DBSnapshotIdentifier": name,
        "DBInstanceIdentifier": "orders",
        "Engine": "postgres",
        "SnapshotType": "manual",
        "Encrypted": False,
    } | overrides


def attributes(given: Mapping[str, Any]) -> dict[str, Any]:
    values = {"public": ["all"], "shared": ["444455556666", "222233334444"]}
    restore = values.get(given["DBSnapshotIdentifier"], [])
    return {
        "DBSnapshotAttributesResult": {
            "DBSnapshotAttributes": [{"AttributeName": "restore", "AttributeValues": restore}]
        }
    }


def test_each_manual_snapshot_costs_one_call_beside_the_listing() -> None:
    rows = [snapshot(name) for name in ("public", "shared", "private")]
    aws = Scripted(
        {
            "describe_db_snapshots": {"DBSnapshots": rows},
            "describe_db_snapshot_attributes": attributes,
        }
    )

    page = page_of(SNAPSHOT, aws)

    assert [item.observed["RestoreAccounts"] for item in page.items] == [
        ["all"],
        ["222233334444", "444455556666"],
        [],
    ]
    assert aws.asked[0] == ("describe_db_snapshots", {"MaxRecords": 100, "SnapshotType": "manual"})
    assert len(aws.asked) == 1 + len(rows)


def test_a_snapshot_that_goes_between_two_calls_is_gone() -> None:
    aws = Scripted(
        {
            "describe_db_snapshots": {"DBSnapshots": [snapshot("public")]},
            "describe_db_snapshot_attributes": refused("DBSnapshotNotFound"),
        }
    )

    assert described(SNAPSHOT, "public", aws) is None


@pytest.mark.parametrize(
    ("kind", "call", "rows", "paging"),
    [
        pytest.param(
            INSTANCE, "describe_db_instances", {"DBInstances": []}, "Marker", id="instances"
        ),
        pytest.param(WAREHOUSE, "describe_clusters", {"Clusters": []}, "Marker", id="warehouses"),
        pytest.param(
            FILE_SYSTEM, "describe_file_systems", {"FileSystems": []}, "NextMarker", id="EFS"
        ),
        pytest.param(API_STAGE, "get_apis", {"Items": []}, "NextToken", id="APIs"),
        pytest.param(REST_STAGE, "get_rest_apis", {"items": []}, "position", id="REST APIs"),
    ],
)
def test_a_listing_goes_on_where_it_ended(
    kind: ResourceType, call: str, rows: dict[str, Any], paging: str
) -> None:
    aws = Scripted({call: lambda given: rows | ({} if "2" in given.values() else {paging: "2"})})

    first = page_of(kind, aws)
    last = page_of(kind, aws, first.next_token)

    assert (first.next_token, last.next_token) == ("2", None)


def domain(name: str, **overrides: Any) -> dict[str, Any]:
    return {"DomainId": name, "DomainName": name, "ARN": name, "ClusterConfig": {}} | overrides


def test_domains_of_both_engines_are_listed_once_and_described_in_fives() -> None:
    engines = ["OpenSearch", "Elasticsearch"] * 3
    names = [{"DomainName": f"logs-{n}", "EngineType": e} for n, e in enumerate(engines)]
    aws = Scripted(
        {
            "list_domain_names": {"DomainNames": names},
            "describe_domains": lambda given: {
                "DomainStatusList": [domain(name) for name in given["DomainNames"]]
            },
        }
    )

    page = page_of(DOMAIN, aws)

    assert [item.ref.id for item in page.items] == [f"logs-{n}" for n in range(6)]
    assert [len(given.get("DomainNames", ())) for _, given in aws.asked] == [0, 5, 1]


def test_a_policy_that_is_none_leaves_the_network_of_a_domain_known() -> None:
    status = domain("logs", AccessPolicies="{", VPCOptions={"VPCId": "vpc-1", "SubnetIds": ["s"]})
    public = domain("logs", AccessPolicies="{")

    inside = described(DOMAIN, "logs", Scripted({"describe_domain": {"DomainStatus": status}}))
    outside = described(DOMAIN, "logs", Scripted({"describe_domain": {"DomainStatus": public}}))

    assert inside.derived["DomainOpenings"] == []
    assert [gap.pointer for gap in inside.gaps] == ["/properties/AccessPolicies"]
    assert [row["Audience"] for row in outside.derived["DomainOpenings"]] == ["endpoint"]
    assert "/derived/DomainOpenings" in [gap.pointer for gap in outside.gaps]


def test_an_empty_policy_is_no_policy() -> None:
    status = domain("logs", AccessPolicies="")

    item = described(DOMAIN, "logs", Scripted({"describe_domain": {"DomainStatus": status}}))

    assert item.properties["AccessPolicies"] is None
    assert item.gaps == ()


def test_an_api_deleted_while_it_is_listed_takes_no_other_with_it() -> None:
    def stages(given: Mapping[str, Any]) -> Any:
        if given["restApiId"] == "gone":
            return refused("NotFoundException")
        return {"item": [{"stageName": "live"}]}

    apis = {"items": [{"id": "gone"}, {"id": "there"}]}

    page = page_of(REST_STAGE, Scripted({"get_rest_apis": apis, "get_stages": stages}))

    assert [item.ref.id for item in page.items] == ["there|live"]


def test_the_stages_of_an_api_are_read_to_the_last_page() -> None:
    def stages(given: Mapping[str, Any]) -> dict[str, Any]:
        if "NextToken" in given:
            return {"Items": [{"StageName": "two"}]}
        return {"Items": [{"StageName": "one"}], "NextToken": "more"}

    aws = Scripted({"get_apis": {"Items": [{"ApiId": "a1"}]}, "get_stages": stages})

    assert [item.ref.id for item in page_of(API_STAGE, aws).items] == ["a1|one", "a1|two"]


def test_settings_of_a_method_without_a_level_log_nothing() -> None:
    stage = {
        "stageName": "live",
        "methodSettings": {
            "*/*": {"loggingLevel": "INFO"},
            "~1pets~1{id}/GET": {"throttlingRateLimit": 5.0},
        },
    }

    item = described(REST_STAGE, "a1|live", Scripted({"get_stage": stage}))

    assert item.properties["MethodSettings"] == [
        {"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "INFO"},
        {"ResourcePath": "/~1pets~1{id}", "HttpMethod": "GET", "LoggingLevel": "OFF"},
    ]
