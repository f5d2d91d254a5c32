"""Who tampers with packs: all that can be done without the key, from a seed.

Every attack says where it struck, and covers whichever traces it knows how to cover.
"""

import base64
import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

from chalicelib.export._verify import BLOCK_BYTES, FINDINGS, HISTORY, MANIFESTS, SIGNATURES
from chalicelib.findings.integrity import canonical
from tests.integration.integrity.packs import Signing, Written

SIGNED = ("manifest.json", "manifest.sig.json")
#: The history's lines are named by the walk; its blocks would have to be read for every case.
WITHOUT_BLOCKS = (HISTORY,)


@dataclass(frozen=True)
class Struck:
    """Where an attack struck.

    Attributes:
        line: One-based; None where its traces are covered, or the file has no lines.
    """

    attack: str
    file: str
    line: int | None = None


@dataclass
class Files:
    """A pack in somebody's hands: what is lines as lists, all else as bytes.

    Attributes:
        tokens: File that is not the original any more → what stands for its digest.
    """

    lines: dict[str, list[bytes]]
    other: dict[str, bytes]
    original: "Original"
    tokens: dict[str, str] = field(default_factory=dict)

    def edit(self, name: str) -> list[bytes]:
        """Return a copy of a file's lines, to be changed."""
        self.lines[name] = list(self.lines[name])
        self.tokens[name] = f"{name} #{self.original.next()}"
        return self.lines[name]

    def names(self) -> list[str]:
        """Return the names of all files."""
        return [*self.lines, *self.other]

    def data(self, name: str) -> bytes:
        """Return a file's bytes."""
        if name in self.lines:
            return b"".join(line + b"\n" for line in self.lines[name])
        if name not in self.other:
            raise FileNotFoundError(name)
        return self.other[name]

    def listed(self, name: str) -> dict[str, Any]:
        """Return what a manifest says of a file.

        The history's many megabytes are not hashed anew in each case: a hash of what happened to
        them stands for theirs, and the number of their lines for their size, on both sides.
        """
        if name == HISTORY and not self.original.is_small:
            sha256 = self.tokens.get(name, self.original.digest)
            said = {"sha256": hashlib.sha256(sha256.encode()).hexdigest()}
            return {**said, "size": len(self.lines[name])}
        if name in self.original.pack.lines and name not in self.tokens:
            return self.original.listed(name)
        return listed(self.data(name))


def listed(data: bytes) -> dict[str, Any]:
    """Return what a manifest says of a file."""
    blocks = [data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)]
    return {
        "blocks": [hashlib.sha256(block).hexdigest() for block in blocks],
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
    }


@dataclass
class Original:
    """The pack as it was written, an older one of the same seal, and a forger's key.

    Attributes:
        is_small: True where even the history is hashed in every case.
    """

    pack: Written
    older: Written
    forger: Signing
    is_small: bool = False
    count: int = 0
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    def next(self) -> int:
        """Return a number that was never returned before."""
        self.count += 1
        return self.count

    def files(self) -> Files:
        """Return the pack, to be tampered with."""
        return Files(lines=dict(self.pack.lines), other=dict(self.pack.other), original=self)

    def listed(self, name: str) -> dict[str, Any]:
        """Return what a manifest says of an original file of lines."""
        if name not in self.known:
            self.known[name] = listed(b"".join(x + b"\n" for x in self.pack.lines[name]))
        return self.known[name]

    @cached_property
    def digest(self) -> str:
        """What stands for the history's digest."""
        joined = hashlib.sha256()
        for line in self.pack.lines[HISTORY]:
            joined.update(line + b"\n")
        return joined.hexdigest()

    @cached_property
    def begins(self) -> list[int]:
        """Where each segment begins among the lines."""
        return [0, *accumulate(link.entries for link in self.pack.links)]

    @cached_property
    def chains(self) -> list[list[int]]:
        """The lines of each finding, oldest first."""
        chains: dict[str, list[int]] = {}
        for number, line in enumerate(self.pack.lines[HISTORY]):
            chains.setdefault(json.loads(line)["pk"], []).append(number)
        return list(chains.values())


