"""Verify a Vigil evidence pack: ``python verify.py PACK [--key-fingerprint F]``.

PACK is the zip or the folder it was unpacked to; nothing but Python 3.8 or newer is needed. The
fingerprint must come from outside the pack: a forger signs with a key of his own and puts that in.

0: everything is proven. 1: it was tampered with, each place is named. 2: wrong usage. 3: consistent
in itself, but nobody said by whom it must be signed, so it may be forged as a whole.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

PLACES_SHOWN = 50
LIMIT_BYTES = 64 * 1024 * 1024
LINE_LIMIT_BYTES = 4 * 1024 * 1024
#: Where a manifest lists a file's blocks, each is this long: they say where a file was changed.
BLOCK_BYTES = 256 * 1024
#: What no manifest can list: itself, its signature, and who made the pack when.
UNLISTED = {"manifest.json", "manifest.sig.json", "run.json"}
HISTORY, FINDINGS = "history/entries.jsonl", "findings.jsonl"
MANIFESTS, SIGNATURES = "seal/manifests.jsonl", "seal/signatures.jsonl"
#: Where these are not right, nothing can be proven from them.
FOUNDATIONS = ("manifest.json", "manifest.sig.json", HISTORY, MANIFESTS, SIGNATURES)
MARKS = {
    "altered": "was changed after it was written",
    "removed": "was removed after it was written",
    "unfit": "was put into the history by somebody else",
}
T = TypeVar("T")


@dataclass
class Report:
    """What was found: problems are (place, what is wrong there)."""

    problems: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fingerprint: str | None = None
    pinned: bool = False

    @property
    def exit_code(self) -> int:
        """0 proven, 1 tampered, 3 consistent but signed by whomever."""
        return 1 if self.problems else 0 if self.pinned else 3

    def add(self, place: str, what: str) -> None:
        """Name a place and what is wrong there."""
        self.problems.append((place, what))


class Pack:
    """The files of a pack: a folder's."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        """Return every file, and links and whatever else is no folder."""
        found = (p for p in self.path.rglob("*") if p.is_symlink() or not p.is_dir())
        return sorted(p.relative_to(self.path).as_posix() for p in found)

    def open(self, name: str) -> IO[bytes]:
        """Open a file."""
        path = self.path / name
        if path.is_symlink() or path.is_dir():
            raise ValueError("is no plain file")
        return path.open("rb")

    def digest(self, name: str, limit: int) -> tuple[str, int]:
        """Return SHA-256 and size, of no more than `limit` bytes and one."""
        sha256, left = hashlib.sha256(), limit + 1
        with self.open(name) as file:
            while left and (block := file.read(min(left, 1 << 20))):
                sha256.update(block)
                left -= len(block)
        return sha256.hexdigest(), limit + 1 - left

    def read(self, name: str) -> bytes:
        """Return a file."""
        with self.open(name) as file:
            data = file.read(LIMIT_BYTES + 1)
        if len(data) > LIMIT_BYTES:
            raise ValueError(f"is larger than {LIMIT_BYTES} bytes")
        return data

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a file, without their line feeds."""
        with self.open(name) as file:
            while line := file.readline(LINE_LIMIT_BYTES):
                yield line[:-1] if line.endswith(b"\n") else line + b" (no line feed)"

    def history(self) -> History:
        """Return the sealed lines."""
        return History(self.lines(HISTORY))

    def recall(self, what: str, of: Iterable[str], compute: Callable[[], T]) -> T:  # noqa: ARG002 - see below
        """Return what follows from some files; whoever verifies many packs may remember it."""
        return compute()


class ZipPack(Pack):
    """The files of a pack: a zip's."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._zip = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        """Return every name, twice where it is there twice."""
        return sorted(self._zip.namelist())

    def open(self, name: str) -> IO[bytes]:
        """Open a file."""
        try:
            return self._zip.open(name)
        except KeyError as error:
            raise FileNotFoundError(name) from error


class Run:
    """Some lines in a row."""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines

    @property
    def digest(self) -> str:
        """SHA-256 of the lines with their line feeds: what a manifest calls its segment."""
        return sha256_of(b"".join(line + b"\n" for line in self.lines))


