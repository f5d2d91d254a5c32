"""Our side: from describe answers to evaluations, by the functions that the Lambda runs.

Measured is all that happens to an answer after botocore parsed it: reading, deriving, judging.
"""

import gc
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import process_time
from typing import Any

from benchmarks.played_aws import PlayedAws, PlayedEc2, PlayedS3
from benchmarks.samples import ACCOUNT, REGION
from chalicelib.evaluate.engine import judge_item
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import Compliance, ConfigurationItem, ResourceRef, ResourceType
from chalicelib.resources import _frame
from vigil.rulefiles import RULES, load_rules, resource_types

GROUP, BUCKET = "AWS::EC2::SecurityGroup", "AWS::S3::Bucket"
NOW = datetime(2026, 1, 1, tzinfo=UTC)

_ID_KEYS = {GROUP: "GroupId", BUCKET: "Name"}
_PLAYERS: dict[str, Any] = {GROUP: PlayedEc2, BUCKET: PlayedS3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One pass over all items: what it cost, and the ids of those that fail."""

    seconds: float
    failing: frozenset[str]


class StoppedClock:
    """A clock that shows one instant for ever."""

    def now(self) -> datetime:
        """Return the instant."""
        return NOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A rulebook before a population."""

    type: ResourceType
    book: Rulebook
    pointers: frozenset[str]
    text: str

    @classmethod
    def of(cls, type_name: str, answers: Sequence[Any], *rule_ids: str) -> "Judge":
        """Set up a judge with some rules, or with all there are."""
        types = {t.type: t for t in resource_types()}
        rules = load_rules([RULES], types.values()).rules
        wanted = [rule for rule in rules if not rule_ids or rule.id in rule_ids]
        book = Rulebook.of(wanted, types.values())
        return cls(
            type=types[type_name],
            book=book,
            pointers=book.pointers_for(type_name),
            text=json.dumps(answers),
        )

    def round(self) -> Round:
        """Describe and judge every item once; answers are parsed afresh, as the peer's are."""
        answers = json.loads(self.text)
        aws = PlayedAws(_PLAYERS[self.type.type](answers))
        refs = [_ref(self.type.type, answer[_ID_KEYS[self.type.type]]) for answer in answers]
        clock, failing = StoppedClock(), []
        gc.collect()
        started = process_time()
        for ref in refs:
            item = _frame.describe(aws, self.type, ref, self.pointers, clock)
            if item is not None and self._fails(item):
                failing.append(ref.id)
        return Round(seconds=process_time() - started, failing=frozenset(failing))

    def _fails(self, item: ConfigurationItem) -> bool:
        found = judge_item(item, self.book, NOW)
        return any(one.compliance is Compliance.NON_COMPLIANT for one in found)


def _ref(type_name: str, name: str) -> ResourceRef:
    return ResourceRef(account_id=ACCOUNT, region=REGION, type=type_name, id=name)