def attack(rng: random.Random, original: Original) -> tuple[Files, Struck]:
    """Tamper with the pack in some way."""
    files = original.files()
    names, weights = zip(*_ATTACKS.items(), strict=True)
    (name,) = rng.choices(names, weights)
    struck = _DO[name](rng, files)
    return files, Struck(attack=name, file=struck[0], line=struck[1])


_Struck = tuple[str, int | None]


def edit_line(rng: random.Random, files: Files) -> _Struck:
    name, lines, at = _some_line(rng, files)
    lines[at] = _other(rng, lines[at])
    return name, at + 1


def delete_line(rng: random.Random, files: Files) -> _Struck:
    name, lines, at = _some_line(rng, files)
    del lines[at]
    return name, at + 1


def insert_line(rng: random.Random, files: Files) -> _Struck:
    name, lines, at = _some_line(rng, files)
    lines.insert(at, rng.choice([lines[at], rng.choice(lines), _other(rng, lines[at])]))
    # Behind its twin, or as its twin: nobody can say which of the two is the copy.
    return name, at + 1


def reorder_lines(rng: random.Random, files: Files) -> _Struck:
    name, lines, at = _some_line(rng, files)
    other = rng.choice([i for i in (at - 1, at + 1, rng.randrange(len(lines))) if _is_in(i, lines)])
    if lines[at] == lines[other]:
        lines[at] = _other(rng, lines[at])
    lines[at], lines[other] = lines[other], lines[at]
    return name, min(at, other) + 1


def truncate(rng: random.Random, files: Files) -> _Struck:
    name, lines, at = _some_line(rng, files)
    kept = lines[at][: rng.randrange(len(lines[at]))]
    del lines[at:]
    if kept:
        lines.append(kept)
    return name, at + 1


def edit_other(rng: random.Random, files: Files) -> _Struck:
    name = rng.choice([name for name in files.other if name not in SIGNED])
    files.other[name] = _other(rng, files.other[name])
    return name, None


def edit_signed(rng: random.Random, files: Files) -> _Struck:
    name = rng.choice(SIGNED)
    files.other[name] = _other(rng, files.other[name])
    return name, None


def drop_file(rng: random.Random, files: Files) -> _Struck:
    name = rng.choice(files.names())
    files.lines.pop(name, None)
    files.other.pop(name, None)
    return name, None


def add_file(rng: random.Random, files: Files) -> _Struck:
    name = rng.choice(["findings.json", "history/entries-2.jsonl", "seal/manifests.jsonl.bak"])
    files.other[name] = b"{}\n"
    return name, None


def rewrite_entry(rng: random.Random, files: Files) -> _Struck:
    """Change what an entry says, and every hash that follows from it."""
    chain = rng.choice(files.original.chains)
    lines, first = files.edit(HISTORY), rng.randrange(len(chain)) if rng.random() < 0.02 else -3
    prev = json.loads(lines[chain[first]])["prev"]
    for at in chain[first:]:
        lines[at], prev = _rewritten(lines[at], prev, rng.choice(("low", "quiet", "nothing")))
    _reseal(files, set(chain[first:]))
    return _recompute(rng, files), None


def drop_finding(rng: random.Random, files: Files) -> _Struck:
    """Take a finding out of everything, as if it had never been."""
    chain = set(rng.choice(files.original.chains))
    lines = files.edit(HISTORY)
    name = json.loads(json.loads(lines[min(chain)])["body"])["finding"]["id"]
    files.lines[HISTORY] = [line for at, line in enumerate(lines) if at not in chain]
    records = files.edit(FINDINGS)
    files.lines[FINDINGS] = [r for r in records if json.loads(r)["finding_id"] != name]
    _reseal(files, set(), gone=chain)
    return _recompute(rng, files), None


