"""One build of the package, shared by every test that looks at it."""

import pytest

from tests.integration.package.built import Built
from vigil.package.build import package
from vigil.package.catalogue import Catalogue


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The package as a person builds it: without credentials, without a Region."""
    folder = tmp_path_factory.mktemp("package")
    catalogue = Catalogue.read()
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
            environment.delenv(name, raising=False)
        package(folder, catalogue)
    return Built(folder, catalogue)
