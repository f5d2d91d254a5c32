"""Lambda `due`: what time alone makes due: looks whose verdict it can flip, ends of exemptions."""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint

from chalicelib import exempting, loading, wiring

bp = Blueprint(__name__)
logger = Logger(service="vigil-due")
loading.finish(wiring.ports)


@bp.lambda_function(name="due")
@logger.inject_lambda_context(clear_state=True)
def due(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Queue a look at everything that is due, then see to exemptions."""
    queued, ticked = wiring.queue_due(), exempting.tick()
    done = {"queued": queued, "exemptions_ended": ticked.expired, "reminded": ticked.reminded}
    logger.info("due looks queued", extra=done)
    return done
