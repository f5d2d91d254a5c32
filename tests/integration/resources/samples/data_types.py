"""Samples of databases, search, file systems, load balancers and API stages.

moto answers all of their calls.
"""

import json
from collections.abc import Callable

from chalicelib.model import ResourceRef
from tests.integration.resources.recorded_aws import ACCOUNT, RecordedAws

REGION = "eu-west-1"
OWNER = [{"Key": "owner", "Value": "shop"}]


def _ref(kind: str, resource_id: str) -> ResourceRef:
    return ResourceRef(account_id=ACCOUNT, region=REGION, type=kind, id=resource_id)


def subnet_group(aws: RecordedAws, *, name: str = "sample") -> str:
    """Create a VPC with an internet gateway behind its main table, and a group of its subnets."""
    ec2 = aws.client("ec2", region=REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")
        for n, zone in enumerate("ab")
    ]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_route(
        RouteTableId=main[0]["RouteTableId"],
        DestinationCidrBlock="0.0.0.0/0",
        GatewayId=gateway,
    )
    aws.client("rds", region=REGION).create_db_subnet_group(
        DBSubnetGroupName=name,
        DBSubnetGroupDescription=name,
        SubnetIds=[subnet["Subnet"]["SubnetId"] for subnet in subnets],
    )
    return name


def instance(aws: RecordedAws) -> ResourceRef:
    aws.client("rds", region=REGION).create_db_instance(
        DBInstanceIdentifier="sample",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        DBSubnetGroupName=subnet_group(aws),
        PubliclyAccessible=True,
        Tags=OWNER,
    )
    return _ref("AWS::RDS::DBInstance", "sample")


def cluster(aws: RecordedAws) -> ResourceRef:
    aws.client("rds", region=REGION).create_db_cluster(
        DBClusterIdentifier="sample",
        Engine="aurora-postgresql",
        MasterUsername="root",
        MasterUserPassword="correct-horse",
        Tags=OWNER,
    )
    return _ref("AWS::RDS::DBCluster", "sample")


def snapshot(aws: RecordedAws) -> ResourceRef:
    rds = aws.client("rds", region=REGION)
    rds.create_db_instance(
        DBInstanceIdentifier="source", DBInstanceClass="db.t4g.micro", Engine="postgres"
    )
    rds.create_db_snapshot(DBSnapshotIdentifier="sample", DBInstanceIdentifier="source", Tags=OWNER)
    rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier="sample", AttributeName="restore", ValuesToAdd=["all"]
    )
    return _ref("AWS::RDS::DBSnapshot", "sample")


def cluster_snapshot(aws: RecordedAws) -> ResourceRef:
    rds = aws.client("rds", region=REGION)
    cluster(aws)
    rds.create_db_cluster_snapshot(
        DBClusterSnapshotIdentifier="sample", DBClusterIdentifier="sample", Tags=OWNER
    )
    rds.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier="sample",
        AttributeName="restore",
        ValuesToAdd=["444455556666"],
    )
    return _ref("AWS::RDS::ClusterSnapshot", "sample")


def warehouse(aws: RecordedAws) -> ResourceRef:
    aws.client("redshift", region=REGION).create_cluster(
        ClusterIdentifier="sample",
        NodeType="ra3.large",
        MasterUsername="root",
        MasterUserPassword="Correct-Horse-1",
        PubliclyAccessible=True,
        Tags=OWNER,
    )
    return _ref("AWS::Redshift::Cluster", "sample")


def replication_instance(aws: RecordedAws) -> ResourceRef:
    made = aws.client("dms", region=REGION).create_replication_instance(
        ReplicationInstanceIdentifier="sample",
        ReplicationInstanceClass="dms.t3.micro",
        PubliclyAccessible=True,
    )
    arn = made["ReplicationInstance"]["ReplicationInstanceArn"]
    return _ref("AWS::DMS::ReplicationInstance", arn)


def domain(aws: RecordedAws) -> ResourceRef:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "es:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    aws.client("opensearch", region=REGION).create_domain(
        DomainName="sample", AccessPolicies=json.dumps(policy)
    )
    return _ref("AWS::OpenSearchService::Domain", "sample")


def file_system(aws: RecordedAws) -> ResourceRef:
    made = aws.client("efs", region=REGION).create_file_system(
        CreationToken="sample", Encrypted=True, Tags=OWNER
    )
    return _ref("AWS::EFS::FileSystem", made["FileSystemId"])


def load_balancer(aws: RecordedAws) -> ResourceRef:
    ec2 = aws.client("ec2", region=REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for n, zone in enumerate("ab")
    ]
    made = aws.client("elbv2", region=REGION).create_load_balancer(Name="sample", Subnets=subnets)
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    return _ref("AWS::ElasticLoadBalancingV2::LoadBalancer", arn)


def rest_stage(aws: RecordedAws) -> ResourceRef:
    client = aws.client("apigateway", region=REGION)
    api = client.create_rest_api(name="sample")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    where = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    client.put_method(**where, authorizationType="NONE")
    client.put_integration(**where, type="MOCK")
    client.create_deployment(restApiId=api, stageName="live")
    level = {"op": "replace", "path": "/*/*/logging/loglevel", "value": "ERROR"}
    client.update_stage(restApiId=api, stageName="live", patchOperations=[level])
    return _ref("AWS::ApiGateway::Stage", f"{api}|live")


def http_stage(aws: RecordedAws) -> ResourceRef:
    client = aws.client("apigatewayv2", region=REGION)
    api = client.create_api(Name="sample", ProtocolType="HTTP")["ApiId"]
    client.create_stage(ApiId=api, StageName="live", Tags={"owner": "shop"})
    return _ref("AWS::ApiGatewayV2::Stage", f"{api}|live")


CREATORS: dict[str, Callable[[RecordedAws], ResourceRef]] = {
    "AWS::RDS::DBInstance": instance,
    "AWS::RDS::DBCluster": cluster,
    "AWS::RDS::DBSnapshot": snapshot,
    "AWS::RDS::ClusterSnapshot": cluster_snapshot,
    "AWS::Redshift::Cluster": warehouse,
    "AWS::DMS::ReplicationInstance": replication_instance,
    "AWS::OpenSearchService::Domain": domain,
    "AWS::EFS::FileSystem": file_system,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": load_balancer,
    "AWS::ApiGateway::Stage": rest_stage,
    "AWS::ApiGatewayV2::Stage": http_stage,
}
