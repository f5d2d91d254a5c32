"""Exemptions: what is accepted, who asked for it and who decided."""

from collections.abc import Callable

from chalice.app import Blueprint

from chalicelib import exempting, serving
from chalicelib.api import _answers_people as answers
from chalicelib.api._endpoints import Asked, Endpoints
from chalicelib.api._presenting import exemption_detail_of, exemption_text_of, summary_of
from chalicelib.api._problems import CONFLICT, UNPROCESSABLE
from chalicelib.api._requests import (
    ExemptionBody,
    ExemptionsQuery,
    NoteBody,
    Nothing,
    PreviewBody,
    ScopeBody,
    flag,
)
from chalicelib.findings.paging import part_of
from chalicelib.model import Exemption, Identity, Scope

bp = Blueprint(__name__)
api = Endpoints(bp)

_Decide = Callable[[str, Identity, str | None], Exemption]


@api.route("GET", "/exemptions", query=ExemptionsQuery, answer=answers.ExemptionList)
def exemptions(asked: Asked[ExemptionsQuery, None]) -> answers.ExemptionList:
    """List exemptions, the newest request first."""
    query, service = asked.query, exempting.service()
    shown = (exemption_text_of(one, service.clock.now()) for one in service.exemptions())
    of_status = (one for one in shown if query.status in (None, one.status))
    wanted = [one for one in of_status if flag(query.in_force) in (None, one.in_force)]
    page = part_of(wanted, (query.status, query.in_force), query.cursor, query.limit)
    return answers.ExemptionList(items=list(page.items), next=page.next)


@api.route("GET", "/exemptions/{exemption_id}", answer=answers.ExemptionDetail)
def exemption(asked: Asked[Nothing, None]) -> answers.ExemptionDetail:
    """Return an exemption with its history."""
    service = exempting.service()
    found = service.exemption(asked.path["exemption_id"])
    return exemption_detail_of(found, service.history(found), service.clock.now())


@api.route(
    "POST",
    "/exemptions/preview",
    body=PreviewBody,
    answer=answers.Preview,
    refused=UNPROCESSABLE,
)
def preview(asked: Asked[Nothing, PreviewBody]) -> answers.Preview:
    """Count the open findings that an exemption would be about; nothing is written."""
    found = exempting.service().preview(_scope(asked.body.scope))
    listed = serving.service().listed(found.findings)
    return answers.Preview(matched=found.matched, findings=[summary_of(one) for one in listed])


@api.route(
    "POST",
    "/exemptions",
    body=ExemptionBody,
    answer=answers.ExemptionText,
    status=201,
    refused=UNPROCESSABLE,
)
def request(asked: Asked[Nothing, ExemptionBody]) -> answers.ExemptionText:
    """Ask for an exemption; it holds once another person has approved it."""
    body, service = asked.body, exempting.service()
    made = service.request(_scope(body.scope), body.reason, body.expires_at, asked.caller)
    return exemption_text_of(made, service.clock.now())


@api.route(
    "POST",
    "/exemptions/{exemption_id}/approval",
    body=NoteBody,
    answer=answers.ExemptionText,
    refused=CONFLICT,
)
def approval(asked: Asked[Nothing, NoteBody]) -> answers.ExemptionText:
    """Accept a risk that another person asked to accept."""
    return _decided(exempting.service().approve, asked)


@api.route(
    "POST",
    "/exemptions/{exemption_id}/refusal",
    body=NoteBody,
    answer=answers.ExemptionText,
    refused=CONFLICT,
)
def refusal(asked: Asked[Nothing, NoteBody]) -> answers.ExemptionText:
    """Decline a request."""
    return _decided(exempting.service().refuse, asked)


@api.route(
    "POST",
    "/exemptions/{exemption_id}/revocation",
    body=NoteBody,
    answer=answers.ExemptionText,
    refused=CONFLICT,
)
def revocation(asked: Asked[Nothing, NoteBody]) -> answers.ExemptionText:
    """End an exemption before its time."""
    return _decided(exempting.service().revoke, asked)


def _decided(decide: _Decide, asked: Asked[Nothing, NoteBody]) -> answers.ExemptionText:
    decided = decide(asked.path["exemption_id"], asked.caller, asked.body.note)
    return exemption_text_of(decided, exempting.service().clock.now())


def _scope(body: ScopeBody) -> Scope:
    return Scope(
        rule_id=body.rule_id,
        account=body.account,
        region=body.region,
        resource=body.resource,
        resource_type=body.resource_type,
        tags=body.tags,
    )
