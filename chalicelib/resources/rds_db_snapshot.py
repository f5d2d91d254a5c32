"""AWS::RDS::DBSnapshot: who may restore a copy of a database instance.

CloudFormation's registry knows the type, though no template can make one.
"""

from chalicelib.resources._rds_snapshots import Kind, snapshot_type

RESOURCE_TYPE = snapshot_type(
    Kind(
        type="AWS::RDS::DBSnapshot",
        noun="database snapshot",
        word="DBSnapshot",
        source="DBInstanceIdentifier",
        arn="snapshot",
        encrypted="Encrypted",
        last_of="DeleteDBInstance",
        gone=("DBSnapshotNotFound", "DBSnapshotNotFoundFault"),
        describe=lambda client: client.describe_db_snapshots,
        describe_attributes=lambda client: client.describe_db_snapshot_attributes,
    )
)
