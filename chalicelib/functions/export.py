"""Lambda `export`: the queue of exports; one at a time, because each fills the function's disk."""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint

from chalicelib import loading, making
from chalicelib.functions._batch import Event, each

bp = Blueprint(__name__)
logger = Logger(service="vigil-export")
loading.finish(making.prepare)


@bp.lambda_function(name="export")
@logger.inject_lambda_context(clear_state=True)
def export(event: Event, context: Any) -> Event:
    """Make what a batch of messages asks for."""
    return each(event, context, _make)


def _make(record: Event) -> None:
    receives = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
    attempt = f"{record['messageId']}#{receives}"
    with making.coming_back_soon(record):
        outcome = making.make(record["body"], attempt=attempt, receives=receives)
    logger.info("export ended", extra={"id": record["messageId"], "outcome": outcome})
