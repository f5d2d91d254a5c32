"""Reads the seal back from S3, in order, and believes nothing that its hashes do not prove.

Object Lock keeps every version but lets anybody who may write put a newer one on top, or a delete
marker: of a manifest and of a signature the oldest version counts, of a segment the one with the
hash in its name.
"""

import base64
import functools
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

import msgspec
from botocore.exceptions import ClientError

from chalicelib.findings._refusals import code_of
from chalicelib.findings.integrity import (
    MANIFESTS,
    SIGNATURES,
    BrokenSealError,
    Manifest,
    digest,
    entry_from_line,
    manifest_from,
    manifest_name,
    segment_name,
    signature_name,
    unpacked,
)
from chalicelib.model.export import SealedEntry

#: Manifests and segments are read at once, over the ten connections that botocore keeps.
READERS = 4
#: A segment may be megabytes, so few are fetched ahead.
AHEAD = 16
#: A marker's own versions may come before what is asked for.
MARKERS_SEEN = 20
_NUMBER = re.compile(r"/(\d{10})\.json$")
_HIGHEST = 10**10 - 1
_ABSENT = frozenset({"404", "NoSuchKey", "NoSuchVersion", "MethodNotAllowed"})
#: What lies under a delete marker is denied to whoever may not list the bucket.
_ABSENT_OR_HIDDEN = _ABSENT | {"AccessDenied"}
_Name = tuple[str, str]
_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(frozen=True, slots=True)
class Archive:
    """The seal in the evidence bucket.

    Attributes:
        s3: A boto3 client.
    """

    s3: Any
    bucket: str

    def head(self) -> Manifest | None:
        """Return the newest manifest; None where nothing is sealed."""
        number = self._last_manifest()
        return self.manifest(number) if number else None

    def manifest(self, number: int) -> Manifest:
        """Return one manifest by its number, without a look at those before it.

        Raises:
            BrokenSealError: There is none, or it bears another number.
        """
        for name in self._oldest(manifest_name(number)):
            manifest = _named(manifest_name(number), self._read(name))
            if manifest.number == number:
                return manifest
        raise BrokenSealError(f"{manifest_name(number)}: there is no manifest {number}")

    def manifests(
        self, until: int | None = None, *, after: Manifest | None = None
    ) -> Iterator[Manifest]:
        """Yield manifests in order, each checked against the one before it.

        Args:
            until: Number of the last one wanted; None for all.
            after: The one to begin behind; None to begin with the first.

        Raises:
            BrokenSealError: The chain has a hole, or a link that does not fit.
        """
        before = after
        names = self._oldest(MANIFESTS, after=manifest_name(after.number) if after else "")
        for manifest in _ahead(self._numbered(names, until), self._manifest_at):
            _check_link(before, manifest)
            yield manifest
            before = manifest

    def parts(
        self, until: int | None = None, *, after: Manifest | None = None
    ) -> Iterator[tuple[Manifest, bytes]]:
        """Yield manifests in order, each with the lines that it seals, and both checked.

        Raises:
            BrokenSealError: As `manifests` and `segment_bytes` do.
        """
        manifests = self.manifests(until, after=after)
        yield from _ahead(manifests, lambda manifest: (manifest, self.segment_bytes(manifest)))

    def entries(self, until: int | None = None) -> Iterator[SealedEntry]:
        """Yield every entry in the order of its sealing; some come twice, marks are left out.

        Raises:
            BrokenSealError: As `parts` does.
        """
        for manifest, lines in self.parts(until):
            yield from entries_of(manifest, lines)

    def segment_bytes(self, manifest: Manifest) -> bytes:
        """Return the lines that a manifest seals, as they were before compression.

        Raises:
            BrokenSealError: No version of the segment has them.
        """
        key = segment_name(manifest.segment)
        if (lines := self._segment((key, ""), manifest.segment)) is not None:
            return lines
        for name in self._versions(key):
            if (lines := self._segment(name, manifest.segment)) is not None:
                return lines
        raise BrokenSealError(
            f"{key}: the segment of manifest {manifest.number} is gone or was replaced"
        )

    def signatures(self, until: int | None = None) -> Iterator[bytes]:
        """Yield every signature's document in the order of the manifests they sign."""
        names = self._numbered(self._oldest(SIGNATURES), until)
        yield from _ahead(names, self._read)

    def last_signed(self) -> int:
        """Return the number of the newest manifest that is signed; 0 where there is none."""
        names = self._numbered(self._oldest(SIGNATURES), None)
        return functools.reduce(lambda _, name: _number_of(name), names, 0)

    def public_key(self) -> bytes:
        """Return the key of the newest signature, DER SubjectPublicKeyInfo.

        Raises:
            BrokenSealError: Nothing is signed, or the signature's document is none.
        """
        if not (number := self.last_signed()):
            raise BrokenSealError(f"{SIGNATURES}: nothing is signed yet")
        (name,) = self._oldest(signature_name(number))
        try:
            document = msgspec.json.decode(self._read(name), type=dict[str, str])
            return base64.b64decode(document["public_key"], validate=True)
        except (KeyError, ValueError) as error:
            raise BrokenSealError(f"{name[0]}: no signature") from error

    def _last_manifest(self) -> int:
        """Return the highest number that is used, by asking what comes after others.

        A listing gives the oldest first, and a year has hundreds of thousands.
        """
        low, high = 0, 1
        while self._is_any_from(high):
            low, high = high, high * 2
            if high > _HIGHEST:
                raise BrokenSealError(f"{manifest_name(low)}: a number that was never reached")
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._is_any_from(middle) else (low, middle)
        return low

    def _is_any_from(self, number: int) -> bool:
        marker = {"KeyMarker": manifest_name(number - 1)} if number > 1 else {}
        answer = self.s3.list_object_versions(
            Bucket=self.bucket, Prefix=MANIFESTS, MaxKeys=MARKERS_SEEN, **marker
        )
        # A delete marker hides nothing: a manifest was, or is said to have been, there.
        found = (*answer.get("Versions", ()), *answer.get("DeleteMarkers", ()))
        return any(one["Key"] >= manifest_name(number) for one in found)

    def _oldest(self, prefix: str, *, after: str = "") -> Iterator[_Name]:
        for _, versions in groupby(self._versions(prefix, after=after), key=itemgetter(0)):
            *_, oldest = versions
            yield oldest

    def _versions(self, prefix: str, *, after: str = "") -> Iterator[_Name]:
        """Yield key and version id of what lies under a prefix, of one key the newest first."""
        query = {"Bucket": self.bucket, "Prefix": prefix}
        marker = {"KeyMarker": after} if after else {}
        while True:
            page = self.s3.list_object_versions(**query, **marker)
            found = page.get("Versions", ())
            # Whether a marker without version is itself listed, S3 does not say.
            yield from ((v["Key"], v["VersionId"]) for v in found if v["Key"] > after)
            if not page["IsTruncated"]:
                return
            marker = {
                "KeyMarker": page["NextKeyMarker"],
                "VersionIdMarker": page["NextVersionIdMarker"],
            }

    def _numbered(self, names: Iterable[_Name], until: int | None) -> Iterator[_Name]:
        """Yield what bears a number, up to one; whatever else somebody put there is no part."""
        for name in names:
            if until is not None and _number_of(name) > until:
                return
            if _number_of(name):
                yield name

    def _manifest_at(self, name: _Name) -> Manifest:
        return _named(name[0], self._read(name))

    def _segment(self, name: _Name, sha256: str) -> bytes | None:
        """Return a version's lines if they are those wanted."""
        try:
            lines = unpacked(self._read(name))
        except BrokenSealError:
            return None
        except ClientError as error:
            if code_of(error) not in (_ABSENT if name[1] else _ABSENT_OR_HIDDEN):
                raise
            return None
        return lines if digest(lines) == sha256 else None

    def _read(self, name: _Name) -> bytes:
        key, version = name
        which = {"VersionId": version} if version else {}
        answer = self.s3.get_object(Bucket=self.bucket, Key=key, **which)
        data: bytes = answer["Body"].read()
        return data


