"""AWS::RDS::ClusterSnapshot: who may restore a copy of a cluster: Aurora, Neptune, DocumentDB.

CloudFormation's registry knows the type, though no template can make one.
"""

from chalicelib.resources._rds_snapshots import Kind, snapshot_type

RESOURCE_TYPE = snapshot_type(
    Kind(
        type="AWS::RDS::ClusterSnapshot",
        noun="cluster snapshot",
        word="DBClusterSnapshot",
        source="DBClusterIdentifier",
        arn="cluster-snapshot",
        encrypted="StorageEncrypted",
        last_of="DeleteDBCluster",
        gone=("DBClusterSnapshotNotFoundFault", "DBClusterSnapshotNotFound"),
        describe=lambda client: client.describe_db_cluster_snapshots,
        describe_attributes=lambda client: client.describe_db_cluster_snapshot_attributes,
    )
)
