"""Instances with and without IMDSv1 and a role; snapshots and images, some shared."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.prowler.account.seeding import ACCOUNT, STRANGER, Seeding, tagged

_V2 = {"HttpTokens": "required", "HttpEndpoint": "enabled"}
_V1 = {"HttpTokens": "optional", "HttpEndpoint": "enabled"}
_OFF = {"HttpTokens": "optional", "HttpEndpoint": "disabled"}
_WIDE = {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2}

#: Name → metadata options and whether it has an instance profile.
INSTANCES: Mapping[str, tuple[Mapping[str, Any], bool]] = {
    **{f"machine-good-{number:02}": (_V2, True) for number in range(1, 7)},
    "machine-v1": (_V1, True),
    "machine-no-metadata": (_OFF, True),
    "machine-two-hops": (_WIDE, True),
    "machine-no-profile": (_V2, False),
    "machine-v1-no-profile": (_V1, False),
    "machine-stopped-v1": (_V1, True),
    "machine-terminated-v1": (_V1, False),
}
STOPPED, TERMINATED = "machine-stopped-v1", "machine-terminated-v1"

#: Snapshot → whom it is shared with: a group, an account or nobody.
SNAPSHOTS: Mapping[str, Mapping[str, Sequence[str]] | None] = {
    "snapshot-public": {"GroupNames": ["all"]},
    "snapshot-shared": {"UserIds": [STRANGER]},
    **{f"snapshot-private-{number:02}": None for number in range(1, 6)},
}
IMAGES: Mapping[str, Mapping[str, str] | None] = {
    "image-public": {"Group": "all"},
    "image-shared": {"UserId": STRANGER},
    **{f"image-private-{number:02}": None for number in range(1, 4)},
}


def seed(aws: Seeding) -> None:
    """Make them."""
    iam = aws.client("iam")
    iam.create_instance_profile(InstanceProfileName="machine")
    made = {name: _instance(aws, name, *how) for name, how in INSTANCES.items()}
    ec2 = aws.client("ec2")
    ec2.stop_instances(InstanceIds=[made[STOPPED]])
    ec2.terminate_instances(InstanceIds=[made[TERMINATED]])
    _snapshots(aws)
    _images(aws, made["machine-good-01"])


def _instance(aws: Seeding, name: str, options: Mapping[str, Any], profiled: bool) -> str:
    ec2 = aws.client("ec2")
    profile = {"Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/machine"}
    made = ec2.run_instances(
        ImageId="ami-12c6146b",
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        MetadataOptions=dict(options),
        TagSpecifications=[{"ResourceType": "instance", "Tags": tagged(name)}],
        **({"IamInstanceProfile": profile} if profiled else {}),
    )
    return aws.call(name, made["Instances"][0]["InstanceId"])


def _snapshots(aws: Seeding) -> None:
    ec2 = aws.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    for name, shared in SNAPSHOTS.items():
        snapshot = aws.call(name, ec2.create_snapshot(VolumeId=volume)["SnapshotId"])
        if shared:
            ec2.modify_snapshot_attribute(
                SnapshotId=snapshot,
                Attribute="createVolumePermission",
                OperationType="add",
                **shared,
            )


def _images(aws: Seeding, instance: str) -> None:
    ec2 = aws.client("ec2")
    for name, shared in IMAGES.items():
        made = ec2.create_image(InstanceId=instance, Name=name)["ImageId"]
        image = aws.call(name, made)
        if shared:
            ec2.modify_image_attribute(
                ImageId=image,
                Attribute="launchPermission",
                LaunchPermission={"Add": [dict(shared)]},
            )
    for found in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
        aws.names.setdefault(found["SnapshotId"], "snapshot-of-an-image")
