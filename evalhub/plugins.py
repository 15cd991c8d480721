"""Finding what can be added in one file: evaluators, wire formats. No list to forget.

Own packages are walked; third parties join through the entry points `evalhub.evaluators`, `evalhub.formats` and
`evalhub.dialects`.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType

from evalhub.evaluators import Evaluator, Metric

EVALUATOR_PACKAGES = ("evalhub.transcript", "evalhub.audio")
FORMAT_PACKAGE = "evalhub.traces.formats"


def modules_of(package: str) -> Iterator[ModuleType]:
    """Every module directly inside a package, imported, in the order of names."""
    folder = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(folder.__path__), key=lambda found: found.name):
        yield importlib.import_module(f"{package}.{info.name}")


@cache
def evaluators() -> dict[str, type[Evaluator]]:
    """Every evaluator by name."""
    for package in EVALUATOR_PACKAGES:
        list(modules_of(package))
    for entry in entry_points(group="evalhub.evaluators"):
        entry.load()
    found = {kind.name: kind for kind in _leaves(Evaluator)}  # type: ignore[type-abstract]
    return dict(sorted(found.items()))


def metrics() -> dict[str, Metric]:
    """Every metric that some evaluator yields, by id."""
    return {metric.id: metric for kind in evaluators().values() for metric in kind.metrics}


@cache
def formats() -> dict[str, ModuleType]:
    """Every wire format by name: modules with NAME, recognises() and parse()."""
    found = [module for module in modules_of(FORMAT_PACKAGE) if hasattr(module, "NAME")]
    found += [entry.load() for entry in entry_points(group="evalhub.formats")]
    return {module.NAME: module for module in found}


@cache
def dialects() -> list[ModuleType]:
    """Every way of reading a traced call, the most particular first: modules with DIALECT (see traces/dialects.py)."""
    found = [module for module in modules_of(FORMAT_PACKAGE) if hasattr(module, "DIALECT")]
    found += [entry.load() for entry in entry_points(group="evalhub.dialects")]
    return sorted(found, key=lambda module: (module.ORDER, module.DIALECT))


def _leaves(kind: type[Evaluator]) -> Iterator[type[Evaluator]]:
    for child in kind.__subclasses__():
        if hasattr(child, "name"):
            yield child
        yield from _leaves(child)