class History:
    """Lines that are read once, with a look ahead; the first is line 1."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines, self._first = lines, 1
        self._kept: list[bytes] = []

    def run(self, first: int, count: int) -> Run:
        """Return up to `count` lines from one on; never before one that was dropped."""
        at = first - self._first
        while len(self._kept) < at + count and (line := next(self._lines, None)) is not None:
            self._kept.append(line)
        return Run(self._kept[at : at + count])

    def drop(self, before: int) -> None:
        """Forget the lines before one."""
        del self._kept[: before - self._first]
        self._first = before


def verify(pack: Pack, fingerprint: str | None = None) -> Report:
    """Check a pack; with a fingerprint, also who signed it."""
    report = Report()
    manifest = _guarded(report, "manifest.json", lambda: parsed(pack.read("manifest.json")))
    if not isinstance(manifest, dict):
        report.add("manifest.json", "is no manifest of a pack")
        return report
    key = _guarded(report, "manifest.sig.json", lambda: _check_signer(pack, fingerprint, report))
    _guarded(report, "manifest.json", lambda: _check_files(pack, manifest, report))
    links, broken = pack.recall("links", (MANIFESTS,), lambda: read_links(pack))
    report.problems += broken
    _guarded(report, "manifest.json", lambda: _check_seal(manifest, links, report))
    of = (MANIFESTS, SIGNATURES, str(key))
    signed = pack.recall("signatures", of, lambda: read_signatures(pack, key, links))
    report.problems += signed.problems
    report.notes += signed.notes
    report.problems += pack.recall("walk", (MANIFESTS, HISTORY), lambda: walk(pack, links))
    if any(place.startswith(FOUNDATIONS) for place, _ in report.problems):
        report.notes.append("findings were not compared with a history that proves nothing")
        return report
    story = pack.recall("story", (HISTORY,), lambda: read_story(pack))
    report.problems += story.problems
    of = (HISTORY, FINDINGS, sha256_of(pack.read("manifest.json")))
    found = pack.recall("findings", of, lambda: read_findings(pack, manifest, story))
    report.problems += found.problems
    return report


def _guarded(report: Report, place: str, check: Callable[[], T]) -> T | None:
    """Run a check; whatever bytes of strangers make it raise is a problem of their place."""
    try:
        return check()
    except FileNotFoundError:
        report.add(place, "is missing")
    except KeyError as error:
        report.add(place, f"lacks {error}")
    except UNREADABLE as error:
        report.add(place, f"cannot be read: {str(error) or type(error).__name__}")
    return None


def _check_signer(pack: Pack, fingerprint: str | None, report: Report) -> bytes | None:
    """Check the signature of manifest.json; return the key, None where nothing is signed."""
    if "manifest.sig.json" not in pack.names():
        if fingerprint:
            report.add("manifest.sig.json", "is missing: nothing proves who made the pack")
        report.notes.append("the pack is not signed")
        return None
    signed = parsed(pack.read("manifest.sig.json"))
    key, signature = bytes_from(signed["public_key"]), bytes_from(signed["signature"])
    report.fingerprint = sha256_of(key)
    report.pinned = report.fingerprint == fingerprint
    if fingerprint and not report.pinned:
        report.add("manifest.sig.json", f"is of the key {report.fingerprint}, not of that given")
    if not is_signed(key, pack.read("manifest.json"), signature):
        # Which of the two was changed, nobody can tell.
        report.add("manifest.json", "is not what was signed")
        report.add("manifest.sig.json", "is no signature of manifest.json as it is")
    return key


def _check_files(pack: Pack, manifest: dict[str, Any], report: Report) -> None:
    listed, there = manifest["files"], Counter(pack.names())
    for name in sorted({*listed, HISTORY, FINDINGS, MANIFESTS, SIGNATURES} - there.keys()):
        report.add(name, "is missing")
    for name in sorted(there):
        if there[name] > 1:
            report.add(name, f"is there {there[name]} times")
        if name in listed:
            _guarded(report, name, lambda: _check_file(pack, name, listed[name], report))  # noqa: B023 - run at once
        elif name not in UNLISTED:
            report.add(name, "is not listed in manifest.json")


def _check_file(pack: Pack, name: str, said: dict[str, Any], report: Report) -> None:
    sha256, size = pack.digest(name, said["size"])
    if (sha256, size) == (said["sha256"], said["size"]):
        return
    more = "more" if size > said["size"] else "less"
    what = "is not the file that manifest.json lists"
    report.add(name, what if size == said["size"] else f"has {more} than {said['size']} bytes")
    if "blocks" in said:
        first = _first_difference(pack, name, said["blocks"])
        report.add(f"{name}: bytes {first}–{first + BLOCK_BYTES - 1}", "are the first that differ")


def _first_difference(pack: Pack, name: str, blocks: list[str]) -> int:
    """Return the offset of the first block that is not as listed."""
    with pack.open(name) as file:
        for number, listed in enumerate(blocks):
            if sha256_of(file.read(BLOCK_BYTES)) != listed:
                return number * BLOCK_BYTES
    return len(blocks) * BLOCK_BYTES


def _check_seal(manifest: dict[str, Any], links: list[Link], report: Report) -> None:
    said, count = manifest["seal"], len(links)
    if count != said["manifest"]:
        what = "was added" if count > said["manifest"] else "is missing, and what came after it"
        place = f"{MANIFESTS}: line {min(count, said['manifest']) + 1}"
        report.add(place, f"{what}: manifest.json names {said['manifest']} manifests")
    elif links and (links[-1].hash, links[-1].total) != (said["hash"], said["entries"]):
        report.add(f"{MANIFESTS}: line {count}", "is not the manifest that manifest.json names")


@dataclass
class Link:
    """A manifest."""

    number: int
    prev: str | None
    segment: str
    entries: int
    total: int
    first: tuple[str, str]
    hash: str


def read_links(pack: Pack) -> tuple[list[Link], list[tuple[str, str]]]:
    """Read the chain of manifests; return it, and what is wrong with it."""
    links: list[Link] = []
    report = Report()
    _guarded(report, MANIFESTS, lambda: _read_links(pack.lines(MANIFESTS), links, report))
    return links, report.problems


def read_signatures(pack: Pack, key: bytes | None, links: list[Link]) -> Report:
    """Check the hourly signatures over the manifests."""
    report = Report()
    _guarded(report, SIGNATURES, lambda: _read_signatures(pack, key, links, report))
    return report


def _read_links(lines: Iterable[bytes], links: list[Link], report: Report) -> None:
    for number, raw in enumerate(lines, start=1):
        place = f"{MANIFESTS}: line {number}"
        link = _guarded(report, place, lambda: _link_from(raw))  # noqa: B023 - run at once
        if link is None:
            return
        before = links[-1] if links else None
        if link.number != number:
            report.add(place, f"is manifest {link.number}, not {number}")
        if link.prev != (before.hash if before else None):
            report.add(place, "does not follow the line before: one of the two was changed")
        if link.total != (before.total if before else 0) + link.entries:
            report.add(place, "has a total that is not the sum of all entries up to it")
        links.append(link)


def _link_from(raw: bytes) -> Link:
    said = parsed(raw)
    return Link(
        number=said["number"],
        prev=said["prev"],
        segment=said["segment"],
        entries=int(said["entries"]),
        total=int(said["total"]),
        first=(said["first"]["pk"], said["first"]["sk"]),
        hash=sha256_of(raw),
    )


def _read_signatures(pack: Pack, key: bytes | None, links: list[Link], report: Report) -> None:
    signed = at = None
    for number, raw in enumerate(pack.lines(SIGNATURES), start=1):
        place = f"{SIGNATURES}: line {number}"
        said = _guarded(report, place, lambda: _check_statement(raw, key, links, place, report))  # noqa: B023 - run at once
        if said is not None:
            if signed is not None and said["manifest"] <= signed:
                report.add(place, "is about a manifest before that of the line before")
            signed, at = said["manifest"], said["signed_at"]
    total = links[-1].total if links else 0
    covered = links[signed - 1].total if signed and signed <= len(links) else 0
    report.notes.append(
        f"{covered} of {total} entries are under hourly signatures"
        + (f", the last of {at}" if at else "")
    )


def _check_statement(
    raw: bytes, key: bytes | None, links: list[Link], place: str, report: Report
) -> dict[str, Any]:
    document = parsed(raw)
    own, signature = bytes_from(document["public_key"]), bytes_from(document["signature"])
    said: dict[str, Any] = parsed(document["statement"].encode())
    if key is not None and own != key:
        report.add(place, "is signed by another key than the pack")
    if said["key"] != sha256_of(own) or not is_signed(
        own, document["statement"].encode(), signature
    ):
        report.add(place, "is not what was signed, or the signature was changed")
    link = links[said["manifest"] - 1] if 0 < said["manifest"] <= len(links) else None
    if link is None:
        report.add(place, f"is about manifest {said['manifest']}, which is not there")
    elif (link.hash, link.total) != (said["hash"], said["entries_total"]):
        what = f"signed another manifest {link.number} than line {link.number} of {MANIFESTS}"
        report.add(place, f"{what}: that line, or one before it, was changed")
    return said


def walk(pack: Pack, links: list[Link]) -> list[tuple[str, str]]:
    """Compare the sealed lines with the manifests, and find those that were touched."""
    report = Report()
    _guarded(report, HISTORY, lambda: _walk(pack.history(), links, report))
    return report.problems


def _walk(history: History, links: list[Link], report: Report) -> None:
    at, lost = 1, 0
    for number, link in enumerate(links):
        history.drop(at)
        if history.run(at, link.entries).digest == link.segment:
            at, lost = at + link.entries, 0
            continue
        following = links[number + 1] if number + 1 < len(links) else None
        found = _begin_of(following, history, at, link.entries)
        _name_touched(history, at, found or at + link.entries, link, report)
        at, lost = found or at + link.entries, 0 if found else lost + 1
        if lost > 1:
            report.add(f"{HISTORY}: line {at}", "and all after it: nothing is as it was sealed")
            return
    history.drop(at)
    if rest := history.run(at, 1).lines:
        report.add(f"{HISTORY}: line {at}", f"was never sealed: {len(rest)} line or more too many")


def _begin_of(link: Link | None, history: History, at: int, usual: int) -> int | None:
    """Return the line where the next segment begins behind one that was touched."""
    if link is None:
        return None
    shifts = sorted(range(2 * usual + 2), key=lambda shift: abs(shift - usual))
    window = history.run(at, 2 * usual + 2).lines
    for shift in shifts:
        if shift >= len(window) or _key_of(window[shift]) != link.first:
            continue
        if history.run(at + shift, link.entries).digest == link.segment:
            return at + shift
    return None


def _name_touched(history: History, first: int, end: int, link: Link, report: Report) -> None:
    lines = history.run(first, max(end - first, 0)).lines
    report.add(
        f"{HISTORY}: lines {first}–{max(first, first + len(lines) - 1)}",
        f"are not the {link.entries} that manifest {link.number} sealed",
    )
    for number, line in enumerate(lines, start=first):
        try:
            checked(line)
        except UNREADABLE as error:
            report.add(f"{HISTORY}: line {number}", str(error))


def _key_of(line: bytes) -> tuple[Any, Any] | None:
    try:
        said = json.loads(line)
        return said["pk"], said["sk"]
    except UNREADABLE:
        return None


@dataclass
class Step:
    """An entry of a chain; `tells` is a digest of what a finding's record repeats from it."""

    about: tuple[str, str] | None
    key: tuple[str, str]
    line: int
    seq: int
    hash: str
    prev: str | None
    decided: str
    is_open: bool
    scope: tuple[str, str]
    tells: str


