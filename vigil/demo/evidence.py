"""The demo's last scene: the evidence of all that was seen, asked for as a person would.

The fingerprint that the pack is checked with comes from the key itself, never from the pack.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
from rich.console import Console
from rich.text import Text

from chalicelib.errors import VigilError
from chalicelib.facts.instants import stamp
from chalicelib.facts.legible import legible
from vigil.cli.output import opened_binary
from vigil.client import LOCAL_PATH, ApiClient
from vigil.demo.stage import Stage
from vigil.fetching import ended, fetch

#: Before the demo there was nothing.
WINDOW = timedelta(days=1)
QUIET_SECONDS = 10.0
VERIFY_SECONDS = 60.0


def write_pack(stage: Stage, file: Path, console: Console) -> str | None:
    """Write the demo's evidence pack and let it verify itself.

    Returns:
        The fingerprint of the key; None where something of it failed, which was said.
    """
    console.print(Text("\n▶ an auditor asks for the evidence of all this", style="bold"))
    try:
        job = _exported(stage, file)
    except VigilError as error:
        _say(console, f"  ✗ {error}", "bold red")
        return None
    fingerprint = _fingerprint(stage)
    said = _verified(file, fingerprint)
    if said.returncode or job["key_fingerprint"] != fingerprint:
        _say(console, f"  ✗ the pack does not verify: {said.stdout}{said.stderr}", "bold red")
        return None
    _say(console, f"  {job['total']} findings with their history in {file}", "")
    _say(
        console, "  ✓ the pack verifies, with nothing but Python and the key's fingerprint", "green"
    )
    return fingerprint


def _exported(stage: Stage, file: Path) -> Mapping[str, str]:
    if stage.vigil is None or not stage.vigil.idle(QUIET_SECONDS):
        raise VigilError("something still moves: what is sealed would not be all of it")
    stage.vigil.run_schedule("sign")
    admin = stage.admin
    session = boto3.session.Session(
        admin["AWS_ACCESS_KEY_ID"],
        admin["AWS_SECRET_ACCESS_KEY"],
        region_name=admin["AWS_REGION"],
    )
    client = ApiClient(url=stage.aws.url + LOCAL_PATH, session=session)
    now = datetime.now(UTC)
    wanted = {"format": "pack", "from": stamp(now - WINDOW), "to": stamp(now)}
    with opened_binary(file) as target:
        job = ended(client, client.call("POST", "/exports", body=wanted), lambda _: None)
        fetch(job, target)
    return job


def _fingerprint(stage: Stage) -> str:
    key = stage.vigil.environment["VIGIL_SEAL_KEY_ID"] if stage.vigil else ""
    public: bytes = stage.client("kms").get_public_key(KeyId=key)["PublicKey"]
    return hashlib.sha256(public).hexdigest()


def _verified(file: Path, fingerprint: str) -> subprocess.CompletedProcess[str]:
    """Run the verifier that the pack brings along, on bare Python."""
    with tempfile.TemporaryDirectory(prefix="vigil-pack-") as folder:
        with zipfile.ZipFile(file) as pack:
            pack.extractall(folder)
        return subprocess.run(  # noqa: S603 - our own pack, just made
            [sys.executable, "-I", "verify.py", ".", "--key-fingerprint", fingerprint],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=VERIFY_SECONDS,
        )


def _say(console: Console, text: str, style: str) -> None:
    console.print(Text("\n".join(map(legible, text.splitlines())), style=style))
