"""From what a person names to files: single ones, folders of a trail, ``s3://`` prefixes.

An object of S3 becomes a temporary file while it is judged. What cannot be fetched becomes a gap
that is told at the end; it never stops the others.
"""

import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import PermanentError
from chalicelib.facts.legible import legible

S3_SCHEME = "s3://"

#: What a folder is searched for; a file named on the command line may have any name.
SUFFIXES = (".json", ".jsonl", ".ndjson")
COMPRESSED = ".gz"

#: Beside the logs in a trail's bucket, with other shapes; CloudTrail's own names.
OTHER_FOLDERS = frozenset({"CloudTrail-Digest", "CloudTrail-Insight"})

#: Objects fetched ahead: judging never waits for one round trip after the other.
FETCHERS = 16


class CouldNotLookError(PermanentError):
    """Credentials, network or permissions kept us from looking at all."""


class NotThereError(PermanentError):
    """What a person named does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file to judge.

    Attributes:
        name: As the person named it or would, without characters that act: a path, or
            ``s3://bucket/key``.
        path: Where its bytes are.
        temporary: Delete `path` when it was judged.
    """

    name: str
    path: Path
    temporary: bool = False

    def forget(self) -> None:
        """Delete what was only fetched."""
        if self.temporary:
            self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What could not be read, and why."""

    name: str
    why: str


def sources_at(
    named: Iterable[str], client_of: Callable[[], Any], folder: Path
) -> Iterator[Source | Gap]:
    """Yield every file below what a person named, in a stable order, each once.

    Args:
        named: Paths and ``s3://bucket/prefix`` addresses.
        client_of: Builds the S3 client when the first ``s3://`` is met.
        folder: Where fetched objects may lie.

    Raises:
        NotThereError: A path or bucket does not exist.
        CouldNotLookError: A bucket cannot be listed.
    """
    found: set[str] = set()
    for name in named:
        in_s3 = name.startswith(S3_SCHEME)
        for one in _objects(name, client_of(), folder) if in_s3 else _files(name):
            known = _identity(one)
            if known not in found:
                found.add(known)
                yield one


def _identity(one: Source | Gap) -> str:
    if isinstance(one, Gap) or one.temporary:
        return one.name
    return os.path.normpath(one.path)


def check(named: Iterable[str]) -> None:
    """Refuse paths that do not exist before anything is judged.

    Raises:
        NotThereError: With the path.
    """
    for name in named:
        if name.startswith(S3_SCHEME):
            _address(name)
        elif not os.path.lexists(name):
            raise NotThereError(f"{name}: no such file or folder")


def _files(name: str) -> Iterator[Source | Gap]:
    if not Path(name).is_dir():
        yield Source(name=legible(name), path=Path(name))
        return
    gaps: list[Gap] = []

    def denied(error: OSError) -> None:
        gaps.append(Gap(name=legible(error.filename), why=error.strerror or "not readable"))

    for folder, inner, files in os.walk(name, onerror=denied):
        inner[:] = sorted(set(inner) - OTHER_FOLDERS)
        for file in sorted(filter(is_log, files)):
            path = Path(folder, file)
            yield Source(name=legible(str(path)), path=path)
    yield from gaps


def is_log(name: str) -> bool:
    """Tell whether a file's name is one that logs have."""
    return name.lower().removesuffix(COMPRESSED).endswith(SUFFIXES)


def _objects(name: str, client: Any, folder: Path) -> Iterator[Source | Gap]:
    bucket, prefix = _address(name)
    keys = _keys(client, bucket, prefix)
    with ThreadPoolExecutor(FETCHERS) as pool:
        waiting: deque[Future[Source | Gap]] = deque()
        try:
            for key in keys:
                waiting.append(pool.submit(_fetched, client, bucket, key, folder))
                if len(waiting) > FETCHERS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()


def _address(name: str) -> tuple[str, str]:
    bucket, _, prefix = name.removeprefix(S3_SCHEME).partition("/")
    if not bucket:
        raise NotThereError(f"{name}: expected s3://bucket/prefix")
    return bucket, prefix


def _keys(client: Any, bucket: str, prefix: str) -> Iterator[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    try:
        for page in pages:
            for entry in page.get("Contents", ()):
                key: str = entry["Key"]
                if key == prefix or (is_log(key) and not OTHER_FOLDERS & set(key.split("/"))):
                    yield key
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        kind = NotThereError if code == "NoSuchBucket" else CouldNotLookError
        raise kind(f"{S3_SCHEME}{bucket}/{prefix}: {code}: cannot be listed") from error
    except BotoCoreError as error:
        raise CouldNotLookError(f"{S3_SCHEME}{bucket}/{prefix}: {_first_line(error)}") from error


def _fetched(client: Any, bucket: str, key: str, folder: Path) -> Source | Gap:
    name = legible(f"{S3_SCHEME}{bucket}/{key}")
    try:
        answer: Mapping[str, Any] = client.get_object(Bucket=bucket, Key=key)
        handle, path = tempfile.mkstemp(dir=folder, suffix="".join(Path(key).suffixes[-2:]))
        with os.fdopen(handle, "wb") as file:
            for chunk in answer["Body"].iter_chunks(1 << 20):
                file.write(chunk)
    except ClientError as error:
        return Gap(name=name, why=error.response.get("Error", {}).get("Code", "not readable"))
    except (BotoCoreError, OSError) as error:
        return Gap(name=name, why=_first_line(error))
    return Source(name=name, path=Path(path), temporary=True)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
