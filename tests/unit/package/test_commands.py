"""`vigil package` and `vigil generate` as a person meets them."""

from pathlib import Path

from click.testing import CliRunner

from vigil.cli import main
from vigil.package.catalogue import Catalogue
from vigil.package.generated import stale_files


def test_a_file_in_place_of_the_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "build"
    file.touch()

    result = CliRunner(mix_stderr=False).invoke(main, ["package", "--output", str(file)])

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"vigil: --output {file}: expected a folder to write to (File exists)"
    ]


def test_a_folder_below_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    result = CliRunner(mix_stderr=False).invoke(
        main, ["package", "--output", str(tmp_path / "file" / "build")]
    )

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_a_wrong_option_is_refused_in_one_line() -> None:
    result = CliRunner(mix_stderr=False).invoke(main, ["package", "--ouptut", "build"])

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "--ouptut" in result.stderr


def test_a_check_writes_nothing_and_says_what_is_stale() -> None:
    stale = [str(path) for path in stale_files(Catalogue.read())]

    result = CliRunner(mix_stderr=False).invoke(main, ["generate", "--check"])

    assert result.stdout.splitlines() == stale
    assert result.exit_code == (1 if stale else 0)
    assert [str(path) for path in stale_files(Catalogue.read())] == stale
