"""Metrics: they see frames and plans, never the model that made them.

What the storyworld looks like comes in as arguments (pictures of its things, samples of its backgrounds), so that
another world can be measured in the same way; ``videodirector.trials`` puts the two together.
"""

from videodirector.evaluation.background import BackgroundClassifier, BackgroundMatch
from videodirector.evaluation.checks import Check, Skill, Track, tracks_of
from videodirector.evaluation.detector import Detection, Detector, DetectorConfig
from videodirector.evaluation.features import PictureTextNetwork, VideoNetwork, clip_network
from videodirector.evaluation.following import Displacement
from videodirector.evaluation.layout_fidelity import LayoutFidelity, layout_fidelity
from videodirector.evaluation.plans import PlanReport, PlanScore, Verdict, score_plan
from videodirector.evaluation.prompts import checks_of
from videodirector.evaluation.sightings import SceneSightings, Sighting, sightings
from videodirector.evaluation.statistics import Estimate, Proportion
from videodirector.evaluation.validation import LabelledFrame, Validation, clearly_visible, validate

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
