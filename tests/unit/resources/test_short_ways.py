"""The short ways that AWS's own spelling takes give what the long ways give, or give up.

And what a reading vouches for really is plain and has the declared shape: nobody looks again.
"""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.facts._described import described_rows, is_plain_cidr
from chalicelib.facts._segments import could_matter, surely_narrow
from chalicelib.facts.network import normalise_entries, normalise_permissions
from chalicelib.facts.s3_access import described_grants, grants_from_acl
from chalicelib.model import FacetReading, Gap, GapReason, ResourceRef, ResourceType
from chalicelib.model.pointer import tokens_of
from chalicelib.resources import _frame, _plain, ec2_security_group, s3_bucket
from chalicelib.resources._declared import shape_of
from chalicelib.resources._shape import validator_of

GROUP = ResourceRef(account_id="1" * 12, region="eu-west-1", type="AWS::EC2::SecurityGroup", id="g")
BUCKET = ResourceRef(account_id="1" * 12, region="eu-west-1", type="AWS::S3::Bucket", id="bkt")

OCTETS = st.sampled_from((0, 1, 10, 127, 128, 255))
IPV4 = st.builds("{}.{}.{}.{}/{}".format, OCTETS, OCTETS, OCTETS, OCTETS, st.integers(0, 32))
IPV6_TEXTS = ("::/0", "2001:db8::/32", "2001:db8:1::/48", "2001:db8:0:1::/64", "2001:DB8::/32")
IPV6_ODD = (
    "2001:db8::/16",
    "2001:0db8::/32",
    "::1/128",
    "1:2:3:4:5:6::/96",
    "fe80::/10",
    "1::/129",
)
IPV6 = st.sampled_from((*IPV6_TEXTS, *IPV6_ODD))
ODD_CIDRS = st.sampled_from(
    (
        "192.0.2.1",
        "1.2.3.4/33",
        "01.2.3.4/32",
        "1.2.3/8",
        "",
        "x",
        "1.2.3.4/032",
        "٣.0.0.0/8",
        None,
        7,
    )
)
TEXTS = st.sampled_from(("office", "", "büro", "x" * 255, "x" * 256, "\ud800", None, 5, True))
NAMES = st.sampled_from(("a-1", "a-2", "", None, "ü"))
PORTS = st.sampled_from((0, 22, 65535, -1, 65536, True, None, "22"))


