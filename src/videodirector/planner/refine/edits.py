"""The edits of a plan: one function for each kind of request, called with the slots of its pattern."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from videodirector.planner.english.vocabulary import find_word_classes
from videodirector.planner.refine import layout_edits as tracks
from videodirector.planner.refine import scenes
from videodirector.planner.refine._new_entities import add_to_scene, animate_entity, create_entities
from videodirector.planner.refine.edit_errors import EditError, NoChangeError, UnknownRequestError
from videodirector.planner.refine.targets import Target, find_entities, find_scene, find_scenes, is_entity
from videodirector.schemas import Entity, Layout, Scene, VideoPlan

__all__ = [
    "RELATION_WORDS",
    "Edit",
    "EditSession",
    "Slots",
    "add_entities",
    "animate_entities",
    "apply_to_any",
    "change_background",
    "change_description",
    "change_length",
    "change_speed",
    "delete_scenes",
    "duplicate_scene",
    "hold_still",
    "move_scene",
    "place_beside",
    "place_in_picture",
    "recolour_entities",
    "remove_entities",
    "rename_entities",
    "replace_entities",
    "resize_entities",
    "scale_entities",
    "shift_entities",
    "shift_timing",
    "show_in_half",
    "swap_entities",
    "swap_scenes",
]

T = TypeVar("T")


@dataclass
class EditSession:
    """A plan being edited, and what the request has named so far.

    Attributes:
        plan: changed in place.
        named: the scenes that this part of the request names; None for none.
        scope: those that it named last, for "add a kite to scene 1 and add a ball".
        last: whom "it" means.
    """

    plan: VideoPlan
    named: list[Scene] | None = None
    scope: list[Scene] = field(default_factory=list)
    last: list[Target] = field(default_factory=list)

    def add_note(self, text: str) -> None:
        """Add a note to the plan, once."""
        self.plan.notes += [text] if text not in self.plan.notes else []

    @property
    def scenes(self) -> list[Scene]:
        """The scenes meant: those named, or all."""
        return self.named or list(self.plan.scenes)

    def find_targets(self, phrase: str) -> list[Target]:
        """Return the entities meant, remembered for the next "it"."""
        self.last = find_entities(self.scenes, phrase, self.last)
        return self.last

    def edit_each(self, phrase: str, change: Callable[[Scene, Entity], None]) -> None:
        """Edit each entity that a phrase names.

        Raises:
            EditError: none can be edited; with the first reason.
        """
        apply_to_any(self.find_targets(phrase), lambda target: change(*target))

    def edit_layouts(self, phrase: str, change: Callable[[Layout], Layout]) -> None:
        """Edit the layout of each entity that a phrase names."""
        self.edit_each(phrase, lambda _, entity: setattr(entity, "layout", change(list(entity.layout))))


def apply_to_any(things: Iterable[T], change: Callable[[T], None]) -> None:
    """Apply a change to each item; it is enough if one can be changed.

    Raises:
        EditError: none can be changed; with the first reason.
    """
    done, refused = 0, []
    for thing in things:
        try:
            change(thing)
            done += 1
        except EditError as error:
            refused.append(error)
    if refused and not done:
        raise refused[0]


Slots = dict[str, str]
"""The slots of a pattern that were filled, in small letters where the case says nothing."""

Edit = Callable[[EditSession, Slots], None]

_FACTORS = {"twice": 2.0, "double": 2.0, "half": 0.5, "halve": 0.5, "three times": 3.0, "triple": 3.0}


def _parse_degree(words: Slots) -> float:
    """0.5 for "a bit", 2 for "much", 1 for neither."""
    said = words.get("degree", "") + words.get("after", "")
    if re.search(r"\b(?:little|bit|tad|touch|slightly|somewhat)\b", said):
        return 0.5
    return 2.0 if said.strip() else 1.0


def resize_entities(session: EditSession, words: Slots) -> None:
    """ "Make the owl bigger", "twice as big", "shrink the owl"."""
    factor = _FACTORS.get(words.get("times", ""), 1.3 ** _parse_degree(words))
    if "times" not in words and re.match(r"small|tin|shr|short|thin", words["size"]):
        factor = 1 / factor
    session.edit_layouts(words["who"], lambda layout: tracks.resize(layout, factor))


def scale_entities(session: EditSession, words: Slots) -> None:
    """ "Scale the owl by 1.5", "to 80 %"."""
    factor = float(words["percent"]) / 100 if "percent" in words else float(words["factor"])
    if not 0.05 <= factor <= 20:
        raise EditError(f"a factor of {factor:g} is out of range", hint="give one in 0.05 .. 20")
    session.edit_layouts(words["who"], lambda layout: tracks.resize(layout, factor))


_STEP = 0.15  # of the picture
_DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "high": (0, -1), "rais": (0, -1), "lift": (0, -1),
         "down": (0, 1), "low": (0, 1)}  # fmt: skip


def shift_entities(session: EditSession, words: Slots) -> None:
    """ "Move the owl a bit to the left", "raise the moon"."""
    dx, dy = next(way for stem, way in _DIRECTIONS.items() if words["way"].startswith(stem))
    step = _STEP * _parse_degree(words)
    session.edit_layouts(words["who"], lambda layout: tracks.displace(layout, dx * step, dy * step))


def place_in_picture(session: EditSession, words: Slots) -> None:
    """ "Move the owl to the upper left corner", "to the middle of the picture"."""
    said = set(re.findall(r"[a-z]+", words["where"]))
    middle = bool(said & {"middle", "center", "centre"})
    x = 0.2 if "left" in said else 0.8 if "right" in said else 0.5 if middle else None
    y = 0.2 if said & {"top", "upper"} else 0.8 if said & {"bottom", "lower"} else None
    if words["where"].rstrip().endswith(("picture", "frame", "screen", "image")) and middle and y is None:
        y = 0.5
    session.edit_layouts(words["who"], lambda layout: tracks.move_to(layout, x, y))


RELATION_WORDS: dict[str, tracks.BesideRelation] = {
    "to the left of": "left of", "on the left of": "left of", "left of": "left of", "to the right of": "right of",
    "on the right of": "right of", "right of": "right of", "next to": "next to", "close to": "next to",
    "beside": "next to", "near": "next to", "on top of": "on", "onto": "on", "on": "on", "above": "above",
    "over": "above", "underneath": "under", "under": "under", "below": "under", "beneath": "under",
    "behind": "behind", "in front of": "in front of",
}  # fmt: skip


def place_beside(session: EditSession, words: Slots) -> None:
    """ "Put the ball next to the dog"."""
    kind, ground_words = RELATION_WORDS[words["kind"]], words["ground"]
    movers = session.find_targets(words["who"])
    grounds = {scene.id: entity for scene, entity in reversed(find_entities(session.scenes, ground_words))}
    both = [(scene, entity) for scene, entity in movers if grounds.get(scene.id, entity) is not entity]
    if not both:
        raise EditError(f"no scene has both “{words['who']}” and “{ground_words}”")
    for scene, entity in both:
        ground = grounds[scene.id]
        entity.layout = tracks.move_beside(entity.layout, kind, ground.layout)
        if kind in ("behind", "in front of"):  # entities are rendered in list order
            scene.entities.remove(entity)
            scene.entities.insert(scene.entities.index(ground) + (kind == "in front of"), entity)


def swap_entities(session: EditSession, words: Slots) -> None:
    """ "Swap the fox and the owl"."""
    ones = session.find_targets(words["who"])
    others = {scene.id: entity for scene, entity in find_entities(session.scenes, words["other"])}
    pairs = [(entity, others[scene.id]) for scene, entity in ones if others.get(scene.id, entity) is not entity]
    if not pairs:
        raise EditError(f"no scene has both “{words['who']}” and “{words['other']}”")
    for one, other in pairs:
        one.layout, other.layout = tracks.swap_layouts(one.layout, other.layout)


# -- time


def shift_timing(session: EditSession, words: Slots) -> None:
    """ "Let the owl appear later", "leave earlier"."""
    later = words["when"] in ("later", "longer")
    keys = max(1, round(2 * _parse_degree(words)))
    change = (
        tracks.shift_departure if re.match(r"dis|leav|vanish|go|stay|exit", words["verb"]) else tracks.shift_appearance
    )
    session.edit_layouts(words["who"], lambda layout: change(layout, later=later, keys=keys))


def show_in_half(session: EditSession, words: Slots) -> None:
    """ "Show the owl only in the second half"."""
    which: Literal["first", "second"] = "first" if words["half"] == "first" else "second"
    session.edit_layouts(words["who"], lambda layout: tracks.keep_half(layout, which))


_EVERYTHING = re.compile(r"(?:the )?(?:video|story|whole (?:thing|video|story)|film|movie|everything)?")


def change_speed(session: EditSession, words: Slots) -> None:
    """ "Make the car faster"; of a scene or of everything: fewer frames for the same."""
    factor = 1.5 ** _parse_degree(words)
    factor = factor if words["speed"] in ("faster", "quicker", "up", "speed") else 1 / factor
    who = words.get("who", "")
    if _EVERYTHING.fullmatch(who) or (who == "it" and not session.last):
        apply_to_any(session.scenes, lambda scene: scenes.set_length(scene, scene.frames / factor))
    else:
        session.edit_layouts(who, lambda layout: tracks.change_speed(layout, factor))


def hold_still(session: EditSession, words: Slots) -> None:
    """ "Make the fox stand still"."""
    session.edit_layouts(words["who"], tracks.freeze)


def change_length(session: EditSession, words: Slots) -> None:
    """ "Make scene 2 longer", "twice as long", "3 seconds long", "shorten it by 4 frames"."""
    who = words.get("who", "")
    if not (_EVERYTHING.fullmatch(who) or who == "it"):
        raise EditError(f"only scenes have a length, not “{who}”", hint="say “make scene 2 longer”")
    short = words.get("long", "").startswith(("short", "cut"))
    times: float = _FACTORS.get(words.get("times", ""), 1.5 ** _parse_degree(words))

    def wanted(scene: Scene) -> float:
        if "number" not in words:
            return scene.frames / times if short else scene.frames * times
        rate = float(session.plan.frame_rate) if words["unit"].startswith("s") else 1.0
        frames = float(words["number"]) * rate
        return frames if "long" not in words else scene.frames + (-frames if short else frames)

    apply_to_any(session.scenes, lambda scene: scenes.set_length(scene, wanted(scene)))


# -- who is there, and how they look


def add_entities(session: EditSession, words: Slots) -> None:
    """ "Add a red kite to scene 1", "add a cat on the left"."""
    session.named = session.named or session.scope or list(session.plan.scenes)
    session.last = [
        (scene, entity) for scene in session.named for entity in add_to_scene(session.plan, scene, words["who"])
    ]
    if len(session.named) > 1:  # the same newcomer in every scene
        first = [entity.id for scene, entity in session.last if scene is session.named[0]]
        for scene in session.named[1:]:
            here = [entity for other, entity in session.last if other is scene]
            for entity, name in zip(here, first, strict=True):
                entity.id = name
    phrase = "them"
    if "kind" in words:
        place_beside(session, {**words, "who": phrase})
    elif "where" in words:
        try:
            place_in_picture(session, {**words, "who": phrase})
        except NoChangeError:
            return


def remove_entities(session: EditSession, words: Slots) -> None:
    """ "Remove the moon from scene 3"; a description that still speaks of it is noted."""
    for scene, entity in session.find_targets(words["who"]):
        scene.entities.remove(entity)
        if re.search(rf"\b{re.escape(entity.name)}", scene.description, re.IGNORECASE):
            session.add_note(f"{scene.id}: the description still speaks of “{entity.name}”, which was removed.")
    session.last = []


def rename_entities(session: EditSession, words: Slots) -> None:
    """ "Rename the fox to Rusty": the same thing under another name, in the descriptions too."""
    name = re.sub(r"^(?:an?|the) ", "", words["name"].strip(" \"'“”"), flags=re.IGNORECASE)[:200]
    if not name:
        raise EditError("a name has a letter at least")
    for scene, entity in session.find_targets(words["who"]):
        scenes.rename_entity(session.plan, scene, entity, name)


def replace_entities(session: EditSession, words: Slots) -> None:
    """ "Replace the dog with a cat": another thing in the same boxes."""
    for scene, entity in session.find_targets(words["who"]):
        new = create_entities(session.plan, scene, words["new"])[0]
        known = {e.id: e for s, e in session.last if s is not scene}
        new.id = next((name for name in known if known[name].name == new.name), new.id)
        new.layout = entity.layout
        scenes.rename_entity(session.plan, scene, entity, new.name)
        scene.entities[scene.entities.index(entity)] = new
        session.last = [(s, new if e is entity else e) for s, e in session.last]


def recolour_entities(session: EditSession, words: Slots) -> None:
    """ "Make the car blue"."""
    session.edit_each(
        words["who"], lambda scene, entity: scenes.recolour_entity(session.plan, scene, entity, words["colour"])
    )


def animate_entities(session: EditSession, words: Slots) -> None:
    """ "Make the fox jump": any motion that the offline planner understands."""
    text = words["who"].split()
    for place in range(len(text) - 1, 0, -1):  # the latest verb that leaves a name before it
        who = " ".join(text[:place])
        if "VERB" in find_word_classes(text[place]) and is_entity(session.scenes, who, session.last):
            session.edit_each(who, lambda scene, entity: animate_entity(scene, entity, " ".join(text[place:])))  # noqa: B023 - called here
            return
    raise UnknownRequestError(f"make {words['who']}")


# -- scenes


def change_background(session: EditSession, words: Slots) -> None:
    """ "Change the background of scene 2 to the beach"."""
    where = re.sub(r"^(?:(?:be|at|in|on) )?(?:an? |the )?", "", words["place"].strip(" \"'“”"), flags=re.IGNORECASE)
    changed = [scene for scene in session.scenes if where and scene.background != where]
    if not changed:
        raise NoChangeError(f"the background is “{where}” already")
    for scene in changed:
        scene.background = where[:200]


def change_description(session: EditSession, words: Slots) -> None:
    """ "Change the description of scene 2 to ..."."""
    if session.named is None:
        raise EditError("a description belongs to a scene", hint="change the description of scene 2 to ...")
    for scene in session.named:
        scene.description = words["text"].strip(' "“”')[:4000]


def delete_scenes(session: EditSession, words: Slots) -> None:
    """ "Delete scenes 2 and 3"."""
    named, _ = find_scenes(session.plan, words["scenes"])
    scenes.delete_scenes(session.plan, named or [])


def duplicate_scene(session: EditSession, words: Slots) -> None:
    """ "Duplicate scene 2"."""
    scenes.duplicate_scene(session.plan, find_scene(session.plan, words["scene"]))


def move_scene(session: EditSession, words: Slots) -> None:
    """ "Move scene 3 before scene 1", "to the end"."""
    scene = find_scene(session.plan, words["scene"])
    rest = [other for other in session.plan.scenes if other is not scene]
    if "edge" in words:
        to = 0 if words["edge"] in ("beginning", "start", "front") else len(rest)
    else:
        other = find_scene(session.plan, words["other_scene"])
        if other is scene:
            raise EditError("these are one scene")
        to = rest.index(other) + (words["side"] != "before")
    scenes.move_scene(session.plan, scene, to)


def swap_scenes(session: EditSession, words: Slots) -> None:
    """ "Swap scenes 1 and 2"."""
    scenes.swap_scenes(
        session.plan, find_scene(session.plan, words["scene"]), find_scene(session.plan, words["other_scene"])
    )
