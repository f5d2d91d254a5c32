"""Lambda `evaluate`: the changes queue; live CloudTrail records and their confirming looks."""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint

from chalicelib import loading, wiring
from chalicelib.functions._batch import Event, each, process_with

bp = Blueprint(__name__)
logger = Logger(service="vigil-evaluate")
loading.finish(wiring.ports)


@bp.lambda_function(name="evaluate")
@logger.inject_lambda_context(clear_state=True)
def evaluate(event: Event, context: Any) -> Event:
    """Judge a batch of changes; failed records go back to the queue alone."""
    return each(event, context, process_with(logger))
