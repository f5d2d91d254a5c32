"""One look, decided from what a store knows and committed to it."""

from typing import Any

from chalicelib.findings.store import DynamoStore
from chalicelib.model import (
    Commit,
)
from tests.unit.findings import given
from tests.unit.findings.deciding import decided
from tests.unit.findings.given import (
    REF,
)


def look(store: DynamoStore, seen: given.Sighting, *more: Any, **options: Any) -> Commit:
    """Decide a look from what the store knows and commit it."""
    outcome = decided(store.known(REF), seen, *more, **options)
    assert outcome.commit is not None
    store.commit(outcome.commit)
    return outcome.commit
