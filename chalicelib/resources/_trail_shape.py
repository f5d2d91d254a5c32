"""The closed schema of a trail's item, and the defaults of a new trail."""

from collections.abc import Mapping
from typing import Any

from chalicelib.resources._declared import closed
from chalicelib.resources._tags import TAGS_SHAPE
from chalicelib.resources._trail_bucket import DEFAULTS as BUCKET_DEFAULTS
from chalicelib.resources._trail_bucket import SHAPES as BUCKET_SHAPES
from chalicelib.resources._trails import ADVANCED_SELECTORS_SHAPE, EVENT_SELECTORS_SHAPE

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_FLAG = {"type": "boolean"}

_REQUIRED = {"TrailName": "Name", "S3BucketName": "S3BucketName"}
_OPTIONAL = {
    "S3KeyPrefix": "S3KeyPrefix",
    "SnsTopicName": "SnsTopicName",
    "KMSKeyId": "KmsKeyId",
    "CloudWatchLogsLogGroupArn": "CloudWatchLogsLogGroupArn",
    "CloudWatchLogsRoleArn": "CloudWatchLogsRoleArn",
}

#: CloudFormation's property ← the field of CloudTrail's answers.
ATTRIBUTES: Mapping[str, str] = {**_REQUIRED, **_OPTIONAL}
FLAGS: Mapping[str, str] = {
    "IsMultiRegionTrail": "IsMultiRegionTrail",
    "IncludeGlobalServiceEvents": "IncludeGlobalServiceEvents",
    "EnableLogFileValidation": "LogFileValidationEnabled",
    "IsOrganizationTrail": "IsOrganizationTrail",
}

SCHEMA: Mapping[str, Any] = closed(
    {
        "properties": closed(
            {
                **dict.fromkeys(_REQUIRED, _TEXT),
                **dict.fromkeys(_OPTIONAL, _TEXT_OR_NULL),
                **dict.fromkeys(FLAGS, _FLAG),
                "IsLogging": _FLAG,
                "EventSelectors": EVENT_SELECTORS_SHAPE,
                "AdvancedEventSelectors": ADVANCED_SELECTORS_SHAPE,
                "Tags": TAGS_SHAPE,
            }
        ),
        "observed": closed(
            {
                "HasCustomEventSelectors": _FLAG,
                "LatestDeliveryError": _TEXT_OR_NULL,
                **BUCKET_SHAPES,
            }
        ),
    }
)

DEFAULTS: Mapping[str, Any] = {
    "properties": {
        "TrailName": "management-events",
        "S3BucketName": "trail-logs",
        **dict.fromkeys(_OPTIONAL),
        "IsMultiRegionTrail": False,
        "IncludeGlobalServiceEvents": True,
        "EnableLogFileValidation": False,
        "IsOrganizationTrail": False,
        "IsLogging": False,
        "EventSelectors": [
            {
                "ReadWriteType": "All",
                "IncludeManagementEvents": True,
                "DataResources": [],
                "ExcludeManagementEventSources": [],
            }
        ],
        "AdvancedEventSelectors": [],
        "Tags": [],
    },
    "observed": {
        "HasCustomEventSelectors": False,
        "LatestDeliveryError": None,
        **BUCKET_DEFAULTS,
    },
}
