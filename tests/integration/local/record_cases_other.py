"""Calls of IAM, STS, CloudTrail, RDS and Lambda, and what CloudTrail says of each."""

from tests.integration.local.record_arrangements import (
    HIDDEN,
    TRUST,
    ZIPPED,
    Case,
    bucket,
    database,
    function,
    role,
    trail,
)

INLINE = (
    '{"Version": "2012-10-17", "Statement": '
    '[{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
)
OTHER_CASES = {
    "a role is created": Case(
        service="iam",
        act=lambda iam, _: iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST),
        name="CreateRole",
        source="iam",
        region="us-east-1",
        request={"roleName": "r", "assumeRolePolicyDocument": TRUST},
        response={"role": {"roleName": "r", "arn": "arn:aws:iam::123456789012:role/r"}},
    ),
    "a trust policy changes": Case(
        service="iam",
        arrange=role,
        act=lambda iam, _: iam.update_assume_role_policy(RoleName="r", PolicyDocument=TRUST),
        name="UpdateAssumeRolePolicy",
        source="iam",
        region="us-east-1",
        request={"roleName": "r", "policyDocument": TRUST},
    ),
    "an inline policy is put": Case(
        service="iam",
        arrange=role,
        act=lambda iam, _: iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=INLINE),
        name="PutRolePolicy",
        source="iam",
        region="us-east-1",
        request={"roleName": "r", "policyName": "p", "policyDocument": INLINE},
    ),
    "a role is assumed": Case(
        service="sts",
        arrange=role,
        act=lambda sts, made: sts.assume_role(RoleArn=made, RoleSessionName="session"),
        name="AssumeRole",
        source="sts",
        request={"roleArn": "{}", "roleSessionName": "session"},
        response={"credentials": {"secretAccessKey": HIDDEN, "sessionToken": HIDDEN}},
    ),
    "a trail is created": Case(
        service="cloudtrail",
        arrange=bucket,
        act=lambda trails, made: trails.create_trail(
            Name="main", S3BucketName=made, IsMultiRegionTrail=True
        ),
        name="CreateTrail",
        source="cloudtrail",
        request={"name": "main", "s3BucketName": "{}", "isMultiRegionTrail": True},
        response={"trailARN": "arn:aws:cloudtrail:eu-west-1:123456789012:trail/main"},
    ),
    "a trail is stopped": Case(
        service="cloudtrail",
        arrange=trail,
        act=lambda trails, made: trails.stop_logging(Name=made),
        name="StopLogging",
        source="cloudtrail",
        request={"name": "{}"},
    ),
    "a trail is narrowed": Case(
        service="cloudtrail",
        arrange=trail,
        act=lambda trails, made: trails.put_event_selectors(
            TrailName=made,
            EventSelectors=[{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}],
        ),
        name="PutEventSelectors",
        source="cloudtrail",
        request={
            "trailName": "{}",
            "eventSelectors": [{"readWriteType": "ReadOnly", "includeManagementEvents": True}],
        },
    ),
    "a database is opened, with AWS's odd capitals": Case(
        service="rds",
        arrange=database,
        act=lambda rds, made: rds.modify_db_instance(
            DBInstanceIdentifier=made, PubliclyAccessible=True
        ),
        name="ModifyDBInstance",
        source="rds",
        request={"dBInstanceIdentifier": "{}", "publiclyAccessible": True},
        response={"dBInstanceIdentifier": "{}"},
    ),
    "a function, dated": Case(
        service="lambda",
        arrange=role,
        act=lambda functions, made: functions.create_function(
            FunctionName="f", Runtime="python3.11", Role=made, Handler="a.b", Code=ZIPPED
        ),
        name="CreateFunction20150331",
        source="lambda",
        request={"functionName": "f", "code": {"zipFile": HIDDEN}},
    ),
    "a function's permission, dated otherwise": Case(
        service="lambda",
        arrange=function,
        act=lambda functions, made: functions.add_permission(
            FunctionName=made, StatementId="s", Action="lambda:InvokeFunction", Principal="*"
        ),
        name="AddPermission20150331v2",
        source="lambda",
        request={"functionName": "f", "principal": "*", "statementId": "s"},
    ),
}
