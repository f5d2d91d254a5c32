"""Whose a resource is: its tag before the account before the default, and which of them said so."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.model import ConfigurationItem, OwnerFrom, ResourceRef, Subject
from chalicelib.model.finding import TAGS_LIMIT
from chalicelib.model.ruleset import Ruleset
from chalicelib.resources import _owner
from chalicelib.resources._frame import facets_for
from chalicelib.wiring import resource_types

REF = ResourceRef(account_id="111122223333", region="eu-west-1", type="AWS::S3::Bucket", id="b")
ELSEWHERE = replace(REF, account_id="444455556666")
OWNERS = Ruleset(rules=(), owners={"111122223333": "payments"}, default_owner="platform")


def item(*tags: Any) -> ConfigurationItem:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return ConfigurationItem(
        ref=REF, properties={"Tags": list(tags)}, observed={}, started_at=start, ended_at=start
    )


def tag(key: Any, value: Any) -> dict[str, Any]:
    return {"Key": key, "Value": value}


def subject(
    ref: ResourceRef, seen: ConfigurationItem | None, ruleset: Ruleset, default: str | None = None
) -> Subject:
    return _owner.subject_for(ref, seen, arn=None, ruleset=ruleset, default_owner=default)


@pytest.mark.parametrize(
    ("ref", "tags", "ruleset", "default", "owner", "how"),
    [
        (REF, (tag("team", "shop"),), OWNERS, "ops", "shop", OwnerFrom.TAG),
        (REF, (), OWNERS, "ops", "payments", OwnerFrom.ACCOUNT),
        (REF, (tag("owner", " "),), OWNERS, "ops", "payments", OwnerFrom.ACCOUNT),
        (ELSEWHERE, (), OWNERS, "ops", "platform", OwnerFrom.DEFAULT),
        (ELSEWHERE, (), Ruleset(rules=()), "ops", "ops", OwnerFrom.DEFAULT),
        (ELSEWHERE, (), Ruleset(rules=()), None, None, None),
    ],
    ids=["tag", "account", "blank-tag", "default", "default-of-the-stack", "nobody"],
)
def test_an_owner_says_how_it_was_found(
    ref: ResourceRef,
    tags: tuple[Any, ...],
    ruleset: Ruleset,
    default: str | None,
    owner: str | None,
    how: OwnerFrom | None,
) -> None:
    found = subject(ref, item(*tags), ruleset, default)

    assert (found.owner, found.owner_from) == (owner, how)


def test_what_is_gone_belongs_to_whom_its_account_belongs() -> None:
    found = subject(REF, None, OWNERS)

    assert (found.owner, found.owner_from, found.tags) == ("payments", OwnerFrom.ACCOUNT, {})


def test_tags_are_kept_as_they_were() -> None:
    assert subject(REF, item(tag("b", "2"), tag("a", "")), OWNERS).tags == {"a": "", "b": "2"}


def test_tags_are_bounded_and_legible() -> None:
    many = [tag(f"k{n:03}", "v") for n in range(60)]
    wild = [tag("a\u202e" + "k" * 999, "\x1b\ud800" + "v" * 999)]

    tags = _owner.tags_of(item(*wild, *many))

    assert len(tags) == TAGS_LIMIT
    assert all(len(k) <= 128 and len(v) <= 256 for k, v in tags.items())
    assert all(text.isprintable() for pair in tags.items() for text in pair)


@pytest.mark.parametrize(
    "odd", [None, 7, "owner", {}, tag(7, "x"), tag(["owner"], "x"), tag("owner", None)], ids=repr
)
def test_a_tag_of_another_shape_is_none(odd: Any) -> None:
    seen = item(odd, tag("Owner", "ann"))

    assert _owner.owner_of(seen) == "ann"
    assert _owner.tags_of(seen) == {"Owner": "ann"}


@pytest.mark.parametrize("kind", ["AWS::S3::Bucket", "AWS::CloudTrail::Trail", "AWS::IAM::Role"])
def test_what_a_rule_judges_is_asked_for_its_tags(kind: str) -> None:
    (resource_type,) = [t for t in resource_types() if t.type == kind]
    judged = frozenset({resource_type.facets[0].pointers[0]})

    asked = facets_for(resource_type, _owner.with_tags(resource_type, judged))

    assert any(_owner.TAGS_POINTER in facet.pointers for facet in asked)
    assert _owner.with_tags(resource_type, frozenset()) == frozenset()


def test_what_has_no_tags_is_not_asked_for_them() -> None:
    (account,) = [t for t in resource_types() if t.type == "Observed::Account::Global"]

    assert _owner.with_tags(account, frozenset({"/x"})) == {"/x"}
