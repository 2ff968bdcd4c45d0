"""What every backend shares: the seed of a scene, and the check of a rendered clip."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Generator, Sequence
from typing import cast

import numpy as np

from videodirector._generators import Returning
from videodirector.errors import RenderError
from videodirector.generator.backends.frames import Frame
from videodirector.generator.backends.protocol import Capabilities, Clip, ContinuingRenderer, SceneRenderer
from videodirector.schemas import Box, Scene, StepDone, VideoPlan

__all__ = ["derived_seed", "render_scene", "scene_seed", "track_digest"]


def scene_seed(plan: VideoPlan, scene: Scene) -> int:
    """Derive the seed of a scene: its own if it has one, else 63 bits from the plan's seed and the scene's id alone.

    So scenes may be moved, added and removed without changing one another, and the same plan gives the same frames on
    every machine and in every process.
    """
    return scene.seed if scene.seed is not None else derived_seed(plan.seed, "scene", scene.id)


def derived_seed(plan_seed: int, *names: str) -> int:
    """Derive a seed of 63 bits for a named part of a plan: BLAKE2b over a JSON list of the seed and the names."""
    digest = hashlib.blake2b(json.dumps([plan_seed, *names]).encode(), digest_size=8, person=b"videodirector").digest()
    return int.from_bytes(digest, "big") >> 1


def render_scene(
    renderer: SceneRenderer,
    scene: Scene,
    *,
    capabilities: Capabilities,
    seed: int,
    steps: int | None,
    first_frame: Frame | None = None,
) -> Generator[StepDone, None, Clip]:
    """Render a scene, yield its steps as events, and check the clip; see ``SceneRenderer.render``.

    Raises:
        RenderError: the scene is too long for the backend, or the backend returned other frames than requested.
    """
    name, limit = capabilities.name, capabilities.max_frames
    if limit is not None and scene.frames > limit:
        raise RenderError(
            f"scene {scene.id!r} has {scene.frames} frames, and the backend {name} renders {limit} at most",
            hint="give it fewer frames, or split it into two scenes",
        )
    if first_frame is None:
        drawing = renderer.render(scene, seed=seed, steps=steps)
    else:
        drawing = cast(ContinuingRenderer, renderer).render(scene, seed=seed, steps=steps, first_frame=first_frame)
    run = Returning(drawing)
    for progress in run:
        yield StepDone(scene=scene.id, step=progress.step, steps=progress.steps)
    clip = run.result
    width, height = capabilities.frame_size
    expected = (scene.frames, height, width, 3)
    if clip.frames.shape != expected or clip.frames.dtype != np.uint8:
        raise RenderError(
            f"scene {scene.id!r}: the backend {name} returned {clip.frames.dtype} of shape {clip.frames.shape}, "
            f"where uint8 of shape {expected} was requested",
            hint="this is a fault of the backend; please report it",
        )
    return clip


def track_digest(boxes: Sequence[Box | None], *, single: bool = False) -> str:
    """Digest the boxes of every frame; ``single``: their values in single precision."""
    form = "<4f" if single else "<4d"
    packed = b"".join(b"0" * struct.calcsize(form) if box is None else struct.pack(form, *box) for box in boxes)
    there = bytes(box is not None for box in boxes)
    return hashlib.sha256(there + packed).hexdigest()[:32]
