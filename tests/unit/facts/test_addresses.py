"""What counts as the internet."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.facts.addresses import (
    IPNetwork,
    is_public,
    is_wide,
    is_world,
    network_from,
    share_of_public_ipv4,
    share_of_public_ipv6,
)


def networks(*texts: str) -> list[IPNetwork]:
    return [ip_network(text) for text in texts]


@pytest.mark.parametrize(
    "ranges",
    [
        ["0.0.0.0/0"],
        ["::/0"],
        ["0.0.0.0/1", "128.0.0.0/1"],
        ["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"],
        [f"{n}.0.0.0/8" for n in range(1, 224, 2)] + [f"{n}.0.0.0/8" for n in range(2, 40, 2)],
        ["2000::/3"],
        [f"{n:x}00::/8" for n in range(0x20, 0x31)],
        ["203.0.113.0/24", "0.0.0.0/1"],
        ["10.0.0.0/7"],
    ],
    ids=lambda ranges: "+".join(ranges[:2]),
)
def test_ranges_that_are_the_internet(ranges: list[str]) -> None:
    assert is_world(networks(*ranges))


@pytest.mark.parametrize(
    "ranges",
    [
        [],
        ["52.0.0.0/8"],
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
        ["fc00::/7"],
        ["224.0.0.0/3"],
        [f"{n:x}00::/8" for n in range(0x20, 0x30)],
        ["203.0.113.7/32"],
    ],
    ids=lambda ranges: "+".join(ranges[:2]) or "none",
)
def test_ranges_that_are_not_the_internet(ranges: list[str]) -> None:
    assert not is_world(networks(*ranges))


def test_a_network_is_wide_only_above_slash_8() -> None:
    assert is_wide(ip_network("52.0.0.0/7"))
    assert not is_wide(ip_network("52.0.0.0/8"))


def test_private_ranges_hold_nobody_from_the_internet() -> None:
    assert not is_public(networks("10.0.0.0/8", "192.168.0.0/16", "fd00::/8", "100.64.0.0/10"))
    assert is_public(networks("10.0.0.0/8", "203.0.113.7/32"))


def test_overlapping_ranges_count_once() -> None:
    once = share_of_public_ipv4(networks("52.0.0.0/8"))

    assert share_of_public_ipv4(networks("52.0.0.0/8", "52.1.0.0/16", "52.0.0.0/8")) == once
    assert share_of_public_ipv4(networks("0.0.0.0/0")) == 1
    assert share_of_public_ipv6(networks("::/0")) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("208.236.235.254/0", "0.0.0.0/0"),
        ("0::/0", "::/0"),
        ("0:0:0:0:0:0:0:0/0", "::/0"),
        (" 203.0.113.7 ", "203.0.113.7/32"),
        ("nonsense", None),
        ("", None),
        (7, None),
        (None, None),
    ],
    ids=str,
)
def test_ranges_are_parsed_not_compared(text: object, expected: str | None) -> None:
    assert str(network_from(text)) == str(expected)


@given(
    st.lists(
        st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(
            lambda pair: ip_network((pair[0], pair[1]), strict=False)
        ),
        max_size=12,
    )
)
def test_share_of_a_union_lies_between_its_largest_part_and_the_sum(parts: list[IPNetwork]) -> None:
    shares = [share_of_public_ipv4([part]) for part in parts]

    union = share_of_public_ipv4(parts)

    assert max(shares, default=0) - 1e-12 <= union <= min(1, sum(shares)) + 1e-12


def test_both_families_are_measured_apart() -> None:
    mixed = [ip_network((IPv4Address("1.0.0.0"), 8)), ip_network((IPv6Address("2000::"), 4))]

    assert share_of_public_ipv4(mixed) == share_of_public_ipv4(mixed[:1])
    assert share_of_public_ipv6(mixed) == 0.5
