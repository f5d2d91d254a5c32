"""Ids are found wherever AWS put them this time."""

from typing import Any

import pytest

from chalicelib.ingest.paths import ID_LIMIT_BYTES, compiled, ids_at


def ids(path: str, parameters: Any) -> list[str]:
    return list(ids_at({"requestParameters": parameters}, compiled(f"requestParameters.{path}")))


@pytest.mark.parametrize(
    ("path", "parameters", "expected"),
    [
        pytest.param("groupId", {"groupId": "sg-1"}, ["sg-1"], id="scalar"),
        pytest.param("groupId", {"GroupId": "sg-1"}, ["sg-1"], id="key in another case"),
        pytest.param("groupId", {"GROUPID": "no", "groupId": "sg-1"}, ["sg-1"], id="exact wins"),
        pytest.param("bucketName", {"bucketName": ["b"]}, ["b"], id="one-element list"),
        pytest.param("bucketName", {"bucketName": ["b", "c"]}, [], id="two where one is meant"),
        pytest.param("ids[]", {"ids": ["a", "b"]}, ["a", "b"], id="list"),
        pytest.param("ids[]", {"ids": "a"}, ["a"], id="value where a list is expected"),
        pytest.param("set.items[].id", {"set": {"items": [{"id": "a"}, {"id": "b"}]}}, ["a", "b"],
                     id="list of objects"),
        pytest.param("set.items[].id", {"set": {"items": {"id": "a"}}}, ["a"],
                     id="object where a list is expected"),
        pytest.param("set.items[].id", {"set": {}}, [], id="empty object"),
        pytest.param("set.items[].id", {"set": ""}, [], id="empty text"),
        pytest.param("set.items[].id", {"set": []}, [], id="empty list"),
        pytest.param("set.items[].id", {"set": None}, [], id="null"),
        pytest.param("set.items[].id", {"set": {"items": [None, 3, {"id": "a"}, [{"id": "b"}]]}},
                     ["a"], id="strange elements"),
        pytest.param("a[].b[].c", {"a": [{"b": [{"c": "1"}]}, {"b": {"c": "2"}}]}, ["1", "2"],
                     id="lists in lists"),
        pytest.param("R.FlowLogId[]", {"R": {"FlowLogId": {"tag": 1, "content": "fl-1"}}}, ["fl-1"],
                     id="tag and content"),
        pytest.param(
            "R.FlowLogId[]",
            {"R": {"FlowLogId": [{"tag": 1, "content": "fl-1"}, {"tag": 2, "content": "fl-2"}]}},
            ["fl-1", "fl-2"],
            id="several tags and contents",
        ),
        pytest.param("id", {"id": 123}, ["123"], id="integer"),
        pytest.param("id", {"id": True}, [], id="text that AWS turned into a boolean"),
        pytest.param("id", {"id": 1.5}, [], id="float"),
        pytest.param("id", {"id": "HIDDEN_DUE_TO_SECURITY_REASONS"}, [], id="hidden"),
        pytest.param("id", {"id": "***"}, [], id="masked"),
        pytest.param("ids[]", {"ids": ["a", "a", "b"]}, ["a", "b"], id="each once"),
        pytest.param("id", "omitted", [], id="text instead of parameters"),
        pytest.param("id", None, [], id="null parameters"),
        pytest.param("id", {"id": "é" * ID_LIMIT_BYTES}, [], id="longer than a database key"),
    ],
)  # fmt: skip
def test_an_id_is_found_in_every_shape(path: str, parameters: Any, expected: list[str]) -> None:
    assert ids(path, parameters) == expected
