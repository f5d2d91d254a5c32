"""What a rate rule counts: one record is an occurrence, enough of them in time are a burst.

An occurrence carries what would be told if it were the one too many, so that nothing has to be
judged again once it has been counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.model.finding import Detection
from chalicelib.model.rule import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One record that a rate rule counts.

    Attributes:
        detection: What is told if there are too many, without message and burst.
        template: The rule's message.
        values: What the message looks up, except for the counts.
        actor: Digest of whom the rule counts.
        stretch: Start of the fixed stretch of time within which occurrences are kept together.
        mark: Names this very record, with its time and what was called: the same for every
            delivery of it.
    """

    detection: Detection
    template: str
    values: Mapping[str, Any]
    rate: Rate
    actor: str
    stretch: datetime
    mark: str

    @property
    def key(self) -> str:
        """Rule, account and actor: what is counted together."""
        account_id = self.detection.subject.ref.account_id
        return f"{self.detection.rule_id}#{account_id}#{self.actor}"
