"""The forwarder stack: brings the changes of other Regions to the one where Vigil runs.

IAM, root and sign-in events exist in us-east-1 only. A forwarded event keeps its ``aws.`` source,
account and Region, so nothing behind the bus can tell that it travelled.
"""

from vigil.package.catalogue import Catalogue
from vigil.package.cloudformation import VERSION, Json, attribute, policy, ref, statement, sub
from vigil.package.patterns import event_patterns, state_of

_AWAY = "IsNotTheHomeRegion"
_BUS = sub("arn:${AWS::Partition}:events:${HomeRegion}:${AWS::AccountId}:event-bus/default")


def forwarder_template(catalogue: Catalogue) -> Json:
    """Return the template of the forwarder stack: deploy it in every other Region."""
    target = {"Id": "home", "Arn": _BUS, "RoleArn": attribute("Role")}
    rules = {
        f"ForwardRule{number}": {
            "Type": "AWS::Events::Rule",
            "Condition": _AWAY,
            "Properties": {
                "EventPattern": pattern,
                "State": state_of(pattern),
                "Targets": [target],
            },
        }
        for number, pattern in enumerate(
            event_patterns(catalogue.types, catalogue.rulebook), start=1
        )
    }
    return {
        "AWSTemplateFormatVersion": VERSION,
        "Description": "Vigil: forwards the changes of this Region to the one where Vigil runs.",
        "Parameters": {
            "HomeRegion": {
                "Type": "String",
                "AllowedPattern": "[a-z]{2}(-[a-z]+)+-[0-9]+",
                "Description": "Region of the app stack; in that Region this stack does nothing",
            }
        },
        # Forwarding to itself would send every event in circles.
        "Conditions": {
            _AWAY: {"Fn::Not": [{"Fn::Equals": [ref("HomeRegion"), ref("AWS::Region")]}]}
        },
        "Resources": {"Role": _role(), **rules},
    }


def _role() -> Json:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}},
    }
    forward = policy([statement(("events:PutEvents",), _BUS)])
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": policy([trust]),
            "Policies": [{"PolicyName": "forward", "PolicyDocument": forward}],
        },
    }
