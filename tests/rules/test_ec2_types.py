"""Instances, images, snapshots and network ACLs that are easily misjudged, by the shipped rules."""

from functools import cache
from typing import Any

import pytest

from chalicelib.evaluate.compiler import compile_rule
from chalicelib.evaluate.engine import judge_item
from chalicelib.model import Compliance, Evaluation, Severity
from vigil.examples import NOW, Bench, item_of
from vigil.rulefiles import RULES, load_rules, resource_types

IMDS, AMI, SNAPSHOT, NACL = (
    "ec2-instance-imdsv2-required",
    "ec2-ami-not-public",
    "ec2-ebs-snapshot-not-public",
    "ec2-nacl-no-public-admin-ports",
)
F, P, N, UNKNOWN = (
    Compliance.NON_COMPLIANT,
    Compliance.COMPLIANT,
    Compliance.NOT_APPLICABLE,
    Compliance.INSUFFICIENT_DATA,
)
WORLD = "0.0.0.0/0"


@cache
def bench(rule_id: str) -> Bench:
    types = resource_types()
    (file,) = load_rules((RULES / "ec2" / f"{rule_id}.yaml",), types).files
    return Bench.of(file.rule, types)


def judged(by: Bench, example: dict[str, Any]) -> Evaluation:
    (verdict,) = judge_item(item_of(by, {"expect": "COMPLIANT", **example}), by.book, NOW)
    return verdict


def options(tokens: str, endpoint: str = "enabled", state: str = "running") -> dict[str, Any]:
    return {
        "configuration": {
            "MetadataOptions": {"HttpTokens": tokens, "HttpEndpoint": endpoint},
            "State": {"Code": 0, "Name": state},
        }
    }


def entry(number: int, action: str, cidr: str = WORLD, protocol: str = "-1", *ports: int) -> Any:
    span = {"From": ports[0], "To": ports[-1]} if ports else None
    rule = {"RuleNumber": number, "RuleAction": action, "Egress": False, "Protocol": protocol}
    family = "Ipv6CidrBlock" if ":" in cidr else "CidrBlock"
    return {**rule, family: cidr, "PortRange": span}


def acl(*entries: Any, subnets: tuple[str, ...] = ("subnet-1",)) -> dict[str, Any]:
    return {"observed": {"Entries": list(entries), "Subnets": list(subnets)}}


def groups(*names: str, block: str = "unblocked") -> dict[str, Any]:
    return {"observed": {"CreateVolumeGroups": list(names), "RegionSharingBlock": block}}


EVERYTHING = entry(100, "allow")
CASES: dict[str, tuple[str, dict[str, Any], Compliance]] = {
    "no metadata service": (IMDS, options("optional", "disabled"), P),
    "tokens optional": (IMDS, options("optional"), F),
    "tokens required": (IMDS, options("required"), P),
    "tokens optional on a stopped instance": (IMDS, options("optional", state="stopped"), F),
    "shutting down": (IMDS, options("optional", state="shutting-down"), N),
    "terminated": (IMDS, options("optional", state="terminated"), N),
    "a public image": (AMI, {"observed": {"Public": True}}, F),
    "an image shared with the organisation": (AMI, {"observed": {"Public": False}}, P),
    "a disabled image": (AMI, {"observed": {"Public": False, "State": "disabled"}}, P),
    "a snapshot of everyone": (SNAPSHOT, groups("all"), F),
    "a snapshot shared with accounts": (SNAPSHOT, groups(), P),
    "a snapshot of everyone, blocked": (SNAPSHOT, groups("all", block="block-all-sharing"), F),
    "denied, then all allowed": (
        NACL,
        acl(
            entry(90, "deny", WORLD, "6", 22),
            entry(91, "deny", WORLD, "6", 3389),
            entry(92, "deny", WORLD, "17", 3389),
            EVERYTHING,
        ),
        P,
    ),
    "all allowed, then denied": (NACL, acl(EVERYTHING, entry(110, "deny", WORLD, "6", 22)), F),
    "private addresses denied first": (NACL, acl(entry(90, "deny", "10.0.0.0/8"), EVERYTHING), F),
    "two halves": (
        NACL,
        acl(entry(90, "allow", "0.0.0.0/1", "6", 22), entry(91, "allow", "128.0.0.0/1", "6", 22)),
        F,
    ),
    "IPv4 denied and IPv6 allowed": (
        NACL,
        acl(entry(90, "deny"), entry(100, "allow", "::/0")),
        F,
    ),
    "ephemeral ports": (NACL, acl(entry(100, "allow", WORLD, "6", 1024, 65535)), F),
    "an egress entry": (NACL, acl({**EVERYTHING, "Egress": True}), P),
    "no subnet": (NACL, acl(EVERYTHING, subnets=()), N),
    "udp 22": (NACL, acl(entry(100, "allow", WORLD, "17", 22)), P),
}


@pytest.mark.parametrize(("rule_id", "example", "verdict"), CASES.values(), ids=CASES)
def test_it_is_judged(rule_id: str, example: dict[str, Any], verdict: Compliance) -> None:
    assert judged(bench(rule_id), example).compliance is verdict


@pytest.mark.parametrize(
    ("block", "severity"),
    [
        ("unblocked", Severity.CRITICAL),
        ("block-new-sharing", Severity.CRITICAL),
        ("block-all-sharing", Severity.LOW),
    ],
)
def test_a_block_of_all_sharing_makes_a_public_snapshot_matter_less(
    block: str, severity: Severity
) -> None:
    assert judged(bench(SNAPSHOT), groups("all", block=block)).severity is severity


def test_a_private_snapshot_is_private_whatever_the_region_does_not_say() -> None:
    unsaid = {**groups(), "gaps": ["/observed/RegionSharingBlock"]}

    assert judged(bench(SNAPSHOT), unsaid).compliance is P


def tolerant(ephemeral_from: int) -> Bench:
    types = resource_types()
    (file,) = load_rules((RULES / "ec2" / f"{NACL}.yaml",), types).files
    rule = compile_rule(
        file.document,
        source=file.source,
        line_of=lambda *_: None,
        types=types,
        parameters={"ephemeral_from": ephemeral_from},
    )
    return Bench.of(rule, types)


TOLERATED = {
    "ephemeral ports": (entry(100, "allow", WORLD, "6", 1024, 65535), P),
    "those of Linux alone": (entry(100, "allow", WORLD, "6", 32768, 60999), P),
    "from below": (entry(100, "allow", WORLD, "6", 1000, 65535), F),
    "rdp alone": (entry(100, "allow", WORLD, "6", 3389), F),
    "everything": (EVERYTHING, F),
}


@pytest.mark.parametrize(("written", "verdict"), TOLERATED.values(), ids=TOLERATED)
def test_ephemeral_ports_can_be_tolerated(written: Any, verdict: Compliance) -> None:
    assert judged(tolerant(1024), acl(written)).compliance is verdict
