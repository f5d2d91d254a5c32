"""EventBridge schedules: call a function every so often, or when somebody asks."""

import threading
import uuid
from datetime import UTC, datetime
from typing import Any

from vigil.local._functions import Activity, Function


class Schedule:
    """A named schedule; without an interval it only runs on demand."""

    def __init__(
        self, name: str, function: Function, activity: Activity, *, every_seconds: float | None
    ) -> None:
        self.name = name
        self._function = function
        self._activity = activity
        self._every_seconds = every_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"schedule-{name}", daemon=True)

    def start(self) -> None:
        """Begin to count; the first run comes one interval from now."""
        if self._every_seconds is not None:
            self._thread.start()

    def stop(self) -> None:
        """Start no further run; returns at once."""
        self._stopping.set()

    def join(self, timeout_seconds: float) -> None:
        """Wait for the run in hand."""
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)

    def run(self) -> Any:
        """Run now and return the handler's result; None where it raised."""
        with self._activity.work():
            result, _ = self._function.invoke(_event(self.name))
        return result

    def _run(self) -> None:
        while not self._stopping.wait(self._every_seconds):
            self.run()


def _event(name: str) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": [f"arn:aws:events:us-east-1:123456789012:rule/{name}"],
        "detail": {},
    }
