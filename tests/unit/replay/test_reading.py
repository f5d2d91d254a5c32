"""Every form in which people keep CloudTrail is read, with the index a person can find again."""

import gzip
from pathlib import Path

import msgspec
import pytest

from tests.builders import envelope, record
from tests.unit.replay.given import encoded, json_lines, log_file, numbered, raw_file
from vigil.replay import reading
from vigil.replay.sources import Gap, Source

ONE, TWO = record(eventName="One"), record(eventName="Two")


def names(source: Source) -> list[tuple[int, str]]:
    """Return index and event name of all that is read of a file."""
    return [(one[0], name_in(one[1])) for one in numbered(source) if not isinstance(one, Gap)]


def name_in(raw: reading.Raw) -> str:
    value = msgspec.json.decode(raw) if isinstance(raw, bytes | msgspec.Raw) else raw
    assert isinstance(value, dict)
    return str(value["eventName"])


def gaps(source: Source) -> list[str]:
    return [one.why for one in numbered(source) if isinstance(one, Gap)]


@pytest.mark.parametrize("name", ["log.json", "log.json.gz"])
def test_a_log_file_is_indexed_from_zero(tmp_path: Path, name: str) -> None:
    assert names(log_file(tmp_path, ONE, TWO, name=name)) == [(0, "One"), (1, "Two")]


@pytest.mark.parametrize("name", ["log.jsonl", "log.ndjson.gz", "log.json"])
def test_json_lines_are_numbered_from_one_and_blank_ones_count(tmp_path: Path, name: str) -> None:
    lines = b"\n".join([encoded(ONE), b"", b"  ", encoded(TWO)])

    assert names(raw_file(tmp_path, lines, name=name)) == [(1, "One"), (4, "Two")]


def test_windows_line_ends_and_a_byte_order_mark_are_no_part_of_a_record(tmp_path: Path) -> None:
    lines = b"\xef\xbb\xbf" + encoded(ONE) + b"\r\n" + encoded(TWO) + b"\r\n"

    assert names(raw_file(tmp_path, lines, name="a.jsonl")) == [(1, "One"), (2, "Two")]


def test_a_compressed_file_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "no-suffix"
    path.write_bytes(gzip.compress(encoded({"Records": [ONE]})))

    assert names(Source(name="no-suffix", path=path)) == [(0, "One")]


@pytest.mark.parametrize(
    "document",
    [
        ONE,
        [ONE],
        {"Events": [{"EventId": "1", "CloudTrailEvent": encoded(ONE).decode()}]},
    ],
    ids=["a single record", "a list of records", "the answer of lookup-events"],
)
@pytest.mark.parametrize("indent", [0, 2])
def test_other_documents_are_read(tmp_path: Path, document: object, indent: int) -> None:
    content = msgspec.json.format(encoded(document), indent=indent)

    assert names(raw_file(tmp_path, content, name="a.json")) == [(0, "One")]


def test_an_envelope_stays_whole(tmp_path: Path) -> None:
    source = raw_file(tmp_path, encoded(envelope(ONE)), name="a.json")

    ((index, raw),) = numbered(source)

    assert index == 0
    assert isinstance(raw, bytes)
    assert msgspec.json.decode(raw)["detail"] == ONE


def test_blocks_of_lines_meet_without_losing_or_cutting_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BLOCK_BYTES", 700)
    records = [
        record(eventName=f"Name{number}", filler="x" * (number * 37)) for number in range(60)
    ]

    read = names(json_lines(tmp_path, *records))

    assert read == [(number + 1, f"Name{number}") for number in range(60)]


def test_a_line_without_end_is_dropped_and_the_next_one_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BLOCK_BYTES", 500)
    monkeypatch.setattr(reading, "RECORD_LIMIT_BYTES", 5_000)
    lines = b"\n".join([encoded(ONE), b'{"a":"' + b"x" * 50_000 + b'"}', encoded(TWO)])
    source = raw_file(tmp_path, lines, name="a.jsonl")

    read = {one[0]: one[1] for one in numbered(source) if not isinstance(one, Gap)}

    assert list(read) == [1, 2, 3]
    assert len(bytes(read[2])) < 6_000  # type: ignore[arg-type] # lines stay bytes
    assert name_in(read[3]) == "Two"


@pytest.mark.parametrize("form", ["log file", "list", "lines"])
def test_what_is_larger_than_a_document_may_be_is_read_record_by_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(reading, "DOCUMENT_LIMIT_BYTES", 1_000)
    records = [record(eventName=f"Name{number}") for number in range(50)]
    content = {
        "log file": encoded({"Records": records}),
        "list": encoded(records),
        "lines": b"\n".join(map(encoded, records)),
    }[form]
    first = 1 if form == "lines" else 0

    read = names(raw_file(tmp_path, content, name="a.json.gz"))

    assert read == [(first + number, f"Name{number}") for number in range(50)]


def test_one_record_without_end_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "DOCUMENT_LIMIT_BYTES", 1_000)
    monkeypatch.setattr(reading, "RECORD_LIMIT_BYTES", 200_000)
    bomb = record(eventName="x" * 3_000_000)

    (gap,) = gaps(log_file(tmp_path, ONE, bomb))

    assert "more than 200000 bytes" in gap


def test_a_truncated_log_file_gives_what_it_still_holds_and_a_gap(tmp_path: Path) -> None:
    whole = encoded({"Records": [ONE, TWO, ONE]})
    source = raw_file(tmp_path, whole[: -len(encoded(ONE)) // 2], name="a.json")

    assert names(source) == [(0, "One"), (1, "Two")]
    assert len(gaps(source)) == 1
    assert "beyond record 2" in gaps(source)[0]


@pytest.mark.parametrize("name", ["a.json.gz", "a.jsonl.gz"])
def test_a_truncated_compressed_file_is_a_gap(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(encoded({"Records": [ONE]}))[:-12])

    (gap,) = gaps(Source(name=name, path=path))

    assert "not readable to its end" in gap


@pytest.mark.parametrize("content", [b"not json", b"{broken\njson}", b"\x00\x01\x02"])
def test_what_is_no_json_is_one_gap_not_many_invalid_records(
    tmp_path: Path, content: bytes
) -> None:
    source = raw_file(tmp_path, content, name="a.json")

    assert names(source) == []
    assert gaps(source) == ["not JSON"]


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert numbered(raw_file(tmp_path, b" \n", name="a.json")) == []


def test_a_file_that_vanished_is_a_gap(tmp_path: Path) -> None:
    assert gaps(Source(name="a.json", path=tmp_path / "a.json")) == ["No such file or directory"]
    assert gaps(Source(name="a.jsonl", path=tmp_path / "a.jsonl")) == ["No such file or directory"]


def test_bytes_that_are_no_utf8_spoil_only_themselves(tmp_path: Path) -> None:
    odd = encoded(record(eventName="Odd")).replace(b"aws-cli", b"aws\xff\xfecli")
    content = b'{"Records":[' + encoded(ONE) + b"," + odd + b"," + encoded(TWO) + b"]}"

    read = numbered(raw_file(tmp_path, content, name="a.json"))

    assert [one[0] for one in read if not isinstance(one, Gap)] == [0, 1, 2]