def delete_tail(rng: random.Random, files: Files) -> _Struck:
    """Forget the end: its entries, manifests and signatures."""
    kept = rng.randrange(1, len(files.lines[MANIFESTS]))
    del files.edit(HISTORY)[files.original.begins[kept] :]
    del files.edit(MANIFESTS)[kept:]
    signatures = files.edit(SIGNATURES)
    files.lines[SIGNATURES] = [s for s in signatures if _signed(s) <= kept]
    return _recompute(rng, files), None


def swap_manifests(rng: random.Random, files: Files) -> _Struck:
    """Exchange two manifests with all that they seal; renumber and chain all after them."""
    one, two = sorted(rng.sample(range(len(files.lines[MANIFESTS])), 2))
    begins, lines = files.original.begins, files.edit(HISTORY)
    blocks = [lines[a:b] for a, b in pairwise(begins)]
    blocks[one], blocks[two] = blocks[two], blocks[one]
    files.lines[HISTORY] = [line for block in blocks for line in block]
    manifests = files.edit(MANIFESTS)
    manifests[one], manifests[two] = manifests[two], manifests[one]
    if rng.random() < 0.5:
        return MANIFESTS, one + 1
    _rechain(manifests, one)
    return _recompute(rng, files), None


def replay(rng: random.Random, files: Files) -> _Struck:
    """Put parts of an older pack in their places: genuine, signed, and of another time."""
    older = files.original.older
    parts = rng.choice(_REPLAYED)
    for name in parts:
        if name in older.lines:
            files.edit(name)
            files.lines[name] = older.lines[name]
        else:
            files.other[name] = older.other[name]
    # A genuine older manifest does not list what lies beside it.
    return (HISTORY if parts == SIGNED else parts[0]), None


def sign_again(rng: random.Random, files: Files) -> _Struck:
    """Sign everything anew with another key, after a change or without any."""
    if rng.random() < 0.5:
        lines = files.edit(FINDINGS)
        lines[rng.randrange(len(lines))] = lines[0]
    forger = files.original.forger
    if rng.random() < 0.3:
        signatures = files.edit(SIGNATURES)
        signatures[:] = [_signed_anew(document, forger) for document in signatures]
    return _recompute(rng, files, forger), None


def replace_key(rng: random.Random, files: Files) -> _Struck:
    """Put another public key where the signer's is."""
    forger = base64.b64encode(files.original.forger.public).decode()
    if rng.random() < 0.5:
        lines = files.edit(SIGNATURES)
        at = rng.randrange(len(lines))
        lines[at] = canonical({**json.loads(lines[at]), "public_key": forger})
        return SIGNATURES, at + 1
    signed = json.loads(files.other["manifest.sig.json"])
    files.other["manifest.sig.json"] = canonical({**signed, "public_key": forger})
    return "manifest.sig.json", None


_DO: Mapping[str, Callable[[random.Random, Files], _Struck]] = {
    f.__name__: f
    for f in (
        *(edit_line, delete_line, insert_line, reorder_lines, truncate, edit_other, edit_signed),
        *(drop_file, add_file, rewrite_entry, drop_finding, delete_tail, swap_manifests),
        *(replay, sign_again, replace_key),
    )
}
_ATTACKS: Mapping[str, int] = {
    **dict.fromkeys(_DO, 4),
    **dict.fromkeys(("edit_line", "delete_line", "insert_line", "reorder_lines"), 10),
    **dict.fromkeys(("truncate",), 6),
    # Whole segments are written anew: dear.
    **dict.fromkeys(("drop_finding", "rewrite_entry"), 1),
}
_REPLAYED: tuple[tuple[str, ...], ...] = (
    (HISTORY, MANIFESTS, SIGNATURES),
    (HISTORY, MANIFESTS),
    *((name,) for name in (HISTORY, MANIFESTS, SIGNATURES, FINDINGS, *SIGNED)),
    SIGNED,
)
_LINES = {HISTORY: 8, MANIFESTS: 3, SIGNATURES: 2, FINDINGS: 3}


def _some_line(rng: random.Random, files: Files) -> tuple[str, list[bytes], int]:
    (name,) = rng.choices(list(_LINES), list(_LINES.values()))
    lines = files.edit(name)
    return name, lines, rng.randrange(len(lines))


