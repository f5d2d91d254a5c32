"""What events say about databases, search domains, load balancers and API stages."""

from typing import Any

import pytest

from chalicelib.findings._matching import carries, shows
from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.routing import Routing
from chalicelib.model import Change, FacetReading, Touch
from chalicelib.resources import (
    apigateway_stage,
    apigatewayv2_stage,
    dms_replication_instance,
    efs_file_system,
    elbv2_load_balancer,
    opensearchservice_domain,
    rds_cluster_snapshot,
    rds_db_cluster,
    rds_db_instance,
    rds_db_snapshot,
    redshift_cluster,
)
from chalicelib.resources._frame import listed
from chalicelib.resources.rds_db_instance import RESOURCE_TYPE as INSTANCE
from tests.builders import record
from tests.integration.resources.recorded_aws import NOON

MODULES = (
    apigateway_stage,
    apigatewayv2_stage,
    dms_replication_instance,
    efs_file_system,
    elbv2_load_balancer,
    opensearchservice_domain,
    rds_cluster_snapshot,
    rds_db_cluster,
    rds_db_instance,
    rds_db_snapshot,
    redshift_cluster,
)
ROUTING = Routing.of(module.RESOURCE_TYPE for module in MODULES)

OWN = "111122223333"
OTHER = "444455556666"
BALANCER = f"arn:aws:elasticloadbalancing:us-east-1:{OWN}:loadbalancer/app/web/50dc6c495c0c9188"
REPLICATOR = f"arn:aws:dms:us-east-1:{OWN}:rep:ABCDEFGHIJKLMNOP"
PUBLIC = "/properties/PubliclyAccessible"


def change(source: str, action: str, /, response: Any = None, **parameters: Any) -> Change:
    event = record(
        eventSource=f"{source}.amazonaws.com",
        eventName=action,
        requestParameters=parameters,
        responseElements=response,
        recipientAccountId=OWN,
    )
    return change_from(event, ROUTING, received_at=NOON)


def named(changed: Change) -> set[tuple[str, str]]:
    return {(touch.ref.type.removeprefix("AWS::"), touch.ref.id) for touch in changed.touches}


def touch_of(changed: Change, kind: str) -> Touch:
    (found,) = [touch for touch in changed.touches if touch.ref.type == kind]
    return found


