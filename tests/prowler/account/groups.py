"""Security groups: ports, protocols, ranges, halves of the internet, prefix lists."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.prowler.account.seeding import Seeding

#: Protocol, first port, last port (type and code for ICMP), sources: CIDRs, ``pl:name``, ``self``.
Rule = tuple[str, int | None, int | None, tuple[str, ...]]

WORLD = ("0.0.0.0/0",)
WORLD_6 = ("::/0",)
OFFICE = ("203.0.113.0/24",)
PRIVATE = ("10.0.0.0/8",)

#: What one port open to the world is called; the names are those of the services behind.
PORTS: Mapping[str, int] = {
    "ftp": 21,
    "ssh": 22,
    "telnet": 23,
    "smtp": 25,
    "http": 80,
    "pop3": 110,
    "rpc": 135,
    "imap": 143,
    "https": 443,
    "smb": 445,
    "sql-server": 1433,
    "oracle": 1521,
    "mysql": 3306,
    "rdp": 3389,
    "postgres": 5432,
    "redis": 6379,
    "http-8080": 8080,
    "kafka": 9092,
    "cassandra": 9160,
    "elastic": 9200,
    "memcached": 11211,
    "rare-port": 12345,
    "mongodb": 27017,
}

TABLE: Mapping[str, Sequence[Rule]] = {
    **{f"{name}-open": (("tcp", port, port, WORLD),) for name, port in PORTS.items()},
    "all-traffic": (("-1", None, None, WORLD),),
    "all-traffic-six": (("-1", None, None, WORLD_6),),
    "all-traffic-office": (("-1", None, None, OFFICE),),
    "all-traffic-self": (("-1", None, None, ("self",)),),
    "tcp-0-65535": (("tcp", 0, 65535, WORLD),),
    "tcp-1-65535": (("tcp", 1, 65535, WORLD),),
    "udp-0-65535": (("udp", 0, 65535, WORLD),),
    "udp-22": (("udp", 22, 22, WORLD),),
    "udp-3389": (("udp", 3389, 3389, WORLD),),
    "udp-53": (("udp", 53, 53, WORLD),),
    "icmp-echo": (("icmp", 8, -1, WORLD),),
    "icmp-3-22": (("icmp", 3, 22, WORLD),),
    "icmpv6-all": (("icmpv6", -1, -1, WORLD_6),),
    "ssh-six": (("tcp", 22, 22, WORLD_6),),
    "ssh-in-halves": (("tcp", 22, 22, ("0.0.0.0/1", "128.0.0.0/1")),),
    "ssh-in-halves-two-rules": (
        ("tcp", 22, 22, ("0.0.0.0/1",)),
        ("tcp", 20, 30, ("128.0.0.0/1",)),
    ),
    "ssh-in-quarters": (
        ("tcp", 22, 22, ("0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2")),
    ),
    "ssh-six-in-halves": (("tcp", 22, 22, ("::/1", "8000::/1")),),
    "rdp-in-halves": (("tcp", 3389, 3389, ("0.0.0.0/1", "128.0.0.0/1")),),
    "mysql-in-halves": (("tcp", 3306, 3306, ("0.0.0.0/1", "128.0.0.0/1")),),
    "all-traffic-in-halves": (("-1", None, None, ("0.0.0.0/1", "128.0.0.0/1")),),
    "ssh-slash-8": (("tcp", 22, 22, ("52.0.0.0/8",)),),
    "ssh-office": (("tcp", 22, 22, OFFICE),),
    "ssh-private": (("tcp", 22, 22, PRIVATE),),
    "ssh-self": (("tcp", 22, 22, ("self",)),),
    "ssh-in-a-range": (("tcp", 20, 30, WORLD),),
    "ssh-between-rules": (("tcp", 0, 21, WORLD), ("tcp", 22, 22, WORLD)),
    "ssh-list-of-world": (("tcp", 22, 22, ("pl:world",)),),
    "ssh-list-of-offices": (("tcp", 22, 22, ("pl:offices",)),),
    "office-then-world": (("tcp", 0, 65535, (*OFFICE, *WORLD)),),
    "smb-office": (("tcp", 445, 445, OFFICE),),
    "https-and-ssh-office": (("tcp", 443, 443, WORLD), ("tcp", 22, 22, OFFICE)),
    "ports-80-to-443": (("tcp", 80, 443, WORLD),),
    "nothing": (),
    **{f"good-{number:02}": (("tcp", 443, 443, PRIVATE),) for number in range(1, 11)},
}
#: Attached to no network interface.
UNUSED = frozenset({"telnet-open", "rare-port-open", "ssh-in-quarters"})
_GROUPS_OF_AN_INTERFACE = 5
_LISTS = {"world": ["0.0.0.0/0"], "offices": ["203.0.113.0/24", "198.51.100.0/24"]}


def seed(aws: Seeding) -> None:
    """Make them in the default VPC, and open the default group of another VPC."""
    ec2 = aws.client("ec2")
    only = [{"Name": "is-default", "Values": ["true"]}]
    vpc = ec2.describe_vpcs(Filters=only)["Vpcs"][0]["VpcId"]
    lists = {name: _list(aws, name, ranges) for name, ranges in _LISTS.items()}
    used = []
    for name, rules in TABLE.items():
        group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        aws.call(f"group-{name}", group)
        _authorize(ec2, group, rules, lists)
        used += [] if name in UNUSED else [group]
    _attach(ec2, vpc, used)
    _egress_only(aws, vpc)
    _close_default_of(aws, "vpc-watched")


def _attach(ec2: Any, vpc: str, groups: Sequence[str]) -> None:
    only = [{"Name": "vpc-id", "Values": [vpc]}]
    subnet = ec2.describe_subnets(Filters=only)["Subnets"][0]["SubnetId"]
    for first in range(0, len(groups), _GROUPS_OF_AN_INTERFACE):
        some = list(groups[first : first + _GROUPS_OF_AN_INTERFACE])
        ec2.create_network_interface(SubnetId=subnet, Groups=some)


def _list(aws: Seeding, name: str, ranges: Sequence[str]) -> str:
    made = aws.client("ec2").create_managed_prefix_list(
        PrefixListName=name,
        AddressFamily="IPv4",
        MaxEntries=5,
        Entries=[{"Cidr": cidr} for cidr in ranges],
    )
    return str(made["PrefixList"]["PrefixListId"])


def _authorize(ec2: Any, group: str, rules: Sequence[Rule], lists: Mapping[str, str]) -> None:
    for rule in rules:
        ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[_permission(rule, group, lists)]
        )


def _permission(rule: Rule, group: str, lists: Mapping[str, str]) -> dict[str, Any]:
    protocol, first, last, sources = rule
    permission: dict[str, Any] = {"IpProtocol": protocol}
    if first is not None:
        permission |= {"FromPort": first, "ToPort": last}
    for source in sources:
        key, value = _source(source, group, lists)
        permission.setdefault(key, []).append(value)
    return permission


def _source(source: str, group: str, lists: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    if source == "self":
        return "UserIdGroupPairs", {"GroupId": group}
    if source.startswith("pl:"):
        return "PrefixListIds", {"PrefixListId": lists[source[3:]]}
    if ":" in source:
        return "Ipv6Ranges", {"CidrIpv6": source}
    return "IpRanges", {"CidrIp": source}


def _egress_only(aws: Seeding, vpc: str) -> None:
    ec2 = aws.client("ec2")
    group = ec2.create_security_group(GroupName="out", Description="out", VpcId=vpc)["GroupId"]
    aws.call("group-ssh-outwards", group)
    ec2.authorize_security_group_egress(
        GroupId=group, IpPermissions=[_permission(("tcp", 22, 22, WORLD), group, {})]
    )


def _close_default_of(aws: Seeding, vpc: str) -> None:
    names = {name: id_ for id_, name in aws.names.items()}
    group = names[f"{vpc}-default-group"]
    ec2 = aws.client("ec2")
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    if found["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=found["IpPermissions"])
    if found["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=found["IpPermissionsEgress"])