def _is_in(at: int, lines: list[bytes]) -> bool:
    return 0 <= at < len(lines)


def _other(rng: random.Random, data: bytes) -> bytes:
    """Return the data with one byte that is another one."""
    at = rng.randrange(len(data))
    byte = rng.choice([b for b in b'0129afzAZ"{}:, \\' if b != data[at]])
    return data[:at] + bytes([byte]) + data[at + 1 :]


def _rewritten(line: bytes, prev: str | None, severity: str) -> tuple[bytes, str]:
    said = json.loads(line)
    body = json.loads(said["body"])
    body["finding"]["severity"], body["prev"] = severity, prev
    written = canonical(body)
    said |= {"body": written.decode(), "hash": hashlib.sha256(written).hexdigest(), "prev": prev}
    return canonical(said), said["hash"]


def _reseal(files: Files, changed: set[int], *, gone: set[int] | None = None) -> None:
    """Write the manifests of what was changed, and chain all that follow."""
    gone, begins = gone or set(), files.original.begins
    manifests, lines, at = files.edit(MANIFESTS), files.lines[HISTORY], 0
    struck = sorted(changed | gone)
    touched = {_segment_of(begins, number) for number in struck}
    for number, (first, end) in enumerate(pairwise(begins)):
        count = end - first - (sum(first <= g < end for g in gone) if number in touched else 0)
        if number in touched:
            data = b"".join(line + b"\n" for line in lines[at : at + count])
            segment = {"segment": hashlib.sha256(data).hexdigest(), "entries": count}
            manifests[number] = canonical({**json.loads(manifests[number]), **segment})
        at += count
    _rechain(manifests, min(touched))


def _segment_of(begins: list[int], line: int) -> int:
    return next(n for n, end in enumerate(begins[1:]) if line < end)


def _rechain(manifests: list[bytes], first: int) -> None:
    before = json.loads(manifests[first - 1]) if first else {"total": 0}
    prev = hashlib.sha256(manifests[first - 1]).hexdigest() if first else None
    for at in range(first, len(manifests)):
        said = json.loads(manifests[at])
        total = before["total"] + said["entries"]
        before = {**said, "number": at + 1, "prev": prev, "total": total}
        manifests[at] = canonical(before)
        prev = hashlib.sha256(manifests[at]).hexdigest()


def _recompute(rng: random.Random, files: Files, forger: Signing | None = None) -> str:
    """Write manifest.json over everything as it is now, and keep or forge its signature.

    Returns:
        The file in which that must show.
    """
    said = json.loads(files.other["manifest.json"])
    manifests = files.lines[MANIFESTS]
    said["files"] = {name: files.listed(name) for name in files.names() if name not in SIGNED}
    said["seal"] = {
        "manifest": len(manifests),
        "hash": hashlib.sha256(manifests[-1]).hexdigest(),
        "entries": json.loads(manifests[-1])["total"],
    }
    said["counts"]["findings"] = len(files.lines[FINDINGS])
    files.other["manifest.json"] = canonical(said)
    if forger is None and rng.random() < 0.3:
        forger = files.original.forger
    if forger is not None:
        signed = {
            "public_key": base64.b64encode(forger.public).decode(),
            "signature": base64.b64encode(forger.sign(files.other["manifest.json"])).decode(),
        }
        files.other["manifest.sig.json"] = canonical(signed)
    return SIGNED[forger is not None]


def _signed(document: bytes) -> int:
    return int(json.loads(json.loads(document)["statement"])["manifest"])


def _signed_anew(document: bytes, forger: Signing) -> bytes:
    said = {**json.loads(json.loads(document)["statement"]), "key": forger.fingerprint}
    statement = canonical(said)
    return canonical(
        {
            "public_key": base64.b64encode(forger.public).decode(),
            "signature": base64.b64encode(forger.sign(statement)).decode(),
            "statement": statement.decode(),
        }
    )
