"""The composition root of making exports: a message of their queue → a file in their bucket.

A job fails for good where trying again cannot help, and otherwise comes back with its message.
Whatever happens, it is written down: nobody waits for a job that nobody works on.
"""

import functools
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from chalicelib import bundles
from chalicelib.aws import Clients, SystemClock
from chalicelib.errors import ConflictError, InvalidRecordError, PermanentError
from chalicelib.export.pack import Signer
from chalicelib.exporting import jobs_over, object_key
from chalicelib.findings.archive import Archive
from chalicelib.findings.jobs import DynamoJobs
from chalicelib.findings.received import rows_between
from chalicelib.model.export import ExportJob, ExportStatus
from chalicelib.ports import Clock
from chalicelib.settings import Settings
from chalicelib.version import VERSION
from chalicelib.writing import Sources, Told, write_export

#: A job says how far it has come this often, at most.
PROGRESS_EVERY = timedelta(seconds=1)
ERROR_LIMIT_CHARS = 500
#: After so many the queue gives a message up.
DELIVERIES = 3
RETRY_SECONDS = 60
INTERRUPTED = "it ended unexpectedly; the function's log says where"
_SIGNING = "RSASSA_PKCS1_V1_5_SHA_256"
_OVER = (ExportStatus.DONE, ExportStatus.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What making exports needs.

    Attributes:
        put: Object key and file → the file is in the bucket.
    """

    jobs: DynamoJobs
    sources: Sources
    put: Callable[[str, Path], None]
    clock: Clock

    def make(self, job_id: str, attempt: str, *, is_last: bool) -> str:
        """Make what was asked for; return what became of it, for the log.

        Args:
            job_id: The job.
            attempt: Names this attempt.
            is_last: True where the queue will not deliver it again.

        Raises:
            RetryableError: Not now; the queue should bring it back.
        """
        now = self.clock.now()
        job = self.jobs.job(job_id, now)
        if job is None or job.status in _OVER:
            return "nothing to do"
        claimed = self.jobs.claim(job, attempt, now)
        return _Attempt(making=self, job=claimed, name=attempt).end(is_last=is_last)


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """One attempt at a job that was claimed."""

    making: Making
    job: ExportJob
    name: str
    said_at: datetime | None = None

    def end(self, *, is_last: bool) -> str:
        """Make the file, and write down what became of the job."""
        with self._let_go(is_last=is_last), tempfile.TemporaryDirectory(prefix="vigil-") as folder:
            try:
                self._make(Path(folder))
            except PermanentError as error:
                said = " ".join(str(error).split())[:ERROR_LIMIT_CHARS]
                self._keep(status=ExportStatus.FAILED, error=said)
        return self.job.status.value

    @contextmanager
    def _let_go(self, *, is_last: bool) -> Iterator[None]:
        """Whatever else is raised: leave the job to the next delivery, or end it."""
        over = False
        try:
            yield
            over = True
        finally:
            if not over and is_last:
                self._keep(status=ExportStatus.FAILED, error=INTERRUPTED)
            elif not over:
                self._keep(status=ExportStatus.QUEUED)

    def _make(self, folder: Path) -> None:
        run = {
            "export": self.job.id,
            "requested_by": self.job.requested_by,
            "requested_at": self.job.requested_at,
            "made_at": self.making.clock.now(),
            "version": VERSION,
        }
        told = Told(found=self._found, written=self._written)
        file, fingerprint = write_export(self.job.query, run, self.making.sources, folder, told)
        size, digest = _measured(file)
        self.making.put(object_key(self.job), file)
        self._keep(
            status=ExportStatus.DONE,
            done=self.job.total,
            size=size,
            sha256=digest,
            key_fingerprint=fingerprint,
        )

    def _found(self, total: int, manifest: int) -> None:
        self._keep(total=total, manifest=manifest)

    def _written(self, count: int) -> None:
        now = self.making.clock.now()
        if self.said_at is None or now - self.said_at >= PROGRESS_EVERY:
            self.said_at = now
            self._keep(done=count)

    def _keep(self, **changes: Any) -> None:
        now = self.making.clock.now()
        over = changes.get("status") in _OVER
        self.job = replace(self.job, finished_at=now if over else None, **changes)
        self.making.jobs.keep(self.job, self.name, now)


def prepare() -> None:
    """Build what every invocation needs."""
    _making(Settings.from_env())


def make(body: str, *, attempt: str, receives: int) -> str:
    """Make what a message of the queue asks for; return what became of it, for the log.

    Args:
        body: The message.
        attempt: Names this delivery of it.
        receives: How often it was delivered, this time included.

    Raises:
        RetryableError: Not now; the queue should bring it back.
        InvalidRecordError: The message asks for nothing.
    """
    try:
        job_id = msgspec.json.decode(body, type=dict[str, str])["export"]
    except (msgspec.DecodeError, KeyError) as error:
        raise InvalidRecordError("the message names no export") from error
    making = _making(Settings.from_env())
    return making.make(job_id, attempt, is_last=receives >= DELIVERIES)


@contextmanager
def coming_back_soon(record: Mapping[str, Any]) -> Iterator[None]:
    """Let a message that failed come back within a minute.

    The queue itself would wait for six times what the function may take. Where somebody else is at
    work on the job, that is just as long as it should.
    """
    settled = False
    try:
        yield
        settled = True
    except ConflictError:
        settled = True
        raise
    finally:
        if not settled:
            settings = Settings.from_env()
            _clients(settings).client("sqs").change_message_visibility(
                QueueUrl=settings.exports_queue_url,
                ReceiptHandle=record["receiptHandle"],
                VisibilityTimeout=RETRY_SECONDS,
            )


@functools.cache
def _clients(settings: Settings) -> Clients:
    return Clients(endpoint_url=settings.endpoint_url)


@functools.cache
def _making(settings: Settings) -> Making:
    return making_over(settings, _clients(settings))


def making_over(settings: Settings, clients: Clients) -> Making:
    """Return what makes exports over given clients."""
    client = clients.client
    return Making(
        jobs=jobs_over(settings, clients),
        sources=Sources(
            archive=Archive(client("s3"), settings.evidence_bucket),
            rows=lambda start, end: rows_between(
                client("dynamodb"), settings.ledger_table, start, end
            ),
            rulesets=lambda: bundles.rulesets(
                settings.bundle.read_bytes(), lambda: client("s3"), settings.rules_bucket
            ),
            signer=lambda: _signer(client("kms"), settings.seal_key_id),
        ),
        put=functools.partial(_put, client("s3"), settings.exports_bucket),
        clock=SystemClock(),
    )


def _signer(kms: Any, key_id: str) -> Signer | None:
    if not key_id:
        return None

    def sign(digest: bytes) -> bytes:
        answer = kms.sign(
            KeyId=key_id, Message=digest, MessageType="DIGEST", SigningAlgorithm=_SIGNING
        )
        signature: bytes = answer["Signature"]
        return signature

    return Signer(sign=sign, public_key=kms.get_public_key(KeyId=key_id)["PublicKey"])


def _put(s3: Any, bucket: str, key: str, file: Path) -> None:
    with file.open("rb") as body:
        s3.put_object(Bucket=bucket, Key=key, Body=body)


def _measured(file: Path) -> tuple[int, str]:
    """Return a file's size and SHA-256."""
    with file.open("rb") as data:
        return file.stat().st_size, hashlib.file_digest(data, "sha256").hexdigest()
