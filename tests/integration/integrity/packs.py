"""Packs built as the writer builds them, without a store: many entries, fast, from a seed.

Every finding opens, is updated many times and in part resolved; ids, times and texts differ.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.export import _verify
from chalicelib.export.record import record_of
from chalicelib.facts.instants import stamp
from chalicelib.findings.history import body_of, hash_of
from chalicelib.findings.identity import finding_id
from chalicelib.findings.integrity import (
    Key,
    Line,
    Manifest,
    canonical,
    manifest_after,
    signature_document,
    statement_of,
)
from chalicelib.model import Finding, Reason, Status, Times, Transition, TransitionKind
from chalicelib.model.export import ExportedFinding
from tests.unit.findings.given import REF, SUBJECT, T0, evidence, rule

START, END = T0, T0 + timedelta(days=30)
SIGN_EVERY = 16


@dataclass(frozen=True)
class Signing:
    """A key, as KMS holds it."""

    key: RSAPrivateKey

    @property
    def public(self) -> bytes:
        """The public half, DER."""
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def fingerprint(self) -> str:
        """What pins it from outside."""
        return hashlib.sha256(self.public).hexdigest()

    def sign(self, message: bytes) -> bytes:
        """Return a signature."""
        return self.key.sign(message, padding.PKCS1v15(), SHA256())


@cache
def signing(name: str = "vigil") -> Signing:
    """Return a key that stays the same within a run of the tests."""
    del name
    return Signing(generate_private_key(public_exponent=65537, key_size=3072))


@dataclass
class Written:
    """A pack as named bytes; the files that are lines, as lines."""

    lines: dict[str, list[bytes]]
    other: dict[str, bytes]
    links: list[Manifest]

    def files(self) -> dict[str, bytes]:
        """Return every file's bytes."""
        joined = {name: b"".join(x + b"\n" for x in lines) for name, lines in self.lines.items()}
        return joined | self.other


def history(findings: int, each: int) -> Iterator[tuple[Line, Transition]]:
    """Yield the entries of some findings in the order in which they happened."""
    template = _finding()
    heads: dict[int, str] = {}
    for step in range(each):
        for number in range(findings):
            at = START + timedelta(hours=step, milliseconds=number)
            is_last = step == each - 1 and number % 3 == 0 and step > 0
            finding = replace(
                template,
                id=_id(number),
                subject=replace(SUBJECT, ref=replace(REF, id=f"door-{number}")),
                status=Status.RESOLVED if is_last else Status.OPEN,
                message=f"door-{number} is open for the {step}th time",
                revision=step + 1,
                opened_at=START + timedelta(milliseconds=number),
                changed_at=at,
                resolved_at=at if is_last else None,
            )
            transition = Transition(
                kind=_kind(step, is_last=is_last),
                reason=Reason.CHANGE,
                account_id=REF.account_id,
                subject=finding.subject,
                rule_id=finding.rule_id,
                seq=step + 1,
                prev=heads.get(number),
                times=Times(event=None, received=None, decided=at),
                finding=finding,
            )
            line = line_of(transition)
            heads[number] = json.loads(line.raw)["hash"]
            yield line, transition


def line_of(transition: Transition) -> Line:
    """Return the line that seals an entry."""
    body = body_of(transition)
    return _sealed(json.loads(body), body)


@dataclass
class Terse:
    """Entries that hold no more than what is verified, and the records of their findings."""

    lines: list[Line]
    records: list[bytes]


def terse(findings: int, each: int) -> Terse:
    """Return entries ten times as fast as real ones are made."""
    made = Terse(lines=[], records=[])
    heads: dict[int, str | None] = {}
    for step, number in ((s, n) for s in range(each) for n in range(findings)):
        body = _terse_body(step, number, heads.get(number), is_last=step == each - 1)
        line = _sealed(body, canonical(body))
        heads[number] = json.loads(line.raw)["hash"]
        made.lines.append(line)
        if step == each - 1:
            made.records.append(_terse_record(body, heads[number]))
    made.records.sort()
    return made


def written(lines: Sequence[Line], records: Sequence[bytes], *, batch: int, by: Signing) -> Written:
    """Seal lines in batches, sign every few manifests, and write a pack of it."""
    links: list[Manifest] = []
    signatures: list[bytes] = []
    for first in range(0, len(lines), batch):
        now = START + timedelta(minutes=first)
        some = lines[first : first + batch]
        links.append(manifest_after(links[-1] if links else None, some, now=now))
        if len(links) % SIGN_EVERY == 0:
            statement = statement_of(links[-1], by.fingerprint, now=now)
            signatures.append(signature_document(statement, by.sign(statement), by.public))
    made = Written(
        lines={
            _verify.HISTORY: [line.raw for line in lines],
            _verify.MANIFESTS: [link.raw for link in links],
            _verify.SIGNATURES: signatures,
            _verify.FINDINGS: list(records),
        },
        other={"findings.csv": b"finding_id,status\r\n", "README.html": b"<!doctype html>\n"},
        links=links,
    )
    sign_pack(made, by)
    return made


