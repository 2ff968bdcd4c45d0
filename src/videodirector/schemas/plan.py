"""VideoPlan v1: what a story becomes, what a person edits, and what is rendered.

A plan is an ordinary mutable pydantic model. Constructing one with wrong values raises pydantic's ``ValidationError``;
edits made afterwards (``entity.layout[-1] = (0.6, 0.4, 0.9, 0.8)``) are not validated until ``checked()``, which
``save()`` and the renderer call. Everything that reads documents raises ``PlanError``, with all the problems at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from videodirector.errors import PlanError
from videodirector.schemas._integrity import contradictions
from videodirector.schemas._names import normalised
from videodirector.schemas.document import canonical_json, parse_json, read_text, write_atomically
from videodirector.schemas.layout import Box, dense
from videodirector.schemas.problems import few_of_each_kind, issues_of
from videodirector.schemas.rate import FrameRate
from videodirector.schemas.versions import CURRENT_VERSION, upgrade

__all__ = [
    "MAX_ENTITIES",
    "MAX_FRAMES",
    "MAX_GROUPS",
    "MAX_PROMPT",
    "MAX_SCENES",
    "Entity",
    "Layout",
    "Scene",
    "Transition",
    "VideoPlan",
]

MAX_FRAMES = 1024
"""The most frames in one scene."""

MAX_SCENES = 10_000
"""The most scenes in one plan."""

MAX_ENTITIES = 100
"""The most entities in one scene."""

MAX_PROMPT = 1_000_000
"""The most characters of a prompt."""

MAX_GROUPS = 100_000
"""The most consistency groups, references and notes of one plan."""

_MAX_FIELDS = 100  # keys of a scene or entity, known or not
_MAX_PROBLEMS = 1_000  # after which scenes are no longer looked at

Transition = Literal["cut", "crossfade", "fade", "hold"]
"""How a scene passes into the next: at once, by blending, through black, or after its last frame has stood still."""


def _text(least: int, most: int) -> Any:
    return Field(strict=True, min_length=least, max_length=most)


Id = Annotated[
    str, Field(strict=True, pattern=r"^\w[\w.\-]{0,63}$", description="letters, digits, _ . and -, 64 at most")
]
Name = Annotated[str, _text(1, 200)]
Text = Annotated[str, _text(0, 4_000)]
LongText = Annotated[str, _text(0, MAX_PROMPT)]
Seed = Annotated[int, Field(strict=True, ge=0, lt=2**63)]
TransitionFrames = Annotated[int, Field(strict=True, ge=1, le=MAX_FRAMES)]
FileName = Annotated[str, _text(1, 1_000)]
Layout = Annotated[
    list[Box | None],
    Field(
        min_length=1, max_length=MAX_FRAMES, description="key boxes, evenly spaced over the scene; null: not visible"
    ),
]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _few_fields(cls, data: Any) -> Any:
        """An object of a million unknown fields is one problem, not a million."""
        if isinstance(data, Mapping) and len(data) > _MAX_FIELDS:
            raise PydanticCustomError("fields", "has {number} fields", {"number": f"{len(data):,}"})
        return data


def _of_bounded_size(value: object) -> object:
    if isinstance(value, (Mapping, list)) and len(value) > MAX_GROUPS:
        counts = {"found": f"{len(value):,}", "most": f"{MAX_GROUPS:,}"}
        raise PydanticCustomError("size", "has {found} items, and {most} are the most", counts)
    return value


_BOUNDED = BeforeValidator(_of_bounded_size)  # looks before the items do, unlike max_length


class Entity(_Document):
    """One thing in one scene.

    Attributes:
        id: names this entity within its scene, and the same entity in other scenes.
        name: what it is, in a word or two ("red car"): the text that is grounded in the boxes.
        description: more about how it looks; empty means that the name says it.
        layout: key boxes, see ``videodirector.schemas.layout``.
    """

    id: Id
    name: Name
    description: Text = ""
    layout: Layout

    def boxes(self, frames: int) -> list[Box | None]:
        """One box, or None, for each of ``frames`` frames; see ``dense``."""
        return dense(self.layout, frames)


class Scene(_Document):
    """One shot.

    Attributes:
        id: names the scene, stable when scenes are reordered.
        description: what happens, in a sentence: the text that is rendered.
        original: the user's own words, where the description is not in them: another language, or put more clearly.
        background: where it happens ("forest"); empty when nothing is said.
        frames: length in frames, 1 .. ``MAX_FRAMES``.
        entities: the things in it.
        layout_strength: for which part of the denoising steps the boxes are imposed, in [0, 1]; None leaves it to the
            backend.
        continues: the scene, earlier in the plan, from whose last frame this one carries on; None begins afresh.
        frame_rate: frames a second of this scene, where they are not the plan's: 16 frames at "4/1" last four seconds.
        transition: how this scene passes into the next; None leaves it to the render settings. The last scene of a
            plan may end with a "fade" to black or a "hold".
        transition_frames: length of that, in frames of the video; None leaves it to the render settings.
        subtitle: what is written or said under it, if subtitles are asked for; None takes the description, "" nothing.
        audio: a sound file that begins with the scene and is cut or padded to its length.
        seed: a seed for this scene alone; None derives one from the plan's seed and the scene's id.
    """

    id: Id
    description: Text
    original: Text | None = None
    background: Annotated[str, _text(0, 200)] = ""
    frames: Annotated[int, Field(strict=True, ge=1, le=MAX_FRAMES)] = 16
    entities: Annotated[list[Entity], Field(max_length=MAX_ENTITIES)] = Field(default_factory=list)
    layout_strength: Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)] | None = None
    continues: Id | None = None
    frame_rate: FrameRate | None = None
    transition: Transition | None = None
    transition_frames: TransitionFrames | None = None
    subtitle: Text | None = None
    audio: FileName | None = None
    seed: Seed | None = None

    def entity(self, entity_id: str) -> Entity:
        """The entity of this id.

        Raises:
            KeyError: the scene has none.
        """
        for entity in self.entities:
            if entity.id == entity_id:
                return entity
        raise KeyError(entity_id)


class VideoPlan(_Document):
    """A story as scenes, things, and where the things are.

    Consistency groups say which appearances are the same thing and share one representation: ``{group: [scene ids]}``,
    for entities and for backgrounds. The entity ``e`` of scene ``s`` belongs to the group called like ``e.id``, or else
    to the group called like ``e.name`` (apart from case and spacing), if that group lists ``s``; a background
    likewise by its name. So three ducks with the ids duck-1 .. duck-3 and the name "duck" form one group "duck". A plan
    without groups gets one for every name; groups that are given are kept as they are, so that editing them tells
    appearances apart. References give a group, or an entity id, a picture file to look like.

    Attributes:
        schema_link: ``$schema`` in the document: where editors find its JSON Schema; it is kept, and never read.
        schema_version: version of this document format.
        prompt: the story as it was given.
        seed: all randomness of the video follows from it.
        frame_rate: frames a second, rational; in JSON "8/1".
        scenes: the shots in order; at least one.
        consistency_groups: see above.
        references: group or entity id -> picture file.
        audio: a sound file for the whole video, cut or padded to its length, under the sounds of the scenes.
        notes: what the planner did not understand or had to decide, for the reader.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    schema_link: Annotated[FileName | None, Field(alias="$schema", description="JSON Schema, for editors")] = None
    schema_version: Literal[1] = CURRENT_VERSION
    prompt: LongText = ""
    seed: Seed = 0
    frame_rate: FrameRate = Fraction(8)
    scenes: Annotated[list[Scene], Field(min_length=1, max_length=MAX_SCENES)]
    consistency_groups: Annotated[
        dict[Name, Annotated[list[Id], Field(min_length=1, max_length=MAX_SCENES)]], _BOUNDED
    ] = Field(default_factory=dict)
    references: Annotated[dict[Name, Name], _BOUNDED] = Field(default_factory=dict)
    audio: FileName | None = None
    notes: Annotated[list[Text], _BOUNDED] = Field(default_factory=list)

    @model_validator(mode="wrap")
    @classmethod
    def _all_problems_at_once(cls, data: Any, handler: ValidatorFunctionWrapHandler) -> Self:
        """Checks of fields and checks across fields, reported together: pydantic alone stops before the second kind."""
        scenes, lines = _check_scenes(data)
        plan: Self | None = None
        try:
            plan = handler(data if scenes is None else {**data, "scenes": scenes})
        except ValidationError as error:
            lines += _lines(error)
        if len(lines) < _MAX_PROBLEMS:
            lines += _contradiction_lines(data)
        if plan is None or lines:
            raise ValidationError.from_exception_data(cls.__name__, lines)
        if "consistency_groups" not in plan.model_fields_set:
            plan.consistency_groups = plan.groups_by_name()
        return plan

    # -- reading and writing

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, source: str | os.PathLike[str] | None = None) -> Self:
        """A plan from plain data, such as parsed JSON, of any known schema version.

        Args:
            data: the document.
            source: the file that errors shall name.

        Raises:
            PlanError: with every problem, each with its path.
        """
        try:
            return cls.model_validate(upgrade(dict(data)))
        except ValidationError as error:
            raise PlanError(issues_of(error, (VideoPlan, Scene, Entity)), source=source) from None
        except PlanError as error:
            raise PlanError(error.issues, source=source, hint=error.hint) from None

    @classmethod
    def from_json(cls, text: str | bytes, *, source: str | os.PathLike[str] | None = None) -> Self:
        """A plan from JSON text (bytes: UTF-8, with or without a byte-order mark).

        Raises:
            PlanError: not JSON (with line and column), or not a valid plan.
        """
        return cls.parse(parse_json(text, source=source), source=source)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """A plan from a file.

        Raises:
            PlanError: the file is missing, unreadable, not text, not JSON, or not a valid plan.
        """
        return cls.from_json(read_text(path), source=path)

    def to_json(self) -> str:
        """Canonical JSON: fixed order of fields, one box a line, optional fields only where they are set.

        Raises:
            PlanError: edits have made the plan invalid.
        """
        return canonical_json(self.checked().model_dump(mode="json", exclude_none=True))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Checks the plan and writes it, atomically: a failure leaves what stood there before.

        Returns:
            The path written.

        Raises:
            PlanError: edits have made the plan invalid; nothing is written.
            OutputError: the place cannot be written to.
        """
        return write_atomically(path, self.to_json().encode())

    def checked(self) -> Self:
        """A valid copy of this plan: edits are validated, plain tuples become boxes.

        Raises:
            PlanError: with every problem, each with its path.
        """
        return type(self).parse(self.model_dump(warnings=False))

    # -- looking things up

    def scene(self, scene_id: str) -> Scene:
        """The scene of this id.

        Raises:
            KeyError: the plan has none.
        """
        for scene in self.scenes:
            if scene.id == scene_id:
                return scene
        raise KeyError(scene_id)

    def appearances(self) -> Iterator[tuple[Scene, Entity]]:
        """Every entity of every scene, in order."""
        for scene in self.scenes:
            for entity in scene.entities:
                yield scene, entity

    def group_of(self, scene: Scene, entity: Entity) -> str | None:
        """Return the consistency group to which this entity belongs in this scene, or None when it is in none."""
        return self._listed(scene, entity.id) or self._listed(scene, entity.name)

    def background_group(self, scene: Scene) -> str | None:
        """Return the consistency group to which this scene's background belongs, or None when it is in none."""
        return self._listed(scene, scene.background)

    def reference_of(self, scene: Scene, entity: Entity) -> str | None:
        """The picture file this entity shall look like, or None: its own by id, else its group's, else its name's."""
        if entity.id in self.references:
            return self.references[entity.id]
        wanted = {normalised(entity.name), normalised(self.group_of(scene, entity) or entity.name)}
        return next((file for key, file in self.references.items() if normalised(key) in wanted), None)

    def groups_by_name(self) -> dict[str, list[str]]:
        """The groups that exact matching of names gives (apart from case and spacing), in order of appearance."""
        groups: dict[str, dict[str, None]] = {}  # the scenes of a group are keys, for there may be thousands
        for scene in self.scenes:
            for name in (*(entity.name for entity in scene.entities), scene.background):
                if group := normalised(name):
                    groups.setdefault(group, {})[scene.id] = None
        return {group: list(scenes) for group, scenes in groups.items()}

    def _listed(self, scene: Scene, name: str) -> str | None:
        if name in self.consistency_groups:  # the common case, at once
            return name if scene.id in self.consistency_groups[name] else None
        wanted = normalised(name)
        for group, scenes in self.consistency_groups.items():
            if wanted and normalised(group) == wanted and scene.id in scenes:
                return group
        return None


