"""Validate the instruments on frames with known content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videodirector.evaluation.instruments.background import BackgroundClassifier
from videodirector.evaluation.instruments.detector import Detector
from videodirector.evaluation.metrics.statistics import Proportion
from videodirector.evaluation.metrics.tracking import MATCH, is_clearly_visible
from videodirector.schemas import Box

__all__ = ["MATCH", "LabelledFrame", "Validation", "is_clearly_visible", "validate_instruments"]


@dataclass(frozen=True, kw_only=True)
class LabelledFrame:
    """A frame with known content.

    Attributes:
        pixels: RGB, shape (height, width, 3).
        names, boxes: the things in it.
        background: the background's name.
        absent: names of things that are not in it, to search for.
    """

    pixels: NDArray[np.uint8]
    names: tuple[str, ...]
    boxes: tuple[Box, ...]
    background: str
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Validation:
    """The result of a validation.

    Attributes:
        recall: things found in their box, of those that are clearly visible and there once.
        false_alarms: things found that are not there, of those searched for.
        backgrounds: backgrounds named rightly.
        left_out: things not searched for because they are too small, covered, or there several times.
        errors: what went wrong, one line each: "frame 3: owl missed".
    """

    recall: Proportion
    false_alarms: Proportion
    backgrounds: Proportion
    left_out: int
    errors: tuple[str, ...]

    def passed(self) -> bool:
        """Return whether the instruments are good enough: 99 % right on each, and at most 1 % false alarms."""
        return self.recall.value >= 0.99 and self.false_alarms.value <= 0.01 and self.backgrounds.value >= 0.99


def validate_instruments(
    detector: Detector, classifier: BackgroundClassifier, frames: Iterable[LabelledFrame]
) -> Validation:
    """Validate both instruments on frames with known content.

    Raises:
        UsageError: a frame names a thing without a template.
    """
    hits: list[bool] = []
    alarms: list[bool] = []
    places: list[bool] = []
    errors: list[str] = []
    left_out = 0
    for number, frame in enumerate(frames):
        for index, (name, box) in enumerate(zip(frame.names, frame.boxes, strict=True)):
            if frame.names.count(name) > 1 or not is_clearly_visible(frame.boxes, index):
                left_out += 1
                continue
            found = detector.find(frame.pixels, name)
            hits.append(found is not None and found.box.iou(box) >= MATCH)
            if not hits[-1]:
                errors.append(f"frame {number}: {name} {'misplaced' if found else 'missed'}")
        for name in frame.absent:
            alarms.append(detector.find(frame.pixels, name) is not None)
            if alarms[-1]:
                errors.append(f"frame {number}: {name} found, though it is not there")
        place = classifier.classify(frame.pixels, frame.boxes).name
        places.append(place == frame.background)
        if not places[-1]:
            errors.append(f"frame {number}: {frame.background} taken for {place}")
    return Validation(
        recall=Proportion.from_outcomes(hits),
        false_alarms=Proportion.from_outcomes(alarms),
        backgrounds=Proportion.from_outcomes(places),
        left_out=left_out,
        errors=tuple(errors),
    )
