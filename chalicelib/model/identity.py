"""Anything as a cache key, by what it is rather than by what it says.

What a newcomer gets wrong: declarations hold dicts, so they cannot be hashed; but there is one of
each in a process, so which one it is says it all.
"""

from typing import Generic, TypeVar

T = TypeVar("T")


class ByIdentity(Generic[T]):
    """The object itself, which the cache keeps alive."""

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByIdentity) and other.value is self.value
