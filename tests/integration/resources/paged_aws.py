"""AWS that answers what a test says, page by page, and nothing else; its clients can be shared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse

from tests.integration.resources.recorded_aws import RecordedAws

Answer = dict[str, Any]


@dataclass
class PagedAws(RecordedAws):
    """Answers each call with its next page; a call without one fails the test.

    Building a client costs more than all that a test does with it, so tests of a module share
    one: `play` forgets what was before.
    """

    pages: dict[str, Iterator[Answer]] = field(default_factory=dict)

    def play(self, pages: Mapping[str, list[Answer]]) -> "PagedAws":
        """Answer these calls from now on."""
        self.calls.clear()
        self.pages = {call: iter(given) for call, given in pages.items()}
        return self

    def _build(self, service: str, region: str) -> Any:
        client = super()._build(service, region)

        def answer(model: Any, **_: Any) -> tuple[AWSResponse, Answer]:
            return _response(next(self.pages[f"{service}:{model.name}"]))

        client.meta.events.register_last("before-call", answer)
        return client


def refusal(code: str, message: str = "no") -> Answer:
    """Return the page of a call that AWS refuses."""
    return {"Error": {"Code": code, "Message": message}}


def _response(page: Answer) -> tuple[AWSResponse, Answer]:
    status = 400 if "Error" in page else 200
    metadata = {"ResponseMetadata": {"HTTPStatusCode": status}}
    return AWSResponse("https://aws.invalid", status, {}, None), {**page, **metadata}
