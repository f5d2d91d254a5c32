"""What became of a record, for the ledger: the population an auditor counts.

Looked at first is whether anything names the call at all, so that the two reasons for not looking
(it failed, it only read) are counted for relevant calls only.
"""

from chalicelib.model import Change, Outcome

EVALUATED = "evaluated"
IRRELEVANT = "irrelevant"
FAILED_CALL = "failed-call"
READ_ONLY = "read-only"


def disposition_of(change: Change, *, relevant: bool) -> str:
    """Return the ledger's word for a change; `relevant`: a route or change rule names the call."""
    if change.touches or change.companions:
        return EVALUATED
    if not relevant:
        return IRRELEVANT
    if change.outcome is Outcome.FAILED:
        return FAILED_CALL
    return READ_ONLY if change.read_only else EVALUATED
