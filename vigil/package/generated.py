"""Every generated file that is committed: Chalice's files and the reference pages.

They are committed so that a review of a rule shows what it costs in permissions and events.
"""

from collections.abc import Mapping
from pathlib import Path

from vigil.package.catalogue import Catalogue
from vigil.package.reference import reference_pages
from vigil.package.stage import ROOT, chalice_files

CHALICE = Path(".chalice")
REFERENCE = Path("docs/reference")


def generated_files(catalogue: Catalogue) -> Mapping[Path, str]:
    """Return the text of every generated file by its path in the repository."""
    return {
        **{CHALICE / name: text for name, text in chalice_files(catalogue).items()},
        **{REFERENCE / name: text for name, text in reference_pages(catalogue).items()},
    }


def stale_files(catalogue: Catalogue, root: Path = ROOT) -> tuple[Path, ...]:
    """Return the files that are missing, outdated, or generated no more."""
    wanted = generated_files(catalogue)
    outdated = {path for path, text in wanted.items() if _text_of(root / path) != text}
    return tuple(sorted(outdated | _abandoned(wanted, root)))


def write_files(catalogue: Catalogue, root: Path = ROOT) -> tuple[Path, ...]:
    """Bring every generated file up to date; return those that changed."""
    wanted = generated_files(catalogue)
    stale = stale_files(catalogue, root)
    for path in stale:
        if path in wanted:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(wanted[path], encoding="utf-8")
        else:
            (root / path).unlink()
    return stale


def _abandoned(wanted: Mapping[Path, str], root: Path) -> set[Path]:
    """Return policies of functions that are gone; nothing else is ever deleted."""
    there = {path.relative_to(root) for path in (root / CHALICE).glob("policy-*.json")}
    return there - wanted.keys()


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
