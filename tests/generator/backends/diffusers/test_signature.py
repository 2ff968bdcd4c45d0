"""A pipeline is led by its signature: classes that nobody has seen work, or are refused with what is missing."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from support import fox_plan
from videodirector import Director
from videodirector._generators import finish
from videodirector.errors import ModelFormatError, RenderError, UsageError
from videodirector.generator.backends.diffusers import DiffusersBackend, DiffusersOptions
from videodirector.generator.backends.diffusers._signature import SceneInputs, build_arguments, read_signature
from videodirector.generator.backends.diffusers.families import find_family
from videodirector.schemas import RenderResult


class Toy:
    """Knows words, a length and a size; paints its number of steps."""

    def __call__(
        self,
        prompt: str,
        *,
        video_length: int = 4,
        height: int = 16,
        width: int = 32,
        num_inference_steps: int = 5,
        callback_on_step_end: Callable[..., Any] | None = None,
        generator: Any = None,
    ) -> Any:
        self.heard = prompt
        for step in range(num_inference_steps):
            if callback_on_step_end:
                callback_on_step_end(self, step, 0, {})
        return SimpleNamespace(frames=np.full((1, video_length, height, width, 3), num_inference_steps / 255.0))


class Needy(Toy):
    def __call__(self, prompt: str, depth_map: Any, num_frames: int = 8, *, skeleton: Any) -> Any:  # type: ignore[override]
        raise NotImplementedError


class Editing(Toy):
    def __call__(self, video: list[Any], prompt: str = "", num_frames: int = 8) -> Any:  # type: ignore[override]
        raise NotImplementedError


class Enlarging(Toy):
    def __call__(self, video: Any = None, num_frames: int = 8) -> Any:  # type: ignore[override]
        raise NotImplementedError


class Sketched(Toy):
    def __call__(self, prompt: str, num_frames: int = 8, conditioning_frames: Any = None) -> Any:  # type: ignore[override]
        raise NotImplementedError


class Still(Toy):
    def __call__(self, prompt: str, height: int = 16) -> Any:  # type: ignore[override]
        raise NotImplementedError


class Broken(Toy):
    def __call__(self, prompt: str, num_frames: int = 8) -> Any:  # type: ignore[override]
        raise ValueError("sizes must be prime\nand more")


class Silent(Toy):
    def __call__(self, num_frames: int = 8) -> Any:  # type: ignore[override]
        return ([np.zeros((20, 24, 3), np.uint8)] * num_frames,)


def render(pipeline: Any, tmp_path: Any, **options: Any) -> RenderResult:
    backend = DiffusersBackend(pipeline, options=DiffusersOptions.parse(options))
    return Director(backend=backend, cache=False).render(fox_plan(), tmp_path / "a.mp4", steps=3)


def test_a_pipeline_never_seen_works_by_its_signature(tmp_path: Any) -> None:
    toy = Toy()
    result = render(toy, tmp_path)
    assert [scene.frames for scene in result.scenes] == [16, 8]
    assert (
        toy.heard
        == "The fox meets an owl. Background: forest. The fox is on the left. The owl is at the top and appears."
    )
    assert {control.name: control.status for control in result.scenes[0].controls}["boxes"] == "approximated"


@pytest.mark.parametrize(
    ("pipeline", "words"),
    [
        (Needy(), "Needy needs depth_map, skeleton, which no plan has"),
        (Editing(), "Editing needs video, which no plan has"),
        (Enlarging(), "Enlarging needs video, which no plan has"),
        (Sketched(), "Sketched needs conditioning_frames, which no plan has"),
        (Still(), "does not render videos"),
    ],
)
def test_what_is_missing_is_said(pipeline: Any, words: str, tmp_path: Any) -> None:
    with pytest.raises(ModelFormatError, match=words):
        render(pipeline, tmp_path)


def test_a_pipeline_that_fails_is_quoted(tmp_path: Any) -> None:
    with pytest.raises(RenderError, match=r"scene 'walk': Broken failed: sizes must be prime\nhint"):
        render(Broken(), tmp_path)


def test_a_pipeline_without_words_or_sizes_is_fitted(tmp_path: Any) -> None:
    result = render(Silent(), tmp_path)
    drawn = result.scenes[0].drawn
    assert drawn is not None
    assert (drawn.frames, drawn.width, drawn.height) == (16, 24, 20)
    assert {control.name: control.status for control in result.scenes[0].controls}["description"] == "ignored"


class Lost(Toy):
    def __call__(self, num_frames: int = 8) -> Any:  # type: ignore[override]
        return SimpleNamespace(frames=np.full((1, num_frames, 16, 16, 3), np.nan, dtype=np.float32))


def test_pictures_that_are_no_numbers_are_an_error(tmp_path: Any) -> None:
    with pytest.raises(RenderError, match="Lost returned frames that are not finite numbers"):
        render(Lost(), tmp_path)


class Large(Toy):
    def __call__(self, num_frames: int, height: int, width: int) -> Any:  # type: ignore[override]
        tracemalloc.start()
        return SimpleNamespace(frames=np.random.default_rng(0).random((1, num_frames, height, width, 3), np.float32))


def test_frames_are_not_copied_but_for_the_bytes() -> None:
    plan = fox_plan()
    clip = finish(DiffusersBackend(Large(), size=(320, 320)).prepare(plan).render(plan.scene("walk"), seed=1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    floats, nbytes = clip.frames.size * 4, clip.frames.nbytes
    assert clip.drawn is None
    assert peak < floats + 1.1 * nbytes, "the pipeline's floats, and one clip of bytes"


def test_a_means_that_it_has_not_is_refused(tmp_path: Any) -> None:
    with pytest.raises(ModelFormatError, match="Toy cannot use the layout method control video"):
        render(Toy(), tmp_path, rung="control video")
    with pytest.raises(UsageError, match="option ofload: unknown field"):
        render(Toy(), tmp_path, ofload="model")


class Moving(Toy):
    def __call__(self, image: Any, prompt: str = "", num_frames: int = 8) -> Any:  # type: ignore[override]
        raise NotImplementedError


def test_what_begins_with_a_picture_cannot_do_without(tmp_path: Any) -> None:
    with pytest.raises(ModelFormatError, match="Moving cannot use the layout method words"):
        render(Moving(), tmp_path, rung="words")


class Following(Toy):
    def __call__(  # type: ignore[override]
        self, prompt: str, num_frames: int, height: int, width: int, control_video: torch.Tensor | None = None
    ) -> Any:
        self.followed = control_video
        return SimpleNamespace(frames=np.zeros((1, num_frames, height, width, 3)))


def test_a_control_video_is_a_tensor_where_tensors_are_taken(tmp_path: Any) -> None:
    toy = Following()
    result = render(toy, tmp_path, rung="control video")
    assert {control.name: control.detail for control in result.scenes[0].controls}["boxes"] == "control video"
    assert toy.followed is not None
    assert toy.followed.shape == (1, 3, 8, 512, 512)
    assert 0 <= float(toy.followed.min()) < float(toy.followed.max()) == 1


def test_arguments_are_those_that_it_takes() -> None:
    inputs = SceneInputs(prompt="a", negative_prompt="b", frames=5, size=(32, 16), rate=Fraction(24), guidance=2.0)
    assert build_arguments(read_signature(Toy), inputs) == {"prompt": "a", "video_length": 5, "height": 16, "width": 32}


@pytest.mark.parametrize(
    ("name", "title", "frames"),
    [
        ("WanPipeline", "Wan", 33),
        ("WanVACEPipeline", "Wan VACE", 33),
        ("LTX2Pipeline", "LTX-2", 33),
        ("LTXConditionPipeline", "LTX-Video", 33),
        ("MochiPipeline", "Mochi", 37),
        ("StableVideoDiffusionPipeline", "Stable Video Diffusion", 25),
        ("NeverSeenPipeline", "unknown", 32),
    ],
)
def test_families_by_the_beginning_of_their_class(name: str, title: str, frames: int) -> None:
    family = find_family(name)
    assert (family.title, family.lengths.fit(32)) == (title, frames)


def test_configs_say_more_than_the_table() -> None:
    assert find_family("AnimateDiffPipeline", {"unet": {"motion_max_seq_length": 16}}).lengths.most == 16
    assert find_family("CogVideoXPipeline", {"transformer": {"patch_size_t": 2, "sample_frames": 81}}).rate == 16
    assert find_family("CogVideoXPipeline", {"transformer": {"sample_frames": 49}}).lengths.most == 49
    small = find_family("WanPipeline", {"vae": {"scale_factor_spatial": 16}})
    assert (small.rate, small.multiple) == (Fraction(24), 32)
