"""Wrong options are one line on stderr and exit code 2, before anything is started."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.e2e.command import run_vigil
from vigil.cli import main

WRONG = {
    "a port that is no number": ("demo", "--port", "x"),
    "a port beyond the last": ("local", "--port", "70000"),
    "a negative port": ("demo", "--port", "-1"),
    "an unknown option": ("demo", "--quick"),
    "an argument too many": ("local", "here"),
    "a port that is missing": ("local", "--port"),
}


def vigil(*arguments: str) -> Result:
    return CliRunner(mix_stderr=False).invoke(main, list(arguments), prog_name="vigil")


def assert_one_line(text: str) -> None:
    assert text.startswith("vigil: ")
    assert text.count("\n") == 1


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_a_wrong_option_is_one_line(arguments: tuple[str, ...]) -> None:
    result = vigil(*arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert_one_line(result.stderr)


@pytest.mark.parametrize("below", ["", "deeper"], ids=["a file", "below a file"])
def test_data_cannot_be_kept_in_a_file(below: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    result = vigil("local", "--port", "0", "--data", str(file / below))

    assert result.exit_code == 2
    assert_one_line(result.stderr)
    assert str(file) in result.stderr


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run_vigil("local", "--port", port)

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert_one_line(ended.stderr)
    assert port in ended.stderr


@pytest.mark.parametrize("command", ["demo", "local"])
def test_help_shows_examples(command: str) -> None:
    result = vigil(command, "--help")

    assert result.exit_code == 0
    assert f"vigil {command}" in result.stdout.split("Examples:")[1]
