"""Metrics: they see frames and plans, never the model that made them.

What the storyworld looks like comes in as arguments (pictures of its things, samples of its backgrounds), so that
another world can be measured in the same way; ``videodirector.evaluation.benchmark`` puts the two together.
"""

from videodirector.evaluation.instruments.background import BackgroundClassifier, BackgroundMatch
from videodirector.evaluation.instruments.detector import Detection, Detector, DetectorConfig
from videodirector.evaluation.instruments.sightings import sightings
from videodirector.evaluation.instruments.validation import LabelledFrame, Validation, validate
from videodirector.evaluation.metrics._prompt_checks import checks_of
from videodirector.evaluation.metrics.checks import Check, Skill, Track, tracks_of
from videodirector.evaluation.metrics.features import PictureTextNetwork, VideoNetwork, clip_network
from videodirector.evaluation.metrics.layout_fidelity import LayoutFidelity, layout_fidelity
from videodirector.evaluation.metrics.movement import Displacement
from videodirector.evaluation.metrics.plans import PlanReport, PlanScore, Verdict, score_plan
from videodirector.evaluation.metrics.sightings import SceneSightings, Sighting, clearly_visible
from videodirector.evaluation.metrics.statistics import Estimate, Proportion

__all__ = [
    "BackgroundClassifier",
    "BackgroundMatch",
    "Check",
    "Detection",
    "Detector",
    "DetectorConfig",
    "Displacement",
    "Estimate",
    "LabelledFrame",
    "LayoutFidelity",
    "PictureTextNetwork",
    "PlanReport",
    "PlanScore",
    "Proportion",
    "SceneSightings",
    "Sighting",
    "Skill",
    "Track",
    "Validation",
    "Verdict",
    "VideoNetwork",
    "checks_of",
    "clearly_visible",
    "clip_network",
    "layout_fidelity",
    "score_plan",
    "sightings",
    "tracks_of",
    "validate",
]
