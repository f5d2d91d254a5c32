"""Writes the seal: a segment, then the manifest that names it, then, hourly, a signature.

A process may die between any two of these. A segment without manifest is never read; a batch that
comes again is sealed again, which doubles entries and loses none. No two manifests bear one number:
each is put only where none is, and whoever comes second goes behind the first.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.errors import ConflictError
from chalicelib.findings._refusals import code_of
from chalicelib.findings.archive import Archive
from chalicelib.findings.integrity import (
    Line,
    Manifest,
    digest,
    fingerprint_of,
    manifest_after,
    manifest_name,
    packed,
    segment_name,
    segment_of,
    signature_document,
    signature_name,
    statement_of,
)

#: Shards seal at the same time; more than a few of them are never behind each other for long.
ATTEMPTS = 20
ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"
_TAKEN = frozenset({"ConditionalRequestConflict", "PreconditionFailed"})


@dataclass(frozen=True, slots=True)
class Signer:
    """The asymmetric key in KMS; its private half never leaves it.

    Attributes:
        kms: Builds the boto3 client, which most functions never need.
    """

    kms: Callable[[], Any]
    key_id: str

    def public_key(self) -> bytes:
        """Return the key's public half, DER SubjectPublicKeyInfo."""
        answer = self.kms().get_public_key(KeyId=self.key_id)
        return bytes(answer["PublicKey"])

    def sign(self, statement: bytes) -> bytes:
        """Return the signature of a statement; KMS takes at most 4,096 bytes."""
        answer = self.kms().sign(
            KeyId=self.key_id,
            Message=statement,
            MessageType="RAW",
            SigningAlgorithm=ALGORITHM,
        )
        return bytes(answer["Signature"])


@dataclass(slots=True)
class Seal:
    """Seals batches, and remembers the manifest that it put last.

    Attributes:
        s3: A boto3 client.
    """

    s3: Any
    bucket: str
    _head: Manifest | None = None

    def append(self, lines: Sequence[Line], now: datetime) -> Manifest:
        """Seal some lines behind all that is sealed.

        Raises:
            ConflictError: Others kept coming first.
            BrokenSealError: What was sealed before is no chain.
        """
        self._put_segment(segment_of(lines))
        head = self._head or self._archive.head()
        for _ in range(ATTEMPTS):
            manifest = manifest_after(head, lines, now=now)
            put = _put_new(self.s3, self.bucket, manifest_name(manifest.number), manifest.raw)
            later = [] if put else list(self._archive.manifests(after=head))
            # Where ours is there already, only the answer to an earlier attempt was lost.
            if put or manifest in later:
                self._head = manifest
                return manifest
            head = later[-1] if later else head
        raise ConflictError("the seal: others kept coming first")

    def _put_segment(self, segment: bytes) -> None:
        # Unconditional: what lies there may not be what its name says, and then ours must be too.
        self.s3.put_object(
            Bucket=self.bucket,
            Key=segment_name(digest(segment)),
            Body=packed(segment),
            ContentType="application/gzip",
            ChecksumAlgorithm="SHA256",
        )

    @property
    def _archive(self) -> Archive:
        return Archive(self.s3, self.bucket)


def sign_head(archive: Archive, signer: Signer, now: datetime) -> Manifest | None:
    """Sign the newest manifest; return it, or None where nothing was sealed since the last time.

    Raises:
        BrokenSealError: What was sealed since the last signature is no chain: nothing is signed.
    """
    signed = archive.last_signed()
    head = _newest(archive, archive.manifest(signed) if signed else None)
    if head is None or head.number == signed:
        return None
    public_key = signer.public_key()
    statement = statement_of(head, fingerprint_of(public_key), now=now)
    document = signature_document(statement, signer.sign(statement), public_key)
    _put_new(archive.s3, archive.bucket, signature_name(head.number), document)
    return head


def _newest(archive: Archive, head: Manifest | None) -> Manifest | None:
    """Return the last manifest from one on; the chain between them is checked."""
    return functools.reduce(lambda _, later: later, archive.manifests(after=head), head)


def _put_new(s3: Any, bucket: str, key: str, body: bytes) -> bool:
    """Put an object where there is none; tell whether there was none."""
    try:
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentType="application/json",
            ChecksumAlgorithm="SHA256",
            IfNoneMatch="*",
        )
    except ClientError as error:
        if code_of(error) not in _TAKEN:
            raise
        return False
    return True
