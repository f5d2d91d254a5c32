"""The evidence pack: the same bytes for the same evidence, and what it does not prove on page 1."""

import hashlib
import io
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib.export._front_page import CONTENTS
from chalicelib.export._population import DISPOSITIONS, RECONCILED
from chalicelib.export._views import SAMPLE_SIZE, sampling_key, seed_of
from chalicelib.facts.instants import stamp
from chalicelib.model import Act, Person, Reason, ResourceRef, Status, Subject, Times, Transition
from chalicelib.model import TransitionKind as Kind
from chalicelib.model.export import SealedEntry
from tests.unit.export.given import (
    ACCOUNT,
    BOB,
    CAROL,
    EXEMPTION,
    History,
    at,
    finding,
    rule,
    sealed,
)
from tests.unit.export.packs import (
    GIVEN,
    QUERY,
    SIGNER,
    contents,
    manifest_in,
    pack_of,
    row,
    table,
    texts,
)
from tests.unit.export.seals import SEALED_AT, entries_of, estate, keyed

UNLISTED = {"manifest.json", "manifest.sig.json", "run.json"}
XSS = '"><script>alert(1)</script>\u202e'


def test_two_packs_of_the_same_evidence_are_the_same_bytes(tmp_path: Path) -> None:
    rows = [row(number) for number in range(5)]

    one = pack_of(tmp_path / "one", rows=rows)
    other = pack_of(tmp_path / "other", rows=reversed(rows))

    assert one == other


def test_who_made_a_pack_and_when_changes_nothing_but_run_json(tmp_path: Path) -> None:
    one = contents(pack_of(tmp_path / "one", run={"by": "ana"}))
    other = contents(pack_of(tmp_path / "other", run={"by": "ben"}))

    assert {name for name in one if one[name] != other[name]} == {"run.json"}


def test_nothing_in_a_zip_says_where_and_when_it_was_made(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(pack_of(tmp_path))) as archive:
        told = {(i.date_time, i.create_system, i.external_attr) for i in archive.infolist()}

    assert told == {((1980, 1, 1, 0, 0, 0), 3, 0o100644 << 16)}


def test_the_manifest_lists_every_file_with_its_hash_and_size(tmp_path: Path) -> None:
    files = contents(pack_of(tmp_path))

    listed = msgspec.json.decode(files["manifest.json"])["files"]

    assert listed == {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in files.items()
        if name not in UNLISTED
    }


def test_the_first_page_says_what_every_file_is(tmp_path: Path) -> None:
    folders = {f"{n.partition('/')[0]}/" if "/" in n else n for n in contents(pack_of(tmp_path))}

    described = {
        n if n.endswith("/") or "/" not in n else f"{n.partition('/')[0]}/" for n in CONTENTS
    }

    assert described == folders


def test_what_is_signed_is_the_manifest(tmp_path: Path) -> None:
    files = contents(pack_of(tmp_path))

    digest = hashlib.sha256(files["manifest.json"]).digest()
    signature = msgspec.json.decode(files["manifest.sig.json"], type=dict[str, bytes])

    assert signature == {"signature": SIGNER.sign(digest), "public_key": SIGNER.public_key}


def test_the_whole_seal_is_in_it_whatever_the_scope(tmp_path: Path) -> None:
    narrow = contents(pack_of(tmp_path, query=replace(QUERY, rule_ids=("no-such-rule",))))

    lines = narrow["history/entries.jsonl"].splitlines()
    assert len(lines) == len(entries_of(GIVEN))
    assert narrow["findings.jsonl"] == b""
    for raw in narrow["seal/manifests.jsonl"].splitlines():
        said = msgspec.json.decode(raw)
        covered, lines = lines[: said["entries"]], lines[said["entries"] :]
        segment = b"".join(line + b"\n" for line in covered)
        assert hashlib.sha256(segment).hexdigest() == said["segment"]


def test_every_format_in_it_holds_every_finding(tmp_path: Path) -> None:
    files = contents(pack_of(tmp_path))

    ids = {exported.finding.id for exported in GIVEN}
    assert {r["finding_id"] for r in table(files["findings.csv"])} == ids
    assert {r["finding_id"] for r in lines(files["findings.jsonl"])} == ids
    assert {r["finding_info"]["uid"] for r in lines(files["findings.ocsf.jsonl"])} >= ids
    assert all(one.encode() in files["report.html"] for one in ids)
    assert manifest_in(pack_of(tmp_path / "again"))["counts"]["findings"] == len(ids)


