"""Describe answers as EC2 and S3 would give them: distinct, seeded, shaped like real accounts.

Most groups are small and closed, a few have sixty rules, one in seven faces the internet; half of
the buckets refuse plain HTTP. Sizes are such that Cloud Custodian judges 28,000 groups a second,
which is what was measured for it elsewhere. The same dictionaries go to both sides as they are.
"""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

ACCOUNT = "111122223333"
REGION = "eu-west-1"
SEED = 20260101

Answer = dict[str, Any]

#: (share of groups, fewest rules, most rules)
_SIZES = ((4, 0, 0), (34, 1, 3), (34, 4, 8), (19, 9, 20), (9, 21, 60))
#: The second and third are how a rule that looks for the first is deceived.
_INTERNET = ("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/2")
_PORTS = ((443, 443), (80, 80), (22, 22), (5432, 5432), (3306, 3306), (8080, 8090), (0, 65535))
_PREFIX_LISTS = ("pl-6da54004", "pl-02cd2c6b", "pl-0a1b2c3d4e5f60718")
_TEAMS = ("shop", "search", "platform", "données", "billing")
_WORDS = ("office", "from the load balancer", "monitoring", "temporary, see OPS-1042", "VPN")
_PEER_LISTS = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
_SSL_DENIED = {"Bool": {"aws:SecureTransport": "false"}}


def prefix_list_entries() -> dict[str, list[Answer]]:
    """Return prefix list id → its entries."""
    return {
        name: [{"Cidr": f"{52 + place}.{n}.0.0/16", "Description": "edge"} for n in range(12)]
        for place, name in enumerate(_PREFIX_LISTS)
    }


def groups(count: int, seed: int = SEED) -> list[Answer]:
    """Return `count` elements of ``DescribeSecurityGroups``' answer."""
    random = Random(seed)  # noqa: S311 - data for a benchmark must repeat
    return [_group(random, number) for number in range(count)]


def buckets(count: int, seed: int = SEED) -> list[Answer]:
    """Return `count` buckets as Cloud Custodian gathers them: each answer under its own name."""
    random = Random(seed)  # noqa: S311 - data for a benchmark must repeat
    return [_bucket(random, number) for number in range(count)]


def _group(random: Random, number: int) -> Answer:
    faces_internet = random.random() < 1 / 7
    peers = [_peer(random, public=faces_internet) for _ in range(_size(random))]
    group_id = f"sg-{number:017x}"
    return {
        "GroupId": group_id,
        "GroupName": f"{random.choice(_TEAMS)}-{number}",
        "Description": f"managed by team {random.choice(_TEAMS)}",
        "OwnerId": ACCOUNT,
        "VpcId": f"vpc-{random.randrange(40):017x}",
        "SecurityGroupArn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{group_id}",
        "IpPermissions": _permissions(random, peers),
        "IpPermissionsEgress": [_everything_out()],
        "Tags": _tags(random, number),
    }


def _size(random: Random) -> int:
    shares = [share for share, _, _ in _SIZES]
    _, fewest, most = random.choices(_SIZES, shares)[0]
    return random.randint(fewest, most)


def _peer(random: Random, *, public: bool) -> tuple[str, Answer]:
    kind = random.random()
    more = {"Description": random.choice(_WORDS)} if random.random() < 0.6 else {}
    if public and kind < 0.35:
        wide = random.random() < 0.6
        ipv4 = random.choices(_INTERNET, (8, 1, 1))[0]
        return ("IpRanges", _v4(ipv4, more)) if wide else ("Ipv6Ranges", _v6("::/0", more))
    if kind < 0.65:
        return "IpRanges", _v4(_private_range(random), more)
    if kind < 0.72:
        return "Ipv6Ranges", _v6(f"2001:db8:{random.randrange(65536):x}::/48", more)
    if kind < 0.724:
        return "PrefixListIds", {"PrefixListId": random.choice(_PREFIX_LISTS), **more}
    group = f"sg-{random.randrange(10**6):017x}"
    return "UserIdGroupPairs", {"GroupId": group, "UserId": ACCOUNT, **more}


def _v4(cidr: str, more: Answer) -> Answer:
    return {"CidrIp": cidr, **more}


def _v6(cidr: str, more: Answer) -> Answer:
    return {"CidrIpv6": cidr, **more}


