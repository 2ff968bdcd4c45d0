from __future__ import annotations

from dataclasses import replace

import torch

from tiny import some_entities
from videodirector.layout2vid.nn.entities import Entities
from videodirector.layout2vid.training.references import References, altered


def posed() -> Entities:
    picture = torch.rand(1, 2, 3, 4 * 8 * 8, generator=torch.Generator().manual_seed(0))
    views = torch.rand(1, 2, 3, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    return replace(
        some_entities(),
        picture=picture,
        views=views,
        pose=torch.tensor([[[0, 1], [1, 2]]]),
        phase=torch.tensor([[[0.0, 0.3], [0.3, 0.6]]]),
    )


def drawn(rates: References) -> Entities:
    return altered(posed(), rates, torch.Generator().manual_seed(2), picture_shape=(4, 8, 8))


def test_without_rates_they_are_the_targets_own() -> None:
    assert References().true
    found, given = drawn(References()), posed()
    for name in ("boxes", "picture", "views", "pose", "phase", "picture_known"):
        assert torch.equal(getattr(found, name), getattr(given, name)), name


def test_another_pose_is_never_the_targets_and_the_phase_stays() -> None:
    found = drawn(References(other_pose=1.0))
    assert found.pose is not None
    assert found.phase is not None
    before = posed()
    assert before.pose is not None
    assert before.phase is not None
    assert not torch.eq(found.pose, before.pose).any()
    assert torch.equal(found.phase, before.phase)


def test_a_mirror_image_is_one_in_picture_and_embedding() -> None:
    found, given = drawn(References(mirrored=1.0)), posed()
    assert found.views is not None
    assert given.views is not None
    assert torch.equal(found.views, given.views.flip(-1))
    assert torch.equal(found.picture.unflatten(-1, (4, 8, 8)), given.picture.unflatten(-1, (4, 8, 8)).flip(-1))


def test_what_is_dropped_is_not_known_and_what_is_displaced_lies_beside() -> None:
    assert not drawn(References(dropped=1.0)).picture_known.any()
    moved = drawn(References(displaced=1.0)).boxes
    assert not torch.allclose(moved, posed().boxes)
    torch.testing.assert_close(moved[..., 2:] - moved[..., :2], posed().boxes[..., 2:] - posed().boxes[..., :2])
