"""From the history's real stream into a bucket under a real lock, and back."""

import base64
import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from chalicelib.export._verify import is_signed
from chalicelib.findings._images import batch_from
from chalicelib.findings.archive import Archive
from chalicelib.findings.integrity import (
    BrokenSealError,
    fingerprint_of,
    manifest_name,
    segment_name,
    signature_name,
)
from chalicelib.findings.lifecycle import reconcile
from chalicelib.findings.seal import Seal
from chalicelib.model import Commit
from tests.integration.integrity.conftest import World
from tests.unit.findings.given import REF, RULES, at, closed, opened, request

WRITERS = 4


class Died(BaseException):
    """The process is gone."""


@dataclass
class DyingClient:
    """An S3 client whose process ends before or after its n-th put."""

    client: Any
    puts_left: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def put_object(self, **request: Any) -> Any:
        """Put, unless the process is gone."""
        if self.puts_left == 0:
            raise Died
        self.puts_left -= 1
        return self.client.put_object(**request)


class Forgetful(Seal):
    """A seal that believes that nothing is sealed."""

    @property
    def _archive(self) -> Any:
        return Blind(self.s3, self.bucket)


class Blind(Archive):
    """An archive whose head cannot be seen, only what comes after a manifest."""

    def head(self) -> None:
        """Return nothing."""


@dataclass
class ConfinedClient:
    """An S3 client of a role that may not list objects: what is hidden is denied, not absent."""

    client: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def get_object(self, **request: Any) -> Any:
        """Get a version, and nothing else."""
        if "VersionId" in request:
            return self.client.get_object(**request)
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")


def flip(world: World, second: float) -> Commit:
    """Open the door, or close it, as a look does that is taken at some second."""
    known = world.store.known(REF)
    is_open = any(f.status == "OPEN" for f in known.findings)
    sighting = closed(second) if is_open else opened(second)
    outcome = reconcile(known, sighting, request(), RULES, now=at(second + 1))
    assert outcome.commit is not None
    return outcome.commit


def sealed(world: World, flips: int) -> None:
    """Let things happen, each sealed by itself."""
    sealing = world.sealing()
    for number in range(flips):
        sealing.stream(world.happened(flip(world, 10 * number)))


def versions(world: World, key: str) -> list[Any]:
    listed = world.client("s3").list_object_versions(Bucket=world.bucket, Prefix=key)
    return list(listed["Versions"])


def test_what_happened_is_sealed_byte_by_byte(world: World) -> None:
    sealed(world, 2)

    entries, stored = list(world.archive.entries()), list(world.store.history_of(REF))
    assert [e.body for e in entries] == [e.body for e in stored]
    assert [(e.kind, e.seq, e.sk) for e in entries] == [(e.kind, e.seq, e.sk) for e in stored]
    assert entries[1].prev == entries[0].hash
    head = world.archive.head()
    assert head is not None
    assert (head.number, head.total, dict(head.hours)) == (2, 2, {"2026-01-01T12": 1})


def test_nothing_sealed_is_nothing_to_read(world: World) -> None:
    assert world.archive.head() is None
    assert list(world.archive.entries()) == []
    assert world.archive.last_signed() == 0
    with pytest.raises(BrokenSealError, match="nothing is signed"):
        world.archive.public_key()


@pytest.mark.parametrize("count", [1, 2, 7])
def test_the_head_is_found_without_reading_what_is_before_it(world: World, count: int) -> None:
    batch = batch_from(world.happened(flip(world, 0)))
    seal = Seal(world.client("s3"), world.bucket)
    for _ in range(count):
        seal.append(batch.lines, at(0))

    head = world.archive.head()

    assert head is not None
    assert head.number == count
    assert [m.number for m in world.archive.manifests(until=2)] == [1, 2][:count]


@pytest.mark.parametrize("puts", [0, 1, 2])
def test_a_process_that_dies_at_any_step_loses_nothing(world: World, puts: int) -> None:
    records = world.happened(flip(world, 0))
    dying = DyingClient(world.client("s3"), puts)

    if puts < 2:
        with pytest.raises(Died):
            world.sealing(Seal(dying, world.bucket)).stream(records)
    else:
        world.sealing(Seal(dying, world.bucket)).stream(records)
    world.sealing().stream(records)  # the batch comes again

    entries = list(world.archive.entries())
    assert {e.hash for e in entries} == {e.hash for e in entries[:1]}
    assert len(entries) == (2 if puts == 2 else 1)


def test_seals_at_the_same_time_make_one_chain(world: World) -> None:
    batch = batch_from(world.happened(flip(world, 0)))
    behind = Barrier(WRITERS)

    def seal(number: int) -> list[int]:
        mine = Seal(world.client("s3"), world.bucket)
        behind.wait(10)
        return [mine.append(batch.lines, at(10 * number + n)).number for n in range(2)]

    with ThreadPoolExecutor(WRITERS) as pool:
        made = list(pool.map(seal, range(WRITERS)))

    wanted = list(range(1, 2 * WRITERS + 1))
    assert sorted(number for numbers in made for number in numbers) == wanted
    assert [m.number for m in world.archive.manifests()] == wanted


def test_who_is_overtaken_goes_behind_the_other(world: World) -> None:
    batch = batch_from(world.happened(flip(world, 0)))
    one, other = (Seal(world.client("s3"), world.bucket) for _ in range(2))
    first = one.append(batch.lines, at(0))
    other.append(batch.lines, at(1))
    other.append(batch.lines, at(2))

    fourth = one.append(batch.lines, at(3))

    assert (first.number, fourth.number) == (1, 4)
    assert [m.sealed_at for m in world.archive.manifests()] == [at(n) for n in range(4)]


