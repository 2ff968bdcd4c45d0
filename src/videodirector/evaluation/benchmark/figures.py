"""From records to figures: each a proportion or a mean with its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from videodirector.evaluation.benchmark.plans import TrialSkill
from videodirector.evaluation.benchmark.records import PlanRecord, SceneRecord
from videodirector.evaluation.metrics.consistency import consistency
from videodirector.evaluation.metrics.faithfulness import frame_similarity, pixel_change, text_similarity
from videodirector.evaluation.metrics.features import Frames, PictureTextNetwork, VideoNetwork
from videodirector.evaluation.metrics.frechet import frechet_video_distance, inception_score
from videodirector.evaluation.metrics.layout_fidelity import layout_fidelity, visibility
from videodirector.evaluation.metrics.movement import Displacement, movement
from videodirector.evaluation.metrics.sightings import SceneSightings
from videodirector.evaluation.metrics.skills import counts_right, in_box, scale_right, seen, spatial_right
from videodirector.evaluation.metrics.smoothness import jumps
from videodirector.evaluation.metrics.statistics import Estimate, Proportion
from videodirector.schemas import Scene

__all__ = ["Figure", "displacement", "feature_figures", "figures", "share_right"]

Clips = Callable[[PlanRecord], Sequence[Frames]]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the report: ``key`` in JSON, ``measure`` in words."""

    key: str
    measure: str
    value: Proportion | Estimate

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"measure": self.measure, **self.value.as_dict()}


def figures(records: Sequence[PlanRecord], clips: Clips, network: PictureTextNetwork | None = None) -> list[Figure]:
    """Everything that can be said of these records; skills that none of them tests are left out.

    Args:
        records: of any skills; those without a skill count for every measure.
        clips: the drawn frames of a record.
        network: sees crops, for the likeness of one thing in several scenes.
    """
    found: list[Figure] = []

    def add(key: str, measure: str, value: Proportion | Estimate) -> None:
        if value.total:
            found.append(Figure(key=key, measure=measure, value=value))

    objects = _scenes(records, "object")
    sightings = [scene.sightings for scene in objects]
    add("object_in_box", "object: in its box (IoU >= 0.5)", _answers(sightings, in_box))
    add("object_seen", "object: found anywhere", _answers(sightings, seen))
    add("count", "count", _answers(_sightings(records, "count"), counts_right))
    add("spatial", "spatial relation", _answers(_sightings(records, "spatial"), spatial_right))
    add("scale", "scale relation", _answers(_sightings(records, "scale"), scale_right))
    moving = [thing for scene in _sightings(records, "movement") for thing in scene.things]
    add("movement", "movement direction (chance 25 %)", movement(moving))
    layout = layout_fidelity(sightings)
    add("layout_iou", "layout: mean IoU, all frames", layout.mean_iou)
    add("layout_centres", "layout: distance of centres, all frames", layout.centre_distance)
    presence = visibility(sightings)
    add("visibility", "visibility: there exactly when planned, of frames", presence.right)
    add("visibility_hidden", "visibility: away when planned to be, of frames", presence.hidden)
    add("jumps", "smoothness: movement other than planned, a frame", jumps(sightings))
    every = [scene for record in records for scene in record.scenes]
    whole = [record for record in records if record.skill in {"object", None}]  # others may be drawn with fewer frames
    known = [scene for scene in every if scene.background is not None]
    add("background", "background right", Proportion.of(s.background_seen == s.background for s in known))
    add(
        "flicker",
        "smoothness: change of the background, levels of 255 a frame",
        Estimate.mean(s.flicker for s in objects),
    )
    found += _consistency(records, clips, network)
    moved = displacement(records)
    add("following", "moved boxes: things that follow", moved.followed)
    add("seconds", "seconds to draw a scene", Estimate.mean([r.seconds / len(r.scenes)] for r in whole if r.seconds))
    return found


