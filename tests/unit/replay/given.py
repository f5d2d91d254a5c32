"""Builders for replays: files of records, a judge over the built-in rules."""

import gzip
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from chalicelib.evaluate.bundle import bundle_from
from chalicelib.evaluate.rulebook import Rulebook
from tests.builders import record
from vigil.replay.counting import Plan, Tally
from vigil.replay.judging import Judge
from vigil.replay.reading import Numbered, batches_of, records_of
from vigil.replay.row import Row
from vigil.replay.running import replayed
from vigil.replay.sources import Gap, Source
from vigil.rulefiles import built_in, resource_types

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def event_id(number: int) -> str:
    """Return a plausible eventID."""
    return str(UUID(int=(0xA1B2C3D4 << 96) + number, version=4))


def risky(number: int = 1, **overrides: Any) -> dict[str, Any]:
    """Build a call to which a change rule objects: SSH opened to the internet."""
    asked = {
        "groupId": "sg-0a1b2c3d",
        "ipPermissions": {},
        "ipProtocol": "tcp",
        "fromPort": 22,
        "toPort": 22,
        "cidrIp": "0.0.0.0/0",
    }
    names = {"eventSource": "ec2.amazonaws.com", "eventName": "AuthorizeSecurityGroupIngress"}
    own = {"eventID": event_id(number), **names, "requestParameters": asked}
    return record(**own | overrides)


def harmless(number: int = 2, **overrides: Any) -> dict[str, Any]:
    """Build a change that nothing names."""
    names = {"eventSource": "appmesh.amazonaws.com", "eventName": "CreateMesh"}
    return record(**{"eventID": event_id(number), **names, **overrides})


def reading(number: int = 3, **overrides: Any) -> dict[str, Any]:
    """Build a call that only reads."""
    return harmless(number, **{"eventName": "DescribeMesh", "readOnly": True, **overrides})


def encoded(value: Any) -> bytes:
    """Return JSON."""
    return msgspec.json.encode(value)


def log_file(folder: Path, *records: Any, name: str = "log.json.gz") -> Source:
    """Write a log file as CloudTrail does."""
    return raw_file(folder, encoded({"Records": records}), name=name)


def json_lines(folder: Path, *records: Any, name: str = "log.jsonl") -> Source:
    """Write one record a line."""
    return raw_file(folder, b"\n".join(map(encoded, records)) + b"\n", name=name)


def raw_file(folder: Path, content: bytes, *, name: str) -> Source:
    """Write a file, compressed where its name says so."""
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return Source(name=name, path=path)


def numbered(source: Source) -> list[Numbered | Gap]:
    """Return all that is read of a file."""
    return [one for batch in batches_of(source) for one in records_of(batch)]


@cache
def judge() -> Judge:
    """Return a judge over the built-in rules."""
    types = resource_types()
    return Judge.of(Rulebook.of(built_in().rules, types), types, NOW)


def plan(folder: Path, *, everything: bool = True) -> Plan:
    """Return a plan over the built-in rules."""
    bundle = folder / "rules.bundle"
    bundle.write_bytes(bundle_from(built_in().rules))
    return Plan(bundle=bundle, everything=everything, now=NOW)


def replay(
    folder: Path, *sources: Source | Gap, everything: bool = True, jobs: int = 1
) -> tuple[list[Row], Tally]:
    """Replay files; return the rows and the counts."""
    tally = Tally()
    chosen: Iterable[Source | Gap] = sources
    batches = replayed(chosen, plan(folder, everything=everything), tally, jobs)
    return [row for rows in batches for row in rows], tally
