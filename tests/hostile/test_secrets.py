"""What a record should never have held is not passed on: not stored, told, queued or logged."""

import io
from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger

from chalicelib.errors import ConflictError, VigilError
from chalicelib.functions._batch import ERROR_LIMIT_CHARS, process_with
from chalicelib.model import Commit
from tests.builders import ABSENT, ACCOUNT, envelope, record, sqs_message
from tests.hostile.corpus import MARK, TEXTS
from tests.hostile.harmless import assert_still
from tests.hostile.mutations import Path, as_bytes, paths, replaced
from tests.hostile.reach import told
from tests.hostile.way import Memory, Way, way

#: Names under which secrets have stood in records, ours or others'.
SECRETS = (
    "secretAccessKey",
    "sessionToken",
    "password",
    "masterUserPassword",
    "userData",
    "secretString",
    "privateKey",
    "x-amz-security-token",
)
LOG_LINE_BYTES = 4_096


class Losing(Memory):
    """A store in which somebody else always wins."""

    def commit(self, commit: Commit) -> None:
        """Refuse."""
        raise ConflictError(f"{commit.ref.key} moved")


def _with_secrets(detail: Any) -> Any:
    """Put every secret beside every request parameter and answer, at every depth."""
    secrets = dict.fromkeys(SECRETS, MARK)
    nested: Any = {**secrets, "credentials": secrets, "items": [secrets]}
    objects: list[Path] = [("requestParameters",), ("responseElements",), ("additionalEventData",)]
    objects += [path for path in paths(detail) if path[0] in ("requestParameters", "userIdentity")]
    for path in sorted(objects, key=len, reverse=True):
        value = _value(detail, path)
        if value is None:
            detail = replaced({**detail, path[0]: None}, path, nested)
        elif isinstance(value, dict):
            detail = replaced(detail, path, {**nested, **value})
    return {**detail, "tlsDetails": nested, "serviceEventDetails": nested}


def _value(detail: Any, path: Path) -> Any:
    for key in path:
        detail = detail.get(key) if isinstance(detail, dict) else detail[key]
    return detail


def logged(body: bytes, done: Way) -> str:
    """Return what the function that fetches changes writes to its log about one message."""
    stream = io.StringIO()
    # A logger of a known name would go on writing to its first stream.
    logger = Logger(service=f"hostile-{uuid4()}", stream=stream, level="DEBUG")
    handle = process_with(logger, lambda: done.ports)
    try:
        handle({**sqs_message({}), "body": body.decode("utf-8", "replace")})
    except VigilError as error:
        done.error = error
    return stream.getvalue()


def test_no_secret_of_a_told_record_leaves_the_pipeline() -> None:
    reached = 0
    for detail in told():
        spoilt = _with_secrets(detail)
        assert as_bytes(spoilt).count(MARK.encode()) >= 4 * len(SECRETS)
        done = way()
        log = logged(as_bytes(envelope(spoilt)), done)

        assert MARK not in done.everything()
        assert MARK not in log
        reached += bool(done.store.entries)
    assert reached >= 12


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_log_line_is_one_short_line(text: str) -> None:
    hostile = record(
        eventSource="ec2.amazonaws.com",
        eventName="AuthorizeSecurityGroupIngress",
        requestParameters={"groupId": f"sg-{text[:200]}", "ipPermissions": {}, MARK: text},
        userAgent=text,
    )

    for done in (way(), _losing()):
        lines = logged(as_bytes(envelope(hostile)), done).rstrip("\n").split("\n")
        assert lines
        for line in lines:
            assert len(line.encode()) <= LOG_LINE_BYTES
            assert MARK not in line
            assert_still(line, allowed="")


def test_an_error_that_names_the_resource_is_logged_bounded_and_still() -> None:
    name = "sg-1\x1b[31m\u202e" + "y" * 200
    detail = record(
        eventSource="ec2.amazonaws.com",
        eventName="AuthorizeSecurityGroupIngress",
        requestParameters={"groupId": name, "ipPermissions": {}},
    )
    done = _losing()

    first, *_ = logged(as_bytes(envelope(detail)), done).splitlines()

    assert f"{ACCOUNT}#eu-west-1#AWS::EC2::SecurityGroup#sg-1\ufffd[31m\ufffdyyy" in first
    assert len(first) < ERROR_LIMIT_CHARS + 1_000
    assert_still(first, allowed="")


@pytest.mark.parametrize(
    "body",
    [b"not JSON " + MARK.encode(), as_bytes({"detail-type": MARK}), as_bytes({"detail": MARK})],
    ids=["no JSON", "another event", "no record"],
)
def test_what_is_refused_is_not_quoted(body: bytes) -> None:
    done = way()

    log = logged(body, done)

    assert MARK not in log
    assert len(done.store.rows) == 1


def test_an_error_code_that_is_no_text_is_not_quoted() -> None:
    done = way()
    detail = record(errorCode={"secretAccessKey": MARK}, eventName="PutBucketAcl")

    assert MARK not in logged(as_bytes(envelope(detail)), done) + done.everything()
    assert done.store.rows[0].disposition == "failed-call"


def test_a_record_without_identity_names_nobody() -> None:
    done = way()
    detail = record(userIdentity=ABSENT, eventName="PutBucketAcl")

    logged(as_bytes(envelope(detail)), done)

    assert done.store.entries


def _losing() -> Way:
    done = way()
    return replace(done, ports=replace(done.ports, store=cast("Any", Losing())))
