"""OCSF events keep to the schema they name, and say no more than is known."""

import io
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.events.findings.detection_finding import DetectionFinding

from chalicelib.errors import InvalidRequestError
from chalicelib.export._ocsf import PROFILES, SEVERITY_IDS
from chalicelib.export.ocsf import FORMAT, event_of
from chalicelib.model import Severity
from chalicelib.model.export import ExportContext, ExportedFinding, SealedEntry
from tests.unit.export import given, ocsf_schema
from tests.unit.export.goldens import written
from tests.unit.export.ocsf_schema import problems

SCHEMAS = {version: ocsf_schema.compiled(version) for version in ocsf_schema.VERSIONS}
MODELS = {2003: ComplianceFinding, 2004: DetectionFinding}
NAMES = ("acknowledged", "exempted", "fixed", "deleted", "unreadable", "detected")
HOSTILE = ("", " ", "\x00\u202e", "x" * 70_000, "999.1.1.1", "fe80::1%" + "z" * 60)


def _about(version: str = "1.8.0", **overrides: Any) -> ExportContext:
    return given.about(query={"ocsf_version": version}, **overrides)


def _event(record: ExportedFinding | SealedEntry, version: str = "1.8.0") -> dict[str, Any]:
    event = event_of(record, _about(version))
    assert event is not None
    return event


def _by_name() -> Mapping[str, ExportedFinding | SealedEntry]:
    return dict(zip(NAMES, (*given.population(), given.detected()), strict=True))


@pytest.mark.parametrize("version", SCHEMAS)
@pytest.mark.parametrize("name", NAMES)
def test_an_event_keeps_to_the_compiled_schema(name: str, version: str) -> None:
    assert problems(_event(_by_name()[name], version), SCHEMAS[version]) == []


@pytest.mark.parametrize("version", SCHEMAS)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_breaks_the_schema(text: str, version: str) -> None:
    about = _about(version, rules=given.hostile_rules(text))
    event = event_of(given.hostile(text), about)

    assert event is not None
    assert [one for one in problems(event, SCHEMAS[version]) if not _is_of_nothing(one, text)] == []


def _is_of_nothing(problem: str, text: str) -> bool:
    """Tell whether all that is wrong is that a name which AWS always gives was empty."""
    return text == "" and ("at_least_one" in problem or problem.endswith(": required"))


@pytest.mark.parametrize("version", SCHEMAS)
def test_the_part_of_the_schema_that_is_kept_here_is_of_the_schema(version: str) -> None:
    assert ocsf_schema.reduced(SCHEMAS[version]) == ocsf_schema.kept(version)


@pytest.mark.parametrize("version", SCHEMAS)
def test_the_check_itself_sees_what_is_wrong(version: str) -> None:
    event = _event(given.acknowledged(), version)
    wrong = [
        {**event, "colour": "red"},
        {**event, "time": "yesterday"},
        {**event, "severity_id": 42},
        {**event, "remediation": {}},
        {**event, "resources": {}},
        {**event, "actor": {"user": {"name": "alice"}}},
        {**event, "evidences": [{"name": "nothing"}]},
        {key: value for key, value in event.items() if key != "cloud"},
        {**event, "metadata": {**event["metadata"], "profiles": []}},
    ]

    assert all(problems(one, SCHEMAS[version]) for one in wrong)


@pytest.mark.parametrize("name", NAMES)
def test_the_library_that_others_read_ocsf_with_reads_it(name: str) -> None:
    event = _event(_by_name()[name])

    read = MODELS[event["class_uid"]].model_validate_json(msgspec.json.encode(_lenient(event)))

    assert read.finding_info.uid == event["finding_info"]["uid"]
    assert read.status_id.value == event["status_id"]
    assert read.resources[0].uid == event["resources"][0]["uid"]


def _lenient(value: Any) -> Any:
    """Leave out ``api.service``: the library wants a version of it, the schema does not."""
    if isinstance(value, dict):
        return {key: _lenient(found) for key, found in value.items() if key != "service"}
    return [_lenient(found) for found in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("name", "activity", "status", "verdict"),
    [
        ("acknowledged", "Update", "In Progress", "Fail"),
        ("exempted", "Update", "Suppressed", "Fail"),
        ("fixed", "Close", "Resolved", "Pass"),
        ("deleted", "Close", "Resolved", "Unknown"),
        ("unreadable", "Create", "New", "Warning"),
    ],
)
def test_state_is_told_in_the_words_of_the_class(
    name: str, activity: str, status: str, verdict: str
) -> None:
    event = _event(_by_name()[name])

    assert event["class_uid"] == 2003
    assert (event["activity_name"], event["status"]) == (activity, status)
    assert event["compliance"]["status"] == event["compliance"]["checks"][0]["status"] == verdict
    assert event["type_uid"] == 200300 + event["activity_id"]


def test_an_exempted_failure_says_why_it_is_suppressed() -> None:
    assert given.EXEMPTION.reason in _event(given.exempted())["status_detail"]


def test_every_severity_has_a_number_and_worse_is_more() -> None:
    assert [SEVERITY_IDS[severity] for severity in Severity] == [1, 2, 3, 4, 5]


def test_who_did_it_from_where_is_the_first_evidence() -> None:
    deed = _event(given.acknowledged())["evidences"][0]

    assert deed["actor"]["user"]["name"] == "alice@example.com"
    assert deed["src_endpoint"] == {"name": "203.0.113.7", "ip": "203.0.113.7"}
    assert deed["api"]["operation"] == "PutBucketPolicy"


def test_a_service_is_no_address() -> None:
    deed = _event(given.reopened_and_fixed())["evidences"][0]

    assert deed["src_endpoint"] == {"name": "cloudformation.amazonaws.com"}


def test_without_proof_no_evidence_names_an_actor() -> None:
    assert all("actor" not in one for one in _event(given.exempted())["evidences"])


def test_a_detection_is_a_detection_finding_of_its_own() -> None:
    entry = given.detected()

    event = _event(entry)

    assert (event["class_uid"], event["type_uid"], event["status"]) == (2004, 200401, "New")
    assert event["finding_info"]["uid"] == entry.hash
    assert event["count"] == 12
    assert event["unmapped"]["transient"] is True


def test_an_entry_that_is_no_detection_is_no_event() -> None:
    file = io.BytesIO()

    FORMAT.write(given.acknowledged().entries, _about(), file)

    assert file.getvalue() == b""


def test_record_integrity_chains_the_entries_of_one_finding() -> None:
    exported = given.reopened_and_fixed()

    (attested,) = _event(exported, "1.9.0-dev")["attestation_list"]

    assert attested["fingerprint"]["value"] == exported.entries[-1].hash
    assert attested["prev_event"]["fingerprint"]["value"] == exported.entries[-2].hash
    assert attested["prev_event"]["uid"] == f"{exported.finding.id}-3"
    assert attested["chain_uid"] == exported.finding.id


def test_the_released_version_knows_no_record_integrity() -> None:
    assert b"attestation_list" not in written(FORMAT, _about("1.8.0"))


@pytest.mark.parametrize("version", PROFILES)
def test_an_event_names_its_version_and_profiles(version: str) -> None:
    metadata = _event(given.acknowledged(), version)["metadata"]

    assert metadata["version"] == version
    assert metadata["profiles"] == list(PROFILES[version])


def test_a_version_that_is_not_written_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match=r"2\.0\.0"):
        FORMAT.write(given.population(), _about("2.0.0"), io.BytesIO())
