"""Find plug-ins: every public module of a package holds one named constant. No registry."""

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def discover(package: ModuleType, constant: str, kind: type[T]) -> tuple[T, ...]:
    """Return the constant of every public module of `package`, in order of module names.

    Raises:
        TypeError: A public module lacks the constant or holds something else under its name.
    """
    names = sorted(
        module.name
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith("_")
    )
    return tuple(_constant_of(f"{package.__name__}.{name}", constant, kind) for name in names)


def _constant_of(module_name: str, constant: str, kind: type[T]) -> T:
    value = getattr(importlib.import_module(module_name), constant, None)
    if not isinstance(value, kind):
        message = f"{module_name}.{constant} must be a {kind.__name__}, not {type(value).__name__}"
        raise TypeError(message)
    return value
