"""Lambda `sweep-start`: the daily schedule that queues every (type, Region) for a sweep."""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint

from chalicelib import loading, wiring

bp = Blueprint(__name__)
logger = Logger(service="vigil-sweep-start")
loading.finish(wiring.ports)


@bp.lambda_function(name="sweep_start")
@logger.inject_lambda_context(clear_state=True)
def sweep_start(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Queue a sweep of the whole account."""
    queued = wiring.start_sweep()
    logger.info("sweep started", extra={"queued": queued})
    return {"queued": queued}
