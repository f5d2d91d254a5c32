"""How the account stands, and how it stood."""

from datetime import timedelta
from typing import Any

import msgspec
from chalice.app import Blueprint

from chalicelib import measuring, serving
from chalicelib.api import _answers_people as answers
from chalicelib.api._endpoints import Asked, Endpoints
from chalicelib.api._requests import PostureQuery
from chalicelib.facts.instants import stamp
from chalicelib.findings.posture import Posture

bp = Blueprint(__name__)
api = Endpoints(bp)

#: What was measured so long ago is still called now.
FRESH = timedelta(minutes=5)
#: Counting this many takes seconds; where there are more, the hourly measurement has to do.
COUNTED_AT_ONCE = 20_000
#: Beyond so many days a curve has a point a day.
HOURLY_DAYS = 14


@api.route("GET", "/posture", query=PostureQuery, answer=answers.Posture)
def posture(asked: Asked[PostureQuery, None]) -> answers.Posture:
    """Say what is open and how long things take, now and over the last days."""
    service, days = serving.service(), asked.query.days
    since = service.clock.now() - timedelta(days=days)
    account = service.settings.account_id
    now = _now(service)
    series = service.postures.series(account, since, daily=days > HOURLY_DAYS)
    return answers.Posture(now=_shown(now), series=[_point(one) for one in series])


def _now(service: serving.Serving) -> Posture:
    latest = service.postures.latest(service.settings.account_id)
    if latest is not None:
        is_fresh = latest.at >= service.clock.now() - FRESH
        if is_fresh or sum(latest.open.values()) > COUNTED_AT_ONCE:
            return latest
    return measuring.measure()


def _shown(posture: Posture) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(posture)
    return {**shown, "at": stamp(posture.at)}


def _point(posture: Posture) -> dict[str, Any]:
    return {"at": stamp(posture.at), **{grade.value: n for grade, n in posture.open.items()}}