def feature_figures(
    clips: Sequence[tuple[Scene, Frames]],
    true: Sequence[Frames],
    *,
    videos: VideoNetwork | None,
    pictures: PictureTextNetwork | None,
) -> list[Figure]:
    """The metrics of the papers that look through a network.

    Args:
        clips: drawn scenes.
        true: as many true clips, of other scenes.
        videos: for the Fréchet video distance and the inception score.
        pictures: for CLIP-Text and CLIP-Image.
    """
    drawn = [frames for _, frames in clips]
    found = [Figure(key="pixel_mse", measure="Pixel-MSE of neighbouring frames", value=pixel_change(drawn))]
    if videos is not None and min(len(drawn), len(true)) > 1:
        fvd, score = frechet_video_distance(videos, drawn, true), inception_score(videos, drawn)
        found.append(Figure(key="fvd", measure=f"Fréchet video distance ({videos.name})", value=fvd))
        found.append(Figure(key="inception_score", measure=f"inception score ({videos.name})", value=score))
    if pictures is not None:
        words = [f"{scene.description} {scene.background}".strip() for scene, _ in clips]
        text = text_similarity(pictures, drawn, words)
        found.append(Figure(key="clip_text", measure=f"CLIP-Text ({pictures.name})", value=text))
        image = frame_similarity(pictures, drawn)
        found.append(Figure(key="clip_image", measure=f"CLIP-Image ({pictures.name})", value=image))
    return found


def displacement(records: Sequence[PlanRecord]) -> Displacement:
    """Of the first thing of each plan that tests following, from its first scene to its second."""
    asked: list[tuple[float, float]] = []
    seen_: list[tuple[float, float] | None] = []
    for record in records:
        if record.skill != "following":
            continue
        before, after = (scene.sightings.things[0] for scene in record.scenes)
        assert before.planned[0]
        assert after.planned[0]
        asked.append(_way(before.planned[0].centre, after.planned[0].centre))
        there = before.found[0], after.found[0]
        seen_.append(_way(there[0].centre, there[1].centre) if there[0] and there[1] else None)
    return Displacement(asked=tuple(asked), seen=tuple(seen_))


def share_right(record: PlanRecord) -> float:
    """Which part of what a plan asks for is right, in [0, 1]: what the worst cases are found by."""
    answers = [scene.background_seen == scene.background for scene in record.scenes if scene.background]
    for scene in record.scenes:
        answers += _RULES.get(record.skill, in_box)(scene.sightings)
        if record.skill == "movement":
            moves = movement(scene.sightings.things)
            answers += [True] * moves.successes + [False] * (moves.total - moves.successes)
    for appearances in record.groups.values():
        answers += [a.variant is not None and a.variant == appearances[0].variant for a in appearances[1:]]
    return sum(answers) / len(answers) if answers else 1.0


_RULES: dict[TrialSkill | None, Callable[[SceneSightings], list[bool]]] = {
    "count": counts_right,
    "spatial": spatial_right,
    "scale": scale_right,
    "movement": lambda scene: [],  # noqa: ARG005  judged by its two frames
}


def _consistency(records: Sequence[PlanRecord], clips: Clips, network: PictureTextNetwork | None) -> list[Figure]:
    groups = []
    for record in records:
        if record.groups:
            drawn = {scene.sightings.scene: frames for scene, frames in zip(record.scenes, clips(record), strict=True)}
            groups += [[(a, drawn[a.scene][a.frame]) for a in members] for members in record.groups.values()]
    if not groups:
        return []
    found = consistency(groups, network)
    rows: list[tuple[str, str, Proportion | Estimate]] = [
        ("consistency", "consistency: same variant in adjacent scenes", found.adjacent),
        ("consistency_all", "consistency: same variant, all pairs of scenes", found.all_pairs),
        ("consistency_crops", "consistency: cosine of crops, adjacent scenes", found.crops_adjacent),
        ("consistency_crops_all", "consistency: cosine of crops, all pairs", found.crops_all),
        ("consistency_seen", "consistency: scenes in which the thing was found", found.seen),
    ]
    return [Figure(key=key, measure=measure, value=value) for key, measure, value in rows if value.total]


def _scenes(records: Sequence[PlanRecord], skill: TrialSkill) -> list[SceneRecord]:
    return [scene for record in records if record.skill in {skill, None} for scene in record.scenes]


def _sightings(records: Sequence[PlanRecord], skill: TrialSkill) -> list[SceneSightings]:
    return [scene.sightings for scene in _scenes(records, skill)]


def _answers(scenes: Sequence[SceneSightings], rule: Callable[[SceneSightings], list[bool]]) -> Proportion:
    return Proportion.of(chain.from_iterable(rule(scene) for scene in scenes))


def _way(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return b[0] - a[0], b[1] - a[1]
