"""A built package, as tests look at it."""

import fcntl
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vigil.package.build import APP, DATA, FORWARDER, ZIP, package
from vigil.package.catalogue import Catalogue

NAMES = (APP, DATA, FORWARDER)
_PERSONS_AWS = ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID")


def package_once(base: Path) -> Path:
    """Build the package as a person without AWS would, or wait for who is building it; once a run.

    Args:
        base: This process's temporary folder; xdist's workers have theirs side by side.
    """
    shared = base.parent if base.name.startswith("popen-") else base
    folder = shared / "package"
    with (shared / "package.lock").open("w") as lock, pytest.MonkeyPatch.context() as environment:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in _PERSONS_AWS:
            environment.delenv(name, raising=False)
        if not (folder / FORWARDER).exists():
            package(folder)
    return folder


@dataclass(frozen=True)
class Built:
    """A folder with a package in it."""

    folder: Path
    catalogue: Catalogue

    @property
    def zip(self) -> Path:
        """The Lambda package."""
        return self.folder / ZIP

    @property
    def app(self) -> Mapping[str, Any]:
        """The app stack's template."""
        return self.template(APP)

    def template(self, name: str) -> dict[str, Any]:
        """Read a template."""
        content: dict[str, Any] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return content

    def of_type(self, kind: str) -> dict[str, Any]:
        """Return the properties of the app stack's resources of a type, by logical id."""
        found = self.app["Resources"].items()
        return {name: r["Properties"] for name, r in found if r["Type"] == f"AWS::{kind}"}
