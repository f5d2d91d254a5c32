"""Every generated file that is committed: Chalice's files, reference pages, the API's document.

They are committed so that a review of a rule shows what it costs in permissions and events.
"""

from collections.abc import Mapping
from pathlib import Path

from chalicelib.api._openapi import document
from chalicelib.api.openapi import endpoints
from vigil.package.catalogue import Catalogue
from vigil.package.cloudformation import as_text
from vigil.package.stage import ROOT, chalice_files
from vigil.reference.markdown import MADE
from vigil.reference.pages import FOLDERS, reference_pages

CHALICE = Path(".chalice")
REFERENCE = Path("docs/reference")
OPENAPI = REFERENCE / "openapi.json"


def generated_files(catalogue: Catalogue) -> Mapping[Path, str]:
    """Return the text of every generated file by its path in the repository."""
    return {
        **{CHALICE / name: text for name, text in chalice_files(catalogue).items()},
        **{REFERENCE / name: text for name, text in reference_pages(catalogue).items()},
        OPENAPI: openapi_text(),
    }


def openapi_text() -> str:
    """Return the OpenAPI document of the REST API."""
    return as_text(document(endpoints()))


def stale_files(catalogue: Catalogue, root: Path = ROOT) -> tuple[Path, ...]:
    """Return the files that are missing, outdated, or generated no more."""
    return _stale(generated_files(catalogue), root)


def write_files(catalogue: Catalogue, root: Path = ROOT) -> tuple[Path, ...]:
    """Bring every generated file up to date; return those that changed."""
    wanted = generated_files(catalogue)
    stale = _stale(wanted, root)
    for path in stale:
        if path in wanted:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(wanted[path], encoding="utf-8")
        else:
            (root / path).unlink()
    return stale


def _stale(wanted: Mapping[Path, str], root: Path) -> tuple[Path, ...]:
    outdated = {path for path, text in wanted.items() if _text_of(root / path) != text}
    return tuple(sorted(outdated | _abandoned(wanted, root)))


def _abandoned(wanted: Mapping[Path, str], root: Path) -> set[Path]:
    """Return policies of functions and pages of rules that are gone; nothing else is deleted."""
    policies = (root / CHALICE).glob("policy-*.json")
    pages = (page for folder in FOLDERS for page in (root / REFERENCE / folder).glob("*.md"))
    made = (page for page in pages if page.read_bytes().startswith(MADE.encode()))
    return {path.relative_to(root) for path in (*policies, *made)} - wanted.keys()


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
