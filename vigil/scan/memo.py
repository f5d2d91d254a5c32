"""Answers that are the same for many resources, asked for once a minute instead of once each.

A bucket's verdict depends on the account's block, a distribution's on every log delivery there is:
for a thousand of them that would be a thousand times the same answer. Only reads that say nothing
of one resource alone stand in `SHARED`; and none is kept for longer than people would wait to see
a change.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: ``service-id:Operation`` as botocore's events have them.
SHARED = frozenset(
    {
        "cloudtrail:DescribeTrails",
        "cloudwatch-logs:DescribeDeliveries",
        "cloudwatch-logs:DescribeDeliverySources",
        # A user's keys are read for the user and, again, where keys are listed.
        "iam:ListAccessKeys",
        "s3-control:GetPublicAccessBlock",
    }
)
KEPT_SECONDS = 60.0
#: Beyond this the oldest goes: a large account has many users.
KEPT_ANSWERS = 2_000
_ERROR_FROM = 300
_NOT_FOUND = 404
_ASKED = "vigil-scan-asked"

#: What botocore has of an answer: the HTTP response, and what it read out of it.
Parsed = tuple[Any, dict[str, Any]]


@dataclass(slots=True, kw_only=True)
class Memo:
    """Remembers what AWS said to the clients it is attached to; for one account.

    Attributes:
        now: Seconds that only go up.
    """

    now: Callable[[], float]
    _kept: dict[str, tuple[float, Parsed]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def attach(self, client: Any) -> None:
        """Let a client's shared reads be answered from memory while that is fresh."""
        service = str(client.meta.service_model.service_id.hyphenize())
        for call in sorted(call for call in SHARED if call.startswith(f"{service}:")):
            event = call.replace(":", ".")
            client.meta.events.register(f"before-call.{event}", self._recall)
            client.meta.events.register(f"after-call.{event}", self._keep)

    def _recall(self, params: Any, context: Any, model: Any, **_: Any) -> Parsed | None:
        asked = f"{context['client_region']} {model.name} {_question(params)}"
        with self._lock:
            at, answer = self._kept.get(asked, (0.0, None))
        if answer is not None and self.now() - at < KEPT_SECONDS:
            http, parsed = answer
            return http, dict(parsed)
        context[_ASKED] = asked
        return None

    def _keep(self, http_response: Any, parsed: dict[str, Any], context: Any, **_: Any) -> None:
        asked = context.get(_ASKED)
        status = http_response.status_code
        # That there is none is an answer; what else went wrong may go well next time.
        if asked is None or (status >= _ERROR_FROM and status != _NOT_FOUND):
            return
        with self._lock:
            self._kept.pop(asked, None)
            self._kept[asked] = self.now(), (http_response, dict(parsed))
            if len(self._kept) > KEPT_ANSWERS:
                del self._kept[next(iter(self._kept))]


def _question(params: Any) -> str:
    account = params["headers"].get("x-amz-account-id", "")
    return repr((params["url_path"], params["query_string"], params["body"], account))
