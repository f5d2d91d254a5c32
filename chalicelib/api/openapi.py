"""What the API takes and answers, as a document of its own."""

from typing import Any

from chalice.app import Blueprint

from chalicelib.api import (
    changes,
    exemptions,
    exports,
    findings,
    health,
    people,
    posture,
    resources,
    rules,
)
from chalicelib.api._endpoints import Asked, Endpoint, Endpoints
from chalicelib.api._openapi import document
from chalicelib.api._requests import Nothing

bp = Blueprint(__name__)
api = Endpoints(bp)


@api.route("GET", "/openapi.json", answer=None)
def openapi(_asked: Asked[Nothing, None]) -> dict[str, Any]:
    """Return this document."""
    return document(endpoints())


def endpoints() -> tuple[Endpoint, ...]:
    """Return every endpoint there is."""
    kinds = (
        findings.api,
        resources.api,
        changes.api,
        rules.api,
        exemptions.api,
        people.api,
        exports.api,
        posture.api,
        health.api,
        api,
    )
    return tuple(endpoint for one in kinds for endpoint in one.all)
