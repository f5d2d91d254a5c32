"""What is known of CloudTrail's events, beside the routes: none is forgotten, none unaccounted for.

Two lists are committed: ``unrouted.csv``, events on our types that no route follows, each with
its reason; ``unseen.csv``, routes of which no sample holds an authentic record, each with what
vouches for it. A larger collection of samples may lie beside the repository: with it, the lists
are exact; without it, they are still no more than the routes allow.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from chalicelib.ingest.cloudtrail import action_of
from vigil.rulefiles import resource_types

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests" / "events"
CORPUS = ROOT.parent / "shared" / "cloudtrail"

GLOBAL, REGION = "Observed::Account::Global", "Observed::Account::Region"

#: What the map calls something → the type whose item holds it.
HELD_BY = {
    "AWS::AccessAnalyzer::Analyzer": REGION,
    "AWS::CloudWatch::Alarm": GLOBAL,
    "AWS::Config::ConfigurationRecorder": REGION,
    "AWS::Config::DeliveryChannel": REGION,
    "AWS::EC2::Account (synthetic; account+region setting)": REGION,
    "AWS::EC2::Image": "Observed::EC2::Image",
    "AWS::EC2::Snapshot": "Observed::EC2::Snapshot",
    "AWS::Elasticsearch::Domain": "AWS::OpenSearchService::Domain",
    "AWS::Glacier::Vault (synthetic)": "Observed::Glacier::Vault",
    "AWS::Glue::DataCatalog (synthetic)": REGION,
    "AWS::GuardDuty::Detector": REGION,
    "AWS::IAM::AccountPasswordPolicy (synthetic)": GLOBAL,
    "AWS::IAM::SAMLProvider": GLOBAL,
    "AWS::Macie::Session": REGION,
    "AWS::RDS::DBClusterSnapshot": "AWS::RDS::ClusterSnapshot",
    "AWS::S3::AccountPublicAccessBlock": GLOBAL,
    "AWS::SecurityHub::Hub": REGION,
}

Event = tuple[str, str]
TYPES = {kind.type for kind in resource_types()}


def routed() -> Mapping[Event, set[str]]:
    """Return (source, action) → the types whose routes, or companions' routes, follow it."""
    found: dict[Event, set[str]] = {}
    for kind in resource_types():
        own = (*kind.routes, *(route for other in kind.companions for route in other.routes))
        for route in own:
            for action in route.actions:
                found.setdefault((route.source, action), set()).add(kind.type)
    return found


ROUTED = routed()


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read a list; empty where it is not at hand."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


UNROUTED = rows_of(EVENTS / "unrouted.csv")
UNSEEN = rows_of(EVENTS / "unseen.csv")


def mapped() -> Iterator[tuple[Event, str]]:
    """Yield each event of the map and the type of ours it is about, where there is one."""
    for row in rows_of(CORPUS / "event_map.csv"):
        kind = HELD_BY.get(row["resourceType"], row["resourceType"])
        if kind in TYPES:
            yield (row["eventSource"], action_of(row["eventName"])), kind


def seen() -> set[Event]:
    """Return the events of which the samples hold a record that nobody wrote by hand."""
    truth = CORPUS / "truth.jsonl"
    lines = truth.read_text("utf-8").splitlines() if truth.exists() else []
    records = [json.loads(line) for line in lines]
    return {
        (record["eventSource"], action_of(record["eventName"]))
        for record in records
        if record["authentic"] != "edited-sample" and record["eventName"]
    }


def test_an_event_on_our_types_is_routed_or_there_is_a_reason() -> None:
    stated = {((row["source"], row["action"]), row["type"]) for row in UNROUTED}
    forgotten = {(event, kind) for event, kind in mapped() if kind not in ROUTED.get(event, ())}

    assert forgotten == (stated if CORPUS.exists() else set())


@pytest.mark.parametrize("row", UNROUTED, ids=lambda row: f"{row['action']} {row['type']}")
def test_what_is_said_to_have_no_route_has_none(row: dict[str, str]) -> None:
    assert row["type"] in TYPES
    assert row["type"] not in ROUTED.get((row["source"], row["action"]), ())
    assert row["reason"]


def test_a_route_without_an_authentic_record_is_known_and_vouched_for() -> None:
    stated = {(row["source"], row["action"]) for row in UNSEEN}
    unseen = ROUTED.keys() - seen()

    assert stated <= ROUTED.keys()
    assert stated == unseen or not CORPUS.exists()
    assert len(stated) == len(UNSEEN)
    assert all(row["verified_by"] for row in UNSEEN)
