from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel, UNet3DConditionModel
from safetensors.torch import save_file

from tiny import tiny_grounding, tiny_unet
from videodirector.errors import ModelFormatError, ModelNotFoundError
from videodirector.layout2vid.adapters import load_grounding, translated
from videodirector.layout2vid.grounding import Form, Grounding

LDM = {
    **{f"down_blocks.{i}.attentions.{j}": f"input_blocks.{3 * i + j + 1}.1" for i in range(3) for j in range(2)},
    **{f"up_blocks.{i}.attentions.{j}": f"output_blocks.{3 * i + j}.1" for i in range(1, 4) for j in range(3)},
    "mid_block.attentions.0": "middle_block.1",
}
"""The table of GLIGEN's names, written down a second time."""


def small_unet() -> UNet3DConditionModel:
    """ModelScopeT2V's sixteen spatial blocks, narrow."""
    torch.manual_seed(0)
    return UNet3DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16, 16, 16),
        cross_attention_dim=12,
        attention_head_dim=8,
        norm_num_groups=4,
    ).eval()


def adapter(unet: UNet3DConditionModel, form: Form = "text", width: int = 12) -> Grounding:
    torch.manual_seed(1)
    shape = (width,) if form == "text-image" else (0,)
    return Grounding.for_unet(unet, text_width=width, picture_shape=shape, token_width=width, form=form)


def published(grounding: Grounding, *, ldm: bool) -> dict[str, torch.Tensor]:
    """The state of an adapter under the names that its authors gave."""
    state = {}
    for key, value in grounding.state_dict().items():
        if key.startswith("fusers."):
            _, block, rest = key.split(".", 2)
            name = block.replace("-", ".")
            state[f"{LDM[name] if ldm else name}.transformer_blocks.0.fuser.{rest}"] = value.clone()
        else:
            state[key] = value.clone()
    return state


def same(one: Grounding, other: Grounding) -> None:
    assert dict(one.config) == dict(other.config) | {"_use_default_values": one.config.get("_use_default_values")}
    torch.testing.assert_close(dict(one.state_dict()), dict(other.state_dict()), rtol=0, atol=0)


@pytest.mark.parametrize("ldm", [False, True])
@pytest.mark.parametrize("form", ["text", "text-image"])
@pytest.mark.parametrize("prefix", ["", "model.diffusion_model."])
def test_gligen_files_are_read_under_both_names(ldm: bool, form: Form, prefix: str, tmp_path: Path) -> None:
    unet = small_unet()
    grounding = adapter(unet, form)
    file = tmp_path / "gligen.safetensors"
    save_file({prefix + key: value for key, value in published(grounding, ldm=ldm).items()}, file)
    loaded = load_grounding(file, unet=unet)
    same(load_grounding(file), loaded)
    assert list(loaded.config.blocks) == list(grounding.config.blocks)
    torch.testing.assert_close(dict(loaded.state_dict()), dict(grounding.state_dict()), rtol=0, atol=0)
    loaded.attach(unet)


def test_a_gated_unets_folder_gives_its_grounding_and_its_heads(tmp_path: Path) -> None:
    unet = small_unet()
    grounding = adapter(unet)
    unet.save_config(tmp_path / "unet")
    config = json.loads((tmp_path / "unet" / "config.json").read_text())
    (tmp_path / "unet" / "config.json").write_text(json.dumps(config | {"attention_type": "gated"}))
    save_file(
        dict(unet.state_dict()) | published(grounding, ldm=False),
        tmp_path / "unet" / "diffusion_pytorch_model.safetensors",
    )
    loaded = load_grounding(tmp_path)
    assert list(loaded.config.heads) == list(grounding.config.heads)
    torch.testing.assert_close(dict(loaded.state_dict()), dict(grounding.state_dict()), rtol=0, atol=0)


