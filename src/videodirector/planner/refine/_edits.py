"""What requests do: one function for each kind, from the words of a pattern to a changed plan."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from videodirector.planner.english.vocabulary import find_word_classes
from videodirector.planner.refine import layout_edits as tracks
from videodirector.planner.refine import scenes
from videodirector.planner.refine._new_entities import join, newcomers, played
from videodirector.planner.refine._work import Work, any_of
from videodirector.planner.refine.errors import AlreadySo, CannotDo, NotUnderstood
from videodirector.planner.refine.targets import entities_called, is_entity, scene_at, scenes_meant
from videodirector.schemas import Scene

__all__ = [
    "KINDS",
    "Edit",
    "Words",
    "add",
    "background",
    "beside",
    "colour",
    "delete_scenes",
    "describe",
    "duplicate_scene",
    "half",
    "length",
    "move_scene",
    "place",
    "play",
    "remove",
    "rename",
    "replace",
    "scale",
    "shift",
    "size",
    "speed",
    "still",
    "swap_places",
    "swap_scenes",
    "when",
]  # fmt: skip

Words = dict[str, str]
"""The slots of a pattern that were filled, in small letters where the case says nothing."""

Edit = Callable[[Work, Words], None]

_TIMES = {"twice": 2.0, "double": 2.0, "half": 0.5, "halve": 0.5, "three times": 3.0, "triple": 3.0}


def _degree(words: Words) -> float:
    """0.5 for "a bit", 2 for "much", 1 for neither."""
    said = words.get("degree", "") + words.get("after", "")
    if re.search(r"\b(?:little|bit|tad|touch|slightly|somewhat)\b", said):
        return 0.5
    return 2.0 if said.strip() else 1.0


def size(work: Work, words: Words) -> None:
    """ "Make the owl bigger", "twice as big", "shrink the owl"."""
    factor = _TIMES.get(words.get("times", ""), 1.3 ** _degree(words))
    if "times" not in words and re.match(r"small|tin|shr|short|thin", words["size"]):
        factor = 1 / factor
    work.each_layout(words["who"], lambda layout: tracks.resized(layout, factor))


def scale(work: Work, words: Words) -> None:
    """ "Scale the owl by 1.5", "to 80 %"."""
    factor = float(words["percent"]) / 100 if "percent" in words else float(words["factor"])
    if not 0.05 <= factor <= 20:
        raise CannotDo(f"a factor of {factor:g} is out of range", hint="give one in 0.05 .. 20")
    work.each_layout(words["who"], lambda layout: tracks.resized(layout, factor))


_STEP = 0.15  # of the picture
_WAYS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "high": (0, -1), "rais": (0, -1), "lift": (0, -1),
         "down": (0, 1), "low": (0, 1)}  # fmt: skip


def shift(work: Work, words: Words) -> None:
    """ "Move the owl a bit to the left", "raise the moon"."""
    dx, dy = next(way for stem, way in _WAYS.items() if words["way"].startswith(stem))
    step = _STEP * _degree(words)
    work.each_layout(words["who"], lambda layout: tracks.displaced(layout, dx * step, dy * step))


def place(work: Work, words: Words) -> None:
    """ "Move the owl to the upper left corner", "to the middle of the picture"."""
    said = set(re.findall(r"[a-z]+", words["where"]))
    middle = bool(said & {"middle", "center", "centre"})
    x = 0.2 if "left" in said else 0.8 if "right" in said else 0.5 if middle else None
    y = 0.2 if said & {"top", "upper"} else 0.8 if said & {"bottom", "lower"} else None
    if words["where"].rstrip().endswith(("picture", "frame", "screen", "image")) and middle and y is None:
        y = 0.5
    work.each_layout(words["who"], lambda layout: tracks.moved_to(layout, x, y))


KINDS: dict[str, tracks.Beside] = {
    "to the left of": "left of", "on the left of": "left of", "left of": "left of", "to the right of": "right of",
    "on the right of": "right of", "right of": "right of", "next to": "next to", "close to": "next to",
    "beside": "next to", "near": "next to", "on top of": "on", "onto": "on", "on": "on", "above": "above",
    "over": "above", "underneath": "under", "under": "under", "below": "under", "beneath": "under",
    "behind": "behind", "in front of": "in front of",
}  # fmt: skip


def beside(work: Work, words: Words) -> None:
    """ "Put the ball next to the dog"."""
    kind, ground_words = KINDS[words["kind"]], words["ground"]
    movers = work.targets(words["who"])
    grounds = {scene.id: entity for scene, entity in reversed(entities_called(work.scenes, ground_words))}
    both = [(scene, entity) for scene, entity in movers if grounds.get(scene.id, entity) is not entity]
    if not both:
        raise CannotDo(f"no scene has both “{words['who']}” and “{ground_words}”")
    for scene, entity in both:
        ground = grounds[scene.id]
        entity.layout = tracks.beside(entity.layout, kind, ground.layout)
        if kind in ("behind", "in front of"):  # who comes first in the list is drawn first
            scene.entities.remove(entity)
            scene.entities.insert(scene.entities.index(ground) + (kind == "in front of"), entity)


def swap_places(work: Work, words: Words) -> None:
    """ "Swap the fox and the owl"."""
    ones = work.targets(words["who"])
    others = {scene.id: entity for scene, entity in entities_called(work.scenes, words["other"])}
    pairs = [(entity, others[scene.id]) for scene, entity in ones if others.get(scene.id, entity) is not entity]
    if not pairs:
        raise CannotDo(f"no scene has both “{words['who']}” and “{words['other']}”")
    for one, other in pairs:
        one.layout, other.layout = tracks.exchanged(one.layout, other.layout)


# -- time


def when(work: Work, words: Words) -> None:
    """ "Let the owl appear later", "leave earlier"."""
    later = words["when"] in ("later", "longer")
    keys = max(1, round(2 * _degree(words)))
    change = tracks.leave if re.match(r"dis|leav|vanish|go|stay|exit", words["verb"]) else tracks.appear
    work.each_layout(words["who"], lambda layout: change(layout, later=later, keys=keys))


def half(work: Work, words: Words) -> None:
    """ "Show the owl only in the second half"."""
    which: Literal["first", "second"] = "first" if words["half"] == "first" else "second"
    work.each_layout(words["who"], lambda layout: tracks.half(layout, which))


_EVERYTHING = re.compile(r"(?:the )?(?:video|story|whole (?:thing|video|story)|film|movie|everything)?")


def speed(work: Work, words: Words) -> None:
    """ "Make the car faster"; of a scene or of everything: fewer frames for the same."""
    factor = 1.5 ** _degree(words)
    factor = factor if words["speed"] in ("faster", "quicker", "up", "speed") else 1 / factor
    who = words.get("who", "")
    if _EVERYTHING.fullmatch(who) or (who == "it" and not work.last):
        any_of(work.scenes, lambda scene: scenes.last(scene, scene.frames / factor))
    else:
        work.each_layout(who, lambda layout: tracks.warped(layout, factor))


def still(work: Work, words: Words) -> None:
    """ "Make the fox stand still"."""
    work.each_layout(words["who"], tracks.still)


def length(work: Work, words: Words) -> None:
    """ "Make scene 2 longer", "twice as long", "3 seconds long", "shorten it by 4 frames"."""
    who = words.get("who", "")
    if not (_EVERYTHING.fullmatch(who) or who == "it"):
        raise CannotDo(f"only scenes have a length, not “{who}”", hint="say “make scene 2 longer”")
    short = words.get("long", "").startswith(("short", "cut"))
    times: float = _TIMES.get(words.get("times", ""), 1.5 ** _degree(words))

    def wanted(scene: Scene) -> float:
        if "number" not in words:
            return scene.frames / times if short else scene.frames * times
        rate = float(work.plan.frame_rate) if words["unit"].startswith("s") else 1.0
        frames = float(words["number"]) * rate
        return frames if "long" not in words else scene.frames + (-frames if short else frames)

    any_of(work.scenes, lambda scene: scenes.last(scene, wanted(scene)))


# -- who is there, and how they look


def add(work: Work, words: Words) -> None:
    """ "Add a red kite to scene 1", "add a cat on the left"."""
    work.named = work.named or work.scope or list(work.plan.scenes)
    work.last = [(scene, entity) for scene in work.named for entity in join(work.plan, scene, words["who"])]
    if len(work.named) > 1:  # the same newcomer in every scene
        first = [entity.id for scene, entity in work.last if scene is work.named[0]]
        for scene in work.named[1:]:
            here = [entity for other, entity in work.last if other is scene]
            for entity, name in zip(here, first, strict=True):
                entity.id = name
    phrase = "them"
    if "kind" in words:
        beside(work, {**words, "who": phrase})
    elif "where" in words:
        try:
            place(work, {**words, "who": phrase})
        except AlreadySo:
            return


def remove(work: Work, words: Words) -> None:
    """ "Remove the moon from scene 3"; a description that still speaks of it is noted."""
    for scene, entity in work.targets(words["who"]):
        scene.entities.remove(entity)
        if re.search(rf"\b{re.escape(entity.name)}", scene.description, re.IGNORECASE):
            work.note(f"{scene.id}: the description still speaks of “{entity.name}”, which was removed.")
    work.last = []


def rename(work: Work, words: Words) -> None:
    """ "Rename the fox to Rusty": the same thing under another name, in the descriptions too."""
    name = re.sub(r"^(?:an?|the) ", "", words["name"].strip(" \"'“”"), flags=re.IGNORECASE)[:200]
    if not name:
        raise CannotDo("a name has a letter at least")
    for scene, entity in work.targets(words["who"]):
        scenes.rename(work.plan, scene, entity, name)


def replace(work: Work, words: Words) -> None:
    """ "Replace the dog with a cat": another thing in the same boxes."""
    for scene, entity in work.targets(words["who"]):
        new = newcomers(work.plan, scene, words["new"])[0]
        known = {e.id: e for s, e in work.last if s is not scene}
        new.id = next((name for name in known if known[name].name == new.name), new.id)
        new.layout = entity.layout
        scenes.rename(work.plan, scene, entity, new.name)
        scene.entities[scene.entities.index(entity)] = new
        work.last = [(s, new if e is entity else e) for s, e in work.last]


def colour(work: Work, words: Words) -> None:
    """ "Make the car blue"."""
    work.each(words["who"], lambda scene, entity: scenes.recolour(work.plan, scene, entity, words["colour"]))


def play(work: Work, words: Words) -> None:
    """ "Make the fox jump": any motion that the offline planner understands."""
    text = words["who"].split()
    for place in range(len(text) - 1, 0, -1):  # the latest verb that leaves a name before it
        who = " ".join(text[:place])
        if "VERB" in find_word_classes(text[place]) and is_entity(work.scenes, who, work.last):
            work.each(who, lambda scene, entity: played(scene, entity, " ".join(text[place:])))  # noqa: B023 - called here
            return
    raise NotUnderstood(f"make {words['who']}")


# -- scenes


def background(work: Work, words: Words) -> None:
    """ "Change the background of scene 2 to the beach"."""
    where = re.sub(r"^(?:(?:be|at|in|on) )?(?:an? |the )?", "", words["place"].strip(" \"'“”"), flags=re.IGNORECASE)
    changed = [scene for scene in work.scenes if where and scene.background != where]
    if not changed:
        raise AlreadySo(f"the background is “{where}” already")
    for scene in changed:
        scene.background = where[:200]


def describe(work: Work, words: Words) -> None:
    """ "Change the description of scene 2 to ..."."""
    if work.named is None:
        raise CannotDo("a description belongs to a scene", hint="change the description of scene 2 to ...")
    for scene in work.named:
        scene.description = words["text"].strip(' "“”')[:4000]


def delete_scenes(work: Work, words: Words) -> None:
    """ "Delete scenes 2 and 3"."""
    named, _ = scenes_meant(work.plan, words["scenes"])
    scenes.delete(work.plan, named or [])


def duplicate_scene(work: Work, words: Words) -> None:
    """ "Duplicate scene 2"."""
    scenes.duplicate(work.plan, scene_at(work.plan, words["scene"]))


def move_scene(work: Work, words: Words) -> None:
    """ "Move scene 3 before scene 1", "to the end"."""
    scene = scene_at(work.plan, words["scene"])
    rest = [other for other in work.plan.scenes if other is not scene]
    if "edge" in words:
        to = 0 if words["edge"] in ("beginning", "start", "front") else len(rest)
    else:
        other = scene_at(work.plan, words["other_scene"])
        if other is scene:
            raise CannotDo("these are one scene")
        to = rest.index(other) + (words["side"] != "before")
    scenes.move(work.plan, scene, to)


def swap_scenes(work: Work, words: Words) -> None:
    """ "Swap scenes 1 and 2"."""
    scenes.swap(work.plan, scene_at(work.plan, words["scene"]), scene_at(work.plan, words["other_scene"]))