def _check_scenes(data: Any) -> tuple[list[Scene] | None, list[InitErrorDetails]]:
    """Check the scenes of plan data one by one, so that a file full of errors is given up early.

    Returns:
        The scenes, with a stand-in for each that is not valid, or None where there is no list of them; and the errors.
    """
    given = data.get("scenes") if isinstance(data, Mapping) else None
    if not isinstance(given, list):
        return None, []
    if len(given) > MAX_SCENES:
        counts = {"found": f"{len(given):,}", "most": f"{MAX_SCENES:,}"}
        kind = PydanticCustomError("too_long", "has {found} scenes, and {most} are the most", counts)
        return [_STAND_IN], [InitErrorDetails(type=kind, loc=("scenes",), input=given)]
    lines: list[InitErrorDetails] = []
    scenes: list[Scene] = []
    for index, scene in enumerate(given):
        try:
            scenes.append(Scene.model_validate(scene))
        except ValidationError as error:
            lines += _lines(error, "scenes", index)
            scenes.append(_STAND_IN)
        if len(lines) >= _MAX_PROBLEMS:
            break
    return scenes, lines


_STAND_IN = Scene(id="_", description="")


def _lines(error: ValidationError, *where: int | str) -> list[InitErrorDetails]:
    lines = []
    for line in error.errors(include_url=False):
        kind = PydanticCustomError(line["type"], line["msg"], dict(line.get("ctx", {})))
        lines.append(InitErrorDetails(type=kind, loc=(*where, *line["loc"]), input=line["input"]))
    return lines


def _contradiction_lines(data: Any) -> list[InitErrorDetails]:
    scenes = data.get("scenes") if isinstance(data, Mapping) else None
    if isinstance(scenes, list) and len(scenes) > MAX_SCENES:
        return []  # one problem is enough
    lines = []
    for found in few_of_each_kind(contradictions(data), lambda contradiction: contradiction[1]):
        if isinstance(found, str):
            lines.append(InitErrorDetails(type=PydanticCustomError("more_like_it", "{n}", {"n": found}), input=None))
            continue
        location, problem, value, hint = found
        kind = PydanticCustomError("contradiction", "{problem}", {"problem": problem, "hint": hint})
        lines.append(InitErrorDetails(type=kind, loc=location, input=value))
    return lines