@pytest.mark.parametrize(
    ("source", "action", "parameters", "expected"),
    [
        pytest.param(
            "rds", "ModifyDBInstance", {"dBInstanceIdentifier": "Orders-DB"},
            {("RDS::DBInstance", "orders-db")}, id="a name as RDS keeps it, in lower case",
        ),
        pytest.param(
            "rds", "ModifyDBInstance",
            {"dBInstanceIdentifier": "old", "newDBInstanceIdentifier": "new"},
            {("RDS::DBInstance", "old"), ("RDS::DBInstance", "new")}, id="a new name",
        ),
        pytest.param(
            "rds", "RestoreDBInstanceToPointInTime",
            {"sourceDBInstanceIdentifier": "orders", "targetDBInstanceIdentifier": "copy"},
            {("RDS::DBInstance", "copy")}, id="the target of a restoration",
        ),
        pytest.param(
            "rds", "CreateDBInstanceReadReplica",
            {
                "dBInstanceIdentifier": "replica",
                "sourceDBInstanceIdentifier": f"arn:aws:rds:eu-west-1:{OWN}:db:orders",
            },
            {("RDS::DBInstance", "replica")}, id="a replica of another Region's instance",
        ),
        pytest.param(
            "rds", "CreateDBInstance",
            {"dBInstanceIdentifier": "orders-1", "dBClusterIdentifier": "orders"},
            {("RDS::DBInstance", "orders-1"), ("RDS::DBCluster", "orders")},
            id="a member and its cluster",
        ),
        pytest.param(
            "rds", "DeleteDBInstance",
            {"dBInstanceIdentifier": "orders", "finalDBSnapshotIdentifier": "orders-last"},
            {("RDS::DBInstance", "orders"), ("RDS::DBSnapshot", "orders-last")},
            id="an instance and its final snapshot",
        ),
        pytest.param(
            "rds", "CopyDBSnapshot",
            {
                "sourceDBSnapshotIdentifier": f"arn:aws:rds:us-east-1:{OTHER}:snapshot:theirs",
                "targetDBSnapshotIdentifier": "ours",
            },
            {("RDS::DBSnapshot", "ours")}, id="the copy of a snapshot that others share with us",
        ),
        pytest.param(
            "rds", "AddTagsToResource",
            {"resourceName": f"arn:aws:rds:us-east-1:{OWN}:cluster-snapshot:nightly"},
            {("RDS::ClusterSnapshot", "nightly")}, id="an ARN is of one kind only",
        ),
        pytest.param(
            "rds", "AddTagsToResource",
            {"resourceName": f"arn:aws:rds:us-east-1:{OTHER}:snapshot:theirs"},
            set(), id="another account's snapshot",
        ),
        pytest.param(
            "rds", "StopActivityStream",
            {"resourceArn": f"arn:aws:rds:us-east-1:{OWN}:cluster:orders"},
            {("RDS::DBCluster", "orders")}, id="a cluster by ARN",
        ),
        pytest.param(
            "rds", "ModifyDBProxy", {"dBProxyName": "orders"}, set(), id="a proxy is never public"
        ),
        pytest.param(
            "rds", "ModifyDBInstance", {"dBInstanceIdentifier": "x\n'; drop"}, set(), id="no name"
        ),
        pytest.param(
            "redshift", "ModifyCluster", {"clusterIdentifier": "Sales"},
            {("Redshift::Cluster", "sales")}, id="a warehouse",
        ),
        pytest.param(
            "dms", "DeleteReplicationInstance", {"replicationInstanceArn": REPLICATOR},
            {("DMS::ReplicationInstance", REPLICATOR)}, id="a replication instance by its ARN",
        ),
        pytest.param(
            "dms", "DeleteReplicationInstance", {"replicationInstanceArn": "sample"},
            set(), id="a replication instance is not known by name",
        ),
        pytest.param(
            "es", "UpdateElasticsearchDomainConfig", {"domainName": "logs"},
            {("OpenSearchService::Domain", "logs")}, id="a domain by the old API",
        ),
        pytest.param(
            "es", "UpdateDomainConfig", {"domainName": "logs"},
            {("OpenSearchService::Domain", "logs")}, id="a domain by the new API",
        ),
        pytest.param(
            "elasticfilesystem", "UpdateFileSystem",
            {"fileSystemId": f"arn:aws:elasticfilesystem:us-east-1:{OWN}:file-system/fs-0a1b2c3d"},
            {("EFS::FileSystem", "fs-0a1b2c3d")}, id="a file system by ARN",
        ),
        pytest.param(
            "elasticloadbalancing", "ModifyLoadBalancerAttributes", {"loadBalancerArn": BALANCER},
            {("ElasticLoadBalancingV2::LoadBalancer", BALANCER)}, id="a load balancer by its ARN",
        ),
        pytest.param(
            "elasticloadbalancing", "SetSecurityGroups", {"loadBalancerArn": "web"},
            set(), id="a load balancer is not known by name",
        ),
        pytest.param(
            "elasticloadbalancing", "DeleteLoadBalancer", {"loadBalancerName": "web"},
            set(), id="a classic load balancer",
        ),
        pytest.param(
            "apigateway", "CreateStage",
            {"restApiId": "a1b2c3", "createStageInput": {"stageName": "live"}},
            {("ApiGateway::Stage", "a1b2c3|live")}, id="a stage of a REST API",
        ),
        pytest.param(
            "apigateway", "CreateStage", {"apiId": "a1b2c3", "stageName": "$default"},
            {("ApiGatewayV2::Stage", "a1b2c3|$default")}, id="a stage of an HTTP API",
        ),
        pytest.param(
            "apigateway", "TagResource",
            {"resourceArn": "arn:aws:apigateway:us-east-1::/restapis/a1b2c3/stages/live"},
            {("ApiGateway::Stage", "a1b2c3|live")}, id="a stage by ARN",
        ),
        pytest.param(
            "apigateway", "TagResource",
            {"resourceArn": "arn:aws:apigateway:us-east-1::/apis/a1b2c3/stages/live"},
            {("ApiGatewayV2::Stage", "a1b2c3|live")}, id="another family's stage by ARN",
        ),
        pytest.param("apigateway", "UpdateStage", {"stageName": "live"}, set(), id="of no API"),
    ],
)  # fmt: skip
def test_a_record_names_what_it_is_about(
    source: str, action: str, parameters: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    assert named(change(source, action, **parameters)) == expected


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        pytest.param(
            {"replicationInstance": {"replicationInstanceArn": REPLICATOR}}, "dms", id="DMS"
        ),
        pytest.param({"loadBalancers": [{"loadBalancerArn": BALANCER}]}, "elbv2", id="ELB"),
        pytest.param({"fileSystemId": "fs-0a1b2c3d"}, "efs", id="EFS"),
    ],
)
def test_what_only_the_answer_names_is_found_there(response: dict[str, Any], kind: str) -> None:
    source, action = {
        "dms": ("dms", "CreateReplicationInstance"),
        "elbv2": ("elasticloadbalancing", "CreateLoadBalancer"),
        "efs": ("elasticfilesystem", "CreateFileSystem"),
    }[kind]

    (touch,) = change(source, action, response).touches

    assert touch.creates


