"""The vocabulary of videodirector: plans, boxes, render settings, results and events. Pydantic only."""

from typing import Any

from videodirector.schemas._base import FrozenModel
from videodirector.schemas._names import normalised
from videodirector.schemas._option import Option
from videodirector.schemas.changes import Change, changes
from videodirector.schemas.document import canonical_json, write_atomically
from videodirector.schemas.events import (
    Notice,
    PlanReady,
    RenderEvent,
    SceneDone,
    SceneStarted,
    StepDone,
    VideoDone,
)
from videodirector.schemas.forecast import Forecast, InputChange, SceneForecast
from videodirector.schemas.inputs import (
    MODALITIES,
    AudioInput,
    Caption,
    DepthInput,
    Guess,
    ImageInput,
    ImuInput,
    Input,
    InputOptions,
    Inputs,
    Modality,
    ThermalInput,
    VideoInput,
)
from videodirector.schemas.layout import KEY_BOXES, MIN_SIDE, Box, box_at, dense
from videodirector.schemas.manifest import (
    MANIFEST_VERSION,
    Environment,
    FileRecord,
    Manifest,
    SceneRecord,
    SceneTiming,
    Timings,
    VideoRecord,
)
from videodirector.schemas.plan import (
    MAX_ENTITIES,
    MAX_FRAMES,
    MAX_GROUPS,
    MAX_PROMPT,
    MAX_SCENES,
    Entity,
    Layout,
    Scene,
    Transition,
    VideoPlan,
)
from videodirector.schemas.rate import FrameRate, frame_rate
from videodirector.schemas.request import CastMember, PlanOptions, PlanRequest, load_cast
from videodirector.schemas.results import Control, Drawn, RenderResult, SceneResult
from videodirector.schemas.settings import (
    BatchOptions,
    BatchRunOptions,
    MakeOptions,
    RenderOptions,
    RenderSettings,
    RunOptions,
    StoryOptions,
)
from videodirector.schemas.versions import CURRENT_VERSION, upgrade

__all__ = [
    "CURRENT_VERSION",
    "KEY_BOXES",
    "MANIFEST_VERSION",
    "MAX_ENTITIES",
    "MAX_FRAMES",
    "MAX_GROUPS",
    "MAX_PROMPT",
    "MAX_SCENES",
    "MIN_SIDE",
    "MODALITIES",
    "AudioInput",
    "BatchOptions",
    "BatchRunOptions",
    "Box",
    "Caption",
    "CastMember",
    "Change",
    "Control",
    "DepthInput",
    "Drawn",
    "Entity",
    "Environment",
    "FileRecord",
    "Forecast",
    "FrameRate",
    "FrozenModel",
    "Guess",
    "ImageInput",
    "ImuInput",
    "Input",
    "InputChange",
    "InputOptions",
    "Inputs",
    "Layout",
    "MakeOptions",
    "Manifest",
    "Modality",
    "Notice",
    "Option",
    "PlanOptions",
    "PlanReady",
    "PlanRequest",
    "RenderEvent",
    "RenderOptions",
    "RenderResult",
    "RenderSettings",
    "RunOptions",
    "Scene",
    "SceneDone",
    "SceneForecast",
    "SceneRecord",
    "SceneResult",
    "SceneStarted",
    "SceneTiming",
    "StepDone",
    "StoryOptions",
    "ThermalInput",
    "Timings",
    "Transition",
    "VideoDone",
    "VideoInput",
    "VideoPlan",
    "VideoRecord",
    "box_at",
    "canonical_json",
    "changes",
    "dense",
    "frame_rate",
    "json_schema",
    "load_cast",
    "normalised",
    "upgrade",
    "write_atomically",
]


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the plan document."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:videodirector:plan:{CURRENT_VERSION}",
        **VideoPlan.model_json_schema(),
    }
    # In Python the version has a default; a document must say it.
    schema["required"] = ["schema_version", *schema["required"]]
    return schema
