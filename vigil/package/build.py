"""`vigil package`: the Lambda zip and the three templates, the same bytes for the same tree.

Everything is built aside and moved into place at the end: a failed build leaves the last one alone.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from vigil.package.archive import repack
from vigil.package.catalogue import Catalogue
from vigil.package.cloudformation import VERSION, Json, as_deployable
from vigil.package.data_stack import data_template
from vigil.package.dependencies import requirements_in
from vigil.package.errors import PackageError
from vigil.package.forwarder import forwarder_template
from vigil.package.stage import LAMBDA_REQUIREMENTS, run_chalice, stage
from vigil.package.translate import to_cloudformation

ZIP = "vigil.zip"
DATA = "data.json"
APP = "app.json"
FORWARDER = "forwarder.json"


def package(output: Path, catalogue: Catalogue | None = None) -> tuple[Path, ...]:
    """Build everything into a folder, made if need be; return the files.

    Raises:
        PackageError: The folder cannot be written to, or Chalice failed.
        RuleDocumentError: A rule is wrong.
    """
    _prepare(output)
    catalogue = catalogue or Catalogue.read()
    with tempfile.TemporaryDirectory(dir=output, prefix=".building-") as name:
        built = Path(name)
        templates = _build(catalogue, built)
        for file, template in templates.items():
            (built / file).write_text(as_deployable(template), encoding="utf-8")
        return tuple((built / file).replace(output / file) for file in (ZIP, *templates))


def _prepare(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output):
            return
    except OSError as error:
        reason = error.strerror or str(error)
        raise PackageError(
            f"--output {output}: expected a folder to write to ({reason})"
        ) from error


def _build(catalogue: Catalogue, built: Path) -> Mapping[str, Json]:
    """Write the zip; return the templates by file name."""
    project, chalice, unpacked = (built / name for name in ("project", "chalice", "unpacked"))
    for folder in (project, unpacked):
        folder.mkdir()
    stage(catalogue, project)
    sam = run_chalice(project, chalice)
    wanted = requirements_in(LAMBDA_REQUIREMENTS.read_text(encoding="utf-8"))
    repack(chalice / "deployment.zip", built / ZIP, unpacked, wanted)
    return {
        DATA: data_template(),
        APP: {"AWSTemplateFormatVersion": VERSION, **to_cloudformation(sam)},
        FORWARDER: forwarder_template(catalogue),
    }
