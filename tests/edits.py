"""Random edits of plans, of every kind that a person makes."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from videodirector.errors import PlanError
from videodirector.schemas import VideoPlan

Document = dict[str, Any]
Edit = Callable[[Document, random.Random, Path], None]

NAMES = ["fox", "red car", "owl", "blue car", "castle", "dog", "zorgon", "cat", "ball", "duck"]
PLACES = ["forest", "beach", "city", "night", "desert", "", "inside a whale"]
LOOKS = ["", "a fox", "a small red fox", "a blue thing", "an owl"]


def some_plan(chance: random.Random, folder: Path, *, scenes: int = 3) -> VideoPlan:
    """A plan of short scenes that share things, places and pictures."""
    for number in range(3):
        paint(folder / f"{number}.png", chance)
    document: Document = {"schema_version": 1, "seed": chance.randrange(9), "frame_rate": "8/1"}
    document["scenes"] = [scene(f"s{number}", chance) for number in range(scenes)]
    refer(document, chance, folder)
    return VideoPlan.parse(document)


def scene(scene_id: str, chance: random.Random) -> Document:
    things = chance.sample(NAMES[:7], chance.choice([0, 1, 2, 2]))
    return {
        "id": scene_id,
        "description": f"A {chance.choice(NAMES)} comes along.",
        "background": chance.choice(PLACES),
        "frames": chance.choice([3, 4, 5]),
        "entities": [thing(name, chance) for name in things],
    }


def thing(name: str, chance: random.Random) -> Document:
    layout = [box(chance) if chance.random() < 0.85 else None for _ in range(chance.choice([1, 2, 3]))]
    return {
        "id": name.replace(" ", "-"),
        "name": name,
        "description": chance.choice(LOOKS) if chance.random() < 0.3 else f"a {name}",
        "layout": layout,
    }


def box(chance: random.Random) -> list[float]:
    x0, y0 = round(chance.uniform(0, 0.6), 2), round(chance.uniform(0, 0.6), 2)
    return [x0, y0, round(x0 + chance.uniform(0.15, 0.4), 2), round(y0 + chance.uniform(0.15, 0.4), 2)]


def paint(path: Path, chance: random.Random) -> None:
    Image.new("RGB", (9, 7), tuple(chance.randrange(256) for _ in range(3))).save(path)


def _scene(document: Document, chance: random.Random) -> Document:
    chosen: Document = chance.choice(document["scenes"])
    return chosen


def _entity(document: Document, chance: random.Random) -> Document:
    entities = [entity for scene in document["scenes"] for entity in scene["entities"]]
    chosen: Document = chance.choice(entities) if entities else {"layout": [None]}
    return chosen


def _of_scene(name: str, *values: object) -> Edit:
    def edit(document: Document, chance: random.Random, _folder: Path) -> None:
        _scene(document, chance)[name] = chance.choice(values)

    edit.__name__ = f"scene {name}"
    return edit


def _of_entity(name: str, *values: object) -> Edit:
    def edit(document: Document, chance: random.Random, _folder: Path) -> None:
        _entity(document, chance)[name] = chance.choice(values)

    edit.__name__ = f"entity {name}"
    return edit


def _of_plan(name: str, *values: object) -> Edit:
    def edit(document: Document, chance: random.Random, _folder: Path) -> None:
        document[name] = chance.choice(values)

    edit.__name__ = f"plan {name}"
    return edit


def move_a_box(document: Document, chance: random.Random, _folder: Path) -> None:
    layout = _entity(document, chance)["layout"]
    layout[chance.randrange(len(layout))] = box(chance)


def hide_a_box(document: Document, chance: random.Random, _folder: Path) -> None:
    layout = _entity(document, chance)["layout"]
    layout[chance.randrange(len(layout))] = None


def add_a_key(document: Document, chance: random.Random, _folder: Path) -> None:
    _entity(document, chance)["layout"].append(box(chance))


def add_a_thing(document: Document, chance: random.Random, _folder: Path) -> None:
    chosen = _scene(document, chance)
    there = {entity["id"] for entity in chosen["entities"]}
    chosen["entities"] += [new for name in chance.sample(NAMES, 1) if (new := thing(name, chance))["id"] not in there]


def remove_a_thing(document: Document, chance: random.Random, _folder: Path) -> None:
    chosen = _scene(document, chance)
    chosen["entities"] = chosen["entities"][1:]


def swap_things(document: Document, chance: random.Random, _folder: Path) -> None:
    _scene(document, chance)["entities"].reverse()


def reorder(document: Document, chance: random.Random, _folder: Path) -> None:
    chance.shuffle(document["scenes"])


def add_a_scene(document: Document, chance: random.Random, _folder: Path) -> None:
    new = f"n{chance.randrange(10**6)}"
    document["scenes"].insert(chance.randrange(len(document["scenes"]) + 1), scene(new, chance))


def remove_a_scene(document: Document, chance: random.Random, _folder: Path) -> None:
    if len(document["scenes"]) > 2:
        gone = document["scenes"].pop(chance.randrange(len(document["scenes"])))["id"]
        for members in document["consistency_groups"].values():
            members[:] = [member for member in members if member != gone]
        document["consistency_groups"] = {
            group: members for group, members in document["consistency_groups"].items() if members
        }


def leave_a_group(document: Document, chance: random.Random, _folder: Path) -> None:
    groups = {group: members for group, members in document["consistency_groups"].items() if len(members) > 1}
    if groups:
        groups[chance.choice(sorted(groups))].pop()


def regroup(document: Document, _chance: random.Random, _folder: Path) -> None:
    del document["consistency_groups"]


def refer(document: Document, chance: random.Random, folder: Path) -> None:
    present = sorted({entity["name"] for scene in document["scenes"] for entity in scene["entities"]})
    document["references"] = {chance.choice(present): str(folder / f"{chance.randrange(3)}.png")} if present else {}


def repaint(_document: Document, chance: random.Random, folder: Path) -> None:
    paint(folder / f"{chance.randrange(3)}.png", chance)


def copy_a_picture(document: Document, chance: random.Random, folder: Path) -> None:
    """The same bytes under another name."""
    for key, file in document.get("references", {}).items():
        copy = folder / f"copy-{chance.randrange(99)}.png"
        copy.write_bytes(Path(file).read_bytes())
        document["references"][key] = str(copy)


EDITS: list[Edit] = [
    *[move_a_box] * 4,
    hide_a_box,
    add_a_key,
    add_a_thing,
    remove_a_thing,
    swap_things,
    reorder,
    reorder,
    add_a_scene,
    remove_a_scene,
    leave_a_group,
    regroup,
    refer,
    refer,
    repaint,
    copy_a_picture,
    _of_scene("description", "A fox runs.", "The owl sleeps in the forest.", "It rains."),
    _of_scene("background", *PLACES),
    _of_scene("frames", 3, 4, 5, 6),
    _of_scene("transition", "cut", "crossfade", "fade"),
    _of_scene("layout_strength", 0.2, 0.5, 1.0),
    _of_scene("seed", 5, 77),
    _of_scene("subtitle", "once", "twice"),
    _of_scene("frame_rate", "4/1", "8/1"),
    _of_entity("name", *NAMES),
    _of_entity("description", *LOOKS),
    _of_entity("id", "somebody", "one"),
    _of_plan("seed", 0, 1, 2, 3),
    _of_plan("frame_rate", "8/1", "12/1", "30000/1001"),
    _of_plan("prompt", "A story.", "Another one."),
    _of_plan("notes", [], ["seen"]),
]


def edited(plan: VideoPlan, chance: random.Random, folder: Path) -> tuple[VideoPlan, str]:
    """The plan after one random edit that leaves it valid, and what the edit was."""
    while True:
        document = plan.model_dump(mode="json", exclude_none=True)
        edit = chance.choice(EDITS)
        edit(document, chance, folder)
        try:
            return VideoPlan.parse(document), edit.__name__
        except PlanError:  # it contradicts what is there
            continue
