"""EC2's calls, in three dialects, and what CloudTrail says of each."""

from tests.integration.local.record_arrangements import (
    SSH,
    SSH_RECORDED,
    WORLD,
    Case,
    group,
    rule,
    snapshot,
    vpc,
)

EC2_CASES = {
    "a group is created": Case(
        service="ec2",
        act=lambda ec2, _: ec2.create_security_group(GroupName="web", Description="d"),
        name="CreateSecurityGroup",
        source="ec2",
        request={"groupName": "web", "groupDescription": "d"},
    ),
    "ingress by permissions": Case(
        service="ec2",
        arrange=group,
        act=lambda ec2, made: ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=SSH),
        name="AuthorizeSecurityGroupIngress",
        source="ec2",
        request={"groupId": "{}", "ipPermissions": SSH_RECORDED},
        response={"_return": True},
    ),
    "ingress by the older flat parameters": Case(
        service="ec2",
        arrange=group,
        act=lambda ec2, made: ec2.authorize_security_group_ingress(
            GroupId=made, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp=WORLD
        ),
        name="AuthorizeSecurityGroupIngress",
        source="ec2",
        request={"groupId": "{}", "ipPermissions": {}, "fromPort": 22, "cidrIp": WORLD},
    ),
    "a rule is modified, in the newer dialect": Case(
        service="ec2",
        arrange=rule,
        act=lambda ec2, made: ec2.modify_security_group_rules(
            GroupId=made[0],
            SecurityGroupRules=[
                {
                    "SecurityGroupRuleId": made[1],
                    "SecurityGroupRule": {
                        "IpProtocol": "tcp",
                        "FromPort": 3389,
                        "ToPort": 3389,
                        "CidrIpv4": WORLD,
                    },
                }
            ],
        ),
        name="ModifySecurityGroupRules",
        source="ec2",
        request={
            "ModifySecurityGroupRulesRequest": {
                "GroupId": "{0}",
                "SecurityGroupRule": {
                    "tag": 1,
                    "SecurityGroupRuleId": "{1}",
                    "SecurityGroupRule": {
                        "IpProtocol": "tcp",
                        "FromPort": 3389,
                        "ToPort": 3389,
                        "CidrIpv4": WORLD,
                    },
                },
            }
        },
    ),
    "ingress is revoked by rule id": Case(
        service="ec2",
        arrange=rule,
        act=lambda ec2, made: ec2.revoke_security_group_ingress(
            GroupId=made[0], SecurityGroupRuleIds=[made[1]]
        ),
        name="RevokeSecurityGroupIngress",
        source="ec2",
        request={"securityGroupRuleIds": {"items": [{"securityGroupRuleId": "{1}"}]}},
    ),
    "tags are put on several resources": Case(
        service="ec2",
        arrange=group,
        act=lambda ec2, made: ec2.create_tags(
            Resources=[made], Tags=[{"Key": "owner", "Value": "red"}]
        ),
        name="CreateTags",
        source="ec2",
        request={
            "resourcesSet": {"items": [{"resourceId": "{}"}]},
            "tagSet": {"items": [{"key": "owner", "value": "red"}]},
        },
    ),
    "a snapshot is published": Case(
        service="ec2",
        arrange=snapshot,
        act=lambda ec2, made: ec2.modify_snapshot_attribute(
            SnapshotId=made, CreateVolumePermission={"Add": [{"Group": "all"}]}
        ),
        name="ModifySnapshotAttribute",
        source="ec2",
        request={
            "snapshotId": "{}",
            "attributeType": "CREATE_VOLUME_PERMISSION",
            "createVolumePermission": {"add": {"items": [{"group": "all"}]}},
        },
    ),
    "a snapshot is published the older way": Case(
        service="ec2",
        arrange=snapshot,
        act=lambda ec2, made: ec2.modify_snapshot_attribute(
            SnapshotId=made,
            Attribute="createVolumePermission",
            OperationType="add",
            GroupNames=["all"],
        ),
        name="ModifySnapshotAttribute",
        source="ec2",
        request={
            "snapshotId": "{}",
            "attributeType": "CREATE_VOLUME_PERMISSION",
            "createVolumePermission": {"add": {"items": [{"group": "all"}]}},
        },
    ),
    "flow logs, tagged and counted like XML": Case(
        service="ec2",
        arrange=vpc,
        act=lambda ec2, made: ec2.create_flow_logs(
            ResourceIds=[made],
            ResourceType="VPC",
            TrafficType="ALL",
            LogGroupName="flow",
            DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow",
        ),
        name="CreateFlowLogs",
        source="ec2",
        request={"CreateFlowLogsRequest": {"ResourceId": {"tag": 1, "content": "{}"}}},
    ),
}
