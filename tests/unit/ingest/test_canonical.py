"""What decoding refuses, repairs and hashes."""

import json

import pytest

from chalicelib.errors import InvalidRecordError
from chalicelib.ingest import canonical
from tests.builders import record


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"not json", id="prose"),
        pytest.param(b'{"a": 1} x', id="trailing text"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"a": -Infinity}', id="minus infinity"),
        pytest.param(b'{"a": 1e400}', id="float beyond double range"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", id="integer of 5,000 digits"),
        pytest.param(b"\xff\xfe{", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="open brackets only"),
        pytest.param(b"[" * 50_000 + b"]" * 50_000, id="nested 50,000 deep"),
        pytest.param(b'{"a": "\\ud800", "b": NaN}', id="NaN beside a lone surrogate"),
    ],
)
def test_what_json_cannot_carry_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRecordError):
        canonical.decode(body)


def test_lone_surrogates_become_replacement_characters_in_keys_and_values() -> None:
    body = b'{"\\ud800k": ["a\\udc00b", "\\ud83d\\ude00"]}'

    assert canonical.decode(body) == {"\ufffdk": ["a\ufffdb", "\U0001f600"]}


def test_raw_surrogate_bytes_are_replaced_too() -> None:
    assert canonical.decode(b'{"a": "\xed\xa0\x80"}') == {"a": "\ufffd"}


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    one = record()
    other = dict(reversed(one.items()))

    assert canonical.hashed(one)[1] == canonical.hashed(other)[1]


def test_the_hash_of_a_record_is_that_of_its_bytes_however_they_were_spaced() -> None:
    one = json.loads(json.dumps(record(), indent=4))

    assert canonical.hashed(one)[1] == canonical.hashed(record())[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(1, 1.0, id="integer and float"),
        pytest.param(0.0, -0.0, id="zero and minus zero"),
        pytest.param(2**53, 2**53 + 1, id="neighbours beyond double precision"),
        pytest.param("1", 1, id="text and number"),
        pytest.param(True, 1, id="truth and number"),
        pytest.param(None, "", id="null and empty"),
    ],
)
def test_odd_numbers_keep_their_identity_in_the_hash(one: object, other: object) -> None:
    assert canonical.hashed({"a": one})[1] != canonical.hashed({"a": other})[1]


def test_a_record_with_a_lone_surrogate_is_hashed_as_what_is_kept_of_it() -> None:
    kept, digest = canonical.hashed({"a": "x\ud800"})

    assert kept == {"a": "x\ufffd"}
    assert digest == canonical.hashed({"a": "x\ufffd"})[1]


def test_a_value_without_surrogates_is_returned_as_it_is() -> None:
    value = {"a": ["b"]}

    assert canonical.free_of_surrogates(value) is value
