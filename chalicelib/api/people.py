"""People: who they are, which identities are theirs, and who is calling."""

from chalice.app import Blueprint

from chalicelib import exempting
from chalicelib.api import _answers_people as answers
from chalicelib.api._endpoints import Asked, Endpoints
from chalicelib.api._presenting import person_text_of
from chalicelib.api._problems import CONFLICT, UNPROCESSABLE
from chalicelib.api._requests import NoteBody, Nothing, PageQuery, PersonBody
from chalicelib.findings.paging import part_of

bp = Blueprint(__name__)
api = Endpoints(bp)


@api.route("GET", "/people", query=PageQuery, answer=answers.PersonList)
def people(asked: Asked[PageQuery, None]) -> answers.PersonList:
    """List everybody, the removed ones too."""
    found = exempting.service().people()
    page = part_of(found, "people", asked.query.cursor, asked.query.limit)
    return answers.PersonList(items=[person_text_of(one) for one in page.items], next=page.next)


@api.route(
    "POST",
    "/people",
    body=PersonBody,
    answer=answers.PersonText,
    status=201,
    refused=UNPROCESSABLE,
)
def enrolment(asked: Asked[Nothing, PersonBody]) -> answers.PersonText:
    """Add a person, or give one other identities; another person has to confirm it."""
    body = asked.body
    person = exempting.service().enrol(body.id, body.name, body.identities, asked.caller)
    return person_text_of(person)


@api.route(
    "POST",
    "/people/{person_id}/confirmation",
    body=NoteBody,
    answer=answers.PersonText,
    refused=CONFLICT,
)
def confirmation(asked: Asked[Nothing, NoteBody]) -> answers.PersonText:
    """Say that the identities of another person are that person's."""
    person_id, note = asked.path["person_id"], asked.body.note
    return person_text_of(exempting.service().confirm(person_id, asked.caller, note))


@api.route("DELETE", "/people/{person_id}", answer=answers.PersonText, refused=CONFLICT)
def removal(asked: Asked[Nothing, None]) -> answers.PersonText:
    """Take a person off the list."""
    return person_text_of(exempting.service().remove(asked.path["person_id"], asked.caller))


@api.route("GET", "/me", answer=answers.Me)
def me(asked: Asked[Nothing, None]) -> answers.Me:
    """Say who calls, and which person that is."""
    caller = exempting.service().known(asked.caller)
    shown = answers.IdentityText(
        kind=caller.kind.value, id=caller.id, name=caller.name, arn=caller.arn
    )
    return answers.Me(identity=shown, person=caller.person)
