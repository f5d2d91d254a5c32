"""Configuration items in S3, each under the hash of what it says: the same content is kept once.

The name is the proof: whoever reads an item hashes it again, so a replaced one is found out. An
item is put before the history names it, so a crash leaves an item too many and never one too few.
"""

import gzip
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import DamagedEvidenceError, NotFoundError, RetryableError
from chalicelib.findings._refusals import code_of
from chalicelib.findings.history import hash_of
from chalicelib.model import ItemRef

#: An item is a few kilobytes; a larger object than this was put there by somebody else.
ITEM_LIMIT_BYTES = 64 * 1024 * 1024
#: Names of items that this process has put: the same content mostly comes twice in a row.
REMEMBERED = 1_024
#: S3's answer to a conditional put of what is there already.
_IS_THERE = "PreconditionFailed"
_GZIP_FORMAT = 31


@dataclass(frozen=True, slots=True)
class S3Items:
    """Implements `ports.Items`. The client is asked for at the first call, not before."""

    client: Callable[[], Any]
    bucket: str
    _put: set[str] = field(default_factory=set, repr=False, compare=False)

    def put(self, document: Mapping[str, Any]) -> ItemRef:
        """Keep an item, if it is not there, and return its name.

        Raises:
            RetryableError: S3 did not take it.
        """
        body = msgspec.json.encode(document, order="sorted")
        ref = ItemRef(hash=hash_of(body), size=len(body))
        if ref.hash not in self._put:
            self._put_new(ref, body)
            self._remember(ref)
        return ref

    def get(self, item: ItemRef | str) -> dict[str, Any]:
        """Return the item of this name, or hash.

        Raises:
            NotFoundError: There is none.
            DamagedEvidenceError: What is there is not what was put.
            RetryableError: S3 did not answer.
        """
        name = item if isinstance(item, str) else item.hash
        body = _unpacked(self._read(name))
        if body is None or hash_of(body) != name:
            raise DamagedEvidenceError(f"item {name} is not what was kept under this name")
        return msgspec.json.decode(body, type=dict[str, Any])

    def _put_new(self, ref: ItemRef, body: bytes) -> None:
        try:
            self.client().put_object(
                Bucket=self.bucket,
                Key=_key_of(ref.hash),
                Body=gzip.compress(body, mtime=0),
                ContentType="application/json",
                ContentEncoding="gzip",
                # A bucket under Object Lock takes nothing without one.
                ChecksumAlgorithm="SHA256",
                # The bucket keeps versions: a second put would be stored, and locked, as well.
                IfNoneMatch="*",
            )
        except ClientError as error:
            if code_of(error) != _IS_THERE:
                raise RetryableError(f"item not kept: S3 answered {code_of(error)}") from error
        except BotoCoreError as error:
            raise RetryableError(f"item not kept: {type(error).__name__}") from error

    def _remember(self, ref: ItemRef) -> None:
        if len(self._put) >= REMEMBERED:
            self._put.clear()
        self._put.add(ref.hash)

    def _read(self, name: str) -> bytes:
        try:
            answer = self.client().get_object(Bucket=self.bucket, Key=_key_of(name))
            return bytes(answer["Body"].read(ITEM_LIMIT_BYTES))
        except ClientError as error:
            if code_of(error) == "NoSuchKey":
                raise NotFoundError(f"there is no item {name}") from error
            raise RetryableError(f"item not read: S3 answered {code_of(error)}") from error
        except BotoCoreError as error:
            raise RetryableError(f"item not read: {type(error).__name__}") from error


def _key_of(name: str) -> str:
    return f"items/{name}.json.gz"


def _unpacked(packed: bytes) -> bytes | None:
    """Unpack at most `ITEM_LIMIT_BYTES`; None where it is no whole gzip file, or larger."""
    stream = zlib.decompressobj(_GZIP_FORMAT)
    try:
        body = stream.decompress(packed, ITEM_LIMIT_BYTES)
    except zlib.error:
        return None
    return body if stream.eof else None
