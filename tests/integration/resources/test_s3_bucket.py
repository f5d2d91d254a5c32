"""Buckets: what S3 says about them, what its absent parts mean, and what its events write."""

import json
from typing import Any

import pytest

from chalicelib.model import ConfigurationItem, GapReason, Relation, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources import _frame
from chalicelib.resources.s3_bucket import RESOURCE_TYPE
from tests.integration.resources.recorded_aws import (
    ACCOUNT,
    RecordedAws,
    StoppedClock,
    aws_on_moto,
)

NAME = "vigil-sample"
REF = ResourceRef(account_id=ACCOUNT, region="eu-west-1", type="AWS::S3::Bucket", id=NAME)
EVENT_READS = frozenset(
    {
        "/derived/PublicAccess",
        "/derived/PlaintextOpenings",
        "/derived/PublicAccessBlockShortfalls",
        "/derived/ForeignWrites",
        "/observed/MFADelete",
    }
)
EVERYTHING = frozenset(pointer for facet in RESOURCE_TYPE.facets for pointer in facet.pointers)
OFF = {
    "BlockPublicAcls": False,
    "IgnorePublicAcls": False,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}
ON = dict.fromkeys(OFF, True)
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
READ_BY_ALL = {"GranteeType": "Group", "Grantee": ALL_USERS, "Permission": "READ"}
PUBLIC_POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{NAME}/*",
    },
}
NORMAL_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": ["*"]},
            "Action": ["s3:GetObject"],
            "Resource": [f"arn:aws:s3:::{NAME}/*"],
        }
    ],
}


def created(aws: RecordedAws, name: str = NAME, region: str = "eu-west-1") -> Any:
    s3 = aws.client("s3", region=region)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    return s3


def looked_at(
    aws: RecordedAws, pointers: frozenset[str] = EVERYTHING, ref: ResourceRef = REF
) -> ConfigurationItem:
    item = _frame.describe(aws, RESOURCE_TYPE, ref, pointers, StoppedClock())
    assert item is not None
    return item


def test_what_a_bucket_does_not_have_is_a_value_and_no_gap() -> None:
    with aws_on_moto() as aws:
        created(aws)
        item = looked_at(aws)

    grants = item.observed["Grants"]
    assert item.gaps == ()
    assert item.properties == {
        "PublicAccessBlockConfiguration": OFF,
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
        "VersioningConfiguration": None,
        "Tags": [],
    }
    assert item.observed["MFADelete"] == "Disabled"
    assert item.observed["BucketPolicy"] is None
    assert item.observed["AccountPublicAccessBlock"] == OFF
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL"]
    assert [grant["GranteeType"] for grant in grants] == ["CanonicalUser"]


def test_what_a_bucket_has_is_read_in_normal_form() -> None:
    with aws_on_moto() as aws:
        s3 = created(aws)
        s3.put_bucket_acl(Bucket=NAME, ACL="public-read")
        s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps(PUBLIC_POLICY))
        s3.put_public_access_block(Bucket=NAME, PublicAccessBlockConfiguration=ON)
        s3.put_bucket_ownership_controls(
            Bucket=NAME, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        )
        s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": [{"Key": "team", "Value": "shop"}]})
        s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Suspended"})
        item = looked_at(aws)

    assert item.observed["BucketPolicy"] == NORMAL_POLICY
    assert READ_BY_ALL in item.observed["Grants"]
    assert item.properties == {
        "PublicAccessBlockConfiguration": ON,
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "VersioningConfiguration": {"Status": "Suspended"},
        "Tags": [{"Key": "team", "Value": "shop"}],
    }
    assert _frame.owner_of(item) == "shop"


def test_the_facts_of_an_event_cost_six_reads_and_no_listing() -> None:
    with aws_on_moto() as aws:
        created(aws)
        aws.calls.clear()
        looked_at(aws, EVENT_READS)

    assert sorted(aws.calls) == [
        "s3:GetBucketAcl",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketVersioning",
        "s3:GetPublicAccessBlock",
        "s3control:GetPublicAccessBlock",
    ]


def test_a_bucket_opened_by_its_policy_is_derived_as_open() -> None:
    with aws_on_moto() as aws:
        s3 = created(aws)
        s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps(PUBLIC_POLICY))
        (row,) = looked_at(aws, EVENT_READS).derived["PublicAccess"]

    assert (row["Access"], row["Via"]) == ("read", "policy")
    assert row["Because"][0] == "/observed/BucketPolicy/Statement/0"


def test_every_read_names_the_account_that_should_own_the_bucket() -> None:
    with aws_on_moto() as aws:
        created(aws)
        questions: list[dict[str, Any]] = []
        client = aws.client("s3", region="eu-west-1")
        client.meta.events.register(
            "provide-client-params.s3.*", lambda params, **_: questions.append(dict(params))
        )
        looked_at(aws)

    assert len(questions) == 6
    assert {question["ExpectedBucketOwner"] for question in questions} == {ACCOUNT}


def test_a_policy_that_nobody_can_parse_is_a_gap() -> None:
    with aws_on_moto() as aws:
        created(aws)
        client = aws.client("s3", region="eu-west-1")
        client.meta.events.register("after-call.s3.GetBucketPolicy", _garble)
        client.put_bucket_policy(Bucket=NAME, Policy=json.dumps(PUBLIC_POLICY))
        item = looked_at(aws, frozenset({"/observed/BucketPolicy"}))

    assert item.observed["BucketPolicy"] is None
    assert [(gap.pointer, gap.reason) for gap in item.gaps] == [
        ("/observed/BucketPolicy", GapReason.MALFORMED)
    ]


def _garble(parsed: dict[str, Any], **_: Any) -> None:
    parsed["Policy"] = "{not json"


def test_a_hundred_buckets_of_one_region_are_listed_by_one_call() -> None:
    with aws_on_moto() as aws:
        for number in range(100):
            created(aws, f"bucket-{number:03}")
        created(aws, "elsewhere", "eu-central-1")
        aws.calls.clear()
        page = RESOURCE_TYPE.list(aws, ACCOUNT, "eu-west-1", None)

    assert [ref.id for ref in page.refs] == [f"bucket-{number:03}" for number in range(100)]
    assert {(ref.region, ref.unique_id) for ref in page.refs} == {("eu-west-1", None)}
    assert page.next_token is None
    assert aws.calls == ["s3:ListBuckets"]


@pytest.mark.parametrize(
    ("raw", "identity"),
    [
        ("my.bucket-1", "my.bucket-1"),
        ("Legacy_Bucket", "Legacy_Bucket"),
        ("fast--use1-az4--x-s3", None),
        ("tables--table-s3", None),
        ("arn:aws:s3:us-east-1:123456789012:accesspoint/x", None),
        ("ab", None),
        ("../../etc", None),
        ("a" * 256, None),
        ("bücket", None),
        ("bucket\n", None),
    ],
)
def test_only_names_of_general_purpose_buckets_are_looked_at(
    raw: str, identity: str | None
) -> None:
    assert RESOURCE_TYPE.identify is not None
    assert RESOURCE_TYPE.identify(raw, {}) == identity


def test_a_bucket_is_named_in_the_partition_it_is_in() -> None:
    ref = ResourceRef(
        account_id=ACCOUNT, region="cn-north-1", type=REF.type, id=NAME, partition="aws-cn"
    )

    assert RESOURCE_TYPE.arn is not None
    assert RESOURCE_TYPE.arn(ref) == f"arn:aws-cn:s3:::{NAME}"


def record(**parameters: Any) -> Record:
    return {
        "eventSource": "s3.amazonaws.com",
        "recipientAccountId": ACCOUNT,
        "requestParameters": {"bucketName": NAME, **parameters},
    }


def route_of(action: str) -> Route:
    (route,) = (route for route in RESOURCE_TYPE.routes if action in route.actions)
    return route


GRANT = {
    "Grantee": {"URI": ALL_USERS, "xsi:type": "Group"},
    "Permission": "READ",
}
PROPOSALS = [
    ("PutBucketPolicy", {"bucketPolicy": PUBLIC_POLICY}, {"/observed/BucketPolicy": NORMAL_POLICY}),
    (
        "PutBucketPolicy",
        {"bucketPolicy": json.dumps(PUBLIC_POLICY)},
        {"/observed/BucketPolicy": NORMAL_POLICY},
    ),
    ("PutBucketPolicy", {"bucketPolicy": "invalid-json-policy"}, {}),
    ("PutBucketPolicy", {"bucketPolicy": {}}, {}),
    ("PutBucketPolicy", {"bucketPolicy": {"omitted": True}}, {}),
    ("PutBucketPolicy", {}, {}),
    ("DeleteBucketPolicy", {"policy": ""}, {"/observed/BucketPolicy": None}),
    ("PutBucketAcl", {"x-amz-acl": "public-read"}, {"/observed/Grants": [READ_BY_ALL]}),
    ("PutBucketAcl", {"x-amz-acl": ["public-read"]}, {"/observed/Grants": [READ_BY_ALL]}),
    (
        "PutBucketAcl",
        {"AccessControlPolicy": {"AccessControlList": {"Grant": GRANT}}},
        {"/observed/Grants": [READ_BY_ALL]},
    ),
    ("PutBucketAcl", {"acl": ""}, {}),
    ("PutBucketAcl", {"x-amz-acl": "private"}, {"/observed/Grants": []}),
    (
        "PutBucketOwnershipControls",
        {"OwnershipControls": {"xmlns": "x", "Rule": {"ObjectOwnership": "ObjectWriter"}}},
        {"/properties/OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
    ),
    (
        "PutBucketOwnershipControls",
        {"OwnershipControls": {"Rule": [{"ObjectOwnership": "BucketOwnerPreferred"}]}},
        {"/properties/OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}},
    ),
    ("PutBucketOwnershipControls", {"OwnershipControls": {"Rule": {"ObjectOwnership": {}}}}, {}),
    (
        "DeleteBucketOwnershipControls",
        {},
        {"/properties/OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
    ),
    (
        "PutBucketPublicAccessBlock",
        {"PublicAccessBlockConfiguration": {"xmlns": "x", "RestrictPublicBuckets": True}},
        {"/properties/PublicAccessBlockConfiguration": {**OFF, "RestrictPublicBuckets": True}},
    ),
    (
        "PutBucketPublicAccessBlock",
        {"PublicAccessBlockConfiguration": {"BlockPublicAcls": "false", "IgnorePublicAcls": 1}},
        {"/properties/PublicAccessBlockConfiguration": OFF},
    ),
    ("PutBucketPublicAccessBlock", {"publicAccessBlock": ""}, {}),
    ("DeleteBucketPublicAccessBlock", {}, {"/properties/PublicAccessBlockConfiguration": OFF}),
    ("DeleteBucketTagging", {}, {"/properties/Tags": []}),
    (
        "PutBucketVersioning",
        {"VersioningConfiguration": {"Status": "Suspended", "xmlns": "x", "MfaDelete": "Disabled"}},
        {
            "/properties/VersioningConfiguration": {"Status": "Suspended"},
            "/observed/MFADelete": "Disabled",
        },
    ),
    (
        "PutBucketVersioning",
        {"VersioningConfiguration": {"Status": ["Enabled"]}},
        {"/properties/VersioningConfiguration": {"Status": "Enabled"}},
    ),
    ("PutBucketVersioning", {"versioning": ""}, {}),
    ("PutBucketVersioning", {"VersioningConfiguration": {"Status": "?"}}, {}),
    ("CreateBucket", {}, {"/observed/BucketPolicy": None, "/observed/Grants": []}),
    (
        "CreateBucket",
        {"x-amz-acl": "public-read", "x-amz-object-ownership": ["ObjectWriter"]},
        {"/observed/BucketPolicy": None, "/observed/Grants": [READ_BY_ALL]},
    ),
]


@pytest.mark.parametrize(
    ("action", "parameters", "proposed"),
    PROPOSALS,
    ids=[f"{action} {str(given)[:40]}" for action, given, _ in PROPOSALS],
)
def test_an_event_proposes_what_its_payload_carries_and_nothing_more(
    action: str, parameters: dict[str, Any], proposed: dict[str, Any]
) -> None:
    route = route_of(action)

    assert route.propose is not None
    assert route.propose(record(**parameters)) == proposed
    assert set(proposed) <= set(route.writes)


@pytest.mark.parametrize(
    ("action", "parameters", "access"),
    [
        ("PutBucketPolicy", {"bucketPolicy": PUBLIC_POLICY}, ["read"]),
        ("PutBucketPolicy", {"bucketPolicy": {"omitted": True}}, []),
        ("PutBucketPolicy", {}, []),
        ("PutBucketAcl", {"x-amz-acl": "public-read-write"}, ["read", "write"]),
        ("PutBucketAcl", {"x-amz-acl": "private"}, []),
        ("CreateBucket", {"x-amz-acl": ["public-read"]}, ["read"]),
        ("CreateBucket", {}, []),
    ],
)
def test_an_event_tells_what_its_payload_alone_opens(
    action: str, parameters: dict[str, Any], access: list[str]
) -> None:
    route = route_of(action)

    assert route.derive is not None
    rows = route.derive(record(**parameters))["PublicAccess"]
    assert sorted(row["Access"] for row in rows) == access


def test_a_payload_is_read_in_the_partition_of_its_record() -> None:
    statement = {**PUBLIC_POLICY["Statement"], "Resource": f"arn:aws-cn:s3:::{NAME}/*"}
    payload = record(bucketPolicy={"Statement": statement})

    derive = route_of("PutBucketPolicy").derive

    assert derive is not None
    assert derive(payload)["PublicAccess"] == []
    assert derive({**payload, "awsRegion": "cn-north-1"})["PublicAccess"] != []


@pytest.mark.parametrize("name", [None, [], {"a": 1}], ids=str)
def test_a_payload_that_names_no_bucket_opens_none(name: Any) -> None:
    derive = route_of("PutBucketAcl").derive

    assert derive is not None
    payload = {"requestParameters": {"bucketName": name, "x-amz-acl": "public-read"}}
    assert derive(payload) == {"PublicAccess": []}


@pytest.mark.parametrize(
    "action",
    ["DeleteBucketPolicy", "DeleteBucketPublicAccessBlock", "PutBucketPublicAccessBlock"],
)
def test_an_event_that_grants_nothing_itself_derives_nothing(action: str) -> None:
    assert route_of(action).derive is None


@pytest.mark.parametrize(
    "odd", [None, [], "text", 7, {"bucketPolicy": [[]], "x-amz-acl": {}, "OwnershipControls": []}]
)
def test_no_payload_crashes_a_route(odd: Any) -> None:
    broken = {"requestParameters": odd, "userIdentity": odd}

    for route in (*RESOURCE_TYPE.routes, *RESOURCE_TYPE.companions[0].routes):
        for read in filter(None, (route.propose, route.derive)):
            assert isinstance(read(broken), dict)


def test_creation_and_deletion_are_marked_as_such() -> None:
    assert {route.actions for route in RESOURCE_TYPE.routes if route.creates} == {("CreateBucket",)}
    assert {route.actions for route in RESOURCE_TYPE.routes if route.deletes} == {("DeleteBucket",)}


def test_the_account_block_makes_every_bucket_of_the_account_due() -> None:
    (companion,) = RESOURCE_TYPE.companions
    put, removed = companion.routes

    flags = {"PublicAccessBlockConfiguration": ON}
    assert companion.relation is Relation.ACCOUNT
    assert (put.ids, removed.ids) == ((), ())
    assert put.propose is not None
    assert removed.propose is not None
    assert put.propose(record(**flags)) == {"/observed/AccountPublicAccessBlock": ON}
    assert put.propose(record()) == {}
    assert removed.propose(record()) == {"/observed/AccountPublicAccessBlock": OFF}