def test_a_put_whose_answer_was_lost_is_not_made_twice(world: World) -> None:
    batch = batch_from(world.happened(flip(world, 0)))
    made = Seal(world.client("s3"), world.bucket).append(batch.lines, at(0))

    # Knows nothing of it, and its first put is refused because of its own earlier one.
    again = Forgetful(world.client("s3"), world.bucket)
    repeated = again.append(batch.lines, at(0))

    assert repeated == made
    assert [m.number for m in world.archive.manifests()] == [1]


def test_what_is_sealed_cannot_be_deleted(world: World) -> None:
    sealed(world, 1)
    (version,) = versions(world, manifest_name(1))

    with pytest.raises(ClientError, match="AccessDenied"):
        world.client("s3").delete_object(
            Bucket=world.bucket, Key=manifest_name(1), VersionId=version["VersionId"]
        )


def put(world: World, key: str) -> None:
    world.client("s3").put_object(Bucket=world.bucket, Key=key, Body=b"{}")


def put_other_lines(world: World, key: str) -> None:
    lines = gzip.compress(b'{"pk":"p","sk":"s","kind":"removed"}\n')
    world.client("s3").put_object(Bucket=world.bucket, Key=key, Body=lines)


def mark_deleted(world: World, key: str) -> None:
    world.client("s3").delete_object(Bucket=world.bucket, Key=key)


@pytest.mark.parametrize(
    "cover",
    [put, put_other_lines, mark_deleted],
    ids=["newer version", "other lines", "delete marker"],
)
def test_what_lies_on_top_of_what_is_sealed_hides_nothing(
    world: World, cover: Callable[[World, str], None]
) -> None:
    sealed(world, 2)
    sealing = world.sealing()
    sealing.sign()
    head = world.archive.head()
    assert head is not None
    before = list(world.archive.entries())

    for key in (manifest_name(2), segment_name(head.segment), signature_name(2)):
        cover(world, key)

    assert world.archive.head() == head
    assert list(world.archive.entries()) == before
    assert world.archive.public_key() == sealing.signer.public_key()


def test_a_segment_that_is_denied_without_its_version_is_read_by_it(world: World) -> None:
    sealed(world, 1)

    confined = Archive(ConfinedClient(world.client("s3")), world.bucket)

    assert list(confined.entries()) == list(world.archive.entries())


def test_a_manifest_that_does_not_follow_is_named(world: World) -> None:
    sealed(world, 2)
    forged = list(world.archive.manifests())[1].raw.replace(b'"number":2', b'"number":3')
    world.client("s3").put_object(Bucket=world.bucket, Key=manifest_name(3), Body=forged)

    with pytest.raises(BrokenSealError, match=r"0000000003.json: does not follow"):
        list(world.archive.manifests())
    with pytest.raises(BrokenSealError, match=r"0000000003.json"):
        world.sealing().sign()


def test_a_segment_that_is_not_there_is_named(world: World) -> None:
    sealed(world, 1)
    other = Archive(world.client("s3"), world.bucket)
    head = other.head()
    assert head is not None
    put(world, segment_name("0" * 64))
    forged = head.raw.replace(head.segment.encode(), b"0" * 64)
    second = forged.replace(b'"number":1', b'"number":2')
    second = second.replace(b'"prev":null', f'"prev":"{head.hash}"'.encode())
    second = second.replace(b'"total":1', b'"total":2')
    world.client("s3").put_object(Bucket=world.bucket, Key=manifest_name(2), Body=second)

    with pytest.raises(BrokenSealError, match="segment of manifest 2 is gone or was replaced"):
        list(world.archive.entries())


def test_segments_are_compressed_and_named_after_what_they_hold(world: World) -> None:
    sealed(world, 1)
    head = world.archive.head()
    assert head is not None

    answer = world.client("s3").get_object(Bucket=world.bucket, Key=segment_name(head.segment))

    assert gzip.decompress(answer["Body"].read()) == world.archive.segment_bytes(head)


def test_the_newest_manifest_is_signed_once(world: World) -> None:
    sealing = world.sealing()
    sealed(world, 2)

    assert sealing.sign() == 2
    assert sealing.sign() == 0
    sealed_again = world.happened(flip(world, 50))
    sealing.stream(sealed_again)
    assert sealing.sign() == 3

    documents = list(world.archive.signatures())
    assert len(documents) == 2
    assert world.archive.last_signed() == 3


def test_a_signature_is_that_of_the_statement_by_the_key(world: World) -> None:
    sealed(world, 1)
    sealing = world.sealing()
    sealing.sign()

    (document,) = world.archive.signatures()
    said = msgspec.json.decode(document, type=dict[str, str])
    key, signature = (base64.b64decode(said[n]) for n in ("public_key", "signature"))
    statement = msgspec.json.decode(said["statement"])
    head = world.archive.head()
    assert head is not None
    assert is_signed(key, said["statement"].encode(), signature)
    assert not is_signed(key, said["statement"].encode() + b" ", signature)
    assert statement == {
        "entries_total": 1,
        "hash": head.hash,
        "key": fingerprint_of(key),
        "manifest": 1,
        "signed_at": "2026-01-01T12:00:00.000Z",
    }
