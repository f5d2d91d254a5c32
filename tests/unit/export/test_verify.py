"""What the verifier of packs proves, and that nothing in a pack can make it stumble.

Whoever forges here holds the very key: hashes and signatures are all right, and only the history
itself says that something is wrong with it. What can be done without the key is for the adversary.
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.export import _verify
from chalicelib.export._verify import FINDINGS, HISTORY, MANIFESTS, SIGNATURES
from chalicelib.findings.integrity import Key, Line, canonical, signature_document
from chalicelib.model import Transition
from tests.integration.integrity import packs
from tests.integration.integrity.packs import END, START, Written

Entry = tuple[Line, Transition]
VERIFIER = Path(_verify.__file__)
FINDINGS_MADE, EACH = 6, 4


def entries() -> list[Entry]:
    return list(packs.history(FINDINGS_MADE, EACH))


def pack(
    made: list[Entry], *, batch: int = 5, records: list[bytes] | None = None, end: Any = END
) -> Written:
    records = packs.records_of(made, end) if records is None else records
    written = packs.written([line for line, _ in made], records, batch=batch, by=packs.signing())
    packs.sign_pack(written, packs.signing(), end=end)
    return written


def on_disk(written: Written, folder: Path) -> Path:
    for name, data in written.files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def verified(path: Path, fingerprint: str | None = None) -> _verify.Report:
    return _verify.verify(_verify.opened(path), fingerprint or packs.signing().fingerprint)


def places(report: _verify.Report) -> list[str]:
    return [f"{place}: {what}" for place, what in report.problems]


def test_a_pack_that_nobody_touched_is_proven(tmp_path: Path) -> None:
    report = verified(on_disk(pack(entries()), tmp_path))

    assert report.problems == []
    assert report.exit_code == 0
    assert report.fingerprint == packs.signing().fingerprint


def test_without_a_fingerprint_it_is_only_consistent(tmp_path: Path) -> None:
    on_disk(pack(entries()), tmp_path)

    report = _verify.verify(_verify.opened(tmp_path))

    assert (report.problems, report.exit_code) == ([], 3)


def test_a_pack_of_nothing_is_proven_too(tmp_path: Path) -> None:
    report = verified(on_disk(pack([]), tmp_path))

    assert (report.problems, report.exit_code) == ([], 0)


def test_what_was_sealed_twice_is_one_entry(tmp_path: Path) -> None:
    made = entries()

    report = verified(on_disk(pack([*made[:10], *made[5:]]), tmp_path))

    assert report.problems == []


def test_entries_that_were_sealed_in_another_order_are_no_problem(tmp_path: Path) -> None:
    made = entries()

    report = verified(on_disk(pack([*reversed(made)], records=packs.records_of(made)), tmp_path))

    assert report.problems == []


def test_how_much_is_signed_is_said(tmp_path: Path) -> None:
    report = verified(on_disk(pack(entries(), batch=1), tmp_path))

    assert any(note.startswith("16 of 24 entries are under hourly sig") for note in report.notes)


def without_an_entry(made: list[Entry]) -> Written:
    gone = next(at for at, (_, t) in enumerate(made) if t.seq == 2)
    return pack([*made[:gone], *made[gone + 1 :]], records=packs.records_of(made))


def without_a_first_entry(made: list[Entry]) -> Written:
    return pack(made[1:], records=packs.records_of(made))


def with_another_past(made: list[Entry]) -> Written:
    at = next(at for at, (_, t) in enumerate(made) if t.seq == 3)
    forged = replace(made[at][1], prev="0" * 64)
    made = [*made[:at], (packs.line_of(forged), forged), *made[at + 1 :]]
    return pack(made)


def with_two_tales_of_one_entry(made: list[Entry]) -> Written:
    finding = made[0][1].finding
    assert finding is not None
    forged = replace(made[0][1], finding=replace(finding, message="nothing to see"))
    return pack([*made, (packs.line_of(forged), forged)], records=packs.records_of(made))


def with_an_altered_entry(made: list[Entry]) -> Written:
    document = {"kind": "altered", "pk": "a", "sk": "b", "old": "0", "new": "1"}
    mark = Line(key=Key(pk="a", sk="b"), kind="altered", hour=None, raw=canonical(document))
    return pack([*made, (mark, made[0][1])], records=packs.records_of(made))


def with_columns_of_another_entry(made: list[Entry]) -> Written:
    said = json.loads(made[0][0].raw)
    forged = replace(made[0][0], raw=canonical({**said, "seq": 9}))
    return pack([(forged, made[0][1]), *made[1:]])


def with_manifests_that_begin_with_2(made: list[Entry]) -> Written:
    written, prev = pack(made), None
    for at, raw in enumerate(written.lines[MANIFESTS]):
        said = {**json.loads(raw), "number": at + 2, "prev": prev}
        written.lines[MANIFESTS][at] = canonical(said)
        prev = hashlib.sha256(written.lines[MANIFESTS][at]).hexdigest()
    written.links[-1] = replace(written.links[-1], raw=written.lines[MANIFESTS][-1])
    packs.sign_pack(written, packs.signing())
    return written


def with_a_body_that_was_not_hashed(made: list[Entry]) -> Written:
    said = json.loads(made[0][0].raw)
    forged = canonical({**said, "body": said["body"].replace("is open", "is shut")})
    return pack([(replace(made[0][0], raw=forged), made[0][1]), *made[1:]])


def without_a_finding(made: list[Entry]) -> Written:
    return pack(made, records=packs.records_of(made)[1:])


def with_a_finding_twice(made: list[Entry]) -> Written:
    records = packs.records_of(made)
    return pack(made, records=[*records, records[0]])


def with_a_milder_record(made: list[Entry]) -> Written:
    first, *others = packs.records_of(made)
    milder = canonical({**json.loads(first), "severity": "low"})
    return pack(made, records=[milder, *others])


def with_a_record_of_another_moment(made: list[Entry]) -> Written:
    stale = packs.records_of(made[:FINDINGS_MADE])
    return pack(made, records=[stale[0], *packs.records_of(made)[1:]])


def with_an_invented_finding(made: list[Entry]) -> Written:
    records = packs.records_of(made)
    invented = canonical({**json.loads(records[0]), "finding_id": "f" * 32})
    return pack(made, records=[*records, invented])


def with_two_names_in_a_record(made: list[Entry]) -> Written:
    first, *others = packs.records_of(made)
    return pack(made, records=[b'{"severity":"low",' + first[1:], *others])


@pytest.mark.parametrize(
    ("forge", "named"),
    [
        (without_an_entry, r"entry 3 of finding \w+; entry 2 is not there"),
        (without_a_first_entry, r"entry 2 of finding \w+; entry 1 is not there"),
        (with_another_past, r"line \d+: does not follow entry 2 of finding"),
        (with_two_tales_of_one_entry, r"line 25: has the key of line 1, and says otherwise"),
        (with_an_altered_entry, r"line 25: .*a\|b was changed after it was written"),
        (with_columns_of_another_entry, r"line 1: .*what it says of its entry is not what"),
        (with_a_body_that_was_not_hashed, r"line 1: .*its hash is not that of its body"),
        (with_manifests_that_begin_with_2, r"manifests.jsonl: line 1: is manifest 2, not 1"),
        (without_a_finding, r"findings.jsonl: finding \w+ is missing"),
        (with_a_finding_twice, r"findings.jsonl: line 7: finding \w+ is there a second time"),
        (with_a_milder_record, r"findings.jsonl: line 1: finding \w+ says other things"),
        (with_a_record_of_another_moment, r"findings.jsonl: line 1: .* does not end with entry 4"),
        (with_an_invented_finding, r"findings.jsonl: line 7: finding f+ was not open"),
        (with_two_names_in_a_record, r"findings.jsonl: line 1: .*a name stands twice"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_who_holds_the_key_is_still_told_by_the_history(
    tmp_path: Path, forge: Callable[[list[Entry]], Written], named: str
) -> None:
    report = verified(on_disk(forge(entries()), tmp_path))

    assert report.exit_code == 1
    assert any(re.search(named, place) for place in places(report)), places(report)


def signed_by(signer: packs.Signing, **changes: Any) -> Callable[[bytes], bytes]:
    """Return what signs an hour's statement anew, with changes to what it says."""

    def sign(document: bytes) -> bytes:
        said = json.loads(json.loads(document)["statement"])
        statement = canonical({**said, "key": signer.fingerprint, **changes})
        return signature_document(statement, signer.sign(statement), signer.public)

    return sign


