"""A way to Slack at the channel's pace: a message a second, and none while Slack wants to be left.

Slack tells one request to wait, and means the channel: whoever posts next would be refused too, and
an app that goes on asking is throttled harder. So everybody waits for what one was told.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.errors import DeliveryError
from chalicelib.findings.deliveries import Deliveries
from chalicelib.notify import slack
from chalicelib.ports import Clock

#: A proxy may name any number; nobody is kept away for longer than this by one answer.
LONGEST_PAUSE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced:
    """Implements `slack.Poster`, and remembers for all what Slack asked one to wait for."""

    poster: slack.Poster
    deliveries: Deliveries
    clock: Clock
    spacing: timedelta

    def expect_no_pause(self) -> None:
        """Pass where the channel may be written to.

        Raises:
            DeliveryError: Slack asked to wait, and the time is not over.
        """
        _raise_for(self.deliveries.pause_left(self.clock.now()))

    def take_turn(self) -> None:
        """Take the channel's turn.

        Raises:
            DeliveryError: It is somebody else's, or Slack asked to wait.
        """
        _raise_for(self.deliveries.wait_for_turn(self.clock.now(), self.spacing))

    def post(self, payload: slack.Payload, *, ids: Sequence[str], thread: str | None) -> str | None:
        """Post a message."""
        with self._heeding():
            return self.poster.post(payload, ids=ids, thread=thread)

    def update(self, timestamp: str, payload: slack.Payload) -> bool:
        """Replace a message."""
        with self._heeding():
            return self.poster.update(timestamp, payload)

    def find(self, delivery_id: str, *, thread: str | None, since: datetime) -> slack.Lookup:
        """Look for an earlier delivery."""
        with self._heeding():
            return self.poster.find(delivery_id, thread=thread, since=since)

    @contextmanager
    def _heeding(self) -> Iterator[None]:
        try:
            yield
        except DeliveryError as error:
            if error.retry_after_seconds:
                longest = LONGEST_PAUSE.total_seconds()
                wait = timedelta(seconds=min(error.retry_after_seconds, longest))
                self.deliveries.pause(self.clock.now() + wait)
            raise


def _raise_for(wait: timedelta | None) -> None:
    if wait is not None:
        raise DeliveryError("not this channel's turn", retry_after_seconds=wait.total_seconds())
