from __future__ import annotations

import pytest
import torch
from torch._dynamo.exc import TorchDynamoException

from tiny import tiny_grounding, tiny_unet
from videodirector.errors import RenderError
from videodirector.layout2vid.sampling.compilation import LAYERS, compile_layers, compiling
from videodirector.layout2vid.sampling.scene_pass import passable


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # torch's own, as its compiler is imported
def test_layers_of_both_networks_are_compiled_and_a_scene_still_has_its_own_pass() -> None:
    unet = tiny_unet()
    grounding = tiny_grounding(unet)
    compile_layers(unet, grounding)
    compiled = [module for network in (unet, grounding) for module in network.modules() if module._compiled_call_impl]
    assert {type(module).__name__ for module in compiled} == LAYERS
    assert passable(unet)
    assert torch._dynamo.config.recompile_limit >= 64  # a UNet has more shapes than torch's own limit


def test_a_compiler_that_fails_is_said_with_what_helps_and_other_errors_are_left() -> None:
    with pytest.raises(RenderError, match="cannot be compiled here: no compiler") as caught, compiling():
        raise TorchDynamoException("\nno compiler\nmore")
    assert "leave out --option compile=true" in caught.value.hint
    with pytest.raises(RuntimeError, match="another"), compiling():
        raise RuntimeError("another")
