"""From the seal to one file: what an export of any format is made of, put together.

Everything passes through files in a folder that is deleted afterwards: how large an export is shows
on the disk, never in memory.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from chalicelib import bundles, export
from chalicelib.errors import DamagedEvidenceError, InvalidRequestError
from chalicelib.export._population import Population
from chalicelib.export._rule_texts import RuleTexts
from chalicelib.export.pack import PARTS, PASSES, PackSource, Signer, signed_number, write_pack
from chalicelib.export.spool import Exempting, SealedPart, Spool
from chalicelib.findings.archive import Archive, entries_of
from chalicelib.findings.exemptions import exemption_for
from chalicelib.findings.integrity import Manifest, manifest_from
from chalicelib.model import Exemption, Finding, LedgerRow
from chalicelib.model.export import (
    ExportContext,
    ExportedFinding,
    ExportQuery,
    Format,
    SealedEntry,
)
from chalicelib.model.ruleset import Ruleset

PACK = "pack"
VERIFIER = Path(export.__file__).parent / "_verify.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where an export comes from.

    Attributes:
        rows: Window's start and end → rows of the ledger, in any order.
        rulesets: Where texts of rules are looked for, the likeliest first.
        signer: What signs packs; None where there is no key.
    """

    archive: Archive
    rows: Callable[[datetime, datetime], Iterator[LedgerRow]]
    rulesets: Callable[[], Iterator[Ruleset]]
    signer: Callable[[], Signer | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of an export while it is made.

    Attributes:
        found: Called once, with the number of findings and of the last manifest.
        written: Called with each number of findings that is on the disk.
    """

    found: Callable[[int, int], None]
    written: Callable[[int], None]


def write_export(
    query: ExportQuery, run: Mapping[str, Any], sources: Sources, folder: Path, told: Told
) -> tuple[Path, str | None]:
    """Make an export.

    Args:
        query: What is wanted.
        run: Who made it, when and with what; only a pack holds it.
        sources: Where it comes from.
        folder: An empty folder, for it and for what it is made with.
        told: How far it has come.

    Returns:
        The file, and the fingerprint of the key that signed it, of a pack.

    Raises:
        InvalidRequestError: Nothing is sealed, or a pack cannot be signed.
        DamagedEvidenceError: The seal contradicts itself.
        BrokenSealError: It is not what was sealed.
    """
    with closing(Spool(folder / "spool.db")) as spool:
        manifest, signatures = _spooled(query, sources.archive, spool)
        told.found(spool.count, manifest.number)
        writing = _Writing(
            query=query,
            sources=sources,
            spool=spool,
            manifest=manifest,
            texts=_texts(spool, sources),
            exempt=_exempting(spool, query),
            told=told,
        )
        file = folder / "export"
        with file.open("w+b") as target:
            if query.format == PACK:
                return file, writing.pack(target, signatures, run, folder)
            writing.plain(target)
            return file, None


@dataclass(slots=True, kw_only=True)
class _Writing:
    """One export on its way to the disk."""

    query: ExportQuery
    sources: Sources
    spool: Spool
    manifest: Manifest
    texts: RuleTexts
    exempt: Exempting
    told: Told
    passed: int = 0

    def plain(self, file: IO[bytes]) -> None:
        """Write any format but a pack."""
        if self.spool.contradictions:
            raise DamagedEvidenceError(
                f"sealed twice, and differently: {self.spool.contradictions[0]}; "
                "only a pack can show what was done to the history"
            )
        form = format_of(self.query.format)
        form.write(self._content(form), self._context, file)

    def pack(
        self,
        file: IO[bytes],
        signatures: tuple[bytes, ...],
        run: Mapping[str, Any],
        folder: Path,
    ) -> str:
        """Write a pack and return the fingerprint of its key."""
        signer = self.sources.signer()
        if signer is None:
            raise InvalidRequestError("there is no key to sign a pack with")
        with closing(Population(folder / "population.db")) as population:
            population.take(self.sources.rows(self.query.start, self.query.end), self.query)
            source = PackSource(
                query=self.query,
                spool=self.spool,
                population=population,
                context=self._context,
                signatures=signatures,
                rules=self.texts,
                exempt=self.exempt,
                formats={name: format_of(name) for name in PARTS.values()},
                verifier=VERIFIER.read_bytes(),
                signer=signer,
                run=run,
                advance=self._advance_pass,
            )
            write_pack(file, source)
        return signer.fingerprint

    @property
    def _context(self) -> ExportContext:
        return ExportContext(
            query=self.query,
            manifest=self.manifest.number,
            manifest_hash=self.manifest.hash,
            sealed_until=self.manifest.sealed_at,
            rules=self.texts.by_id(self.spool.rule_versions()),
        )

    def _content(self, form: Format) -> Iterator[ExportedFinding | SealedEntry]:
        for exported in self.spool.findings(self.exempt):
            yield exported
            self.passed += 1
            self.told.written(self.passed)
        if form.detections:
            yield from self.spool.detections(self.query)

    def _advance_pass(self) -> None:
        # A pack writes every finding several times; it is written after the last one.
        self.passed += 1
        self.told.written(self.passed // PASSES)


def format_of(name: str) -> Format:
    """Return a format by its name; only it is imported."""
    form: Format = importlib.import_module(f"chalicelib.export.{name}").FORMAT
    return form


def _spooled(
    query: ExportQuery, archive: Archive, spool: Spool
) -> tuple[Manifest, tuple[bytes, ...]]:
    """Read the seal; return the last manifest that is needed, and the signatures up to it."""
    for manifest, lines in archive.parts():
        entries = tuple(entries_of(manifest, lines))
        spool.take(
            SealedPart(number=manifest.number, raw=manifest.raw, lines=lines, entries=entries)
        )
    signatures = {signed_number(raw): raw for raw in archive.signatures()}
    last = spool.settle(query, signatures)
    if not last:
        raise InvalidRequestError("nothing is sealed yet, and exports are made from the seal")
    used = tuple(signatures[number] for number in sorted(signatures) if number <= last)
    return manifest_from(spool.manifest(last)), used


def _texts(spool: Spool, sources: Sources) -> RuleTexts:
    """Look for the rules that findings name, and for those that the last told sweep judged by."""
    summaries = (entry.transition.summary for entry in spool.summaries())
    told = [summary.bundle for summary in summaries if summary is not None]
    bundle = told[-1] if told else None
    return bundles.texts_from(sources.rulesets(), spool.rule_versions(), bundle)


def _exempting(spool: Spool, query: ExportQuery) -> Exempting:
    last = (chain.last.exemption for chain in spool.chains("exemption"))
    exemptions = tuple(exemption for exemption in last if exemption is not None)

    def exempt(finding: Finding) -> Exemption | None:
        return exemption_for(finding, exemptions, query.end)

    return exempt
