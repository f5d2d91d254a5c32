"""What of this environment may go to Lambda as it is, and what must be downloaded for it."""

import csv
import sys
from pathlib import Path

import pytest

from vigil.package.dependencies import needs_of, requirements_in, vendor

PINNED = "thing==1.0"
#: The interpreter that builds is the one Lambda will run: ``cp311``, ``cp313``, …
CPYTHON = f"cp{sys.version_info.major}{sys.version_info.minor}"


def install(site: Path, *tags: str, version: str = "1.0", needs: str = "") -> None:
    """Install a distribution of one module, as pip would."""
    info = site / f"thing-{version}.dist-info"
    info.mkdir(parents=True)
    needed = f"Requires-Dist: {needs}\n" if needs else ""
    metadata = f"Metadata-Version: 2.1\nName: thing\nVersion: {version}\n{needed}"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    wheel = "".join(f"Tag: {tag}\n" for tag in tags)
    (info / "WHEEL").write_text(f"Wheel-Version: 1.0\n{wheel}", encoding="utf-8")
    (info / "INSTALLER").write_text("pip\n", encoding="utf-8")
    (site / "thing.py").write_text("ANSWER = 42\n", encoding="utf-8")
    names = ["thing.py", "../../bin/thing", *(f"{info.name}/{f.name}" for f in info.iterdir())]
    with (info / "RECORD").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([name, "", ""] for name in [*names, f"{info.name}/RECORD"])


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def vendored(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_pins_are_read_without_comments_and_blanks() -> None:
    read = requirements_in("# the set\na==1.0\n\nb==2.0  # why\n")

    assert list(map(str, read)) == ["a==1.0", "b==2.0"]


@pytest.mark.parametrize(
    "tag",
    [
        "py3-none-any",
        "cp310-abi3-manylinux_2_17_x86_64",
        f"{CPYTHON}-{CPYTHON}-manylinux2014_x86_64",
    ],
)
def test_a_wheel_that_fits_lambda_is_copied_without_traces_of_its_installation(
    site: Path, tmp_path: Path, tag: str
) -> None:
    install(site, tag)

    left = vendor(requirements_in(PINNED), tmp_path / "vendor")

    assert left == ()
    assert vendored(tmp_path / "vendor") == {
        "thing.py",
        "thing-1.0.dist-info/METADATA",
        "thing-1.0.dist-info/WHEEL",
    }


@pytest.mark.parametrize(
    "tag",
    [
        f"{CPYTHON}-{CPYTHON}-macosx_11_0_arm64",
        f"{CPYTHON}-{CPYTHON}-manylinux_2_39_x86_64",
        f"{CPYTHON}-{CPYTHON}-musllinux_1_2_x86_64",
        f"{CPYTHON}-{CPYTHON}-manylinux_2_17_aarch64",
        f"{CPYTHON}-{CPYTHON}-linux_x86_64",
        "cp27-cp27m-manylinux1_x86_64",
    ],
)
def test_a_wheel_that_would_not_run_in_lambda_is_left_to_be_downloaded(
    site: Path, tmp_path: Path, tag: str
) -> None:
    install(site, tag)

    left = vendor(requirements_in(PINNED), tmp_path / "vendor")

    assert list(map(str, left)) == [PINNED]
    assert vendored(tmp_path / "vendor") == set()


def test_another_version_than_the_pinned_one_is_not_packaged(site: Path, tmp_path: Path) -> None:
    install(site, "py3-none-any", version="1.1")

    assert list(map(str, vendor(requirements_in(PINNED), tmp_path))) == [PINNED]


def test_what_is_not_installed_is_left_to_be_downloaded(tmp_path: Path) -> None:
    assert list(map(str, vendor(requirements_in("no-such-thing==1"), tmp_path))) == [
        "no-such-thing==1"
    ]


def test_what_a_requirement_needs_comes_along(site: Path, tmp_path: Path) -> None:
    install(site, "py3-none-any", needs="no-such-thing>=2")

    assert list(map(str, vendor(requirements_in(PINNED), tmp_path))) == ["no-such-thing>=2"]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("a>=1", True),
        ('a>=1; extra == "all"', False),
        ('a>=1; sys_platform == "win32"', False),
        ('a>=1; sys_platform == "linux"', True),
        ('a>=1; python_version < "3"', False),
    ],
)
def test_only_what_holds_in_lambda_is_needed(line: str, wanted: bool) -> None:
    assert bool(list(needs_of([line]))) is wanted
