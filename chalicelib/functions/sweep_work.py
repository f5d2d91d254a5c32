"""Lambda `sweep-work`: the sweep queue; pages of sweeps, due looks and companions' dependents."""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint

from chalicelib import loading, wiring
from chalicelib.functions._batch import Event, each, process_with

bp = Blueprint(__name__)
logger = Logger(service="vigil-sweep-work")
loading.finish(wiring.ports)


@bp.lambda_function(name="sweep_work")
@logger.inject_lambda_context(clear_state=True)
def sweep_work(event: Event, context: Any) -> Event:
    """Work through a batch of pages and looks that no live change waits for."""
    return each(event, context, process_with(logger))
