"""Manifest v1: what a video was rendered from, so that it can be understood, compared and rendered again, bit for bit.

It lies beside the video (``fox.manifest.json``) and, without the times that it took, in the metadata of an mp4.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from videodirector.errors import PlanError, UsageError
from videodirector.schemas._base import Count, FrozenModel, Seconds
from videodirector.schemas.document import canonical_json, parse_json, read_text
from videodirector.schemas.plan import Id, Seed, VideoPlan
from videodirector.schemas.problems import issues_of
from videodirector.schemas.rate import FrameRate
from videodirector.schemas.results import Control, Drawn
from videodirector.schemas.settings import MAX_SIDE, RenderSettings
from videodirector.schemas.versions import Upgrade, upgrade

__all__ = [
    "MANIFEST_UPGRADES",
    "MANIFEST_VERSION",
    "Environment",
    "FileRecord",
    "Manifest",
    "SceneRecord",
    "SceneTiming",
    "Timings",
    "VideoRecord",
]

MANIFEST_VERSION: Literal[1] = 1
"""The version that this release writes."""

MANIFEST_UPGRADES: Mapping[int, Upgrade] = {}
"""From each older version, the way to the next; see ``schemas.versions``."""


MAX_THREADS = 4096
"""The most CPU threads of a manifest; ``reproduce`` uses as many."""

Inputs = Annotated[dict[str, JsonValue], Field(max_length=1_000)]


class SceneRecord(FrozenModel, allow_inf_nan=False):
    """One scene as it is in the video.

    Attributes:
        id: the scene.
        key: its key in the scene cache: a SHA-256 over the shared inputs of the manifest and its own.
        inputs: what decided its frames and is not shared by all scenes, as the backend tells it.
        seed: the seed actually used.
        threads: CPU threads that it was rendered with, where the last bits depend on them.
        planned_frames, planned_seconds: what the plan asks for.
        frames: frames rendered and used.
        drawn: what the model rendered, where that was fitted to the plan.
        start, length: its first frame in the video, and for how many frames it is seen, those that it shares with its
            neighbours included.
        seconds: the same as time.
        controls: what of the plan was honoured, approximated and ignored.
        notes: what else the reader should know.
    """

    id: Id
    key: str
    inputs: Inputs
    seed: Seed
    threads: Annotated[int, Field(strict=True, ge=1, le=MAX_THREADS)] | None = None
    planned_frames: Count
    planned_seconds: Seconds
    frames: Count
    drawn: Drawn | None = None
    start: Count
    length: Count
    seconds: Seconds
    controls: tuple[Control, ...] = ()
    notes: tuple[str, ...] = ()


class VideoRecord(FrozenModel):
    """The whole video: its length in frames, their rate, and its size in pixels."""

    frames: Count
    frame_rate: FrameRate
    seconds: Seconds
    width: Annotated[int, Field(strict=True, ge=1, le=MAX_SIDE)]
    height: Annotated[int, Field(strict=True, ge=1, le=MAX_SIDE)]


class Environment(FrozenModel):
    """The programs at work: versions of videodirector, of the libraries that render, and of the ffmpeg that encodes."""

    videodirector: str
    libraries: dict[str, str]
    ffmpeg: str


class SceneTiming(FrozenModel):
    """Seconds that a scene took in this run, whether it came from the cache, and what rendering it took at the time."""

    seconds: Seconds
    cached: bool
    drawing_seconds: Seconds


class Timings(FrozenModel):
    """When the video was finished, how many seconds that took, and each scene."""

    finished: datetime
    seconds: Seconds
    scenes: dict[Id, SceneTiming]


class FileRecord(FrozenModel):
    """The video file that the manifest lies beside."""

    bytes: Count
    sha256: str


class Manifest(FrozenModel, allow_inf_nan=False):
    """What a video was rendered from.

    Attributes:
        schema_version: version of this document format.
        document: says that it is one.
        plan: what was rendered, with the seed and frame rate of the settings in it.
        settings: how, as far as it decides the video; what was written beside it is left out.
        backend: what rendered it.
        inputs: what decided the frames of every scene alike: code revision, weights, arithmetic.
        environment: the programs at work.
        scenes: one record a scene, in order.
        video: the whole.
        timings: beside the video only, for they differ from run to run.
        file: beside the video only.
    """

    schema_version: Literal[1] = MANIFEST_VERSION
    document: Literal["videodirector manifest"] = "videodirector manifest"
    plan: VideoPlan
    settings: RenderSettings
    backend: str
    inputs: Inputs
    environment: Environment
    scenes: Annotated[tuple[SceneRecord, ...], Field(min_length=1)]
    video: VideoRecord
    timings: Timings | None = None
    file: FileRecord | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        """A record a scene, in order: what reads a manifest walks through both together."""
        if [record.id for record in self.scenes] != [scene.id for scene in self.plan.scenes]:
            counts = {"records": len(self.scenes), "scenes": len(self.plan.scenes)}
            problem = "the {records} records of scenes are not those of the plan's {scenes} scenes, in their order"
            raise PydanticCustomError("records", problem, counts)
        return self

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, source: str | os.PathLike[str]) -> Self:
        """A manifest from plain data of any known version.

        Raises:
            UsageError: it is none, or not a valid one.
        """
        if data.get("document") != cls.model_fields["document"].default:
            raise UsageError(f"{os.fspath(source)} is not a manifest", hint="name a video, or the manifest beside it")
        try:
            return cls.model_validate(upgrade(dict(data), upgrades=MANIFEST_UPGRADES, current=MANIFEST_VERSION))
        except ValidationError as error:
            raise PlanError(issues_of(error, (cls,)), source=source) from None
        except PlanError as error:
            raise PlanError(error.issues, source=source, hint=error.hint) from None

    @classmethod
    def from_json(cls, text: str | bytes, *, source: str | os.PathLike[str]) -> Self:
        """A manifest from JSON text.

        Raises:
            UsageError, PlanError: it is none, or not a valid one.
        """
        return cls.parse(parse_json(text, source=source), source=source)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """A manifest from a JSON file.

        Raises:
            UsageError, PlanError: there is none, or it is not valid.
        """
        return cls.from_json(read_text(path), source=path)

    def to_json(self) -> str:
        """JSON for people, for the file beside the video."""
        return canonical_json(self.model_dump(mode="json", exclude_none=True))

    def embedded(self) -> str:
        """One line of ASCII JSON for the metadata of the video: the same for every run that gives the same video."""
        document = self.model_dump(mode="json", exclude_none=True, exclude={"timings", "file"})
        return json.dumps(document, separators=(",", ":"))

    def inputs_of(self, scene_id: str) -> dict[str, Any]:
        """All that decided the frames of a scene; empty for a scene that the video does not have."""
        own = next((record.inputs for record in self.scenes if record.id == scene_id), None)
        return {} if own is None else {**self.inputs, **own}
