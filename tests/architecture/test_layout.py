"""The promises of the layout that import-linter cannot hold."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDLER_LINES = 5
FUNCTION_MODULES = sorted(
    path for path in (ROOT / "chalicelib" / "functions").glob("*.py") if path.name[0] != "_"
)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(  # noqa: S603 - constant arguments
        ["git", "ls-files", *patterns],  # noqa: S607 - git from the PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.split("\n") if listed.returncode == 0 else []
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_app_registers_blueprints_and_nothing_else() -> None:
    assert imported(ROOT / "app.py") == {
        "chalice.app",
        "chalicelib.api.routes",
        "chalicelib.functions",
    }
    assert not [
        node
        for node in ast.walk(ast.parse((ROOT / "app.py").read_text()))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]


@pytest.mark.parametrize("path", FUNCTION_MODULES, ids=lambda path: path.stem)
def test_a_lambda_handler_is_a_few_lines(path: Path) -> None:
    handlers = [
        node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == path.stem
    ]

    (handler,) = handlers
    body = handler.body[1:]  # without the docstring
    assert body[-1].end_lineno is not None
    assert body[-1].end_lineno - body[0].lineno + 1 <= HANDLER_LINES


def test_only_settings_reads_the_environment_in_lambda() -> None:
    readers = {
        path.name
        for path in (ROOT / "chalicelib").rglob("*.py")
        if "os" in imported(path) and re.search(r"os\.(environ|getenv)", path.read_text())
    }

    assert readers == {"settings.py"}


def test_yaml_is_never_read_in_lambda() -> None:
    assert not [p for p in (ROOT / "chalicelib").rglob("*.py") if "yaml" in imported(p)]


def test_nothing_is_caught_wholesale() -> None:
    for path in tracked("chalicelib/*.py", "vigil/*.py", "app.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                caught = getattr(node.type, "id", None)
                assert node.type is not None, path
                assert caught not in {"Exception", "BaseException"}, f"{path}:{node.lineno}"


def test_every_setting_is_documented() -> None:
    names = set(re.findall(r"\"(VIGIL_[A-Z_]+)\"", (ROOT / "chalicelib/settings.py").read_text()))
    documented = "".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))

    assert names
    assert not {name for name in names if name not in documented}


def test_every_command_is_documented() -> None:
    from vigil.cli import COMMANDS  # noqa: PLC0415 - keeps the other tests light

    documented = (ROOT / "README.md").read_text() + "".join(
        path.read_text() for path in (ROOT / "docs").rglob("*.md")
    )

    commands = {f"vigil {name}" for name in COMMANDS}
    assert not {c for c in commands if c not in documented and f"make {c[6:]}" not in documented}