# --- The population of changes


def test_the_population_balances_and_says_that_it_is_not_reconciled(tmp_path: Path) -> None:
    rows = [row(n, disposition=what) for n, what in enumerate([*DISPOSITIONS, "evaluated"])]

    pack = pack_of(tmp_path, rows=rows)

    population = manifest_in(pack)["population"]
    assert population["seen"] == 7 == sum(population[name] for name in DISPOSITIONS)
    assert population["evaluated"] == 2
    assert population["balances"]
    assert not population["reconciled"]
    assert manifest_in(pack)["complete"]
    written = table(contents(pack)["changes.csv"])
    assert [one["event_id"] for one in written] == [one.event_id for one in rows]
    assert {one["reconciliation"] for one in written} == {RECONCILED}


def test_a_population_that_does_not_balance_is_incomplete_on_page_one(tmp_path: Path) -> None:
    pack = pack_of(tmp_path, rows=[row(1), row(2, disposition="lost")])

    page = text_of(contents(pack)["README.html"])

    assert not manifest_in(pack)["complete"]
    assert page.startswith("INCOMPLETE")
    assert "2 records were seen, and what became of them adds up to 1" in page


def test_the_population_is_that_of_the_window_and_the_accounts(tmp_path: Path) -> None:
    other, unread = "999900001111", "unknown"
    rows = [
        row(1),
        row(2, event_time=QUERY.end),
        row(3, event_time=QUERY.start),
        row(4, account_id=other),
        row(5, account_id=unread, event_id=None, disposition="invalid"),
    ]

    pack = pack_of(tmp_path, rows=rows, query=replace(QUERY, accounts=(ACCOUNT,)))

    told = [one["message_id"] for one in table(contents(pack)["changes.csv"])]
    assert told == ["message-3", "message-1", "message-5"]


# --- What is not proven


def test_page_one_says_what_is_not_proven(tmp_path: Path) -> None:
    files = contents(pack_of(tmp_path, query=replace(QUERY, end=SEALED_AT.replace(year=2027))))

    page = text_of(files["README.html"])

    assert RECONCILED in page
    assert "Coverage is unknown" in page
    assert f"The last sealed entries in this pack were sealed at {stamp(SEALED_AT)}" in page
    assert "have no hourly signature yet" in page
    assert msgspec.json.decode(files["coverage.json"])["status"] == "unknown"
    assert "table that is not sealed" in page


def test_what_hourly_signatures_cover_is_not_called_unsigned(tmp_path: Path) -> None:
    last = manifest_in(pack_of(tmp_path / "unsigned"))["seal"]["manifest"]
    statement = msgspec.json.encode({"manifest": last}).decode()
    signature = msgspec.json.encode({"statement": statement})

    files = contents(pack_of(tmp_path / "signed", signatures=(signature,)))

    assert "no hourly signature" not in text_of(files["README.html"])
    assert files["seal/signatures.jsonl"] == signature + b"\n"


def test_an_entry_that_was_swapped_makes_a_pack_incomplete(tmp_path: Path) -> None:
    entries = entries_of(GIVEN)
    forged = replace(entries[0], body=entries[1].body)

    page = text_of(contents(pack_of(tmp_path, [*entries, forged]))["README.html"])

    assert page.startswith("INCOMPLETE")
    assert entries[0].pk in page


def test_page_one_executes_nothing_that_strangers_wrote(tmp_path: Path) -> None:
    entries = entries_of(GIVEN)
    odd = replace(entries[0], pk=XSS)
    forged = replace(odd, body=entries[1].body)

    page = contents(pack_of(tmp_path, [*entries, odd, forged]))["README.html"]

    assert "script" not in tags_of(page)
    assert XSS[:10] in text_of(page)
    assert "\u202e" not in page.decode()


# --- Rules, controls, sample, auditor's view


def test_rules_are_there_as_they_were_and_unknown_ones_are_named(tmp_path: Path) -> None:
    known = replace(rule("s3-bucket-no-public-read"), hash="4f2d" * 16)

    pack = pack_of(
        tmp_path, rules=texts(versions={(known.id, known.hash): known}, in_force={}, bundle=None)
    )

    files = contents(pack)
    (version,) = msgspec.json.decode(files["rules/s3-bucket-no-public-read.json"])["versions"]
    assert version["hash"] == known.hash
    assert version["rule"]["id"] == known.id
    assert {one.partition("@")[0] for one in manifest_in(pack)["rules"]["unknown"]} == {
        "ec2-sg-no-public-ssh",
        "iam-role-no-admin",
        "vigil-resource-unreadable",
    }
    assert "Which rules were in force at the window's end is not known" in text_of(
        files["README.html"]
    )


