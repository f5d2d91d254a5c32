"""Order, duplicates, counts and gaps: the same whatever the number of workers."""

from pathlib import Path

import msgspec
import pytest

from tests.builders import envelope
from tests.unit.replay.given import (
    encoded,
    harmless,
    json_lines,
    log_file,
    raw_file,
    reading,
    replay,
    risky,
)
from vigil.replay import running
from vigil.replay.outline import Verdict
from vigil.replay.sources import Gap

PLACEHOLDER = "00000000-0000-0000-0000-000000000000"


def test_every_record_has_one_row_by_file_and_index(tmp_path: Path) -> None:
    log = log_file(tmp_path, risky(1), harmless(2), reading(3), "odd")
    lines = json_lines(tmp_path, risky(4), reading(5))

    rows, tally = replay(tmp_path, log, lines)

    assert [(row.source, row.verdict.value) for row in rows] == [
        ("log.json.gz#0", "risky"),
        ("log.json.gz#1", "harmless"),
        ("log.json.gz#2", "ignored"),
        ("log.json.gz#3", "invalid"),
        ("log.jsonl#1", "risky"),
        ("log.jsonl#2", "ignored"),
    ]
    assert (tally.files, tally.records) == (2, 6)


def test_only_risky_records_are_told_unless_all_are_asked_for(tmp_path: Path) -> None:
    source = log_file(tmp_path, risky(1), harmless(2), reading(3), "odd")

    rows, tally = replay(tmp_path, source, everything=False)

    assert [row.verdict for row in rows] == [Verdict.RISKY]
    assert tally.verdicts == {"risky": 1, "harmless": 1, "ignored": 1, "invalid": 1}
    assert [row.source for row in tally.invalid] == ["log.json.gz#3"]


@pytest.mark.parametrize("everything", [True, False])
def test_a_duplicate_is_reported_once_and_named_after_the_first(
    tmp_path: Path, *, everything: bool
) -> None:
    one = log_file(tmp_path, risky(1), harmless(2), name="a.json")
    two = log_file(tmp_path, harmless(2), risky(1), name="b.json")

    rows, tally = replay(tmp_path, one, two, everything=everything)

    assert [r.source for r in rows if r.duplicate_of is None and r.verdict is Verdict.RISKY] == [
        "a.json#0"
    ]
    marked = {row.source: row.duplicate_of for row in rows if row.duplicate_of}
    assert marked == ({"b.json#0": "a.json#1", "b.json#1": "a.json#0"} if everything else {})
    assert (tally.duplicates, tally.reused, tally.records) == (2, 0, 4)
    assert tally.verdicts == {"risky": 1, "harmless": 1}


@pytest.mark.parametrize("make", [risky, harmless, reading])
@pytest.mark.parametrize("everything", [True, False])
def test_a_copy_written_otherwise_is_a_duplicate_too(
    tmp_path: Path, *, make: object, everything: bool
) -> None:
    assert callable(make)
    value = make(1)
    indented = msgspec.json.format(encoded(dict(reversed(value.items()))), indent=2)
    one = log_file(tmp_path, value, name="a.json.gz")
    two = raw_file(tmp_path, indented, name="b.json")

    _, tally = replay(tmp_path, one, two, everything=everything)

    assert (tally.duplicates, tally.reused) == (1, 0)


def test_a_copy_in_an_envelope_beside_a_broken_line_is_a_duplicate_too(tmp_path: Path) -> None:
    one = log_file(tmp_path, harmless(1))
    lines = msgspec.json.format(encoded(envelope(dict(reversed(harmless(1).items())))), indent=0)
    two = raw_file(tmp_path, lines.replace(b"\n", b"") + b'\n{"broken', name="b.jsonl")

    _, tally = replay(tmp_path, one, two, everything=False)

    assert (tally.duplicates, tally.reused) == (1, 0)
    assert tally.verdicts == {"harmless": 1, "invalid": 1}


@pytest.mark.parametrize("everything", [True, False])
def test_another_content_under_the_same_id_is_judged_and_counted(
    tmp_path: Path, *, everything: bool
) -> None:
    one = log_file(tmp_path, reading(1), reading(1, eventName="ListMeshes"), risky(1), risky(1))

    rows, tally = replay(tmp_path, one, everything=everything)

    assert [row.source for row in rows if row.verdict is Verdict.RISKY][:1] == ["log.json.gz#2"]
    assert (tally.duplicates, tally.reused) == (1, 2)


@pytest.mark.parametrize("everything", [True, False])
def test_records_without_a_real_id_are_never_duplicates(
    tmp_path: Path, *, everything: bool
) -> None:
    kinds = (risky, harmless)
    records = [
        make(1, eventID=PLACEHOLDER) if make is harmless else make(1) | {"eventID": "..."}
        for make in kinds
        for _ in range(2)
    ]

    rows, tally = replay(tmp_path, log_file(tmp_path, *records), everything=everything)

    assert [row.verdict for row in rows].count(Verdict.RISKY) == 2
    assert (tally.duplicates, tally.reused) == (0, 0)


def test_another_account_under_the_same_id_is_no_duplicate(tmp_path: Path) -> None:
    one = log_file(tmp_path, risky(1), risky(1, recipientAccountId="444455556666"))

    rows, tally = replay(tmp_path, one)

    assert len(rows) == 2
    assert (tally.duplicates, tally.reused) == (0, 0)


def test_workers_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [
        *(
            log_file(tmp_path, risky(n), harmless(n + 40), reading(n % 3), name=f"{n}.json.gz")
            for n in range(12)
        ),
        json_lines(tmp_path, *(risky(n) for n in range(30))),
    ]
    alone = replay(tmp_path, *sources)
    monkeypatch.setattr(running, "ALONE_BYTES", 0)

    rows, tally = replay(tmp_path, *sources, jobs=2)

    assert (rows, tally) == alone
    assert tally.duplicates > 10


def test_gaps_are_kept_and_stop_nothing(tmp_path: Path) -> None:
    broken = raw_file(tmp_path, b"no json", name="broken.json")
    denied = Gap(name="s3://bucket/key", why="AccessDenied")

    rows, tally = replay(tmp_path, denied, broken, log_file(tmp_path, risky()))

    assert len(rows) == 1
    assert [gap.name for gap in tally.gaps] == ["s3://bucket/key", "broken.json"]


def test_a_fetched_file_is_deleted_once_it_is_judged(tmp_path: Path) -> None:
    source = log_file(tmp_path, risky())
    fetched = type(source)(name="s3://b/k", path=source.path, temporary=True)

    rows, _ = replay(tmp_path, fetched)

    assert [row.source for row in rows] == ["s3://b/k#0"]
    assert not source.path.exists()
