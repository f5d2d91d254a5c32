"""What the public may do with a bucket: sections 1 and 2 of the edge cases."""

from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from chalicelib.facts import s3_access
from chalicelib.facts.policy import normalise_policy
from chalicelib.facts.s3_access import (
    ACCOUNT_BLOCK,
    BLOCK_FLAGS,
    BUCKET_BLOCK,
    BUCKET_OPENINGS_SCHEMA,
    GRANTS,
    OWNERSHIP,
    POLICY,
    bucket_openings,
    decisive_inputs,
    grants_from_acl,
    grants_from_request,
    payload_openings,
)
from chalicelib.facts.s3_acl import ALL_USERS, AUTHENTICATED_USERS, GRANTS_SCHEMA, LOG_DELIVERY
from chalicelib.facts.s3_block import BLOCK_SHORTFALLS_SCHEMA, block_shortfalls
from chalicelib.model import ConfigurationItem, Gap, GapReason, ResourceRef

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OWN = "111122223333"
ARN = "arn:aws:s3:::shop"
REF = ResourceRef(account_id=OWN, region="eu-west-1", type="AWS::S3::Bucket", id="shop")
PUBLIC_STATEMENT = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": f"{ARN}/*",
}


def flags(*on: str) -> dict[str, bool]:
    return {flag: flag in on for flag in BLOCK_FLAGS}


def bucket(
    *,
    policy: Any = None,
    grants: Any = (),
    block: Any = None,
    account: Any = None,
    ownership: str | None = "ObjectWriter",
    unread: tuple[str, ...] = (),
) -> ConfigurationItem:
    """Build a described bucket; what `unread` names is a gap."""
    values = {
        BUCKET_BLOCK: flags() if block is None else block,
        OWNERSHIP: {"Rules": [{"ObjectOwnership": ownership}]},
        POLICY: normalise_policy(policy),
        GRANTS: [dict(grant) for grant in grants],
        ACCOUNT_BLOCK: flags() if account is None else account,
    }
    values |= dict.fromkeys(unread)
    sections: dict[str, dict[str, Any]] = {"properties": {}, "observed": {}}
    for pointer, value in values.items():
        _, section, name = pointer.split("/")
        sections[section][name] = value
    return ConfigurationItem(
        ref=REF,
        **sections,
        gaps=tuple(
            Gap(pointer=p, reason=GapReason.DENIED, call="s3:Get", error="AccessDenied")
            for p in unread
        ),
        started_at=NOON,
        ended_at=NOON,
    )


def grant(group: str, permission: str) -> dict[str, str]:
    return {"GranteeType": "Group", "Grantee": group, "Permission": permission}


def policy(**elements: Any) -> dict[str, Any]:
    return {"Statement": [PUBLIC_STATEMENT | elements]}


def accesses(item: ConfigurationItem) -> set[str]:
    rows = bucket_openings(item)
    Draft202012Validator(BUCKET_OPENINGS_SCHEMA).validate(rows)
    return {row["Access"] for row in rows}


@pytest.mark.parametrize("level", ["block", "account"])
def test_ignored_acls_are_closed_on_either_level(level: str) -> None:
    grants = [grant(ALL_USERS, "READ")]

    assert accesses(bucket(grants=grants, **{level: flags("BlockPublicAcls")})) == {"read"}
    assert accesses(bucket(grants=grants, **{level: flags("IgnorePublicAcls")})) == set()


def test_acls_of_an_enforcing_owner_are_off() -> None:
    grants = [grant(ALL_USERS, "FULL_CONTROL")]

    assert accesses(bucket(grants=grants, ownership="BucketOwnerPreferred")) == {"read", "write"}
    assert accesses(bucket(grants=grants, ownership="BucketOwnerEnforced")) == set()


@pytest.mark.parametrize("level", ["block", "account"])
def test_a_public_policy_is_closed_by_restriction_only(level: str) -> None:
    assert accesses(bucket(policy=policy(), **{level: flags("BlockPublicPolicy")})) == {"read"}
    assert accesses(bucket(policy=policy(), **{level: flags("RestrictPublicBuckets")})) == set()


@pytest.mark.parametrize(
    ("group", "permission", "expected"),
    [
        (ALL_USERS, "READ", {"read"}),
        (ALL_USERS, "WRITE", {"write"}),
        (ALL_USERS, "READ_ACP", {"read"}),
        (ALL_USERS, "WRITE_ACP", {"read", "write"}),
        (ALL_USERS, "FULL_CONTROL", {"read", "write"}),
        (AUTHENTICATED_USERS, "READ", {"read"}),
        (LOG_DELIVERY, "WRITE", set()),
    ],
)
def test_a_grant_gives_what_its_permission_leads_to(
    group: str, permission: str, expected: set[str]
) -> None:
    assert accesses(bucket(grants=[grant(group, permission)])) == expected


def test_every_aws_account_is_not_everybody_but_public() -> None:
    [row] = bucket_openings(bucket(grants=[grant(AUTHENTICATED_USERS, "READ")]))

    assert row["Audience"] == "any-aws-account"


def test_a_canonical_user_who_is_called_like_a_group_is_none() -> None:
    impostor = {"GranteeType": "CanonicalUser", "Grantee": ALL_USERS, "Permission": "READ"}

    assert accesses(bucket(grants=[impostor])) == set()


def test_a_bucket_with_nothing_is_closed() -> None:
    assert accesses(bucket()) == set()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}}, {"read"}),
        ({"Condition": {"StringLike": {"aws:Referer": "https://example.com/*"}}}, {"read"}),
        ({"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0abc"}}}, set()),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}}, set()),
        ({"Condition": {"StringEquals": {"s3:DataAccessPointAccount": OWN}}}, set()),
        ({"Principal": {"AWS": "*"}, "Action": "s3:*"}, {"read", "write"}),
        ({"Action": "s3:Put*"}, {"write"}),
        ({"Action": "s3:DeleteObject"}, {"write"}),
        ({"Action": "s3:ListBucket", "Resource": ARN}, {"read"}),
        ({"Action": "s3:ListBucket", "Resource": f"{ARN}/*"}, set()),
        ({"Action": "s3:GetObject", "Resource": ARN}, set()),
        ({"Action": "s3:GetObject", "Resource": f"{ARN}/public/*"}, {"read"}),
        ({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::*"}, {"read"}),
        ({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop-of-others/*"}, set()),
        ({"Action": "s3:GetBucketLocation", "Resource": ARN}, set()),
        ({"Action": "s3:GetBucketAcl", "Resource": ARN}, {"read"}),
        ({"Action": "s3:InventSomething"}, {"write"}),
        (
            {
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Condition": {
                    "StringEquals": {
                        "AWS:SourceArn": f"arn:aws:cloudfront::{OWN}:distribution/E1EXAMPLE"
                    }
                },
            },
            set(),
        ),
        ({"Principal": {"CanonicalUser": "79a59df900b949e5"}}, set()),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value)[:90],
)
def test_a_policy_gives_what_its_statement_reaches(
    statement: dict[str, Any], expected: set[str]
) -> None:
    assert accesses(bucket(policy=policy(**statement))) == expected


def test_all_but_some_actions_or_resources_is_the_rest() -> None:
    no_action = {k: v for k, v in PUBLIC_STATEMENT.items() if k != "Action"}
    no_resource = {k: v for k, v in PUBLIC_STATEMENT.items() if k != "Resource"}

    but_writes = {"Statement": no_action | {"NotAction": ["s3:Put*", "s3:Delete*"]}}
    elsewhere = {"Statement": no_resource | {"NotResource": "arn:aws:s3:::other/*"}}
    everywhere_else = {"Statement": no_resource | {"NotResource": f"{ARN}*"}}

    assert "read" in accesses(bucket(policy=but_writes))
    assert accesses(bucket(policy=elsewhere)) == {"read"}
    assert accesses(bucket(policy=everywhere_else)) == set()


def test_a_deny_of_reading_leaves_writing() -> None:
    document = {
        "Statement": [
            PUBLIC_STATEMENT | {"Action": ["s3:GetObject", "s3:PutObject"]},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:Get*", "Resource": f"{ARN}/*"},
        ]
    }

    [row] = bucket_openings(bucket(policy=document))

    assert (row["Access"], row["Actions"]) == ("write", ["s3:PutObject"])


def test_a_deny_of_the_anonymous_leaves_every_account() -> None:
    anonymous = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:Put*",
        "Resource": f"{ARN}/*",
        "Condition": {"Null": {"aws:PrincipalArn": "true"}},
    }
    statement = PUBLIC_STATEMENT | {"Action": ["s3:GetObject", "s3:PutObject"]}

    rows = bucket_openings(bucket(policy={"Statement": [statement, anonymous]}))

    assert [(row["Audience"], row["Access"]) for row in rows] == [
        ("anyone", "read"),
        ("any-aws-account", "write"),
    ]


def test_ranges_that_only_together_are_the_internet_stay_open_behind_the_restriction() -> None:
    many = {"IpAddress": {"aws:SourceIp": [f"{n}.0.0.0/8" for n in range(1, 200)]}}
    restricted = flags("RestrictPublicBuckets")

    assert accesses(bucket(policy=policy(Condition=many), block=restricted)) == {"read"}


def test_a_partition_has_its_own_arns() -> None:
    statement = {"Statement": PUBLIC_STATEMENT | {"Resource": "arn:aws-cn:s3:::shop/*"}}
    document = normalise_policy(statement)

    assert payload_openings(policy=document, bucket="shop", partition="aws-cn")
    assert not payload_openings(policy=document, bucket="shop")


def test_a_row_names_the_opening_and_the_switches_that_are_off() -> None:
    item = bucket(policy=policy(), grants=[grant(LOG_DELIVERY, "WRITE"), grant(ALL_USERS, "READ")])

    acl, statement = bucket_openings(item)

    assert acl["Because"] == ["/observed/Grants/1"]
    assert acl["Despite"] == [
        {
            "At": "/properties/OwnershipControls/Rules/0/ObjectOwnership",
            "Closes": "BucketOwnerEnforced",
        },
        {"At": "/properties/PublicAccessBlockConfiguration/IgnorePublicAcls", "Closes": True},
        {"At": "/observed/AccountPublicAccessBlock/IgnorePublicAcls", "Closes": True},
    ]
    assert statement["Because"] == ["/observed/BucketPolicy/Statement/0"]
    assert statement["Despite"] == [
        {"At": "/properties/PublicAccessBlockConfiguration/RestrictPublicBuckets", "Closes": True},
        {"At": "/observed/AccountPublicAccessBlock/RestrictPublicBuckets", "Closes": True},
    ]


@pytest.mark.parametrize("unread", [BUCKET_BLOCK, ACCOUNT_BLOCK])
def test_nothing_is_open_that_an_unread_block_could_close(unread: str) -> None:
    item = bucket(policy=policy(), grants=[grant(ALL_USERS, "READ")], unread=(unread,))

    assert bucket_openings(item) == []
    assert unread in decisive_inputs(item)


def test_an_unread_acl_hides_nothing_of_the_policy() -> None:
    item = bucket(policy=policy(), unread=(GRANTS, OWNERSHIP))

    assert [row["Via"] for row in bucket_openings(item)] == ["policy"]


def test_an_unread_policy_hides_nothing_of_the_acl() -> None:
    item = bucket(grants=[grant(ALL_USERS, "READ")], unread=(POLICY,))

    assert [row["Via"] for row in bucket_openings(item)] == ["acl"]


@pytest.mark.parametrize(
    ("item", "decisive"),
    [
        (bucket(), {POLICY}),
        (bucket(unread=(BUCKET_BLOCK,)), {POLICY}),
        (bucket(unread=(ACCOUNT_BLOCK,), policy=policy()), {POLICY, BUCKET_BLOCK, ACCOUNT_BLOCK}),
        (bucket(unread=(GRANTS,), block=flags("IgnorePublicAcls")), {POLICY}),
        (bucket(unread=(GRANTS,), ownership="BucketOwnerEnforced"), {POLICY}),
        (bucket(unread=(GRANTS,)), {POLICY, GRANTS, OWNERSHIP, BUCKET_BLOCK, ACCOUNT_BLOCK}),
        (bucket(unread=(POLICY,)), {POLICY, BUCKET_BLOCK, ACCOUNT_BLOCK}),
        (bucket(unread=(POLICY,), account=flags("RestrictPublicBuckets")), {POLICY}),
    ],
    ids=[
        "all-read",
        "block-unread-nothing-public",
        "account-unread-public-policy",
        "acl-ignored",
        "acl-off",
        "acl-unread",
        "policy-unread",
        "policy-unread-but-restricted",
    ],
)
def test_only_inputs_that_could_hide_an_opening_are_decisive(
    item: ConfigurationItem, decisive: set[str]
) -> None:
    assert set(decisive_inputs(item)) == decisive


@pytest.mark.parametrize("hidden", [POLICY, GRANTS, BUCKET_BLOCK, ACCOUNT_BLOCK, OWNERSHIP])
@pytest.mark.parametrize("public", [True, False], ids=["public", "private"])
def test_what_is_listed_under_a_gap_is_listed_whatever_it_hides(
    hidden: str,
    public: bool,
) -> None:
    known = {"policy": policy() if public else None, "grants": [grant(ALL_USERS, "READ")]}
    worlds: dict[str, list[dict[str, Any]]] = {
        POLICY: [{"policy": None}, {"policy": policy()}],
        GRANTS: [{"grants": []}, {"grants": [grant(ALL_USERS, "WRITE")]}],
        BUCKET_BLOCK: [{"block": flags()}, {"block": flags(*BLOCK_FLAGS)}],
        ACCOUNT_BLOCK: [{"account": flags()}, {"account": flags(*BLOCK_FLAGS)}],
        OWNERSHIP: [{"ownership": "ObjectWriter"}, {"ownership": "BucketOwnerEnforced"}],
    }

    proven = {str(row) for row in bucket_openings(bucket(**known, unread=(hidden,)))}

    for world in worlds[hidden]:
        assert proven <= {str(row) for row in bucket_openings(bucket(**(known | world)))}


def test_a_missing_flag_is_missed_in_both_ways_of_counting_or_one() -> None:
    partly = flags("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy")
    item = bucket(block=partly, account=flags())

    rows = block_shortfalls(item)

    Draft202012Validator(BLOCK_SHORTFALLS_SCHEMA).validate(rows)
    flag = "RestrictPublicBuckets"
    assert rows == [
        {
            "Flag": flag,
            "AccountLevelCounts": False,
            "Because": [f"{BUCKET_BLOCK}/{flag}"],
        },
        {
            "Flag": flag,
            "AccountLevelCounts": True,
            "Because": [f"{BUCKET_BLOCK}/{flag}", f"{ACCOUNT_BLOCK}/{flag}"],
        },
    ]


def test_the_account_stands_in_where_it_counts() -> None:
    rows = block_shortfalls(bucket(account=flags(*BLOCK_FLAGS)))

    assert {row["AccountLevelCounts"] for row in rows} == {False}
    assert [row["Flag"] for row in rows] == list(BLOCK_FLAGS)


def test_no_block_anywhere_misses_all_flags() -> None:
    counted = [row["Flag"] for row in block_shortfalls(bucket()) if row["AccountLevelCounts"]]

    assert counted == list(BLOCK_FLAGS)


@pytest.mark.parametrize("unread", [BUCKET_BLOCK, ACCOUNT_BLOCK])
def test_an_unread_block_misses_nothing_for_certain(unread: str) -> None:
    rows = block_shortfalls(bucket(unread=(unread,)))

    assert not [row for row in rows if row["AccountLevelCounts"]]


XSI = {"xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance", "xsi:type": "Group"}


@pytest.mark.parametrize(
    ("request_parameters", "expected"),
    [
        ({"x-amz-acl": "public-read"}, [(ALL_USERS, "READ")]),
        ({"x-amz-acl": ["public-read-write"]}, [(ALL_USERS, "READ"), (ALL_USERS, "WRITE")]),
        ({"x-amz-acl": "authenticated-read"}, [(AUTHENTICATED_USERS, "READ")]),
        ({"x-amz-acl": "private"}, []),
        (
            {
                "AccessControlPolicy": {
                    "AccessControlList": {
                        "Grant": [
                            {"Grantee": {"URI": ALL_USERS, **XSI}, "Permission": "READ"},
                            {"Grantee": {"ID": "79a59df9"}, "Permission": "FULL_CONTROL"},
                        ]
                    }
                }
            },
            [(ALL_USERS, "READ"), ("79a59df9", "FULL_CONTROL")],
        ),
        (
            {
                "AccessControlPolicy": {
                    "AccessControlList": {
                        "Grant": {"Grantee": {"URI": ALL_USERS, **XSI}, "Permission": "WRITE_ACP"}
                    }
                }
            },
            [(ALL_USERS, "WRITE_ACP")],
        ),
        (
            {"AccessControlList": {"x_amz_grant_read": f"uri={ALL_USERS}"}},
            [(ALL_USERS, "READ")],
        ),
        (
            {"x-amz-grant-full-control": [f'uri="{ALL_USERS}", id="79a59df9"']},
            [(ALL_USERS, "FULL_CONTROL"), ("79a59df9", "FULL_CONTROL")],
        ),
        (
            {"x-amz-grant-write": "emailAddress=somebody@example.com"},
            [("somebody@example.com", "WRITE")],
        ),
    ],
    ids=["canned", "list", "authenticated", "private", "grants", "object", "header", "two", "mail"],
)
def test_every_shape_of_an_acl_request_is_read(
    request_parameters: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    rows = grants_from_request({"bucketName": "shop", "acl": "", **request_parameters})

    Draft202012Validator(GRANTS_SCHEMA).validate(rows)
    assert rows is not None
    assert [(row["Grantee"], row["Permission"]) for row in rows] == expected


@pytest.mark.parametrize(
    "parameters", [None, {}, {"acl": ""}, "omitted", {"AccessControlPolicy": ""}], ids=str
)
def test_a_request_without_grants_says_nothing(parameters: Any) -> None:
    assert grants_from_request(parameters) is None


@pytest.mark.parametrize(
    "grants",
    [
        None,
        "text",
        [None, 7, {}],
        [{"Grantee": "text", "Permission": "READ"}],
        [{"Grantee": {"URI": 7}, "Permission": "READ"}],
        [{"Grantee": {"URI": ALL_USERS}, "Permission": None}],
    ],
    ids=str,
)
def test_what_is_no_grant_is_left_out(grants: Any) -> None:
    assert grants_from_acl(grants) == []


def test_a_described_acl_reads_like_a_requested_one() -> None:
    described = [{"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": "READ"}]

    assert grants_from_acl(described) == grants_from_request({"x-amz-acl": "public-read"})


def test_a_payload_is_judged_whatever_blocks_stand() -> None:
    rows = payload_openings(
        policy=normalise_policy(policy()), grants=[grant(ALL_USERS, "WRITE")], bucket="shop"
    )

    Draft202012Validator(BUCKET_OPENINGS_SCHEMA).validate(rows)
    assert [(row["Via"], row["Access"], row["Because"]) for row in rows] == [
        ("acl", "write", ["/observed/Grants/0"]),
        ("policy", "read", ["/observed/BucketPolicy/Statement/0"]),
    ]


def test_the_module_names_what_it_exports() -> None:
    assert all(hasattr(s3_access, name) for name in s3_access.__all__)
