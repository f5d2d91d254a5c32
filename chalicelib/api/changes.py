"""The feed of changes: every record that was received, and what became of it."""

from chalice.app import Blueprint

from chalicelib import serving
from chalicelib.api import _answers as answers
from chalicelib.api._endpoints import Asked, Endpoints
from chalicelib.api._presenting import change_of
from chalicelib.api._requests import ChangesQuery

bp = Blueprint(__name__)
api = Endpoints(bp)


@api.route("GET", "/changes", query=ChangesQuery, answer=answers.ChangeList)
def changes(asked: Asked[ChangesQuery, None]) -> answers.ChangeList:
    """List changes, newest first; a page may be empty and still have a next one."""
    query, service = asked.query, serving.service()
    window = serving.Window(
        start=query.start, end=query.to, account=query.account, region=query.region
    )
    page = service.changes(window, query.cursor, query.limit)
    return answers.ChangeList(items=[change_of(row) for row in page.items], next=page.next)
