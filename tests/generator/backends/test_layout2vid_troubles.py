"""What goes wrong with a model ends, on the command line, with what was found and with the hint that solves it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from hub_server import serving
from support import grey_plan
from tiny import tiny_stock
from videodirector.cli import main

Capture = pytest.CaptureFixture[str]

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stock text-to-video model's folder, as diffusers writes it."""
    folder = tmp_path_factory.mktemp("models") / "stock"
    tiny_stock().save_pretrained(folder)
    return folder


def without_index(folder: Path) -> None:
    (folder / "model_index.json").unlink()


def text_encoder_alone(folder: Path) -> None:
    for part in ("unet", "vae", "scheduler"):
        shutil.rmtree(folder / part)


def of_another_kind(folder: Path) -> None:
    (folder / "unet" / "config.json").write_text('{"_class_name": "UNet2DConditionModel", "sample_size": 8}')


def pickled(folder: Path) -> None:
    (folder / "unet" / WEIGHTS).rename(folder / "unet" / "diffusion_pytorch_model.bin")


def cut_off(folder: Path) -> None:
    file = folder / "vae" / WEIGHTS
    file.write_bytes(file.read_bytes()[:-1])


def without_a_key(folder: Path) -> None:
    _remove(folder / "unet" / WEIGHTS, "conv_in.weight")


def without_a_key_of_its_words(folder: Path) -> None:
    _remove(folder / "text_encoder" / "model.safetensors", "final_layer_norm.weight")


def _remove(file: Path, ending: str) -> None:
    state = load_file(file)
    del state[next(key for key in state if key.endswith(ending))]
    save_file(state, file, metadata={"format": "pt"})


def without_its_text_encoder(folder: Path) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    del index["text_encoder"], index["tokenizer"]
    (folder / "model_index.json").write_text(json.dumps(index | {"text_encoder_package": "no_such_encoder"}))


@pytest.mark.parametrize(
    ("damage", "message", "hint"),
    [
        (without_index, "is no model folder: it lacks model_index.json", "leave --model away to use storyworld-mini"),
        (
            text_encoder_alone,
            "lacks the folder scheduler/ that its model_index.json names",
            "copy or download the whole",
        ),
        (of_another_kind, "is no text-to-video model of ModelScope's kind", "ali-vilab/text-to-video-ms-1.7b"),
        (pickled, "diffusion_pytorch_model.bin is a pickle file", "ask for the weights as .safetensors"),
        (cut_off, f"vae/{WEIGHTS} is truncated", "copy or download this file again"),
        (without_a_key, "weights of its unet lack conv_in.weight", "copy or download the whole model again"),
        (without_a_key_of_its_words, "final_layer_norm.weight", "copy or download the whole model again"),
        (without_its_text_encoder, "package no_such_encoder is not installed", "pip install no-such-encoder"),
    ],
)
def test_a_model_that_cannot_be_used(
    damage: Callable[[Path], None], message: str, hint: str, *, stock: Path, tmp_path: Path, capsys: Capture
) -> None:
    folder = shutil.copytree(stock, tmp_path / "model")
    damage(folder)
    plan, video = grey_plan(1).save(tmp_path / "plan.json"), tmp_path / "out.mp4"
    assert main(["render", str(plan), "-o", str(video), "--model", str(folder), "--steps", "1"]) == 4
    said = capsys.readouterr().err
    assert message in said
    assert hint in said.partition("hint: ")[2]
    assert "Traceback" not in said
    assert not video.exists()


@pytest.mark.parametrize("trouble", ["lacks", "pickle"])
def test_an_adapter_that_cannot_be_used(
    trouble: str, stock: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / ("adapter.bin" if trouble == "pickle" else "adapter.safetensors")
    save_file({"position_net.linears.0.weight": torch.zeros(512, 88)}, file)
    plan = grey_plan(1).save(tmp_path / "plan.json")
    arguments = ["render", str(plan), "-o", str(tmp_path / "out.mp4"), "--model", str(stock), "--steps", "1"]
    assert main([*arguments, "--option", f"grounding={file}"]) == 4
    said = capsys.readouterr().err
    assert str(file) in said
    assert trouble in said
    assert "hint: " in said


def test_an_interrupted_download_is_taken_up_by_the_same_command(stock: Path, tmp_path: Path) -> None:
    plan = grey_plan(1).save(tmp_path / "plan.json")
    render = ["-m", "videodirector.cli", "render", str(plan), "-o", str(tmp_path / "out.mp4"), "--model", "owner/name"]
    fetch = ["-c", "from videodirector.layout2vid.weights.hub import fetch_model; print(fetch_model('owner/name'))"]

    def run(command: list[str], *, offline: str = "0") -> subprocess.CompletedProcess[str]:
        place = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": offline}
        return subprocess.run(
            [sys.executable, *command],
            env={**os.environ, **place},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    with serving(stock) as hub:
        hub.breaks = WEIGHTS
        broken = run(render)
        assert broken.returncode == 4, broken.stderr
        assert "fetching owner/name broke off" in broken.stderr
        assert "hint: run the same command again" in broken.stderr
        lost = run(render, offline="1")
        assert lost.returncode == 4
        assert "hint: connect to the network" in lost.stderr
        hub.breaks = None
        whole = run(fetch)
        assert whole.returncode == 0, whole.stderr
    found = Path(whole.stdout.strip())
    for file in (path for path in stock.rglob("*") if path.suffix in {".json", ".safetensors"}):
        assert (found / file.relative_to(stock)).read_bytes() == file.read_bytes()
