from __future__ import annotations

import numpy as np

from videodirector import lexicon
from videodirector.storyworld.clips import Clip, ClipSampler, camera_path

HELD_OUT = frozenset({"kangaroo", "rose"})


def clips(count: int, **options: float) -> list[Clip]:
    sampler = ClipSampler(size=48, frames=6, seed=5, entities=(1, 3), without=HELD_OUT, pool=1, **options)  # type: ignore[arg-type]
    return [sampler[number] for number in range(count)]


def test_a_clip_is_decided_by_its_number() -> None:
    one, other = clips(3), ClipSampler(size=48, frames=6, seed=5, entities=(1, 3), without=HELD_OUT, pool=1)
    np.testing.assert_array_equal(one[2].frames, other[2].frames)
    assert one[2].caption == other[2].caption


def test_labels_fit_the_pixels() -> None:
    """Where an actor is foremost, its pixels lie within its box, and they are not those of the place."""
    for clip in clips(12, weather=0.0):
        owners = clip.owners()
        for number, actor in enumerate(clip.actors):
            for frame, box in enumerate(actor.track):
                rows, columns = np.nonzero(owners[frame] == number)
                if box is None:
                    assert not len(rows)
                    continue
                if len(rows):
                    assert columns.min() >= np.floor(box[0] * 48) - 1
                    assert columns.max() <= np.ceil(box[2] * 48)
                    assert rows.min() >= np.floor(box[1] * 48) - 1
                    assert rows.max() <= np.ceil(box[3] * 48)
        for frame, camera in enumerate(clip.cameras):
            empty = clip.scenery.frame(camera, frame / clip.rate)
            assert clip.frames[frame][owners[frame] < 0].astype(int).mean() > 0
            far = np.abs(clip.frames[frame].astype(int) - empty).max(axis=-1)
            assert (far[owners[frame] < 0] == 0).mean() > 0.8


def test_the_camera_moves_boxes_as_it_moves_the_ground() -> None:
    moved = [clip for clip in clips(12, camera=1.0) if clip.actors]
    assert moved
    for clip in moved:
        assert clip.move in clip.caption
        for actor in clip.actors:
            for camera, world, box in zip(clip.cameras, actor.world, actor.track, strict=True):
                if box is not None and world is not None:
                    np.testing.assert_allclose(box, camera.seen(world, actor.depth))


def test_flow_leads_from_frame_to_frame() -> None:
    clip = next(clip for clip in clips(20, camera=1.0, weather=0.0) if clip.move.startswith("pans") and clip.actors)
    flow = clip.flow()[2]
    rows, columns = np.mgrid[4:44, 4:44]
    there = np.rint(np.stack([rows, columns], -1) + flow[4:44, 4:44, ::-1]).astype(int).clip(0, 47)
    carried = clip.frames[3][there[..., 0], there[..., 1]].astype(int)
    kept = np.abs(carried - clip.frames[2][4:44, 4:44]).mean()
    still = np.abs(clip.frames[3][4:44, 4:44].astype(int) - clip.frames[2][4:44, 4:44]).mean()
    assert kept < 0.8 * still


def test_things_held_out_never_come() -> None:
    names = {actor.sprite.thing.name for clip in clips(40) for actor in clip.actors}
    assert not names & HELD_OUT
    assert len(names) > 30


def test_the_list_of_things_held_out_names_things() -> None:
    from pathlib import Path

    listed = (Path(__file__).parents[2] / "recipes/held_out_things.txt").read_text().split("\n")[:-1]
    assert len(listed) == len(set(listed)) == 40
    assert set(listed) <= set(lexicon.things())
    assert not set(listed) & set(lexicon.trained_things())


def test_cameras_start_and_stop_gently() -> None:
    path = camera_path("pans right", 9, 0.4)
    assert (path[0].x, path[-1].x) == (-0.2, 0.2)
    assert path[1].x - path[0].x < path[5].x - path[4].x
    assert camera_path("zooms in", 5, 1.5)[-1].zoom == 1.5
