"""Our own messages: read back as written, refused when broken, and never refused by SQS."""

import re

import pytest

from chalicelib.errors import InvalidRecordError
from chalicelib.model import LookRequest, Reason, ResourceRef, Touch, message_from, request_from

#: AWS's own list of what a message body may hold.
REFUSED_BY_SQS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@pytest.mark.parametrize("name", ["sg-1", "a\uffffb\ufffec", "\x00\x1f\u2028", "\\uffff", '"\\'])
def test_a_request_reads_back_as_written_and_sqs_takes_it(name: str) -> None:
    ref = ResourceRef(account_id="1", region="r", type="AWS::EC2::SecurityGroup", id=name)
    touch = Touch(ref=ref, writes=("/x",), proposed={"/x": {name: name}})
    request = LookRequest(ref=ref, reason=Reason.CHANGE, touch=touch)

    body = message_from(request)

    assert request_from(body) == request
    assert not REFUSED_BY_SQS.search(body)


@pytest.mark.parametrize(
    "body",
    [
        '{"vigil"',
        '{"vigil":"look"}',
        '{"vigil":"look","request":{}}',
        '{"vigil":"look","request":{"ref":"zq7mark"}}',
        '{"vigil":"other","request":{}}',
        '{"vigil":["look"],"request":{}}',
        '{"vigil":"\ud800"}',
        '{"vigil":' + "[" * 100_000,
    ],
    ids=["cut", "no request", "empty", "wrong", "unknown", "unhashable", "surrogate", "deep"],
)
def test_a_broken_message_of_ours_is_refused_unquoted(body: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        request_from(body)

    assert "zq7mark" not in str(caught.value)


@pytest.mark.parametrize("body", ["", "{}", '{"version":"0"}', '{ "vigil":"look"}'])
def test_what_bears_no_mark_is_not_ours(body: str) -> None:
    assert request_from(body) is None
