"""A line of a replay, with names that others rely on: ``vigil replay --format jsonl``."""

from dataclasses import dataclass

from chalicelib.model import Severity
from vigil.replay.outline import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is told of a record; the keys of the machine format.

    Attributes:
        event_time: UTC, RFC 3339; of an invalid record, whatever text stood there.
        source: File as named, ``#``, index.
        severity: Highest of the rules that object, else None.
        duplicate_of: `source` of the same record seen before, else None.
    """

    event_id: str | None
    event_time: str | None
    event_source: str | None
    event_name: str | None
    account_id: str | None
    region: str | None
    actor: str | None
    source_ip: str | None
    source: str
    verdict: Verdict
    rule_ids: tuple[str, ...] = ()
    severity: Severity | None = None
    resources: tuple[dict[str, str], ...] = ()
    message: str = ""
    duplicate_of: str | None = None
