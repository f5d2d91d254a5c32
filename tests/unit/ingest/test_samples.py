"""Every sample record there is becomes a change or is refused: nothing else may happen."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import InvalidRecordError
from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.envelope import read
from chalicelib.ingest.routing import Routing
from chalicelib.model.plugin import Route
from tests.builders import RECEIVED_AT, resource_type

REPOSITORY = Path(__file__).parents[3]
COMMITTED = REPOSITORY / "tests" / "events"
#: A larger collection that may lie beside the repository.
CORPUS = REPOSITORY.parent / "shared" / "cloudtrail"

#: Redacted until no account or no source is left.
UNREADABLE_SHARE_LIMIT = 0.01


def _records(path: Path) -> Iterator[Any]:
    if path.name.endswith(".jsonl.gz"):
        yield from map(json.loads, gzip.decompress(path.read_bytes()).splitlines())
    elif path.name.endswith(".json.gz"):
        yield from json.loads(gzip.decompress(path.read_bytes()))["Records"]
    else:
        event = json.loads(path.read_text())
        yield event.get("detail", event)


def _files() -> list[Path]:
    corpus = [*CORPUS.glob("jsonl/*.gz"), *CORPUS.rglob("s3/**/*.gz"), *_envelopes()]
    records = [path for path in COMMITTED.glob("*.json") if path.stem != "guardduty_finding"]
    return sorted({*corpus, *records})


def _envelopes() -> list[Path]:
    return sorted(CORPUS.glob("eventbridge/*.json"))


def _outcome(record: Any, routing: Routing) -> str:
    try:
        change = change_from(record, routing, received_at=RECEIVED_AT)
    except InvalidRecordError:
        return "refused"
    assert change.event_time.tzinfo is not None
    return "read"


def test_every_sample_is_read_or_refused_and_hardly_any_is_refused() -> None:
    everything = Route(
        source="s3.amazonaws.com",
        actions=("PutBucketPolicy",),
        ids=("requestParameters.bucketName",),
    )
    routing = Routing.of([resource_type("AWS::S3::Bucket", everything)])

    counts = Counter(_outcome(r, routing) for path in _files() for r in _records(path))

    assert counts["read"] >= len(list(COMMITTED.glob("*.json"))) - 1
    assert counts["refused"] <= counts.total() * UNREADABLE_SHARE_LIMIT


@pytest.mark.parametrize("path", _envelopes() or [COMMITTED], ids=lambda path: path.stem)
def test_genuine_envelopes_are_believed(path: Path) -> None:
    if path.is_dir():
        return
    envelope = json.loads(path.read_text())

    received = read(path.read_bytes(), received_at=RECEIVED_AT)

    # Some samples had their detail-type redacted; they are something else on the bus then.
    assert (received.record is not None) is envelope["detail-type"].endswith("via CloudTrail")


@pytest.mark.parametrize(
    "path",
    [
        COMMITTED / "guardduty_finding.json",
        *sorted(CORPUS.glob("eventbridge/not_cloudtrail/*.json")),
    ],
    ids=lambda path: path.stem,
)
def test_other_events_on_the_bus_are_irrelevant(path: Path) -> None:
    assert read(path.read_bytes(), received_at=RECEIVED_AT).record is None
