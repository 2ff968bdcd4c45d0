"""Imports without looking for garbage."""

import gc
import logging

import pytest

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


def test_remarks_of_libraries_are_kept_back_and_heard_again(caplog: pytest.LogCaptureFixture) -> None:
    remarks = logging.getLogger("bitsandbytes.backends.cpu.ops")
    with large_imports():
        remarks.warning("no kernel")
        remarks.error("no library")
    remarks.warning("no kernel, again")
    assert [record.message for record in caplog.records] == ["no library", "no kernel, again"]
