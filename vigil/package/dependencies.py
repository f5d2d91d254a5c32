"""The Lambda set: the distributions beside the code, at the versions this environment has.

A wheel that fits Lambda is copied from where it is installed, so packaging on Linux needs no
network. What does not fit (a Mac's binaries) is left to Chalice, which downloads it.
"""

import shutil
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, parse_tag
from packaging.utils import canonicalize_name

#: glibc of Lambda's image: Amazon Linux 2 up to Python 3.11, Amazon Linux 2023 from 3.12.
_GLIBC = 26 if sys.version_info < (3, 12) else 34
_OLDEST_GLIBC = 5
_LAMBDA = {"extra": "", "sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
#: Differ between two installations of the same wheel and say nothing to Lambda.
_LOCAL = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
PYTHON = sys.version_info[:2]


def requirements_in(text: str) -> tuple[Requirement, ...]:
    """Read a requirements file of plain pins."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(Requirement(line) for line in lines if line)


def vendor(requirements: Iterable[Requirement], folder: Path) -> tuple[Requirement, ...]:
    """Copy what is here, and what it needs, into a folder; return what must be downloaded."""
    left: list[Requirement] = []
    done: set[str] = set()
    waiting = list(requirements)
    while waiting:
        requirement = waiting.pop(0)
        name = canonicalize_name(requirement.name)
        if name in done:
            continue
        done.add(name)
        found = _installed(requirement)
        if found is None:
            left.append(requirement)
        else:
            _copy(found, folder)
            waiting.extend(needs_of(found.requires or ()))
    return tuple(left)


def needs_of(lines: Iterable[str]) -> Iterator[Requirement]:
    """Yield those of a distribution's requirements that hold in Lambda, extras left out."""
    for requirement in map(Requirement, lines):
        if requirement.marker is None or requirement.marker.evaluate(_LAMBDA):
            yield requirement


def _installed(requirement: Requirement) -> Distribution | None:
    """Return the installed distribution; None where it is absent, another version, or unfit."""
    try:
        found = distribution(requirement.name)
    except PackageNotFoundError:
        return None
    return found if found.version in requirement.specifier and _fits(found) else None


def _fits(found: Distribution) -> bool:
    lines = (found.read_text("WHEEL") or "").splitlines()
    built_for = {
        tag
        for line in lines
        if line.startswith("Tag:")
        for tag in parse_tag(line.removeprefix("Tag:").strip())
    }
    return not built_for.isdisjoint(_lambda_tags())


def _lambda_tags() -> frozenset[Tag]:
    platforms = [
        *(f"manylinux_2_{minor}_x86_64" for minor in range(_GLIBC, _OLDEST_GLIBC - 1, -1)),
        "manylinux2014_x86_64",
        "manylinux1_x86_64",
    ]
    abis = [f"cp{PYTHON[0]}{PYTHON[1]}"]
    own = cpython_tags(PYTHON, abis, platforms)
    return frozenset((*own, *compatible_tags(PYTHON, platforms=platforms)))


def _copy(found: Distribution, folder: Path) -> None:
    for file in found.files or ():
        if ".." in file.parts or "__pycache__" in file.parts or _is_local(file.parts):
            continue
        target = folder.joinpath(*file.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(file.locate()), target)


def _is_local(parts: tuple[str, ...]) -> bool:
    return parts[0].endswith(".dist-info") and parts[-1] in _LOCAL