def instance_item(**properties: Any) -> Any:
    changed = change("rds", "ModifyDBInstance", dBInstanceIdentifier="orders")
    whole = {**INSTANCE.defaults["properties"], **properties}
    reading = FacetReading(properties=whole, observed=INSTANCE.defaults["observed"])
    return listed(touch_of(changed, INSTANCE.type).ref, reading)


@pytest.mark.parametrize(
    ("action", "said", "blamed"),
    [
        pytest.param("ModifyDBInstance", {"publiclyAccessible": True}, True, id="opens it"),
        pytest.param("ModifyDBInstance", {"publiclyAccessible": "true"}, True, id="as text"),
        pytest.param("ModifyDBInstance", {"publiclyAccessible": False}, False, id="closes it"),
        pytest.param("ModifyDBInstance", {"multiAZ": True}, False, id="something else"),
        pytest.param("CreateDBInstance", {"publiclyAccessible": True}, True, id="born open"),
    ],
)
def test_whoever_left_public_access_alone_is_not_blamed_for_it(
    action: str, said: dict[str, Any], *, blamed: bool
) -> None:
    changed = change("rds", action, dBInstanceIdentifier="orders", **said)
    touch = touch_of(changed, INSTANCE.type)

    assert PUBLIC in touch.writes
    assert carries(touch.proposed[PUBLIC], (), True) is blamed


def test_nobody_waits_for_what_a_call_did_not_write() -> None:
    untouched = change("rds", "ModifyDBInstance", dBInstanceIdentifier="o", allocatedStorage=9)
    opened = change("rds", "ModifyDBInstance", dBInstanceIdentifier="o", publiclyAccessible=True)

    shown = shows(touch_of(untouched, INSTANCE.type), instance_item())
    missing = shows(touch_of(opened, INSTANCE.type), instance_item(PubliclyAccessible=False))

    assert shown is None
    assert missing is False


@pytest.mark.parametrize(
    ("request_said", "answer_said", "expected"),
    [
        pytest.param({}, {"storageEncrypted": False}, "none", id="left to RDS"),
        pytest.param({"storageEncrypted": True}, {}, "sse-kms", id="asked for"),
        pytest.param(
            {"storageEncrypted": False}, {"storageEncrypted": True}, "sse-kms",
            id="a member of an encrypted cluster",
        ),
        pytest.param(
            {}, {"storageEncrypted": False, "storageEncryptionType": "sse-rds"}, "sse-rds",
            id="under a key of AWS",
        ),
        pytest.param({}, {}, None, id="nobody says"),
        pytest.param({"storageEncrypted": "perhaps"}, {}, None, id="not understood"),
    ],
)  # fmt: skip
def test_a_creation_ends_up_as_its_answer_says(
    request_said: dict[str, Any], answer_said: dict[str, Any], expected: str | None
) -> None:
    answer = {"dBInstanceIdentifier": "orders", **answer_said}

    changed = change("rds", "CreateDBInstance", answer, dBInstanceIdentifier="o", **request_said)

    assert changed.derived["DatabaseSettings"]["StorageEncryptionType"] == expected


def test_a_modification_is_what_it_asks_for_whatever_the_answer_shows() -> None:
    answer = {"dBInstanceIdentifier": "orders", "publiclyAccessible": True}

    changed = change("rds", "ModifyDBInstance", answer, dBInstanceIdentifier="orders")

    assert changed.derived["DatabaseSettings"]["PubliclyAccessible"] is None


def test_a_modification_that_waits_for_nothing_counts_at_once() -> None:
    changed = change(
        "rds",
        "ModifyDBInstance",
        {"pendingModifiedValues": {"publiclyAccessible": False}},
        dBInstanceIdentifier="orders",
        publiclyAccessible=True,
        applyImmediately=False,
    )

    assert changed.derived["DatabaseSettings"]["PubliclyAccessible"] is True


