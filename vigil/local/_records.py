"""CloudTrail records: the frame around what a call asked for and what became of it."""

import uuid
from datetime import UTC, datetime
from typing import Any

from vigil.local._call import Answer, Call, Credential
from vigil.local._decoding import Operation, endpoint_prefix, request_parameters, result_of
from vigil.local._identity import account_of, identity_of
from vigil.local._services import GLOBAL_REGIONS, event_name, event_source, is_read_only

Record = dict[str, Any]

_EVENT_VERSION = "1.11"
#: One-second resolution, as CloudTrail has it.
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_USER_AGENT_CHARS = 1000
_SIGN_IN_HOME = "https://console.aws.amazon.com/console/home"


def api_call_record(
    call: Call, credential: Credential, operation: Operation, answer: Answer, *, at: datetime
) -> Record:
    """Return the record of a finished API call."""
    result = result_of(answer, operation)
    failure: Record = {}
    if result.error_code:
        failure = {"errorCode": result.error_code, "errorMessage": result.error_message}
    account = account_of(credential.access_key)
    return {
        "eventVersion": _EVENT_VERSION,
        "userIdentity": identity_of(credential.access_key, credential.region),
        "eventTime": at.astimezone(UTC).strftime(_TIME),
        "eventSource": event_source(operation.service, endpoint_prefix(operation.service)),
        "eventName": event_name(operation.service, operation.name),
        "awsRegion": GLOBAL_REGIONS.get(operation.service, credential.region),
        "sourceIPAddress": str(call.environ.get("REMOTE_ADDR", "")),
        "userAgent": call.header("user-agent")[:_USER_AGENT_CHARS],
        **failure,
        "requestParameters": request_parameters(call, operation),
        "responseElements": result.elements,
        "requestID": result.request_id,
        "eventID": str(uuid.uuid4()),
        "readOnly": is_read_only(operation.name),
        **_resources(operation, account),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }


def sign_in_record(
    identity: Record, *, at: datetime, mfa: bool, success: bool, source_ip: str
) -> Record:
    """Return the record of a sign-in to the console."""
    failure = {} if success else {"errorMessage": "Failed authentication"}
    return {
        "eventVersion": _EVENT_VERSION,
        "userIdentity": identity,
        "eventTime": at.astimezone(UTC).strftime(_TIME),
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "awsRegion": "us-east-1",
        "sourceIPAddress": source_ip,
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        **failure,
        "requestParameters": None,
        "responseElements": {"ConsoleLogin": "Success" if success else "Failure"},
        "additionalEventData": {
            "LoginTo": _SIGN_IN_HOME,
            "MobileVersion": "No",
            "MFAUsed": "Yes" if mfa else "No",
        },
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsConsoleSignIn",
        "managementEvent": True,
        "recipientAccountId": identity["accountId"],
        "eventCategory": "Management",
    }


def _resources(operation: Operation, account: str) -> Record:
    bucket = operation.uri_parameters.get("Bucket")
    if operation.service != "s3" or bucket is None:
        return {}
    arn = f"arn:aws:s3:::{bucket}"
    return {"resources": [{"accountId": account, "type": "AWS::S3::Bucket", "ARN": arn}]}