@dataclass
class Story:
    """All chains by what they are about, and what is wrong with them."""

    chains: dict[tuple[str, str], list[Step]] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)


def read_story(pack: Pack) -> Story:
    """Read every entry, and check the chains that they form."""
    story, report = Story(), Report()
    _guarded(report, HISTORY, lambda: _read_story(pack.lines(HISTORY), story, report))
    story.problems = report.problems
    return story


def _read_story(lines: Iterable[bytes], story: Story, report: Report) -> None:
    seen: dict[tuple[str, str], tuple[str, int]] = {}
    for number, line in enumerate(lines, start=1):
        place = f"{HISTORY}: line {number}"
        step = _guarded(report, place, lambda: step_from(line, number))  # noqa: B023 - run at once
        if step is None:
            continue
        if step.key in seen:
            if seen[step.key][0] != step.hash:
                report.add(place, f"has the key of line {seen[step.key][1]}, and says otherwise")
            continue
        seen[step.key] = (step.hash, number)
        if step.about is not None:
            story.chains.setdefault(step.about, []).append(step)
    for (kind, name), steps in story.chains.items():
        steps.sort(key=lambda step: step.seq)
        _check_chain(f"{kind} {name}", steps, report)


def _check_chain(named: str, steps: list[Step], report: Report) -> None:
    before: Step | None = None
    for step in steps:
        place, expected = f"{HISTORY}: line {step.line}", before.seq + 1 if before else 1
        if step.seq != expected:
            report.add(place, f"is entry {step.seq} of {named}; entry {expected} is not there")
        elif step.prev != (before.hash if before else None):
            report.add(place, f"does not follow entry {expected - 1} of {named}")
        before = step


