"""Databases, their snapshots, warehouses, file systems, search domains, vaults."""

from collections.abc import Mapping
from typing import Any

from tests.prowler.account.seeding import STRANGER, Seeding, allow, document

_SAFE = {
    "PubliclyAccessible": False,
    "StorageEncrypted": True,
    "MultiAZ": True,
    "AutoMinorVersionUpgrade": True,
}
#: Instance → what is other than in a good one.
INSTANCES: Mapping[str, Mapping[str, Any]] = {
    **{f"db-good-{number:02}": {} for number in range(1, 6)},
    "db-public": {"PubliclyAccessible": True},
    "db-unencrypted": {"StorageEncrypted": False},
    "db-one-zone": {"MultiAZ": False},
    "db-no-upgrades": {"AutoMinorVersionUpgrade": False},
    "db-all-wrong": {
        "PubliclyAccessible": True,
        "StorageEncrypted": False,
        "MultiAZ": False,
        "AutoMinorVersionUpgrade": False,
    },
    "aurora-writer": {"DBClusterIdentifier": "aurora-encrypted", "MultiAZ": False},
    "aurora-reader": {"DBClusterIdentifier": "aurora-encrypted", "MultiAZ": False},
    "aurora-lone-unencrypted": {
        "DBClusterIdentifier": "aurora-plain",
        "StorageEncrypted": False,
        "MultiAZ": False,
    },
}
CLUSTERS: Mapping[str, Mapping[str, Any]] = {
    "aurora-encrypted": {"StorageEncrypted": True},
    "aurora-plain": {},
    "cluster-multi-az": {
        "Engine": "mysql",
        "StorageEncrypted": True,
        "DBClusterInstanceClass": "db.r6gd.large",
        "Iops": 1000,
        "AllocatedStorage": 100,
    },
}
SHARED: Mapping[str, str | None] = {"public": "all", "shared": STRANGER, "private": None}


def seed(aws: Seeding) -> None:
    """Make them."""
    rds = aws.client("rds")
    for name, other in CLUSTERS.items():
        base = {"Engine": "aurora-postgresql", "MasterUsername": "root"}
        rds.create_db_cluster(
            DBClusterIdentifier=name, MasterUserPassword="correct-horse", **{**base, **other}
        )
        aws.made += 1
    for name, other in INSTANCES.items():
        engine = "aurora-postgresql" if name.startswith("aurora") else "postgres"
        made = {"DBInstanceClass": "db.t4g.micro", "Engine": engine, "AllocatedStorage": 20}
        rds.create_db_instance(DBInstanceIdentifier=name, **{**made, **_SAFE, **other})
        aws.made += 1
    _snapshots(aws, rds)
    _warehouses(aws)
    _file_systems(aws)
    _domains(aws)
    _vaults(aws)


def _snapshots(aws: Seeding, rds: Any) -> None:
    for name, account in SHARED.items():
        one, many = f"db-snapshot-{name}", f"cluster-snapshot-{name}"
        rds.create_db_snapshot(DBSnapshotIdentifier=one, DBInstanceIdentifier="db-good-01")
        rds.create_db_cluster_snapshot(
            DBClusterSnapshotIdentifier=many, DBClusterIdentifier="aurora-encrypted"
        )
        aws.made += 2
        if account:
            to = {"AttributeName": "restore", "ValuesToAdd": [account]}
            rds.modify_db_snapshot_attribute(DBSnapshotIdentifier=one, **to)
            rds.modify_db_cluster_snapshot_attribute(DBClusterSnapshotIdentifier=many, **to)


def _warehouses(aws: Seeding) -> None:
    redshift, dms = aws.client("redshift"), aws.client("dms")
    for name, public in (("warehouse-public", True), ("warehouse-private", False)):
        redshift.create_cluster(
            ClusterIdentifier=name,
            NodeType="ra3.large",
            MasterUsername="root",
            MasterUserPassword="Correct-Horse-1",
            PubliclyAccessible=public,
        )
        aws.made += 1
    for name, public in (("replication-public", True), ("replication-private", False)):
        made = dms.create_replication_instance(
            ReplicationInstanceIdentifier=name,
            ReplicationInstanceClass="dms.t3.micro",
            PubliclyAccessible=public,
            AutoMinorVersionUpgrade=True,
            MultiAZ=True,
            KmsKeyId="arn:aws:kms:us-east-1:123456789012:key/data",
            VpcSecurityGroupIds=["sg-0123456789abcdef0"],
        )
        aws.call(name, made["ReplicationInstance"]["ReplicationInstanceArn"])


def _file_systems(aws: Seeding) -> None:
    efs = aws.client("efs")
    for name, encrypted in (("files-encrypted", True), ("files-plain", False)):
        made = efs.create_file_system(CreationToken=name, Encrypted=encrypted)
        aws.call(name, made["FileSystemId"])


def _domains(aws: Seeding) -> None:
    vpc = {"VPCOptions": {"SubnetIds": ["subnet-0123456789abcdef0"]}}
    office = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    everyone = {"AccessPolicies": document(allow({"AWS": "*"}, "es:*"))}
    from_office = {"AccessPolicies": document(allow({"AWS": "*"}, "es:*", Condition=office))}
    domains: Mapping[str, Mapping[str, Any]] = {
        "search-public": everyone,
        "search-office": from_office,
        "search-no-policy": {},
        "search-in-vpc": {**vpc, **from_office},
        "search-in-vpc-open": {**vpc, **everyone},
    }
    for name, how in domains.items():
        aws.client("opensearch").create_domain(DomainName=name, **how)
        aws.made += 1


def _vaults(aws: Seeding) -> None:
    for name in ("vault-one", "vault-two"):
        aws.client("glacier").create_vault(accountId="-", vaultName=name)
        aws.made += 1
