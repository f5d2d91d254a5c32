"""Resource types as Security Hub spells them.

They are no function of CloudFormation's names (``AwsEventsEventbus``, ``AwsIamPolicy``), and what
Security Hub does not know is ``Other``: it refuses findings with names of our own.
"""

from collections.abc import Mapping

OTHER = "Other"

ASFF_TYPES: Mapping[str, str] = {
    "AWS::ApiGateway::Stage": "AwsApiGatewayStage",
    "AWS::ApiGatewayV2::Stage": "AwsApiGatewayV2Stage",
    "AWS::CloudFront::Distribution": "AwsCloudFrontDistribution",
    "AWS::CloudTrail::Trail": "AwsCloudTrailTrail",
    "AWS::CodeBuild::Project": "AwsCodeBuildProject",
    "AWS::DMS::ReplicationInstance": "AwsDmsReplicationInstance",
    "AWS::EC2::Instance": "AwsEc2Instance",
    "AWS::EC2::NetworkAcl": "AwsEc2NetworkAcl",
    "AWS::EC2::RouteTable": "AwsEc2RouteTable",
    "AWS::EC2::SecurityGroup": "AwsEc2SecurityGroup",
    "AWS::EC2::VPC": "AwsEc2Vpc",
    "AWS::ECR::Repository": "AwsEcrRepository",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "AwsElbv2LoadBalancer",
    "AWS::Events::EventBus": "AwsEventsEventbus",
    "AWS::IAM::AccessKey": "AwsIamAccessKey",
    "AWS::IAM::Group": "AwsIamGroup",
    "AWS::IAM::ManagedPolicy": "AwsIamPolicy",
    "AWS::IAM::Role": "AwsIamRole",
    "AWS::IAM::User": "AwsIamUser",
    "AWS::KMS::Key": "AwsKmsKey",
    "AWS::Lambda::Function": "AwsLambdaFunction",
    "AWS::OpenSearchService::Domain": "AwsOpenSearchServiceDomain",
    "AWS::RDS::ClusterSnapshot": "AwsRdsDbClusterSnapshot",
    "AWS::RDS::DBCluster": "AwsRdsDbCluster",
    "AWS::RDS::DBInstance": "AwsRdsDbInstance",
    "AWS::RDS::DBSnapshot": "AwsRdsDbSnapshot",
    "AWS::Redshift::Cluster": "AwsRedshiftCluster",
    "AWS::S3::AccessPoint": "AwsS3AccessPoint",
    "AWS::S3::Bucket": "AwsS3Bucket",
    "AWS::SNS::Topic": "AwsSnsTopic",
    "AWS::SQS::Queue": "AwsSqsQueue",
    "AWS::SecretsManager::Secret": "AwsSecretsManagerSecret",
    "Observed::Account::Global": "AwsAccount",
    "Observed::Account::Region": "AwsAccount",
}
