"""The derivation agrees with a slow evaluator that tries concrete requests one by one.

The oracle shares no code with `facts`: it evaluates conditions on one request context at a time,
as AWS documents them, with ``fnmatch`` for wildcards.
"""

import ipaddress
import itertools
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.facts.policy import PUBLIC_AUDIENCES, normalise_policy, openings
from chalicelib.facts.s3_access import payload_openings

OWN = "111122223333"
STRANGER = "666677778888"
ORG = "o-ourorg"
BUCKET = "arn:aws:s3:::shop"

Context = dict[str, str]
Statement = dict[str, Any]

STRANGERS: dict[str, list[Context]] = {
    "anyone": [
        {"aws:sourceip": ip, "aws:securetransport": tls, **referer}
        for ip, tls, referer in itertools.product(
            ["8.8.8.8", "150.1.2.3", "2001:db8::1"],
            ["true", "false"],
            [{}, {"aws:referer": "mine"}],
        )
    ],
    "any-aws-account": [
        {
            "aws:sourceip": ip,
            "aws:securetransport": tls,
            "aws:principalaccount": STRANGER,
            "aws:principalarn": f"arn:aws:iam::{STRANGER}:role/x",
            **org,
            **referer,
        }
        for ip, tls, org, referer in itertools.product(
            ["8.8.8.8", "150.1.2.3", "2001:db8::1"],
            ["true", "false"],
            [{}, {"aws:principalorgid": "o-theirs"}],
            [{}, {"aws:referer": "mine"}],
        )
    ],
}
# One action for each way in which the generated patterns can tell actions apart.
ACTIONS = {
    "s3:GetObject": ("read", f"{BUCKET}/key"),
    "s3:GetObjectAcl": ("read", f"{BUCKET}/key"),
    "s3:ListMultipartUploadParts": ("read", f"{BUCKET}/key"),
    "s3:PutObject": ("write", f"{BUCKET}/key"),
    "s3:PutObjectAcl": ("write", f"{BUCKET}/key"),
    "s3:DeleteObject": ("write", f"{BUCKET}/key"),
    "s3:ListBucket": ("read", BUCKET),
    "s3:ListBucketVersions": ("read", BUCKET),
    "s3:GetBucketAcl": ("read", BUCKET),
    "s3:PutBucketPolicy": ("write", BUCKET),
    "s3:DeleteBucket": ("write", BUCKET),
}


def compare(operator: str, wanted: str, found: str) -> bool:
    if operator in {"StringLike", "ArnLike"}:
        return fnmatchcase(found, wanted.replace("[", "[[]"))
    if operator == "IpAddress":
        return ipaddress.ip_address(found) in ipaddress.ip_network(wanted, strict=False)
    return found.lower() == wanted.lower() if operator == "Bool" else found == wanted


def holds(operator: str, key: str, values: list[str], context: Context) -> bool:
    name = operator.removesuffix("IfExists")
    found = context.get(key.lower())
    if name == "Null":
        return str(found is None).lower() in values
    if found is None and name != operator:
        return True
    positive = {
        "StringNotEquals": "StringEquals",
        "StringNotLike": "StringLike",
        "NotIpAddress": "IpAddress",
    }
    base = positive.get(name, name)
    matched = found is not None and any(compare(base, value, found) for value in values)
    return not matched if name in positive else matched


def applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    def among(element: str, text: str, *, fold: bool) -> bool:
        negated = f"Not{element}" in statement
        patterns = statement.get(f"Not{element}" if negated else element, ["*"])
        folded = [p.lower() if fold else p for p in patterns]
        hit = any(fnmatchcase(text.lower() if fold else text, pattern) for pattern in folded)
        return hit != negated

    everybody = "NotPrincipal" in statement or "*" in statement["Principal"]["AWS"]
    return (
        everybody
        and among("Action", action, fold=True)
        and among("Resource", resource, fold=False)
        and all(
            holds(operator, key, values, context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def allowed(policy: Any, action: str, resource: str, context: Context) -> bool:
    hits = [s["Effect"] for s in policy["Statement"] if applies(s, action, resource, context)]
    return "Allow" in hits and "Deny" not in hits


def open_actions(policy: Any, audience: str) -> Iterator[str]:
    for action, (_, resource) in ACTIONS.items():
        if any(allowed(policy, action, resource, context) for context in STRANGERS[audience]):
            yield action


CONDITIONS = st.sampled_from(
    [
        {},
        {},
        {},
        {"StringEquals": {"aws:PrincipalOrgID": [ORG]}},
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": [ORG]}},
        {"StringNotEquals": {"aws:PrincipalOrgID": [ORG]}},
        {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": [ORG]}},
        {"StringLike": {"aws:PrincipalOrgID": [ORG, "o-*"]}},
        {"Null": {"aws:PrincipalOrgID": ["true"]}},
        {"Null": {"aws:PrincipalOrgID": ["false"]}},
        {"StringEquals": {"AWS:PrincipalAccount": [OWN, "444455556666"]}},
        {"ArnLike": {"aws:PrincipalArn": [f"arn:aws:iam::{OWN}:role/*"]}},
        {"ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/x"]}},
        {"Bool": {"aws:SecureTransport": ["true"]}},
        {"Bool": {"aws:SecureTransport": ["false"]}},
        {"StringEquals": {"aws:Referer": ["mine"]}},
        {"IpAddress": {"aws:SourceIp": ["198.51.100.0/24"]}},
        {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}},
        {"IpAddress": {"aws:SourceIp": ["0.0.0.0/0"]}},
        {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
        {"NotIpAddress": {"aws:SourceIp": ["198.51.100.0/24"]}},
        {
            "StringNotEquals": {"aws:PrincipalOrgID": [ORG]},
            "Bool": {"aws:SecureTransport": ["true"]},
        },
    ]
)
PATTERNS = ["s3:GetObject", "s3:*", "*", "s3:Get*", "S3:put*", "s3:Put?bject", "s3:ListBucket"]
RESOURCES = [BUCKET, f"{BUCKET}/*", f"{BUCKET}*", "*", "arn:aws:s3:::*/*", "arn:aws:s3:::other/*"]
PRINCIPALS = [{"AWS": ["*"]}, {"AWS": ["*"]}, {"AWS": [OWN]}, {"AWS": ["444455556666"]}]


def some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)


STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
        "Principal": st.sampled_from(PRINCIPALS),
    }
).flatmap(
    lambda base: st.tuples(
        st.sampled_from(["Action", "Action", "NotAction"]),
        some(PATTERNS),
        st.sampled_from(["Resource", "Resource", "NotResource"]),
        some(RESOURCES),
        CONDITIONS,
    ).map(lambda parts: {**base, parts[0]: parts[1], parts[2]: parts[3], "Condition": parts[4]})
)
POLICIES = st.lists(STATEMENTS, min_size=1, max_size=4).map(
    lambda statements: {"Version": "2012-10-17", "Statement": statements}
)