def element(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Build elements of a list: a name, perhaps a description, seldom something else."""
    more = {"Description": TEXTS, "Odd": TEXTS}
    return st.fixed_dictionaries(values, optional=more) | st.fixed_dictionaries(values)


def lists(elements: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(elements, max_size=3) | st.none()


PERMISSIONS = st.lists(
    st.fixed_dictionaries(
        {
            "IpProtocol": st.sampled_from(("tcp", "udp", "-1", "icmp", "6", "TCP", 6, None)),
            "IpRanges": lists(element(CidrIp=IPV4 | ODD_CIDRS)),
            "Ipv6Ranges": lists(element(CidrIpv6=IPV6)),
            "PrefixListIds": lists(element(PrefixListId=NAMES)),
            "UserIdGroupPairs": lists(element(GroupId=NAMES, UserId=NAMES)),
        },
        optional={"FromPort": PORTS, "ToPort": PORTS},
    ),
    max_size=3,
)

#: As EC2 answers; nothing odd, so the short way must not give up.
ORDINARY: list[dict[str, Any]] = [
    {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "IpRanges": [{"CidrIp": "10.1.2.64/26", "Description": "b"}, {"CidrIp": "0.0.0.0/0"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}, {"CidrIpv6": "2001:db8:1::/48", "Description": "c"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
        "UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "111122223333", "Description": "lb"}],
    },
    {
        "IpProtocol": "-1",
        "IpRanges": [{"CidrIp": "192.0.2.7/32"}],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
        "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "111122223333"}],
    },
]
EVERYTHING_OUT = [{**ORDINARY[1], "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "UserIdGroupPairs": []}]


class Answering:
    """A client of AWS, and AWS itself, that answers every call with the same."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def client(self, _service: str, **_: str) -> "Answering":
        """Return itself."""
        return self

    def __getattr__(self, call: str) -> Any:
        return lambda **_: self._answers[call]


def assert_sound(resource_type: ResourceType, reading: FacetReading) -> None:
    for pointer in reading.sound:
        section, name = tokens_of(pointer)
        value = getattr(reading, section)[name]
        assert validator_of(shape_of(resource_type, section, name)).is_valid(value)
        assert _plain.plain(value) == value
        msgspec.json.encode(value)


@pytest.mark.parametrize("permissions", [[], ORDINARY, EVERYTHING_OUT], ids=["none", "two", "out"])
def test_what_ec2_answers_takes_the_short_way(permissions: list[Any]) -> None:
    rows = described_rows(permissions)

    assert rows is not None
    assert rows == normalise_permissions(permissions)


ODD_LISTS: dict[str, dict[str, Any]] = {
    "host bits": {"IpRanges": [{"CidrIp": "10.1.2.65/26"}]},
    "an address without a prefix": {"IpRanges": [{"CidrIp": "10.1.2.65"}]},
    "a leading zero": {"IpRanges": [{"CidrIp": "10.01.2.0/24"}]},
    "IPv6 among IPv4": {"IpRanges": [{"CidrIp": "2001:db8::/32"}]},
    "bits behind an IPv6 prefix": {"Ipv6Ranges": [{"CidrIpv6": "2001:db8::/16"}]},
    "a description in another script": {"IpRanges": [{"CidrIp": "::/0", "Description": "büro"}]},
    "half a character": {"PrefixListIds": [{"PrefixListId": "pl-1", "Description": "\ud800"}]},
    "a very long description": {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "x" * 256}]},
    "a second peer in one element": {
        "IpRanges": [{"CidrIp": "10.0.0.0/8", "CidrIpv6": "2001:db8:9::/48", "Description": "x"}]
    },
    "one peer twice": {
        "IpRanges": [
            {"CidrIp": "10.0.0.0/8", "Description": "b"},
            {"CidrIp": "10.0.0.0/8", "Description": "a"},
        ]
    },
    "an empty description": {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": ""}]},
    "a list without a name": {"PrefixListIds": [{"PrefixListId": ""}]},
    "a port that is a truth": {"FromPort": True},
    "a port beyond the last": {"ToPort": 65536},
    "one more key": {"CidrIp": "0.0.0.0/0"},
    "a protocol by number": {"IpProtocol": "6"},
    "no lists": {"IpRanges": None},
}


@pytest.mark.parametrize("odd", ODD_LISTS.values(), ids=ODD_LISTS)
def test_one_odd_thing_in_an_answer_changes_no_row(odd: dict[str, Any]) -> None:
    permissions = [{**ORDINARY[0], **odd}]

    rows = described_rows(permissions)

    assert rows is None or rows == normalise_permissions(permissions)
    assert rows is None or all(
        row["Description"] is None or row["Description"].isascii() for row in rows
    )


@pytest.mark.parametrize("values", [("büro",), ("\ud800",), (None,), (5,), ("a", ["b"])], ids=ascii)
def test_what_is_no_ascii_text_is_not_plain(values: tuple[Any, ...]) -> None:
    assert not _plain.are_plain(*values)


@given(PERMISSIONS)
@settings(deadline=None)
def test_the_short_way_to_rows_gives_the_same_or_gives_up(permissions: list[Any]) -> None:
    rows = described_rows(permissions)

    assert rows is None or rows == normalise_permissions(permissions)


@pytest.mark.parametrize("wrong", [None, {}, "x", [None], [[]], [{"IpRanges": []}]], ids=repr)
def test_the_short_way_to_rows_gives_up_on_what_is_no_answer(wrong: Any) -> None:
    assert described_rows(wrong) is None


@given(IPV4 | IPV6)
def test_a_plain_cidr_is_canonical(text: str) -> None:
    if is_plain_cidr(text):
        assert str(ip_network(text)) == text


@given(st.lists(element(Cidr=IPV4 | IPV6 | ODD_CIDRS), max_size=4))
def test_entries_are_the_same_in_any_spelling_of_their_keys(entries: list[Any]) -> None:
    respelled = [{key.lower(): value for key, value in entry.items()} for entry in entries]

    assert normalise_entries(entries) == normalise_entries(respelled)


@given(st.lists(IPV4, max_size=30), st.lists(IPV6, max_size=30))
def test_what_is_surely_narrow_could_not_matter(ipv4: list[str], ipv6: list[str]) -> None:
    for version, cidrs in ((4, ipv4), (6, ipv6)):
        if surely_narrow(cidrs, version):
            assert could_matter(cidrs) == frozenset()


