"""The story, scene by scene: what somebody does, and what must be told about it.

A scene is data: the runner plays it, waits for its messages and shows them. `expects` are phrases
that one new message must hold, all together; a quiet scene expects that nothing is told.
"""

from collections.abc import Callable
from dataclasses import dataclass

from vigil.demo.stage import (
    BLOCK,
    BUCKET,
    DEPLOY_ROLE,
    SECOND_BUCKET,
    TRAIL,
    Stage,
    policy_open_to_all,
    ssh_from,
)
from vigil.local.faults import Effect, Fault

WORLD = "0.0.0.0/0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One thing that happens.

    Attributes:
        title: What is done, and by whom.
        act: Does it.
        expects: For each message that must appear: the phrases in it.
        quiet: Nothing may be told.
        seconds: The scene is over this long after it began, whatever is still missing.
    """

    title: str
    act: Callable[[Stage], None]
    expects: tuple[tuple[str, ...], ...] = ()
    quiet: bool = False
    seconds: float = 15.0


def sweep(stage: Stage) -> None:
    """Start the account's first sweep, as the schedule does after a deployment."""
    if stage.vigil:
        stage.vigil.run_schedule("sweep_start")


def unblock_bucket(stage: Stage) -> None:
    """Take the net away."""
    stage.client("s3").delete_public_access_block(Bucket=BUCKET)


def open_bucket(stage: Stage) -> None:
    """Let everybody read a bucket."""
    stage.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=policy_open_to_all(BUCKET))


def open_ssh(stage: Stage) -> None:
    """Open port 22 through the deploy role."""
    ec2 = stage.as_deployer("ec2")
    ec2.authorize_security_group_ingress(GroupId=stage.group, IpPermissions=ssh_from(WORLD))


def tag_bucket(stage: Stage) -> None:
    """Do something that nobody needs to hear of."""
    stage.client("s3").put_bucket_tagging(
        Bucket=SECOND_BUCKET, Tagging={"TagSet": [{"Key": "team", "Value": "finance"}]}
    )


def close_ssh(stage: Stage) -> None:
    """Fix it."""
    stage.client("ec2").revoke_security_group_ingress(
        GroupId=stage.group, IpPermissions=ssh_from(WORLD)
    )


def open_and_close(stage: Stage) -> None:
    """Open port 22 and close it before anybody can look."""
    ec2 = stage.as_deployer("ec2")
    ec2.authorize_security_group_ingress(GroupId=stage.group, IpPermissions=ssh_from(WORLD))
    ec2.revoke_security_group_ingress(GroupId=stage.group, IpPermissions=ssh_from(WORLD))


def deny_reads(stage: Stage) -> None:
    """Keep Vigil from reading a bucket's ACL, then change the bucket."""
    stage.aws.faults.add(
        Fault(
            effect=Effect.DENIED,
            service="s3",
            operation="GetBucketAcl",
            resource=SECOND_BUCKET,
            access_key=stage.auditor_key(),
        )
    )
    s3 = stage.client("s3")
    s3.put_public_access_block(
        Bucket=SECOND_BUCKET,
        PublicAccessBlockConfiguration={**BLOCK, "IgnorePublicAcls": False},
    )


def stop_trail(stage: Stage) -> None:
    """Blind the account."""
    stage.client("cloudtrail").stop_logging(Name=TRAIL)


def start_trail(stage: Stage) -> None:
    """Let it see again."""
    stage.client("cloudtrail").start_logging(Name=TRAIL)


SCENES = (
    Scene(
        title="Vigil is deployed; its first sweep looks at what stands already",
        act=sweep,
        # Everything in the account is looked at: the one scene that takes its time.
        seconds=60.0,
        # Only the worst rules are named: which ones grows with the library, that some are does not.
        expects=(("First sweep of account", "critical · not met by"),),
    ),
    Scene(
        title=f"demo-admin takes the public access block off {BUCKET}",
        act=unblock_bucket,
        expects=((BUCKET, "demo-admin", "DeleteBucketPublicAccessBlock"),),
    ),
    Scene(
        title=f"demo-admin lets everyone read {BUCKET}",
        act=open_bucket,
        expects=((BUCKET, "can be read by anyone", "demo-admin", "PutBucketPolicy"),),
    ),
    Scene(
        title=f"{DEPLOY_ROLE}, assumed as release-42, opens port 22 to the internet",
        act=open_ssh,
        expects=(("SSH", "release-42", DEPLOY_ROLE, WORLD),),
    ),
    Scene(
        title=f"demo-admin tags {SECOND_BUCKET}: harmless, so nobody is disturbed",
        act=tag_bucket,
        quiet=True,
    ),
    Scene(
        title="demo-admin closes port 22 again: the same thread says it is fixed",
        act=close_ssh,
        expects=(("Resolved after", "SSH"),),
    ),
    Scene(
        title="release-42 opens port 22 and closes it within a second",
        act=open_and_close,
        expects=(("release-42", "Transient"),),
    ),
    Scene(
        title=f"Somebody denies Vigil the ACL of {SECOND_BUCKET} and changes the bucket",
        act=deny_reads,
        expects=(("cannot be judged", "GetBucketAcl", "AccessDenied", SECOND_BUCKET),),
    ),
    Scene(
        title=f"demo-admin stops {TRAIL}, the account's only trail",
        act=stop_trail,
        expects=(("No trail records", "stopped", "demo-admin", "StopLogging"),),
    ),
    Scene(
        title=f"{TRAIL} is started again",
        act=start_trail,
        expects=(("Resolved after", "trail"),),
    ),
)
