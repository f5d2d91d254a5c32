"""Groups that are easily misjudged, judged by the rules as they ship."""

from functools import cache
from typing import Any

import pytest

from chalicelib.evaluate.engine import judge_item
from chalicelib.model import Compliance, Evaluation
from vigil.examples import NOW, Bench, item_of
from vigil.rulefiles import RULES, load_rules, resource_types

SSH, RDP, ALL, CLOSED = (
    "ec2-sg-no-public-ssh",
    "ec2-sg-no-public-rdp",
    "ec2-sg-no-public-all-traffic",
    "ec2-sg-default-closed",
)
SMB, RISKY, AUTHORISED = (
    "ec2-sg-no-public-smb",
    "ec2-sg-no-public-high-risk-ports",
    "ec2-sg-public-only-authorized-ports",
)
F, P, N, UNKNOWN = (
    Compliance.NON_COMPLIANT,
    Compliance.COMPLIANT,
    Compliance.NOT_APPLICABLE,
    Compliance.INSUFFICIENT_DATA,
)
WORLD = {"CidrIp": "0.0.0.0/0"}


@cache
def bench(rule_id: str) -> Bench:
    types = resource_types()
    (file,) = load_rules((RULES / "ec2" / f"{rule_id}.yaml",), types).files
    return Bench.of(file.rule, types)


def judged(rule_id: str, example: dict[str, Any]) -> Evaluation:
    item = item_of(bench(rule_id), {"expect": "INSUFFICIENT_DATA", **example})
    (verdict,) = judge_item(item, bench(rule_id).book, NOW)
    return verdict


def rule(protocol: str, ports: tuple[int, int] | None = None, **peer: Any) -> dict[str, Any]:
    bounds = dict(zip(("FromPort", "ToPort"), ports, strict=True)) if ports else {}
    return {"IpProtocol": protocol, **bounds, **peer}


def ingress(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"configuration": {"SecurityGroupIngress": list(rules)}, **more}


def from_list(*cidrs: str) -> dict[str, Any]:
    return ingress(
        rule("tcp", (22, 22), SourcePrefixListId="pl-1"),
        observed={"PrefixLists": {"pl-1": {"Entries": list(cidrs)}}},
    )


