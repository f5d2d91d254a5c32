"""What happens in the account while a function dies: one story for each way a message can take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.e2e.crash.account import Account
from tests.e2e.crash.lambda_service import LambdaService
from tests.e2e.crash.worker import AFTER, BEFORE
from vigil.demo.stage import BLOCK, policy_open_to_all, ssh_from

OPENED, SECOND = "reports", "invoices"
PUBLIC = "s3-bucket-no-public-read"
SSH = "ec2-sg-no-public-ssh"
MADE_PUBLIC = "s3-bucket-made-public"
NO_MFA = "iam-console-sign-in-without-mfa"
SWEPT = ""
Play = Callable[[Account, LambdaService], None]
TAG = {"Key": "Owner", "Value": "web"}
LOOK = "dynamodb:TransactWriteItems"
ORDER = "sqs:SendMessageBatch"
CLAIM = "dynamodb:UpdateItem delivery SET lease"
RECEIPT = "dynamodb:UpdateItem delivery SET receipt"
THREAD = "dynamodb:PutItem thread "
PUBLISH = "sns:Publish"
POST, WEBHOOK_POST, EDIT = "slack:chat.postMessage", "slack:webhook", "slack:chat.update"
_ROW = "dynamodb:PutItem 123456789012 "


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One story.

    Attributes:
        before: What stood before Vigil came; it hears of none of it.
        act: What the person, or the clock, does; Vigil follows at the pace of the story.
        open_at_end: Rule → how many resources it objects to in the end.
        told: Rules that somebody must hear of.
        kinds: Function → the kinds of writes that it is the first to make.
        every: Functions that die between any two writes of their first invocation, too.
        sides: Where they die at a kind of call; before a write is, but for reads, after the
            one before it.
    """

    before: Callable[[Account], None]
    act: Play
    open_at_end: Mapping[str, int]
    told: frozenset[str]
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    every: tuple[str, ...] = ()
    sides: tuple[str, ...] = (AFTER,)


def _a_bucket(account: Account) -> None:
    account.client("s3").create_bucket(Bucket=OPENED)


def _open_bucket(account: Account, vigil: LambdaService) -> None:
    _set_policy(account, OPENED)
    vigil.settle()


def _close_bucket(account: Account, vigil: LambdaService) -> None:
    with vigil.unharmed():
        _open_bucket(account, vigil)
    account.client("s3").delete_bucket_policy(Bucket=OPENED)
    vigil.settle()


def _open_and_close(account: Account, vigil: LambdaService) -> None:
    _set_policy(account, OPENED)
    account.client("s3").delete_bucket_policy(Bucket=OPENED)
    vigil.settle()


def _shielded_buckets(account: Account) -> None:
    account.client("s3control").put_public_access_block(
        AccountId=account.aws.account_id, PublicAccessBlockConfiguration=BLOCK
    )
    for name in (OPENED, SECOND):
        account.client("s3").create_bucket(Bucket=name)
        _set_policy(account, name)


def _drop_shield(account: Account, vigil: LambdaService) -> None:
    account.client("s3control").delete_public_access_block(AccountId=account.aws.account_id)
    vigil.settle()


def _tag_groups(account: Account, vigil: LambdaService) -> None:
    """Change two groups by one call."""
    account.client("ec2").create_tags(Resources=account.groups, Tags=[TAG])
    vigil.settle()


def _sign_in(account: Account, vigil: LambdaService) -> None:
    account.aws.sign_in("bob", mfa=False)
    vigil.settle()


def _open_buckets(account: Account) -> None:
    for name in (OPENED, SECOND):
        account.client("s3").create_bucket(Bucket=name)
        _set_policy(account, name)


def _sweep(_: Account, vigil: LambdaService) -> None:
    vigil.run("sweep_start")
    vigil.settle()


def _set_policy(account: Account, bucket: str) -> None:
    account.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy_open_to_all(bucket))


def _open_groups(account: Account) -> None:
    ec2 = account.client("ec2")
    vpc = next(v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if v["IsDefault"])
    for name in ("web-1", "web-2"):
        group = ec2.create_security_group(GroupName=name, Description="w", VpcId=vpc)["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ssh_from("0.0.0.0/0"))
        account.groups.append(str(group))


def _nothing(_: Account) -> None: ...


SCENARIOS = {
    "a bucket is opened": Scenario(
        before=_a_bucket,
        act=_open_bucket,
        open_at_end={PUBLIC: 1},
        told=frozenset({PUBLIC}),
        kinds={
            "evaluate": (LOOK, ORDER),
            "announce": (CLAIM, PUBLISH, RECEIPT),
            "slack": (
                CLAIM,
                "dynamodb:UpdateItem burst SET started",
                "dynamodb:UpdateItem burst SET expires",
                "dynamodb:UpdateItem pace SET next_allowed",
                POST,
                THREAD,
                RECEIPT,
            ),
        },
        sides=(BEFORE, AFTER),
    ),
    "a bucket is closed": Scenario(
        before=_a_bucket,
        act=_close_bucket,
        open_at_end={PUBLIC: 0},
        told=frozenset({PUBLIC}),
        kinds={"slack": (EDIT,)},
    ),
    "a bucket is opened and closed at once": Scenario(
        before=_a_bucket,
        act=_open_and_close,
        open_at_end={PUBLIC: 0},
        told=frozenset({MADE_PUBLIC}),
        every=("evaluate",),
    ),
    "one call touches two groups": Scenario(
        before=_open_groups,
        act=_tag_groups,
        open_at_end={SSH: 2},
        told=frozenset({SSH}),
        kinds={"evaluate": (_ROW,)},
        every=("evaluate",),
    ),
    "the account drops its shield": Scenario(
        before=_shielded_buckets,
        act=_drop_shield,
        open_at_end={PUBLIC: 2},
        told=frozenset({PUBLIC}),
        kinds={"sweep_work": (LOOK, ORDER)},
        every=("evaluate", "sweep_work"),
    ),
    "somebody signs in without a second factor": Scenario(
        before=_nothing, act=_sign_in, open_at_end={}, told=frozenset({NO_MFA}), every=("evaluate",)
    ),
    "the account is swept for the first time": Scenario(
        before=_open_buckets,
        act=_sweep,
        open_at_end={PUBLIC: 2},
        told=frozenset({SWEPT}),
        kinds={
            "sweep_start": ("dynamodb:BatchWriteItem", ORDER),
            "sweep_work": (
                "dynamodb:BatchWriteItem",
                "dynamodb:DeleteItem sweep ",
                "dynamodb:PutItem 123456789012 ",
                "dynamodb:PutItem swept ",
            ),
        },
    ),
}
