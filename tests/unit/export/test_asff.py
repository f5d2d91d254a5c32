"""Findings as Security Hub takes them: by botocore's model, and by the limits it leaves out."""

from dataclasses import replace
from typing import Any

import botocore.session
import pytest
from botocore.model import StructureShape
from botocore.validate import ParamValidator

from chalicelib.export import asff
from chalicelib.export._asff_types import ASFF_TYPES
from chalicelib.export.asff import finding_of, text
from chalicelib.model import Finding
from chalicelib.model.export import ExportedFinding
from tests.unit.export import given
from vigil.rulefiles import resource_types

#: A name of Security Hub's that has no details of its own.
WITHOUT_DETAILS = {"AwsAccount"}
HOSTILE = ("", " \n", "\x00\u202e", "x" * 70_000)
LIMITS = {"Id": 512, "Title": 256, "Description": 1024, "GeneratorId": 512, "Region": 16}
STATES = {
    "acknowledged": ("FAILED", "NOTIFIED", "ACTIVE", "HIGH"),
    "exempted": ("FAILED", "SUPPRESSED", "ACTIVE", "HIGH"),
    "fixed": ("PASSED", "RESOLVED", "ARCHIVED", "CRITICAL"),
    "deleted": ("NOT_AVAILABLE", "RESOLVED", "ARCHIVED", "LOW"),
    "unreadable": ("WARNING", "NEW", "ACTIVE", "INFORMATIONAL"),
}
BY_NAME = dict(zip(STATES, given.population(), strict=True))


@pytest.fixture(scope="module", name="shape")
def _shape() -> StructureShape:
    """Return what BatchImportFindings takes."""
    service = botocore.session.get_session().get_service_model("securityhub")
    shape = service.operation_model("BatchImportFindings").input_shape
    assert isinstance(shape, StructureShape)
    return shape


def _complaints(finding: dict[str, Any], shape: StructureShape) -> list[str]:
    report = ParamValidator().validate({"Findings": [finding]}, shape)
    return [report.generate_report()] if report.has_errors() else [*_off_limits(finding)]


def _off_limits(finding: dict[str, Any]) -> list[str]:
    recommended = finding["Remediation"]["Recommendation"]["Text"]
    fields = finding["UserDefinedFields"]
    told = {
        **{name: len(finding[name]) <= limit for name, limit in LIMITS.items()},
        "Remediation": len(recommended) <= 512,
        "Note": len(finding.get("Note", {"Text": ""})["Text"]) <= 512,
        "Resources": 1 <= len(finding["Resources"]) <= 32,
        "fields": len(fields) <= 50,
        "field": all(len(k) <= 128 and 0 < len(v) <= 1024 for k, v in fields.items()),
        "related": len(finding["Compliance"].get("RelatedRequirements", ())) <= 32,
        "blank": all(one.strip() for one in _texts(finding)),
    }
    return [name for name, holds in told.items() if not holds]


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [one for found in value.items() for part in found for one in _texts(part)]
    if isinstance(value, list):
        return [one for found in value for one in _texts(found)]
    return [value]


@pytest.mark.parametrize("name", STATES)
def test_security_hub_takes_a_finding(name: str, shape: StructureShape) -> None:
    assert _complaints(finding_of(BY_NAME[name], given.about()), shape) == []


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_makes_security_hub_refuse_it(hostile: str, shape: StructureShape) -> None:
    about = given.about(rules=given.hostile_rules(hostile))

    assert _complaints(finding_of(given.hostile(hostile), about), shape) == []


@pytest.mark.parametrize("name", STATES)
def test_state_is_told_in_the_words_of_the_format(name: str) -> None:
    found = finding_of(BY_NAME[name], given.about())

    assert STATES[name] == (
        found["Compliance"]["Status"],
        found["Workflow"]["Status"],
        found["RecordState"],
        found["Severity"]["Label"],
    )


def _of(**overrides: Any) -> dict[str, Any]:
    about: Finding = given.finding(**overrides)
    return finding_of(ExportedFinding(finding=about, entries=()), given.about())


def test_an_account_imports_under_its_own_product() -> None:
    arn = _of()["ProductArn"]

    assert arn == (f"arn:aws:securityhub:eu-west-1:{given.ACCOUNT}:product/{given.ACCOUNT}/default")


@pytest.mark.parametrize(
    ("partition", "region"),
    [("aws", "us-east-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")],
)
def test_what_is_global_is_told_in_the_home_region_of_its_partition(
    partition: str, region: str
) -> None:
    ref = replace(given.ROLE.ref, partition=partition)

    found = _of(subject=replace(given.ROLE, ref=ref))

    assert found["Region"] == found["Resources"][0]["Region"] == region
    assert found["ProductArn"].startswith(f"arn:{partition}:securityhub:{region}:")


def test_a_partition_that_security_hub_does_not_know_is_left_out() -> None:
    ref = replace(given.ROLE.ref, partition="aws-eusc")

    assert "Partition" not in _of(subject=replace(given.ROLE, ref=ref))["Resources"][0]
    assert _of()["Resources"][0]["Partition"] == "aws"


def test_no_more_requirements_are_named_than_allowed() -> None:
    frameworks = {"fsbp": tuple(f"S3.{number}" for number in range(40))}
    rules = {given.finding().rule_id: given.rule("any", frameworks=frameworks)}
    exported = ExportedFinding(finding=given.finding(), entries=())

    related = finding_of(exported, given.about(rules=rules))["Compliance"]["RelatedRequirements"]

    assert len(related) == 32


def test_every_resource_type_has_a_name_that_security_hub_knows(shape: StructureShape) -> None:
    findings = shape.members["Findings"].member.members["Resources"].member
    known = set(findings.members["Details"].members) | WITHOUT_DETAILS
    ours = {kind.type for kind in resource_types()}

    assert set(ASFF_TYPES.values()) <= known
    assert ASFF_TYPES.keys() <= ours
    unnamed = {kind.replace("::", "").lower() for kind in ours - ASFF_TYPES.keys()}
    assert not unnamed & {name.lower() for name in known}


def test_an_accepted_risk_is_noted_with_its_reason_and_approver() -> None:
    note = finding_of(given.exempted(), given.about())["Note"]

    assert given.EXEMPTION.reason in note["Text"]
    assert note["UpdatedBy"] == "Carol"


def test_the_last_note_of_a_person_is_kept() -> None:
    note = finding_of(given.acknowledged(), given.about())["Note"]

    assert (note["Text"], note["UpdatedBy"]) == ("I am on it.", "bob@example.com")


def test_a_text_is_cut_to_the_limit_and_never_blank() -> None:
    assert text("x" * 300, asff.TITLE_LIMIT) == "x" * 255 + "…"
    assert text(" \t\n", asff.TITLE_LIMIT) == "-"
