"""Lambda `recount`: the daily schedule that counts the history against its seal."""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint

from chalicelib import loading, sealing

bp = Blueprint(__name__)
logger = Logger(service="vigil-recount")
loading.finish(sealing.prepare)


@bp.lambda_function(name="recount")
@logger.inject_lambda_context(clear_state=True)
def recount(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Count every hour since the last complete count; a difference opens a critical finding."""
    hours = sealing.recount()
    logger.info("recounted", extra={"hours_that_differ": hours})
    return {"hours_that_differ": hours}
