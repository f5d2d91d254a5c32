"""What one delivery claimed, so that nobody else delivers it meanwhile.

A refusal gives the claims back, but not the knowledge that a message may have been posted: whoever
claims next must look for it, or mark the next one as repeated.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.errors import DeliveryError
from chalicelib.findings.deliveries import Claim, Deliveries


@dataclass(frozen=True, slots=True)
class Claims:
    """What this delivery claimed, and what it found."""

    deliveries: Deliveries
    at: datetime
    found: Mapping[str, Claim]

    @property
    def interrupted(self) -> frozenset[str]:
        """What an earlier delivery may have posted."""
        return frozenset(e for e, claim in self.found.items() if claim is Claim.INTERRUPTED)

    def release(self, *, may_stand: Collection[str] = ()) -> None:
        """Give back what has no receipt; what may have been posted keeps that mark."""
        kept = self.interrupted.union(may_stand)
        for entry_id, claim in self.found.items():
            if claim in {Claim.FRESH, Claim.INTERRUPTED}:
                self.deliveries.release(entry_id, self.at, may_stand=entry_id in kept)


def claim(ids: Iterable[str], deliveries: Deliveries, now: datetime) -> Claims:
    """Claim entries, all or none.

    Raises:
        DeliveryError: Somebody else is delivering one of them.
    """
    claims = Claims(deliveries, now, {one: deliveries.claim(one, now) for one in ids})
    if Claim.HELD in claims.found.values():
        claims.release()
        raise DeliveryError("another delivery of this is under way")
    return claims
