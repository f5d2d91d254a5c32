"""Functions, URLs, access points, documents, distributions, builds: what is special about each."""

import json
from typing import Any

import pytest

from chalicelib.findings.blame import explains
from chalicelib.model import (
    ConfigurationItem,
    Evidence,
    FacetReading,
    GapReason,
    ResourceRef,
    ResourceType,
    Route,
    Touch,
)
from chalicelib.model.plugin import Record
from chalicelib.resources import (
    _frame,
    _lambda_policies,
    cloudfront_distribution,
    codebuild_project,
    lambda_function,
    lambda_url,
    s3_access_point,
    ssm_document,
)
from tests.integration.resources.recorded_aws import (
    ACCOUNT,
    RecordedAws,
    StoppedClock,
    aws_on_moto,
)
from tests.integration.resources.samples import CREATORS

REGION = "eu-west-1"
SECRET = "h4Kx0aQe9ZtRw1Yv7Lp3/Mb8+NcUgS2dFj6iVoXk"
ON = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
OFF = dict.fromkeys(ON, False)
OPEN_POLICY = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"},
}


def ref(kind: ResourceType, name: str) -> ResourceRef:
    region = "global" if kind.is_global else REGION
    return ResourceRef(account_id=ACCOUNT, region=region, type=kind.type, id=name)


def look(aws: RecordedAws, where: ResourceRef, kind: ResourceType) -> ConfigurationItem:
    facts = {f"/derived/{fact.name}" for fact in kind.facts}
    pointers = facts | {pointer for facet in kind.facets for pointer in facet.pointers}
    item = _frame.describe(aws, kind, where, frozenset(pointers), StoppedClock())
    assert item is not None
    return item


def route_of(kind: ResourceType, action: str) -> Route:
    (route,) = (route for route in kind.routes if action in route.actions)
    return route


def proposed(kind: ResourceType, action: str, **parameters: Any) -> Any:
    propose = route_of(kind, action).propose
    assert propose is not None
    return propose({"recipientAccountId": ACCOUNT, "requestParameters": parameters})


def test_every_qualifier_is_asked_for_its_policy() -> None:
    with aws_on_moto() as aws:
        where = CREATORS["AWS::Lambda::Function"](aws)
        given = {"StatementId": "x", "Action": "lambda:InvokeFunction", "Principal": "*"}
        client = aws.client("lambda", region=REGION)
        client.add_permission(FunctionName="sample", Qualifier="live", **given)
        item = look(aws, where, lambda_function.RESOURCE_TYPE)

    # moto keeps one policy for a function and all that is published of it; Lambda does not.
    opened = {r["Qualifier"] for r in item.derived["FunctionOpenings"] if r["Audience"] == "anyone"}
    assert {row["Qualifier"] for row in item.observed["Permissions"]} == {"$LATEST", "live", "1"}
    assert "live" in opened
    assert item.gaps == ()


def test_more_qualifiers_than_a_look_can_ask_are_a_gap_that_hides_no_opening() -> None:
    versions = [str(number) for number in range(1, _lambda_policies.QUALIFIER_LIMIT + 10)]
    policy = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "lambda:*"}}
    client = FakeLambda(versions=versions, policies={"$LATEST": json.dumps(policy)})

    reading = _lambda_policies.read_permissions(FakeAws(client), ref_of_function())

    assert [row["Qualifier"] for row in reading.observed["Permissions"]] == ["$LATEST"]
    assert [(gap.pointer, gap.reason) for gap in reading.gaps] == [
        ("/observed/Permissions", GapReason.UNSUPPORTED)
    ]
    assert len(client.asked) == _lambda_policies.QUALIFIER_LIMIT
    assert client.asked[:3] == ["$LATEST", "live", versions[-1]]


def test_one_policy_that_nobody_can_parse_leaves_the_others_known() -> None:
    policy = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "lambda:*"}}
    policies = {"$LATEST": "{no json", "live": json.dumps(policy)}
    client = FakeLambda(versions=["1"], policies=policies)

    reading = _lambda_policies.read_permissions(FakeAws(client), ref_of_function())

    assert [row["Qualifier"] for row in reading.observed["Permissions"]] == ["live"]
    assert [gap.reason for gap in reading.gaps] == [GapReason.MALFORMED]


