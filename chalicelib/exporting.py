"""The composition root of asking for exports: what is wanted, who asked, and what became of it.

The work itself is in `chalicelib.making`, which only the `export` function imports: whoever asks
needs neither a database on disk nor any format.
"""

import functools
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from botocore.config import Config

from chalicelib.aws import CLIENT_CONFIG, Clients, SystemClock
from chalicelib.errors import InvalidRequestError, NotFoundError
from chalicelib.findings.jobs import DynamoJobs, asked
from chalicelib.model import Identity
from chalicelib.model.export import ExportJob, ExportQuery, ExportStatus
from chalicelib.ports import Clock
from chalicelib.settings import Settings

#: Format → end of the file's name.
SUFFIXES = {
    "csv": ".csv",
    "jsonl": ".jsonl",
    "ocsf": ".ocsf.jsonl",
    "asff": ".asff.jsonl",
    "html": ".html",
    "pack": ".zip",
}
OCSF_VERSIONS = ("1.8.0", "1.9.0-dev")
#: Clocks differ: a window may end this much in the future, and ends now instead.
CLOCK_SKEW = timedelta(minutes=5)
#: How long a file can be fetched without asking again.
URL_SECONDS = 900
NAMES_LIMIT = 200
_ACCOUNT = re.compile(r"\d{12}")
_RULE = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")
_JOB = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{16}")
#: A URL in the older signature version is refused by newer buckets, and one of the global endpoint
#: is redirected, which breaks its signature.
_URLS = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporting:
    """What asking for exports needs.

    Attributes:
        send: Puts a message into the queue of exports.
        url_of: Object key and file name → where it can be fetched for a short time.
    """

    jobs: DynamoJobs
    send: Callable[[str], None]
    url_of: Callable[[str, str], str]
    clock: Clock
    account_id: str
    partition: str

    def start(self, query: ExportQuery, by: Identity) -> ExportJob:
        """Take a request, note who made it, and queue it.

        Raises:
            InvalidRequestError: It makes no sense.
        """
        now = self.clock.now()
        job = ExportJob(
            id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(8)}",
            query=checked(query, now),
            status=ExportStatus.QUEUED,
            requested_by=by,
            requested_at=now,
        )
        self.jobs.add(job, asked(job, self.account_id, self.partition))
        self.send(msgspec.json.encode({"export": job.id}).decode())
        return job

    def job(self, job_id: str) -> ExportJob:
        """Return a job, with a URL where its file is there.

        Raises:
            NotFoundError: There is none.
        """
        # Ids are part of keys: what is none of ours is not even asked for.
        found = self.jobs.job(job_id, self.clock.now()) if _JOB.fullmatch(job_id) else None
        if found is None:
            raise NotFoundError("there is no such export")
        if found.status is not ExportStatus.DONE:
            return found
        return replace(found, url=self.url_of(object_key(found), file_name(found)))

    def list(self) -> tuple[ExportJob, ...]:
        """Return the newest jobs, newest first, without URLs."""
        return self.jobs.jobs(self.clock.now())


def start(query: ExportQuery, by: Identity) -> str:
    """Ask for an export and return the job's id; see `Exporting.start`."""
    return service().start(query, by).id


def job(job_id: str) -> ExportJob:
    """Return a job; see `Exporting.job`."""
    return service().job(job_id)


def jobs() -> tuple[ExportJob, ...]:
    """Return the newest jobs; see `Exporting.list`."""
    return service().list()


def service() -> Exporting:
    """Return what the environment describes."""
    return _service(Settings.from_env())


def checked(query: ExportQuery, now: datetime) -> ExportQuery:
    """Return a query in the one form in which it is kept: UTC, whole milliseconds, names in order.

    Raises:
        InvalidRequestError: It makes no sense; the message says what was expected.
    """
    if query.format not in SUFFIXES:
        raise InvalidRequestError(f"format: expected one of {', '.join(SUFFIXES)}")
    if query.ocsf_version not in OCSF_VERSIONS:
        raise InvalidRequestError(f"ocsf_version: expected one of {', '.join(OCSF_VERSIONS)}")
    start, end = _instant("from", query.start), _instant("to", query.end)
    if end > now + CLOCK_SKEW:
        raise InvalidRequestError("to: the window ends in the future, which nobody can prove")
    end = min(end, now)
    if start >= end:
        raise InvalidRequestError("from: expected an instant before the window's end")
    return replace(
        query,
        start=start,
        end=end,
        accounts=_names("accounts", query.accounts, _ACCOUNT),
        rule_ids=_names("rule_ids", query.rule_ids, _RULE),
    )


def object_key(job: ExportJob) -> str:
    """Return where a job's file lies in the bucket of exports."""
    return f"exports/{job.id}/{file_name(job)}"


def file_name(job: ExportJob) -> str:
    """Return the name under which a person saves a job's file."""
    query = job.query
    return f"vigil-{query.start:%Y%m%d}-{query.end:%Y%m%d}{SUFFIXES[query.format]}"


def jobs_over(settings: Settings, clients: Clients) -> DynamoJobs:
    """Return the jobs that the environment describes."""
    return DynamoJobs(clients.client("dynamodb"), settings.work_table, settings.history_table)


def exporting_over(settings: Settings, clients: Clients, signing: Clients) -> Exporting:
    """Return the service over given clients.

    Args:
        settings: Where things are.
        clients: What calls AWS.
        signing: What URLs are signed with; see `_URLS`.
    """

    def send(body: str) -> None:
        clients.client("sqs").send_message(QueueUrl=settings.exports_queue_url, MessageBody=body)

    def url_of(key: str, name: str) -> str:
        wanted = {
            "Bucket": settings.exports_bucket,
            "Key": key,
            "ResponseContentDisposition": f'attachment; filename="{name}"',
        }
        s3: Any = signing.client("s3")
        url: str = s3.generate_presigned_url("get_object", Params=wanted, ExpiresIn=URL_SECONDS)
        return url

    return Exporting(
        jobs=jobs_over(settings, clients),
        send=send,
        url_of=url_of,
        clock=SystemClock(),
        account_id=settings.account_id,
        partition=settings.partition,
    )


@functools.cache
def _service(settings: Settings) -> Exporting:
    url = settings.endpoint_url
    return exporting_over(settings, Clients(endpoint_url=url), signing_clients(url))


def signing_clients(endpoint_url: str | None) -> Clients:
    """Return clients whose URLs are good for every bucket in every Region."""
    return Clients(endpoint_url=endpoint_url, config=CLIENT_CONFIG.merge(_URLS))


def _instant(name: str, instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise InvalidRequestError(f"{name}: expected an instant with an offset, like Z")
    try:
        utc = instant.astimezone(UTC)
    except OverflowError as error:
        raise InvalidRequestError(f"{name}: expected an instant within the calendar") from error
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _names(field: str, names: Sequence[str], pattern: re.Pattern[str]) -> tuple[str, ...]:
    if len(names) > NAMES_LIMIT:
        raise InvalidRequestError(f"{field}: expected at most {NAMES_LIMIT}")
    if not all(map(pattern.fullmatch, names)):
        raise InvalidRequestError(f"{field}: expected texts like {pattern.pattern}")
    return tuple(sorted(set(names)))
