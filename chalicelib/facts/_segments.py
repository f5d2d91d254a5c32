"""Port ranges × sources → the ranges on which the internet gets in.

Ranges are judged segment by segment, never rule by rule: two halves of the address space in two
rules are the internet on the ports they share. Segments that let the same addresses in become
one again, so that a range split over rules reads as the range it is.

Sets of sources are bit masks here: a thousand rules cut the ports into two thousand segments,
and hashing that many sets of networks took a second.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import collapse_addresses
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any

from chalicelib.facts.addresses import (
    PUBLIC_IPV4_SHARE_LIMIT,
    PUBLIC_IPV6_SHARE_LIMIT,
    WIDEST_NARROW_PREFIX,
    IPNetwork,
    is_public,
    is_wide,
    is_world,
)

# How many times larger the whole address space is than its public part, rounded up: four fifths
# of IPv4 and more are public, an eighth of IPv6 is global unicast.
_WHOLE_PER_PUBLIC = {4: 1.25, 6: 8.0}
_LIMITS = {4: PUBLIC_IPV4_SHARE_LIMIT, 6: PUBLIC_IPV6_SHARE_LIMIT}
_PREFIX_DIGITS = 3
_LENGTHS = {str(length): length for length in range(129)}

#: First port, last port, and the sources let in, as bits.
_Segment = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One source let in on one range of ports; `because` names what says so."""

    first: int
    last: int
    network: IPNetwork
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A range of ports that the internet reaches, and through which networks."""

    first: int
    last: int
    networks: tuple[IPNetwork, ...]
    because: tuple[str, ...]


def surely_narrow(cidrs: Sequence[Any], version: int) -> bool:
    """Tell whether `could_matter` would return nothing of these, all of one IP version.

    Only an upper bound of it: False means "look closer".
    """
    if not cidrs:
        return True
    shortest = min([_LENGTHS.get(cidr.rpartition("/")[2], 0) for cidr in cidrs])
    share = len(cidrs) * 2.0**-shortest * _WHOLE_PER_PUBLIC[version]
    return shortest >= WIDEST_NARROW_PREFIX and share <= _LIMITS[version]


def could_matter(cidrs: Iterable[str]) -> frozenset[str]:
    """Return the sources that could be wide, or wide together, without parsing any.

    Nearly every group ends here, with none.
    """
    lengths = {cidr: _prefix_length(cidr) for cidr in cidrs}
    relevant = {cidr for cidr, length in lengths.items() if length < WIDEST_NARROW_PREFIX}
    narrow: dict[int, set[str]] = {4: set(), 6: set()}
    for cidr in lengths.keys() - relevant:
        narrow[6 if ":" in cidr else 4].add(cidr)
    for version, together in narrow.items():
        if _adds_up((lengths[cidr] for cidr in together), version):
            relevant |= together
    return frozenset(relevant)


def internet_reach(openings: Sequence[Opening]) -> Iterator[Reach]:
    """Yield the ranges that the internet reaches, in order; `openings` are of one IP version.

    Where a source alone is wide, only such sources count as the reason; else, where together
    they hold more than half of the public space, the widest that do.
    """
    if not openings:
        return
    if all(opening.network.prefixlen == 0 for opening in openings):
        yield from _world_reach(openings)
        return
    networks = sorted({o.network for o in openings if is_public((o.network,))}, key=_widest_first)
    bits = {network: 1 << place for place, network in enumerate(networks)}
    relevant = [(opening, bits[opening.network]) for opening in openings if opening.network in bits]
    addresses_of = cache(lambda mask: _addresses(_members(networks, mask)))
    reached = _reached_segments(relevant, _internet_among(networks))
    for addresses, run in groupby(reached, key=lambda segment: addresses_of(segment[2])):
        if addresses:
            yield _joined(list(run), relevant, networks)


def _world_reach(openings: Sequence[Opening]) -> Iterator[Reach]:
    """Do the same where every source is the whole internet: unite the ranges that touch."""
    run: list[Opening] = []
    end = 0
    for opening in sorted(openings, key=attrgetter("first")):
        if run and opening.first > end + 1:
            yield _united(run, openings, end)
            run = []
        end = max(end, opening.last) if run else opening.last
        run.append(opening)
    yield _united(run, openings, end)


def _united(run: Sequence[Opening], openings: Sequence[Opening], last: int) -> Reach:
    first = run[0].first
    reasons = (o.because for o in openings if o.first <= last and o.last >= first)
    because = tuple(dict.fromkeys(pointer for reason in reasons for pointer in reason))
    return Reach(first=first, last=last, networks=(run[0].network,), because=because)


def _prefix_length(cidr: str) -> int:
    """Return the prefix length; 0, which means "look closer", where it is not plainly there."""
    digits = cidr[cidr.rfind("/") + 1 :]
    return int(digits) if len(digits) <= _PREFIX_DIGITS and digits.isdecimal() else 0


def _adds_up(lengths: Iterable[int], version: int) -> bool:
    """Tell whether networks of these prefix lengths could pass the limit: an upper bound."""
    share = sum(2.0**-length for length in lengths) * _WHOLE_PER_PUBLIC[version]
    return share > _LIMITS[version]


def _widest_first(network: IPNetwork) -> tuple[int, int]:
    return network.prefixlen, int(network.network_address)


def _members(networks: Sequence[IPNetwork], mask: int) -> list[IPNetwork]:
    return [network for place, network in enumerate(networks) if mask >> place & 1]


def _addresses(networks: Sequence[IPNetwork]) -> tuple[IPNetwork, ...]:
    return tuple(collapse_addresses(networks))  # type: ignore[type-var] # all of one version


def _internet_among(networks: Sequence[IPNetwork]) -> Callable[[int], int]:
    """Return a function from a set of sources to those of them that make it the internet."""
    wide = sum(1 << place for place, network in enumerate(networks) if is_wide(network))
    # `networks` come widest first: the lowest bits are the widest.
    classes = [
        sum(1 << place for place, _ in members)
        for _, members in groupby(enumerate(networks), key=lambda pair: pair[1].prefixlen)
    ]
    is_internet = cache(lambda mask: is_world(_members(networks, mask)))

    @cache
    def internet_among(present: int) -> int:
        if present & wide:
            return present & wide
        widest = 0
        for members in classes:
            widest |= present & members
            if is_internet(widest):
                return widest
        return 0

    return internet_among


def _reached_segments(
    openings: Iterable[tuple[Opening, int]], internet_among: Callable[[int], int]
) -> Iterator[_Segment]:
    """Cut the ports wherever a range begins or ends; yield every piece, unreached ones too."""
    edges: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for opening, bit in openings:
        edges[opening.first].append((bit, 1))
        edges[opening.last + 1].append((bit, -1))
    counts: Counter[int] = Counter()
    present = 0
    for position, following in pairwise(sorted(edges)):
        for bit, change in edges[position]:
            counts[bit] += change
            present = present | bit if counts[bit] else present & ~bit
        yield position, following - 1, internet_among(present)


def _joined(
    run: Sequence[_Segment],
    openings: Iterable[tuple[Opening, int]],
    networks: Sequence[IPNetwork],
) -> Reach:
    first, last = run[0][0], run[-1][1]
    mask = 0
    for _, _, sources in run:
        mask |= sources
    reasons = (
        opening.because
        for opening, bit in openings
        if mask & bit and opening.first <= last and opening.last >= first
    )
    because = tuple(dict.fromkeys(pointer for reason in reasons for pointer in reason))
    members = tuple(_members(networks, mask))
    return Reach(first=first, last=last, networks=members, because=because)
