"""What no call does: time that passed, and policies of functions as AWS would have written them.

This reaches into moto's state, which lives in this very process. Moto keeps the principal and the
kind of URL of a permission as they were given; AWS turns them into an ARN and into a condition.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.iam.models import AccessKeyLastUsed, iam_backends

from tests.prowler.account.builds import FUNCTIONS
from tests.prowler.account.people import USERS, User
from tests.prowler.account.roles import AGES
from tests.prowler.account.seeding import ACCOUNT, REGION, Seeding

_ACCOUNT_DIGITS = 12


def seed(aws: Seeding) -> None:
    """Let it have happened."""
    del aws
    backend = iam_backends[ACCOUNT]["aws"]
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    for name, user in USERS.items():
        _age_user(backend.users[name], user, now)
    roles: dict[str, Any] = {role.name: role for role in backend.roles.values()}
    for name, (made, used) in AGES.items():
        role = roles[f"role-{name}"]
        role.create_date = now - timedelta(days=made)
        if used is not None:
            role.last_used = now - timedelta(days=used)
            role.last_used_region = REGION
    for name in FUNCTIONS:
        function = lambda_backends[ACCOUNT][REGION].get_function(name)
        for statement in function.policy.statements:
            _rewrite(statement)


def _age_user(found: Any, user: User, now: datetime) -> None:
    found.create_date = now - timedelta(days=user.age)
    if user.seen is not None:
        found.password_last_used = now - timedelta(days=user.seen)
    for key in found.access_keys:
        key.create_date = now - timedelta(days=user.key or 0)
        if user.used is not None:
            used = now - timedelta(days=user.used)
            key.last_used = AccessKeyLastUsed(timestamp=used, service="s3", region=REGION)


def _rewrite(statement: dict[str, Any]) -> None:
    principal = statement["Principal"]
    if isinstance(principal, str) and len(principal) == _ACCOUNT_DIGITS:
        statement["Principal"] = {"AWS": f"arn:aws:iam::{principal}:root"}
    if kind := statement.pop("FunctionUrlAuthType", None):
        statement["Condition"] = {"StringEquals": {"lambda:FunctionUrlAuthType": kind}}
    if statement.pop("InvokedViaFunctionUrl", None):
        statement["Condition"] = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
