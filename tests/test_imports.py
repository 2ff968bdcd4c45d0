"""Imports of large libraries: no garbage collection, and packages that run when they are used."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from videodirector import imports
from videodirector.imports import large_imports


@pytest.mark.parametrize("on", [True, False])
def test_collection_is_as_it_was_afterwards(on: bool) -> None:
    assert gc.isenabled()
    try:
        if not on:
            gc.disable()
        with pytest.raises(ImportError), large_imports():
            assert not gc.isenabled()
            raise ImportError
        assert gc.isenabled() is on
    finally:
        gc.enable()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package whose ``__init__`` imports both of its modules, and says when it runs."""
    folder = tmp_path / "sluggish"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "__version__ = '1.2'\nfrom .light import shade\nfrom .heavy import weight\nimport sys\nran = bool(1)\n"
        "if ran:\n    from .light import both\nelse:\n    from .heavy import both\n"
    )
    (folder / "light.py").write_text("shade = 'blue'\nboth = 1\n")
    (folder / "heavy.py").write_text("weight = 3\nboth = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(imports, "DEFERRED", {"sluggish"})
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "sluggish"]:
        del sys.modules[name]


@pytest.mark.usefixtures("package")
def test_a_deferred_package_imports_only_what_is_used() -> None:
    with large_imports():
        light = importlib.import_module("sluggish.light")
    sluggish = sys.modules["sluggish"]
    assert sluggish.__version__ == "1.2"
    assert sluggish.shade == light.shade == "blue"
    assert "sluggish.heavy" not in sys.modules
    assert not hasattr(sluggish, "__wrapped__")
    assert sluggish.weight == 3
    assert "ran" not in vars(sluggish)


@pytest.mark.usefixtures("package")
def test_a_deferred_package_runs_for_names_that_its_modules_do_not_decide() -> None:
    with large_imports():
        sluggish = importlib.import_module("sluggish")
    assert sluggish.both == 1
    assert sluggish.ran
    assert "sluggish.heavy" in sys.modules
    with pytest.raises(AttributeError, match="other"):
        _ = sluggish.other


@pytest.mark.usefixtures("package")
def test_outside_of_the_block_packages_are_imported_as_ever() -> None:
    with large_imports():
        pass
    assert vars(importlib.import_module("sluggish"))["ran"]
