"""Metrics and instruments: they see frames and plans, never the model that made them.

Pictures of the storyworld's things and samples of its backgrounds are arguments, so that another world can be measured
in the same way; ``videodirector.evaluation.benchmark`` combines the two.
"""

from videodirector.evaluation.instruments.background import BackgroundClassifier, BackgroundMatch
from videodirector.evaluation.instruments.detector import Detection, Detector, DetectorConfig
from videodirector.evaluation.instruments.tracker import track_entities
from videodirector.evaluation.instruments.validation import LabelledFrame, Validation, validate_instruments
from videodirector.evaluation.metrics.checks import BoxTrack, Check, Skill, build_tracks, parse_checks
from videodirector.evaluation.metrics.feature_networks import ImageTextNetwork, VideoNetwork, load_clip_network
from videodirector.evaluation.metrics.layout_fidelity import LayoutFidelity, measure_layout_fidelity
from videodirector.evaluation.metrics.motion import Displacement
from videodirector.evaluation.metrics.plan_scores import CheckResult, PlanReport, PlanScore, score_plan
from videodirector.evaluation.metrics.statistics import Estimate, Proportion
from videodirector.evaluation.metrics.tracking import EntityTrack, SceneTracks, is_clearly_visible

__all__ = [
    "BackgroundClassifier",
    "BackgroundMatch",
    "BoxTrack",
    "Check",
    "CheckResult",
    "Detection",
    "Detector",
    "DetectorConfig",
    "Displacement",
    "EntityTrack",
    "Estimate",
    "ImageTextNetwork",
    "LabelledFrame",
    "LayoutFidelity",
    "PlanReport",
    "PlanScore",
    "Proportion",
    "SceneTracks",
    "Skill",
    "Validation",
    "VideoNetwork",
    "build_tracks",
    "is_clearly_visible",
    "load_clip_network",
    "measure_layout_fidelity",
    "parse_checks",
    "score_plan",
    "track_entities",
    "validate_instruments",
]
