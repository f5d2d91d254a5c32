"""Names that must never change, because the history refers to them."""

from dataclasses import replace

from chalicelib.findings._items import due_shard, entry_key, ref_from, stamp
from chalicelib.findings._tables import EXPIRING_TABLES, table_definitions
from chalicelib.findings.identity import detection_key, finding_id
from chalicelib.model import Known
from tests.unit.findings.deciding import decided
from tests.unit.findings.given import REF, RULE_ID, at, detection, evidence, opened


def test_a_findings_id_is_the_same_for_ever() -> None:
    assert finding_id(REF, RULE_ID) == "70c544e65cec49b05d60785e97598413"


def test_a_recreated_resource_keeps_its_findings_id() -> None:
    assert finding_id(replace(REF, unique_id="B"), RULE_ID) == finding_id(REF, RULE_ID)


def test_detections_without_an_event_id_are_told_apart_by_what_they_say() -> None:
    one, other = (detection(None, evidence=(evidence(n),)) for n in (1, 2))  # type: ignore[arg-type] # an id may be missing

    assert detection_key(one) != detection_key(other)
    assert detection_key(one) == detection_key(one)


def test_history_sorts_by_time_then_rule_then_revision() -> None:
    commit = decided(Known(), opened(0)).commit
    assert commit is not None

    assert entry_key(commit.transitions[0]) == (
        "2026-01-01T12:00:01.500Z#door-closed#00000001#opened"
    )


def test_instants_sort_as_text() -> None:
    instants = [at(0), at(0.001), at(0.01), at(1), at(60)]

    assert sorted(stamp(i) for i in instants) == [stamp(i) for i in instants]


def test_a_reference_survives_its_key() -> None:
    ref = replace(REF, id="arn:aws:x:#:y", partition="aws-cn")

    assert ref_from(ref.key, {"partition": {"S": "aws-cn"}}) == ref


def test_every_key_of_every_table_is_declared() -> None:
    for definition in table_definitions():
        declared = {d["AttributeName"] for d in definition["AttributeDefinitions"]}
        schemas = [definition, *definition.get("GlobalSecondaryIndexes", [])]
        keys = {k["AttributeName"] for schema in schemas for k in schema["KeySchema"]}
        assert declared == keys


def test_the_history_streams_both_images_and_never_expires() -> None:
    history = next(d for d in table_definitions() if "StreamSpecification" in d)

    assert history["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert history["TableName"] not in EXPIRING_TABLES
    assert due_shard(0) != due_shard(1)
