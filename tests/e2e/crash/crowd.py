"""Several workers at one queue, all of them mortal, and a queue that hands out messages twice."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from botocore.exceptions import ClientError

from tests.e2e.crash.account import Account
from tests.e2e.crash.lambda_service import LambdaService
from tests.e2e.crash.worker import AFTER, BEFORE
from tests.e2e.crash.workers import Answer, Last, Staff

#: A process handles one to three messages before it dies.
CALLS_LIVED = (3, 40)
PATIENCE_SECONDS = 60.0
#: How long a poller waits for another one before it begins alone.
MEETING_SECONDS = 0.1
PATIENCE_INVOCATIONS = 400


@dataclass
class MortalStaff(Staff):
    """Processes that die at a random call, as long as there are deaths `left` to die."""

    random: Random = field(default_factory=Random)
    left: int = 0

    def invoke(self, function: str, event: Any) -> Answer:
        """Run a function in its process, which may have been doomed at its birth."""
        if function not in self.alive and self.left:
            self.left -= 1
            side = self.random.choice((BEFORE, AFTER))
            self.doomed[function] = Last(call=self.random.randint(*CALLS_LIVED), side=side)
        return super().invoke(function, event)


@dataclass
class OneOfMany(LambdaService):
    """One of several pollers of the same queues.

    Attributes:
        meeting: Where pollers wait for each other before they begin.
        twice: How many were handed out twice.
        hidden: What was refused, and waits until its claim's lease is over.
    """

    meeting: threading.Barrier = field(default_factory=lambda: threading.Barrier(2))
    reads_stream: bool = False
    twice: int = 0
    hidden: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def work(self, until: threading.Event) -> None:
        """Serve every queue until told to stop and nothing is left to see."""
        while self._round() or not until.is_set():
            until.wait(0.01)

    def show_hidden(self) -> None:
        """Let the time pass that refused messages wait for."""
        for queue, message in self.hidden:
            # Another poller may have taken it meanwhile.
            with suppress(ClientError):
                super()._end(queue, message, back=True)

    def _round(self) -> int:
        announced = self.announce() if self.reads_stream else 0
        return announced + self.serve("changes") + self.serve("slack")

    def _received(self, queue: str) -> list[dict[str, Any]]:
        messages = super()._received(queue)
        for message in messages:
            if message["attributes"]["ApproximateReceiveCount"] == "1":
                self.twice += 1
                super()._end(queue, message, back=True)
        if messages:
            self._meet()
        return messages

    def _meet(self) -> None:
        """Begin together with whoever else got messages just now, most likely the same ones."""
        try:
            self.meeting.wait(MEETING_SECONDS)
        except threading.BrokenBarrierError:
            self.meeting.reset()

    def _end(self, queue: str, message: Mapping[str, Any], *, back: bool) -> None:
        if back:
            self.hidden.append((queue, message))
        else:
            super()._end(queue, message, back=False)

    def _wait_for_leases(self, answer: Answer) -> None:
        # Others may be posting just now: their leases must hold.
        del answer


@dataclass
class Crowd:
    """Pollers in threads, each with processes of its own."""

    pollers: list[OneOfMany]

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let all of them poll, in the end until they see nothing; then show what is hidden."""
        done = threading.Event()
        with ThreadPoolExecutor(len(self.pollers)) as pool:
            ends = [pool.submit(poller.work, done) for poller in self.pollers]
            try:
                yield
            finally:
                done.set()
            for end in ends:
                end.result(PATIENCE_SECONDS)
        for poller in self.pollers:
            poller.show_hidden()
            poller.staff.dismiss()


def a_crowd(account: Account, random: Random, *, size: int, deaths: int) -> Crowd:
    """Return pollers whose processes die so many times each."""
    meeting = threading.Barrier(2)
    return Crowd(
        [
            OneOfMany(
                account,
                MortalStaff(account.workers, random=Random(random.random()), left=deaths),
                patience=PATIENCE_INVOCATIONS,
                batch_size=1,
                meeting=meeting,
                reads_stream=number == 0,
            )
            for number in range(size)
        ]
    )
