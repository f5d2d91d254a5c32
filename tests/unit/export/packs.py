"""Packs of small estates, written by the real writer; only the key is none."""

import io
import zipfile
from collections.abc import Iterable
from csv import DictReader
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.export import csv, html, jsonl, ocsf
from chalicelib.export._population import Population
from chalicelib.export._rule_texts import RuleTexts
from chalicelib.export.pack import PackSource, Signer, write_pack
from chalicelib.export.spool import Spool
from chalicelib.findings.integrity import manifest_from
from chalicelib.model import Exemption, Finding, LedgerRow
from chalicelib.model.export import ExportContext, ExportQuery, SealedEntry
from tests.unit.export.given import ACCOUNT, END, RULES, START, at, population
from tests.unit.export.seals import entries_of, estate, parts_of

GIVEN = tuple(estate(population()))
FORMATS = {one.FORMAT.name: one.FORMAT for one in (csv, html, jsonl, ocsf)}
SIGNER = Signer(sign=lambda digest: b"signed " + digest, public_key=b"the key")
QUERY = ExportQuery(start=START, end=END, format="pack")
RUN = {"export": "one", "made_at": at(0)}


def row(number: int = 0, **overrides: Any) -> LedgerRow:
    fields: dict[str, Any] = {
        "account_id": ACCOUNT,
        "region": "eu-west-1",
        "event_id": f"event-{number}",
        "record_hash": f"{number:064x}",
        "event_time": at(number),
        "received_at": at(number + 0.1),
        "event_source": "s3.amazonaws.com",
        "event_name": "PutBucketPolicy",
        "disposition": "evaluated",
        "message_id": f"message-{number}",
    }
    return LedgerRow(**{**fields, **overrides})


def texts(**overrides: Any) -> RuleTexts:
    rules = dict(RULES.items())
    fields: dict[str, Any] = {
        "versions": {(rule.id, rule.hash): rule for rule in rules.values()},
        "in_force": rules,
        "bundle": "b" * 64,
    }
    return RuleTexts(**{**fields, **overrides})


def never(_finding: Finding) -> Exemption | None:
    return None


def pack_of(
    folder: Path,
    entries: Iterable[SealedEntry] | None = None,
    *,
    query: ExportQuery = QUERY,
    rows: Iterable[LedgerRow] = (),
    rules: RuleTexts | None = None,
    signatures: tuple[bytes, ...] = (),
    run: dict[str, Any] = RUN,
    **more: Any,
) -> bytes:
    """Write a pack and return the zip."""
    folder.mkdir(exist_ok=True)
    spool, ledger = Spool(folder / "spool.db"), Population(folder / "population.db")
    for part in parts_of(entries_of(GIVEN) if entries is None else entries):
        spool.take(part)
    ledger.take(rows, query)
    last = manifest_from(spool.manifest(spool.settle(query)))
    known = texts() if rules is None else rules
    file = io.BytesIO()
    source = PackSource(
        query=query,
        spool=spool,
        population=ledger,
        context=ExportContext(
            query=query,
            manifest=last.number,
            manifest_hash=last.hash,
            sealed_until=last.sealed_at,
            rules=known.by_id(spool.rule_versions()),
        ),
        signatures=signatures,
        rules=known,
        exempt=never,
        formats=FORMATS,
        verifier=b"print('verified')\n",
        signer=SIGNER,
        run=run,
        advance=lambda: None,
    )
    write_pack(file, replace(source, **more))
    spool.close()
    ledger.close()
    return file.getvalue()


def contents(pack: bytes) -> dict[str, bytes]:
    """Return the files of a pack."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def table(data: bytes) -> list[dict[str, str]]:
    """Read a table."""
    return list(DictReader(io.StringIO(data.decode(), newline="")))


def manifest_in(pack: bytes) -> dict[str, Any]:
    """Return a pack's manifest."""
    found: dict[str, Any] = msgspec.json.decode(contents(pack)["manifest.json"])
    return found
