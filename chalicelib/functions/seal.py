"""Lambda `seal`: the history's stream → segments and manifests under Object Lock.

The second and last reader of the stream. Its event source filters nothing: a change or a removal of
an entry is what it is there to see.
"""

from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint

from chalicelib import loading, sealing
from chalicelib.functions._batch import Event

bp = Blueprint(__name__)
logger = Logger(service="vigil-seal")
loading.finish(sealing.prepare)


@bp.lambda_function(name="seal")
@logger.inject_lambda_context(clear_state=True)
def seal(event: Event, _context: Any) -> dict[str, int]:
    """Seal a batch of the stream; a batch that fails comes back whole, and may be sealed twice."""
    lines = sealing.seal_stream(event["Records"])
    logger.info("sealed", extra={"lines": lines})
    return {"sealed": lines}
