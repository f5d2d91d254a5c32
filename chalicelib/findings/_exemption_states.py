"""What may become of an exemption: `FOLLOWS` and `STATUS_AFTER` are the whole policy.

An entry that the tables do not allow is refused when somebody asks for it, and not believed when it
is read.
"""

from collections.abc import Mapping

from chalicelib.model import ExemptionStatus, ResourceRef, Transition, TransitionKind

EXEMPTION_TYPE = "Vigil::Exemption"
RUNNING = frozenset({ExemptionStatus.REQUESTED, ExemptionStatus.APPROVED})
#: Kinds after which other findings are exempt than before.
EFFECTIVE_KINDS = frozenset(
    {
        TransitionKind.EXEMPTION_APPROVED,
        TransitionKind.EXEMPTION_REVOKED,
        TransitionKind.EXEMPTION_EXPIRED,
    }
)
#: Kind → what may come before it.
FOLLOWS: Mapping[TransitionKind, frozenset[ExemptionStatus]] = {
    TransitionKind.EXEMPTION_APPROVED: frozenset({ExemptionStatus.REQUESTED}),
    TransitionKind.EXEMPTION_REFUSED: frozenset({ExemptionStatus.REQUESTED}),
    TransitionKind.EXEMPTION_REVOKED: frozenset({ExemptionStatus.APPROVED}),
    TransitionKind.EXEMPTION_EXPIRED: RUNNING,
    TransitionKind.EXEMPTION_ENDING: frozenset({ExemptionStatus.APPROVED}),
}
#: Kind → the status after it; an announced end changes none.
STATUS_AFTER: Mapping[TransitionKind, ExemptionStatus] = {
    TransitionKind.EXEMPTION_REQUESTED: ExemptionStatus.REQUESTED,
    TransitionKind.EXEMPTION_APPROVED: ExemptionStatus.APPROVED,
    TransitionKind.EXEMPTION_REFUSED: ExemptionStatus.REFUSED,
    TransitionKind.EXEMPTION_REVOKED: ExemptionStatus.REVOKED,
    TransitionKind.EXEMPTION_EXPIRED: ExemptionStatus.EXPIRED,
    TransitionKind.EXEMPTION_ENDING: ExemptionStatus.APPROVED,
}


def is_effective(transition: Transition) -> bool:
    """Tell whether other findings are exempt after an entry than were before."""
    about = transition.exemption
    return transition.kind in EFFECTIVE_KINDS and about is not None and about.decided_at is not None


def exemption_ref(exemption_id: str, account_id: str) -> ResourceRef:
    """Return what an exemption's history is kept under."""
    return ResourceRef(account_id=account_id, region="global", type=EXEMPTION_TYPE, id=exemption_id)
