"""Findings: lists, one of them, its history, and what people do about it."""

from typing import Any

from chalice.app import Blueprint

from chalicelib import acting, exempting, serving
from chalicelib.api import _answers as answers
from chalicelib.api._endpoints import Asked, Endpoints
from chalicelib.api._presenting import step_of, summary_of
from chalicelib.api._problems import CONFLICT
from chalicelib.api._requests import (
    AsOfQuery,
    AssigneeBody,
    FindingsQuery,
    NoteBody,
    NoteTextBody,
    Nothing,
    PageQuery,
    flag,
)
from chalicelib.findings.filters import FindingFilter
from chalicelib.model import Finding, Identity, Severity, Status

bp = Blueprint(__name__)
api = Endpoints(bp)


@api.route("GET", "/findings", query=FindingsQuery, answer=answers.FindingList)
def findings(asked: Asked[FindingsQuery, None]) -> answers.FindingList:
    """List findings: open ones worst first, and always the newest first."""
    query = asked.query
    page = serving.service().findings(_filter(query), query.cursor, query.limit)
    return answers.FindingList(items=[summary_of(one) for one in page.items], next=page.next)


@api.route("GET", "/findings/{finding_id}", query=AsOfQuery, answer=answers.FindingRecord)
def finding(asked: Asked[AsOfQuery, None]) -> dict[str, Any]:
    """Return everything that is known of a finding, now or as of an instant."""
    service = serving.service()
    return service.record(service.finding(asked.path["finding_id"]), asked.query.as_of)


@api.route("GET", "/findings/{finding_id}/history", query=PageQuery, answer=answers.History)
def history(asked: Asked[PageQuery, None]) -> answers.History:
    """List what happened to a finding, oldest first."""
    service, query = serving.service(), asked.query
    found = service.finding(asked.path["finding_id"])
    page = service.reader.past.history(found, query.cursor, query.limit)
    return answers.History(items=[step_of(entry) for entry in page.items], next=page.next)


@api.route(
    "POST",
    "/findings/{finding_id}/acknowledgement",
    body=NoteBody,
    answer=answers.FindingRecord,
    refused=CONFLICT,
)
def acknowledgement(asked: Asked[Nothing, NoteBody]) -> dict[str, Any]:
    """Say that somebody sees to a finding."""
    return _record(acting.acknowledge(asked.path["finding_id"], _by(asked), asked.body.note))


@api.route(
    "PUT",
    "/findings/{finding_id}/assignee",
    body=AssigneeBody,
    answer=answers.FindingRecord,
    refused=CONFLICT,
)
def assignee(asked: Asked[Nothing, AssigneeBody]) -> dict[str, Any]:
    """Say who is to see to a finding."""
    body, finding_id = asked.body, asked.path["finding_id"]
    return _record(acting.assign(finding_id, body.assignee, _by(asked), body.note))


@api.route(
    "POST",
    "/findings/{finding_id}/notes",
    body=NoteTextBody,
    answer=answers.FindingRecord,
    refused=CONFLICT,
)
def notes(asked: Asked[Nothing, NoteTextBody]) -> dict[str, Any]:
    """Keep a remark in a finding's history."""
    return _record(acting.note(asked.path["finding_id"], _by(asked), asked.body.note))


def _filter(query: FindingsQuery) -> FindingFilter:
    severities = query.severity.split(",") if query.severity else ()
    return FindingFilter(
        status=Status(query.status.upper()),
        severities=frozenset(map(Severity, severities)),
        account=query.account,
        rule_id=query.rule_id,
        resource_type=query.resource_type,
        region=query.region,
        owner=query.owner,
        assignee=query.assignee,
        text=query.q,
        exempt=flag(query.exempt),
        overdue=flag(query.overdue),
    )


def _by(asked: Asked[Any, Any]) -> Identity:
    return exempting.service().known(asked.caller)


def _record(finding: Finding) -> dict[str, Any]:
    return serving.service().record(finding)