def contradicts_itself(policy: Any) -> bool:
    """Tell whether two statements ask opposite things of one key that a caller chooses.

    The derivation weighs keys one by one and then errs on the open side; such pairs are left to
    the soundness test.
    """
    keys = [
        key.lower()
        for statement in policy["Statement"]
        for operator, keys in statement["Condition"].items()
        for key, values in keys.items()
        if operator != "IpAddress" or "/0" not in values[0]
    ]
    return len(keys) != len(set(keys))


@settings(max_examples=200, deadline=None)
@given(POLICIES)
def test_whatever_a_stranger_is_allowed_is_listed(policy: Any) -> None:
    found = payload_openings(policy=normalise_policy(policy), bucket="shop")
    listed = {(row["Audience"], row["Access"]) for row in found}
    public = [
        row
        for row in openings(normalise_policy(policy), account_id=OWN, kind="s3")
        if row["Audience"] in PUBLIC_AUDIENCES
    ]

    for action in open_actions(policy, "anyone"):
        assert ("anyone", ACTIONS[action][0]) in listed
        assert public
    for action in open_actions(policy, "any-aws-account"):
        assert {access for _, access in listed} >= {ACTIONS[action][0]}
        assert public


@settings(max_examples=200, deadline=None)
@given(POLICIES.filter(lambda policy: not contradicts_itself(policy)))
def test_whatever_is_listed_a_stranger_is_allowed(policy: Any) -> None:
    found = payload_openings(policy=normalise_policy(policy), bucket="shop")

    for row in found:
        allowed_accesses = {ACTIONS[action][0] for action in open_actions(policy, row["Audience"])}
        assert row["Access"] in allowed_accesses


def respelled(statement: Statement) -> Statement:
    """Spell a statement otherwise: scalars for lists, other case, the account as its root ARN."""
    spelled: Statement = dict(statement)
    for element in ("Action", "NotAction"):
        if element in spelled:
            upper = [name.upper() for name in spelled[element]]
            spelled[element] = upper[0] if len(upper) == 1 else upper
    names = spelled["Principal"]["AWS"]
    spelled["Principal"] = "*" if names == ["*"] else {"AWS": f"arn:aws:iam::{names[0]}:root"}
    spelled["Condition"] = {
        operator: {key.upper(): values for key, values in keys.items()}
        for operator, keys in statement["Condition"].items()
    }
    return spelled


def summary(policy: Any) -> list[tuple[str, str, str]]:
    found = payload_openings(policy=normalise_policy(policy), bucket="shop")
    return [(row["Audience"], row["Access"], row["Because"][0]) for row in found]


@settings(deadline=None)
@given(POLICIES)
def test_equivalent_spellings_open_the_same(policy: Any) -> None:
    other = {"Version": "2012-10-17", "Statement": [respelled(s) for s in policy["Statement"]]}

    assert summary(other) == summary(policy)


@settings(deadline=None)
@given(POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_statements_is_nothing(policy: Any, random: Any) -> None:
    shuffled = list(policy["Statement"])
    random.shuffle(shuffled)

    before = sorted(row[:2] for row in summary(policy))
    after = sorted(row[:2] for row in summary({**policy, "Statement": shuffled}))

    assert after == before


HARMLESS: list[Statement] = [
    {"Effect": "Allow", "Principal": {"AWS": OWN}, "Action": "s3:*", "Resource": "*"},
    {
        "Effect": "Deny",
        "Principal": {"AWS": "444455556666"},
        "Action": "s3:*",
        "Resource": "*",
    },
    {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutBucketCORS",
        "Resource": "arn:aws:s3:::x",
    },
]


@settings(deadline=None)
@given(POLICIES, st.sampled_from(HARMLESS))
def test_harmless_statements_change_nothing(policy: Any, harmless: Statement) -> None:
    longer = {**policy, "Statement": [*policy["Statement"], harmless]}

    assert summary(longer) == summary(policy)
