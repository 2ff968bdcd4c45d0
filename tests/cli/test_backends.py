"""``videodirector backends``: what can draw, and what is missing."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest

from support import GreyBackend
from videodirector.cli import main
from videodirector.errors import MissingDependencyError
from videodirector.generator import backends
from videodirector.generator.backends.protocol import Backend


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, Any]]:
    assert main(["backends", "--json", *arguments]) == 0
    return {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)["backends"]}


def test_all_backends(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEODIRECTOR_API_KEY", "secret")
    entries = told(capsys)
    assert list(entries)[:4] == ["layout2vid", "storyboard", "diffusers", "server"]
    assert entries["layout2vid"]["boxes"] == "grounding tokens"
    assert entries["storyboard"]["missing"] == []
    assert "offload" in entries["diffusers"]["options"]
    assert entries["server"]["missing"] == []
    assert main(["backends"]) == 0
    table = capsys.readouterr().out
    assert "grounding tokens" in table
    assert "secret" not in table


def factory(*, model: str | None, size: tuple[int, int] | None, options: Mapping[str, Any]) -> Backend:
    return GreyBackend(size=size or (32, 24))


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two packages that register backends: one works, one cannot be imported."""
    monkeypatch.setitem(sys.modules, "grey_package", sys.modules[__name__])
    points = EntryPoints(
        [
            EntryPoint("grey", "grey_package:factory", backends.GROUP),
            EntryPoint("broken", "no_such_package:factory", backends.GROUP),
        ]
    )
    monkeypatch.setattr(backends, "entry_points", points.select)


@pytest.mark.usefixtures("registered")
def test_backends_of_other_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert backends.names()[-2:] == ("grey", "broken")
    assert backends.create("grey", size=(64, 48)).capabilities.frame_size == (64, 48)
    with pytest.raises(MissingDependencyError, match="'broken' of no_such_package:factory cannot be loaded"):
        backends.create("broken")
    entries = told(capsys)
    assert entries["grey"]["boxes"] == "words"
    assert "cannot be loaded" in entries["broken"]["missing"][0]


@pytest.mark.slow
def test_families_by_their_signatures(capsys: pytest.CaptureFixture[str]) -> None:
    entries = told(capsys, "--backend", "diffusers")
    boxes = {name: entry["boxes"] for name, entry in entries.items()}
    assert boxes["WanVACEPipeline"] == "control video"
    assert boxes["WanImageToVideoPipeline"] == "key picture"
    assert boxes["StableVideoDiffusionPipeline"] == "key picture"
    assert boxes["WanPipeline"] == "regional attention"
    assert boxes["MochiPipeline"] == "words"
    assert entries["LTXPipeline"]["capabilities"]["lengths"] == "8n+1 up to 257"
    assert len(entries) >= 15
