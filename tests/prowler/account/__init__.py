"""An AWS account as code: what Vigil and Prowler are both shown.

Everything has a name that says what is special about it, and the same name in every run; AWS
gives many things an id instead, so whoever compares looks those up in `Seeding.names`. What is
good, bad or tricky stands in the tables of the modules, one per group of services.
"""

from tests.prowler.account import (
    beyond,
    buckets,
    builds,
    data_stores,
    edge,
    groups,
    keys,
    machines,
    messages,
    network,
    odd,
    people,
    policies,
    roles,
    safeguards,
    trails,
)
from tests.prowler.account.seeding import Seeding
from tests.prowler.short_circuit import ShortSession

PARTS = (
    *(buckets, network, groups, machines, data_stores, messages, keys, builds, edge),
    *(people, policies, roles, safeguards, trails, beyond),
)


def seeded(session: ShortSession) -> Seeding:
    """Make the account."""
    seeding = Seeding(session=session)
    for part in PARTS:
        part.seed(seeding)
    return seeding


def add_odd_ones(seeding: Seeding) -> None:
    """Add what takes a whole check of Prowler along, so that nothing else can be compared."""
    odd.seed(seeding)