@pytest.mark.parametrize(
    ("added", "audiences"),
    [
        pytest.param(["all"], ["anyone"], id="everybody"),
        pytest.param([OTHER], ["outsiders"], id="another account"),
        pytest.param([OWN], ["own-account"], id="itself"),
        pytest.param([OTHER, "all"], ["outsiders", "anyone"], id="both"),
        pytest.param(None, [], id="nothing added"),
        pytest.param("all", [], id="no list"),
        pytest.param([{"all": 1}, 7], [], id="no texts"),
    ],
)
def test_sharing_a_snapshot_says_with_whom(added: Any, audiences: list[str]) -> None:
    changed = change(
        "rds",
        "ModifyDBSnapshotAttribute",
        dBSnapshotIdentifier="nightly",
        attributeName="restore",
        valuesToAdd=added,
    )

    assert [row["Audience"] for row in changed.derived["RestoreGrants"]] == audiences


@pytest.mark.parametrize(
    ("added", "offending", "blamed"),
    [
        pytest.param(["all"], "all", True, id="it added everybody"),
        pytest.param([OTHER], "all", False, id="everybody was there before"),
        pytest.param(None, "all", False, id="it only took away"),
    ],
)
def test_who_shares_with_one_is_not_blamed_for_everybody(
    added: Any, offending: str, *, blamed: bool
) -> None:
    changed = change(
        "rds", "ModifyDBClusterSnapshotAttribute",
        dBClusterSnapshotIdentifier="nightly", valuesToAdd=added,
    )  # fmt: skip
    (touch,) = changed.touches

    raw = [OTHER, offending]

    assert carries(touch.proposed["/observed/RestoreAccounts"], ("1",), raw) is blamed


@pytest.mark.parametrize(
    ("cidr", "sources"),
    [
        pytest.param("0.0.0.0/0", ["0.0.0.0/0"], id="the world"),
        pytest.param("203.0.113.9/0", ["0.0.0.0/0"], id="the world in disguise"),
        pytest.param("203.0.113.0/24", [], id="the office"),
        pytest.param("10.0.0.0/8", [], id="private"),
        pytest.param("nonsense", [], id="no network"),
        pytest.param(None, [], id="another group"),
    ],
)
def test_a_db_security_group_is_open_where_its_network_is_the_internet(
    cidr: str | None, sources: list[str]
) -> None:
    changed = change("rds", "AuthorizeDBSecurityGroupIngress", cIDRIP=cidr)

    assert changed.derived["InternetSources"] == sources
    assert changed.touches == ()


@pytest.mark.parametrize(
    ("parameters", "answer", "left"),
    [
        pytest.param({"skipFinalSnapshot": True}, {}, "none", id="nothing"),
        pytest.param({"skipFinalSnapshot": "true"}, {}, "none", id="nothing, as text"),
        pytest.param({}, {}, "final-snapshot", id="a snapshot is the default"),
        pytest.param(
            {"skipFinalSnapshot": True, "deleteAutomatedBackups": False}, {},
            "automated-backups", id="backups",
        ),
        pytest.param(
            {"skipFinalSnapshot": True}, {"dBClusterIdentifier": "orders"},
            "elsewhere", id="the cluster",
        ),
        pytest.param(
            {"skipFinalSnapshot": True}, {"readReplicaSourceDBInstanceIdentifier": "orders"},
            "elsewhere", id="what it replicated",
        ),
    ],
)  # fmt: skip
def test_a_deletion_says_what_is_left(
    parameters: dict[str, Any], answer: dict[str, Any], left: str
) -> None:
    changed = change("rds", "DeleteDBInstance", answer, dBInstanceIdentifier="o", **parameters)

    assert changed.derived["LastBackup"] == left


def test_a_cluster_is_no_backup_of_itself() -> None:
    changed = change(
        "rds", "DeleteDBCluster", {"dBClusterIdentifier": "orders"},
        dBClusterIdentifier="orders", skipFinalSnapshot=True,
    )  # fmt: skip

    assert changed.derived["LastBackup"] == "none"


