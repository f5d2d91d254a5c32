"""What the API takes, as types, and the strict reading of it: nothing unknown, nothing unbounded.

What cannot be read is 400, what can be read but makes no sense is 422. A query that is misspelt
must not be answered as if it had asked for everything.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from chalicelib.api._answers import Wrong
from chalicelib.api._problems import BAD_REQUEST, TOO_LARGE, UNPROCESSABLE, WrongRequestError
from chalicelib.findings.cursors import LIMIT_CHARS

BODY_LIMIT_BYTES = 64_000
DEFAULT_LIMIT = 50

Flag = Literal["true", "false"]
Cursor = Annotated[str, Meta(min_length=1, max_length=LIMIT_CHARS)]
Limit = Annotated[int, Meta(ge=1, le=100)]
Word = Annotated[str, Meta(min_length=1, max_length=256)]
Name = Annotated[str, Meta(min_length=1, max_length=2_048)]
Note = Annotated[str, Meta(min_length=1, max_length=2_000)]
Instant = Annotated[datetime, Meta(tz=True)]
_GRADE = "(critical|high|medium|low|informational)"
Severities = Annotated[str, Meta(pattern=f"^{_GRADE}(,{_GRADE}){{0,4}}$")]
Accounts = Annotated[list[Annotated[str, Meta(pattern=r"^[0-9]{12}$")]], Meta(max_length=100)]

_WHOLE = re.compile(r"-?[0-9]{1,9}")
_AT = re.compile(r"(?P<what>.*?)(?: - at `\$?(?P<at>[^`]*)`)?", re.DOTALL)

Asked = TypeVar("Asked", bound=msgspec.Struct)


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters; or a body that says nothing."""


class PageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which part of a list."""

    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor | None = None


class FindingsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which findings."""

    status: Literal["open", "resolved"] = "open"
    severity: Severities | None = None
    rule_id: Word | None = None
    resource_type: Word | None = None
    region: Word | None = None
    account: Word | None = None
    owner: Word | None = None
    assignee: Word | None = None
    q: Word | None = None
    exempt: Flag | None = None
    overdue: Flag | None = None
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor | None = None


class AsOfQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """As of when; now where nothing is said."""

    as_of: Instant | None = None


class ResourceQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which resource, and as of when."""

    key: Name
    as_of: Instant | None = None


class ChangesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which changes; without a window those of the last day."""

    start: Instant | None = msgspec.field(default=None, name="from")
    to: Instant | None = None
    account: Word | None = None
    region: Word | None = None
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor | None = None


class ExemptionsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which exemptions."""

    status: Literal["requested", "approved", "refused", "revoked", "expired"] | None = None
    in_force: Flag | None = None
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor | None = None


class PostureQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How far back."""

    days: Annotated[int, Meta(ge=1, le=400)] = 30


class NoteBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What somebody adds to what they do."""

    note: Note | None = None


class NoteTextBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A note."""

    note: Note


class AssigneeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is to see to it."""

    assignee: Word
    note: Note | None = None


class ScopeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which findings an exemption is about; ``*`` and ``?`` are wildcards in three of them."""

    rule_id: Word
    account: Word = "*"
    region: Word = "*"
    resource: Name = "*"
    resource_type: Word | None = None
    tags: Annotated[dict[Word, Annotated[str, Meta(max_length=256)]], Meta(max_length=50)] = (
        msgspec.field(default_factory=dict)
    )


class PreviewBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An exemption that nobody asks for yet."""

    scope: ScopeBody


class ExemptionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An exemption that somebody asks for."""

    scope: ScopeBody
    reason: Note
    expires_at: Instant


class PersonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person and their identities, as ``kind:id``."""

    id: Word
    name: Word
    identities: Annotated[list[Name], Meta(min_length=1, max_length=20)]


class ExportBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which findings to export, and how."""

    format: Annotated[str, Meta(pattern="^[a-z0-9-]{1,32}$")]
    start: Instant = msgspec.field(name="from")
    to: Instant
    accounts: Accounts = msgspec.field(default_factory=list)
    rule_ids: Annotated[list[Word], Meta(max_length=500)] = msgspec.field(default_factory=list)
    ocsf_version: Literal["1.8.0", "1.9.0-dev"] = "1.8.0"


def query_from(parameters: Mapping[str, Sequence[str]] | None, kind: type[Asked]) -> Asked:
    """Read the parameters of a query.

    Raises:
        WrongRequestError: One is unknown, given twice, or not what is expected (400).
    """
    numbers = {f.encode_name for f in msgspec.structs.fields(kind) if isinstance(f.default, int)}
    given: dict[str, Any] = {}
    for name, values in (parameters or {}).items():
        if len(values) != 1:
            raise _wrong(BAD_REQUEST, "expected once", name)
        if not _is_text(name + values[0]):
            raise _wrong(BAD_REQUEST, "expected text")
        whole = name in numbers and _WHOLE.fullmatch(values[0])
        given[name] = int(values[0]) if whole else values[0]
    return _converted(given, kind)


def body_from(body: bytes, kind: type[Asked]) -> Asked:
    """Read a body; none at all is an empty object.

    Raises:
        WrongRequestError: It is too large (413), no JSON (400), or not what is expected (422).
    """
    if len(body) > BODY_LIMIT_BYTES:
        raise WrongRequestError(f"expected {BODY_LIMIT_BYTES} bytes at most", TOO_LARGE)
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise _wrong(UNPROCESSABLE, str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WrongRequestError("the body is no JSON document", BAD_REQUEST) from error


def flag(said: Flag | None) -> bool | None:
    """Return what a flag says; None where it says nothing."""
    return None if said is None else said == "true"


def _converted(given: Mapping[str, Any], kind: type[Asked]) -> Asked:
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise _wrong(BAD_REQUEST, str(error)) from error


def _is_text(said: str) -> bool:
    """Tell whether a text is one: half a surrogate pair can be stored nowhere."""
    return not any("\ud800" <= character <= "\udfff" for character in said)


def _wrong(status: int, said: str, name: str = "") -> WrongRequestError:
    """Return the error that names the place, as msgspec tells it."""
    match = _AT.fullmatch(said)
    what, at = (match["what"], match["at"]) if match else (said, None)
    place = name or (at or "").lstrip(".")
    told = f"{place}: {what}" if place else what
    return WrongRequestError(told, status, (Wrong(at=place, detail=what),))
