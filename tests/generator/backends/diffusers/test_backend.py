"""Every family of diffusers' video pipelines, tiny and random, from the command line as its page documents it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from diffusers.quantizers.bitsandbytes import bnb_quantizer

from loopback import Videos, serving
from support import see
from tiny_newer import NEWER
from tiny_video import FAMILIES, save
from videodirector.cli import main
from videodirector.generator.backends.diffusers import model
from videodirector.schemas import VideoPlan

LEFT, RIGHT = (0.0, 0.25, 0.5, 0.75), (0.5, 0.25, 1.0, 0.75)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tiny pipelines lie; each is made when it is first needed."""
    return tmp_path_factory.mktemp("pipelines")


def saved(models: Path, family: str) -> Path:
    folder = models / family
    return folder if folder.exists() else save(family, folder, NEWER.get(family))


def story(**fields: object) -> VideoPlan:
    fox = {"id": "fox", "name": "fox", "layout": [LEFT, RIGHT]}
    scenes = [
        {"id": "walk", "description": "A fox walks.", "background": "beach", "frames": 6, "entities": [fox]},
        {"id": "rest", "description": "The fox rests.", "background": "beach", "frames": 9, "entities": [fox]},
    ]
    return VideoPlan.parse({"schema_version": 1, "seed": 3, "scenes": scenes, **fields})


PAGES = Path(__file__).parents[4] / "docs" / "backends"


def commands(kind: str) -> Iterator[tuple[str, list[str]]]:
    """What stands behind ``kind`` on the fences of the documentation, and the words of the command in them."""
    for page in sorted(PAGES.glob("*.md")):
        for told, command in re.findall(rf"```sh {kind}(\S*)\n(.+?)\n```", page.read_text(encoding="utf-8"), re.DOTALL):
            yield told, shlex.split(command)


def made_tiny(words: list[str], **values: str) -> list[str]:
    """A documented command with other values, at a size and number of steps that a test can wait for."""
    values = {"--width": "96", "--height": "64", "--steps": "2", **values}
    kept: list[str] = []
    pairs = iter(words)
    for word in pairs:
        value = next(pairs) if word.startswith("-") else None
        if word in values:
            continue
        kept += [word] if value is None else [word, value]
    return [*kept, *(word for pair in values.items() for word in pair), "--no-cache", "--json"]


@pytest.fixture
def _processor_as_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offloading and 4-bit weights on the processor: all of them runs, but for the questions whether there is a GPU."""
    monkeypatch.setattr(model, "check_gpu", lambda *_: None)
    for quantiser in (bnb_quantizer.BnB4BitDiffusersQuantizer, bnb_quantizer.BnB8BitDiffusersQuantizer):
        monkeypatch.setattr(quantiser, "validate_environment", lambda *_, **__: None)
        monkeypatch.setattr(quantiser, "update_device_map", lambda _, given: given or {"": "cpu"})
    monkeypatch.setattr("bitsandbytes.nn.modules.has_avx512bf16", lambda: False)  # wants layers of 32 or more


@pytest.mark.usefixtures("_processor_as_card")
@pytest.mark.parametrize(("family", "words"), [pytest.param(*case, id=case[0]) for case in commands("tiny=")])
def test_the_documented_command_draws_a_plan_of_two_scenes(
    family: str, words: list[str], models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words[:3] == ["videodirector", "render", "plan.json"]
    story().save(tmp_path / "plan.json")
    arguments = made_tiny(words[3:], **{"--model": str(saved(models, family)), "-o": str(tmp_path / "out.mp4")})
    arguments += ["--option", "dtype=bfloat16"]  # what "auto" is on a GPU
    assert main(["render", str(tmp_path / "plan.json"), *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(scene["frames"], scene["planned_frames"]) for scene in told["scenes"]] == [(6, 6), (9, 9)]
    assert {scene["backend"] for scene in told["scenes"]} == {"diffusers"}
    seen = see(tmp_path / "out.mp4")
    assert (len(seen.frames), seen.size) == (15, (96, 64))
    assert np.std(seen.frames[0]) > 0


@pytest.mark.parametrize("option", ["offload=model", "quantise=nf4"])
def test_what_spares_the_memory_of_a_gpu_is_refused_without_one(
    option: str, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story().save(tmp_path / "plan.json")
    values = {"--backend": "diffusers", "--model": str(saved(models, "wan")), "-o": str(tmp_path / "out.mp4")}
    arguments = made_tiny(["--option", option, "--option", "device=cpu"], **values)
    assert main(["render", str(tmp_path / "plan.json"), *arguments]) == 4
    assert "spare the memory of a GPU, and there is none here" in capsys.readouterr().err


@pytest.mark.parametrize("family", NEWER)
def test_newer_pipelines_work_by_their_signature(
    family: str, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story().save(tmp_path / "plan.json")
    values = {"--backend": "diffusers", "--model": str(saved(models, family)), "-o": str(tmp_path / "out.mp4")}
    arguments = made_tiny(["--option", "key_model=storyboard"], **values)
    assert main(["render", str(tmp_path / "plan.json"), *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(scene["frames"], scene["planned_frames"]) for scene in told["scenes"]] == [(6, 6), (9, 9)]
    boxes = {
        control["detail"] for scene in told["scenes"] for control in scene["controls"] if control["name"] == "boxes"
    }
    means = {"image": "key picture, then words", "wan-2.2": "regional attention", "skyreels": "regional attention"}
    assert boxes == {next((means[part] for part in means if part in family), "words")}
    assert see(tmp_path / "out.mp4").size == (96, 64)


def test_every_family_has_its_command() -> None:
    assert {family for family, _ in commands("tiny=")} == set(FAMILIES)
    listed = (PAGES / "README.md").read_text(encoding="utf-8")
    assert all(page.name in listed for page in PAGES.glob("*.md") if page.name != "README.md")


def test_the_documented_server_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIDEODIRECTOR_CACHE", str(tmp_path / "cache"))
    story().save(tmp_path / "plan.json")
    ((_, words),) = commands("server")
    with serving(Videos()) as url:
        values = {"--base-url": url, "-o": str(tmp_path / "out.mp4")}
        assert main(["render", str(tmp_path / "plan.json"), *made_tiny(words[3:], **values)]) == 0
    assert [scene["frames"] for scene in json.loads(capsys.readouterr().out)["scenes"]] == [6, 9]
