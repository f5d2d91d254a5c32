"""Lambda `reannounce`: the schedule that announces entries which have no receipt.

It covers every hour since the last one found complete, so that a stream that was down for longer
than the 24 h it keeps loses nothing.
"""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint

from chalicelib import loading, telling

bp = Blueprint(__name__)
logger = Logger(service="vigil-reannounce")
loading.finish(telling.prepare)


@bp.lambda_function(name="reannounce")
@logger.inject_lambda_context(clear_state=True)
def reannounce(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Announce again what was never announced."""
    published = telling.announce_again()
    logger.info("announced again", extra={"notices": published})
    return {"published": published}
