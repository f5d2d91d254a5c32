"""The events that the CIS benchmark wants an alarm for, as the records CloudTrail writes of them.

One control is watched where a metric filter matches every one of its events. They carry what a
sensible pattern asks about and nothing that could let a pattern match by accident.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Event: TypeAlias = Mapping[str, Any]

#: Two Regions, so that a pattern confined to one does not pass for watching all.
_REGIONS = ("us-east-1", "eu-west-1")
_HOME = "us-east-1"
_ADDRESS = "198.51.100.7"


def _caller(kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "principalId": "AIDAEXAMPLE",
        "arn": f"arn:aws:iam::111122223333:{kind.lower()}",
        "accountId": "111122223333",
    }


def _record(source: str, name: str, region: str, **more: Any) -> Event:
    return {
        "eventVersion": "1.11",
        "eventType": "AwsApiCall",
        "eventCategory": "Management",
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "readOnly": False,
        "sourceIPAddress": _ADDRESS,
        "userAgent": "aws-cli/2.31.0",
        "userIdentity": _caller("IAMUser"),
        **more,
    }


def _calls(source: str, names: str, regions: Iterable[str] = _REGIONS) -> tuple[Event, ...]:
    return tuple(_record(source, name, region) for name in names.split() for region in regions)


def _sign_in(answer: str, **more: Any) -> Event:
    result = {"ConsoleLogin": answer}
    identity = {**_caller("IAMUser"), "userName": "alice"}
    return _record(
        "signin.amazonaws.com",
        "ConsoleLogin",
        _HOME,
        **{
            "eventType": "AwsConsoleSignIn",
            "userIdentity": identity,
            "responseElements": result,
            **more,
        },
    )


def _denied(code: str) -> tuple[Event, ...]:
    refusal = {"errorCode": code, "errorMessage": "You are not authorized to do this"}
    return tuple(
        _record("ec2.amazonaws.com", "RunInstances", region, **refusal) for region in _REGIONS
    )


#: Control → its events. A slug is what the alarm's rule is called after ``logs-alarm-``.
WATCHED: Mapping[str, tuple[Event, ...]] = {
    "unauthorized-api-calls": (
        *_denied("Client.UnauthorizedOperation"),
        *_denied("AccessDenied"),
        *_denied("AccessDeniedException"),
    ),
    "console-login-without-mfa": (
        _sign_in("Success", additionalEventData={"MFAUsed": "No", "MobileVersion": "No"}),
    ),
    "root-usage": (
        _record("iam.amazonaws.com", "ListUsers", _HOME, userIdentity=_caller("Root")),
        _record("ec2.amazonaws.com", "RunInstances", "eu-west-1", userIdentity=_caller("Root")),
        _sign_in("Success", userIdentity=_caller("Root")),
    ),
    "iam-policy-changes": _calls(
        "iam.amazonaws.com",
        "DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy "
        "PutUserPolicy CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion "
        "AttachRolePolicy DetachRolePolicy AttachUserPolicy DetachUserPolicy AttachGroupPolicy "
        "DetachGroupPolicy",
        # IAM's records are all written there.
        (_HOME,),
    ),
    "cloudtrail-changes": _calls(
        "cloudtrail.amazonaws.com", "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging"
    ),
    "console-auth-failures": (_sign_in("Failure", errorMessage="Failed authentication"),),
    "kms-key-disable-or-delete": _calls("kms.amazonaws.com", "DisableKey ScheduleKeyDeletion"),
    "s3-policy-changes": _calls(
        "s3.amazonaws.com",
        "PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication "
        "DeleteBucketPolicy DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication",
    ),
    "config-changes": _calls(
        "config.amazonaws.com",
        "StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel "
        "PutConfigurationRecorder",
    ),
    "security-group-changes": _calls(
        "ec2.amazonaws.com",
        "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress "
        "RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup",
    ),
    "nacl-changes": _calls(
        "ec2.amazonaws.com",
        "CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry "
        "ReplaceNetworkAclEntry ReplaceNetworkAclAssociation",
    ),
    "gateway-changes": _calls(
        "ec2.amazonaws.com",
        "CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway "
        "DeleteInternetGateway DetachInternetGateway",
    ),
    "route-table-changes": _calls(
        "ec2.amazonaws.com",
        "CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable "
        "DeleteRoute DisassociateRouteTable",
    ),
    # The four ClassicLink calls of the benchmark's list cannot happen since ClassicLink ended.
    "vpc-changes": _calls(
        "ec2.amazonaws.com",
        "CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection "
        "CreateVpcPeeringConnection DeleteVpcPeeringConnection RejectVpcPeeringConnection",
    ),
    "organizations-changes": _calls(
        "organizations.amazonaws.com",
        "AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit CreatePolicy "
        "DeclineHandshake DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy "
        "DisablePolicyType EnablePolicyType InviteAccountToOrganization LeaveOrganization "
        "MoveAccount RemoveAccountFromOrganization UpdateOrganizationalUnit UpdatePolicy",
        (_HOME,),
    ),
}
