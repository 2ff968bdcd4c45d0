"""Import large libraries without the parts that are not used."""

from __future__ import annotations

import ast
import gc
import importlib
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

from videodirector.errors import MODEL_LIBRARIES, missing_library

__all__ = ["large_imports"]

DEFERRED = {
    "accelerate",
    "accelerate.utils",
    "bitsandbytes",
    "diffusers.guiders",
    "diffusers.hooks",
    "diffusers.models.autoencoders",
    "diffusers.models.controlnets",
    "diffusers.models.transformers",
    "diffusers.models.unets",
    "scipy.integrate",
    "scipy.optimize",
    "scipy.stats",
    "transformers.quantizers",
}
"""Packages whose ``__init__`` imports all of their modules, where a model uses a few or none."""


@contextmanager
def large_imports() -> Iterator[None]:
    """Import what is imported in this block faster: without garbage collection and without running ``DEFERRED``.

    Thousands of classes are defined, all to stay, and collecting garbage takes a sixth of the time.

    Raises:
        MissingDependencyError: a library that models run on is not installed.
    """
    enabled = gc.isenabled()
    gc.disable()
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in MODEL_LIBRARIES:
            raise
        raise missing_library(library) from error
    finally:
        sys.meta_path.remove(finder)
        if enabled:
            gc.enable()


class _Finder:
    """Find the packages of ``DEFERRED``, with a loader that defers them."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in DEFERRED else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _DeferredPackage(name, spec.loader.path)
        return spec


class _DeferredPackage(SourceFileLoader):
    """Import a package's names from the modules that its ``__init__`` takes them from, when first used (PEP 562).

    A name that ``__init__`` does not import from exactly one of its modules runs the whole of it.
    ``importlib.util.LazyLoader`` would run it with the first import of one of the package's modules.
    """

    def exec_module(self, module: ModuleType) -> None:
        """Define a module ``__getattr__`` in place of the package's own code."""
        origins: dict[str, set[tuple[str, str]]] = defaultdict(set)
        tree = ast.parse(self.get_data(self.path))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
                for alias in node.names:
                    origins[alias.asname or alias.name].add((f"{module.__name__}.{node.module}", alias.name))
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):  # __version__
                setattr(module, ast.unparse(node.targets[0]), node.value.value)

        def find(name: str) -> Any:
            if len(origins.get(name, ())) == 1:
                ((place, original),) = origins[name]
                setattr(module, name, getattr(importlib.import_module(place), original))
                return module.__dict__[name]
            if name.startswith("__") and name != "__all__":
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            del module.__dict__["__getattr__"]
            SourceFileLoader.exec_module(self, module)
            return getattr(module, name)

        module.__dict__["__getattr__"] = find
