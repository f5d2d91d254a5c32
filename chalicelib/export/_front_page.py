"""The first page of a pack: what it is, what is in it, and what it does not prove.

Who reads only one file reads this one, so what is missing stands above everything else.
"""

import html
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from chalicelib.export._population import RECONCILED, Balance
from chalicelib.facts.instants import stamp
from chalicelib.facts.legible import legible
from chalicelib.model.export import ExportQuery

NAMED_LIMIT = 20
COVERAGE = "unknown"
COVERAGE_REASON = (
    "nothing counted whether Vigil was running and receiving events throughout the window; "
    "periods in which it was blind are not known"
)
#: File → what is in it.
CONTENTS: Mapping[str, str] = {
    "README.html": "this page",
    "manifest.json": "query, seal, counts, and the SHA-256 and size of every file; what is signed",
    "manifest.sig.json": "the signature of manifest.json, and the public key",
    "verify.py": "checks all of this with nothing but Python 3; read it before you run it",
    "run.json": "who made this pack, when and with what; covered by no signature",
    "report.html": "the findings for people, by framework; can be printed",
    "findings.csv": "the findings, a row each",
    "findings.jsonl": "the findings with all details and their whole history, a line each",
    "findings.ocsf.jsonl": "the same in OCSF, with what change rules saw",
    "auditor.csv": "fixed late, open past the due date, open without one, excluded with reason",
    "controls.csv": "every control of every framework, its rules, and what they found",
    "sample.csv": "findings drawn at random, in a way that can be repeated",
    "changes.csv": "every record of a change that was received in the window",
    "exemptions.jsonl": "accepted risks in force at any moment of the window, with their history",
    "people.jsonl": "who was who: persons and the identities that were theirs",
    "coverage.json": "whether the window was watched throughout",
    "rules/": "the rules as they were, by the hash that findings name",
    "history/entries.jsonl": "every entry of the history, of all findings, as it was sealed",
    "seal/": "the chained manifests of the seal, and their signatures",
}
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
  border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