ANY = rule("-1", **WORLD)
CASES = {
    "any protocol is ssh": (SSH, ingress(ANY), F),
    "any protocol is rdp": (RDP, ingress(ANY), F),
    "any protocol is all traffic": (ALL, ingress(ANY), F),
    "any protocol is smb": (SMB, ingress(ANY), F),
    "any protocol is every high-risk port": (RISKY, ingress(ANY), F),
    "any protocol is not authorised": (AUTHORISED, ingress(ANY), F),
    "tcp 1-65535 is smb": (SMB, ingress(rule("tcp", (1, 65535), **WORLD)), F),
    "tcp 1-65535 is every high-risk port": (RISKY, ingress(rule("tcp", (1, 65535), **WORLD)), F),
    "icmp code 23 is not telnet": (RISKY, ingress(rule("icmp", (3, 23), **WORLD)), P),
    "gre is not smb": (SMB, ingress(rule("47", **WORLD)), P),
    "two halves of smb": (
        SMB,
        ingress(*(rule("tcp", (445, 445), CidrIp=c) for c in ("0.0.0.0/1", "128.0.0.0/1"))),
        F,
    ),
    "two halves of postgres": (
        RISKY,
        ingress(*(rule("tcp", (5432, 5432), CidrIp=c) for c in ("0.0.0.0/1", "128.0.0.0/1"))),
        F,
    ),
    "postgres from ipv6": (RISKY, ingress(rule("tcp", (5432, 5432), CidrIpv6="0::/0")), F),
    "between two high-risk ports": (RISKY, ingress(rule("tcp", (9093, 9159), **WORLD)), P),
    "another group on smb": (SMB, ingress(rule("-1", SourceSecurityGroupId="sg-2")), P),
    "from 80 to 443 is more than both": (
        AUTHORISED,
        ingress(rule("tcp", (80, 443), **WORLD)),
        F,
    ),
    "80 and 443": (
        AUTHORISED,
        ingress(rule("tcp", (80, 80), **WORLD), rule("tcp", (443, 443), **WORLD)),
        P,
    ),
    "ping is no port": (AUTHORISED, ingress(rule("icmp", (8, -1), **WORLD)), P),
    "tcp 0-65535 is ssh": (SSH, ingress(rule("tcp", (0, 65535), **WORLD)), F),
    "tcp 1-65535 is ssh": (SSH, ingress(rule("tcp", (1, 65535), **WORLD)), F),
    "tcp 1-65535 is all traffic": (ALL, ingress(rule("tcp", (1, 65535), **WORLD)), F),
    "protocol 6 is tcp": (SSH, ingress(rule("6", (22, 22), **WORLD)), F),
    "protocol 17 is udp": (RDP, ingress(rule("17", (3389, 3389), **WORLD)), F),
    "icmp echo is not ssh": (SSH, ingress(rule("icmp", (8, -1), **WORLD)), P),
    "icmp code 22 is not ssh": (SSH, ingress(rule("icmp", (3, 22), **WORLD)), P),
    "icmp is not all traffic": (ALL, ingress(rule("1", (-1, -1), **WORLD)), P),
    "icmpv6 is not ssh": (SSH, ingress(rule("58", (22, 22), CidrIpv6="::/0")), P),
    "gre is not ssh": (SSH, ingress(rule("47", **WORLD)), P),
    "gre is a whole protocol": (ALL, ingress(rule("47", **WORLD)), F),
    "esp is a whole protocol": (ALL, ingress(rule("50", **WORLD)), F),
    "udp 22 is not ssh": (SSH, ingress(rule("udp", (22, 22), **WORLD)), P),
    "udp 3389 is rdp": (RDP, ingress(rule("udp", (3389, 3389), **WORLD)), F),
    "ipv6": (SSH, ingress(rule("tcp", (22, 22), CidrIpv6="::/0")), F),
    "ipv6 with a zero": (SSH, ingress(rule("tcp", (22, 22), CidrIpv6="0::/0")), F),
    "ipv6 in full": (SSH, ingress(rule("tcp", (22, 22), CidrIpv6="0:0:0:0:0:0:0:0/0")), F),
    "two halves": (
        SSH,
        ingress(*(rule("tcp", (22, 22), CidrIp=c) for c in ("0.0.0.0/1", "128.0.0.0/1"))),
        F,
    ),
    "four quarters": (
        SSH,
        ingress(*(rule("tcp", (22, 22), CidrIp=f"{n}.0.0.0/2") for n in (0, 64, 128, 192))),
        F,
    ),
    "many narrow ranges together": (
        SSH,
        ingress(*(rule("tcp", (22, 22), CidrIp=f"{n}.0.0.0/8") for n in range(20, 200))),
        F,
    ),
    "one /8": (SSH, ingress(rule("tcp", (22, 22), CidrIp="52.0.0.0/8")), P),
    "a prefix list with the world": (SSH, from_list("0.0.0.0/0"), F),
    "a prefix list of a content network": (SSH, from_list("13.32.0.0/15", "52.84.0.0/15"), P),
    "another group": (SSH, ingress(rule("-1", SourceSecurityGroupId="sg-2")), P),
    "the group itself is not all traffic": (
        ALL,
        ingress(rule("-1", SourceSecurityGroupId="sg-1")),
        P,
    ),
    "a peer account's group": (
        SSH,
        ingress(
            rule("-1", SourceSecurityGroupId="sg-3", SourceSecurityGroupOwnerId="444455556666")
        ),
        P,
    ),
    "egress": (
        SSH,
        {"configuration": {"SecurityGroupEgress": [rule("tcp", (22, 22), **WORLD)]}},
        P,
    ),
    "unused": (
        SSH,
        ingress(rule("tcp", (22, 22), **WORLD), observed={"AttachedInterfaces": 0}),
        F,
    ),
    "0-21 and 22": (
        SSH,
        ingress(rule("tcp", (0, 21), **WORLD), rule("tcp", (22, 22), **WORLD)),
        F,
    ),
    "default group, closed": (
        CLOSED,
        {"configuration": {"GroupName": "default", "SecurityGroupEgress": []}},
        P,
    ),
    "default group, its own members": (
        CLOSED,
        {
            "configuration": {
                "GroupName": "default",
                "SecurityGroupEgress": [],
                "SecurityGroupIngress": [rule("-1", SourceSecurityGroupId="sg-1")],
            }
        },
        F,
    ),
    "default group, everything out": (CLOSED, {"configuration": {"GroupName": "default"}}, F),
    "not a default group": (CLOSED, {"configuration": {"GroupName": "Default"}}, N),
    "a rule without peer": (SSH, ingress(rule("tcp", (22, 22))), UNKNOWN),
    "tcp without ports, as no answer has it": (SSH, ingress(rule("tcp", **WORLD)), UNKNOWN),
    "a source that is no network": (
        SSH,
        ingress(rule("tcp", (22, 22), CidrIp="999.0.0.0/0")),
        UNKNOWN,
    ),
}


@pytest.mark.parametrize(("rule_id", "example", "verdict"), CASES.values(), ids=CASES)
def test_a_group_is_judged(rule_id: str, example: dict[str, Any], verdict: Compliance) -> None:
    assert judged(rule_id, example).compliance is verdict


def test_a_group_that_nothing_uses_matters_less() -> None:
    opened = rule("tcp", (22, 22), **WORLD)

    used = judged(SSH, ingress(opened, observed={"AttachedInterfaces": 1}))
    unused = judged(SSH, ingress(opened, observed={"AttachedInterfaces": 0}))

    assert unused.severity.rank < used.severity.rank


@pytest.mark.parametrize("rule_id", [SMB, RISKY, AUTHORISED])
def test_a_group_that_nothing_uses_matters_less_on_every_port(rule_id: str) -> None:
    used = judged(rule_id, ingress(ANY, observed={"AttachedInterfaces": 1}))
    unused = judged(rule_id, ingress(ANY, observed={"AttachedInterfaces": 0}))

    assert unused.severity.rank < used.severity.rank
