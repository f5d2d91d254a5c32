"""A Region of an account in which everything is switched on that can be.

moto knows no Access Analyzer and no SSM service settings: those two are answered here.
"""

from datetime import UTC, datetime

from chalicelib.model import ResourceRef
from tests.integration.resources.recorded_aws import ACCOUNT, RecordedAws

REGION = "eu-west-1"

#: What ListAnalyzers says of an analyzer of external access.
ANALYZER = {
    "arn": f"arn:aws:access-analyzer:{REGION}:{ACCOUNT}:analyzer/external",
    "name": "external",
    "type": "ACCOUNT",
    "createdAt": datetime(2025, 6, 1, tzinfo=UTC),
    "status": "ACTIVE",
}


def region(aws: RecordedAws) -> ResourceRef:
    aws.client("ec2", region=REGION).enable_ebs_encryption_by_default()
    aws.client("guardduty", region=REGION).create_detector(Enable=True)
    aws.client("securityhub", region=REGION).enable_security_hub()
    aws.client("macie2", region=REGION).enable_macie()
    aws.client("emr", region=REGION).put_block_public_access_configuration(
        BlockPublicAccessConfiguration={"BlockPublicSecurityGroupRules": True}
    )
    aws.answer("accessanalyzer:ListAnalyzers", {"analyzers": [ANALYZER]}, region=REGION)
    sharing = {"SettingValue": "Disable", "Status": "Customized"}
    aws.answer("ssm:GetServiceSetting", {"ServiceSetting": sharing}, region=REGION)
    _record_with_config(aws)
    return ResourceRef(
        account_id=ACCOUNT, region=REGION, type="Observed::Account::Region", id=REGION
    )


def _record_with_config(aws: RecordedAws) -> None:
    config = aws.client("config", region=REGION)
    role = (
        f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    )
    group = {"allSupported": True, "includeGlobalResourceTypes": True}
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": group}
    )
    aws.client("s3", region="us-east-1").create_bucket(Bucket="vigil-sample-config")
    config.put_delivery_channel(
        DeliveryChannel={"name": "default", "s3BucketName": "vigil-sample-config"}
    )
    config.start_configuration_recorder(ConfigurationRecorderName="default")


CREATORS = {"Observed::Account::Region": region}