def test_no_environment_variable_reaches_the_item() -> None:
    with aws_on_moto() as aws:
        where = CREATORS["AWS::Lambda::Function"](aws)
        aws.client("lambda", region=REGION).update_function_configuration(
            FunctionName="sample", Environment={"Variables": {"KEY": SECRET}}
        )
        item = look(aws, where, lambda_function.RESOURCE_TYPE)
        page = lambda_function.RESOURCE_TYPE.list(aws, ACCOUNT, REGION, None)

    assert SECRET not in json.dumps(item.document())
    assert SECRET not in json.dumps([each.properties for each in page.items])


def ref_of_function() -> ResourceRef:
    return ref(lambda_function.RESOURCE_TYPE, "sample")


class FakeAws:
    """Hands out one client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, _service: str, **_where: str) -> Any:
        """Return it, whatever is asked for."""
        return self._client


class FakeLambda:
    """A function with one alias and these versions, which come in two pages."""

    def __init__(self, *, versions: list[str], policies: dict[str, str]) -> None:
        self._versions = versions
        self._policies = policies
        self._pages: list[dict[str, Any]] = []
        self.asked: list[str] = []

    def get_paginator(self, operation: str) -> "FakeLambda":
        """Turn to one of the two lists."""
        assert operation in {"list_aliases", "list_versions_by_function"}
        self._pages = (
            [{"Aliases": [{"Name": "live"}]}]
            if operation == "list_aliases"
            else [
                {"Versions": [{"Version": "$LATEST"}]},
                {"Versions": [{"Version": version} for version in self._versions]},
            ]
        )
        return self

    def paginate(self, **_given: str) -> list[dict[str, Any]]:
        """Return the pages of the list turned to."""
        return self._pages

    def get_policy(self, **given: str) -> dict[str, str]:
        """Return the policy of a qualifier; an empty one where none was given."""
        qualifier = given.get("Qualifier", "$LATEST")
        self.asked.append(qualifier)
        return {"Policy": self._policies.get(qualifier, '{"Statement": []}')}


def test_the_url_of_an_alias_is_judged_by_the_policy_of_the_alias() -> None:
    with aws_on_moto() as aws:
        CREATORS["AWS::Lambda::Function"](aws)
        client = aws.client("lambda", region=REGION)
        client.create_function_url_config(FunctionName="sample", Qualifier="live", AuthType="NONE")
        client.add_permission(
            FunctionName="sample",
            Qualifier="live",
            StatementId="open",
            Action="lambda:InvokeFunctionUrl",
            Principal="*",
        )
        old = look(aws, ref(lambda_url.RESOURCE_TYPE, "sample:live"), lambda_url.RESOURCE_TYPE)

    statements = old.observed["Permissions"]
    assert "open" in [each.get("Sid") for each in statements]
    assert old.properties["AuthType"] == "NONE"
    assert old.companions == (f"{ACCOUNT}#{REGION}#AWS::Lambda::Function#sample",)


def test_urls_are_listed_with_the_alias_they_are_of() -> None:
    with aws_on_moto() as aws:
        CREATORS["AWS::Lambda::Function"](aws)
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:sample"
        url = {
            "FunctionUrl": "https://0123456789.lambda-url.eu-west-1.on.aws/",
            "AuthType": "NONE",
            "CreationTime": "2024-05-01T00:00:00.000Z",
            "LastModifiedTime": "2024-05-01T00:00:00.000Z",
        }
        urls = [{**url, "FunctionArn": arn}, {**url, "FunctionArn": f"{arn}:live"}]
        aws.answer("lambda:ListFunctionUrlConfigs", {"FunctionUrlConfigs": urls}, region=REGION)
        page = lambda_url.RESOURCE_TYPE.list(aws, ACCOUNT, REGION, None)

    assert [item.ref.id for item in page.items] == ["sample", "sample:live"]


def test_an_access_point_without_a_policy_has_none() -> None:
    with aws_on_moto() as aws:
        where = CREATORS["AWS::S3::AccessPoint"](aws)
        aws.refused["s3control:GetAccessPointPolicy"] = "NoSuchAccessPointPolicy"
        item = look(aws, where, s3_access_point.RESOURCE_TYPE)

    assert item.properties["Policy"] is None
    assert item.gaps == ()


@pytest.mark.parametrize(
    ("parameters", "off"),
    [
        ({"CreateAccessPointRequest": {"Bucket": "b"}}, []),
        ({"PublicAccessBlockConfiguration": ON}, []),
        ({"PublicAccessBlockConfiguration": OFF}, list(OFF)),
        (
            {"CreateAccessPointRequest": {"PublicAccessBlockConfiguration": {**OFF}}},
            list(OFF),
        ),
        ({"PublicAccessBlockConfiguration": OFF, "VpcConfiguration": {"VpcId": "vpc-1"}}, []),
    ],
)
def test_creation_opens_what_it_does_not_block(parameters: dict[str, Any], off: list[str]) -> None:
    derive = route_of(s3_access_point.RESOURCE_TYPE, "CreateAccessPoint").derive
    assert derive is not None

    facts = derive({"requestParameters": {"name": "sample", **parameters}})

    assert facts["AccessPointBlocksOff"] == off


def test_a_policy_is_found_inside_the_wrapper_of_the_call() -> None:
    kind = s3_access_point.RESOURCE_TYPE
    text = json.dumps(OPEN_POLICY)

    wrapped = proposed(kind, "PutAccessPointPolicy", PutAccessPointPolicyRequest={"Policy": text})

    assert wrapped == proposed(kind, "PutAccessPointPolicy", policy=text) != {}
    assert proposed(kind, "PutAccessPointPolicy", policy="{") == {}


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("sample", "sample"),
        (f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/sample", "sample"),
        ("sample--ol-s3", None),
        ("sample--use1-az4--xa-s3", None),
        ("Sample", None),
        ("-x-", None),
    ],
)
def test_only_access_points_of_ordinary_buckets_are_looked_at(raw: str, name: str | None) -> None:
    identify = s3_access_point.RESOURCE_TYPE.identify

    assert identify is not None
    assert identify(raw, {}) == name


def test_all_is_everybody_however_it_is_spelled_and_on_whichever_page() -> None:
    pages = {
        None: {"AccountIds": ["111122223333"], "NextToken": "2"},
        "2": {"AccountIds": ["All"]},
    }

    class Ssm:
        def describe_document_permission(self, **given: str) -> dict[str, Any]:
            return pages[given.get("NextToken")]

    (_, sharing) = ssm_document.RESOURCE_TYPE.facets
    reading = sharing.read(FakeAws(Ssm()), ref(ssm_document.RESOURCE_TYPE, "runbook"))

    assert reading is not None
    assert reading.observed == {"SharedWith": ["111122223333", "all"]}


def test_a_sharing_that_turns_in_a_circle_ends() -> None:
    client = Paged(describe_document_permission={"AccountIds": ["1"], "NextToken": "again"})
    (_, sharing) = ssm_document.RESOURCE_TYPE.facets

    reading = sharing.read(FakeAws(client), ref(ssm_document.RESOURCE_TYPE, "runbook"))

    assert reading is not None
    assert len(client.asked) == 2


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("runbook", "runbook"),
        (f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/runbook", "runbook"),
        ("AWS-RunShellScript", None),
        ("AmazonCloudWatch-ManageAgent", None),
        ("ab", None),
        ("a b c", None),
    ],
)
def test_amazons_own_documents_are_not_looked_at(raw: str, name: str | None) -> None:
    identify = ssm_document.RESOURCE_TYPE.identify

    assert identify is not None
    assert identify(raw, {}) == name


@pytest.mark.parametrize(
    ("parameters", "shared"),
    [
        ({"accountIdsToAdd": ["ALL", "444455556666"]}, ["444455556666", "all"]),
        ({"accountIdsToRemove": ["all"]}, []),
        ({"accountIdsToAdd": "all"}, []),
    ],
    ids=str,
)
def test_a_call_proposes_whom_it_adds(parameters: Any, shared: list[str]) -> None:
    kind = ssm_document.RESOURCE_TYPE

    found = proposed(kind, "ModifyDocumentPermission", name="runbook", **parameters)

    assert found == {"/observed/SharedWith": shared}


def test_a_distribution_without_deliveries_is_known_by_its_source() -> None:
    with aws_on_moto() as aws:
        where = CREATORS["AWS::CloudFront::Distribution"](aws)
        logs = aws.client("logs", region="us-east-1")
        logs.delete_delivery(id=logs.describe_deliveries()["deliveries"][0]["id"])
        item = look(aws, where, cloudfront_distribution.RESOURCE_TYPE)

    assert item.observed["LogDeliveries"] == []
    assert item.companions == (f"{ACCOUNT}#us-east-1#AWS::Logs::DeliverySource#site",)
    assert len(item.derived["LogShortfalls"]) == 1


class FakeLogs:
    """Delivery sources and deliveries, one page of each."""

    def __init__(self, **pages: list[dict[str, Any]]) -> None:
        self._pages = pages
        self._page: dict[str, Any] = {}

    def get_paginator(self, operation: str) -> "FakeLogs":
        """Turn to one of the two lists."""
        name = {"describe_delivery_sources": "deliverySources"}.get(operation, "deliveries")
        self._page = {name: self._pages[name]}
        return self

    def paginate(self) -> list[dict[str, Any]]:
        """Return the page of the list turned to."""
        return [self._page]


def test_deliveries_of_other_distributions_and_of_dead_sources_do_not_count() -> None:
    kind = cloudfront_distribution.RESOURCE_TYPE
    where = ref(kind, "E1SAMPLE")
    own, other = (f"arn:aws:cloudfront::{ACCOUNT}:distribution/{x}" for x in (where.id, "E2OTHER"))
    logs = FakeLogs(
        deliverySources=[
            {"name": "own", "resourceArns": [own], "status": "ACTIVE"},
            {"name": "older", "resourceArns": [own]},
            {"name": "dead", "resourceArns": [own], "status": "INACTIVE"},
            {"name": "other", "resourceArns": [other]},
        ],
        deliveries=[
            {"id": name, "deliverySourceName": name} for name in ("own", "older", "dead", "other")
        ],
    )
    (_, facet) = kind.facets

    reading = facet.read(FakeAws(logs), where)

    assert reading is not None
    assert [row["Id"] for row in reading.observed["LogDeliveries"]] == ["older", "own"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (
            {"defaultRootObject": "", "logging": {"enabled": False, "bucket": ""}},
            {"Enabled": None, "DefaultRootObject": None, "Logging": None},
        ),
        (
            {
                "enabled": True,
                "defaultRootObject": "index.html",
                "logging": {"enabled": True, "bucket": "logs.s3.amazonaws.com", "prefix": ""},
            },
            {
                "Enabled": True,
                "DefaultRootObject": "index.html",
                "Logging": {"Bucket": "logs.s3.amazonaws.com", "Prefix": None},
            },
        ),
    ],
    ids=["nothing", "everything"],
)
def test_a_payload_is_read_as_an_answer_is(config: Any, said: Any) -> None:
    kind = cloudfront_distribution.RESOURCE_TYPE
    both = {"distributionConfigWithTags": {"distributionConfig": config}}

    assert proposed(kind, "UpdateDistribution", distributionConfig=config) == {
        "/properties/DistributionConfig": said
    }
    assert proposed(kind, "CreateDistributionWithTags", **both) == {
        "/properties/DistributionConfig": said
    }
    assert proposed(kind, "UpdateDistribution", distributionConfig="x") == {}


def test_no_value_reaches_the_item_or_a_proposal() -> None:
    variables = [
        {"name": "AWS_SECRET_ACCESS_KEY", "value": SECRET, "type": "PLAINTEXT"},
        {"name": "STAGE", "value": f"test-{SECRET}"},
        {"name": "FROM_STORE", "value": SECRET, "type": "PARAMETER_STORE"},
        {"name": "MANAGED", "value": SECRET, "type": "SECRETS_MANAGER"},
    ]
    location = f"https://user:{SECRET}@bitbucket.org/example/app.git"
    with aws_on_moto() as aws:
        where = CREATORS["AWS::CodeBuild::Project"](aws)
        client = aws.client("codebuild", region=REGION)
        project = client.batch_get_projects(names=["sample"])["projects"][0]
        project["environment"]["environmentVariables"] = variables
        project["source"]["location"] = location
        # moto's zeros are below what AWS allows.
        project |= {"timeoutInMinutes": 60, "queuedTimeoutInMinutes": 480}
        project["secondarySources"] = [
            {"type": "GITHUB", "location": location, "sourceIdentifier": "tools"}
        ]
        aws.answer("codebuild:BatchGetProjects", {"projects": [project]}, region=REGION)
        item = look(aws, where, codebuild_project.RESOURCE_TYPE)
        page = codebuild_project.RESOURCE_TYPE.list(aws, ACCOUNT, REGION, None)

    call = proposed(
        codebuild_project.RESOURCE_TYPE,
        "CreateProject",
        name="sample",
        source={"type": "BITBUCKET", "location": location},
        environment={"environmentVariables": variables},
    )
    assert SECRET not in json.dumps([item.document(), call, page.items[0].document()])
    assert item.properties["Source"]["Location"] == "https://bitbucket.org/example/app.git"
    assert [row["Source"] for row in item.observed["SourceCredentials"]] == ["main", "tools"]
    assert [row["Detector"] for row in item.observed["EnvironmentVariables"]] == [
        "aws-credential-name",
        None,
        None,
        None,
    ]
    assert call["/observed/EnvironmentVariables"] == item.observed["EnvironmentVariables"]


def test_an_update_of_something_else_proposes_no_variable_and_no_source() -> None:
    kind = codebuild_project.RESOURCE_TYPE

    assert proposed(kind, "UpdateProject", name="sample", description="x") == {
        "/observed/EnvironmentVariables": [],
        "/observed/SourceCredentials": [],
    }


KINDS = (
    cloudfront_distribution.RESOURCE_TYPE,
    codebuild_project.RESOURCE_TYPE,
    s3_access_point.RESOURCE_TYPE,
    ssm_document.RESOURCE_TYPE,
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
@pytest.mark.parametrize(
    "odd", [None, [], "text", 7, {"distributionConfig": [], "source": 7, "accountIdsToAdd": [[]]}]
)
def test_no_payload_crashes_a_route(kind: ResourceType, odd: Any) -> None:
    broken: Record = {"requestParameters": odd}

    for route in kind.routes:
        for read in filter(None, (route.propose, route.derive)):
            assert isinstance(read(broken), dict)


class Paged:
    """Answers each call with the page that is set for it, and notes what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        self.asked: list[dict[str, Any]] = []

    def __getattr__(self, operation: str) -> Any:
        def call(**given: Any) -> Any:
            self.asked.append(given)
            return self._answers[operation]

        return call

    def get_paginator(self, _operation: str) -> "Paged":
        """Stand in for a paginator without a page."""
        return self

    def paginate(self, **_given: str) -> list[dict[str, Any]]:
        """Return one page with nothing in it."""
        return [{"FunctionUrlConfigs": []}]


