"""The worst groups that EC2 lets people build; a typical one must cost next to nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.facts.network import internet_ingress
from chalicelib.model import ConfigurationItem, ResourceRef

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REF = ResourceRef(account_id="1" * 12, region="eu-west-1", type="AWS::EC2::SecurityGroup", id="sg")


def rule(cidr: str, first: int, last: int) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "CidrIp": cidr}


def group(rules: list[dict[str, Any]]) -> ConfigurationItem:
    return ConfigurationItem(
        ref=REF,
        properties={"SecurityGroupIngress": rules},
        observed={"PrefixLists": {}},
        started_at=NOW,
        ended_at=NOW,
    )


NARROW = [rule(f"198.51.{n // 256}.{n % 256}/32", n, n + 5) for n in range(1000)]
WIDE = [f"{n << 1}.0.0.0/7" for n in range(4, 100)]
EIGHTHS = [rule(f"{n}.0.0.0/8", 0, 65535) for n in range(11, 180)]

WORST = {
    "60 narrow rules": NARROW[:60],
    "60 narrow rules and the world": [*NARROW[:60], rule("0.0.0.0/0", 443, 443)],
    "1000 narrow rules and the world": [*NARROW, rule("0.0.0.0/0", 0, 65535)],
    "1000 wide rules that overlap": [rule(WIDE[n % 96], n * 60, n * 60 + 999) for n in range(1000)],
    "1000 rules that are the world together": [*EIGHTHS, *NARROW[: 1000 - len(EIGHTHS)]],
}


@pytest.mark.parametrize("rules", WORST.values(), ids=WORST)
def test_openings_of(rules: list[dict[str, Any]], benchmark: Callable[..., Any]) -> None:
    benchmark(internet_ingress, group(rules))
