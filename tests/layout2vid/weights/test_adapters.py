from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel, UNet3DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint
from safetensors.torch import save_file

from tiny import tiny_grounding, tiny_unet
from videodirector.errors import ModelFormatError, ModelNotFoundError
from videodirector.layout2vid.nn.grounding import Form, Grounding
from videodirector.layout2vid.weights.adapters import load_grounding, translate_key

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


@pytest.mark.parametrize("ldm", [False, True])
@pytest.mark.parametrize("form", ["text", "text-image"])
@pytest.mark.parametrize("prefix", ["", "model.diffusion_model."])
def test_gligen_files_are_read_under_both_names(ldm: bool, form: Form, prefix: str, tmp_path: Path) -> None:
    unet = small_unet()
    grounding = adapter(unet, form)
    file = tmp_path / "gligen.safetensors"
    save_file({prefix + key: value for key, value in published(grounding, ldm=ldm).items()}, file)
    loaded = load_grounding(file, unet=unet)
    assert list(loaded.config.blocks) == list(grounding.config.blocks) == list(load_grounding(file).config.blocks)
    assert list(loaded.config.heads) == list(grounding.config.heads) == [1, 1, *[2] * 10, 1, 1, 1, 2]
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


RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}


def ldm_name(key: str) -> str:
    """What the latent-diffusion code, and GLIGEN's first, call a weight of diffusers' UNet."""
    if key.startswith("position_net."):
        return key
    whole, kind = key.rsplit(".", 1)
    if whole in ENDS:
        return f"{ENDS[whole]}.{kind}"
    side, *rest = key.split(".")
    if side == "mid_block":
        part, number, *inner = rest
        place = f"middle_block.{1 if part == 'attentions' else 2 * int(number)}"
    else:
        level, part, number, *inner = rest
        first = 3 * int(level) + (side == "down_blocks")
        where = "input_blocks" if side == "down_blocks" else "output_blocks"
        if part == "downsamplers":
            return f"{where}.{first + 2}.0.op.{kind}"
        if part == "upsamplers":
            return f"{where}.{first + 2}.{1 if level == '0' else 2}.conv.{kind}"
        place = f"{where}.{first + int(number)}.{int(part == 'attentions')}"
    if part == "resnets":
        inner[0] = RESNET[inner[0]]
    return ".".join([place, *inner])


def loaded_from_names(
    state: dict[str, torch.Tensor], folder: Path, monkeypatch: pytest.MonkeyPatch, unet: UNet3DConditionModel
) -> Grounding:
    """What ``load_grounding`` makes of a file with these tensors, which have names and shapes but no values."""

    class File:
        def __init__(self, *_: object, **__: object) -> None:
            self.keys, self.get_tensor = state.keys, state.__getitem__

        def __enter__(self) -> File:
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr("videodirector.layout2vid.weights.adapters.safe_open", File)
    (folder / "whole.safetensors").touch()
    return load_grounding(folder / "whole.safetensors", unet=unet)


@pytest.mark.parametrize("ldm", [False, True])
@pytest.mark.parametrize("form", ["text", "text-image"])
def test_every_key_of_gligen_maps_and_none_is_left_over(
    form: Form, ldm: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The full checkpoint by names and shapes: as diffusers builds the network, and as its first code called it."""
    with torch.device("meta"):
        gligen = UNet2DConditionModel(
            cross_attention_dim=768,
            attention_head_dim=8,
            attention_type="gated" if form == "text" else "gated-text-image",
        )
        ours = adapter(UNet3DConditionModel(sample_size=32, cross_attention_dim=768), form, 768)
    state = gligen.state_dict()
    if ldm:
        renamed = {ldm_name(key): value for key, value in state.items()}
        assert len(renamed) == len(state)
        # diffusers' own way back from these names: it knows the whole network but the position net
        back = convert_ldm_unet_checkpoint(
            {f"model.diffusion_model.{key}": value for key, value in renamed.items()}, dict(gligen.config)
        )
        assert set(back) == {key for key in state if not key.startswith("position_net.")}
        state = renamed
    assert {translate_key(key) for key in state} - {None} == set(ours.state_dict())
    of_the_unet = [key for key in state if translate_key(key) is None]
    assert len(of_the_unet) == 686  # Stable Diffusion 1's UNet
    with torch.device("meta"):
        unet = UNet3DConditionModel(sample_size=32, cross_attention_dim=768)
    loaded = loaded_from_names(state, tmp_path, monkeypatch, unet)
    assert [tuple(value.shape) for value in loaded.state_dict().values()] == [
        tuple(value.shape) for value in ours.state_dict().values()
    ]
    assert list(loaded.config.heads) == [8] * 16


def test_every_key_of_lvd_maps_and_none_is_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """longlian/text-to-video-lvd-ms: a text-to-video UNet with its fusers among its keys, words 1024 wide."""
    with torch.device("meta"):
        unet = UNet3DConditionModel(sample_size=32)
        ours = adapter(unet, "text", 1024)
    own = published(ours, ldm=False)
    state = dict(unet.state_dict()) | own
    assert len(own) == 16 * 17 + 8
    assert {key for key in state if translate_key(key) is None} == set(unet.state_dict())
    loaded = loaded_from_names(state, tmp_path, monkeypatch, unet)
    assert dict(loaded.config) | {"_use_default_values": None} == dict(ours.config) | {"_use_default_values": None}
    assert sum(value.numel() for value in loaded.fusers.state_dict().values()) == 211_213_152
    loaded.attach(unet)
