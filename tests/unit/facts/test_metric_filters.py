"""What filter patterns mean: examples, an oracle over generated patterns, and hostile texts."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.facts.metric_filters import (
    DEPTH_LIMIT,
    PATTERN_LIMIT_CHARS,
    PatternError,
    matches,
    parse,
)

EVENT: dict[str, Any] = {
    "eventName": "DeleteTrail",
    "eventSource": "cloudtrail.amazonaws.com",
    "errorCode": "AccessDeniedException",
    "readOnly": False,
    "size": 42,
    "note": None,
    "quoted": 'a "b" \\ c',
    "userIdentity": {"type": "Root", "session-name": "x"},
    "resources": [{"type": "AWS::S3::Bucket"}],
}

MATCHING = {
    "equality": "{ $.eventName = DeleteTrail }",
    "no blanks at all": "{$.eventName=DeleteTrail}",
    "lines and tabs": "{\n\t$.eventName =\n DeleteTrail\n}\n",
    "in quotes": '{ $.eventName = "DeleteTrail" }',
    "a nested field": "{ $.userIdentity.type = Root }",
    "a name with a hyphen": "{ $.userIdentity.session-name = x }",
    "an element of a list": "{ $.resources[0].type = AWS::S3::Bucket }",
    "a wildcard at the end": "{ $.errorCode = AccessDenied* }",
    "a wildcard at the beginning": '{ $.errorCode = "*Exception" }',
    "wildcards on both sides": "{ $.eventSource = *trail* }",
    "a host's name": "{ $.eventSource = cloudtrail.amazonaws.com }",
    "another value": "{ $.eventName != StopLogging }",
    "a number": "{ $.size = 42.0 }",
    "a bigger number": "{ $.size > 41 && $.size >= 42 }",
    "a smaller number": "{ $.size < 4.3e1 && $.size <= 42 }",
    "another number": "{ $.size != 41 }",
    "true or false": "{ $.readOnly IS FALSE }",
    "null": "{ $.note IS NULL }",
    "a field that is there": "{ $.note EXISTS }",
    "a field that is not there": "{ $.userIdentity.invokedBy NOT EXISTS }",
    "words in small letters": "{ $.userIdentity.invokedBy not exists }",
    "and": '{ $.eventName = "Delete*" && $.userIdentity.type = Root }',
    "or": "{ $.eventName = A || $.eventName = DeleteTrail }",
    "and binds before or": "{ $.eventName = DeleteTrail || $.size = 1 && $.size = 2 }",
    "and binds before or on the left": "{ $.size = 1 && $.size = 2 || $.eventName = DeleteTrail }",
    "parentheses": "{ ((($.eventName = DeleteTrail))) && (($.size = 1) || ($.size = 42)) }",
    "escaped quotes": r'{ $.quoted = "a \"b\" \\ c" }',
    "the empty pattern": "",
    "blanks only": "  ",
}

NOT_MATCHING = {
    "another name": "{ $.eventName = StopLogging }",
    "another case": "{ $.eventName = deletetrail }",
    "a part without wildcard": "{ $.errorCode = AccessDenied }",
    "inequality of the same": "{ $.eventName != DeleteTrail }",
    "inequality under a wildcard": "{ $.eventName != Delete* }",
    # AWS does not say that it matches, so nothing is proven.
    "inequality of a field that is not there": "{ $.absent != x }",
    "equality with a field that is not there": "{ $.absent = * }",
    "an object is no text": "{ $.userIdentity = * }",
    "a boolean is no text": "{ $.readOnly = false }",
    "a text is no number": "{ $.eventName > 1 }",
    "a limit that is no number": "{ $.size > many }",
    "below a text": "{ $.eventName.type EXISTS }",
    "beyond a list's end": "{ $.resources[1] EXISTS }",
    "a list by name": "{ $.resources.type EXISTS }",
    "a field that is there": "{ $.eventName NOT EXISTS }",
    "false is not true": "{ $.readOnly IS TRUE }",
    "false is not null": "{ $.readOnly IS NULL }",
    "parentheses before and": "{ ($.eventName = DeleteTrail || $.size = 1) && $.size = 2 }",
}

NOT_UNDERSTOOD = {
    "terms": "DeleteTrail",
    "optional terms": "?DeleteTrail ?StopLogging",
    "a space-delimited pattern": "[ip, user, ...]",
    "a regular expression": "{ $.eventName = %Delete.*% }",
    "perhaps a regular expression": '{ $.eventName = "%Delete%" }',
    "perhaps a wildcard": "{ $.eventName = Delete?rail }",
    "no end": "{ $.eventName = A",
    "no beginning": "$.eventName = A }",
    "something after the end": "{ $.eventName = A } B",
    "no value": "{ $.eventName = }",
    "no operator": "{ $.eventName }",
    "no field": "{ DeleteTrail = $.eventName }",
    "two equals signs": "{ $.eventName == A }",
    "a single bar": "{ $.eventName = A | $.eventName = B }",
    "an open parenthesis": "{ ($.eventName = A }",
    "an open quote": '{ $.eventName = "A }',
    "a dangling or": "{ $.eventName = A || }",
    "an unknown test": "{ $.eventName IS BIG }",
    "not something": "{ $.eventName NOT NULL }",
    "nothing in the braces": "{ }",
    "too deep": "{" + "(" * (DEPTH_LIMIT + 1) + "$.a = b" + ")" * (DEPTH_LIMIT + 1) + "}",
    "too long": "{ $.a = " + "b" * PATTERN_LIMIT_CHARS + " }",
}


def named(table: dict[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("pattern", table.values(), ids=table.keys())


@named(MATCHING)
def test_a_pattern_matches_what_it_says(pattern: str) -> None:
    assert matches(parse(pattern), EVENT)


@named(NOT_MATCHING)
def test_a_pattern_matches_nothing_else(pattern: str) -> None:
    assert not matches(parse(pattern), EVENT)


@named(NOT_UNDERSTOOD)
def test_what_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        parse(pattern)


FIELDS = ("$.a", "$.b.c", "$.d")
VALUES = ("x", "yy", "x-1")
BLANKS = st.sampled_from(["", " ", "\n "])

Tree = Any
terms = st.tuples(
    st.sampled_from(["=", "!=", "EXISTS"]), st.sampled_from(FIELDS), st.sampled_from(VALUES)
)
trees = st.recursive(
    terms,
    lambda inner: st.tuples(st.sampled_from(["&&", "||"]), st.lists(inner, min_size=2, max_size=3)),
    max_leaves=8,
)
events = st.fixed_dictionaries(
    {},
    optional={
        "a": st.sampled_from(VALUES),
        "b": st.fixed_dictionaries({}, optional={"c": st.sampled_from(VALUES)}),
        "d": st.sampled_from(VALUES),
    },
)


def written(tree: Tree, data: st.DataObject) -> str:
    blank = data.draw(BLANKS)
    if tree[0] in ("&&", "||"):
        parts = f"{blank}{tree[0]}{blank}".join(written(one, data) for one in tree[1])
        return f"({blank}{parts})"
    operator, field, value = tree
    if operator == "EXISTS":
        return f"{field} EXISTS"
    quoted = f'"{value}"' if data.draw(st.booleans()) else value
    return f"{field}{blank}{operator}{blank}{quoted}"


def holds(tree: Tree, event: dict[str, Any]) -> bool:
    if tree[0] in ("&&", "||"):
        found = [holds(one, event) for one in tree[1]]
        return all(found) if tree[0] == "&&" else any(found)
    operator, field, value = tree
    flat = {"$.a": event.get("a"), "$.b.c": event.get("b", {}).get("c"), "$.d": event.get("d")}
    if flat[field] is None:
        return False
    same = bool(flat[field] == value)
    return {"=": same, "!=": not same, "EXISTS": True}[str(operator)]


@settings(max_examples=100, deadline=None)
@given(tree=trees, event=events, data=st.data())
def test_a_pattern_means_what_its_tree_means(
    tree: Tree, event: dict[str, Any], data: st.DataObject
) -> None:
    text = "{" + written(tree, data) + "}"

    assert matches(parse(text), event) is holds(tree, event)


FRAGMENTS = [
    "{",
    "}",
    "(",
    ")",
    "&&",
    "||",
    "=",
    "!=",
    "$.a",
    "x",
    '"',
    "\\",
    "IS",
    "NOT",
    "%",
    " ",
]


@settings(max_examples=100, deadline=None)
@given(text=st.one_of(st.text(max_size=40), st.lists(st.sampled_from(FRAGMENTS)).map("".join)))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        pattern = parse(text)
    except PatternError:
        return

    assert matches(pattern, EVENT) in (True, False)
