"""The drawn layout equals the plan's boxes to a pixel."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from videodirector.generator.backends.control_video import COLOURS, assign_colours, box_pixels, draw_control_video
from videodirector.schemas import Box, Entity, Scene

sides = st.floats(0, 1, allow_nan=False)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x0, x1 = sorted((draw(sides), draw(sides)))
    y0, y1 = sorted((draw(sides), draw(sides)))
    x0, y0 = min(x0, 0.99), min(y0, 0.99)
    return Box(x0, y0, max(x1, x0 + 0.01), max(y1, y0 + 0.01))


def of(*layouts: list[Box | None], frames: int = 9) -> Scene:
    entities = [Entity(id=f"e{number}", name="thing", layout=layout) for number, layout in enumerate(layouts)]
    return Scene(id="s", description="", frames=frames, entities=entities)


@given(st.lists(boxes(), min_size=1, max_size=4), st.integers(1, 12))
def test_the_rectangle_is_the_box_of_its_frame(keys: list[Box], frames: int) -> None:
    scene = of(list(keys))
    pictures = draw_control_video(scene, frames=frames, size=(80, 48))
    (colour,) = assign_colours({"e0": "e0"}).values()
    for picture, box in zip(pictures, scene.entities[0].boxes(frames), strict=True):
        assert box is not None
        left, top, right, bottom = box_pixels(box, (80, 48))
        rows, columns = np.nonzero((picture == colour).all(axis=-1))
        assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (left, top, right, bottom)
        outside = np.ones((48, 80), dtype=bool)
        outside[top:bottom, left:right] = False
        assert (picture[outside] == 255).all()
        assert (picture[top + 2 : bottom - 2, left + 2 : right - 2] == 255).all(), "thin: inside it is white"


def test_the_last_box_is_reached_on_the_last_frame_whatever_their_number() -> None:
    scene = of([Box(0.0, 0.0, 0.25, 0.5), Box(0.5, 0.5, 1.0, 1.0)])
    for frames in (2, 5, 33):
        pictures = draw_control_video(scene, frames=frames, size=(64, 32))
        rows, columns = np.nonzero((pictures[-1] != 255).any(axis=-1))
        assert (columns.min(), rows.min(), columns.max(), rows.max()) == (32, 16, 63, 31)


def test_nothing_is_drawn_where_nothing_is_seen() -> None:
    pictures = draw_control_video(of([None, Box(0.2, 0.2, 0.8, 0.8)]), frames=4, size=(32, 32))
    assert (pictures[0] == 255).all()
    assert not (pictures[-1] == 255).all()


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=len(COLOURS)))
def test_things_of_one_scene_have_colours_of_their_own(names: dict[str, str]) -> None:
    assert len(set(assign_colours(names).values())) == len(names)


def test_a_thing_keeps_its_colour_among_others() -> None:
    assert len(set(COLOURS)) == len(COLOURS) == 24
    alone = assign_colours({"a": "fox"})["a"]
    assert assign_colours({"x": "fox"})["x"] == alone
    assert len(assign_colours({str(number): "duck" for number in range(30)})) == 30
