"""The two ways to Slack, behind `slack.Poster`; imported only by the function that posts.

A refusal that Slack spelled out posted nothing. A 5xx, or a connection that broke after the request
was sent, may have: then `DeliveryError.may_stand` says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient, WebhookResponse

from chalicelib.errors import DeliveryError
from chalicelib.model.notice import short_id
from chalicelib.notify._blocks import Payload, plainly
from chalicelib.notify.slack import Lookup

TIMEOUT_SECONDS = 10
EVENT_TYPE = "vigil_delivery"
PAGE_LIMIT = 200
#: Slack's clock and ours need not agree.
CLOCK_TOLERANCE = timedelta(minutes=1)
#: The token is fine for posting but not for reading; channels:history is optional.
_UNREADABLE = frozenset(
    {"missing_scope", "not_in_channel", "channel_not_found", "not_allowed_token_type"}
)
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_DENIED = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}
)
#: Slack's own words for "some of it may have happened".
_UNSURE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_DENIED_STATUS = frozenset({401, 403, 404, 410})
#: The message itself is what Slack will not take, today and tomorrow; its limits are not all known.
_UNFIT = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_payload",
        "msg_blocks_too_long",
        "msg_too_long",
    }
)
_OK, _SERVER_ERROR = 200, 500
#: A success with somebody's page instead of an answer leaves as much open as an error does.
_MAY_STAND_STATUS = frozenset({_OK, *range(_SERVER_ERROR, 600)})
#: What urllib and http.client raise; an URLError comes before anything was sent.
_UNREACHED = (OSError, HTTPException)


class _RefusedError(DeliveryError):
    """Slack's Web API said no, and why."""

    def __init__(self, code: str, *, wait: float | None, may_stand: bool) -> None:
        super().__init__(
            f"Slack refused: {code}",
            retry_after_seconds=wait,
            may_stand=may_stand,
            is_denied=code in _DENIED,
        )
        self.code = code


@dataclass(frozen=True, slots=True)
class BotPoster:
    """Posts with a bot token: threads, edits, and finding what was posted before."""

    token: str = field(repr=False)
    channel: str
    base_url: str
    timeout_seconds: float = TIMEOUT_SECONDS

    def post(self, payload: Payload, *, ids: Sequence[str], thread: str | None) -> str | None:
        """Post a message that carries what it delivers as metadata; return its timestamp."""
        delivered = " ".join(short_id(one) for one in ids)
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"ids": delivered}}
        message = {"metadata": metadata, "unfurl_links": False, **payload}
        if thread:
            message["thread_ts"] = thread
        return str(self._write("chat.postMessage", message)["ts"])

    def update(self, timestamp: str, payload: Payload) -> bool:
        """Replace a message; return False where somebody deleted it."""
        try:
            self._write("chat.update", {"ts": timestamp, **payload})
        except _RefusedError as error:
            if error.code in _GONE:
                return False
            raise
        return True

    def find(self, delivery_id: str, *, thread: str | None, since: datetime) -> Lookup:
        """Search the channel, or a thread, for a message with this delivery id."""
        wanted = short_id(delivery_id)
        try:
            for message in self._messages(thread, since - CLOCK_TOLERANCE):
                payload = message.get("metadata", {}).get("event_payload", {})
                ids = frozenset(str(payload.get("ids", "")).split())
                if wanted in ids:
                    return Lookup(timestamp=str(message["ts"]), ids=ids)
        except _RefusedError as error:
            if error.code in _UNREADABLE:
                return Lookup(is_certain=False)
            raise
        return Lookup()

    def _messages(self, thread: str | None, since: datetime) -> Iterator[dict[str, Any]]:
        # The channel's history leaves replies out; a thread's begins with its parent.
        method = "conversations.replies" if thread else "conversations.history"
        query = {
            "oldest": f"{since.timestamp():.6f}",
            "limit": PAGE_LIMIT,
            "include_all_metadata": True,
        } | ({"ts": thread} if thread else {})
        while True:
            answer = self._call(method, params=query)
            yield from answer.get("messages", [])
            cursor = answer.get("response_metadata", {}).get("next_cursor")
            if not cursor:
                return
            query["cursor"] = cursor

    def _write(self, method: str, message: Payload) -> Payload:
        """Post or edit; what Slack will not take as it is goes without its blocks."""
        try:
            return self._call(method, json=message)
        except _RefusedError as error:
            if error.code not in _UNFIT:
                raise
        return self._call(method, json={**message, **plainly(message)})

    def _call(
        self, method: str, *, json: Payload | None = None, params: Payload | None = None
    ) -> dict[str, Any]:
        client = WebClient(
            self.token,
            base_url=self.base_url,
            timeout=self.timeout_seconds,  # type: ignore[arg-type] # parts of a second work
            retry_handlers=[],
        )
        here = {"channel": self.channel}
        try:
            if json is None:
                answer = client.api_call(method, params=here | (params or {}))
            else:
                answer = client.api_call(method, json=here | json)
        except SlackApiError as error:
            raise _refused(error) from error
        except _UNREACHED as error:
            raise _unreached(error) from error
        return dict(answer.data) if isinstance(answer.data, dict) else {}