def with_another_signature(document: bytes) -> bytes:
    forged = base64.b64encode(bytes(384)).decode()
    return canonical({**json.loads(document), "signature": forged})


VIGIL, FORGER = packs.signing(), packs.signing("forger")


@pytest.mark.parametrize(
    ("forge", "named"),
    [
        (with_another_signature, "is not what was signed"),
        (signed_by(FORGER), "is signed by another key than the pack"),
        (signed_by(VIGIL, key="0" * 64), "is not what was signed"),
        (signed_by(VIGIL, hash="0" * 64), "signed another manifest 16 than line 16"),
        (signed_by(VIGIL, entries_total=15), "signed another manifest 16 than line 16"),
        (signed_by(VIGIL, manifest=17_000), "is about manifest 17000, which is not there"),
        (signed_by(VIGIL, manifest=0), "is about manifest 0, which is not there"),
    ],
    ids=[
        *("another signature", "another key", "another key's name", "another past"),
        *("another count", "a later manifest", "no manifest"),
    ],
)
def test_hourly_signatures_are_of_the_manifests_that_are_there(
    tmp_path: Path, forge: Callable[[bytes], bytes], named: str
) -> None:
    written = pack(entries(), batch=1)
    written.lines[SIGNATURES] = [forge(document) for document in written.lines[SIGNATURES]]
    packs.sign_pack(written, VIGIL)

    report = verified(on_disk(written, tmp_path))

    assert any(p.startswith(f"{SIGNATURES}: line 1: {named}") for p in places(report)), report


