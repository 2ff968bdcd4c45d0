"""Metrics: they see frames and plans, never the model that made them.

What the storyworld looks like comes in as arguments (pictures of its things, samples of its backgrounds), so that
another world can be measured in the same way; ``recipes/evaluate.py`` puts the two together.
"""

from videodirector.evaluation.background import BackgroundClassifier, BackgroundMatch
from videodirector.evaluation.checks import Check, Skill, Track, tracks_of
from videodirector.evaluation.detector import Detection, Detector, DetectorConfig
from videodirector.evaluation.plans import PlanReport, PlanScore, Verdict, score_plan
from videodirector.evaluation.prompts import checks_of
from videodirector.evaluation.report import Displacement, EntityScore, Report, SceneScore, score_scene
from videodirector.evaluation.statistics import Proportion
from videodirector.evaluation.validation import LabelledFrame, Validation, clearly_visible, validate

__all__ = [
    "BackgroundClassifier",
    "BackgroundMatch",
    "Check",
    "Detection",
    "Detector",
    "DetectorConfig",
    "Displacement",
    "EntityScore",
    "LabelledFrame",
    "PlanReport",
    "PlanScore",
    "Proportion",
    "Report",
    "SceneScore",
    "Skill",
    "Track",
    "Validation",
    "Verdict",
    "checks_of",
    "clearly_visible",
    "score_plan",
    "score_scene",
    "tracks_of",
    "validate",
]
