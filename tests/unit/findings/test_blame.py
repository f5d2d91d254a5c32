"""Nobody is named without proof: pointer, value and time must all fit."""

from typing import Any

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from chalicelib.findings._matching import same, shows
from chalicelib.findings.blame import explains
from chalicelib.model import Evidence, Touch
from tests.unit.findings.deciding import after, decided, known_after
from tests.unit.findings.given import (
    OPEN_POINTER,
    REF,
    change,
    closed,
    evidence,
    item,
    opened,
    request,
    touch,
)

RULES_POINTER = "/properties/Rules"
POLICY = "/observed/Policy"
BLOCK = "/properties/Block"


def row(port: int = 22, source: str = "0.0.0.0/0", **more: Any) -> dict[str, Any]:
    return {"Port": port, "Source": source, "Description": None} | more


def group(*rows: dict[str, Any]) -> Any:
    return item({"Rules": list(rows)})


def resting_on(*pointers: str) -> tuple[Evidence, ...]:
    return (evidence("x", path="/derived/Openings/0", because=pointers),)


STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": ["s3:Get", "s3:List"]}
HARMLESS = {"Effect": "Allow", "Principal": "111122223333", "Action": ["s3:Get"]}
ITEM = item(
    {
        "Rules": [row(443, "10.0.0.0/8"), row(Description="ssh")],
        "Block": {"A": False, "B": True},
        "None": [],
    },
    observed={
        "Policy": {"Statement": [HARMLESS, STATEMENT]},
        "Trails": [{"Name": "x", "IsLogging": False}, {"Name": "y", "IsLogging": True}],
        "Empty": None,
    },
)
STOPPED_Y = {"/observed/Trails": [{"Name": "y", "IsLogging": False}]}
STOPPED_X = {"/observed/Trails": [{"Name": "x", "IsLogging": False}]}
LOGGING = "/observed/Trails/0/IsLogging"

