"""One build of the package, shared by every test that looks at it."""

import pytest

from tests.integration.package.built import Built, package_once
from vigil.package.catalogue import Catalogue


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The package as a person builds it: without credentials, without a Region."""
    return Built(package_once(tmp_path_factory.getbasetemp()), Catalogue.read())