def test_a_patch_of_a_stage_proposes_the_rows_that_it_sets() -> None:
    patches = [
        {"op": "replace", "path": "/*/*/logging/loglevel", "value": "OFF"},
        {"op": "replace", "path": "/~1pets/GET/logging/loglevel", "value": "INFO"},
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "5"},
        "no patch",
    ]
    changed = change(
        "apigateway", "UpdateStage",
        restApiId="a1b2c3", stageName="live", updateStageInput={"patchOperations": patches},
    )  # fmt: skip

    assert changed.touches[0].proposed["/properties/MethodSettings"] == [
        {"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "OFF"},
        {"ResourcePath": "/~1pets", "HttpMethod": "GET", "LoggingLevel": "INFO"},
    ]


@pytest.mark.parametrize(
    ("action", "parameters", "blamed"),
    [
        pytest.param("CreateStage", {}, True, id="created without"),
        pytest.param(
            "CreateStage", {"accessLogSettings": {"destinationArn": "a"}}, False, id="with"
        ),
        pytest.param("UpdateStage", {"autoDeploy": True}, False, id="something else updated"),
        pytest.param("DeleteAccessLogSettings", {}, True, id="taken away"),
    ],
)
def test_who_leaves_a_stage_without_logs_is_known(
    action: str, parameters: dict[str, Any], *, blamed: bool
) -> None:
    changed = change("apigateway", action, apiId="a1b2c3", stageName="live", **parameters)
    (touch,) = changed.touches
    silent = {"DestinationArn": None, "Format": None}

    pointer = "/properties/AccessLogSettings"

    assert carries(touch.proposed[pointer], ("DestinationArn",), silent) is blamed


@pytest.mark.parametrize(
    ("event", "pointer", "below", "raw", "blamed"),
    [
        pytest.param(
            ("redshift", "ModifyCluster", None, {"publiclyAccessible": True}),
            PUBLIC, (), True, True, id="a warehouse opened",
        ),
        pytest.param(
            ("redshift", "ModifyCluster", None, {"numberOfNodes": 4}),
            PUBLIC, (), True, False, id="a warehouse resized",
        ),
        pytest.param(
            ("redshift", "CreateCluster", {"publiclyAccessible": True}, {}),
            PUBLIC, (), True, True, id="a warehouse born open",
        ),
        pytest.param(
            ("rds", "CreateDBCluster", {"multiAZ": False}, {}),
            "/observed/MultiAZ", (), False, True, id="a cluster born in one zone",
        ),
        pytest.param(
            ("rds", "DeleteDBInstance", {"dBClusterIdentifier": "example"}, {}),
            "/observed/MultiAZ", (), False, True, id="the last reader deleted",
        ),
        pytest.param(
            ("rds", "CreateDBInstance", None, {}),
            "/observed/MultiAZ", (), False, False, id="one more member",
        ),
        pytest.param(
            ("elasticfilesystem", "CreateFileSystem",
             {"fileSystemId": "fs-0a1b2c3d", "encrypted": False}, {}),
            "/properties/Encrypted", (), False, True, id="files born in the clear",
        ),
        pytest.param(
            ("dms", "CreateReplicationInstance",
             {"replicationInstance": {"replicationInstanceArn": REPLICATOR,
                                      "publiclyAccessible": True}}, {}),
            PUBLIC, (), True, True, id="a replication instance born open",
        ),
        pytest.param(
            ("elasticloadbalancing", "ModifyLoadBalancerAttributes", None,
             {"attributes": [{"key": "access_logs.s3.enabled", "value": "false"}, "no pair"]}),
            "/properties/LoadBalancerAttributes", ("0",),
            [{"Key": "access_logs.s3.enabled", "Value": "false"}], True, id="logs switched off",
        ),
        pytest.param(
            ("elasticloadbalancing", "ModifyLoadBalancerAttributes", None,
             {"attributes": [{"key": "idle_timeout.timeout_seconds", "value": "9"}]}),
            "/properties/LoadBalancerAttributes", ("0",),
            [{"Key": "access_logs.s3.enabled", "Value": "false"}], False, id="another attribute",
        ),
    ],
)  # fmt: skip
def test_blame_needs_the_value_that_a_call_wrote(
    event: tuple[str, str, Any, dict[str, Any]],
    pointer: str,
    below: tuple[str, ...],
    raw: Any,
    *,
    blamed: bool,
) -> None:
    source, action, answer, parameters = event
    ids = {
        "clusterIdentifier": "example",
        "dBClusterIdentifier": "example",
        "dBInstanceIdentifier": "example",
        "loadBalancerArn": BALANCER,
    }

    changed = change(source, action, answer, **ids, **parameters)

    (proposed,) = [t.proposed[pointer] for t in changed.touches if pointer in t.proposed]
    assert carries(proposed, below, raw) is blamed
