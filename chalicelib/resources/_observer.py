"""The eyes of the pipeline: describes through the resource types what the enabled rules need."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.errors import RetryableError
from chalicelib.model import (
    ConfigurationItem,
    Page,
    ResourceRef,
    ResourceType,
    SweepRequest,
)
from chalicelib.model.pointer import tokens_of
from chalicelib.ports import Aws, Clock
from chalicelib.resources import _frame
from chalicelib.resources._errors import READ_ERRORS, is_passing, name_of


@dataclass(frozen=True, slots=True)
class ResourceObserver:
    """Implements `ports.Observer`.

    Attributes:
        pointers_for: Type → what enabled rules read of it; decides which calls are made.
    """

    aws: Aws
    types: Mapping[str, ResourceType]
    pointers_for: Callable[[str], frozenset[str]]
    clock: Clock

    def resolve(self, ref: ResourceRef) -> ResourceRef | None:
        """Return the canonical reference, or None where it names nothing.

        Where AWS refuses to say, it is `ref` as it is: the look at it will tell of the refusal.

        Raises:
            RetryableError: AWS throttled or was away.
        """
        resolve = self.types[ref.type].resolve
        if resolve is None:
            return ref
        try:
            return resolve(self.aws, ref)
        except READ_ERRORS as error:
            if is_passing(error):
                raise RetryableError(f"{ref.key}: {name_of(error)}") from error
            return ref

    def describe(self, ref: ResourceRef, observes: Mapping[str, Any]) -> ConfigurationItem | None:
        """Describe a resource and derive its facts; None where it does not exist."""
        kind, pointers = self.types[ref.type], self.pointers_for(ref.type)
        item = _frame.describe(self.aws, kind, ref, pointers, self.clock)
        if item is None or not observes:
            return item
        return _frame.derive(kind, _observed(item, observes), pointers)

    def page(self, request: SweepRequest) -> Page:
        """Return a page of a type's population; whole items with facts derived."""
        kind = self.types[request.type]
        return _frame.page(self.aws, kind, request, self.pointers_for(request.type), self.clock)


def _observed(item: ConfigurationItem, observes: Mapping[str, Any]) -> ConfigurationItem:
    """Lay over an item what the event itself proves; every pointer is ``/observed/<Name>``."""
    proven = {tokens_of(pointer)[1]: value for pointer, value in observes.items()}
    return replace(item, observed={**item.observed, **proven})