@pytest.mark.parametrize(
    ("length", "count", "narrow"), [(8, 102, True), (8, 103, False), (7, 1, False), (24, 900, True)]
)
def test_networks_are_narrow_until_they_could_be_half_of_it(
    length: int, count: int, narrow: bool
) -> None:
    assert surely_narrow([f"10.0.0.0/{length}"] * count, 4) is narrow


@given(PERMISSIONS, st.lists(element(Key=TEXTS, Value=TEXTS), max_size=3))
@settings(deadline=None)
def test_a_group_reading_vouches_for_what_is_sound(permissions: list[Any], tags: Any) -> None:
    group = {
        "GroupId": "g",
        "IpPermissions": permissions,
        "IpPermissionsEgress": EVERYTHING_OUT,
        "Tags": [tag for tag in tags if isinstance(tag["Key"], str)],
    }
    if any(each["PrefixListIds"] for each in permissions):
        return
    aws = Answering(describe_security_groups={"SecurityGroups": [group]})

    reading = ec2_security_group.RESOURCE_TYPE.facets[0].read(aws, GROUP)

    assert reading is not None
    assert "/properties/SecurityGroupEgress" in reading.sound
    assert_sound(ec2_security_group.RESOURCE_TYPE, reading)


GRANTEES = st.fixed_dictionaries(
    {},
    optional={
        "Type": TEXTS,
        "URI": st.sampled_from(("http://acs.amazonaws.com/groups/global/AllUsers", "\ud800", None)),
        "ID": TEXTS,
        "EmailAddress": TEXTS,
        "id": TEXTS,
    },
)
GRANTS = st.lists(
    st.fixed_dictionaries(
        {"Grantee": GRANTEES, "Permission": st.sampled_from(("READ", "read", None, "é", 1))}
    )
    | st.none(),
    max_size=3,
)


@given(GRANTS)
def test_the_short_way_to_grants_gives_the_same_or_gives_up(grants: list[Any]) -> None:
    rows = described_grants(grants)

    assert rows is None or rows == grants_from_acl(grants)


def test_what_s3_answers_takes_the_short_way() -> None:
    grantee = {"Type": "CanonicalUser", "ID": "f" * 64}

    assert described_grants([{"Grantee": grantee, "Permission": "FULL_CONTROL"}]) == [
        {"GranteeType": "CanonicalUser", "Grantee": "f" * 64, "Permission": "FULL_CONTROL"}
    ]


POLICIES = (
    None,
    '{"Version": "2012-10-17", "Statement": []}',
    '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Sid": 5}}',
    '{"Id": "x\ud800", "Statement": {"effect": "DENY", "NotPrincipal": {"AWS": ["a"]}}}',
)
BLOCKS: tuple[Any, ...] = ({}, None, {"BlockPublicAcls": "true"}, dict.fromkeys("ab"))


@given(GRANTS, st.sampled_from(POLICIES), st.sampled_from(BLOCKS))
@settings(deadline=None)
def test_a_bucket_reading_vouches_for_what_is_sound(grants: Any, policy: Any, block: Any) -> None:
    aws = Answering(
        get_bucket_acl={"Grants": grants},
        get_bucket_policy={"Policy": policy},
        get_public_access_block={"PublicAccessBlockConfiguration": block},
        get_bucket_ownership_controls={
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "\ud800"}]}
        },
        get_bucket_tagging={"TagSet": []},
        get_bucket_versioning={"Status": "Enabled"},
    )

    for facet in s3_bucket.RESOURCE_TYPE.facets:
        try:
            reading = facet.read(aws, BUCKET)
        except (ClientError, ValueError):
            continue
        assert reading is not None
        assert_sound(s3_bucket.RESOURCE_TYPE, reading)


def test_an_unread_value_that_looks_like_an_absent_one_is_doubted_all_the_same() -> None:
    pointer = "/observed/BucketPolicy"
    gap = Gap(pointer=pointer, reason=GapReason.DENIED, call="s3:GetBucketPolicy", error="x")
    defaults = s3_bucket.RESOURCE_TYPE.defaults
    item = replace(_frame.listed(BUCKET, FacetReading(**defaults)), gaps=(gap,))

    derived = _frame.derive(
        s3_bucket.RESOURCE_TYPE, item, frozenset({"/derived/PlaintextOpenings"})
    )

    assert item.observed["BucketPolicy"] is None
    assert derived.derived == {"PlaintextOpenings": None}
    assert replace(gap, pointer="/derived/PlaintextOpenings") in derived.gaps