def test_our_own_folders_come_back_whole(tmp_path: Path) -> None:
    grounding = tiny_grounding(tiny_unet())
    grounding.save_pretrained(tmp_path / "grounding")
    for place in (tmp_path, tmp_path / "grounding"):
        torch.testing.assert_close(dict(load_grounding(place).state_dict()), dict(grounding.state_dict()))


def test_what_is_lacking_or_added_is_named(tmp_path: Path) -> None:
    unet, file = small_unet(), tmp_path / "adapter.safetensors"
    whole = published(adapter(unet), ldm=False)

    def said(changes: dict[str, torch.Tensor | None]) -> str:
        state = {key: value for key, value in (whole | changes).items() if value is not None}
        save_file(state, file)
        with pytest.raises(ModelFormatError) as caught:
            load_grounding(file, unet=unet)
        return caught.value.message

    assert "lacks position_net.linears.2.bias" in said({"position_net.linears.2.bias": None})
    assert "adds position_net.gat.weight" in said({"position_net.gat.weight": torch.zeros(1)})
    assert "neither to a UNet nor to its grounding: mystery.weight" in said({"mystery.weight": torch.zeros(1)})
    shape = said({"position_net.null_positive_feature": torch.zeros(3)})
    assert "position_net.null_positive_feature in the shape (3,), not (12,)" in shape
    middle = {key: None for key in whole if key.startswith("mid_block")}
    assert "lacks the fusers of mid_block.attentions.0" in said(dict(middle))
    temporal = "mid_block.temp_attentions.0.transformer_blocks.0.fuser.alpha_attn"
    assert temporal in said({temporal: torch.zeros(1)})


def test_checkpoints_without_boxes_and_pickles_are_refused(tmp_path: Path) -> None:
    (tmp_path / "stock").mkdir()
    save_file(dict(small_unet().state_dict()), tmp_path / "stock" / "diffusion_pytorch_model.safetensors")
    with pytest.raises(ModelFormatError, match="holds no grounding"):
        load_grounding(tmp_path / "stock")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")
    for place in (tmp_path / "old", tmp_path / "old" / "diffusion_pytorch_model.bin"):
        with pytest.raises(ModelFormatError, match="pickle file") as caught:
            load_grounding(place)
        assert "safetensors" in caught.value.hint
    (tmp_path / "broken.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ModelFormatError, match=r"broken\.safetensors"):
        load_grounding(tmp_path / "broken.safetensors")
    with pytest.raises(ModelNotFoundError, match="no/such/place"):
        load_grounding("no/such/place")


@pytest.mark.parametrize("form", ["text", "text-image"])
def test_every_published_key_maps_and_none_is_left_over(form: Form) -> None:
    """The full key lists: GLIGEN's UNet as diffusers builds it, and under the names of its first code."""
    with torch.device("meta"):
        gligen = UNet2DConditionModel(
            cross_attention_dim=768,
            attention_head_dim=8,
            attention_type="gated" if form == "text" else "gated-text-image",
        )
        video = UNet3DConditionModel(sample_size=32)
        ours = adapter(video, form, 768)
    keys = list(gligen.state_dict())
    mapped = {translated(key) for key in keys} - {None}
    assert mapped == set(ours.state_dict())
    shapes = {translated(key): value.shape for key, value in gligen.state_dict().items()}
    assert all(shapes[key] == value.shape for key, value in ours.state_dict().items())
    assert {translated(key) for key in published(ours, ldm=True)} == set(ours.state_dict())
    for diffusers_name, ldm_name in LDM.items():
        assert translated(f"{ldm_name}.transformer_blocks.0.fuser.norm1.weight") == (
            f"fusers.{diffusers_name.replace('.', '-')}.norm1.weight"
        )
    # LVD's gated UNet: a text-to-video UNet's own keys, and beside them the fusers and the position net.
    assert {translated(key) for key in video.state_dict()} == {None}
    assert not [key for key in keys if re.search(r"temp_", key)]
