"""What an account has once, or once per Region: its safeguards, some of them on."""

from tests.prowler.account.seeding import ACCOUNT, Seeding


def seed(aws: Seeding) -> None:
    """Switch them on, the account's public access block and default encryption left off."""
    aws.client("iam").update_account_password_policy(
        MinimumPasswordLength=12, PasswordReusePrevention=24
    )
    aws.client("account").put_alternate_contact(
        AlternateContactType="SECURITY",
        Name="Security",
        Title="Team",
        EmailAddress="security@example.com",
        PhoneNumber="+49 30 1",
    )
    aws.client("guardduty").create_detector(Enable=True)
    aws.client("securityhub").enable_security_hub(EnableDefaultStandards=False)
    aws.client("macie2").enable_macie()
    aws.made += 5
    _recorder(aws)


def _recorder(aws: Seeding) -> None:
    config = aws.client("config")
    config.put_configuration_recorder(
        ConfigurationRecorder={
            "name": "default",
            "roleARN": f"arn:aws:iam::{ACCOUNT}:role/config",
            "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        }
    )
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "the-good-01"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    aws.made += 2
