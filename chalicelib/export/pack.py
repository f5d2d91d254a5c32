"""The evidence pack: one zip that an auditor can read, recount and verify without Vigil.

The same seal, window, query, ledger rows and rule texts give the same bytes; only ``run.json``,
which no signature covers, says who made it and when.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import IO, Any

import msgspec

from chalicelib.export._front_page import COVERAGE, COVERAGE_REASON, Facts, front_page
from chalicelib.export._packfile import PackFile
from chalicelib.export._plain import canonical
from chalicelib.export._population import Population
from chalicelib.export._rule_texts import RuleTexts
from chalicelib.export._tables import write_table
from chalicelib.export._views import (
    AUDITOR_COLUMNS,
    CONTROL_COLUMNS,
    SAMPLE_COLUMNS,
    SAMPLING,
    Views,
    auditor_rows,
    seed_of,
)
from chalicelib.export._windows import was_in_force
from chalicelib.export.spool import Chain, Exempting, Spool
from chalicelib.facts.instants import stamp
from chalicelib.model import Exemption
from chalicelib.model.export import (
    ExportContext,
    ExportedFinding,
    ExportQuery,
    Format,
    SealedEntry,
)

#: File of a pack → format that it is written in.
PARTS: Mapping[str, str] = {
    "findings.jsonl": "jsonl",
    "findings.csv": "csv",
    "findings.ocsf.jsonl": "ocsf",
    "report.html": "html",
}
#: How often a pack reads all findings: once for each of those, and once for its own tables.
PASSES = len(PARTS) + 1
LAYOUT = "vigil-pack"
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """What signs a pack.

    Attributes:
        sign: Returns the RSASSA-PKCS1-v1.5 signature of a SHA-256 digest.
        public_key: DER SubjectPublicKeyInfo.
    """

    sign: Callable[[bytes], bytes]
    public_key: bytes

    @property
    def fingerprint(self) -> str:
        """What pins the key from outside."""
        return hashlib.sha256(self.public_key).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackSource:
    """Everything that a pack is made from.

    Attributes:
        spool: Settled on the query.
        context: What is said of the export; `manifest` is the last one in the pack.
        signatures: The documents of the seal's hourly signatures, oldest first.
        exempt: Says which exemption a finding had at the window's end.
        formats: By name.
        verifier: The text of ``verify.py``.
        run: Who, when, with what.
        advance: Called for each finding that was written, `PASSES` times in all.
    """

    query: ExportQuery
    spool: Spool
    population: Population
    context: ExportContext
    signatures: tuple[bytes, ...]
    rules: RuleTexts
    exempt: Exempting
    formats: Mapping[str, Format]
    verifier: bytes
    signer: Signer
    run: Mapping[str, Any]
    advance: Callable[[], None]


def write_pack(file: IO[bytes], source: PackSource) -> None:
    """Write a pack to a file that can be sought in."""
    with closing(PackFile(file)) as pack:
        _write_members(pack, source)


def _write_members(pack: PackFile, source: PackSource) -> None:
    seal = _write_seal(pack, source)
    for name, form in PARTS.items():
        with pack.member(name) as member:
            form_of = source.formats[form]
            form_of.write(_content(source, form_of), source.context, member)
    views = _write_views(pack, source)
    with pack.member("changes.csv") as member:
        source.population.write(member)
    counts = {
        **_counts(views, source),
        **_write_registers(pack, source),
        "entries": seal["entries"],
    }
    for name, document in source.rules.documents(source.spool.rule_versions()):
        pack.add(name, document)
    pack.add("verify.py", source.verifier)
    facts = _facts(source, seal, counts)
    pack.add("README.html", front_page(facts))
    _write_manifest(pack, source, facts, seal)
    pack.add("run.json", _json(source.run), listed=False)


def _write_seal(pack: PackFile, source: PackSource) -> dict[str, Any]:
    """Write the sealed history; return what the manifest says of it."""
    number = source.context.manifest
    with pack.member("history/entries.jsonl") as member:
        member.writelines(lines for _, lines in source.spool.parts(number))
    with pack.member("seal/manifests.jsonl") as member:
        member.writelines(raw + b"\n" for raw, _ in source.spool.parts(number))
    with pack.member("seal/signatures.jsonl") as member:
        member.writelines(document + b"\n" for document in source.signatures)
    last = msgspec.json.decode(source.spool.manifest(number), type=dict[str, Any])
    return {
        "manifest": number,
        "hash": source.context.manifest_hash,
        "entries": last["total"],
        "sealed_at": last["sealed_at"],
    }


def _content(source: PackSource, form: Format) -> Iterator[ExportedFinding | SealedEntry]:
    for exported in source.spool.findings(source.exempt):
        yield exported
        source.advance()
    if form.detections:
        yield from source.spool.detections(source.query)


def _write_views(pack: PackFile, source: PackSource) -> Views:
    seed = seed_of(source.context.manifest_hash or "", source.query)
    views = Views(query=source.query, seed=seed)
    with pack.member("auditor.csv") as member:
        write_table(member, AUDITOR_COLUMNS, _auditor_rows(source, views))
    versions = source.spool.rule_versions()
    with pack.member("controls.csv") as member:
        write_table(member, CONTROL_COLUMNS, views.controls(source.rules.by_id(versions)))
    with pack.member("sample.csv") as member:
        write_table(member, SAMPLE_COLUMNS, views.sample())
    return views


def _auditor_rows(source: PackSource, views: Views) -> Iterator[tuple[Any, ...]]:
    for exported in source.spool.findings(source.exempt):
        views.add(exported)
        yield from auditor_rows(exported, source.query)
        source.advance()


def _counts(views: Views, source: PackSource) -> dict[str, int]:
    return {
        "findings": source.spool.count,
        "open": views.all.open,
        "overdue": views.all.overdue,
        "exempt": views.all.exempt,
        "resolved": views.all.resolved,
        "changes": source.population.balance().seen,
    }


def _write_registers(pack: PackFile, source: PackSource) -> dict[str, int]:
    """Write accepted risks and people, each with its history."""
    counts = {}
    for about, name in (("exemption", "exemptions"), ("person", "people")):
        count = 0
        with pack.member(f"{name}.jsonl") as member:
            for chain in source.spool.chains(about):
                if about == "person" or _concerns(chain.last.exemption, source.query):
                    member.write(_json(_registered(chain, about)))
                    count += 1
        counts[name] = count
    document = {"status": COVERAGE, "why": COVERAGE_REASON}
    pack.add("coverage.json", _json(document))
    return counts


def _concerns(exemption: Exemption | None, query: ExportQuery) -> bool:
    return exemption is not None and was_in_force(exemption, query.start, query.end)


def _registered(chain: Chain, about: str) -> dict[str, Any]:
    """Return a record with its history."""
    steps = [
        {
            "at": stamp(entry.transition.times.decided),
            "kind": entry.kind,
            "seq": entry.seq,
            "hash": entry.hash,
            "prev": entry.prev,
            "act": entry.transition.act,
        }
        for entry in chain.entries
    ]
    return {about: getattr(chain.last, about), "history": steps}


def _facts(source: PackSource, seal: Mapping[str, Any], counts: Mapping[str, int]) -> Facts:
    return Facts(
        query=source.query,
        manifest=source.context.manifest,
        manifest_hash=source.context.manifest_hash or "",
        sealed_at=seal["sealed_at"],
        entries=seal["entries"],
        signed=max(map(signed_number, source.signatures), default=0),
        fingerprint=source.signer.fingerprint,
        counts=counts,
        balance=source.population.balance(),
        unknown_rules=tuple(source.rules.unknown(source.spool.rule_versions())),
        bundle=source.rules.bundle,
        in_force=len(source.rules.in_force),
        contradictions=source.spool.contradictions,
    )


def signed_number(document: bytes) -> int:
    """Return the number of the manifest that an hourly signature is about."""
    statement = msgspec.json.decode(document, type=dict[str, str])["statement"]
    return int(msgspec.json.decode(statement, type=dict[str, Any])["manifest"])


def _write_manifest(
    pack: PackFile, source: PackSource, facts: Facts, seal: Mapping[str, Any]
) -> None:
    query = source.query
    document = {
        "layout": LAYOUT,
        "version": VERSION,
        "query": query,
        "window": {"start": stamp(query.start), "end": stamp(query.end)},
        "scope": {"accounts": query.accounts, "rule_ids": query.rule_ids},
        "seal": seal,
        "counts": facts.counts,
        "population": {
            "seen": facts.balance.seen,
            **facts.balance.parts,
            "balances": facts.balance.balances,
            "reconciled": False,
        },
        "coverage": COVERAGE,
        "complete": facts.is_complete,
        "not_proven": list(facts.not_proven()),
        "rules": {"bundle": facts.bundle, "unknown": facts.unknown_rules},
        "sampling": SAMPLING,
        "files": {name: asdict(member) for name, member in pack.members.items()},
    }
    written = canonical(document)
    pack.add("manifest.json", written, listed=False)
    signature = source.signer.sign(hashlib.sha256(written).digest())
    encoded = {
        "signature": base64.b64encode(signature).decode(),
        "public_key": base64.b64encode(source.signer.public_key).decode(),
    }
    pack.add("manifest.sig.json", canonical(encoded), listed=False)


def _json(document: Any) -> bytes:
    return canonical(document) + b"\n"