def entries_of(manifest: Manifest, lines: bytes) -> Iterator[SealedEntry]:
    """Yield the entries among a manifest's lines.

    Raises:
        BrokenSealError: A line is neither an entry nor a mark.
    """
    for number, line in enumerate(lines.splitlines(), start=1):
        try:
            entry = entry_from_line(line)
        except BrokenSealError as error:
            raise BrokenSealError(f"manifest {manifest.number}, line {number}: {error}") from error
        if entry is not None:
            yield entry


def _number_of(name: _Name) -> int:
    """Return the number in a name; 0 where it has none."""
    found = _NUMBER.search(name[0])
    return int(found[1]) if found else 0


def _named(key: str, raw: bytes) -> Manifest:
    try:
        return manifest_from(raw)
    except BrokenSealError as error:
        raise BrokenSealError(f"{key}: {error}") from error


def _check_link(before: Manifest | None, manifest: Manifest) -> None:
    expected = (before.number + 1, before.hash) if before else (1, None)
    name = manifest_name(expected[0])
    if manifest.number != expected[0]:
        raise BrokenSealError(f"{name}: manifest {manifest.number} stands where it should be")
    if manifest.prev != expected[1]:
        raise BrokenSealError(f"{name}: does not follow the manifest before it")
    if manifest.total != (before.total if before else 0) + manifest.entries:
        raise BrokenSealError(f"{name}: its total is not the sum of all entries up to it")


def _ahead(things: Iterable[_In], fetch: Callable[[_In], _Out]) -> Iterator[_Out]:
    """Fetch things concurrently, a few ahead of the reader, and yield them in their order."""
    waiting: deque[Future[_Out]] = deque()
    with ThreadPoolExecutor(READERS) as pool:
        try:
            for thing in things:
                # In the reader's context: whoever watches calls sees whose they are.
                waiting.append(pool.submit(copy_context().run, fetch, thing))
                if len(waiting) >= AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for late in waiting:
                late.cancel()
