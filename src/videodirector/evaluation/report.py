"""How well frames follow their plan: scores of scenes, and the report over many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videodirector.errors import UsageError
from videodirector.evaluation.background import BackgroundClassifier, BackgroundMatch
from videodirector.evaluation.detector import Detection, Detector
from videodirector.evaluation.statistics import Proportion
from videodirector.evaluation.validation import MATCH
from videodirector.schemas import Box, Scene

__all__ = ["Displacement", "EntityScore", "Report", "SceneScore", "score_scene"]


@dataclass(frozen=True, kw_only=True)
class EntityScore:
    """One planned thing.

    Attributes:
        name: what was planned.
        planned: where.
        found: where the detector sees it, None where it does not.
    """

    name: str
    planned: Box
    found: Detection | None

    @property
    def iou(self) -> float:
        """Intersection over union of the planned box and the one found; 0 when nothing was."""
        return self.found.box.iou(self.planned) if self.found else 0.0

    @property
    def offset(self) -> float | None:
        """Distance of the two centres, in fractions of the picture's sides."""
        return math.dist(self.found.box.centre, self.planned.centre) if self.found else None

    @property
    def in_box(self) -> bool:
        """Whether it was found in its box: intersection over union of at least 0.5."""
        return self.iou >= MATCH


@dataclass(frozen=True, kw_only=True)
class SceneScore:
    """One frame of a planned scene.

    Attributes:
        scene: the scene's id.
        frame: number of the frame, from 0.
        entities: the things that the plan has on this frame.
        planned_background: what was planned.
        background: what the frame shows.
    """

    scene: str
    frame: int
    entities: tuple[EntityScore, ...]
    planned_background: str
    background: BackgroundMatch

    @property
    def background_right(self) -> bool:
        """Whether it is the planned one."""
        return self.background.name == self.planned_background

    @property
    def share(self) -> float:
        """Which part of what was planned is right, things and background alike, in [0, 1]."""
        right = [self.background_right, *(entity.in_box for entity in self.entities)]
        return sum(right) / len(right)


def score_scene(
    scene: Scene, number: int, pixels: NDArray[np.uint8], *, detector: Detector, classifier: BackgroundClassifier
) -> SceneScore:
    """Look for everything that a scene has on one of its frames.

    Args:
        scene: as planned; its background and the names of its entities are among those that the instruments know.
        number: of the frame, from 0.
        pixels: that frame, RGB, shape (height, width, 3).

    Raises:
        UsageError: the scene has no such frame, or a name that the instruments do not know.
    """
    if not 0 <= number < scene.frames:
        raise UsageError(f"scene {scene.id!r} has the frames 0 to {scene.frames - 1}, not {number}")
    if scene.background not in classifier.names:
        raise UsageError(
            f"scene {scene.id!r}: there are no samples of the background {scene.background!r}",
            hint=f"choose one of: {', '.join(classifier.names)}",
        )
    boxes = [(entity.name, entity.boxes(scene.frames)[number]) for entity in scene.entities]
    planned = [(name, box) for name, box in boxes if box is not None]
    return SceneScore(
        scene=scene.id,
        frame=number,
        entities=tuple(EntityScore(name=name, planned=box, found=detector.find(pixels, name)) for name, box in planned),
        planned_background=scene.background,
        background=classifier.classify(pixels, [box for _, box in planned]),
    )


