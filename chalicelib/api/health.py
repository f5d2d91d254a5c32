"""Whether Vigil works, as far as it can tell of itself."""

from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError
from chalice.app import Blueprint

from chalicelib import serving
from chalicelib.api import _answers_people as answers
from chalicelib.api._endpoints import Asked, Endpoints
from chalicelib.api._presenting import maybe
from chalicelib.api._problems import code_of
from chalicelib.api._requests import Nothing
from chalicelib.errors import VigilError
from chalicelib.facts.legible import legible
from chalicelib.findings.filters import FindingFilter
from chalicelib.findings.integrity import Manifest
from chalicelib.version import VERSION

bp = Blueprint(__name__)
api = Endpoints(bp)

DETAIL_LIMIT_CHARS = 300
NAMED = 5


@api.route("GET", "/health", answer=answers.Health)
def health(_asked: Asked[Nothing, None]) -> answers.Health:
    """Say whether Vigil works, and until when its history is sealed."""
    service = serving.service()
    head: list[Manifest] = []
    checks = [
        _check("findings", lambda: _findings(service)),
        _check("rules", lambda: f"{len(service.rulebook.by_id)} rules in force"),
        _check("register", lambda: _register(service)),
        _check("seal", lambda: _seal(service, head)),
    ]
    sealed = head[0].sealed_at if head else None
    return answers.Health(
        status="ok" if all(check.ok for check in checks) else "degraded",
        version=VERSION,
        bundle=service.rulebook.hash,
        sealed_until=maybe(sealed),
        unsealed=service.reader.past.written(sealed, service.clock.now()) if sealed else None,
        checks=checks,
    )


class _FailedError(VigilError):
    """A check found something."""


def _check(name: str, probe: Callable[[], str]) -> answers.HealthCheck:
    try:
        return answers.HealthCheck(name=name, ok=True, detail=probe())
    except VigilError as error:
        said = str(error)
    except (ClientError, BotoCoreError) as error:
        said = code_of(error) or type(error).__name__
    return answers.HealthCheck(name=name, ok=False, detail=legible(said[:DETAIL_LIMIT_CHARS]))


def _findings(service: serving.Serving) -> str:
    service.reader.findings(FindingFilter(), service.judge(), None, 1)
    return "readable"


def _register(service: serving.Serving) -> str:
    altered = service.register.tampered()
    if altered:
        raise _FailedError(f"{len(altered)} altered: {'; '.join(altered[:NAMED])}")
    return "as its history says"


def _seal(service: serving.Serving, head: list[Manifest]) -> str:
    if not service.settings.evidence_bucket:
        raise _FailedError("nothing is sealed: no evidence bucket is set")
    manifest = service.archive.head()
    if manifest is None:
        return "nothing is sealed yet"
    head.append(manifest)
    return f"{manifest.total} entries in {manifest.number} manifests"
