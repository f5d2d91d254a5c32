"""A call that moto has no right answer to, as the functions see it that answer it instead.

They return what the operation's output shape says, as plain data; the layer writes it in the
protocol's form. Whatever they keep lives as long as the server.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vigil.local._call import Answer

#: (account, Region or "", what) → what clients have set. Gone with its server.
Memory = dict[tuple[str, ...], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What moto answers.

    Attributes:
        answer: As it stands on the wire.
        said: The output, or what is wrong below ``Error``.
    """

    answer: Answer
    said: Mapping[str, Any]

    @property
    def error(self) -> str:
        """The error's code, empty where there is none."""
        return str(self.said.get("Error", {}).get("Code", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call.

    Attributes:
        caller: ARN of whoever calls.
        given: The input, as the operation's shape names it.
        moto: Passes the call on.
    """

    account: str
    region: str
    caller: str
    given: Mapping[str, Any]
    memory: Memory
    moto: Callable[[], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An error that the service declares."""

    code: str
    message: str
    status: int = 400


#: An answer of moto's stands as it is.
Told = Mapping[str, Any] | Refused | Answer
