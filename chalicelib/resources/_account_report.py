"""When root was last used, as a part of the account: out of IAM's credential report.

IAM writes the report after it was asked for and keeps it for four hours. So it is asked for by the
account's first facet and fetched by its last; what lies between is the time it gets. A report that
is not ready then is a gap, never an answer, and nothing waits for it.
"""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.facts.root_use import ROOT_ACTIVITY, ROOT_SIGN_IN, ROOT_USE
from chalicelib.model import Facet, FacetReading, Gap, GapReason, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._account_events import CALLER_PATH
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import MalformedAnswerError, member
from chalicelib.resources._parts import Part
from chalicelib.resources._plain import rfc3339

_STATE = "/observed/CredentialReportState"
_ASK, _FETCH = "iam:GenerateCredentialReport", "iam:GetCredentialReport"

#: IAM's codes for a report that is not there yet, or no more.
_NOT_READY = ("ReportInProgress", "ReportNotPresent", "ReportExpired")

_ROOT = "<root_account>"
#: Name of a use ← the report's column.
_COLUMNS = {
    "PasswordLastUsed": "password_last_used",
    "AccessKey1LastUsed": "access_key_1_last_used_date",
    "AccessKey2LastUsed": "access_key_2_last_used_date",
}
#: How the report says that there was no use since IAM began to note it.
_NEVER = frozenset({"N/A", "no_information", "not_supported"})

_INSTANT_OR_NULL = {"type": ["string", "null"]}


def _ask_for_report(aws: Any, ref: ResourceRef) -> FacetReading:
    answer = _client(aws, ref).generate_credential_report()
    # Always null but where a record proves a sign-in, which the report shows hours later.
    return FacetReading(
        observed={"CredentialReportState": member(answer, "State"), "RootSignIn": None}
    )


def _read_use(aws: Any, ref: ResourceRef) -> FacetReading:
    answer = answer_or_none(_client(aws, ref).get_credential_report, *_NOT_READY)
    if answer is None:
        gap = Gap(
            pointer=ROOT_USE, reason=GapReason.UNAVAILABLE, call=_FETCH, error="ReportNotReady"
        )
        return FacetReading(observed={"RootUse": None}, gaps=(gap,))
    row = _root_row(member(answer, "Content"))
    return FacetReading(
        observed={"RootUse": {name: _instant(row, column) for name, column in _COLUMNS.items()}}
    )


def _root_row(content: bytes) -> Mapping[str, Any]:
    """Find root's row.

    Raises:
        MalformedAnswerError: There is none; every report has one.
    """
    rows = csv.DictReader(io.StringIO(content.decode("utf-8", "replace"), newline=""))
    try:
        found = next((row for row in rows if row.get("user") == _ROOT), None)
    except csv.Error as error:
        raise MalformedAnswerError("the credential report is no CSV") from error
    if found is None:
        raise MalformedAnswerError("the credential report has no row for root")
    return found


def _instant(row: Mapping[str, Any], column: str) -> str | None:
    """Read one date; None where there was no use.

    Raises:
        ValueError: The column is missing or holds neither a date nor one of AWS's words.
    """
    text = member(row, column)
    if text in _NEVER:
        return None
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise MalformedAnswerError(f"{column} has no time zone")
    return rfc3339(instant.astimezone(UTC))


def _signed_in(record: Record) -> Mapping[str, Any]:
    return {ROOT_SIGN_IN: rfc3339(datetime.fromisoformat(str(record.get("eventTime"))))}


def _client(aws: Any, ref: ResourceRef) -> Any:
    return aws.client("iam", account_id=ref.account_id, region="global")


#: To stand first among the account's parts.
CREDENTIAL_REPORT = Part(
    shapes={
        "CredentialReportState": {"enum": ["STARTED", "INPROGRESS", "COMPLETE"]},
        "RootSignIn": _INSTANT_OR_NULL,
    },
    defaults={"CredentialReportState": "COMPLETE", "RootSignIn": None},
    facets=(
        Facet(
            name="credential_report",
            calls=(_ASK,),
            permissions=(_ASK,),
            pointers=(_STATE, ROOT_SIGN_IN),
            read=_ask_for_report,
        ),
    ),
    routes=(
        # An AssumeRoot session never signs in: ConsoleLogin of Root is root itself.
        Route(
            source="signin.amazonaws.com",
            actions=("ConsoleLogin",),
            ids=(CALLER_PATH,),
            writes=(ROOT_SIGN_IN,),
            observe=_signed_in,
        ),
    ),
    volatile=(_STATE, ROOT_SIGN_IN, ROOT_USE),
)

#: To stand last among them.
ROOT_LAST_USE = Part(
    shapes={"RootUse": closed(dict.fromkeys(_COLUMNS, _INSTANT_OR_NULL))},
    defaults={"RootUse": dict.fromkeys(_COLUMNS)},
    facets=(
        Facet(
            name="root_use",
            calls=(_FETCH,),
            permissions=(_FETCH,),
            pointers=(ROOT_USE,),
            read=_read_use,
        ),
    ),
    facts=(ROOT_ACTIVITY,),
)
