"""The app stack's parameters, and which environment variable each of them, or a resource, feeds.

The Slack secret is only ever named here; its value never stands in a template.
"""

from collections.abc import Mapping

from vigil.package.cloudformation import DATA_STACK, Json, imported, ref
from vigil.package.permissions import FROM_PARAMETER_STORE, FROM_SECRETS_MANAGER
from vigil.package.plan import FunctionPlan

#: Empty, or where the secret is: never the secret, and no ARN (an ARN would need other rights).
SLACK_SECRET_PATTERN = r"(secretsmanager:[A-Za-z0-9/_+=.@-]+|ssm:/[A-Za-z0-9/_.-]+)?"  # noqa: S105 - no secret

PARAMETERS: Mapping[str, Json] = {
    DATA_STACK: {
        "Type": "String",
        "Default": "vigil-data",
        "Description": "Name of the stack that holds tables and topic",
    },
    "CodeBucket": {"Type": "String", "Description": "S3 bucket of this Region with vigil.zip"},
    "CodeKey": {
        "Type": "String",
        "Description": "Its key; a new one for every build, or functions keep the old code",
    },
    "SlackSecret": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": SLACK_SECRET_PATTERN,
        "ConstraintDescription": "secretsmanager:NAME or ssm:/NAME",
        "Description": "secretsmanager:NAME or ssm:/NAME of a bot token or webhook; may be empty",
    },
    "SlackChannel": {
        "Type": "String",
        "Default": "",
        "Description": "Channel id for a bot token; a webhook needs none",
    },
    "SweepRegions": {
        "Type": "String",
        "Default": "",
        "Description": "Regions to sweep, separated by commas; empty: the one of this stack",
    },
    "DefaultOwner": {
        "Type": "String",
        "Default": "",
        "Description": "Owner of findings whose resource names none",
    },
    "AlarmEmail": {
        "Type": "String",
        "Default": "",
        "Description": "Where Vigil's own alarms are sent; empty: nowhere",
    },
}

#: ``SlackSecret`` begins with one of these.
_KINDS = {FROM_SECRETS_MANAGER: "secretsmanager", FROM_PARAMETER_STORE: "ssm"}
_SECRET_KIND: Json = {
    "Fn::Select": [0, {"Fn::Split": [":", {"Fn::Join": ["", [ref("SlackSecret"), ":"]]}]}]
}
CONDITIONS: Mapping[str, Json] = {
    "HasSlack": {"Fn::Not": [{"Fn::Equals": [ref("SlackSecret"), ""]}]},
    "HasAlarmEmail": {"Fn::Not": [{"Fn::Equals": [ref("AlarmEmail"), ""]}]},
    **{name: {"Fn::Equals": [_SECRET_KIND, kind]} for name, kind in _KINDS.items()},
}

#: Variable → where the stack takes it from. The tables' names are for every function.
_TABLES = {
    f"VIGIL_{name.upper()}_TABLE": imported(f"{name}Table")
    for name in ("Findings", "History", "Ledger", "Work")
}
SOURCES: Mapping[str, Json] = {
    **_TABLES,
    "VIGIL_ACCOUNT_ID": ref("AWS::AccountId"),
    "VIGIL_PARTITION": ref("AWS::Partition"),
    "VIGIL_CHANGES_QUEUE_URL": ref("ChangesQueue"),
    "VIGIL_SWEEP_QUEUE_URL": ref("SweepQueue"),
    "VIGIL_SLACK_QUEUE_URL": ref("SlackQueue"),
    "VIGIL_EXPORTS_QUEUE_URL": ref("ExportsQueue"),
    "VIGIL_TOPIC_ARN": imported("TopicArn"),
    "VIGIL_RULES_BUCKET": imported("RulesBucket"),
    "VIGIL_EVIDENCE_BUCKET": imported("EvidenceBucket"),
    "VIGIL_EXPORTS_BUCKET": imported("ExportsBucket"),
    "VIGIL_SEAL_KEY_ID": imported("SealKey"),
    "VIGIL_SLACK_SECRET": ref("SlackSecret"),
    "VIGIL_SLACK_CHANNEL": ref("SlackChannel"),
    "VIGIL_SWEEP_REGIONS": ref("SweepRegions"),
    "VIGIL_DEFAULT_OWNER": ref("DefaultOwner"),
}


def environment_of(plan: FunctionPlan) -> Json:
    """Return the environment variables of a function."""
    return {name: SOURCES[name] for name in (*_TABLES, *plan.variables)}
