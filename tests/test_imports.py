"""Imports without looking for garbage."""

import gc

import pytest

from videodirector.imports import no_collection


@pytest.mark.parametrize("on", [True, False])
def test_collection_is_as_it_was_afterwards(on: bool) -> None:
    assert gc.isenabled()
    try:
        if not on:
            gc.disable()
        with pytest.raises(ImportError), no_collection():
            assert not gc.isenabled()
            raise ImportError
        assert gc.isenabled() is on
    finally:
        gc.enable()
