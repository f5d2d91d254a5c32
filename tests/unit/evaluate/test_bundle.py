"""The bundle: the same rules come out that went in, or none."""

import pytest

from chalicelib.errors import RuleDocumentError
from chalicelib.evaluate.bundle import bundle_from, rules_from
from tests.rulekit import change_document, document, rule

RULES = (
    rule(change_document()),
    rule(
        document(
            compliant_when={"properties": {"Created": {"maxAgeDays": {"parameter": "days"}}}},
            parameters={"days": 90},
            frameworks={"cis": ["1.1"]},
        )
    ),
)


def test_a_bundle_gives_back_its_rules() -> None:
    assert rules_from(bundle_from(RULES)) == RULES


def test_the_order_of_the_rules_does_not_matter() -> None:
    assert bundle_from(RULES) == bundle_from(reversed(RULES))


DAMAGED = {
    "an edited rule": bundle_from(RULES).replace(b'"maximum":7776000', b'"maximum":9999999'),
    "another hash": bundle_from(RULES).replace(b'"sha256":"', b'"sha256":"0'),
    "another format": bundle_from(RULES).replace(b'"format":2', b'"format":3'),
    "half a bundle": bundle_from(RULES)[:-20],
    "no bundle": b"[]",
    "nothing": b"",
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(RuleDocumentError, match=r"^bundle: "):
        rules_from(data)
