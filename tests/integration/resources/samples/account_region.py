"""A Region of an account in which everything is switched on that can be."""

from chalicelib.model import ResourceRef
from tests.integration.resources.recorded_aws import ACCOUNT, RecordedAws

REGION = "eu-west-1"


def region(aws: RecordedAws) -> ResourceRef:
    aws.client("ec2", region=REGION).enable_ebs_encryption_by_default()
    return ResourceRef(
        account_id=ACCOUNT, region=REGION, type="Observed::Account::Region", id=REGION
    )


CREATORS = {"Observed::Account::Region": region}