def test_a_rule_whose_text_nobody_has_is_named(tmp_path: Path) -> None:
    pack = pack_of(tmp_path, rules=texts(versions={}, in_force={}))

    assert f"s3-bucket-no-public-read@{'4f2d' * 16}" in manifest_in(pack)["rules"]["unknown"]


def test_a_rules_id_is_no_path(tmp_path: Path) -> None:
    evil = finding(rule_id="../../etc/passwd")

    pack = pack_of(tmp_path, entries_of(estate([History(evil).exported()])))

    assert not [name for name in contents(pack) if ".." in name]


def test_the_control_matrix_counts_each_rule_under_each_of_its_controls(tmp_path: Path) -> None:
    matrix = table(contents(pack_of(tmp_path))["controls.csv"])

    assert [
        (r["control"], r["rule_id"], r["open"], r["resolved"])
        for r in matrix
        if r["framework"] == "cis-aws-7.0"
    ] == [
        ("1.16", "iam-role-no-admin", "0", "1"),
        ("2.1.4", "s3-bucket-no-public-read", "2", "0"),
        ("6.10", "ec2-sg-no-public-ssh", "0", "1"),
        ("6.3", "ec2-sg-no-public-ssh", "0", "1"),
    ]
    assert [r["rule_id"] for r in matrix if r["framework"] == "unknown"] == [
        "vigil-resource-unreadable"
    ]
    quiet = next(r for r in matrix if r["rule_id"] == "s3-bucket-logging")
    assert (quiet["open"], quiet["exempt"], quiet["resolved"]) == ("0", "0", "0")


def test_an_exempt_failure_is_counted_as_an_exception_and_not_as_fixed(tmp_path: Path) -> None:
    pack = pack_of(tmp_path, exempt=lambda f: EXEMPTION if f.id[0] == "b" else None)

    counts = manifest_in(pack)["counts"]
    assert (counts["open"], counts["exempt"], counts["resolved"]) == (3, 1, 2)
    cells = {r["rule_id"]: r for r in table(contents(pack)["controls.csv"])}
    assert cells["s3-bucket-no-public-read"]["exempt"] == "1"
    assert cells["s3-bucket-no-public-read"]["open"] == "2"


def test_the_sample_can_be_drawn_again_from_what_the_pack_says(tmp_path: Path) -> None:
    many = tuple(estate(History(finding(id=f"{number:032x}")).exported() for number in range(60)))
    files = contents(pack_of(tmp_path, entries_of(many)))

    manifest = msgspec.json.decode(files["manifest.json"])
    seed = seed_of(manifest["seal"]["hash"], QUERY)
    expected = sorted(sampling_key(seed, one.finding.id) for one in many)[:SAMPLE_SIZE]
    assert [one["key"] for one in table(files["sample.csv"])] == expected
    assert len(expected) == SAMPLE_SIZE


def test_the_seed_is_made_from_the_very_query_in_the_manifest(tmp_path: Path) -> None:
    manifest = manifest_in(pack_of(tmp_path))

    asked = msgspec.json.encode(manifest["query"], order="sorted")
    seed = hashlib.sha256(manifest["seal"]["hash"].encode() + b"\n" + asked).hexdigest()

    assert seed == seed_of(manifest["seal"]["hash"], QUERY)


def test_an_auditor_sees_what_was_late_open_or_excluded_and_not_what_was_fixed_in_time(
    tmp_path: Path,
) -> None:
    pack = pack_of(tmp_path, exempt=lambda f: EXEMPTION if f.id[0] == "b" else None)

    seen = [(r["finding_id"][0], r["view"]) for r in table(contents(pack)["auditor.csv"])]

    assert seen == [
        ("a", "open-past-due"),
        ("b", "excluded"),
        ("c", "fixed-late"),
        ("e", "open-past-due"),
    ]


def test_an_exclusion_is_shown_with_its_reason_and_both_persons(tmp_path: Path) -> None:
    pack = pack_of(tmp_path, exempt=lambda _: EXEMPTION)

    first = table(contents(pack)["auditor.csv"])[0]

    assert first["exemption_reason"] == EXEMPTION.reason
    assert first["exemption_requested_by"] == BOB.name
    assert first["exemption_approved_by"] == CAROL.name