FUNCTION = {"FunctionName": "sample", "Role": "arn:aws:iam::123456789012:role/sample"}
LISTINGS = [
    pytest.param(
        lambda_function,
        Paged(list_functions={"Functions": [FUNCTION], "NextMarker": "two"}),
        "Marker",
        id="functions",
    ),
    pytest.param(
        lambda_url,
        Paged(list_functions={"Functions": [FUNCTION], "NextMarker": "two"}),
        "Marker",
        id="urls",
    ),
    pytest.param(
        s3_access_point,
        Paged(list_access_points={"AccessPointList": [{"Name": "sample"}], "NextToken": "two"}),
        "NextToken",
        id="access points",
    ),
    pytest.param(
        ssm_document,
        Paged(list_documents={"DocumentIdentifiers": [{"Name": "sample"}], "NextToken": "two"}),
        "NextToken",
        id="documents",
    ),
    pytest.param(
        cloudfront_distribution,
        Paged(
            list_distributions={
                "DistributionList": {
                    "Items": [{"Id": "E1SAMPLE"}],
                    "IsTruncated": True,
                    "NextMarker": "two",
                }
            }
        ),
        "Marker",
        id="distributions",
    ),
    pytest.param(
        codebuild_project,
        Paged(list_projects={"projects": [], "nextToken": "two"}),
        "nextToken",
        id="projects",
    ),
]


