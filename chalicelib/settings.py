"""The environment, read once into frozen `Settings`: the only reader of ``os.environ``.

Every variable begins with ``VIGIL_``; the package sets them from the stack's own resources.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chalicelib.errors import SettingsError

#: Seconds until the first and the second confirming look; AWS reads settle within a minute.
DEFAULT_CONFIRM_SECONDS = (30, 120)
PACKAGED_BUNDLE = Path(__file__).parent / "bundle.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where things are, and how patient to be.

    Attributes:
        findings_table: What stands.
        history_table: How it came to be.
        ledger_table: Every record received.
        work_table: Deliveries, sweeps, pace.
        changes_queue_url: Queue of live changes and their confirming looks.
        sweep_queue_url: Queue of everything that no live change waits for.
        topic_arn: Topic on which history is announced.
        account_id: Account that is swept.
        partition: AWS partition of that account.
        bundle: The compiled rules of this build.
        rules_bucket: Where rules that were deployed later are kept; empty: nowhere.
        evidence_bucket: Where configuration items and the seal are kept, under Object Lock; empty:
            neither is.
        exports_bucket: Where finished exports wait to be fetched.
        exports_queue_url: Queue of exports that somebody asked for.
        seal_key_id: The KMS key that signs the seal.
        confirm_seconds: Delays of the confirming looks.
        sweep_regions: Regions that a sweep covers.
        slack_secret: Reference to the bot token or webhook: ``secretsmanager:NAME`` or
            ``ssm:/NAME``; the value itself never stands in the environment.
        slack_channel: Channel id for a bot token; ignored by a webhook.
        slack_api_url: Base URL of Slack's Web API.
        slack_queue_url: Queue of what is to be posted.
        slack_spacing_seconds: Least time between two messages to the channel.
        slack_burst_seconds: Window in which the sixth message and later ones become a digest.
        default_owner: Owner of findings whose resource names none.
        endpoint_url: Where an emulated AWS answers; None for the real one.
    """

    findings_table: str
    history_table: str
    ledger_table: str
    work_table: str
    changes_queue_url: str = ""
    sweep_queue_url: str = ""
    topic_arn: str = ""
    account_id: str = ""
    partition: str = "aws"
    bundle: Path = PACKAGED_BUNDLE
    rules_bucket: str = ""
    evidence_bucket: str = ""
    exports_bucket: str = ""
    exports_queue_url: str = ""
    seal_key_id: str = ""
    confirm_seconds: tuple[int, ...] = DEFAULT_CONFIRM_SECONDS
    sweep_regions: tuple[str, ...] = ()
    slack_secret: str | None = None
    slack_channel: str = ""
    slack_api_url: str = "https://slack.com/api/"
    slack_queue_url: str = ""
    slack_spacing_seconds: int = 1
    slack_burst_seconds: int = 60
    default_owner: str | None = None
    endpoint_url: str | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings.

        Raises:
            SettingsError: A required variable is missing or a number is none.
        """
        read = _Reader(os.environ if env is None else env)
        return cls(
            findings_table=read.required("VIGIL_FINDINGS_TABLE"),
            history_table=read.required("VIGIL_HISTORY_TABLE"),
            ledger_table=read.required("VIGIL_LEDGER_TABLE"),
            work_table=read.required("VIGIL_WORK_TABLE"),
            changes_queue_url=read.text("VIGIL_CHANGES_QUEUE_URL"),
            sweep_queue_url=read.text("VIGIL_SWEEP_QUEUE_URL"),
            topic_arn=read.text("VIGIL_TOPIC_ARN"),
            account_id=read.text("VIGIL_ACCOUNT_ID"),
            partition=read.text("VIGIL_PARTITION") or "aws",
            bundle=Path(read.text("VIGIL_BUNDLE") or PACKAGED_BUNDLE),
            rules_bucket=read.text("VIGIL_RULES_BUCKET"),
            evidence_bucket=read.text("VIGIL_EVIDENCE_BUCKET"),
            exports_bucket=read.text("VIGIL_EXPORTS_BUCKET"),
            exports_queue_url=read.text("VIGIL_EXPORTS_QUEUE_URL"),
            seal_key_id=read.text("VIGIL_SEAL_KEY_ID"),
            confirm_seconds=read.seconds("VIGIL_CONFIRM_SECONDS", DEFAULT_CONFIRM_SECONDS),
            sweep_regions=read.names("VIGIL_SWEEP_REGIONS") or (read.text("AWS_REGION"),),
            slack_secret=read.text("VIGIL_SLACK_SECRET") or None,
            slack_channel=read.text("VIGIL_SLACK_CHANNEL"),
            slack_api_url=read.text("VIGIL_SLACK_API_URL") or "https://slack.com/api/",
            slack_queue_url=read.text("VIGIL_SLACK_QUEUE_URL"),
            slack_spacing_seconds=read.seconds("VIGIL_SLACK_SPACING_SECONDS", (1,))[0],
            slack_burst_seconds=read.seconds("VIGIL_SLACK_BURST_SECONDS", (60,))[0],
            default_owner=read.text("VIGIL_DEFAULT_OWNER") or None,
            endpoint_url=read.text("AWS_ENDPOINT_URL") or None,
        )


def is_in_lambda(env: Mapping[str, str] | None = None) -> bool:
    """Whether this process serves Lambda invocations, not a test, a build or a local Vigil."""
    return "AWS_LAMBDA_RUNTIME_API" in (os.environ if env is None else env)


@dataclass(frozen=True, slots=True)
class _Reader:
    env: Mapping[str, str]

    def required(self, name: str) -> str:
        if value := self.env.get(name):
            return value
        raise SettingsError(f"{name} is not set; the package sets it from the data stack")

    def text(self, name: str) -> str:
        return self.env.get(name, "")

    def names(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def seconds(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        parts = self.names(name)
        if not all(part.isdecimal() for part in parts):
            raise SettingsError(f"{name} must be whole seconds separated by commas, like 30,120")
        return tuple(int(part) for part in parts) or default