def test_what_was_fixed_late_before_the_window_is_not_shown_again(tmp_path: Path) -> None:
    history = History(finding(due_at=at(50)))
    closed = {"status": Status.RESOLVED, "resolved_at": at(100)}
    again = {"status": Status.OPEN, "resolved_at": None, "episode": 2, "due_at": None}
    history.then(Kind.RESOLVED, 100, closed).then(Kind.REOPENED, 200, again)

    query = replace(QUERY, start=at(150))
    pack = pack_of(tmp_path, entries_of(estate([history.exported()])), query=query)

    assert [r["view"] for r in table(contents(pack)["auditor.csv"])] == ["open-without-due-date"]


def test_how_late_a_fix_was_is_said_in_days(tmp_path: Path) -> None:
    (late,) = (
        r for r in table(contents(pack_of(tmp_path))["auditor.csv"]) if r["view"] == "fixed-late"
    )

    assert late["days_late"] == f"{(3000 - 1540) / 1440:.2f}"


# --- Exemptions and people


def test_accepted_risks_of_the_window_are_there_with_their_history(tmp_path: Path) -> None:
    entries = [
        *entries_of(GIVEN),
        noted(Kind.EXEMPTION_REQUESTED, 60, 1, exemption=replace(EXEMPTION, decided_at=None)),
        noted(Kind.EXEMPTION_APPROVED, 90, 2, exemption=EXEMPTION),
    ]

    files = contents(pack_of(tmp_path, entries))

    (told,) = lines(files["exemptions.jsonl"])
    assert told["exemption"]["reason"] == EXEMPTION.reason
    assert [(step["kind"], step["act"]["by"]["name"]) for step in told["history"]] == [
        ("exemption-requested", BOB.name),
        ("exemption-approved", BOB.name),
    ]


def test_a_risk_that_was_never_accepted_in_the_window_is_not_there(tmp_path: Path) -> None:
    over = replace(EXEMPTION, expires_at=at(95))
    entries = [*entries_of(GIVEN), noted(Kind.EXEMPTION_APPROVED, 90, 1, exemption=over)]

    files = contents(pack_of(tmp_path, entries, query=replace(QUERY, start=at(95))))

    assert files["exemptions.jsonl"] == b""


def test_people_are_there_with_their_identities(tmp_path: Path) -> None:
    ana = Person(id="ana", name="Ana", identities=("slack:T1/U1",), confirmed=True)
    entries = [*entries_of(GIVEN), noted(Kind.PERSON_CHANGED, 10, 1, person=ana)]

    (told,) = lines(contents(pack_of(tmp_path, entries))["people.jsonl"])

    assert told["person"]["identities"] == ["slack:T1/U1"]


def noted(kind: Kind, minutes: float, seq: int, **about: Any) -> SealedEntry:
    name = next(iter(about))
    ref = ResourceRef(account_id=ACCOUNT, region="global", type=f"Vigil::{name}", id=about[name].id)
    written = Transition(
        kind=kind,
        reason=Reason.PERSON,
        account_id=ACCOUNT,
        subject=Subject(ref=ref),
        rule_id=about[name].id,
        seq=seq,
        prev=None,
        times=Times(event=None, received=None, decided=at(minutes)),
        act=Act(by=BOB),
        **about,
    )
    return keyed(sealed(written))


def lines(data: bytes) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in data.splitlines()]


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - its signature
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] != "style":
            self.text.append(data)


def read(page: bytes) -> _Reading:
    reading = _Reading()
    reading.feed(page.decode())
    return reading


def text_of(page: bytes) -> str:
    return " ".join(read(page).text).strip()


def tags_of(page: bytes) -> list[str]:
    return read(page).tags


@pytest.mark.parametrize("name", ["auditor.csv", "controls.csv", "sample.csv", "changes.csv"])
def test_no_cell_of_a_table_is_a_formula(tmp_path: Path, name: str) -> None:
    evil = "=cmd|' /C calc'!A0"
    subject = replace(finding().subject, owner=evil)
    exported = History(finding(due_at=at(1), subject=subject, rule_id=evil)).exported()
    known = replace(rule("s3-bucket-logging"), title=evil, frameworks={evil: (evil,)})
    rows = [row(1, event_name=evil, actor=evil)]

    pack = pack_of(
        tmp_path,
        entries_of([exported]),
        rows=rows,
        rules=texts(in_force={known.id: known}),
    )

    cells = [cell for r in table(contents(pack)[name]) for cell in r.values()]
    assert any("calc" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith("=")]
