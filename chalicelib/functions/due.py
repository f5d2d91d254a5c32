"""Lambda `due`: the schedule that queues looks at resources whose verdict time alone can flip."""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint

from chalicelib import loading, wiring

bp = Blueprint(__name__)
logger = Logger(service="vigil-due")
loading.finish(wiring.ports)


@bp.lambda_function(name="due")
@logger.inject_lambda_context(clear_state=True)
def due(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Queue a look at everything that is due."""
    queued = wiring.queue_due()
    logger.info("due looks queued", extra={"queued": queued})
    return {"queued": queued}