def _private_range(random: Random) -> str:
    third, fourth = random.randrange(256), random.randrange(256)
    if random.random() < 0.3:
        return f"203.0.{third}.{fourth}/32"
    return f"10.{third}.{fourth}.0/24"


def _permissions(random: Random, peers: list[tuple[str, Answer]]) -> list[Answer]:
    """Put peers under ports as EC2 does: one permission a protocol and port range."""
    found: dict[tuple[str, int, int], Answer] = {}
    for kind, peer in peers:
        first, last = random.choices(_PORTS, (9, 4, 4, 2, 2, 2, 1))[0]
        protocol = random.choices(("tcp", "udp", "-1"), (20, 2, 1))[0]
        ports = {} if protocol == "-1" else {"FromPort": first, "ToPort": last}
        key = (protocol, first, last) if ports else (protocol, -1, -1)
        lists: Answer = {name: [] for name in _PEER_LISTS}
        named = found.setdefault(key, {"IpProtocol": protocol, **ports, **lists})[kind]
        # EC2 refuses a rule that is there already.
        if not any(_peer_name(other) == _peer_name(peer) for other in named):
            named.append(peer)
    return list(found.values())


def _peer_name(peer: Answer) -> str:
    return str(next(iter(peer.values())))


def _everything_out() -> Answer:
    return {
        "IpProtocol": "-1",
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
        "UserIdGroupPairs": [],
    }


def _tags(random: Random, number: int) -> list[Answer]:
    tags = [{"Key": "Name", "Value": f"resource-{number}"}]
    tags += [{"Key": "owner", "Value": random.choice(_TEAMS)}] * (random.random() < 0.7)
    return tags + [{"Key": f"cost:{n}", "Value": str(number)} for n in range(random.randrange(4))]


def _bucket(random: Random, number: int) -> Answer:
    name = f"{ACCOUNT}-data-{number:06}"
    statements = list(_statements(random, name))
    document = {"Version": "2012-10-17", "Statement": statements}
    return {
        "Name": name,
        "Location": {"LocationConstraint": REGION},
        "Policy": json.dumps(document) if statements else None,
        "Acl": {"Owner": {"ID": "f" * 64}, "Grants": _grants(random)},
        "Website": None,
        "c7n:PublicAccessBlock": _block(random),
        "Ownership": random.choices(("BucketOwnerEnforced", "ObjectWriter"), (4, 1))[0],
        "ServerSideEncryptionConfiguration": _encryption(random),
        "Tags": _tags(random, number),
    }


def _statements(random: Random, name: str) -> Iterator[Answer]:
    arn = f"arn:aws:s3:::{name}"
    if random.random() < 0.25:
        return
    if random.random() < 0.7:
        principal = random.choices(("*", {"AWS": "*"}), (3, 1))[0]
        action = random.choices(("s3:*", "*"), (4, 1))[0]
        yield _statement("Deny", principal, action, [arn, f"{arn}/*"], _SSL_DENIED)
    for number in range(random.randrange(4)):
        role = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app-{number}-{random.randrange(999)}"}
        actions = ["s3:GetObject", "s3:ListBucket", "s3:PutObject"][: 1 + number]
        yield _statement("Allow", role, actions, [arn, f"{arn}/*"], None)
    if random.random() < 0.2:
        source = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
        service = {"Service": "cloudfront.amazonaws.com"}
        yield _statement("Allow", service, "s3:GetObject", f"{arn}/*", source)
    if random.random() < 0.08:
        closed = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
        condition = closed if random.random() < 0.5 else None
        yield _statement("Allow", "*", "s3:GetObject", f"{arn}/*", condition)


def _statement(effect: str, principal: Any, action: Any, resource: Any, condition: Any) -> Answer:
    base = {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource}
    return {**base, "Condition": condition} if condition else base


def _grants(random: Random) -> list[Answer]:
    owner = {"Type": "CanonicalUser", "ID": "f" * 64}
    grants = [{"Grantee": owner, "Permission": "FULL_CONTROL"}]
    if random.random() < 0.04:
        everyone = "http://acs.amazonaws.com/groups/global/AllUsers"
        grants.append({"Grantee": {"Type": "Group", "URI": everyone}, "Permission": "READ"})
    return grants


def _block(random: Random) -> dict[str, bool]:
    flags = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    if random.random() < 0.75:
        return dict.fromkeys(flags, True)
    return {flag: random.random() < 0.4 for flag in flags}


def _encryption(random: Random) -> Answer:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{random.randrange(10**6)}"
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]}
