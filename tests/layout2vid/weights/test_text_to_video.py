from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, PNDMScheduler, TextToVideoSDPipeline
from safetensors.torch import load_file, save_file

from support import see
from tiny import open_gates, some_entities, tiny_stock
from videodirector import VideoPlan
from videodirector.cli import main
from videodirector.errors import ModelError, ModelFormatError
from videodirector.layout2vid.appearance.appearance import Appearance
from videodirector.layout2vid.loading import load
from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.sampling.guidance import add_unconditional

PROMPT = "a dog runs."
BOXES: list[list[tuple[float, float, float, float] | None]] = [
    [(0.0, 0.2, 0.5, 0.9), (0.5, 0.2, 1.0, 0.9)],
    [None, (0.1, 0.1, 0.3, 0.3)],
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stock model's folder, as diffusers writes it."""
    place = tmp_path_factory.mktemp("models") / "stock"
    tiny_stock().save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def loaded(folder: Path) -> Layout2VidPipeline:
    pipeline = Layout2VidPipeline.from_text_to_video(folder)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.fixture
def pipeline(loaded: Layout2VidPipeline) -> Iterator[Layout2VidPipeline]:
    """The stock model with grounding as it is attached: gates closed."""
    own = loaded.grounding
    yield loaded
    loaded.detach()
    loaded.register_modules(grounding=own)
    open_gates(own, 0.0)
    loaded.attach()


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def draw(pipeline: Layout2VidPipeline, **options: Any) -> torch.Tensor:
    settings: dict[str, Any] = {
        "num_frames": 3,
        "num_inference_steps": 4,
        "output_type": "latent",
        "generator": noise(),
    }
    frames: torch.Tensor = pipeline(PROMPT, ["dog", "cat"], BOXES, **(settings | options)).frames
    return frames


@pytest.fixture(scope="module")
def stock(folder: Path) -> TextToVideoSDPipeline:
    pipeline = TextToVideoSDPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def drawn_by(stock: TextToVideoSDPipeline, **options: Any) -> torch.Tensor:
    settings: dict[str, Any] = {
        "num_frames": 3,
        "num_inference_steps": 4,
        "output_type": "latent",
        "generator": noise(),
        **options,
    }
    frames: torch.Tensor = stock(PROMPT, **settings).frames
    return frames


@pytest.mark.parametrize(
    "options", [{}, {"guidance_scale": 1.0}, {"negative_prompt": "a cat."}, {"height": 24, "width": 16}]
)
def test_until_it_is_trained_it_draws_what_the_stock_pipeline_draws(
    stock: TextToVideoSDPipeline, pipeline: Layout2VidPipeline, options: dict[str, Any]
) -> None:
    assert pipeline.grounding.attached
    assert pipeline.grounding.closed
    torch.testing.assert_close(draw(pipeline, **options), drawn_by(stock, **options), rtol=1e-4, atol=1e-4)


def test_closed_gates_change_no_bit_of_what_the_stock_pipeline_draws(folder: Path) -> None:
    """Nothing is skipped here: the fusers are run at every step of the stock pipeline itself, and add nothing."""
    stock = TextToVideoSDPipeline.from_pretrained(folder)
    stock.set_progress_bar_config(disable=True)
    usual, tree = drawn_by(stock), [(name, id(module)) for name, module in stock.unet.named_modules()]
    grounding = Grounding.for_unet(stock.unet, text_width=24, picture_shape=(0,), token_width=24, form="text").eval()
    entities = replace(some_entities(3), text=torch.randn(1, 2, 24))
    with torch.no_grad():
        tokens = grounding.tokens(add_unconditional(entities), size=(8, 8))
    calls: list[int] = []
    for fuser in grounding.fusers.values():
        fuser.register_forward_hook(lambda *_: calls.append(1))
    grounding.attach(stock.unet)
    with grounding.use(tokens, size=(8, 8)):
        assert torch.equal(drawn_by(stock), usual)
        assert len(calls) == 4 * len(grounding.fusers)
        open_gates(grounding)
        assert not torch.equal(drawn_by(stock), usual)
    assert torch.equal(drawn_by(stock), usual)  # attached, without anything to say
    grounding.detach()
    assert torch.equal(drawn_by(stock), usual)
    assert [(name, id(module)) for name, module in stock.unet.named_modules()] == tree


def test_closed_gates_change_no_bit_of_a_scene_whether_they_are_skipped_or_run(
    pipeline: Layout2VidPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    skipped = draw(pipeline, layout_strength=1.0)
    with monkeypatch.context() as patch:
        patch.setattr(Grounding, "closed", False)
        assert torch.equal(draw(pipeline, layout_strength=1.0), skipped)
    pipeline.detach()
    assert torch.equal(draw(pipeline, layout_strength=1.0), skipped)


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of diffusers' scheduler
@pytest.mark.parametrize("sampler", ["plms", "dpm-solver++"])
def test_the_samplers_are_those_of_the_stock_pipeline(
    stock: TextToVideoSDPipeline, pipeline: Layout2VidPipeline, sampler: str
) -> None:
    own = stock.scheduler
    stock.scheduler = (
        PNDMScheduler.from_config(own.config, skip_prk_steps=True)
        if sampler == "plms"
        else DPMSolverMultistepScheduler.from_config(own.config)
    )
    try:
        torch.testing.assert_close(draw(pipeline, sampler=sampler), drawn_by(stock), rtol=1e-3, atol=1e-3)
    finally:
        stock.scheduler = own


def test_every_output_type_has_the_form_of_the_stock_pipelines(
    stock: TextToVideoSDPipeline, pipeline: Layout2VidPipeline
) -> None:
    for output_type in ("np", "pt", "pil"):
        ours = draw(pipeline, output_type=output_type)
        theirs = drawn_by(stock, output_type=output_type)
        if output_type == "pil":
            assert [[picture.size for picture in clip] for clip in ours] == [
                [picture.size for picture in clip] for clip in theirs
            ]
        else:
            assert type(ours) is type(theirs)
            assert ours.shape == theirs.shape
            np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), atol=1e-3)
    assert draw(pipeline, output_type="uint8").dtype == np.uint8  # type: ignore[comparison-overlap]
    with pytest.raises(ValueError, match="one of np, pt, pil, latent, uint8"):
        draw(pipeline, output_type="gif")


