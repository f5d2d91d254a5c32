"""The package for a newer Python, built by that Python: what is deployed follows who builds.

Interpreters are those on the PATH that really start; with pyenv:
``PYENV_VERSION=3.11.7:3.13.0 make test-slow``.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.e2e.lambda_runtime import Sandbox
from tests.e2e.packaged_vigil import PERSON, packaged_vigil
from vigil.package.build import ZIP
from vigil.package.dependencies import requirements_in

ROOT = Path(__file__).parents[2]
NEWER = [f"python3.{minor}" for minor in range(sys.version_info[1] + 1, 16)]
#: What `vigil package` imports, and the runtime client; at the versions of this repository.
BUILDING = {"awslambdaric", "aws-sam-translator", "boto3", "chalice", "jsonschema", "packaging"}
BUILDING |= {"pyyaml", "setuptools", "wheel"}
PATIENCE_SECONDS = 600
BUILD = """
import sys
from pathlib import Path
from vigil.package.build import package
package(Path(sys.argv[1]))
"""
SITE = "import sysconfig; print(sysconfig.get_path('purelib'))"


@dataclass(frozen=True)
class Interpreter:
    """An interpreter with what building needs, in an environment of its own."""

    python: str

    def run(self, *arguments: str) -> str:
        """Run it in the repository and return what it printed."""
        done = subprocess.run(  # noqa: S603 - our own arguments
            [self.python, *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def starts(name: str) -> bool:
    """Whether an interpreter is there: pyenv's stand-ins answer for versions not selected."""
    python = shutil.which(name)
    return (
        python is not None
        and not subprocess.run(  # noqa: S603 - found on the PATH
            [python, "-V"], check=False, capture_output=True
        ).returncode
    )


def pins() -> list[str]:
    lines = [
        line
        for name in ("requirements.txt", "requirements-lambda.txt")
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
        if not line.startswith("-r")
    ]
    lambdas = requirements_in((ROOT / "requirements-lambda.txt").read_text(encoding="utf-8"))
    wanted = BUILDING | {canonicalize_name(requirement.name) for requirement in lambdas}
    found = requirements_in("\n".join(lines))
    return [str(r) for r in found if canonicalize_name(r.name) in wanted]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NEWER if starts(name)])
def test_the_whole_way_from_a_package_for(name: str, tmp_path: Path) -> None:
    Interpreter(name).run("-m", "venv", str(tmp_path / "venv"))
    newer = Interpreter(str(tmp_path / "venv" / "bin" / "python"))
    newer.run("-m", "pip", "install", "--quiet", *pins())
    newer.run("-c", BUILD, str(tmp_path / "build"))
    site = Path(newer.run("-c", SITE))
    sandbox = Sandbox.of(tmp_path / "build" / ZIP, tmp_path, site, python=newer.python)

    with packaged_vigil(tmp_path / "build", sandbox, tmp_path) as vigil:
        bucket = f"opened-under-{name}"
        vigil.client_of_person("s3").create_bucket(Bucket=bucket)
        vigil.open_up(bucket)
        vigil.told(f"Bucket {bucket} can be read by anyone", f"{PERSON} by PutBucketPolicy")
        for function in vigil.functions.values():
            function.wait_until_ready()
        deployed = {f.configuration.runtime for f in vigil.functions.values()}

    running = json.loads(sandbox.run("import json; print(json.dumps(sys.version_info[:2]))"))
    assert deployed == {name} == {"python{}.{}".format(*running)}
    assert not vigil.bus.failures
