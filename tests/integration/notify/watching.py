"""CloudWatch on the test's clock: which of the deployed alarms would ring for the Slack queue."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.integration.notify.hours import Day
from vigil.package.alarms import alarm_resources
from vigil.package.plan import QUEUES

#: SQS reports every minute.
EVERY = timedelta(minutes=1)
_STATISTICS = {"Maximum": max, "Minimum": min}
_PLAN = QUEUES["slack"]


@dataclass
class Watch:
    """What CloudWatch saw of the Slack queue and its dead letters, minute by minute."""

    day: Day
    samples: dict[str, list[dict[str, float]]] = field(
        default_factory=lambda: {_PLAN.id: [], _PLAN.dead_letter_id: []}
    )

    def sample(self) -> None:
        """Look once."""
        self.samples[_PLAN.id].append(self.day.queue.metrics())
        dead = {"ApproximateNumberOfMessagesVisible": float(len(self.day.queue.dead))}
        self.samples[_PLAN.dead_letter_id].append(dead)

    def ringing(self) -> set[str]:
        """Return the alarms that rang at any time."""
        return {name for name, alarm, queue in _alarms() if self._rang(alarm, self.samples[queue])}

    def _rang(self, alarm: dict[str, Any], samples: list[dict[str, float]]) -> bool:
        minutes = alarm["Period"] // 60
        values = [sample.get(alarm["MetricName"], 0) for sample in samples]
        periods = [values[at : at + minutes] for at in range(0, len(values), minutes)]
        breaching = [
            _STATISTICS[alarm["Statistic"]](period) > alarm["Threshold"] for period in periods
        ]
        needed = alarm["EvaluationPeriods"]
        return any(all(breaching[at : at + needed]) for at in range(len(breaching) - needed + 1))


def _alarms() -> Iterator[tuple[str, dict[str, Any], str]]:
    for name, resource in alarm_resources().items():
        alarm = resource.get("Properties", {})
        for dimension in alarm.get("Dimensions", []):
            queue = dimension["Value"].get("Fn::GetAtt", [""])[0]
            if queue in {_PLAN.id, _PLAN.dead_letter_id}:
                yield name, alarm, queue
