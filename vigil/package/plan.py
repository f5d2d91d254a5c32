"""The deployable as tables: which functions and queues there are, and how each is sized and fed.

A function that is missing here is not deployed, whatever `app.py` registers; a test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlan:
    """A queue and how it feeds its function.

    Attributes:
        max_receives: Deliveries before a message goes to the dead-letter queue.
        concurrency: Lambda's MaximumConcurrency for it; AWS takes 2 at least. Reserved concurrency
            would do the same but lets throttled receives count as deliveries.
        old_after_seconds: The age of the oldest message that raises the alarm.
    """

    name: str
    batch_size: int
    concurrency: int
    max_receives: int
    old_after_seconds: int
    retention_seconds: int = 14 * DAY_SECONDS

    @property
    def id(self) -> str:
        """Its logical id."""
        return f"{self.name.capitalize()}Queue"

    @property
    def dead_letter_id(self) -> str:
        """The logical id of its dead-letter queue."""
        return f"{self.name.capitalize()}DeadLetters"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionPlan:
    """A Lambda function.

    Attributes:
        name: As `chalicelib.functions` registers it.
        queue: The queue it works through, or None.
        schedule: The rate at which it runs, or None.
        reads_history: True for the reader of the history's stream.
        seals: True for the stream's second and last reader, which is given all of it.
        describes: True where it looks at resources.
        lists: True where it lists whole populations too.
        variables: Environment variables beyond those that every function has.
        disk_mb: Its ephemeral storage; None for the 512 that every function has.
        serves: True for the one behind the REST API.
    """

    name: str
    memory_mb: int
    timeout_seconds: int
    queue: str | None = None
    schedule: str | None = None
    reads_history: bool = False
    seals: bool = False
    describes: bool = False
    lists: bool = False
    variables: tuple[str, ...] = ()
    disk_mb: int | None = None
    serves: bool = False

    @property
    def id(self) -> str:
        """Its logical id: Chalice capitalises each word of the name, and has one for the API."""
        if self.serves:
            return "APIHandler"
        return "".join(word.capitalize() for word in self.name.split("_"))

    @property
    def chalice_name(self) -> str:
        """What Chalice's configuration calls it."""
        return "api_handler" if self.serves else self.name

    @property
    def deployed_name(self) -> str:
        """The end of its name in AWS, after the stack's."""
        return self.name.replace("_", "-")


_LOOKS = (
    "VIGIL_CHANGES_QUEUE_URL",
    "VIGIL_SWEEP_QUEUE_URL",
    "VIGIL_SWEEP_REGIONS",
    "VIGIL_DEFAULT_OWNER",
    "VIGIL_RULES_BUCKET",
    "VIGIL_EVIDENCE_BUCKET",
)
_SWEEPS = (
    "VIGIL_ACCOUNT_ID",
    "VIGIL_PARTITION",
    "VIGIL_SWEEP_QUEUE_URL",
    "VIGIL_SWEEP_REGIONS",
    "VIGIL_RULES_BUCKET",
)
_SEALS = ("VIGIL_ACCOUNT_ID", "VIGIL_PARTITION", "VIGIL_EVIDENCE_BUCKET")
_SLACK = ("VIGIL_SLACK_SECRET", "VIGIL_SLACK_CHANNEL", "VIGIL_SLACK_QUEUE_URL")
_EXPORTS = (
    "VIGIL_EVIDENCE_BUCKET",
    "VIGIL_EXPORTS_BUCKET",
    "VIGIL_EXPORTS_QUEUE_URL",
    "VIGIL_RULES_BUCKET",
    "VIGIL_SEAL_KEY_ID",
)
_SERVES = (
    "VIGIL_ACCOUNT_ID",
    "VIGIL_PARTITION",
    "VIGIL_SWEEP_REGIONS",
    "VIGIL_DEFAULT_OWNER",
    "VIGIL_RULES_BUCKET",
    "VIGIL_EVIDENCE_BUCKET",
    "VIGIL_EXPORTS_BUCKET",
    "VIGIL_EXPORTS_QUEUE_URL",
)

