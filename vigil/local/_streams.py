"""DynamoDB stream event source mappings: read shards in order, call a function, bisect on error.

A batch that fails holds up its shard, as in AWS; it is halved until one record is to blame, and
that record is set aside after its retries.
"""

import base64
import logging
import threading
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vigil.local._functions import Activity, Function, failed_items
from vigil.local._patterns import Pattern, matches

_LOG = logging.getLogger(__name__)
_IDLE_SECONDS = 0.05
_RETRIES = 5
#: What Lambda takes at once where a mapping does not say.
BATCH_SIZE = 100
_RETRY_SECONDS = 0.1
_SET_ASIDE_KEPT = 100
StreamRecord = dict[str, Any]


class StreamPoller:
    """One stream, one function, one thread.

    Attributes:
        set_aside: Records that failed to the end; in AWS these go to the on-failure destination.
    """

    def __init__(
        self,
        streams: Any,
        stream_arn: str,
        function: Function,
        activity: Activity,
        *,
        filters: Sequence[Pattern] = (),
        batch_size: int = BATCH_SIZE,
    ) -> None:
        self.set_aside: deque[StreamRecord] = deque(maxlen=_SET_ASIDE_KEPT)
        self._streams = streams
        self._stream_arn = stream_arn
        self._function = function
        self._activity = activity
        self._filters = tuple(filters)
        self._batch_size = batch_size
        self._iterators: dict[str, str | None] = {}
        self._positions: dict[str, str] = {}
        self._stopping = threading.Event()
        self._rounds = threading.Condition()
        self._begun = 0
        self._empty_since = -1
        self._thread = threading.Thread(
            target=self._run, name=f"stream-{function.name}", daemon=True
        )

    def start(self) -> None:
        """Begin to read, from the oldest record that the stream still has."""
        self._thread.start()

    def stop(self) -> None:
        """Take no further batch; returns at once."""
        self._stopping.set()

    def join(self, timeout_seconds: float) -> None:
        """Wait for the batch in hand."""
        self._thread.join(timeout_seconds)

    def is_drained(self, timeout_seconds: float) -> bool:
        """Wait for a round of reading that begins after this call and finds nothing."""
        with self._rounds:
            begun = self._begun
            return self._rounds.wait_for(lambda: self._empty_since > begun, timeout_seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._round() == 0:
                    self._stopping.wait(_IDLE_SECONDS)
            except (BotoCoreError, ClientError) as error:
                if not self._stopping.is_set():
                    _LOG.warning("reading for %s failed: %s", self._function.name, error)
                # Iterators expire; positions do not.
                self._iterators.clear()
                self._stopping.wait(_RETRY_SECONDS)

    def _round(self) -> int:
        with self._rounds:
            self._begun += 1
            number = self._begun
        self._find_shards()
        read = sum(self._read(shard) for shard in list(self._iterators))
        with self._rounds:
            if read == 0:
                self._empty_since = number
            self._rounds.notify_all()
        return read

    def _find_shards(self) -> None:
        if any(self._iterators.values()):
            return
        description = self._streams.describe_stream(StreamArn=self._stream_arn)
        for shard in description["StreamDescription"]["Shards"]:
            if shard["ShardId"] not in self._iterators:
                self._iterators[shard["ShardId"]] = self._iterator(shard["ShardId"])

    def _iterator(self, shard: str) -> str:
        position = self._positions.get(shard)
        where: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        if position is not None:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": position}
        answer = self._streams.get_shard_iterator(
            StreamArn=self._stream_arn, ShardId=shard, **where
        )
        return str(answer["ShardIterator"])

    def _read(self, shard: str) -> int:
        iterator = self._iterators[shard]
        if iterator is None:
            return 0
        answer = self._streams.get_records(ShardIterator=iterator, Limit=self._batch_size)
        records = [_lambda_form(record, self._stream_arn) for record in answer["Records"]]
        if records:
            with self._activity.work():
                self._deliver([record for record in records if self._is_wanted(record)])
        # Stopped half-way: the position stays, and the batch comes again.
        if records and not self._stopping.is_set():
            self._positions[shard] = records[-1]["dynamodb"]["SequenceNumber"]
        self._iterators[shard] = answer.get("NextShardIterator")
        return len(records)

    def _is_wanted(self, record: StreamRecord) -> bool:
        return not self._filters or any(matches(pattern, record) for pattern in self._filters)

    def _deliver(self, records: list[StreamRecord]) -> None:
        pending = [records] if records else []
        while pending and not self._stopping.is_set():
            batch = pending.pop(0)
            rest = self._invoked(batch)
            if not rest:
                continue
            if len(batch) == 1:
                self._insist(batch[0])
            elif len(rest) < len(batch):
                pending.insert(0, rest)
            else:
                pending[:0] = [batch[: len(batch) // 2], batch[len(batch) // 2 :]]

    def _invoked(self, batch: list[StreamRecord]) -> list[StreamRecord]:
        """Invoke the function and return what it did not finish: from the first failure on."""
        result, error = self._function.invoke({"Records": batch})
        if error:
            return batch
        failed = failed_items(result)
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        first = next((i for i, number in enumerate(numbers) if number in failed), len(batch))
        return batch[first:]

    def _insist(self, record: StreamRecord) -> None:
        for _ in range(_RETRIES):
            if self._stopping.wait(_RETRY_SECONDS) or not self._invoked([record]):
                return
        self.set_aside.append(record)


def _lambda_form(record: dict[str, Any], stream_arn: str) -> StreamRecord:
    """Return a record of GetRecords in the form in which Lambda passes it on."""
    plain: StreamRecord = _plain(record)
    return plain | {"eventSourceARN": stream_arn}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(entry) for entry in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.timestamp() if isinstance(value, datetime) else value
