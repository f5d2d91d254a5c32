"""DynamoDB's refusals as our errors.

A cancelled transaction says why for each action. A ledger row that is there already outweighs all
other reasons: the record was processed, so whatever else moved is no concern of this attempt.
"""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.errors import ConflictError, DuplicateRecordError, RetryableError
from chalicelib.findings._items import is_same_record
from chalicelib.findings._transactions import Action, Role
from chalicelib.model import LedgerRow

CONDITION_FAILED = "ConditionalCheckFailed"
CONFLICTS = frozenset({CONDITION_FAILED, "TransactionConflict"})
OVERLOADS = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)


def code_of(error: ClientError) -> str:
    """Return AWS's error code."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_twin(error: ClientError, actions: Sequence[Action], row: LedgerRow) -> bool:
    """Tell whether a ledger row's event id is taken by a different record.

    Raises:
        DuplicateRecordError: By this very record.
    """
    for role, reason in _refused(error, actions):
        if role is Role.ROW and reason["Code"] == CONDITION_FAILED:
            if is_same_record(reason["Item"], row):
                raise DuplicateRecordError(f"event {row.event_id} was processed before") from error
            return True
    return False


def raise_for(error: ClientError, actions: Sequence[Action], *, guarded: bool) -> None:
    """Raise our error for a refused write, or DynamoDB's own where it shows a defect.

    Args:
        error: The refusal.
        actions: What was to be written.
        guarded: True where a look guards the commit. Without one, a detection that is there
            already is the only trace of an earlier attempt.
    """
    refused = _refused(error, actions)
    codes = {reason["Code"] for _, reason in refused} or {code_of(error)}
    if not guarded and (Role.DETECTION, CONDITION_FAILED) in {(r, x["Code"]) for r, x in refused}:
        raise DuplicateRecordError("the detection was stored before") from error
    if codes & CONFLICTS or "TransactionConflictException" in codes:
        raise ConflictError("the resource moved since it was read") from error
    if codes & OVERLOADS:
        raise RetryableError(f"DynamoDB is busy: {', '.join(sorted(codes))}") from error
    raise error


def _refused(error: ClientError, actions: Sequence[Action]) -> list[tuple[Role, Any]]:
    reasons: Any = error.response.get("CancellationReasons") or ()
    return [
        (action.role, reason)
        for action, reason in zip(actions, reasons, strict=False)
        if reason.get("Code") not in (None, "None")
    ]