FUNCTIONS = (
    FunctionPlan(
        name="evaluate",
        memory_mb=512,
        timeout_seconds=60,
        queue="changes",
        describes=True,
        variables=_LOOKS,
    ),
    FunctionPlan(
        name="sweep_start",
        memory_mb=256,
        timeout_seconds=60,
        schedule="rate(1 day)",
        variables=_SWEEPS,
    ),
    FunctionPlan(
        name="sweep_work",
        memory_mb=512,
        timeout_seconds=300,
        queue="sweep",
        describes=True,
        lists=True,
        variables=_LOOKS,
    ),
    FunctionPlan(
        name="due",
        memory_mb=256,
        timeout_seconds=60,
        schedule="rate(15 minutes)",
        variables=("VIGIL_ACCOUNT_ID", "VIGIL_SWEEP_QUEUE_URL", "VIGIL_RULES_BUCKET"),
    ),
    FunctionPlan(
        name="announce",
        memory_mb=256,
        timeout_seconds=60,
        reads_history=True,
        variables=("VIGIL_TOPIC_ARN",),
    ),
    FunctionPlan(
        name="reannounce",
        memory_mb=256,
        timeout_seconds=300,
        schedule="rate(15 minutes)",
        variables=("VIGIL_TOPIC_ARN",),
    ),
    FunctionPlan(
        name="posture",
        memory_mb=256,
        timeout_seconds=300,
        schedule="rate(1 hour)",
        variables=("VIGIL_ACCOUNT_ID",),
    ),
    # An export is gathered on disk, twice the size of what it leaves.
    FunctionPlan(
        name="export",
        memory_mb=1_024,
        timeout_seconds=900,
        queue="exports",
        disk_mb=4_096,
        variables=_EXPORTS,
    ),
    # API Gateway waits 29 s for an answer. More memory is more CPU, which a cold start needs.
    FunctionPlan(name="api", memory_mb=1_024, timeout_seconds=29, serves=True, variables=_SERVES),
    FunctionPlan(name="seal", memory_mb=256, timeout_seconds=60, seals=True, variables=_SEALS),
    FunctionPlan(
        name="sign",
        memory_mb=256,
        timeout_seconds=300,
        schedule="rate(1 hour)",
        variables=(*_SEALS, "VIGIL_SEAL_KEY_ID"),
    ),
    # A day's entries are in its memory, by their hashes.
    FunctionPlan(
        name="recount",
        memory_mb=512,
        timeout_seconds=900,
        schedule="rate(1 day)",
        variables=_SEALS,
    ),
    # A claim's lease is 90 s: a function that ran longer could post what somebody else posts too.
    FunctionPlan(name="slack", memory_mb=256, timeout_seconds=60, queue="slack", variables=_SLACK),
)

QUEUES: Mapping[str, QueuePlan] = {
    plan.name: plan
    for plan in (
        QueuePlan(
            name="changes", batch_size=10, concurrency=10, max_receives=5, old_after_seconds=900
        ),
        QueuePlan(
            name="sweep",
            batch_size=5,
            concurrency=5,
            max_receives=5,
            old_after_seconds=6 * 3_600,
        ),
        # Slack takes about a message a second: a larger batch would only be refused. Refusals
        # count as receives, hence the many.
        QueuePlan(
            name="slack", batch_size=1, concurrency=2, max_receives=1_000, old_after_seconds=3_600
        ),
        # One at a time fills a function's disk; what failed three times fails for good.
        QueuePlan(
            name="exports",
            batch_size=1,
            concurrency=2,
            max_receives=3,
            old_after_seconds=4 * 3_600,
        ),
    )
}


def consumer_of(queue: QueuePlan) -> FunctionPlan:
    """Return the function that works through a queue."""
    return next(plan for plan in FUNCTIONS if plan.queue == queue.name)
