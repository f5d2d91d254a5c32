"""One sample of every resource type, with something in it for each facet to find.

A creator makes the resource in an empty account and returns its reference; describing it must
make every call that the type's facets declare. Each module of this package has a table
``CREATORS``: type → creator; this one gathers them.
"""

import importlib
import pkgutil
from collections.abc import Callable

from chalicelib.model import ResourceRef
from tests.integration.resources.recorded_aws import RecordedAws

CREATORS: dict[str, Callable[[RecordedAws], ResourceRef]] = {
    resource_type: creator
    for module in pkgutil.iter_modules(__path__, f"{__name__}.")
    for resource_type, creator in importlib.import_module(module.name).CREATORS.items()
}