def test_a_callback_sees_the_latents_and_may_change_them(pipeline: Layout2VidPipeline) -> None:
    seen = []

    def callback(told: Any, step: int, timestep: torch.Tensor, tensors: dict[str, torch.Tensor]) -> Any:
        seen.append((step, int(timestep), set(tensors)))
        return {"latents": torch.zeros_like(tensors["latents"])} if step == 3 else {}

    frames = draw(pipeline, callback_on_step_end=callback, callback_on_step_end_tensor_inputs=["latents", "x0"])
    assert seen == [(step, 751 - 250 * step, {"latents", "x0"}) for step in range(4)]
    assert not frames.any()


def test_boxes_have_a_say_until_the_grounded_steps_are_over(pipeline: Layout2VidPipeline) -> None:
    stock = draw(pipeline)
    open_gates(pipeline.grounding)
    whole, half, none = (draw(pipeline, layout_strength=alpha) for alpha in (1.0, 0.5, 0.0))
    assert torch.equal(none, stock)
    assert not torch.allclose(half, stock)
    assert not torch.allclose(half, whole)
    pipeline.detach()
    assert torch.equal(draw(pipeline, layout_strength=1.0), stock)
    pipeline.attach()
    assert torch.equal(draw(pipeline, layout_strength=1.0), whole)


def test_after_its_steps_the_fusers_are_skipped_and_not_multiplied_by_zero(pipeline: Layout2VidPipeline) -> None:
    open_gates(pipeline.grounding)
    calls = []
    for fuser in pipeline.grounding.fusers.values():
        fuser.register_forward_hook(lambda *_: calls.append(1))
    draw(pipeline, layout_strength=0.5)
    assert len(calls) == 2 * len(pipeline.grounding.fusers)


def test_saved_with_grounding_it_comes_back_the_same(pipeline: Layout2VidPipeline, tmp_path: Path) -> None:
    open_gates(pipeline.grounding)
    pipeline.save_pretrained(tmp_path / "model")
    weights = [path.suffix for path in (tmp_path / "model").rglob("*") if "model" in path.stem]
    assert ".bin" not in weights
    again = Layout2VidPipeline.from_pretrained(tmp_path / "model")
    assert torch.equal(draw(again, layout_strength=1.0), draw(pipeline, layout_strength=1.0))
    with pytest.raises(ValueError, match="safetensors only"):
        pipeline.save_pretrained(tmp_path / "pickled", safe_serialization=False)


def published(grounding: Grounding) -> dict[str, torch.Tensor]:
    """Its weights under the names that diffusers gives to GLIGEN's."""
    state = {}
    for key, value in grounding.state_dict().items():
        name = key
        if key.startswith("fusers."):
            _, block, rest = key.split(".", 2)
            name = f"{block.replace('-', '.')}.transformer_blocks.0.fuser.{rest}"
        state[name] = value.clone()
    return state


