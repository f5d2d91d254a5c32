"""How much of the internet a set of networks is.

The mistake to avoid: comparing with ``0.0.0.0/0``. Two halves are the internet too, and a /0
stays the world whatever address is written in front of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

IPNetwork = IPv4Network | IPv6Network

IPV4 = 4

#: Networks that are together larger than this share of a public address space are the internet.
PUBLIC_IPV4_SHARE_LIMIT = 0.5
PUBLIC_IPV6_SHARE_LIMIT = 0.5

#: A single network with a shorter prefix than this is the internet all by itself.
WIDEST_NARROW_PREFIX = 8

# No packet from the internet carries these sources. The documentation ranges are left out: they
# are too small to matter, and in examples they stand for ordinary public addresses.
_NOT_PUBLIC_IPV4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    )
)

Interval = tuple[int, int]

#: Text → what it is, for the two networks that matter most.
WORLDS: Mapping[str, IPNetwork] = {
    "0.0.0.0/0": IPv4Network("0.0.0.0/0"),
    "::/0": IPv6Network("::/0"),
}
_WORLD_TEXTS = {network.version: text for text, network in WORLDS.items()}


def network_from(text: object) -> IPNetwork | None:
    """Read a CIDR or a bare address, host bits ignored as AWS does; None where it is neither."""
    if not isinstance(text, str):
        return None
    if text in WORLDS:
        return WORLDS[text]
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def text_of(network: IPNetwork) -> str:
    """Return a network as EC2 writes it."""
    return _WORLD_TEXTS[network.version] if network.prefixlen == 0 else str(network)


def share_of_public_ipv4(networks: Iterable[IPNetwork]) -> float:
    """Return the part (0 to 1) of all public IPv4 addresses that the IPv4 `networks` unite."""
    return _part(tuple(networks), 4, _PUBLIC_IPV4)


def share_of_public_ipv6(networks: Iterable[IPNetwork]) -> float:
    """Return the part (0 to 1) of ``2000::/3`` that the IPv6 `networks` unite."""
    return _part(tuple(networks), 6, _PUBLIC_IPV6)


def share_of_public(intervals: Iterable[Interval], version: int) -> float:
    """Return the part (0 to 1) of an IP version's public addresses that disjoint ranges hold."""
    return _share(intervals, _PUBLIC_IPV4 if version == IPV4 else _PUBLIC_IPV6)


def is_wide(network: IPNetwork) -> bool:
    """Tell whether one network alone is the internet: wider than /8 and not private.

    The unique local ``fc00::/7`` and the multicast and reserved ``224.0.0.0/3`` are not.
    """
    if network.prefixlen >= WIDEST_NARROW_PREFIX:
        return False
    return share_of_public_ipv4((network,)) > 0 or share_of_public_ipv6((network,)) > 0


def is_public(networks: Iterable[IPNetwork]) -> bool:
    """Tell whether any address of `networks` can be a source on the internet."""
    known = tuple(networks)
    return share_of_public_ipv4(known) > 0 or share_of_public_ipv6(known) > 0


def is_world(networks: Iterable[IPNetwork]) -> bool:
    """Tell whether `networks` are the internet: one is wide, or together they are most of it."""
    known = tuple(networks)
    return (
        any(is_wide(network) for network in known)
        or share_of_public_ipv4(known) > PUBLIC_IPV4_SHARE_LIMIT
        or share_of_public_ipv6(known) > PUBLIC_IPV6_SHARE_LIMIT
    )


def _part(networks: Sequence[IPNetwork], version: int, public: tuple[Interval, ...]) -> float:
    own = [network for network in networks if network.version == version]
    if not own:
        return 0.0
    if any(network.prefixlen == 0 for network in own):
        return 1.0
    return _share(_intervals(own, version=version), public)


def _intervals(networks: Iterable[IPNetwork], *, version: int) -> Iterator[Interval]:
    """Yield the united networks as ascending, disjoint intervals with inclusive ends."""
    bounds = sorted(
        (int(network.network_address), int(network.broadcast_address))
        for network in networks
        if network.version == version
    )
    if not bounds:
        return
    low, high = bounds[0]
    for start, end in bounds[1:]:
        if start > high + 1:
            yield low, high
            low, high = start, end
        else:
            high = max(high, end)
    yield low, high


def _complement(intervals: Iterable[Interval], last: int) -> tuple[Interval, ...]:
    gaps: list[Interval] = []
    start = 0
    for low, high in intervals:
        if low > start:
            gaps.append((start, low - 1))
        start = high + 1
    if start <= last:
        gaps.append((start, last))
    return tuple(gaps)


def _share(intervals: Iterable[Interval], public: tuple[Interval, ...]) -> float:
    covered = sum(
        max(0, min(high, top) - max(low, bottom) + 1)
        for low, high in intervals
        for bottom, top in public
    )
    return covered / sum(top - bottom + 1 for bottom, top in public)


_PUBLIC_IPV4 = _complement(_intervals(_NOT_PUBLIC_IPV4, version=4), 2**32 - 1)
_PUBLIC_IPV6 = tuple(_intervals((IPv6Network("2000::/3"),), version=6))
