"""`vigil verify`: the exit code says it, and each place is told."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.integration.integrity import packs
from vigil.cli import main

RUNNER = CliRunner(mix_stderr=False)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    made = list(packs.history(3, 3))
    written = packs.written(
        [line for line, _ in made], packs.records_of(made), batch=2, by=packs.signing()
    )
    for name, data in written.files().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def run(*arguments: str | Path) -> Result:
    return RUNNER.invoke(main, ["verify", *map(str, arguments)])


def test_a_proven_pack_ends_with_0(pack: Path) -> None:
    done = run(pack, "--key-fingerprint", packs.signing().fingerprint)

    assert done.exit_code == 0
    assert json.loads(done.stdout)["verdict"] == "proven"


def test_a_consistent_pack_ends_with_3(pack: Path) -> None:
    done = run(pack, "--format", "table")

    assert done.exit_code == 3
    assert f"key fingerprint: {packs.signing().fingerprint}" in done.stdout
    assert "the signer was not checked" in done.stdout


def test_a_tampered_pack_ends_with_1_and_names_each_place(pack: Path) -> None:
    history = pack / "history" / "entries.jsonl"
    history.write_bytes(history.read_bytes().replace(b"door-1 is open", b"door-1 is shut", 1))
    (pack / "findings.csv").unlink()

    done = run(pack, "--key-fingerprint", packs.signing().fingerprint)

    *places, verdict = map(json.loads, done.stdout.splitlines())
    assert done.exit_code == 1
    assert verdict["verdict"] == "tampered"
    assert verdict["problems"] == len(places)
    named = [row["place"] for row in places]
    assert "findings.csv" in named
    assert "history/entries.jsonl: line 2" in named


@pytest.mark.parametrize(
    "arguments",
    [("nowhere.zip",), (__file__,), (".", "--key-fingerprint", "4f2d")],
    ids=["no such file", "no zip", "no fingerprint"],
)
def test_bad_input_ends_with_2_and_one_line(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)

    assert done.exit_code == 2
    assert done.stderr.startswith("vigil: ")
    assert done.stderr.count("\n") == 1


def test_results_can_go_to_a_file(pack: Path, tmp_path: Path) -> None:
    output = tmp_path.parent / f"{tmp_path.name}.jsonl"

    done = run(pack, "--output", output)

    assert (done.exit_code, done.stdout) == (3, "")
    assert json.loads(output.read_text())["problems"] == 0
