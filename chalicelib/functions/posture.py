"""Lambda `posture`: the schedule that counts how the account stands, hour by hour."""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint

from chalicelib import loading, measuring

bp = Blueprint(__name__)
logger = Logger(service="vigil-posture")
loading.finish(measuring.prepare)


@bp.lambda_function(name="posture")
@logger.inject_lambda_context(clear_state=True)
def posture(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Remember how things stand."""
    found = measuring.measure()
    counts = {"open": sum(found.open.values()), "overdue": found.overdue, "exempt": found.exempt}
    logger.info("posture kept", extra=counts)
    return counts
