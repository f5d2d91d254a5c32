"""Ask AWS about one resource, where some error codes mean "there is none" and no failure.

What a newcomer gets wrong: only a code that AWS documents for absence means absence. Any other
error must go up: the frame makes a gap of it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.resources._errors import code_of

Answer = Mapping[str, Any]


def answer_or_none(ask: Callable[..., Answer], *absent: str, **given: Any) -> Answer | None:
    """Return what `ask` answers when called with `given`; None for one of the `absent` codes."""
    try:
        return ask(**given)
    except ClientError as error:
        if code_of(error) in absent:
            return None
        raise