@pytest.mark.parametrize("line", [0, 4, 5, 9, 23])
def test_only_the_segment_that_was_touched_is_named(tmp_path: Path, line: int) -> None:
    """What comes after it is found again, although its lines have moved."""
    written = pack(entries())
    del written.lines[HISTORY][line]
    packs.sign_pack(written, VIGIL)

    report = verified(on_disk(written, tmp_path))

    (place, what) = report.problems[0]
    first = line // 5 * 5 + 1
    assert place == f"{HISTORY}: lines {first}–{first + (2 if line == 23 else 3)}"
    assert what == f"are not the {4 if line == 23 else 5} that manifest {line // 5 + 1} sealed"
    assert len(report.problems) == 1


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 40, True),
        (10, 20, True),
        (9, 10, False),
        (10, 11, True),
        (0, 10, False),
        (30, 40, False),
        (29, 40, True),
    ],
    ids=[
        "around it",
        "exactly it",
        "until it opened",
        "only its opening",
        "before",
        "from when it was resolved",
        "its last second",
    ],
)
def test_a_finding_belongs_to_a_window_in_which_it_was_open(
    start: int, end: int, expected: bool
) -> None:
    story = _verify.Story(chains={("finding", "f"): [step(10, True), step(30, False)]})
    window = {"start": at(start), "end": at(end)}

    wanted = _verify.wanted_from(story, window, {"accounts": [], "rule_ids": []})

    assert bool(wanted) is expected


def test_what_opened_and_closed_in_one_instant_was_open(tmp_path: Path) -> None:
    del tmp_path
    story = _verify.Story(chains={("finding", "f"): [step(10, True), step(10, False)]})

    wanted = _verify.wanted_from(story, {"start": at(10), "end": at(20)}, NO_SCOPE)

    assert wanted["f"].is_open is False


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"accounts": ["111122223333"], "rule_ids": []}, True),
        ({"accounts": ["444455556666"], "rule_ids": []}, False),
        ({"accounts": [], "rule_ids": ["r"]}, True),
        ({"accounts": ["111122223333"], "rule_ids": ["other"]}, False),
    ],
    ids=["its account", "another account", "its rule", "another rule"],
)
def test_a_scope_confines_findings_and_never_the_seal(
    scope: dict[str, Any], expected: bool
) -> None:
    story = _verify.Story(chains={("finding", "f"): [step(10, True)]})

    wanted = _verify.wanted_from(story, {"start": at(0), "end": at(20)}, scope)

    assert bool(wanted) is expected


def test_people_and_exemptions_are_no_findings() -> None:
    story = _verify.Story(chains={("person", "ana"): [step(10, True)]})

    assert not _verify.wanted_from(story, {"start": at(0), "end": at(20)}, NO_SCOPE)


NO_SCOPE: dict[str, Any] = {"accounts": [], "rule_ids": []}


def at(second: int) -> str:
    return f"2026-01-01T12:00:{second:02d}.000Z"


