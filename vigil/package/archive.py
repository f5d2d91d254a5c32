"""The Lambda package as one deterministic zip: bytecode included, nothing missing, nothing dated.

Bytecode is compiled in a fresh interpreter: what a busy one has interned shows in the bytes.
"""

import subprocess
import sys
import zipfile
from collections.abc import Iterable
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from vigil.package.dependencies import needs_of
from vigil.package.errors import PackageError

_EPOCH = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16
_IMAGE_ROOT = "/var/task"
#: Packages whose bytecode goes without docstrings: nothing in them reads one, and a function that
#: has just started keeps them all in memory.
_WITHOUT_PROSE = ("chalicelib", "aws_lambda_powertools", "chalice", "slack_sdk")
_STRIP = """
import pathlib, py_compile, sys
from importlib.util import cache_from_source
folder, root, *packages = sys.argv[1:]
for package in packages:
    for file in sorted(pathlib.Path(folder, package).rglob("*.py")):
        py_compile.compile(
            str(file),
            cfile=cache_from_source(str(file)),
            dfile=f"{root}/{file.relative_to(folder)}",
            doraise=True,
            optimize=2,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
"""


def repack(chalice_zip: Path, target: Path, folder: Path, wanted: Iterable[Requirement]) -> None:
    """Write Chalice's zip again, with bytecode, after checking that it is complete.

    Args:
        chalice_zip: What Chalice built.
        target: Where the package goes.
        folder: An empty folder to work in.
        wanted: The requirements that must be in it, with all they need.

    Raises:
        PackageError: Chalice left out a requirement; it does so in silence.
    """
    with zipfile.ZipFile(chalice_zip) as archive:
        archive.extractall(folder)
    if missing := sorted(missing_in(folder, wanted)):
        raise PackageError(f"not in the package: {', '.join(missing)}; see `chalice package`")
    _compile(folder)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _EPOCH)
            entry.external_attr = _READABLE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())


def missing_in(folder: Path, wanted: Iterable[Requirement]) -> set[str]:
    """Return the requirements, direct and indirect, that no distribution in a folder fulfils."""
    there = dict(map(_metadata, folder.glob("*.dist-info/METADATA")))
    missing: set[str] = set()
    waiting, seen = list(wanted), set[str]()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        version, needs = there.get(name, ("", ()))
        if not version or version not in requirement.specifier:
            missing.add(str(requirement))
        elif name not in seen:
            seen.add(name)
            waiting.extend(needs_of(needs))
    return missing


def _metadata(file: Path) -> tuple[str, tuple[str, tuple[str, ...]]]:
    headers = HeaderParser().parsestr(file.read_text(encoding="utf-8"))
    needs = tuple(map(str, headers.get_all("Requires-Dist", [])))
    return canonicalize_name(str(headers["Name"])), (str(headers["Version"]), needs)


def _compile(folder: Path) -> None:
    # Unchecked: Lambda's disk is read-only and its files bear no useful date.
    command = [sys.executable, "-S", "-s", "-m", "compileall", "-q", "-o", "0"]
    where = ["-s", str(folder), "-p", _IMAGE_ROOT]
    subprocess.run(  # noqa: S603 - our own interpreter and folder
        [*command, "--invalidation-mode", "unchecked-hash", *where, str(folder)],
        check=True,
        env={"PYTHONHASHSEED": "0"},
    )
    subprocess.run(  # noqa: S603 - our own interpreter and folder
        [sys.executable, "-S", "-s", "-c", _STRIP, str(folder), _IMAGE_ROOT, *_WITHOUT_PROSE],
        check=True,
        env={"PYTHONHASHSEED": "0"},
    )
