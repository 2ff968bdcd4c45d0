"""The model that ships: from files of every kind to captions and plans."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from videodirector import Director
from videodirector.cli import main
from videodirector.errors import MissingDependencyError, ModelFormatError, ModelNotFoundError
from videodirector.schemas import MODALITIES, Modality
from videodirector.senses import Captioner
from videodirector.senses.embedder import Aspect
from videodirector.senses.embedders import preprocessing
from videodirector.senses.embedders.storyworld import CONFIG, WEIGHTS, StoryworldBind, get_packaged_folder
from videodirector.storyworld import atlas, sound
from videodirector.storyworld.moments import Moment, MomentSampler

CLIPS = 30
FLOORS = {"image": 26, "video": 27, "audio": 27, "depth": 23, "thermal": 23, "imu": 28}  # of 30; by chance 0, 4 for imu


@pytest.fixture(scope="module")
def captioner() -> Captioner:
    return Captioner(StoryworldBind.load())


@pytest.fixture(scope="module")
def moments() -> list[Moment]:
    """Unseen moments of the world."""
    source = MomentSampler(seed=77)
    return [source[number] for number in range(CLIPS)]


def test_it_is_small() -> None:
    assert sum(file.stat().st_size for file in get_packaged_folder().iterdir()) < 20e6


@pytest.mark.parametrize("modality", MODALITIES)
def test_it_knows_more_than_chance(captioner: Captioner, moments: list[Moment], modality: Modality) -> None:
    """The measured figures stand in the model card; this only says that every sense works."""
    vectors = captioner.embed(modality, [moment.clip(modality) for moment in moments])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-4)
    aspect: Aspect = "motion" if modality == "imu" else "thing"
    hits = 0
    for vector, moment in zip(vectors, moments, strict=True):
        chances = captioner.predict_probabilities(vector, modality, aspect)
        assert sum(chances.values()) == pytest.approx(1, abs=1e-3)
        hits += next(name for name in chances if name is not None) == getattr(moment, aspect)
    assert hits >= FLOORS[modality]


def write_voice(path: Path, thing: str) -> Path:
    samples = sound.voice(thing, seconds=2.048, rng=np.random.default_rng(3))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.RATE)
        file.writeframes((samples / np.abs(samples).max() * 20_000).astype("<i2").tobytes())
    return path


def test_a_drawing_becomes_a_plan_that_looks_like_it(tmp_path: Path) -> None:
    car = atlas.load().variants("car")[0].image
    picture = Image.new("RGBA", (200, 200), "white")
    picture.alpha_composite(car.resize((150, 100)), (25, 60))
    picture.save(tmp_path / "car.png")
    plan = Director().plan(image=tmp_path / "car.png")
    (entity,) = plan.scenes[0].entities
    assert "car" in entity.name
    assert plan.references == {entity.id: str(tmp_path / "car.png")}
    assert "car.png" in plan.notes[0]


def test_a_sound_becomes_a_video(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bark = write_voice(tmp_path / "bark.wav", "dog")
    target = tmp_path / "dog.mp4"
    arguments = ["make", "--audio", str(bark), "-o", str(target), "--backend", "storyboard", "--no-cache"]
    assert main(arguments) == 0
    assert target.exists()
    assert "note: audio" in capfd.readouterr().err
    plan = json.loads((tmp_path / "dog.plan.json").read_text())
    assert plan["scenes"][0]["entities"]


def test_captions_on_the_command_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bell = write_voice(tmp_path / "bell.wav", "bell")
    assert main(["caption", "--audio", str(bell), "--json"]) == 0
    (caption,) = json.loads(capfd.readouterr().out)["captions"]
    assert caption["modality"] == "audio"
    assert 0 <= caption["confidence"] <= 1
    assert len(caption["runners_up"]) == 3
    assert main(["caption"]) == 2
    assert main(["caption", "--audio", str(bell), "--embedder", "clip:here"]) == 2
    assert "there are: imagebind, clap, siglip2, pe-av" in capfd.readouterr().err
    assert main(["caption", "--audio", str(bell), "--embedder", f"clap:{tmp_path}"]) == 4
    assert main(["caption", "--audio", str(bell), "--embedder", f"siglip2:{tmp_path}"]) == 0  # it has no sense for it


def test_all_of_it_is_measured_by_one_command(capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", "perception", "--clips", "64", "--candidates", "20", "--pictures", "0"]
    assert main([*arguments, "--json"]) == 0
    report = json.loads(capfd.readouterr().out)
    assert {(row["from"], row["to"]) for row in report["recall"]} >= {("image", "audio"), ("audio", "text")}
    assert [row["modality"] for row in report["mapped"]] == list(MODALITIES)
    assert report["batch"] == 64
    assert {"right", "calibration", "doubted"} <= set(report["captions"][0])


@pytest.mark.parametrize("kind", ["silence", "noise"])
def test_what_is_nothing_is_a_guess(captioner: Captioner, kind: str) -> None:
    level = 1e-5 if kind == "silence" else 0.2
    samples = (level * np.random.default_rng(1).standard_normal(96_000)).astype(np.float32)
    vector = captioner.embed("audio", [samples])[0]
    chances = captioner.predict_probabilities(vector, "audio", "thing")
    assert max(chance for name, chance in chances.items() if name is not None) < 0.5


def test_features_have_one_size_whatever_comes() -> None:
    assert preprocessing.compute_spectrogram(np.zeros(100, dtype=np.float32)).shape == (1, 64, 64)
    assert preprocessing.compute_spectrogram(np.ones(99_999, dtype=np.float32)).shape == (1, 64, 64)
    assert preprocessing.prepare_map(np.random.default_rng(0).random((300, 20)).astype(np.float32)).shape == (1, 64, 64)
    assert preprocessing.prepare_map(np.full((7, 9), 3.0, dtype=np.float32)).shape == (1, 64, 64)
    assert preprocessing.prepare_trace(np.zeros((6, 30), dtype=np.float32), 50).shape == (6, 200)
    assert preprocessing.stack_frames(np.zeros((9, 5, 3), np.uint8), np.zeros((9, 5, 3), np.uint8)).shape == (6, 64, 64)


def test_texts_that_it_does_not_know_by_heart() -> None:
    with pytest.raises(MissingDependencyError):
        StoryworldBind.load().embed_text(["a capybara"])


def test_folders_that_are_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        StoryworldBind.load(tmp_path)
    (tmp_path / CONFIG).write_text("{}")
    (tmp_path / WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(ModelFormatError):
        StoryworldBind.load(tmp_path)
