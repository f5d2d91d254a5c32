"""Lines, segments and manifests as bytes: the same in, the same out."""

import gzip
from dataclasses import replace

import pytest

from chalicelib.findings import integrity
from chalicelib.findings.integrity import (
    BrokenSealError,
    Key,
    Line,
    entry_from_line,
    manifest_after,
    manifest_from,
    packed,
    segment_of,
    unpacked,
)
from tests.unit.findings.given import T0, at

LINES = tuple(
    Line(key=Key(pk="p", sk=str(n)), kind=kind, hour=hour, raw=b'{"n":%d}' % n)
    for n, (kind, hour) in enumerate(
        [("opened", "2026-01-01T11"), ("opened", "2026-01-01T12"), ("altered", None)]
    )
)


def test_a_manifest_says_what_it_seals_and_after_what() -> None:
    first = manifest_after(None, LINES, now=T0)
    second = manifest_after(first, LINES[:1], now=at(1.5))

    assert (first.number, first.prev, first.entries, first.total) == (1, None, 3, 3)
    assert (second.number, second.prev, second.total) == (2, first.hash, 4)
    assert first.segment == integrity.digest(b'{"n":0}\n{"n":1}\n{"n":2}\n')
    assert first.kinds == {"altered": 1, "opened": 2}
    assert first.hours == {"2026-01-01T11": 1, "2026-01-01T12": 1}
    assert (first.first.sk, first.last.sk) == ("0", "2")
    assert b'"sealed_at":"2026-01-01T12:00:01.500Z"' in second.raw


def test_a_manifest_is_read_back_with_its_bytes() -> None:
    manifest = manifest_after(None, LINES, now=T0)

    assert manifest_from(manifest.raw) == manifest
    other = manifest_from(manifest.raw.replace(b'{"entries"', b'{ "entries"'))
    assert other.hash != manifest.hash
    assert replace(other, raw=manifest.raw) == manifest


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b'{"number":"1"}'])
def test_what_is_no_manifest_is_refused(raw: bytes) -> None:
    with pytest.raises(BrokenSealError, match="not a manifest"):
        manifest_from(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b'{"pk":"p","sk":"s","kind":"opened"}',
        b'{"pk":"p","sk":"s","kind":"x","body":""}',
    ],
)
def test_what_is_no_line_is_refused(raw: bytes) -> None:
    with pytest.raises(BrokenSealError, match="not a sealed line"):
        entry_from_line(raw)


def test_segments_are_compressed_to_the_same_bytes_and_back() -> None:
    segment = segment_of(LINES)

    assert packed(segment) == packed(segment)
    assert unpacked(packed(segment)) == segment


def test_a_segment_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (b"", b"text", packed(b"long" * 100)[:-9]):
        with pytest.raises(BrokenSealError):
            unpacked(data)
    monkeypatch.setattr(integrity, "SEGMENT_LIMIT_BYTES", 10)
    with pytest.raises(BrokenSealError, match="larger than any"):
        unpacked(gzip.compress(b"0" * 11))


def test_the_names_of_manifests_sort_as_their_numbers() -> None:
    numbers = (1, 2, 9, 10, 99, 100, 12_345)

    assert sorted(map(integrity.manifest_name, numbers)) == [
        integrity.manifest_name(n) for n in numbers
    ]