def step_from(line: bytes, number: int) -> Step:
    """Read a line.

    Raises:
        ValueError: As `checked` does.
    """
    said, told = checked(line)
    about = next((a for a in ("finding", "exemption", "person") if told.get(a)), None)
    finding = told["finding"] if about == "finding" else None
    return Step(
        about=(about, told[about]["id"]) if about else None,
        key=(said["pk"], said["sk"]),
        line=number,
        seq=said["seq"],
        hash=said["hash"],
        prev=said["prev"],
        decided=instant_of(told["times"]["decided"]),
        is_open=finding is not None and finding["status"] == "OPEN",
        scope=(told["account_id"], told["rule_id"]),
        tells=_told_by_body(finding) if finding else "",
    )


def checked(line: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a line says of its entry and what the entry's body says.

    Raises:
        ValueError: They differ, or the line tells that an entry was touched.
    """
    said = json.loads(line)
    if said["kind"] in MARKS and "body" not in said:
        raise ValueError(f"{said['pk']}|{said['sk']} {MARKS[said['kind']]}")
    body = said["body"].encode()
    if sha256_of(body) != said["hash"]:
        raise ValueError("its hash is not that of its body")
    told = json.loads(body)
    ref = told["subject"]["ref"]
    key = "#".join((ref["account_id"], ref["region"], ref["type"], ref["id"]))
    claimed = (said["pk"], said["kind"], said["seq"], said["prev"])
    if claimed != (key, told["kind"], told["seq"], told.get("prev")):
        raise ValueError("what it says of its entry is not what the entry says")
    return said, told


def instant_of(text: str) -> str:
    """Return an instant in whole milliseconds, so that the order of texts is that of time."""
    if not text.endswith("Z"):
        raise ValueError("an instant is not in UTC")
    seconds, _, fraction = text[:-1].partition(".")
    return f"{seconds}.{fraction[:3].ljust(3, '0')}"


_SAME = (
    *("rule_id", "rule_hash", "title", "severity", "severity_because", "status", "episode"),
    *("revision", "reason", "message", "risk", "seen_by", "acknowledged_by", "assignee"),
)
_REF = {
    "account_id": "account_id",
    "region": "region",
    "partition": "partition",
    "resource_type": "type",
    "resource_id": "id",
    "resource_unique_id": "unique_id",
}


def _told_by_body(finding: dict[str, Any]) -> str:
    ref = finding["subject"]["ref"]
    evidence = [[e["path"], e["actual"], e["expected"]] for e in finding["evidence"]]
    values = [finding.get(name) for name in _SAME] + [ref.get(name) for name in _REF.values()]
    return sha256_of(json.dumps([values, evidence], sort_keys=True).encode())


def _told_by_record(record: dict[str, Any]) -> str:
    evidence = [[e["path"], e["actual"], e["expected"]] for e in record["evidence"]]
    values = [record.get(name) for name in (*_SAME, *_REF)]
    return sha256_of(json.dumps([values, evidence], sort_keys=True).encode())


def read_findings(pack: Pack, manifest: dict[str, Any], story: Story) -> Report:
    """Compare the findings' records with the history."""
    report = Report()
    _guarded(report, FINDINGS, lambda: _check_findings(pack, manifest, story, report))
    return report


def _check_findings(pack: Pack, manifest: dict[str, Any], story: Story, report: Report) -> None:
    window, scope = manifest["window"], manifest["scope"]
    of = (HISTORY, str(window), str(scope))
    wanted = pack.recall("wanted", of, lambda: wanted_from(story, window, scope))
    count, seen = 0, set()
    for count, line in enumerate(pack.lines(FINDINGS), start=1):
        place = f"{FINDINGS}: line {count}"
        name = _guarded(report, place, lambda: _check_record(line, wanted, place, report))  # noqa: B023 - run at once
        if name in seen:
            report.add(place, f"finding {name} is there a second time")
        seen.add(name)
    for name in sorted(wanted.keys() - seen):
        report.add(FINDINGS, f"finding {name} is missing: it was open within the window")
    if count != manifest["counts"]["findings"]:
        report.add(
            "manifest.json", f"counts {manifest['counts']['findings']} findings, not {count}"
        )


def wanted_from(story: Story, window: dict[str, str], scope: dict[str, Any]) -> dict[str, Step]:
    """Return the findings that were open in a window, each with its last entry until its end."""
    start, end = instant_of(window["start"]), instant_of(window["end"])
    wanted = {}
    for (kind, name), chain in story.chains.items():
        steps = [step for step in chain if step.decided < end] if kind == "finding" else []
        if steps and _was_open(steps, start) and _is_in(steps[-1].scope, scope):
            wanted[name] = steps[-1]
    return wanted


def _was_open(steps: list[Step], start: str) -> bool:
    """Tell whether a finding was open at any moment from `start` on."""
    later = (*steps[1:], None)
    return any(
        # What opened within the window counts even where it closed in the same instant.
        step.is_open and (after is None or after.decided > start or step.decided >= start)
        for step, after in zip(steps, later)  # noqa: B905 - older Pythons have no strict
    )


def _is_in(of: tuple[str, str], scope: dict[str, Any]) -> bool:
    accounts, rules = scope["accounts"], scope["rule_ids"]
    return (not accounts or of[0] in accounts) and (not rules or of[1] in rules)


def _check_record(line: bytes, wanted: dict[str, Step], place: str, report: Report) -> str:
    record = parsed(line)
    name: str = record["finding_id"]
    last = wanted.get(name)
    if last is None:
        report.add(place, f"finding {name} was not open within the window, or never was")
    elif (record["integrity"]["seq"], record["integrity"]["hash"]) != (last.seq, last.hash):
        report.add(place, f"finding {name} does not end with entry {last.seq} of its history")
    elif _told_by_record(record) != last.tells:
        report.add(place, f"finding {name} says other things than entry {last.seq} of its history")
    return name


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 of bytes, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def bytes_from(text: str) -> bytes:
    """Read base64 that is written in the one right way."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 with bits to spare")
    return data


def parsed(data: bytes) -> Any:
    """Read JSON in which no name stands twice: two readers must not see different things."""
    return json.loads(data, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) != len(dict(pairs)):
        raise ValueError("a name stands twice in one object")
    return dict(pairs)


SANE_BITS = range(2_048, 8_193)
EXPONENT = 65_537
#: From here on a DER length is the number of bytes in which the length stands.
LONG_FORM = 0x80
FINGERPRINT_DIGITS = 64
#: AlgorithmIdentifier of rsaEncryption, and what PKCS#1 puts before a SHA-256 (RFC 8017, 9.2).
_RSA = bytes.fromhex("300d06092a864886f70d0101010500")
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether an RSASSA-PKCS1-v1.5 signature with SHA-256 is that of a message.

    The whole encoded message is compared, never parsed: lenient parsers accept forgeries.
    """
    modulus, exponent = rsa_key(public_key)
    size = (modulus.bit_length() + 7) // 8
    number = int.from_bytes(signature, "big")
    if len(signature) != size or number >= modulus:
        return False
    tail = b"\x00" + _SHA256 + hashlib.sha256(message).digest()
    expected = b"\x00\x01" + b"\xff" * (size - 2 - len(tail)) + tail
    return pow(number, exponent, modulus).to_bytes(size, "big") == expected


def rsa_key(public_key: bytes) -> tuple[int, int]:
    """Return modulus and exponent of a DER SubjectPublicKeyInfo.

    Raises:
        ValueError: It is none of a sane RSA key, or not written in the one right way.
    """
    info, rest = _der(public_key, 0x30)
    bits, end = _der(info[len(_RSA) :], 0x03)
    numbers, tail = _der(bits[1:], 0x30)
    first, second = _der(numbers, 0x02)
    last, nothing = _der(second, 0x02)
    modulus, exponent = int.from_bytes(first, "big"), int.from_bytes(last, "big")
    if not info.startswith(_RSA) or bits[:1] != b"\x00" or rest or end or tail or nothing:
        raise ValueError("the key is no RSA key in DER")
    if modulus.bit_length() not in SANE_BITS or modulus % 2 == 0 or exponent != EXPONENT:
        raise ValueError("the key is no RSA key that anybody should use")
    return modulus, exponent


def _der(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Split an element of a kind from what follows it."""
    if data[:1] != bytes([tag]) or len(data) == 1:
        raise ValueError("the key is not DER")
    size, start = data[1], 2
    if size >= LONG_FORM:
        start += size - LONG_FORM
        size = int.from_bytes(data[2:start], "big")
        if size < LONG_FORM or data[2] == 0:
            raise ValueError("the key is not DER")
    if len(data) < start + size:
        raise ValueError("the key is cut short")
    return data[start : start + size], data[start + size :]


#: What reading hostile bytes can raise.
UNREADABLE = (
    *(ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError),
    *(OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error),
)


def opened(path: Path) -> Pack:
    """Open a pack.

    Raises:
        ValueError: There is none at this path.
    """
    if path.is_dir():
        return Pack(path)
    try:
        return ZipPack(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: expected a folder or a zip: {error}") from error


def fingerprint_from(text: str) -> str:
    """Return a fingerprint as written by hand: 64 hexadecimal digits, however grouped."""
    digits = text.replace(":", "").replace(" ", "").lower()
    if len(digits) != FINGERPRINT_DIGITS or set(digits) - set("0123456789abcdef"):
        raise ValueError("--key-fingerprint: expected 64 hexadecimal digits")
    return digits


def sentences_of(report: Report) -> Iterator[str]:
    """Yield what to tell a person: each place on a line of its own, then what it means."""
    for place, what in report.problems[:PLACES_SHOWN]:
        yield legible(f"{place}: {what}")
    if len(report.problems) > PLACES_SHOWN:
        yield f"… and {len(report.problems) - PLACES_SHOWN} more"
    yield from (legible(f"note: {note}") for note in report.notes)
    if report.fingerprint:
        yield f"key fingerprint: {report.fingerprint}"
    yield _VERDICTS[report.exit_code]


_VERDICTS = {
    0: "PROVEN: nothing was changed since it was sealed, and the given key signed it",
    1: "TAMPERED: the places above are not as they were sealed or signed",
    3: "CONSISTENT, but the signer was not checked: give --key-fingerprint from another source",
}


def legible(text: str) -> str:
    """Return a text in which nothing can steer a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def main(arguments: list[str] | None = None) -> int:
    """Verify what the command line names; return the exit code."""
    parser = argparse.ArgumentParser(description="Verify a Vigil evidence pack.")
    parser.add_argument("pack", type=Path, help="the zip, or the folder it was unpacked to")
    parser.add_argument("--key-fingerprint", metavar="F", help="SHA-256 of the signer's key")
    given = parser.parse_args(arguments)
    try:
        pinned = fingerprint_from(given.key_fingerprint) if given.key_fingerprint else None
        pack = opened(given.pack)
    except ValueError as error:
        parser.error(str(error))
    report = verify(pack, pinned)
    for sentence in sentences_of(report):
        sys.stdout.write(sentence + "\n")
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
