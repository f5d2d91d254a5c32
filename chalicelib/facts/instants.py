"""Instants as text and as a number, the one way in which every export and answer has them.

Always UTC, always three decimals: only then is the order of texts the order of time.
"""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(instant: datetime) -> str:
    """Write an instant: RFC 3339 in UTC with milliseconds and ``Z``."""
    utc = instant.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def epoch_milliseconds(instant: datetime) -> int:
    """Return the whole milliseconds since 1970, as `stamp` cuts them."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)
