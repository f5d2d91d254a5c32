"""The rules in force."""

from chalice.app import Blueprint

from chalicelib import serving
from chalicelib.api import _answers as answers
from chalicelib.api._endpoints import Asked, Endpoints
from chalicelib.api._presenting import rule_text_of
from chalicelib.api._requests import Nothing, PageQuery
from chalicelib.errors import NotFoundError
from chalicelib.findings.paging import part_of

bp = Blueprint(__name__)
api = Endpoints(bp)


@api.route("GET", "/rules", query=PageQuery, answer=answers.RuleList)
def rules(asked: Asked[PageQuery, None]) -> answers.RuleList:
    """List every rule in force, by id."""
    found = tuple(serving.service().rulebook.by_id.values())
    page = part_of(found, "rules", asked.query.cursor, asked.query.limit)
    return answers.RuleList(items=[rule_text_of(one) for one in page.items], next=page.next)


@api.route("GET", "/rules/{rule_id}", answer=answers.RuleText)
def rule(asked: Asked[Nothing, None]) -> answers.RuleText:
    """Return a rule in force."""
    found = serving.service().rulebook.by_id.get(asked.path["rule_id"])
    if found is None:
        raise NotFoundError("no rule of this id is in force")
    return rule_text_of(found)
