"""The Lambda package: complete, minimal, and the same bytes every time."""

import importlib.util
import marshal
import os
import shutil
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path, PurePosixPath
from types import CodeType

import boto3
import pytest

from chalicelib.evaluate.bundle import bundle_from
from tests.integration.package.built import Built
from vigil.package.archive import missing_in, repack
from vigil.package.build import APP, DATA, FORWARDER, ZIP, package
from vigil.package.dependencies import requirements_in
from vigil.package.errors import PackageError
from vigil.package.plan import FUNCTIONS
from vigil.package.stage import LAMBDA_REQUIREMENTS

LIMIT_BYTES = 12 * 1024 * 1024
#: Lambda's own runtime brings these; nothing else may come from outside the zip.
OF_THE_RUNTIME = ("boto3", "botocore", "s3transfer", "dateutil", "six.py", "urllib3", "jmespath")
PACKAGES = {
    "app.py",
    "aws_lambda_powertools",
    "chalice",
    "chalicelib",
    "jmespath",
    "jsonschema_rs",
    "msgspec",
    "slack",
    "slack_sdk",
    "typing_extensions.py",
}
UNCHECKED = 0b01


def names_in(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def contents_of(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def top_level(names: list[str]) -> set[str]:
    first = {name.split("/", maxsplit=1)[0] for name in names}
    return {name for name in first if not name.endswith(".dist-info") and name != "__pycache__"}


def test_the_package_holds_the_code_and_the_lambda_set_alone(built: Built) -> None:
    assert top_level(names_in(built.zip)) == PACKAGES


def test_the_package_is_small(built: Built) -> None:
    assert built.zip.stat().st_size <= LIMIT_BYTES


def test_the_package_holds_the_compiled_rules(built: Built) -> None:
    with zipfile.ZipFile(built.zip) as archive:
        packaged = archive.read("chalicelib/bundle.json")

    assert packaged == bundle_from(built.catalogue.rules)


def test_building_again_gives_the_same_bytes(built: Built, tmp_path: Path) -> None:
    again = tmp_path / "elsewhere" / "build"
    shutil.copytree(built.folder, again)
    (again / ZIP).write_bytes(b"an older build")

    package(again)

    assert sorted(path.name for path in again.iterdir()) == sorted([ZIP, APP, DATA, FORWARDER])
    assert contents_of(again / ZIP) == contents_of(built.zip)
    for name in (ZIP, APP, DATA, FORWARDER):
        assert (again / name).read_bytes() == (built.folder / name).read_bytes(), name


def cached_beside(source: PurePosixPath) -> PurePosixPath:
    """Return where Lambda looks for bytecode, wherever this process keeps its own."""
    return source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"


def test_every_module_comes_with_bytecode_that_lambda_never_checks(built: Built) -> None:
    with zipfile.ZipFile(built.zip) as archive:
        names = set(archive.namelist())
        sources = [n for n in names if n.startswith("chalicelib/") and n.endswith(".py")]
        cached = {n: str(cached_beside(PurePosixPath(n))) for n in sources}
        headers = {archive.read(name)[:8] for name in cached.values()}
        code = marshal.loads(archive.read(cached["chalicelib/wiring.py"])[16:])  # noqa: S302 - our own

    assert headers == {importlib.util.MAGIC_NUMBER + UNCHECKED.to_bytes(4, "little")}
    assert isinstance(code, CodeType)
    assert code.co_filename == "/var/task/chalicelib/wiring.py"


def test_every_handler_loads_from_the_zip_and_the_runtimes_boto3(
    built: Built, tmp_path: Path
) -> None:
    task, runtime = tmp_path / "task", tmp_path / "runtime"
    runtime.mkdir()
    with zipfile.ZipFile(built.zip) as archive:
        archive.extractall(task)
    for name in OF_THE_RUNTIME:
        (runtime / name).symlink_to(Path(boto3.__file__).parents[1] / name)
    handlers = [function["Handler"] for function in built.of_type("Lambda::Function").values()]

    loaded = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-S", "-s", "-c", LOADER, str(task), str(runtime), *handlers],
        check=False,
        capture_output=True,
        text=True,
        cwd=task,
        env={"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
    )

    assert len(handlers) == len(FUNCTIONS)
    assert loaded.stderr == ""
    assert loaded.stdout.split() == ["callable"] * len(handlers)


LOADER = """
import importlib, sys
task, runtime, *handlers = sys.argv[1:]
sys.path[:] = [task, *sys.path[1:], runtime]
for handler in handlers:
    module, _, name = handler.rpartition(".")
    function = getattr(importlib.import_module(module), name)
    assert sys.modules[module].__file__.startswith(task)
    print("callable" if callable(function) else "not")
"""


@pytest.mark.parametrize("lost", ["slack_sdk", "jmespath"], ids=["direct", "indirect"])
def test_a_requirement_that_was_left_out_is_noticed(
    built: Built, tmp_path: Path, lost: str
) -> None:
    with zipfile.ZipFile(built.zip) as archive:
        archive.extractall(tmp_path)
    wanted = requirements_in(LAMBDA_REQUIREMENTS.read_text(encoding="utf-8"))
    complete = missing_in(tmp_path, wanted)

    for folder in tmp_path.glob(f"{lost}-*.dist-info"):
        shutil.rmtree(folder)
    missing = missing_in(tmp_path, wanted)

    assert complete == set()
    assert len(missing) == 1
    assert missing.pop().replace("-", "_").startswith(lost)


def test_an_incomplete_package_is_never_written(built: Built, tmp_path: Path) -> None:
    target, folder = tmp_path / "vigil.zip", tmp_path / "unpacked"
    wanted = requirements_in("msgspec\nno-such-thing==1.0")

    with pytest.raises(PackageError, match="no-such-thing"):
        repack(built.zip, target, folder, wanted)

    assert not target.exists()
