"""The offline planner: deterministic, without a model.

It parses English with a shallow grammar, resolves references from sentence to sentence, and arranges boxes by verbs and
prepositions. It always returns a plan, whose notes list what was not understood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from videodirector.errors import UsageError
from videodirector.lexicon import Traits
from videodirector.planner.english.knowledge import find_thing, is_a
from videodirector.planner.english.script import clean_story, find_names, split_shots
from videodirector.planner.english.vocabulary import is_english_word
from videodirector.planner.layout.arrange import arrange_boxes
from videodirector.planner.layout.trajectories import Actor
from videodirector.planner.story.coreference import CoreferenceResolver
from videodirector.planner.story.descriptions import describe_scene
from videodirector.planner.story.entities import MAX_COPIES, Mention
from videodirector.planner.story.events import split_events
from videodirector.planner.story.places import add_time_of_day, get_ground_line, infer_place, is_place, is_same_place
from videodirector.planner.story.semantics import EntityRole, SceneDraft, draft_scene
from videodirector.schemas import (
    KEY_BOXES,
    MAX_ENTITIES,
    MAX_FRAMES,
    MAX_PROMPT,
    Entity,
    Layout,
    PlanRequest,
    Scene,
    VideoPlan,
    box_at,
    dense,
)
from videodirector.schemas import frame_rate as as_frame_rate

__all__ = ["ENTITY_LIMIT", "SCENE_LIMIT", "OfflinePlanner", "fit_scene_count"]

SCENE_LIMIT = 1000
"""Scenes beyond this are left out, with a note."""

ENTITY_LIMIT = 24
"""Entities of one scene beyond this are left out, with a note."""

_DEFAULT_PLACE = "meadow"


@dataclass(slots=True)
class _StoryState:
    """What carries over from scene to scene, and the request."""

    request: PlanRequest
    place: str = ""
    time: str = ""  # of day
    subject: list[Mention] = field(default_factory=list)
    unseen_subject: str = ""
    x: dict[str, float] = field(default_factory=dict)
    end: dict[str, tuple[float, float]] = field(default_factory=dict)
    inferred: list[str] = field(default_factory=list)
    crowded: list[str] = field(default_factory=list)
    omitted: dict[str, list[EntityRole]] = field(
        default_factory=dict
    )  # by scene: all its roles, where the request leaves some out


class OfflinePlanner:
    """Plans English stories by rules; satisfies ``RequestPlanner``."""

    def plan(self, story: str, *, seed: int | None = None, frame_rate: Fraction | None = None) -> VideoPlan:
        """Return the plan of a story; the same story always gives the same plan.

        Args:
            story: any text: sentences, or a script that lists its scenes.
            seed: the plan's seed, in [0, 2**63); None means 0.
            frame_rate: frames a second; None means 8.

        Returns:
            A valid plan of at most ``SCENE_LIMIT`` scenes; what was not understood is in its notes.

        Raises:
            UsageError: a seed or frame rate that a plan cannot have.
        """
        _check_seed_and_rate(seed, frame_rate)
        return self.plan_request(PlanRequest.parse({"story": story, "seed": seed, "frame_rate": frame_rate}))

    def plan_request(self, request: PlanRequest) -> VideoPlan:
        """Return the plan of a request; the same request always gives the same plan.

        A script that lists its scenes keeps them, word for word. Otherwise scenes are joined or divided where a number
        of them is asked for. The cast keeps its names, and is known by what its descriptions say.

        Returns:
            A valid plan of at most ``SCENE_LIMIT`` scenes; what was not understood or not kept is in its notes.
        """
        text = clean_story(request.story)
        shots = split_shots(text)
        names = find_names(text)
        events = [event for shot in shots for event in split_events(shot, _is_thing, names)]
        cast, state = CoreferenceResolver(known_only=_is_foreign(text)), _StoryState(request)
        for member in request.cast:
            cast.introduce(member.name, member.description)
        scenes: list[tuple[str, SceneDraft]] = []
        for event in events:
            before, unseen_subject = state.subject, state.unseen_subject
            draft = draft_scene(event.clauses, cast, before, unseen_subject)
            description = event.text or describe_scene(event.clauses, draft.pronouns, before, unseen_subject)
            state.subject, state.unseen_subject = draft.subject, draft.unseen_subject
            if draft.is_remark and not event.text and scenes:
                scenes[-1] = (f"{scenes[-1][0]} {description}", scenes[-1][1])
                for entity, part in draft.roles.items():  # "The ball is blue and the box is red."
                    scenes[-1][1].roles.setdefault(entity, part)
            elif len(scenes) < SCENE_LIMIT:
                scenes.insert(len(scenes) - event.is_earlier, (description, draft))
        # Only now, since later descriptions of an entity apply from the beginning.
        plan_scenes = [
            _build_scene(f"s{number}", description, draft, state)
            for number, (description, draft) in enumerate(scenes, 1)
        ]
        notes = _write_notes(text, cast, state, left_out=len(events) - SCENE_LIMIT, scenes=plan_scenes)
        if not plan_scenes:
            place = request.background(0) or _DEFAULT_PLACE
            plan_scenes = [Scene(id="s1", description=" ".join(text.split())[:400], background=place)]
        if request.scenes is not None and not any(shot.is_listed for shot in shots):
            plan_scenes, remarks = fit_scene_count(plan_scenes, request.scenes)
            notes += remarks
        return VideoPlan(
            prompt=_clean_prompt(request.story),
            seed=request.seed or 0,
            frame_rate=request.frame_rate or Fraction(8),
            scenes=plan_scenes,
            notes=notes,
        ).checked()


def _check_seed_and_rate(seed: int | None, frame_rate: Fraction | None) -> None:
    if seed is not None and not 0 <= seed < 2**63:
        raise UsageError(f"the seed {seed} is out of range", hint="give a whole number in 0 .. 2**63 - 1")
    if frame_rate is not None:
        try:
            as_frame_rate(frame_rate)
        except ValueError as error:
            raise UsageError(f"{frame_rate} is not a valid frame rate", hint=str(error)) from None


def _clean_prompt(story: str) -> str:
    whole = story.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole[:MAX_PROMPT]


def _is_thing(word: str) -> bool:
    return find_thing(word) is not None or is_place(word)


def _build_scene(scene_id: str, description: str, draft: SceneDraft, state: _StoryState) -> Scene:
    place = _choose_place(scene_id, draft, state)
    parts = _select_roles(list(draft.roles.values()), state, scene_id)
    actors = [_build_actor(part, state) for part in parts]
    _apply_comparisons({actor.id: actor for actor in actors}, draft.bigger)
    boxes = arrange_boxes(actors, draft.relations, get_ground_line(place))
    entities: list[Entity] = []
    for part, actor in zip(parts, actors, strict=True):
        layout = boxes[part.id]
        last = next((box for box in reversed(layout) if box is not None), None)
        if last is not None:
            # Positions persist; but an entity that left to the right returns from the left.
            first = next(box for box in layout if box is not None)
            state.x[part.id] = first.centre[0]
            if actor.end is not None or actor.begin is not None:
                state.end[part.id] = last.centre
        member = part.mention.member
        entities.append(Entity(id=part.id, name=member.name[:200], description=member.description[:400], layout=layout))
    depths = {"behind": -1, "in front of": 1, "inside": 1}  # drawn in front of what contains it
    depth = dict.fromkeys(draft.passing, 1)
    depth |= {relation.figure: depths[relation.kind] for relation in draft.relations if relation.kind in depths}
    entities.sort(key=lambda entity: depth.get(entity.id, 0))  # from back to front
    return Scene(id=scene_id, description=description[:4000], background=place[:200], entities=entities)


def _choose_place(scene_id: str, draft: SceneDraft, state: _StoryState) -> str:
    """Choose place and time of day: as requested, named, carried over, or the habitat of its entities."""
    fixed = state.request.background(int(scene_id[1:]) - 1)
    if fixed:
        state.place = fixed
        return fixed
    if draft.place and not (state.place and (draft.is_weak_place or is_same_place(draft.place, state.place))):
        if state.place:
            state.time = ""  # another place, another time, unless it is said
        state.place = draft.place
    state.time = draft.time or state.time
    if not state.place:
        state.place = infer_place(part.mention.member.words for part in draft.roles.values())
        if not state.place and not state.time:
            state.place = _DEFAULT_PLACE
        if not state.time or state.place:
            state.inferred.append(scene_id)
    return add_time_of_day(state.place, state.time)


def _select_roles(parts: list[EntityRole], state: _StoryState, scene_id: str) -> list[EntityRole]:
    """Select as many roles as a scene may have, the cast first."""
    most = state.request.max_entities or ENTITY_LIMIT
    if len(parts) <= most:
        return parts
    if state.request.max_entities is None:
        state.crowded.append(scene_id)
    else:
        state.omitted[scene_id] = parts
    kept = sorted(parts, key=lambda part: part.mention.member.introduced is None)[:most]
    return [part for part in parts if part in kept]


def _build_actor(role: EntityRole, state: _StoryState) -> Actor:
    member, motion = role.mention.member, role.motion
    nature = member.traits
    swims = nature.moves == "swims" and is_same_place(state.place, "underwater")
    begin = motion.begin
    if motion.end is not None and begin is None and role.id in state.end:
        begin = state.end[role.id]  # "It first moves to ..., and then ..."
    return Actor(
        id=role.id,
        height=min(max(nature.size * member.scale, 0.08), 0.7),
        aspect=nature.aspect,
        level=_choose_level(nature, member.words, airborne=motion.airborne, swims=swims),
        path="still" if role.half and motion.path in ("appear", "vanish") else motion.path,
        direction=motion.direction,
        airborne=motion.airborne or swims,
        begin=begin,
        end=motion.end,
        via=motion.via,
        onto=motion.onto,
        target=role.target,
        half=role.half,
        last_x=state.x.get(role.id),
    )


def _choose_level(nature: Traits, words: str, *, airborne: bool, swims: bool) -> float:
    if swims:
        return 0.45
    if nature.kind == "sky" or airborne:
        return 0.8
    # Flying machines and insects are in the air by default; birds are not.
    soars = nature.moves in ("flies", "floats") and nature.kind in ("vehicle", "object")
    return 0.7 if soars or (nature.moves == "flies" and is_a(words, "insect")) else 0.0


def _apply_comparisons(actors: dict[str, Actor], comparisons: list[tuple[str, str]]) -> None:
    """Make the bigger entity at least half as high again as the smaller one, with a larger box."""
    for large, small in comparisons:
        if large in actors and small in actors and large != small:
            one, other = actors[large], actors[small]
            wanted = 1.5 * max(other.height, other.height * (other.aspect / one.aspect) ** 0.5)
            one.height = min(max(one.height, wanted), 0.55)
            other.height = min(other.height, one.height * other.height / wanted)


def _write_notes(
    text: str, cast: CoreferenceResolver, state: _StoryState, *, left_out: int, scenes: list[Scene]
) -> list[str]:
    notes: list[str] = []
    words = [word for word in text.split() if any(character.isalpha() for character in word)]
    if not words:
        return ["The story has no words: this plan is one empty scene to start from."]
    if _is_foreign(text):
        notes.append(
            "The story does not seem to be in English: the offline planner understood little or nothing of it."
        )
    if left_out > 0:
        notes.append(
            f"The story has {left_out} more scenes than the {SCENE_LIMIT} that are planned; they are left out."
        )
    if not any(scene.entities for scene in scenes):
        notes.append("No things to draw were found in the story: add entities to the scenes.")
    if cast.unknown:
        notes.append(f"Not among the things that can be drawn for certain: {_join_names(cast.unknown)}.")
    for name, count in list(cast.crowds.items())[:20]:
        notes.append(f"{count} of “{name[:60]}” were asked for; {MAX_COPIES} are shown.")
    if state.crowded:
        notes.append(
            f"Only the first {ENTITY_LIMIT} entities are shown in {_join_names(dict.fromkeys(state.crowded))}."
        )
    for scene_id, parts in state.omitted.items():
        kept = {entity.id for scene in scenes if scene.id == scene_id for entity in scene.entities}
        out = dict.fromkeys(part.mention.member.name for part in parts if part.id not in kept)
        most = state.request.max_entities
        notes.append(f"{scene_id} has {most} entities at most, as asked for: {_join_names(out)} left out.")
    for scene_id in state.inferred:
        place = next(scene.background for scene in scenes if scene.id == scene_id)
        notes.append(f"The story names no place at first: “{place}” was chosen from {scene_id} on.")
    return notes


def _is_foreign(text: str) -> bool:
    """Return whether most words are not English."""
    words = [word for word in text.split() if any(character.isalpha() for character in word)][:2000]
    strange = sum(not is_english_word(_strip_marks(word)) for word in words)
    # A word or two may be a name; but no English word has letters of another script.
    return strange > 0.5 * len(words) and (len(words) >= 3 or not text.isascii())


def _strip_marks(word: str) -> str:
    return "".join(character for character in word if character.isalnum() or character in "'-").strip("'-") or word


def _join_names(names: dict[str, None]) -> str:
    shown = [f"“{name[:60]}”" for name in list(names)[:20]]
    return ", ".join(shown) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


_POINTS_PER_KEY = 24  # points between two keys where a layout is divided


def fit_scene_count(scenes: Sequence[Scene], number: int) -> tuple[list[Scene], list[str]]:
    """Fit the story into this number of scenes; return them with notes.

    Fewer: neighbours are joined into one longer scene. More: scenes are divided, each part with its piece of every
    trajectory.
    """
    have = len(scenes)
    if number == have:
        return list(scenes), []
    if number < have:
        bounds = [round(part * have / number) for part in range(number + 1)]
        groups = [scenes[begin:end] for begin, end in pairwise(bounds)]
        joined = [_join_scenes(f"s{place}", group) for place, group in enumerate(groups, 1)]
        places = [group for group in groups if len({scene.background for scene in group}) > 1]
        notes = [f"{have} events of the story were joined into {number} scenes, as asked for."]
        if places:
            notes.append("Where scenes of several places were joined, the first place was taken.")
        return joined, notes
    shares = [number // have + (place < number % have) for place in range(have)]
    parts = [part for scene, share in zip(scenes, shares, strict=True) for part in _divide_scene(scene, share)]
    for place, part in enumerate(parts, 1):
        part.id = f"s{place}"
    return parts, [f"{have} events of the story were divided into {number} scenes, as asked for."]


def _join_scenes(scene_id: str, scenes: Sequence[Scene]) -> Scene:
    """Join scenes into one in which they happen one after the other."""
    if len(scenes) == 1:
        return scenes[0].model_copy(update={"id": scene_id})
    entities: dict[str, Entity] = {}
    keys = max(KEY_BOXES // len(scenes) + 2, 3)
    for place, scene in enumerate(scenes):
        for entity in scene.entities:
            known = entities.setdefault(entity.id, entity.model_copy(update={"layout": [None] * (keys * len(scenes))}))
            known.layout[keys * place : keys * (place + 1)] = dense(entity.layout, keys)
    return scenes[0].model_copy(
        update={
            "id": scene_id,
            "description": " ".join(scene.description for scene in scenes)[:4000],
            "frames": min(sum(scene.frames for scene in scenes), MAX_FRAMES),
            "entities": [_limit_keys(entity) for entity in entities.values()][:MAX_ENTITIES],
        }
    )


def _limit_keys(entity: Entity) -> Entity:
    """Limit the keys to what a layout may have."""
    if len(entity.layout) <= MAX_FRAMES:
        return entity
    return entity.model_copy(update={"layout": dense(entity.layout, MAX_FRAMES)})


def _divide_scene(scene: Scene, parts: int) -> list[Scene]:
    """Divide a scene into parts that follow each other in time."""
    if parts == 1:
        return [scene]
    found = []
    for part in range(parts):
        pieces = [(entity, _cut_layout(entity.layout, part, parts)) for entity in scene.entities]
        seen = [(entity, piece) for entity, piece in pieces if any(box is not None for box in piece)]
        entities = [entity.model_copy(update={"layout": piece}) for entity, piece in seen]
        found.append(scene.model_copy(update={"entities": entities}))
    return found


def _cut_layout(layout: Layout, part: int, parts: int) -> Layout:
    """The keys of one part, each computed by itself: all points of all parts are as many as the parts squared."""
    steps = KEY_BOXES - 1
    points = steps * parts * _POINTS_PER_KEY + 1
    return [box_at(layout, (part * steps + key) * _POINTS_PER_KEY, points) for key in range(KEY_BOXES)]
