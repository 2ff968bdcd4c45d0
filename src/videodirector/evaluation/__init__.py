"""Metrics: they see frames and plans, never the model that made them.

What the storyworld looks like comes in as arguments (pictures of its things, samples of its backgrounds), so that
another world can be measured in the same way; ``recipes/evaluate.py`` puts the two together.
"""

from videodirector.evaluation.background import BackgroundClassifier, BackgroundMatch
from videodirector.evaluation.detector import Detection, Detector, DetectorConfig
from videodirector.evaluation.report import Displacement, EntityScore, Report, SceneScore, score_scene
from videodirector.evaluation.statistics import Proportion
from videodirector.evaluation.validation import LabelledFrame, Validation, clearly_visible, validate

__all__ = [
    "BackgroundClassifier",
    "BackgroundMatch",
    "Detection",
    "Detector",
    "DetectorConfig",
    "Displacement",
    "EntityScore",
    "LabelledFrame",
    "Proportion",
    "Report",
    "SceneScore",
    "Validation",
    "clearly_visible",
    "score_scene",
    "validate",
]
