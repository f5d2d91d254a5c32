"""Exports as jobs: asked for, written down, made once, fetched with a URL."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib.errors import (
    ConflictError,
    InvalidRecordError,
    InvalidRequestError,
    NotFoundError,
)
from chalicelib.export._verify import opened, verify
from chalicelib.exporting import CLOCK_SKEW, checked
from chalicelib.findings.integrity import BrokenSealError
from chalicelib.findings.jobs import GIVEN_UP_AFTER, LEASE, asked
from chalicelib.making import (
    DELIVERIES,
    INTERRUPTED,
    RETRY_SECONDS,
    _clients,
    coming_back_soon,
    make,
)
from chalicelib.model import ResourceRef, TransitionKind
from chalicelib.model.export import ExportJob, ExportQuery, ExportStatus, SealedEntry
from chalicelib.settings import Settings
from tests.integration.exporting.conftest import ANA, NOW, QUERY, World, fetched, unpacked
from tests.unit.export.given import ACCOUNT, END, START, at, population, sealed
from tests.unit.export.packs import row
from tests.unit.export.seals import entries_of, estate, keyed
from vigil.package.plan import QUEUES

GIVEN = tuple(estate(population()))
LINES = replace(QUERY, format="jsonl")
SECOND = timedelta(seconds=1)


class BrokenDownError(Exception):
    """Something nobody expected."""


def test_an_export_is_fetched_as_it_was_made(world: World) -> None:
    world.seal(entries_of(GIVEN))

    job = world.made(LINES)

    data = fetched(job)
    assert job.status is ExportStatus.DONE
    assert (job.done, job.total) == (len(GIVEN), len(GIVEN))
    assert (job.size, job.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert len(data.splitlines()) == len(GIVEN)
    assert job.key_fingerprint is None


def test_a_pack_names_the_key_that_signed_it(world: World) -> None:
    world.seal(entries_of(GIVEN))

    job = world.made()

    signer = world.making.sources.signer()
    assert signer is not None
    assert job.key_fingerprint == signer.fingerprint


def test_packs_of_one_window_are_the_same_whenever_they_are_made(world: World) -> None:
    world.database.store().log(row(1_000))
    world.seal(entries_of(GIVEN))
    one = world.made()
    world.clock.instant += timedelta(hours=3)
    # That somebody asked is itself an entry of the history, and is sealed.
    world.seal([entry_of(one)])

    other = world.made()

    first, second = contents(one), contents(other)
    assert first.keys() == second.keys()
    assert {name for name in first if first[name] != second[name]} == {"run.json"}


def test_the_ledger_is_the_population_of_a_pack(world: World) -> None:
    store = world.database.store()
    for number, region in enumerate(("eu-west-1", "mars-north-1", "unknown")):
        store.log(row(number, region=region))
    store.log(row(3))
    world.seal(entries_of(GIVEN))

    job = world.made(replace(QUERY, start=at(0), end=at(3)))

    manifest = msgspec.json.decode(contents(job)["manifest.json"])
    assert manifest["population"]["seen"] == 3
    assert manifest["complete"]


def test_whoever_asks_is_in_the_history(world: World) -> None:
    job = world.exporting.start(LINES, ANA)

    ref = ResourceRef(
        account_id=world.settings.account_id, region="global", type="Vigil::Export", id=job.id
    )
    (entry,) = world.database.store().history_of(ref)
    assert entry.kind is TransitionKind.EXPORTED
    assert b'"by":{"arn":null,"id":"AIDAANA"' in entry.body
    (message,) = world.received()
    assert message["Body"] == msgspec.json.encode({"export": job.id}).decode()


def test_what_is_asked_for_is_kept_in_one_form(world: World) -> None:
    wanted = ExportQuery(
        start=datetime.fromisoformat("2026-01-01T01:00:00.0004+01:00"),
        end=END,
        format="csv",
        accounts=("222233334444", "111122223333", "222233334444"),
    )

    job = world.exporting.start(wanted, ANA)

    assert job.query.start == datetime(2026, 1, 1, tzinfo=UTC)
    assert job.query.accounts == ("111122223333", "222233334444")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"format": "pdf"}, "format", id="unknown format"),
        pytest.param({"ocsf_version": "2.0"}, "ocsf_version", id="unknown version of OCSF"),
        pytest.param({"start": END}, "before the window's end", id="empty window"),
        pytest.param({"end": NOW + CLOCK_SKEW + SECOND}, "in the future", id="not yet over"),
        pytest.param({"start": START.replace(tzinfo=None)}, "offset", id="no time zone"),
        pytest.param(
            {"start": datetime.fromisoformat("0001-01-01T00:00:00+14:00")}, "calendar", id="year 0"
        ),
        pytest.param({"accounts": ("*",)}, "accounts", id="no account id"),
        pytest.param({"accounts": ("1" * 12,) * 201}, "at most", id="too many accounts"),
        pytest.param({"rule_ids": ("../../etc",)}, "rule_ids", id="no rule id"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        checked(replace(QUERY, **changes), NOW)


def test_a_window_that_ends_in_a_moment_ends_now() -> None:
    assert checked(replace(QUERY, end=NOW + SECOND), NOW).end == NOW


def test_nothing_sealed_is_no_export(world: World) -> None:
    job = world.made()

    assert job.status is ExportStatus.FAILED
    assert "nothing is sealed yet" in str(job.error)
    assert job.url is None


def test_a_broken_seal_fails_an_export_and_is_named(world: World) -> None:
    world.seal(entries_of(GIVEN))

    job = world.exporting.start(LINES, ANA)
    with_sources(world, parts=broken).make(job.id, "first", is_last=False)

    failed = world.exporting.job(job.id)
    assert failed.status is ExportStatus.FAILED
    assert failed.error == "manifest 1 is not what was sealed"


def test_contradictions_are_for_packs_alone(world: World) -> None:
    entries = entries_of(GIVEN)
    world.seal([*entries, replace(entries[0], body=entries[1].body)])

    plain, pack = world.made(LINES), world.made()

    assert plain.status is ExportStatus.FAILED
    assert entries[0].sk in str(plain.error)
    assert pack.status is ExportStatus.DONE
    assert contents(pack)["README.html"].count(b"INCOMPLETE")


def test_what_breaks_down_comes_back_with_the_next_delivery(world: World) -> None:
    world.seal(entries_of(GIVEN))
    job = world.exporting.start(LINES, ANA)

    with pytest.raises(BrokenDownError):
        with_sources(world, parts=breaking_down).make(job.id, "first", is_last=False)
    between = world.exporting.job(job.id)
    world.making.make(job.id, "second", is_last=False)

    assert between.status is ExportStatus.QUEUED
    assert world.exporting.job(job.id).status is ExportStatus.DONE


def test_what_breaks_down_to_the_last_fails_for_good(world: World) -> None:
    job = world.exporting.start(LINES, ANA)

    with pytest.raises(BrokenDownError):
        with_sources(world, parts=breaking_down).make(job.id, "third", is_last=True)

    failed = world.exporting.job(job.id)
    assert (failed.status, failed.error) == (ExportStatus.FAILED, INTERRUPTED)


@pytest.mark.parametrize(
    ("error", "hidden"),
    [
        pytest.param(BrokenDownError, [RETRY_SECONDS], id="what broke down"),
        pytest.param(ConflictError, [], id="what somebody else is at: when the queue thinks"),
        pytest.param(None, [], id="what is done: never"),
    ],
)
def test_a_message_comes_back_soon_where_that_can_help(
    world: World, monkeypatch: pytest.MonkeyPatch, error: type[Exception] | None, hidden: list[int]
) -> None:
    for name in ("findings", "history", "ledger", "work"):
        monkeypatch.setenv(f"VIGIL_{name.upper()}_TABLE", world.database.table(name))
    monkeypatch.setenv("VIGIL_EXPORTS_QUEUE_URL", world.settings.exports_queue_url)
    world.exporting.start(LINES, ANA)
    (message,) = world.received()
    asked: list[int] = []
    sqs = _clients(Settings.from_env()).client("sqs")
    sqs.meta.events.register(
        "provide-client-params.sqs.ChangeMessageVisibility",
        lambda params, **_: asked.append(params["VisibilityTimeout"]),
    )

    with suppress(BrokenDownError, ConflictError):  # noqa: SIM117 - the outer one is no part of it
        with coming_back_soon({"receiptHandle": message["ReceiptHandle"]}):
            if error is not None:
                raise error

    assert asked == hidden


def test_a_message_is_delivered_as_often_as_a_job_is_tried() -> None:
    assert QUEUES["exports"].max_receives == DELIVERIES


def test_two_at_work_on_one_job_are_one_too_many(world: World) -> None:
    world.seal(entries_of(GIVEN))
    job = world.exporting.start(LINES, ANA)
    world.making.jobs.claim(job, "somebody", NOW)

    with pytest.raises(ConflictError):
        world.making.make(job.id, "another", is_last=False)


def test_a_job_whose_worker_died_is_free_when_its_lease_is_over(world: World) -> None:
    world.seal(entries_of(GIVEN))
    job = world.exporting.start(LINES, ANA)
    world.making.jobs.claim(job, "somebody", NOW)
    world.clock.instant = NOW + LEASE + SECOND

    assert world.making.make(job.id, "another", is_last=False) == "done"


def test_whoever_lost_a_job_writes_nothing_more_of_it(world: World) -> None:
    job = world.exporting.start(LINES, ANA)
    jobs = world.making.jobs
    claimed = jobs.claim(job, "slow", NOW)
    jobs.claim(job, "quick", NOW + LEASE + SECOND)

    with pytest.raises(ConflictError):
        jobs.keep(replace(claimed, done=1), "slow", NOW + LEASE + SECOND)


def test_a_finished_job_is_not_made_again(world: World) -> None:
    world.seal(entries_of(GIVEN))
    job = world.made(LINES)

    assert world.making.make(job.id, "again", is_last=False) == "nothing to do"
    assert world.exporting.job(job.id).sha256 == job.sha256


def test_a_job_that_nobody_finished_is_given_up(world: World) -> None:
    job = world.exporting.start(LINES, ANA)
    world.clock.instant = NOW + GIVEN_UP_AFTER + SECOND

    assert world.exporting.job(job.id).status is ExportStatus.FAILED
    assert world.making.make(job.id, "late", is_last=False) == "nothing to do"


def test_the_newest_jobs_come_first(world: World) -> None:
    world.clock.instant += timedelta(days=1)
    first = world.exporting.start(LINES, ANA)
    world.clock.instant += SECOND
    second = world.exporting.start(LINES, ANA)

    assert [job.id for job in world.exporting.list()][:2] == [second.id, first.id]


@pytest.mark.parametrize("job_id", ["", "nothing", "20260101T000000Z-0123456789abcdef", "#"])
def test_what_is_no_job_is_not_found(world: World, job_id: str) -> None:
    with pytest.raises(NotFoundError):
        world.exporting.job(job_id)


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"export": 3}'])
def test_a_message_that_names_no_job_goes_to_the_dead_letters(body: str) -> None:
    with pytest.raises(InvalidRecordError):
        make(body, attempt="first", receives=1)


def test_progress_is_told_at_most_once_a_second(world: World) -> None:
    world.seal(entries_of(GIVEN))
    job = world.exporting.start(LINES, ANA)
    kept: list[int] = []
    jobs = world.making.jobs

    class Noting(type(jobs)):  # type: ignore[misc] # the class of what is there
        def keep(self, job: ExportJob, holder: str, now: datetime) -> None:
            kept.append(job.done)
            super().keep(job, holder, now)

    noting = Noting(jobs.client, jobs.work_table, jobs.history_table)
    replace(world.making, jobs=noting).make(job.id, "first", is_last=False)

    # Counted, the first finding, done: the clock stands still.
    assert kept == [0, 1, len(GIVEN)]


def contents(job: ExportJob) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(fetched(job))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def entry_of(job: ExportJob) -> SealedEntry:
    return keyed(sealed(asked(job, "111122223333", "aws")))


def with_sources(world: World, *, parts: Callable[[], Any]) -> Any:
    """Return what makes exports from another seal."""

    class Other:
        def parts(self) -> Any:
            return parts()

    making = world.making
    return replace(making, sources=replace(making.sources, archive=Other()))


def broken() -> Any:
    raise BrokenSealError("manifest 1\nis not what   was sealed")


def breaking_down() -> Any:
    raise BrokenDownError


def test_temporary_files_are_gone_when_an_export_is_made(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    world.seal(entries_of(GIVEN))

    world.made()

    assert {path.name for path in tmp_path.iterdir()} == {"bundle.json"}


def test_a_pack_of_one_account_is_proven_and_what_was_changed_in_it_is_named(
    world: World, tmp_path: Path
) -> None:
    world.seal(entries_of(GIVEN))
    job = world.made(replace(QUERY, accounts=(ACCOUNT,)))
    folder = unpacked(fetched(job), tmp_path / "pack")

    pinned = verify(opened(folder), job.key_fingerprint)
    trusting = verify(opened(folder))
    findings = folder / "findings.jsonl"
    findings.write_bytes(findings.read_bytes().replace(b'"OPEN"', b'"DONE"', 1))
    tampered = verify(opened(folder), job.key_fingerprint)

    assert pinned.problems == []
    assert (pinned.exit_code, trusting.exit_code, tampered.exit_code) == (0, 3, 1)
    assert any(place == "findings.jsonl: line 1" for place, _ in tampered.problems)