code { font-size: .9em; overflow-wrap: anywhere; }
.unproven { border: 2px solid #b45309; border-radius: .4rem; padding: .4rem 1.2rem; }
@media print { body { max-width: none; margin: 0; } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the first page says.

    Attributes:
        entries: Lines in the sealed history, up to and with manifest `manifest`.
        signed: Number of the last manifest that is signed; 0 where none is.
        counts: As in manifest.json.
        unknown_rules: Rules whose text is not in the pack, as ``id@hash``.
        bundle: Hash of the rules in force at the window's end; None where no sweep named it.
        in_force: How many rules that is; 0 where nobody has their text.
        contradictions: Keys of entries that were sealed twice and differently.
    """

    query: ExportQuery
    manifest: int
    manifest_hash: str
    sealed_at: str
    entries: int
    signed: int
    fingerprint: str
    counts: Mapping[str, int]
    balance: Balance
    unknown_rules: tuple[str, ...]
    bundle: str | None
    in_force: int
    contradictions: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """False where the pack does not hold what it should: the first line says so."""
        return self.balance.balances and not self.contradictions

    def not_proven(self) -> Iterator[str]:
        """Yield what this pack does not prove, a sentence each."""
        if not self.balance.balances:
            parts = sum(self.balance.parts.values())
            yield (
                f"INCOMPLETE: {self.balance.seen} records were seen, and what became of them adds "
                f"up to {parts}."
            )
        if self.contradictions:
            yield (
                "INCOMPLETE: entries were taken out of the history and others put in their place: "
                f"{_few(self.contradictions)}. The first sealed ones are in this pack."
            )
        yield (
            f"The population of changes is {RECONCILED}: it is every record that Vigil received, "
            "not every change that was made. Its rows come from a table that is not sealed and "
            "keeps 400 days."
        )
        yield f"Coverage is {COVERAGE}: {COVERAGE_REASON}."
        yield from self._unsealed()
        if self.unknown_rules:
            yield f"The text of these rules is not known: {_few(self.unknown_rules)}."
        if not self.in_force:
            yield (
                "Which rules were in force at the window's end is not known. The control matrix "
                "holds only rules that found something."
            )
        yield (
            "Who verifies without the fingerprint of the signing key, learned outside this pack, "
            "proves only that the pack agrees with itself."
        )

    def _unsealed(self) -> Iterator[str]:
        end = stamp(self.query.end)
        if self.sealed_at < end:
            yield (
                f"The last sealed entries in this pack were sealed at {self.sealed_at}; what "
                f"happened from then until {end}, if anything did, is not in it."
            )
        if self.signed < self.manifest:
            yield (
                f"Manifests {self.signed + 1} to {self.manifest} of the seal have no hourly "
                "signature yet; only the signature of this pack vouches for them."
            )


def front_page(facts: Facts) -> bytes:
    """Return the page: self-contained, without scripts."""
    return "\n".join(_page(facts)).encode()


def _page(facts: Facts) -> Iterator[str]:
    state = "" if facts.is_complete else "INCOMPLETE: "
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield (
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>{state}Evidence of findings</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{state}Evidence of findings</h1>"
    yield (
        "<p>What Vigil found in AWS accounts within a window of time, how each finding came to be "
        "and who did what, with the history that proves it.</p>"
    )
    yield '<section class="unproven"><h2>What this pack does not prove</h2>'
    yield _list(facts.not_proven())
    yield "</section>"
    yield "<h2>Scope</h2>" + _table(_scope(facts))
    yield "<h2>Counts</h2>" + _table((k, str(v)) for k, v in facts.counts.items())
    yield "<h2>Population of changes</h2>" + _equation(facts.balance)
    yield "<h2>How to verify it</h2>" + _steps()
    yield "<h2>Files</h2>" + _table(CONTENTS.items(), code=True)
    yield "</body></html>\n"


def _scope(facts: Facts) -> Iterator[tuple[str, str]]:
    query = facts.query
    yield "Window", f"{stamp(query.start)} until {stamp(query.end)} (exclusive), UTC"
    yield "Findings", "those that were open at any moment of the window, as they were at its end"
    yield "Accounts", ", ".join(query.accounts) or "all"
    yield "Rules", ", ".join(query.rule_ids) or "all"
    yield "Rules in force", facts.bundle or "unknown"
    yield "Seal", f"manifest {facts.manifest}, {facts.entries} entries, sealed {facts.sealed_at}"
    yield "Its hash", facts.manifest_hash
    yield "Fingerprint of the key", facts.fingerprint


def _equation(balance: Balance) -> str:
    parts = " + ".join(f"{count} {name}" for name, count in balance.parts.items())
    sign = "=" if balance.balances else "≠"
    said = f"{balance.seen} seen {sign} {parts}"
    return f"<p>{_text(said)}<br>({_text(RECONCILED)})</p>"


def _steps() -> str:
    return (
        "<p>Ask whoever runs Vigil for the fingerprint of its key, by another way than the one by "
        "which you got this pack: what stands above was written by whoever made it. Then, in the "
        "unpacked folder:</p>"
        "<p><code>python3 verify.py . --key-fingerprint FINGERPRINT</code></p>"
        "<p>It ends with 0 where everything is proven and names each place that was tampered "
        "with.</p>"
    )


def _table(rows: Iterable[tuple[str, str]], *, code: bool = False) -> str:
    tag = ("<code>", "</code>") if code else ("", "")
    cells = (
        f"<tr><th>{tag[0]}{_text(name)}{tag[1]}</th><td>{_text(value)}</td></tr>"
        for name, value in rows
    )
    return f"<table>{''.join(cells)}</table>"


def _list(sentences: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{_text(one)}</li>" for one in sentences) + "</ul>"


def _few(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMED_LIMIT} more" if len(names) > NAMED_LIMIT else ""
    return ", ".join(names[:NAMED_LIMIT]) + more


def _text(value: str) -> str:
    return html.escape(legible(value), quote=True)