@pytest.mark.parametrize(("module", "client", "token"), LISTINGS)
def test_a_listing_goes_on_where_the_page_before_ended(
    module: Any, client: Paged, token: str
) -> None:
    kind: ResourceType = module.RESOURCE_TYPE

    first = kind.list(FakeAws(client), ACCOUNT, REGION, None)
    kind.list(FakeAws(client), ACCOUNT, REGION, "one")

    assert first.next_token == "two"
    assert token not in client.asked[0]
    assert client.asked[-1][token] == "one"


def test_whoever_opens_a_function_among_other_statements_is_found() -> None:
    statement = {"Sid": "x", "Effect": "Allow", "Principal": "*", "Action": "lambda:*"}
    route = route_of(lambda_function.RESOURCE_TYPE, "AddPermission")
    assert route.propose is not None
    record = {
        "requestParameters": {"functionName": "sample"},
        "responseElements": {"statement": json.dumps(statement)},
    }
    other = {"Qualifier": "$LATEST", "Statement": {"Sid": "other", "Effect": "Deny"}}
    stored = {
        **statement,
        "Principal": {"AWS": ["*"]},
        "Action": ["lambda:*"],
    }
    rows = [other, {"Qualifier": "$LATEST", "Statement": stored}]
    item = _frame.listed(ref_of_function(), FacetReading(observed={"Permissions": rows}))
    evidence = [
        Evidence(
            path="/derived/FunctionOpenings/0",
            actual=None,
            expected="",
            because=(f"/observed/Permissions/{place}",),
        )
        for place in (0, 1)
    ]
    touch = Touch(ref=item.ref, writes=route.writes, proposed=route.propose(record))

    assert [explains(touch, (one,), item) for one in evidence] == [False, True]
