"""Lambda on this machine: AWS's own runtime client in a process of its own, and its Runtime API.

A function process sees the unzipped package, the standard library and what Lambda itself brings
(boto3 and the runtime client), and nothing of the environment that the tests run in.
"""

import json
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.e2e.runtime_api import FunctionError, RuntimeApi

READY_SECONDS = 30.0
STOP_SECONDS = 10.0
#: What Lambda's image brings: boto3 with all it needs, and the runtime client with all it needs.
BOTO3 = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
CLIENT = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
_PATHS = """import os, sys
sys.path[:] = [os.environ["LAMBDA_TASK_ROOT"], *filter(None, sys.path), os.environ["RUNTIME_DIR"]]
"""
_BOOT = f"""{_PATHS}
from awslambdaric.__main__ import main
main(["", os.environ["_HANDLER"]])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """What a function process may import.

    Attributes:
        python: The interpreter.
        task: The unzipped package.
        runtime: What Lambda brings.
    """

    python: str
    task: Path
    runtime: Path

    @classmethod
    def of(cls, package: Path, folder: Path, site: Path, python: str = sys.executable) -> "Sandbox":
        """Unzip a package into a folder, beside links to what Lambda brings.

        Args:
            package: The zip.
            folder: Must outlive every process.
            site: The folder that the interpreter's boto3 and runtime client are installed in.
            python: An interpreter of the package's own version.
        """
        task, runtime = folder / "task", folder / "runtime"
        with zipfile.ZipFile(package) as archive:
            archive.extractall(task)
        for place in (site, site / "__pycache__"):
            target = runtime / place.relative_to(site)
            target.mkdir()
            for entry in place.iterdir():
                if entry.name.partition(".")[0] in {*BOTO3, *CLIENT}:
                    (target / entry.name).symlink_to(entry)
        return cls(python=python, task=task, runtime=runtime)

    def without(self, name: str, folder: Path) -> "Sandbox":
        """Return a sandbox whose package lacks a top-level module, in an empty folder."""
        for entry in self.task.iterdir():
            if entry.name.partition(".")[0] != name:
                (folder / entry.name).symlink_to(entry)
        return Sandbox(python=self.python, task=folder, runtime=self.runtime)

    def run(self, code: str, **variables: str) -> str:
        """Run other code where a function would run, and return what it printed."""
        return subprocess.run(  # noqa: S603 - our own code
            self.command(_PATHS + code),
            env=self.environment | variables,
            cwd=self.task,
            check=True,
            capture_output=True,
            text=True,
            timeout=READY_SECONDS,
        ).stdout

    def command(self, code: str = _BOOT) -> list[str]:
        """Return the command line of a process that sees nothing else, and writes no bytecode."""
        return [self.python, "-S", "-s", "-B", "-c", code]

    @property
    def environment(self) -> dict[str, str]:
        """Where things are; nothing is inherited from the process of the tests."""
        return {"LAMBDA_TASK_ROOT": str(self.task), "RUNTIME_DIR": str(self.runtime)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A function as it is deployed."""

    name: str
    handler: str
    runtime: str = "python{}.{}".format(*sys.version_info)
    arn: str = "arn:aws:lambda:us-east-1:123456789012:function:local"
    memory_mb: int = 512
    timeout_seconds: int = 60
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read_back(cls, described: Mapping[str, Any]) -> "Configuration":
        """Read Lambda's answer to GetFunctionConfiguration."""
        return cls(
            name=described["FunctionName"],
            handler=described["Handler"],
            runtime=described["Runtime"],
            arn=described["FunctionArn"],
            memory_mb=described["MemorySize"],
            timeout_seconds=described["Timeout"],
            variables=described["Environment"]["Variables"],
        )

    @property
    def environment(self) -> dict[str, str]:
        """What Lambda puts into the environment of every function, and the function's own."""
        return {
            **self.variables,
            "_HANDLER": self.handler,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
        }


class LambdaFunction:
    """One execution environment of a function, for as long as the `with` block lasts.

    Attributes:
        configuration: The function as it is deployed.
        log: The file that holds what the process printed.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        configuration: Configuration,
        log: Path,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare it; entering it starts it.

        Args:
            sandbox: What it may import.
            configuration: The function as it is deployed.
            log: A file to write to.
            variables: What Lambda sets for the role and the Region.
        """
        self.configuration = configuration
        self.log = log
        self._sandbox = sandbox
        self._variables = dict(variables or {})
        self._api = RuntimeApi(configuration.arn, configuration.timeout_seconds)
        self._started = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the process; it may not be ready yet."""
        self._api.start()
        self._launch()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """End the process as Lambda does: without asking."""
        self.kill()
        self._api.stop()

    def wait_until_ready(self) -> float:
        """Wait for the first request for an event; return the seconds from the start until then.

        Raises:
            FunctionError: The function could not be loaded; this is Lambda's name for it.
        """
        return self._api.ready.result(READY_SECONDS) - self._started

    def invoke(self, event: Any) -> Any:
        """Hand over an event and return the function's answer.

        Raises:
            FunctionError: The function could not be loaded, raised, ended or took too long.
        """
        self.wait_until_ready()
        answer = self._api.offer(event)
        try:
            return json.loads(answer.result(self.configuration.timeout_seconds))
        except TimeoutError as error:
            self.kill()
            raise FunctionError("Sandbox.Timedout", self.configuration.name) from error

    def peak_bytes(self) -> int:
        """Return the most memory that the process has held so far."""
        assert self._process
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def cpu_seconds(self) -> float:
        """Return the processor time that the process has used so far."""
        assert self._process
        used = Path(f"/proc/{self._process.pid}/schedstat").read_text(encoding="ascii")
        return int(used.split()[0]) / 1e9

    def kill(self) -> None:
        """End the process now, as when its host fails."""
        assert self._process
        self._process.kill()
        self._process.wait(STOP_SECONDS)

    def _launch(self) -> None:
        environment = {
            **self._sandbox.environment,
            **self.configuration.environment,
            **self._variables,
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
        }
        self._started = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own code
                self._sandbox.command(),
                env=environment,
                cwd=self._sandbox.task,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        code = process.wait()
        self._api.end(FunctionError("Runtime.ExitError", f"the process ended with {code}"))
