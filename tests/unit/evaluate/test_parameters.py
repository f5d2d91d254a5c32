"""Schemas that are repeated for every element of a parameter."""

from typing import Any

import pytest

from chalicelib.evaluate._grammar import RefusedError
from chalicelib.evaluate._parameters import check_all_used, filled_in

PORTS = {"ports": [22, 3389]}


@pytest.mark.parametrize(("how", "keyword"), [("all", "allOf"), ("any", "anyOf")])
def test_a_schema_is_repeated_for_every_element(how: str, keyword: str) -> None:
    written = {"items": {"each": "ports", how: {"maximum": {"parameter": "ports"}}}}

    assert filled_in(written, PORTS) == {"items": {keyword: [{"maximum": 22}, {"maximum": 3389}]}}


def test_one_list_is_repeated_within_another() -> None:
    inner = {
        "each": "protocols",
        "any": {"enum": [{"parameter": "ports"}, {"parameter": "protocols"}]},
    }
    parameters: dict[str, Any] = {"ports": [1, 2], "protocols": ["tcp"]}

    assert filled_in({"each": "ports", "all": inner}, parameters) == {
        "allOf": [{"anyOf": [{"enum": [1, "tcp"]}]}, {"anyOf": [{"enum": [2, "tcp"]}]}]
    }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param([], "list of one element or more", id="no element"),
        pytest.param(22, "list of one element or more", id="no list"),
        pytest.param("22", "list of one element or more", id="a text"),
    ],
)
def test_only_a_list_with_elements_can_be_repeated(value: Any, said: str) -> None:
    with pytest.raises(RefusedError, match=said) as refused:
        filled_in({"items": {"each": "ports", "all": {}}}, {"ports": value})

    assert refused.value.where == ("items",)


def test_a_list_that_nobody_declares_is_refused() -> None:
    with pytest.raises(RefusedError, match="unknown parameter 'port'"):
        filled_in({"each": "port", "all": {}}, PORTS)


def test_a_property_may_be_called_each() -> None:
    written = {"properties": {"each": {"const": 1}}}

    assert filled_in(written, PORTS) == written


def test_a_repeated_parameter_counts_as_used() -> None:
    check_all_used(PORTS, {"each": "ports", "all": {"const": {"parameter": "ports"}}}, "")


def test_a_list_that_is_repeated_without_using_its_elements_changes_nothing() -> None:
    with pytest.raises(RefusedError, match="no condition uses"):
        check_all_used(PORTS, {"each": "ports", "all": {"const": 1}}, "")
