"""How AWS names things in CloudTrail, as tables: sources, irregular event names, data events.

moto, botocore and CloudTrail each have their own name for the same service; look up here before
comparing any two.
"""

import re

#: moto backend → botocore service, where they differ.
_BOTOCORE_NAMES = {"awslambda": "lambda", "neptune": "rds", "docdb": "rds"}

#: botocore service → CloudTrail source prefix, where it is not the endpoint prefix.
_SOURCES = {
    "apigatewayv2": "apigateway",
    "cloudwatch": "monitoring",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "es": "es",
    "opensearch": "es",
    "s3control": "s3",
    "ses": "ses",
    "sesv2": "ses",
    "stepfunctions": "states",
}

#: Services whose records carry us-east-1 wherever the call was made.
GLOBAL_REGIONS = {
    "cloudfront": "us-east-1",
    "iam": "us-east-1",
    "organizations": "us-east-1",
    "route53": "us-east-1",
}

_EVENT_NAMES = {
    ("s3", "DeletePublicAccessBlock"): "DeleteBucketPublicAccessBlock",
    ("s3", "PutBucketAccelerateConfiguration"): "PutAccelerateConfiguration",
    ("s3", "PutBucketLifecycleConfiguration"): "PutBucketLifecycle",
    ("s3", "PutBucketNotificationConfiguration"): "PutBucketNotification",
    ("s3", "PutObjectLockConfiguration"): "PutBucketObjectLockConfiguration",
    ("s3", "PutPublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3control", "DeletePublicAccessBlock"): "DeleteAccountPublicAccessBlock",
    ("s3control", "PutPublicAccessBlock"): "PutAccountPublicAccessBlock",
    ("lambda", "AddLayerVersionPermission"): "AddLayerVersionPermission20181031",
    ("lambda", "AddPermission"): "AddPermission20150331v2",
    ("lambda", "CreateEventSourceMapping"): "CreateEventSourceMapping20150331",
    ("lambda", "CreateFunction"): "CreateFunction20150331",
    ("lambda", "DeleteEventSourceMapping"): "DeleteEventSourceMapping20150331",
    ("lambda", "DeleteFunction"): "DeleteFunction20150331",
    ("lambda", "PublishVersion"): "PublishVersion20150331",
    ("lambda", "RemovePermission"): "RemovePermission20150331v2",
    ("lambda", "UpdateEventSourceMapping"): "UpdateEventSourceMapping20150331",
    ("lambda", "UpdateFunctionCode"): "UpdateFunctionCode20150331v2",
    ("lambda", "UpdateFunctionConfiguration"): "UpdateFunctionConfiguration20150331v2",
}

_READ_VERBS = re.compile(
    r"^(BatchGet|Check|Describe|Estimate|Filter|Get|Head|List|Lookup|Preview|Query|Scan|Search"
    r"|Select|Simulate|Test|Validate|View)"
)
#: Read-only to CloudTrail, yet recorded here: they prove that a role is used.
_SESSIONS = frozenset({"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})

_DATA_EVENTS = {
    "cloudwatch": re.compile(r"^PutMetricData"),
    "dynamodb": re.compile(r"Item|Statement|Transact"),
    "dynamodbstreams": re.compile(r""),
    "events": re.compile(r"^PutEvents"),
    "firehose": re.compile(r"^PutRecord"),
    "kinesis": re.compile(r"Record"),
    "kms": re.compile(r"^(Re)?(En|De)crypt$|GenerateDataKey"),
    "lambda": re.compile(r"^Invoke"),
    "logs": re.compile(r"^PutLogEvents"),
    "s3": re.compile(r"Object(?!LockConfiguration)|Upload|ListParts"),
    "sns": re.compile(r"^Publish"),
    "sqs": re.compile(r"Message"),
}


def botocore_name(backend: str) -> str:
    """Return botocore's name of a moto backend."""
    return _BOTOCORE_NAMES.get(backend, backend)


def event_source(service: str, endpoint_prefix: str) -> str:
    """Return a service's `eventSource`."""
    prefix = _SOURCES.get(service) or endpoint_prefix.rpartition(".")[2]
    return f"{prefix}.amazonaws.com"


def event_name(service: str, operation: str) -> str:
    """Return the `eventName` of an operation; mostly the operation itself."""
    return _EVENT_NAMES.get((service, operation), operation)


def is_read(operation: str) -> bool:
    """Whether an operation is of the kind that EventBridge rules never see by default."""
    return bool(_READ_VERBS.match(operation))


def is_read_only(operation: str) -> bool:
    """Return the record's `readOnly`: reads, and taking on a role."""
    return operation in _SESSIONS or is_read(operation)


def is_data_event(service: str, operation: str) -> bool:
    """Whether an operation touches data, not configuration: no management event."""
    pattern = _DATA_EVENTS.get(service)
    return pattern is not None and bool(pattern.search(operation))
