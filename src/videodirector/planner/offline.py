"""A planner without a model: deterministic, at once, offline.

It reads English with a shallow grammar, follows who is meant from sentence to sentence, and arranges boxes from what
verbs and prepositions say. What it does not understand it says in the plan's notes; there is always a plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from videodirector.errors import UsageError
from videodirector.lexicon import Nature
from videodirector.planner.english.knowledge import is_a, thing_called
from videodirector.planner.english.script import clean, names_in, shots
from videodirector.planner.english.vocabulary import is_known
from videodirector.planner.layout.arrange import arrange
from videodirector.planner.layout.trajectories import Actor
from videodirector.planner.story.coreference import Cast
from videodirector.planner.story.descriptions import describe
from videodirector.planner.story.entities import MOST_COPIES, Mention
from videodirector.planner.story.events import events_of
from videodirector.planner.story.places import at_time, ground_line, infer, is_place, same_place
from videodirector.planner.story.semantics import Part, Staged, stage
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

__all__ = ["MOST_ENTITIES", "MOST_SCENES", "OfflinePlanner", "counted"]

MOST_SCENES = 1000
"""Scenes beyond this are left out, with a note."""

MOST_ENTITIES = 24
"""Entities of one scene beyond this are left out, with a note."""

_ANYWHERE = "meadow"


@dataclass(slots=True)
class _Memory:
    """What carries over from scene to scene, and the wishes that bear on it."""

    request: PlanRequest
    place: str = ""
    time: str = ""  # of day
    subject: list[Mention] = field(default_factory=list)
    unseen: str = ""
    x: dict[str, float] = field(default_factory=dict)
    end: dict[str, tuple[float, float]] = field(default_factory=dict)
    inferred: list[str] = field(default_factory=list)
    crowded: list[str] = field(default_factory=list)
    left: dict[str, list[Part]] = field(default_factory=dict)  # by scene: all its parts, where a wish left some out


class OfflinePlanner:
    """Plans English stories by rules; satisfies `RequestPlanner`."""

    def plan(self, story: str, *, seed: int | None = None, frame_rate: Fraction | None = None) -> VideoPlan:
        """The plan of a story; the same story always gives the same plan.

        Args:
            story: any text: sentences, or a script that lists its scenes.
            seed: the plan's seed, in [0, 2**63); None means 0.
            frame_rate: frames a second; None means 8.

        Returns:
            A valid plan of at most `MOST_SCENES` scenes; what was not understood is in its notes.

        Raises:
            UsageError: a seed or frame rate that a plan cannot have.
        """
        _check(seed, frame_rate)
        return self.plan_request(PlanRequest.parse({"story": story, "seed": seed, "frame_rate": frame_rate}))

    def plan_request(self, request: PlanRequest) -> VideoPlan:
        """The plan of a request; the same request always gives the same plan.

        A script that lists its scenes keeps them, word for word. Otherwise scenes are joined or divided where a number
        of them is asked for. The cast keeps its names, and is known by what its descriptions say.

        Returns:
            A valid plan of at most `MOST_SCENES` scenes; what was not understood or not kept is in its notes.
        """
        text = clean(request.story)
        told = shots(text)
        names = names_in(text)
        events = [event for shot in told for event in events_of(shot, _is_thing, names)]
        cast, memory = Cast(known_only=_is_foreign(text)), _Memory(request)
        for member in request.cast:
            cast.introduce(member.name, member.description)
        scenes: list[tuple[str, Staged]] = []
        for event in events:
            before, unseen = memory.subject, memory.unseen
            staged = stage(event.clauses, cast, before, unseen)
            description = event.text or describe(event.clauses, staged.pronouns, before, unseen)
            memory.subject, memory.unseen = staged.subject, staged.unseen
            if staged.remark and not event.text and scenes:
                scenes[-1] = (f"{scenes[-1][0]} {description}", scenes[-1][1])
                for entity, part in staged.parts.items():  # "The ball is blue and the box is red."
                    scenes[-1][1].parts.setdefault(entity, part)
            elif len(scenes) < MOST_SCENES:
                scenes.insert(len(scenes) - event.earlier, (description, staged))
        # Only now, because what is said later of somebody's looks holds from the beginning.
        plan_scenes = [
            _scene(f"s{number}", description, staged, memory) for number, (description, staged) in enumerate(scenes, 1)
        ]
        notes = _notes(text, cast, memory, left_out=len(events) - MOST_SCENES, scenes=plan_scenes)
        if not plan_scenes:
            place = request.background(0) or _ANYWHERE
            plan_scenes = [Scene(id="s1", description=" ".join(text.split())[:400], background=place)]
        if request.scenes is not None and not any(shot.listed for shot in told):
            plan_scenes, remarks = counted(plan_scenes, request.scenes)
            notes += remarks
        return VideoPlan(
            prompt=_prompt(request.story),
            seed=request.seed or 0,
            frame_rate=request.frame_rate or Fraction(8),
            scenes=plan_scenes,
            notes=notes,
        ).checked()


def _check(seed: int | None, frame_rate: Fraction | None) -> None:
    if seed is not None and not 0 <= seed < 2**63:
        raise UsageError(f"the seed {seed} is out of range", hint="give a whole number in 0 .. 2**63 - 1")
    if frame_rate is not None:
        try:
            as_frame_rate(frame_rate)
        except ValueError as error:
            raise UsageError(f"{frame_rate} is no frame rate", hint=str(error)) from None


def _prompt(story: str) -> str:
    whole = story.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole[:MAX_PROMPT]


def _is_thing(word: str) -> bool:
    return thing_called(word) is not None or is_place(word)


def _scene(scene_id: str, description: str, staged: Staged, memory: _Memory) -> Scene:
    place = _place(scene_id, staged, memory)
    parts = _foremost(list(staged.parts.values()), memory, scene_id)
    actors = [_actor(part, memory) for part in parts]
    _compare({actor.id: actor for actor in actors}, staged.bigger)
    boxes = arrange(actors, staged.relations, ground_line(place))
    entities: list[Entity] = []
    for part, actor in zip(parts, actors, strict=True):
        layout = boxes[part.id]
        last = next((box for box in reversed(layout) if box is not None), None)
        if last is not None:
            # Left stays left; but who has walked off to the right comes from the left again.
            first = next(box for box in layout if box is not None)
            memory.x[part.id] = first.centre[0]
            if actor.end is not None or actor.begin is not None:
                memory.end[part.id] = last.centre
        member = part.mention.member
        entities.append(Entity(id=part.id, name=member.name[:200], description=member.description[:400], layout=layout))
    depths = {"behind": -1, "in front of": 1, "inside": 1}  # what is in something is seen before it
    depth = dict.fromkeys(staged.passing, 1)
    depth |= {relation.figure: depths[relation.kind] for relation in staged.relations if relation.kind in depths}
    entities.sort(key=lambda entity: depth.get(entity.id, 0))  # what stands behind is drawn first, in front last
    return Scene(id=scene_id, description=description[:4000], background=place[:200], entities=entities)


def _place(scene_id: str, staged: Staged, memory: _Memory) -> str:
    """Where the scene happens: as asked for, as said, as before, or where its things are at home; and when."""
    fixed = memory.request.background(int(scene_id[1:]) - 1)
    if fixed:
        memory.place = fixed
        return fixed
    if staged.place and not (memory.place and (staged.weak or same_place(staged.place, memory.place))):
        if memory.place:
            memory.time = ""  # another place, another time, unless it is said
        memory.place = staged.place
    memory.time = staged.time or memory.time
    if not memory.place:
        memory.place = infer(part.mention.member.words for part in staged.parts.values())
        if not memory.place and not memory.time:
            memory.place = _ANYWHERE
        if not memory.time or memory.place:
            memory.inferred.append(scene_id)
    return at_time(memory.place, memory.time)


def _foremost(parts: list[Part], memory: _Memory, scene_id: str) -> list[Part]:
    """As many parts as a scene may have: the cast before others, otherwise the first."""
    most = memory.request.max_entities or MOST_ENTITIES
    if len(parts) <= most:
        return parts
    if memory.request.max_entities is None:
        memory.crowded.append(scene_id)
    else:
        memory.left[scene_id] = parts
    kept = sorted(parts, key=lambda part: part.mention.member.introduced is None)[:most]
    return [part for part in parts if part in kept]


def _actor(part: Part, memory: _Memory) -> Actor:
    member, motion = part.mention.member, part.motion
    nature = member.nature
    swims = nature.moves == "swims" and same_place(memory.place, "underwater")
    begin = motion.begin
    if motion.end is not None and begin is None and part.id in memory.end:
        begin = memory.end[part.id]  # "It first moves to ..., and then ..."
    return Actor(
        id=part.id,
        height=min(max(nature.size * member.scale, 0.08), 0.7),
        aspect=nature.aspect,
        level=_level(nature, member.words, airborne=motion.airborne, swims=swims),
        path="still" if part.half and motion.path in ("appear", "vanish") else motion.path,
        direction=motion.direction,
        airborne=motion.airborne or swims,
        begin=begin,
        end=motion.end,
        via=motion.via,
        onto=motion.onto,
        target=part.target,
        half=part.half,
        last_x=memory.x.get(part.id),
    )


def _level(nature: Nature, words: str, *, airborne: bool, swims: bool) -> float:
    if swims:
        return 0.45
    if nature.kind == "sky" or airborne:
        return 0.8
    # A machine or an insect that flies hangs in the air when nothing is said; a bird sits.
    soars = nature.moves in ("flies", "floats") and nature.kind in ("vehicle", "object")
    return 0.7 if soars or (nature.moves == "flies" and is_a(words, "insect")) else 0.0


def _compare(actors: dict[str, Actor], bigger: list[tuple[str, str]]) -> None:
    """Makes the bigger one at least half as high again as the smaller one, and its box larger in area."""
    for large, small in bigger:
        if large in actors and small in actors and large != small:
            one, other = actors[large], actors[small]
            wanted = 1.5 * max(other.height, other.height * (other.aspect / one.aspect) ** 0.5)
            one.height = min(max(one.height, wanted), 0.55)
            other.height = min(other.height, one.height * other.height / wanted)


def _notes(text: str, cast: Cast, memory: _Memory, *, left_out: int, scenes: list[Scene]) -> list[str]:
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
            f"The story has {left_out} more scenes than the {MOST_SCENES} that are planned; they are left out."
        )
    if not any(scene.entities for scene in scenes):
        notes.append("No things to draw were found in the story: add entities to the scenes.")
    if cast.unknown:
        notes.append(f"Not among the things that can be drawn for certain: {_listed(cast.unknown)}.")
    for name, count in list(cast.crowds.items())[:20]:
        notes.append(f"{count} of “{name[:60]}” were asked for; {MOST_COPIES} are shown.")
    if memory.crowded:
        notes.append(f"Only the first {MOST_ENTITIES} entities are shown in {_listed(dict.fromkeys(memory.crowded))}.")
    for scene_id, parts in memory.left.items():
        kept = {entity.id for scene in scenes if scene.id == scene_id for entity in scene.entities}
        out = dict.fromkeys(part.mention.member.name for part in parts if part.id not in kept)
        most = memory.request.max_entities
        notes.append(f"{scene_id} has {most} entities at most, as asked for: {_listed(out)} left out.")
    for scene_id in memory.inferred:
        place = next(scene.background for scene in scenes if scene.id == scene_id)
        notes.append(f"The story names no place at first: “{place}” was chosen from {scene_id} on.")
    return notes


def _is_foreign(text: str) -> bool:
    """Whether most words are not English."""
    words = [word for word in text.split() if any(character.isalpha() for character in word)][:2000]
    strange = sum(not is_known(_bare(word)) for word in words)
    # A word or two may be a name; but no English word has letters of another script.
    return strange > 0.5 * len(words) and (len(words) >= 3 or not text.isascii())


def _bare(word: str) -> str:
    return "".join(character for character in word if character.isalnum() or character in "'-").strip("'-") or word


def _listed(names: dict[str, None]) -> str:
    shown = [f"“{name[:60]}”" for name in list(names)[:20]]
    return ", ".join(shown) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


_FINE = 24  # points between two keys where a layout is divided


def counted(scenes: Sequence[Scene], number: int) -> tuple[list[Scene], list[str]]:
    """The story in this number of scenes, and what there is to say of it.

    Fewer: neighbours are joined, one after the other in one longer scene. More: scenes are divided, each part with its
    piece of every way.
    """
    have = len(scenes)
    if number == have:
        return list(scenes), []
    if number < have:
        bounds = [round(part * have / number) for part in range(number + 1)]
        groups = [scenes[begin:end] for begin, end in pairwise(bounds)]
        joined = [_joined(f"s{place}", group) for place, group in enumerate(groups, 1)]
        places = [group for group in groups if len({scene.background for scene in group}) > 1]
        notes = [f"{have} events of the story were joined into {number} scenes, as asked for."]
        if places:
            notes.append("Where scenes of several places were joined, the first place was taken.")
        return joined, notes
    shares = [number // have + (place < number % have) for place in range(have)]
    parts = [part for scene, share in zip(scenes, shares, strict=True) for part in _divided(scene, share)]
    for place, part in enumerate(parts, 1):
        part.id = f"s{place}"
    return parts, [f"{have} events of the story were divided into {number} scenes, as asked for."]


def _joined(scene_id: str, scenes: Sequence[Scene]) -> Scene:
    """One scene in which these happen one after the other."""
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
            "entities": [_bounded(entity) for entity in entities.values()][:MAX_ENTITIES],
        }
    )


def _bounded(entity: Entity) -> Entity:
    """With no more keys than a layout may have."""
    if len(entity.layout) <= MAX_FRAMES:
        return entity
    return entity.model_copy(update={"layout": dense(entity.layout, MAX_FRAMES)})


def _divided(scene: Scene, parts: int) -> list[Scene]:
    """The scene in parts that follow each other in time."""
    if parts == 1:
        return [scene]
    found = []
    for part in range(parts):
        pieces = [(entity, _piece(entity.layout, part, parts)) for entity in scene.entities]
        seen = [(entity, piece) for entity, piece in pieces if any(box is not None for box in piece)]
        entities = [entity.model_copy(update={"layout": piece}) for entity, piece in seen]
        found.append(scene.model_copy(update={"entities": entities}))
    return found


def _piece(layout: Layout, part: int, parts: int) -> Layout:
    """The keys of one part, each computed by itself: all points of all parts are as many as the parts squared."""
    steps = KEY_BOXES - 1
    points = steps * parts * _FINE + 1
    return [box_at(layout, (part * steps + key) * _FINE, points) for key in range(KEY_BOXES)]
