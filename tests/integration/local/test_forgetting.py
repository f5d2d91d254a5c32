"""The embedded AWS runs for days: what moto remembers of every request must go, and only that."""

import subprocess
import sys

import pytest
from moto.s3.models import FakeKey

from vigil.local._locked_moto import forget_instances

#: In a process of its own: were it wrong, the process would die of a segmentation fault.
HAMMER = """
import sys, threading, time
from moto.s3.models import FakeKey
from vigil.local._locked_moto import forget_instances

sys.setswitchinterval(1e-6)
end = time.monotonic() + 4

def make():
    while time.monotonic() < end:
        FakeKey("key", b"value", "123456789012", "us-east-1").dispose()

threads = [threading.Thread(target=make) for _ in range(3)]
for thread in threads:
    thread.start()
while time.monotonic() < end:
    forget_instances()
for thread in threads:
    thread.join()
print("alive")
"""


def test_what_moto_kept_of_its_objects_is_forgotten() -> None:
    key = FakeKey("key", b"value", "123456789012", "us-east-1")
    key.dispose()

    forget_instances()

    assert FakeKey.instances_tracked == []


@pytest.mark.slow
def test_forgetting_is_safe_while_others_make_objects() -> None:
    done = subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-W", "ignore", "-c", HAMMER],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout.strip()) == (0, "alive")