@dataclass(frozen=True, kw_only=True)
class Displacement:
    """How far things moved in the pictures when their boxes were moved in the plan.

    Attributes:
        asked: displacements of boxes (x, y).
        seen: displacements of the centres found, None where the thing was not found both times.
    """

    asked: tuple[tuple[float, float], ...]
    seen: tuple[tuple[float, float] | None, ...]

    def __post_init__(self) -> None:
        if len(self.asked) != len(self.seen):
            raise ValueError(f"{len(self.asked)} displacements asked for, {len(self.seen)} seen")

    @property
    def followed(self) -> Proportion:
        """Things that moved by what was asked, to half of it."""
        return Proportion.of(
            seen is not None and math.dist(asked, seen) <= math.hypot(*asked) / 2
            for asked, seen in zip(self.asked, self.seen, strict=True)
        )

    @property
    def ratio(self) -> float:
        """Seen over asked, by least squares over those found both times; 1 is right, nan when there is none."""
        asked, seen = self._pairs()
        return float(asked @ seen / (asked @ asked)) if asked.any() else math.nan

    @property
    def correlation(self) -> float:
        """Cosine of the displacements asked and seen, x and y together; nan when nothing was found or moved."""
        asked, seen = self._pairs()
        size = float(np.linalg.norm(asked) * np.linalg.norm(seen))
        return float(asked @ seen) / size if size else math.nan

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "followed": self.followed.as_dict(),
            "ratio": _finite(self.ratio),
            "correlation": _finite(self.correlation),
            "asked": [list(asked) for asked in self.asked],
            "seen": [None if seen is None else list(seen) for seen in self.seen],
        }

    def _pairs(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        pairs = [(asked, seen) for asked, seen in zip(self.asked, self.seen, strict=True) if seen is not None]
        both = np.array(pairs, dtype=np.float64).reshape(-1, 2, 2)
        return both[:, 0].ravel(), both[:, 1].ravel()


@dataclass(frozen=True, kw_only=True)
class Report:
    """Many scenes."""

    scenes: tuple[SceneScore, ...]

    @property
    def entities(self) -> tuple[EntityScore, ...]:
        """All planned things."""
        return tuple(entity for scene in self.scenes for entity in scene.entities)

    @property
    def in_box(self) -> Proportion:
        """Planned things found in their box."""
        return Proportion.of(entity.in_box for entity in self.entities)

    @property
    def anywhere(self) -> Proportion:
        """Planned things found at all."""
        return Proportion.of(entity.found is not None for entity in self.entities)

    @property
    def backgrounds(self) -> Proportion:
        """Backgrounds that are the planned ones."""
        return Proportion.of(scene.background_right for scene in self.scenes)

    @property
    def mean_iou(self) -> float:
        """Over the things found; nan when none was."""
        return _mean([entity.iou for entity in self.entities if entity.found])

    @property
    def mean_offset(self) -> float:
        """Mean distance of centres over the things found; nan when none was."""
        return _mean([entity.offset for entity in self.entities if entity.offset is not None])

    def worst(self, count: int) -> tuple[SceneScore, ...]:
        """The scenes of which the least is right, worst first."""
        return tuple(sorted(self.scenes, key=lambda scene: scene.share)[:count])

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the figures, and every scene with every thing."""
        return {
            "entities_in_box": self.in_box.as_dict(),
            "entities_found": self.anywhere.as_dict(),
            "backgrounds_right": self.backgrounds.as_dict(),
            "mean_iou_of_found": _finite(self.mean_iou),
            "mean_offset_of_found": _finite(self.mean_offset),
            "scenes": [_scene_dict(scene) for scene in self.scenes],
        }

    def markdown(self) -> str:
        """The figures as a table."""
        rows = (
            ("planned things found in their box (IoU >= 0.5)", str(self.in_box)),
            ("planned things found anywhere", str(self.anywhere)),
            ("backgrounds right", str(self.backgrounds)),
            ("mean IoU of the things found", _shown(self.mean_iou)),
            ("mean distance of centres of the things found", _shown(self.mean_offset)),
        )
        return "\n".join(["| figure | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _scene_dict(score: SceneScore) -> dict[str, Any]:
    return {
        "scene": score.scene,
        "frame": score.frame,
        "background": {
            "planned": score.planned_background,
            "found": score.background.name,
            "distance": score.background.distance,
            "margin": score.background.margin,
        },
        "entities": [
            {
                "name": entity.name,
                "planned": list(entity.planned),
                "found": None if entity.found is None else list(entity.found.box),
                "score": None if entity.found is None else entity.found.score,
                "iou": entity.iou,
                "offset": entity.offset,
                "in_box": entity.in_box,
            }
            for entity in score.entities
        ],
    }


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan


def _shown(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "none"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
