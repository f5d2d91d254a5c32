"""A local CloudTrail: every finished change becomes a record, milliseconds after its answer.

moto has a CloudTrail API but logs nothing. This layer does, and like AWS it delivers to
EventBridge only while a trail logs: after the last trail was stopped, that StopLogging is the
last event anybody hears of. The event history goes on, as it does in AWS.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from moto.cloudtrail.models import cloudtrail_backends

from vigil.local._call import Answer, Call, Credential, Layer
from vigil.local._decoding import operation_of
from vigil.local._identity import account_of, root_identity, user_identity
from vigil.local._records import Record, api_call_record, sign_in_record
from vigil.local._services import is_data_event, is_read

_LOG = logging.getLogger(__name__)
_HISTORY_KEPT = 10_000
_FAILURES_KEPT = 100
Sink = Callable[[Record], None]


class LocalCloudTrail:
    """A layer around another that writes down what changed.

    Attributes:
        history: Every record, as the console's event history shows them.
        failures: What went wrong while writing; a call that AWS understood stands in neither.
    """

    def __init__(
        self, inner: Layer, service_of: Callable[[Call], str], *, require_trail: bool = True
    ) -> None:
        self.history: deque[Record] = deque(maxlen=_HISTORY_KEPT)
        self.failures: deque[BaseException] = deque(maxlen=_FAILURES_KEPT)
        self.require_trail = require_trail
        self._inner = inner
        self._service_of = service_of
        self._sinks: list[Sink] = []
        self._pending = 0
        self._closed = False
        self._quiet = threading.Condition()
        # One thread: records leave in the order in which the calls finished.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="local-cloudtrail")

    def subscribe(self, sink: Sink) -> None:
        """Hand every delivered record to `sink`, in the writer's thread."""
        self._sinks.append(sink)

    def __call__(self, call: Call) -> Answer:
        """Answer a call and write it down."""
        credential = call.credential
        if credential is None or not _may_change(call, credential):
            return self._inner(call)
        place = account_of(credential.access_key), credential.region
        heard = self._is_heard(*place)
        answer = self._inner(call)
        at = datetime.now(UTC)
        # StartLogging is heard too: it is logged by the trail that it started.
        heard = heard or self._is_heard(*place)
        self._submit(partial(self._write, call, credential, answer, at=at, heard=heard))
        return answer

    def sign_in(
        self,
        account: str,
        *,
        user: str | None = None,
        mfa: bool = False,
        success: bool = True,
        source_ip: str = "127.0.0.1",
    ) -> None:
        """Write down a sign-in to the console, which moto lacks; `user` None is root."""
        arn = f"arn:aws:iam::{account}:user/{user}"
        identity = user_identity(account, f"AIDA{user}", arn) if user else root_identity(account)
        record = sign_in_record(
            identity, at=datetime.now(UTC), mfa=mfa, success=success, source_ip=source_ip
        )
        heard = self._is_heard(account, str(record["awsRegion"]))
        self._submit(partial(self._deliver, record, heard=heard))

    def wait_until_written(self, timeout_seconds: float) -> bool:
        """Wait until every finished call has reached the sinks; False if it took too long."""
        with self._quiet:
            return self._quiet.wait_for(lambda: self._pending == 0, timeout_seconds)

    def close(self) -> None:
        """Write what is pending and stop; a call that ends later leaves no record."""
        with self._quiet:
            self._closed = True
        self._writer.shutdown(wait=True)

    def _submit(self, work: Callable[[], None]) -> None:
        with self._quiet:
            if self._closed:
                return
            self._pending += 1
            future = self._writer.submit(work)
        # Outside the lock: a future that is done already calls back at once.
        future.add_done_callback(self._done)

    def _done(self, future: Future[None]) -> None:
        if error := future.exception():
            self.failures.append(error)
            _LOG.error("no record was written", exc_info=error)
        with self._quiet:
            self._pending -= 1
            self._quiet.notify_all()

    def _write(
        self, call: Call, credential: Credential, answer: Answer, *, at: datetime, heard: bool
    ) -> None:
        operation = operation_of(call, self._service_of(call))
        if operation is None or is_read(operation.name):
            return
        if is_data_event(operation.service, operation.name):
            return
        record = api_call_record(call, credential, operation, answer, at=at)
        self._deliver(record, heard=heard)

    def _deliver(self, record: Record, *, heard: bool) -> None:
        self.history.append(record)
        if heard:
            for sink in self._sinks:
                sink(record)

    def _is_heard(self, account: str, region: str) -> bool:
        if not self.require_trail:
            return True
        return any(
            trail.status.is_logging and (trail.is_multi_region or home == region)
            for home, backend in list(cloudtrail_backends[account].items())
            for trail in list(backend.trails.values())
        )


def _may_change(call: Call, credential: Credential) -> bool:
    """Tell reads and object traffic apart by the wire alone: they stay as fast as without us."""
    if call.path.startswith("/moto-api"):
        return False
    if action := call.action():
        return not is_read(action)
    if call.method in {"GET", "HEAD", "OPTIONS"}:
        return False
    path = call.path.strip("/")
    is_object = "/" in path and not path.startswith("v20180820/")
    return not (credential.signing_name == "s3" and is_object)
