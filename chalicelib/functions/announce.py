"""Lambda `announce`: the history's stream → the SNS topic. The event source filters on `kind`."""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint

from chalicelib import loading, telling
from chalicelib.functions._batch import Event

bp = Blueprint(__name__)
logger = Logger(service="vigil-announce")
loading.finish(telling.prepare)


@bp.lambda_function(name="announce")
@logger.inject_lambda_context(clear_state=True)
def announce(event: Event, _context: Any) -> dict[str, int]:
    """Publish a batch of history entries.

    A failure brings the batch back, bisected; what was published meanwhile is not published again.
    """
    published = telling.announce_stream(event["Records"])
    logger.info("announced", extra={"notices": published})
    return {"published": published}
