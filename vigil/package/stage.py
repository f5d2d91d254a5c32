"""The staged project that Chalice packages: the code, the compiled rules and the Lambda set only.

Chalice would put everything of `requirements.txt` into the package, tests and all; and it hashes
contents, not names, so it must never see an older build's cache.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from chalicelib.evaluate.bundle import bundle_from
from vigil.package.app_stack import STAGE, chalice_config, merge_template, policies
from vigil.package.catalogue import Catalogue
from vigil.package.cloudformation import Json, as_text
from vigil.package.dependencies import requirements_in, vendor
from vigil.package.errors import PackageError

ROOT = Path(__file__).parents[2]
LAMBDA_REQUIREMENTS = ROOT / "requirements-lambda.txt"
MERGED = "resources.json"
#: Chalice insists on a Region, also where none matters.
ANY_REGION = "us-east-1"
_CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"


def chalice_files(catalogue: Catalogue) -> dict[str, str]:
    """Return what belongs into ``.chalice``, by name."""
    files: Mapping[str, Json] = {
        "config.json": chalice_config(),
        MERGED: merge_template(catalogue),
        **policies(catalogue),
    }
    return {name: as_text(content) for name, content in files.items()}


def stage(catalogue: Catalogue, folder: Path) -> None:
    """Lay out the project in an empty folder."""
    shutil.copyfile(ROOT / "app.py", folder / "app.py")
    ignored = shutil.ignore_patterns("__pycache__", "bundle.json")
    shutil.copytree(ROOT / "chalicelib", folder / "chalicelib", ignore=ignored)
    (folder / "chalicelib" / "bundle.json").write_bytes(bundle_from(catalogue.ruleset))
    (folder / ".chalice").mkdir()
    for name, text in chalice_files(catalogue).items():
        (folder / ".chalice" / name).write_text(text, encoding="utf-8")
    wanted = requirements_in(LAMBDA_REQUIREMENTS.read_text(encoding="utf-8"))
    left = vendor(wanted, folder / "vendor")
    (folder / "requirements.txt").write_text("".join(f"{r}\n" for r in left), encoding="utf-8")


def run_chalice(folder: Path, out: Path) -> Json:
    """Package a staged project; return Chalice's template, its zip lies in `out`.

    Raises:
        PackageError: Chalice failed.
    """
    merged = folder / ".chalice" / MERGED
    asked = ["--stage", STAGE, "--merge-template", str(merged), str(out)]
    done = subprocess.run(  # noqa: S603 - our own interpreter; a path is one argument
        [sys.executable, "-c", _CHALICE, "--project-dir", str(folder), "package", *asked],
        check=False,
        capture_output=True,
        text=True,
        env=_environment(),
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PackageError(f"chalice could not package the app: {reason}")
    template: Json = json.loads((out / "sam.json").read_text(encoding="utf-8"))
    return template


def _environment() -> dict[str, str]:
    # Bytecode written while Chalice imports the app would end up in the package.
    fixed = {"PYTHONDONTWRITEBYTECODE": "1"}
    return {"AWS_DEFAULT_REGION": ANY_REGION, **os.environ, **fixed}