def step(second: int, is_open: bool) -> _verify.Step:
    return _verify.Step(
        about=("finding", "f"),
        key=("pk", str(second)),
        line=second,
        seq=1,
        hash="",
        prev=None,
        decided=_verify.instant_of(at(second)),
        is_open=is_open,
        scope=("111122223333", "r"),
        tells="",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01T12:00:00Z", "2026-01-01T12:00:00.000"),
        ("2026-01-01T12:00:00.5Z", "2026-01-01T12:00:00.500"),
        ("2026-01-01T12:00:00.123456Z", "2026-01-01T12:00:00.123"),
    ],
)
def test_instants_are_compared_in_milliseconds(text: str, expected: str) -> None:
    assert _verify.instant_of(text) == expected


JUNK = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"7",
    b'"text"',
    b"{}",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"files":[],"seal":[],"window":0}',
    b'{"number":"1","prev":null,"segment":1,"entries":null,"total":{},"first":[]}',
    b"9" * 5_000,
    b'{"kind":[],"pk":{},"body":7}',
    b'{"public_key":"AAAA","signature":"AAAA","statement":"{}"}',
    b"\x00" * 100,
]


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
@pytest.mark.parametrize(
    "name", ["manifest.json", "manifest.sig.json", HISTORY, MANIFESTS, SIGNATURES, FINDINGS]
)
def test_no_bytes_make_it_stumble(tmp_path: Path, name: str, junk: bytes) -> None:
    (on_disk(pack(entries(), batch=1), tmp_path) / name).write_bytes(junk)

    report = verified(tmp_path)

    assert report.exit_code == 1
    assert any(place.startswith(name) for place, _ in report.problems), report.problems


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
@pytest.mark.parametrize("name", [HISTORY, MANIFESTS, SIGNATURES, FINDINGS])
def test_no_signed_bytes_make_it_stumble_either(tmp_path: Path, name: str, junk: bytes) -> None:
    written = pack(entries(), batch=1)
    written.lines[name] = [*written.lines[name][:3], junk, *written.lines[name][3:]]
    packs.sign_pack(written, packs.signing())

    report = verified(on_disk(written, tmp_path))

    assert report.exit_code == 1
    assert any(place.startswith(name) for place, _ in report.problems), report.problems


def test_a_zip_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    path = zipped(pack(entries()), tmp_path / "pack.zip")
    with zipfile.ZipFile(path, "a") as more, pytest.warns(UserWarning, match="Duplicate name"):
        more.writestr("findings.csv", b"other\r\n")

    report = verified(path)

    assert "findings.csv: is there 2 times" in places(report)


def test_a_folder_with_a_link_in_it_is_refused(tmp_path: Path) -> None:
    folder = on_disk(pack(entries()), tmp_path / "pack")
    elsewhere = tmp_path / "elsewhere.csv"
    (folder / "findings.csv").rename(elsewhere)
    (folder / "findings.csv").symlink_to(elsewhere)

    report = verified(folder)

    assert any("findings.csv: cannot be read: is no plain file" in p for p in places(report))


def test_a_file_larger_than_listed_is_not_read_to_its_end(tmp_path: Path) -> None:
    folder = on_disk(pack(entries()), tmp_path)
    size = (folder / "findings.csv").stat().st_size

    assert _verify.Pack(folder).digest("findings.csv", size - 5)[1] == size - 4


def test_what_a_pack_says_cannot_steer_a_terminal() -> None:
    report = _verify.Report()
    report.add("\x1b[2Jfile\u202e", "is\nwrong\r")

    told = list(_verify.sentences_of(report))

    assert all(sentence.isprintable() for sentence in told)


def test_many_problems_are_cut_short() -> None:
    report = _verify.Report()
    for number in range(_verify.PLACES_SHOWN + 7):
        report.add(f"line {number}", "is wrong")

    told = list(_verify.sentences_of(report))

    assert "… and 7 more" in told
    assert len(told) == _verify.PLACES_SHOWN + 2


def public(key: Any) -> bytes:
    made: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return made


def spki(modulus: int, exponent: int) -> bytes:
    return public_numbers(rsa.RSAPublicNumbers(exponent, modulus))


def public_numbers(numbers: rsa.RSAPublicNumbers) -> bytes:
    return numbers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("bits", [2048, 3072])