CASES: dict[str, tuple[Touch, tuple[str, ...], bool]] = {
    "the row it added": (
        touch(RULES_POINTER, proposed={RULES_POINTER: [row()]}), ("/properties/Rules/1",), True),
    "another row": (
        touch(RULES_POINTER, proposed={RULES_POINTER: [row(3389)]}),
        ("/properties/Rules/1",), False),
    "the row under another description": (
        touch(RULES_POINTER, proposed={RULES_POINTER: [row(Description="was renamed")]}),
        ("/properties/Rules/1",), True),
    "a list that offends by being empty": (
        touch("/properties/None", proposed={"/properties/None": [row()]}),
        ("/properties/None",), False),
    "a list it emptied": (
        touch("/properties/None", proposed={"/properties/None": []}),
        ("/properties/None",), True),
    "the row among others": (
        touch(RULES_POINTER, proposed={RULES_POINTER: [row(1), row()]}),
        ("/properties/Rules/1",), True),
    "a value inside the row it added": (
        touch(RULES_POINTER, proposed={RULES_POINTER: [row()]}),
        ("/properties/Rules/1/Source",), True),
    "a value that another row shares": (
        touch(RULES_POINTER, proposed={RULES_POINTER: [row(3389)]}),
        ("/properties/Rules/1/Source",), False),
    "a removal": (
        touch(RULES_POINTER, proposed={RULES_POINTER: []}), ("/properties/Rules/1",), False),
    "one row of a list that offends as a whole": (
        touch(RULES_POINTER, proposed={RULES_POINTER: [row()]}), (RULES_POINTER,), False),
    "every row of a list that offends as a whole": (
        touch(RULES_POINTER, proposed={RULES_POINTER: [row(), row(443, "10.0.0.0/8"), row(7)]}),
        (RULES_POINTER,), True),
    "a payload that does not say": (touch(RULES_POINTER), ("/properties/Rules/1",), True),
    "another pointer": (touch("/properties/Tags"), ("/properties/Rules/1",), False),
    "a pointer with a like beginning": (touch("/properties/Rule"), (RULES_POINTER,), False),
    "a pointer below the evidence": (
        touch("/properties/Rules/1/Source"), (RULES_POINTER,), False),
    "the statement it put": (
        touch(POLICY, proposed={POLICY: {"Statement": [STATEMENT]}}),
        (f"{POLICY}/Statement/1",), True),
    "the statement with its actions in another order": (
        touch(POLICY, proposed={POLICY: {"Statement": [
            STATEMENT | {"Action": ["s3:List", "s3:Get"]}]}}),
        (f"{POLICY}/Statement/1",), True),
    "a policy without the statement": (
        touch(POLICY, proposed={POLICY: {"Statement": [HARMLESS]}}),
        (f"{POLICY}/Statement/1",), False),
    "a policy that was removed": (
        touch(POLICY, proposed={POLICY: None}), (f"{POLICY}/Statement/1",), False),
    "the flag it switched off": (
        touch(BLOCK, proposed={BLOCK: {"A": False, "B": True}}),
        ("/elsewhere", f"{BLOCK}/A"), True),
    "the flag it left on": (
        touch(BLOCK, proposed={BLOCK: {"A": True, "B": True}}), (f"{BLOCK}/A",), False),
    "a flag its payload does not name": (
        touch(BLOCK, proposed={BLOCK: {"B": True}}), (f"{BLOCK}/A",), False),
    "zero is not false": (touch(BLOCK, proposed={BLOCK: {"A": 0}}), (f"{BLOCK}/A",), False),
    "the trail it stopped": (
        touch("/observed/Trails", proposed=STOPPED_X), (LOGGING,), True),
    "another trail, stopped likewise": (
        touch("/observed/Trails", proposed=STOPPED_Y), (LOGGING,), False),
    "a pointer that leads nowhere": (
        touch(RULES_POINTER, proposed={RULES_POINTER: None}), ("/properties/Rules/9",), False),
    "an absent value it made absent": (
        touch("/observed/Empty", proposed={"/observed/Empty": None}), ("/observed/Empty",), True),
}  # fmt: skip


@pytest.mark.parametrize(("wrote", "pointers", "guilty"), CASES.values(), ids=CASES)
def test_a_call_explains_only_what_it_wrote(
    wrote: Touch,
    pointers: tuple[str, ...],
    guilty: bool,
) -> None:
    assert explains(wrote, resting_on(*pointers), ITEM) is guilty


def test_evidence_without_reasons_rests_on_its_own_path() -> None:
    assert explains(touch(OPEN_POINTER), (evidence(),), item())


# Matching


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@hypothesis_given(JSON)
def test_everything_is_what_was_proposed_of_itself(value: Any) -> None:
    expected = not _says_nothing(value)

    assert same(value, value) or not expected


def _says_nothing(value: Any) -> bool:
    """Tell whether an object somewhere has keys but says none of them."""
    if isinstance(value, dict):
        said = [v for v in value.values() if v is not None]
        return (bool(value) and not said) or any(map(_says_nothing, value.values()))
    return isinstance(value, list) and any(map(_says_nothing, value))


@hypothesis_given(JSON, JSON)
def test_matching_never_crashes(one: Any, other: Any) -> None:
    wrote = Touch(ref=REF, writes=("/properties/X",), proposed={"/properties/X": one})

    seen = item({"X": other})

    assert shows(wrote, seen) in (True, False, None)
    assert explains(wrote, resting_on("/properties/X", "/properties/X/0/a"), seen) in (True, False)


def test_depth_without_end_proves_nothing() -> None:
    deep: Any = True
    for _ in range(200):
        deep = [deep]

    assert not same(deep, deep)


def test_a_failing_verdict_without_a_touch_names_nobody() -> None:
    known = known_after(decided(after(closed(-100)), opened(0), request(change())))

    assert known.findings[0].cause is None
