"""The two ways to Slack, behind `slack.Poster`; imported only by the function that posts."""

from dataclasses import dataclass, field
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from chalicelib.errors import DeliveryError
from chalicelib.notify.slack import Payload

TIMEOUT_SECONDS = 10
EVENT_TYPE = "vigil_delivery"
#: Messages searched for one that an earlier, interrupted delivery may have posted.
HISTORY_LIMIT = 100


@dataclass(frozen=True, slots=True)
class BotPoster:
    """Posts with a bot token: threads, edits, and finding what was posted before."""

    token: str = field(repr=False)
    channel: str
    base_url: str
    threads: bool = True

    def post(self, payload: Payload, *, delivery_id: str, thread: str | None) -> str | None:
        """Post a message that carries its delivery id as metadata; return its timestamp."""
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"id": delivery_id}}
        answer = self._call(
            "chat.postMessage",
            {"metadata": metadata, "thread_ts": thread, "unfurl_links": False, **payload},
        )
        return str(answer["ts"])

    def update(self, timestamp: str, payload: Payload) -> None:
        """Replace a message."""
        self._call("chat.update", {"ts": timestamp, **payload})

    def find(self, delivery_id: str) -> str | None:
        """Search the channel's newest messages for one with this delivery id."""
        arguments = {"limit": HISTORY_LIMIT, "include_all_metadata": True}
        for message in self._call("conversations.history", arguments).get("messages", []):
            metadata = message.get("metadata", {})
            if metadata.get("event_payload", {}).get("id") == delivery_id:
                return str(message["ts"])
        return None

    def _call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        client = WebClient(
            token=self.token, base_url=self.base_url, timeout=TIMEOUT_SECONDS, retry_handlers=[]
        )
        given = {k: v for k, v in arguments.items() if v is not None}
        try:
            answer = client.api_call(method, json={"channel": self.channel, **given})
        except SlackApiError as error:
            raise _refused(error) from error
        except OSError as error:
            raise DeliveryError(f"Slack was not reached: {type(error).__name__}") from error
        return dict(answer.data) if isinstance(answer.data, dict) else {}


@dataclass(frozen=True, slots=True)
class WebhookPoster:
    """Posts through an incoming webhook: plain messages only."""

    url: str = field(repr=False)
    threads: bool = False

    def post(self, payload: Payload, *, delivery_id: str, thread: str | None) -> str | None:
        """Post a message; a webhook tells neither timestamps nor threads."""
        del delivery_id, thread
        client = WebhookClient(self.url, timeout=TIMEOUT_SECONDS, retry_handlers=[])
        try:
            answer = client.send_dict(payload)
        except OSError as error:
            raise DeliveryError(f"Slack was not reached: {type(error).__name__}") from error
        if answer.status_code != 200:  # noqa: PLR2004 - OK
            wait = _seconds(answer.headers.get("Retry-After"))
            raise DeliveryError(
                f"Slack's webhook answered {answer.status_code}", retry_after_seconds=wait
            )
        return None

    def update(self, timestamp: str, payload: Payload) -> None:
        """Do nothing: a webhook cannot edit."""
        del timestamp, payload

    def find(self, delivery_id: str) -> str | None:
        """Return None: a webhook cannot read."""
        del delivery_id
        return None


def poster_for(secret: str, *, channel: str, base_url: str) -> BotPoster | WebhookPoster:
    """Return the way that the secret opens: a URL is a webhook, all else a bot token."""
    if secret.startswith(("https://", "http://")):
        return WebhookPoster(secret)
    return BotPoster(secret, channel, base_url)


def _refused(error: SlackApiError) -> DeliveryError:
    response: Any = error.response
    code = response.get("error", "") if response is not None else ""
    headers = getattr(response, "headers", None) or {}
    wait = _seconds(headers.get("Retry-After") or headers.get("retry-after"))
    return DeliveryError(f"Slack refused the message: {code}", retry_after_seconds=wait)


def _seconds(value: Any) -> float | None:
    text = str(value[0] if isinstance(value, list) and value else value)
    return float(text) if text.isdecimal() else None
