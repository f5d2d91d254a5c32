"""A built package, as tests look at it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigil.package.build import APP, DATA, FORWARDER, ZIP
from vigil.package.catalogue import Catalogue

NAMES = (APP, DATA, FORWARDER)


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