def test_a_gated_unet_brings_its_grounding(pipeline: Layout2VidPipeline, tmp_path: Path) -> None:
    """The form in which LVD's models are published: fusers and position net among the UNet's own weights."""
    open_gates(pipeline.grounding)
    gated = tmp_path / "gated"
    tiny_stock().save_pretrained(gated)
    file = gated / "unet" / "diffusion_pytorch_model.safetensors"
    save_file(load_file(file) | published(pipeline.grounding), file)
    index = json.loads((gated / "model_index.json").read_text())
    (gated / "model_index.json").write_text(json.dumps(index | {"_class_name": "GroundedTextToVideoSDPipeline"}))
    gated_pipeline = Layout2VidPipeline.from_text_to_video(gated)
    assert not gated_pipeline.grounding.closed
    torch.testing.assert_close(
        draw(gated_pipeline, layout_strength=1.0), draw(pipeline, layout_strength=1.0), rtol=1e-3, atol=1e-3
    )
    whole = draw(pipeline, layout_strength=1.0)
    pipeline.load_grounding(gated)
    torch.testing.assert_close(draw(pipeline, layout_strength=1.0), whole, rtol=1e-3, atol=1e-3)


def test_precision_is_that_asked_for_part_by_part(folder: Path) -> None:
    half = Layout2VidPipeline.from_text_to_video(folder, dtype={"unet": torch.bfloat16, "default": torch.float32})
    assert (half.unet.dtype, half.vae.dtype, half.text_encoder.dtype) == (torch.bfloat16, torch.float32, torch.float32)


def test_words_of_another_width_ask_for_their_tower(pipeline: Layout2VidPipeline) -> None:
    pipeline.detach()
    pipeline.register_modules(
        grounding=Grounding.for_unet(pipeline.unet, text_width=10, picture_shape=(0,), token_width=8, form="text")
    )
    open_gates(pipeline.grounding)
    with pytest.raises(ModelError, match="wants words 10 wide") as caught:
        pipeline.represent(Appearance(name="dog"))
    assert "load_clip" in caught.value.hint


def test_models_of_another_kind_are_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    tiny_stock().save_pretrained(other)
    config = other / "unet" / "config.json"
    config.write_text(config.read_text().replace("UNet3DConditionModel", "FluxTransformer2DModel"))
    with pytest.raises(ModelFormatError, match="FluxTransformer2DModel"):
        load(other)
    (other / "scheduler" / "scheduler_config.json").write_text('{"_class_name": "Mystery"}')
    config.write_text(config.read_text().replace("FluxTransformer2DModel", "UNet3DConditionModel"))
    with pytest.raises(ModelFormatError, match="Mystery"):
        load(other)


def test_weights_that_do_not_fit_their_configuration_are_named(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    config = json.loads((other / "unet/config.json").read_text())
    (other / "unet/config.json").write_text(json.dumps({**config, "block_out_channels": [32, 64]}))
    with pytest.raises(ModelFormatError, match=r"does not fit its weights: conv_in\.\w+ is \[16") as caught:
        Layout2VidPipeline.from_text_to_video(other)
    assert "belongs to another model" in caught.value.hint


def test_a_plan_is_rendered_with_a_stock_model_from_the_command_line(
    folder: Path, pipeline: Layout2VidPipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it is, and with a bare file of grounding under GLIGEN's names."""
    dog = {"id": "dog", "name": "dog", "layout": [[0.0, 0.2, 0.5, 0.9], [0.5, 0.2, 1.0, 0.9]]}
    scenes = [{"id": name, "description": "A dog.", "frames": 3, "entities": [dog]} for name in ("s1", "s2")]
    plan = VideoPlan.parse({"schema_version": 1, "scenes": scenes}).save(tmp_path / "plan.json")
    open_gates(pipeline.grounding)
    adapter = tmp_path / "gligen.safetensors"
    save_file(published(pipeline.grounding), adapter)
    for options, grounded in (([], False), (["--option", f"grounding={adapter}", "--memory", "low"], True)):
        video = tmp_path / "out.mp4"
        arguments = ["render", str(plan), "-o", str(video), "--model", str(folder), "--steps", "2", "--json", *options]
        assert main(arguments) == 0
        told = json.loads(capsys.readouterr().out)["scenes"]
        assert [scene["backend"] for scene in told] == ["layout2vid"] * 2
        for scene in told:
            assert any("no trained grounding" in note for note in scene["notes"]) is not grounded
        assert len(see(video).frames) == 6