@dataclass(frozen=True, slots=True)
class WebhookPoster:
    """Posts through an incoming webhook: plain messages only."""

    url: str = field(repr=False)
    timeout_seconds: float = TIMEOUT_SECONDS

    def post(self, payload: Payload, *, ids: Sequence[str], thread: str | None) -> str | None:
        """Post a message; a webhook tells neither timestamps nor threads."""
        del ids, thread
        answer = self._send(payload)
        if answer.body in _UNFIT:
            answer = self._send(plainly(payload))
        is_page = answer.body.lstrip().startswith("<")
        if answer.status_code != _OK or is_page:
            raise DeliveryError(
                f"Slack's webhook answered {answer.status_code}{' with a page' * is_page}",
                retry_after_seconds=_wait_of(answer.headers),
                may_stand=answer.status_code in _MAY_STAND_STATUS,
                is_denied=answer.status_code in _DENIED_STATUS,
            )
        return None

    def _send(self, payload: Payload) -> WebhookResponse:
        client = WebhookClient(
            self.url,
            timeout=self.timeout_seconds,  # type: ignore[arg-type] # parts of a second work
            retry_handlers=[],
        )
        try:
            return client.send_dict(payload)
        except _UNREACHED as error:
            raise _unreached(error) from error

    def update(self, timestamp: str, payload: Payload) -> bool:
        """Return False: a webhook cannot edit."""
        del timestamp, payload
        return False

    def find(self, delivery_id: str, *, thread: str | None, since: datetime) -> Lookup:
        """Return that nothing can be known: a webhook cannot read."""
        del delivery_id, thread, since
        return Lookup(is_certain=False)


def poster_for(secret: str, *, channel: str, base_url: str) -> BotPoster | WebhookPoster:
    """Return the way that the secret opens: a URL is a webhook, all else a bot token."""
    if secret.startswith(("https://", "http://")):
        return WebhookPoster(secret)
    return BotPoster(secret, channel, base_url)


def _refused(error: SlackApiError) -> _RefusedError:
    response: Any = error.response
    status = int(response.status_code)
    code = str(response.get("error", ""))
    # What is no code is the page of some proxy, and as long as it likes.
    named = code if code.isidentifier() else f"status {status}"
    # A success that says nothing legible may be one: its answer was cut off or replaced.
    unsure = status >= _SERVER_ERROR or code in _UNSURE or (status == _OK and named != code)
    return _RefusedError(named, wait=_wait_of(response.headers), may_stand=unsure)


def _unreached(error: OSError | HTTPException) -> DeliveryError:
    return DeliveryError(
        f"Slack was not reached: {type(error).__name__}", may_stand=not isinstance(error, URLError)
    )


def _wait_of(headers: Mapping[str, Any]) -> float | None:
    """Return how many seconds an answer asks to wait; None where it does not say so legibly."""
    given = {str(name).lower(): value for name, value in headers.items()}
    # slack_sdk may pass a header on as the list of its values.
    asked, date = (_first(given.get(name, "")) for name in ("retry-after", "date"))
    if asked.isdecimal():
        return float(asked)
    try:
        # HTTP allows a date, by the clock of whoever answers: nobody knows ours.
        wait = parsedate_to_datetime(asked) - parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0) or None


def _first(value: Any) -> str:
    return str(value[0] if isinstance(value, list) and value else value)
