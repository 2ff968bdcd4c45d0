"""The boxes of a video in COCO's form, with the tracks of COCO-VID: https://cocodataset.org/#format-data.

`images` are the frames of the video, `annotations` the boxes on them, and `tracks` tie together the boxes of one
thing: an entity of a consistency group is one track through all its scenes. While two scenes are blended, the boxes of
both are there. Boxes are in pixels of the video, `[x, y, width, height]`, as everywhere in COCO.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from videodirector.generator.video.encode import VideoFormat
from videodirector.generator.video.timeline import Shot
from videodirector.schemas import Box, Entity, Scene, VideoPlan, normalised

__all__ = ["build_coco"]


def build_coco(
    plan: VideoPlan, shots: Sequence[Shot], fmt: VideoFormat, *, name: str, picture: Callable[[int], str]
) -> str:
    """Build the document, as JSON text.

    Args:
        plan: the rendered plan.
        shots: the places of its scenes in the video.
        fmt: how frames were fitted into the video.
        name: the video's file.
        picture: the file of a frame of this number.
    """
    width, height = fmt.size
    length = shots[-1].end
    categories: dict[str, int] = {}
    tracks: dict[tuple[str, str], dict[str, Any]] = {}
    annotations: list[dict[str, Any]] = []
    for scene, shot in zip(plan.scenes, shots, strict=True):
        for entity in scene.entities:
            category = categories.setdefault(normalised(entity.name), len(categories) + 1)
            key = _track_key(plan, scene, entity)
            track = tracks.setdefault(
                key, {"id": len(tracks) + 1, "video_id": 1, "category_id": category, "name": key[1]}
            )
            boxes = entity.boxes(scene.frames)
            for number in range(shot.length + shot.hold):
                box = boxes[shot.source(number)]
                if box is not None:
                    pixels = _to_pixels(box, fmt)
                    annotations.append(
                        {
                            "id": len(annotations) + 1,
                            "image_id": shot.start + number + 1,
                            "video_id": 1,
                            "category_id": category,
                            "track_id": track["id"],
                            "bbox": pixels,
                            "area": round(pixels[2] * pixels[3], 2),
                            "iscrowd": 0,
                            "scene": scene.id,
                            "entity": entity.id,
                        }
                    )
    rate = plan.frame_rate
    video = {
        "id": 1,
        "name": name,
        "width": width,
        "height": height,
        "frames": length,
        "frame_rate": _format_rate(rate),
    }
    images = [
        {
            "id": number + 1,
            "video_id": 1,
            "frame_id": number,
            "file_name": picture(number),
            "width": width,
            "height": height,
        }
        for number in range(length)
    ]
    document = {
        "info": {"description": plan.prompt[:1000], "version": "1.0"},
        "videos": [video],
        "categories": [{"id": number, "name": category} for category, number in categories.items()],
        "tracks": list(tracks.values()),
        "images": images,
        "annotations": annotations,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _format_rate(rate: Fraction) -> str:
    return f"{rate.numerator}/{rate.denominator}"


def _track_key(plan: VideoPlan, scene: Scene, entity: Entity) -> tuple[str, str]:
    """Identify a thing: its appearances in the scenes of a group share one key."""
    group = plan.group_of(scene, entity)
    return (f"scene {scene.id}" if group is None else f"group {group}", entity.id)


def _to_pixels(box: Box, fmt: VideoFormat) -> list[float]:
    (across, down), (left, top) = fmt.scaled, fmt.offset
    x, y = left + box.x0 * across, top + box.y0 * down
    return [round(value, 2) for value in (x, y, box.width * across, box.height * down)]
