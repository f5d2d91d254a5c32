"""`vigil export` from end to end: the API asks, the queue carries, the function makes, S3 gives."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chalicelib.evaluate.bundle import bundle_from
from chalicelib.findings.seal import Seal
from chalicelib.functions.export import export as function
from tests.unit.export.given import RULES, population
from tests.unit.export.seals import entries_of, estate, line_of
from vigil.cli import main
from vigil.cli._api import client as cached_client
from vigil.local import _gateway
from vigil.local._evidence import EVIDENCE_BUCKET
from vigil.local._principals import client_for, user_environment
from vigil.local.environment import LocalVigil
from vigil.local.moto_server import EmbeddedAws

GIVEN = tuple(estate(population()))
FROM = ("--from", "2026-01-01")


@dataclass
class Desk:
    """A person with their own credentials."""

    environment: dict[str, str]
    vigil: LocalVigil

    def vigil_export(self, *arguments: str) -> Result:
        """Run the command as them."""
        cached_client.cache_clear()
        return CliRunner(mix_stderr=False).invoke(
            main, ["export", *arguments], env=self.environment
        )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    bundle = tmp_path_factory.mktemp("bundle") / "bundle.json"
    bundle.write_bytes(bundle_from(RULES.values()))
    handlers = {"export": function, _gateway.API: _gateway.handler}
    settings = {"VIGIL_BUNDLE": str(bundle)}
    with (
        EmbeddedAws(require_trail=False, managed_policies=False) as aws,
        LocalVigil(aws, handlers, [], settings) as vigil,
    ):
        lines = [line_of(entry) for entry in entries_of(GIVEN)]
        Seal(client_for(aws.url, "s3"), EVIDENCE_BUCKET).append(lines, datetime.now(UTC))
        yield Desk(environment=user_environment(aws.url, "ana"), vigil=vigil)


def test_a_person_gets_a_pack_that_proves_itself(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "pack.zip"

    ended = desk.vigil_export(*FROM, "--format", "pack", "--output", str(file))

    assert ended.exit_code == 0, ended.output
    name, _, fingerprint = ended.stderr.splitlines()[-1].partition(": ")
    assert name == "key fingerprint"
    with zipfile.ZipFile(file) as pack:
        pack.extractall(tmp_path / "pack")
    verified = subprocess.run(  # noqa: S603 - constant arguments
        [sys.executable, "-I", "verify.py", ".", "--key-fingerprint", fingerprint],
        cwd=tmp_path / "pack",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert verified.returncode == 0, verified.stdout
    assert not desk.vigil.bus.failures


def test_a_narrow_export_holds_no_more(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "roles.csv"

    scope = ("--rule", "iam-role-no-admin", "--account", "111122223333")
    ended = desk.vigil_export(*FROM, *scope, "--format", "csv", "--output", str(file))

    assert ended.exit_code == 0, ended.output
    assert ended.stdout == ""
    assert "key fingerprint" not in ended.stderr
    assert len(file.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--to", "2999-01-01"), id="a window in the future"),
        pytest.param(("--account", "me"), id="no account"),
        pytest.param(("--from", "yesterday"), id="no time"),
    ],
)
def test_what_makes_no_sense_leaves_no_file(
    desk: Desk, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    file = tmp_path / "nothing.csv"

    ended = desk.vigil_export(*FROM, *arguments, "--format", "csv", "--output", str(file))

    assert ended.exit_code == 2
    assert len(ended.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())
