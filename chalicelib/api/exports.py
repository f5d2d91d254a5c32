"""Exports: asked for here, made by a function of their own, fetched from S3."""

from chalice.app import Blueprint

from chalicelib import exempting, exporting
from chalicelib.api import _answers_people as answers
from chalicelib.api._endpoints import Asked, Endpoints
from chalicelib.api._presenting import export_text_of
from chalicelib.api._problems import UNPROCESSABLE
from chalicelib.api._requests import ExportBody, Nothing, PageQuery
from chalicelib.findings.paging import part_of
from chalicelib.model.export import ExportQuery

bp = Blueprint(__name__)
api = Endpoints(bp)


@api.route(
    "POST",
    "/exports",
    body=ExportBody,
    answer=answers.ExportText,
    status=202,
    refused=UNPROCESSABLE,
)
def ordering(asked: Asked[Nothing, ExportBody]) -> answers.ExportText:
    """Ask for an export of the findings that were open in a window."""
    body = asked.body
    query = ExportQuery(
        start=body.start,
        end=body.to,
        format=body.format,
        accounts=tuple(body.accounts),
        rule_ids=tuple(body.rule_ids),
        ocsf_version=body.ocsf_version,
    )
    by = exempting.service().known(asked.caller)
    return export_text_of(exporting.service().start(query, by))


@api.route("GET", "/exports", query=PageQuery, answer=answers.ExportList)
def exports(asked: Asked[PageQuery, None]) -> answers.ExportList:
    """List the newest exports, newest first."""
    found = exporting.service().list()
    page = part_of(found, "exports", asked.query.cursor, asked.query.limit)
    return answers.ExportList(items=[export_text_of(one) for one in page.items], next=page.next)


@api.route("GET", "/exports/{export_id}", answer=answers.ExportText)
def export(asked: Asked[Nothing, None]) -> answers.ExportText:
    """Return an export: how far it is, and where its file can be fetched."""
    return export_text_of(exporting.service().job(asked.path["export_id"]))