def test_keys_are_read_as_openssl_writes_them(bits: int) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)

    modulus, exponent = _verify.rsa_key(public(key))

    assert (modulus, exponent) == (key.public_key().public_numbers().n, 65537)


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"0",
        b"\x30\x80",
        public(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505 - that is the point
        public(ec.generate_private_key(ec.SECP256R1())),
        spki((1 << 3071) + 1, 3),
        packs.signing().public + b"\x00",
        packs.signing().public[:-1],
    ],
    ids=[
        *("empty", "one byte", "indefinite", "1024 bits", "no RSA key", "exponent 3"),
        *("a byte more", "a byte less"),
    ],
)
def test_keys_that_nobody_should_use_are_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="key"):
        _verify.rsa_key(key)


def test_a_signature_is_compared_to_the_last_byte() -> None:
    key, message = packs.signing(), b"a statement"
    signature = key.sign(message)

    assert _verify.is_signed(key.public, message, signature)
    for other in (
        key.sign(message + b"."),
        signature[:-1],
        b"\x00" + signature,
        signature[:-1] + bytes([signature[-1] ^ 1]),
        b"\xff" * len(signature),
        b"",
    ):
        assert not _verify.is_signed(key.public, message, other)


def test_a_message_that_is_not_encoded_exactly_is_refused() -> None:
    """Bleichenbacher's forgery: fewer padding bytes, and room behind the digest."""
    key = packs.signing()
    numbers = key.key.private_numbers()
    modulus, exponent = numbers.public_numbers.n, numbers.d
    size = (modulus.bit_length() + 7) // 8
    digest = _verify._SHA256 + hashlib.sha256(b"m").digest()
    for encoded in (
        b"\x00\x01" + b"\xff" * 8 + b"\x00" + digest + bytes(size - 11 - len(digest)),
        b"\x00\x02" + b"\xff" * (size - 3 - len(digest)) + b"\x00" + digest,
        b"\x00\x01" + b"\xfe" * (size - 3 - len(digest)) + b"\x00" + digest,
    ):
        forged = pow(int.from_bytes(encoded, "big"), exponent, modulus).to_bytes(size, "big")
        assert not _verify.is_signed(key.public, b"m", forged)


@pytest.mark.parametrize(
    "text", ["", "ab", "g" * 64, "0" * 63, "0" * 65], ids=["nothing", "short", "no hex", "63", "65"]
)
def test_a_fingerprint_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        _verify.fingerprint_from(text)


def test_a_fingerprint_may_be_grouped_as_people_read_it_out() -> None:
    plain = packs.signing().fingerprint
    grouped = ":".join(plain[i : i + 2] for i in range(0, 64, 2)).upper()

    assert _verify.fingerprint_from(grouped) == plain


def zipped(written: Written, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in written.files().items():
            archive.writestr(name, data)
    return path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    # -I -S: neither this repository nor any installed package can be imported.
    return subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-I", "-S", str(VERIFIER), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_runs_on_bare_python_and_ends_as_it_found(tmp_path: Path) -> None:
    path, pinned = zipped(pack(entries()), tmp_path / "pack.zip"), packs.signing().fingerprint

    proven = run(str(path), "--key-fingerprint", pinned)
    trusting = run(str(path))
    other = run(str(path), "--key-fingerprint", "0" * 64)
    wrong = run(str(tmp_path / "none.zip"))

    assert [r.returncode for r in (proven, trusting, other, wrong)] == [0, 3, 1, 2]
    assert proven.stdout.splitlines()[-1].startswith("PROVEN")
    assert other.stdout.startswith("manifest.sig.json: is of the key")
    assert "expected a folder or a zip" in wrong.stderr


def test_a_pack_that_is_not_signed_proves_nothing(tmp_path: Path) -> None:
    folder = on_disk(pack(entries()), tmp_path)
    (folder / "manifest.sig.json").unlink()

    assert _verify.verify(_verify.opened(folder)).exit_code == 3
    assert verified(folder).exit_code == 1


def test_base64_with_bits_to_spare_is_another_text() -> None:
    written = base64.b64encode(b"ab").decode()
    assert base64.b64decode("YWJ=") == base64.b64decode(written)

    with pytest.raises(ValueError, match="bits to spare"):
        _verify.bytes_from("YWJ=")


def test_the_verifier_names_the_window_it_was_asked_for(tmp_path: Path) -> None:
    made = entries()
    end = START + timedelta(hours=1, milliseconds=3)

    report = verified(on_disk(pack(made, end=end), tmp_path))

    assert report.problems == []
    assert len(packs.records_of(made, end)) == FINDINGS_MADE
