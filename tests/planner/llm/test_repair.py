"""Boxes in answers become layouts, whatever shape and convention they come in, and every repair is told."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyjson import JSON
from videodirector.evaluation.metrics.checks import BoxTrack, parse_checks
from videodirector.planner.llm._coordinates import Convention, Order, RawBox, recognise_convention
from videodirector.planner.llm._repair import Layouts, repair_layouts
from videodirector.planner.llm.parse_boxes import parse_tracks
from videodirector.schemas import Box, Entity, Scene, VideoPlan

Fractions = list[tuple[float, float, float, float]]

WALK: Fractions = [(round(0.05 + 0.07 * key, 2), 0.5, round(0.3 + 0.07 * key, 2), 0.9) for key in range(9)]
ROCK: Fractions = [(0.62, 0.55, 0.92, 0.92)] * 9
LAYOUT = {"fox": WALK, "rock": ROCK}
SAID = "A fox walks from left to right towards a rock."


def layouts_of(answer: Any, said: str = SAID) -> Layouts:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return repair_layouts(parse_tracks(text), {"fox": "fox", "rock": "rock"}, context=said)


def named(box: tuple[float, ...]) -> dict[str, float]:
    return dict(zip(("x0", "y0", "x1", "y1"), box, strict=True))


SHAPES: dict[str, Any] = {
    "as asked": {
        "reasoning": "It walks.",
        "layouts": [
            {"entity": name, "keys": [{"frame": key + 1, "box": named(box)} for key, box in enumerate(boxes)]}
            for name, boxes in LAYOUT.items()
        ],
        "caption": "A fox.",
    },
    "lists": LAYOUT,
    "lists deep down": {"plan": {"layouts": {name: {"boxes": boxes} for name, boxes in LAYOUT.items()}}},
    "frames": {
        "frames": [
            {"frame": key + 1, "objects": [{"name": name, "bbox": boxes[key]} for name, boxes in LAYOUT.items()]}
            for key in range(9)
        ]
    },
    "frames from 0": [
        {"frame": key, "boxes": {name: boxes[key] for name, boxes in LAYOUT.items()}} for key in range(9)
    ],
    "frames as keys": {f"Frame {key + 1}": {name: boxes[key] for name, boxes in LAYOUT.items()} for key in range(9)},
    "frames as lists": [[[name, boxes[key]] for name, boxes in LAYOUT.items()] for key in range(9)],
    "keys by number": {name: {str(key + 1): box for key, box in enumerate(boxes)} for name, boxes in LAYOUT.items()},
    "corners": {
        name: [[[box[0], box[1]], [box[2], box[3]]] for box in boxes] for name, boxes in LAYOUT.items()
    },
    "texts": {name: [f"({', '.join(map(str, box))})" for box in boxes] for name, boxes in LAYOUT.items()},
    "sides": {
        name: [{"x": b[0], "y": b[1], "width": b[2] - b[0], "height": b[3] - b[1]} for b in boxes]
        for name, boxes in LAYOUT.items()
    },
    "flat": [
        {"entity": name, "frame": key, "box": box} for name, boxes in LAYOUT.items() for key, box in enumerate(boxes, 1)
    ],
    "published": "Reasoning: the fox walks.\n"
    + "\n".join(
        f"**Frame {key + 1}**: {[{'id': 0, 'name': name, 'box': list(boxes[key])} for name, boxes in LAYOUT.items()]}"
        for key in range(9)
    )
    + "\nCaption: A fox.",
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape: str) -> None:
    layouts = layouts_of(SHAPES[shape])
    assert layouts.faults == []
    assert [note for note in layouts.repairs if "read as" in note] == []
    assert set(layouts.boxes) == {"fox", "rock"}
    for name, boxes in LAYOUT.items():
        assert [tuple(box) for box in layouts.boxes[name] if box] == [pytest.approx(box) for box in boxes]


def written(box: Box, order: Order, width: float, height: float) -> RawBox:
    x0, y0, x1, y1 = box.x0 * width, box.y0 * height, box.x1 * width, box.y1 * height
    values = {
        "xyxy": (x0, y0, x1, y1),
        "yxyx": (y0, x0, y1, x1),
        "xywh": (x0, y0, x1 - x0, y1 - y0),
        "cxcywh": ((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0),
    }[order]
    a, b, c, d = (round(value, 2 if width == 1 else 0) for value in values)
    return RawBox((a, b, c, d))


@pytest.mark.parametrize("order", ["xyxy", "xywh", "yxyx"])
@pytest.mark.parametrize("size", [(1, 1), (100, 100), (1000, 1000), (512, 512), (1280, 720)])
def test_conventions_are_found_from_the_whole_answer(order: Order, size: tuple[int, int]) -> None:
    tracks = [[written(Box(*box), order, *size) for box in boxes] for boxes in LAYOUT.values()]
    assert recognise_convention(tracks, context=SAID) == Convention(order, *size)


def test_a_size_or_an_order_that_is_said() -> None:
    corner = [[written(Box(0.1, 0.1, 0.2, 0.3), "xyxy", 640, 480)]]
    assert recognise_convention(corner, context="in a picture of 640x480 pixels") == Convention("xyxy", 640, 480)
    assert recognise_convention(corner, context="boxes are [ymin, xmin, ymax, xmax]").order == "yxyx"
    assert recognise_convention(corner, context="as x, y, w, h").order == "xywh"
    large = [[written(Box(0.1, 0.4, 0.7, 0.9), "yxyx", 1000, 1000)]]
    assert recognise_convention(large, context="gemini-flash") == Convention("yxyx", 1000, 1000)


def test_one_odd_box_does_not_change_how_the_others_are_read() -> None:
    odd: list[Any] = [list(box) for box in WALK]
    odd[4] = [40, 50, 70, 90]
    layouts = layouts_of({"fox": odd, "rock": ROCK})
    assert layouts.repairs == ["fox: 1 of 9 boxes outside of the picture or without area, taken as not visible"]
    assert layouts.boxes["fox"][3] == WALK[3]
    assert layouts.boxes["rock"][4] == ROCK[4]


def test_defects_of_single_boxes() -> None:
    fox: list[Any] = [list(box) for box in WALK]
    fox[0] = [0.3, 0.9, 0.05, 0.5]  # turned round
    fox[1] = [-0.1, 0.5, 0.3, 0.9]  # over the edge
    del fox[8]
    keys = [{"frame": number, "box": box} for number, box in enumerate(fox, start=1) if number != 5]
    keys.append({"frame": 9, "box": "gone to the left"})
    rock = [None, *ROCK[1:]]
    layouts = layouts_of({"layouts": [{"entity": "fox", "keys": keys}, {"entity": "rock", "keys": rock}]})
    assert layouts.repairs == [
        "1 box was no four numbers",
        "fox: 1 of 9 boxes with sides the wrong way round, put in order",
        "fox: 1 of 9 boxes cut at the edge of the picture",
        "fox: 2 of 9 key boxes missing, taken from those beside them",
    ]
    found = layouts.boxes["fox"]
    assert found[0] == WALK[0]
    assert found[1] == (0.0, 0.5, 0.3, 0.9)
    assert found[4] == pytest.approx(WALK[4])
    assert found[8] == found[7]
    assert layouts.boxes["rock"][0] is None


def test_leaving_ends_at_the_edge() -> None:
    fox: list[Any] = [[0.1 + 0.15 * key, 0.5, 0.4 + 0.15 * key, 0.9] for key in range(9)]
    layouts = layouts_of({"fox": fox, "rock": ROCK})
    seen = layouts.boxes["fox"]
    assert seen[6] == (0.98, 0.5, 1.0, 0.9)
    assert seen[7:] == [None, None]


def test_names() -> None:
    three = {"duck-1": "duck", "duck-2": "duck", "duck-3": "duck", "old man": "old man"}
    answer = {"Duck 1": WALK, "the duck_2": WALK, "ducks-3": WALK, "man": ROCK, "moon": ROCK}
    layouts = repair_layouts(parse_tracks(json.dumps(answer)), three)
    assert set(layouts.boxes) == set(three)
    assert layouts.faults == []
    assert "old man: called “man” in the answer" in layouts.repairs
    assert "not asked for, left out: “moon”" in layouts.repairs
    in_frames = [{"frame": key, "boxes": [{"name": "duck", "box": WALK[0]}] * 3} for key in range(1, 10)]
    layouts = repair_layouts(parse_tracks(json.dumps(in_frames)), three)
    assert set(layouts.boxes) == {"duck-1", "duck-2", "duck-3"}
    assert layouts.faults == ['"old man" has no boxes']


def test_what_cannot_be_mended_is_said_precisely() -> None:
    layouts = layouts_of({"fox": [[1.2, 1.2, 1.5, 1.5]] * 9, "rock": ROCK})
    assert layouts.faults == ['"fox" has no box inside of the picture in any frame']
    with pytest.raises(ValueError, match="no boxes"):
        parse_tracks('{"fox": "on the left"}')


def test_other_numbers_of_keys_are_kept() -> None:
    layouts = layouts_of({"fox": WALK[:5] + WALK[:5] + WALK[:5] + WALK[:1], "rock": ROCK[:1] * 16})
    assert len(layouts.boxes["fox"]) == 16
    assert layouts.repairs == ["16 key boxes instead of 9"]
    text = "\n".join(f"Frame {number}: {{'fox': {list(WALK[0])}, 'rock': {list(ROCK[0])}}}" for number in (0, 4, 8, 16))
    assert len(layouts_of(text).boxes["rock"]) == 4


@given(JSON, st.booleans())
def test_any_json_gives_valid_layouts_or_a_value_error(answer: Any, known: bool) -> None:
    try:
        found = parse_tracks(json.dumps(answer))
    except ValueError:
        return
    layouts = repair_layouts(found, {"fox": "fox", "rock": "rock"} if known else None)
    for number, layout in enumerate(layouts.boxes.values()):
        Entity(id=f"e{number}", name="thing", layout=layout)


DATA = next(
    (file for up in Path(__file__).parents if (file := up / "shared" / "data" / "lvd_gpt4_layouts.json").exists()),
    Path("shared/data/lvd_gpt4_layouts.json"),
)


@pytest.mark.skipif(not DATA.exists(), reason="the 500 real answers are not part of the repository")
def test_five_hundred_real_answers() -> None:
    """Every real answer becomes a valid plan, each repair is listed, and no skill is worse than before."""
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    pixels = Convention("xywh", 512, 512)
    for item in json.loads(DATA.read_text()):
        found = parse_tracks(item["response"])
        frames = sorted(found.frames)
        raw = {
            name: [None if (box := track.get(frame)) is None else pixels.to_box(box) for frame in frames]
            for name, track in found.tracks.items()
        }
        layouts = repair_layouts(found, keys=6, context=item["prompt"], canvas=(512, 512))
        assert layouts.faults == []
        for name, boxes in raw.items():
            if layouts.boxes[name] != [pytest.approx(box) for box in boxes]:
                assert any(note.startswith(f"{name}: ") for note in layouts.repairs)
        entities = [
            Entity(id=f"e{number}", name=re.sub(r" #\d+$", "", name), layout=layout)
            for number, (name, layout) in enumerate(layouts.boxes.items())
        ]
        VideoPlan(scenes=[Scene(id="s1", description=item["prompt"], entities=entities)]).checked()
        (check,) = parse_checks(item["prompt"])
        names = [entity.name for entity in entities]
        before[item["skill"]] += check.holds([BoxTrack(n, tuple(b)) for n, b in zip(names, raw.values(), strict=True)])
        after[item["skill"]] += check.holds([BoxTrack(entity.name, tuple(entity.layout)) for entity in entities])
    assert sum(before.values()) == 488, "the published figure"
    assert all(after[skill] >= before[skill] for skill in before)