def records_of(entries: Sequence[tuple[Line, Transition]], end: datetime = END) -> list[bytes]:
    """Return the records of all findings as they were at an instant."""
    last: dict[str, tuple[Line, Transition]] = {}
    for line, transition in entries:
        if transition.finding and transition.times.decided < end:
            last[transition.finding.id] = (line, transition)
    return [canonical(_record(*last[name], end)) for name in sorted(last)]


def sign_pack(pack: Written, by: Signing, *, end: datetime = END) -> None:
    """Write manifest.json over the files as they are now, and sign it."""
    files = {n: data for n, data in pack.files().items() if n not in _verify.UNLISTED}
    sign_manifest(pack, {name: listed(data) for name, data in files.items()}, by, end=end)


def sign_manifest(
    pack: Written, files: Mapping[str, object], by: Signing, *, end: datetime = END
) -> None:
    """Write manifest.json with what it is to list, and sign it."""
    head = pack.links[-1] if pack.links else None
    document = {
        "counts": {"findings": len(pack.lines[_verify.FINDINGS])},
        "files": files,
        "scope": {"accounts": [], "rule_ids": []},
        "seal": {
            "manifest": head.number if head else 0,
            "hash": head.hash if head else None,
            "entries": head.total if head else 0,
        },
        "window": {"start": stamp(START), "end": stamp(end)},
    }
    pack.other["manifest.json"] = canonical(document)
    signed = {
        "public_key": base64.b64encode(by.public).decode(),
        "signature": base64.b64encode(by.sign(pack.other["manifest.json"])).decode(),
    }
    pack.other["manifest.sig.json"] = canonical(signed)


def listed(data: bytes) -> dict[str, object]:
    """Return what a manifest says of a file."""
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def _sealed(said: Mapping[str, Any], body: bytes) -> Line:
    ref = said["subject"]["ref"]
    pk = "#".join((ref["account_id"], ref["region"], ref["type"], ref["id"]))
    sk = f"{said['seq']:08d}#{said['kind']}"
    document = {
        "body": body.decode(),
        "hash": hash_of(body),
        "kind": said["kind"],
        "pk": pk,
        "prev": said["prev"],
        "seq": said["seq"],
        "sk": sk,
    }
    return Line(key=Key(pk=pk, sk=sk), kind=said["kind"], hour=None, raw=canonical(document))


def _terse_body(step: int, number: int, prev: str | None, *, is_last: bool) -> dict[str, Any]:
    at = START + timedelta(hours=step, milliseconds=number)
    ref = {"account_id": REF.account_id, "region": REF.region, "type": REF.type}
    is_over = is_last and number % 3 == 0
    subject = {"ref": {**ref, "id": f"door-{number}"}}
    finding = {
        "evidence": [],
        "id": _id(number),
        "message": f"door-{number} is open for the {step}th time",
        "revision": step + 1,
        "rule_id": "door-closed",
        "severity": "high",
        "status": "RESOLVED" if is_over else "OPEN",
        "subject": subject,
    }
    return {
        "account_id": REF.account_id,
        "finding": finding,
        "kind": _kind(step, is_last=is_over).value,
        "prev": prev,
        "rule_id": "door-closed",
        "seq": step + 1,
        "subject": subject,
        "times": {"decided": at},
    }


def _terse_record(body: Mapping[str, Any], head: str | None) -> bytes:
    finding = body["finding"]
    ref = finding["subject"]["ref"]
    kept = {k: v for k, v in finding.items() if k not in ("id", "subject")}
    return canonical(
        {
            **kept,
            "account_id": ref["account_id"],
            "finding_id": finding["id"],
            "integrity": {"seq": body["seq"], "hash": head, "prev": body["prev"]},
            "region": ref["region"],
            "resource_id": ref["id"],
            "resource_type": ref["type"],
        }
    )


def _record(line: Line, transition: Transition, end: datetime) -> dict[str, object]:
    assert transition.finding is not None
    record = record_of(ExportedFinding(finding=transition.finding, entries=()), None, end)
    said = json.loads(line.raw)
    integrity = {"seq": said["seq"], "hash": said["hash"], "prev": said["prev"]}
    return {**record, "integrity": integrity}


@cache
def _finding() -> Finding:
    judged = rule()
    return Finding(
        id="",
        rule_id=judged.id,
        rule_hash=judged.hash,
        title=judged.title,
        risk=judged.risk,
        fix=judged.fix,
        subject=SUBJECT,
        status=Status.OPEN,
        severity=judged.severity,
        severity_because=None,
        message="",
        evidence=(evidence(),),
        reason=Reason.CHANGE,
        seen_at=T0,
        opened_at=T0,
        changed_at=T0,
    )


@cache
def _id(number: int) -> str:
    return finding_id(replace(REF, id=f"door-{number}"), "door-closed")


def _kind(step: int, *, is_last: bool) -> TransitionKind:
    if is_last:
        return TransitionKind.RESOLVED
    return TransitionKind.UPDATED if step else TransitionKind.OPENED
