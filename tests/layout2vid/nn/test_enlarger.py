from __future__ import annotations

from pathlib import Path

import torch
from torch.nn.functional import interpolate

from videodirector.layout2vid.nn.enlarger import Enlarger


def frames() -> torch.Tensor:
    return torch.rand(2, 3, 8, 12, generator=torch.Generator().manual_seed(0)) * 2 - 1


@torch.no_grad()
def test_before_training_it_interpolates_and_believes_half_of_what_is_laid() -> None:
    net = Enlarger(width=8, coarse_width=8, blocks=1).eval()
    smooth = interpolate(frames(), scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(net(frames()), smooth)
    laid = torch.zeros(2, 4, 16, 24)
    laid[:, :, 4:8, 4:8] = 1  # white
    found = net(frames(), laid)
    torch.testing.assert_close(found[:, :, 4:8, 4:8], (smooth[:, :, 4:8, 4:8] + 1) / 2)
    torch.testing.assert_close(found[:, :, 8:], smooth[:, :, 8:])


@torch.no_grad()
def test_it_is_stored_and_loaded_whole(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = Enlarger(width=8, coarse_width=8, blocks=1)
    torch.nn.init.normal_(net.write.weight)
    net.save_pretrained(tmp_path)
    assert torch.equal(Enlarger.from_pretrained(tmp_path)(frames()), net(frames()))
    assert net(frames(), torch.zeros(2, 4, 16, 24)).equal(net(frames()))
