from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from videodirector.errors import OutputError
from videodirector.generator.video.contact_sheet import ContactSheet
from videodirector.schemas import Scene


def scene(number: int, description: str = "A fox walks.") -> Scene:
    return Scene(id=f"s{number}", description=description, background="forest")


def test_a_row_shows_the_scene_from_first_to_last(tmp_path: Path) -> None:
    sheet = ContactSheet(2, (64, 64))
    for number in range(2):
        frames = np.zeros((16, 64, 64, 3), np.uint8)
        frames[0, ..., 0] = frames[-1, ..., 2] = 100 + number
        sheet.add(scene(number), frames)
    sheet.save(tmp_path / "sheet.partial")
    with Image.open(tmp_path / "sheet.partial") as picture:
        assert picture.format == "PNG"
        pixels = np.asarray(picture.convert("RGB"))
    assert pixels.shape[1] == 5 * (192 + 6) + 6
    rows = np.unique(np.nonzero((pixels[:, 100] == (100, 0, 0)).all(axis=1))[0])
    assert len(rows) == 192, "the first frame of scene 0, enlarged"
    assert (pixels[rows[0] + 96, -100] == (0, 0, 100)).all(), "the last frame stands at the right"
    assert (pixels[192 + 6 : 192 + 40] < 100).any(), "there is a caption"


@pytest.mark.parametrize("frames", [1, 2, 3, 5])
def test_short_scenes_show_each_frame_once(frames: int, tmp_path: Path) -> None:
    sheet = ContactSheet(1, (64, 64))
    levels = [40 * (number + 1) for number in range(frames)]
    sheet.add(scene(0), np.stack([np.full((64, 64, 3), level, np.uint8) for level in levels]))
    sheet.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        found = [picture.getpixel((6 + 198 * column + 96, 6 + 96)) for column in range(frames)]
    assert found == [(level, level, level) for level in levels]


@pytest.mark.parametrize("scenes", [1, 50, 300, 10_000])
@pytest.mark.parametrize("size", [(64, 64), (1024, 576), (100, 3000)])
def test_a_sheet_stays_small(scenes: int, size: tuple[int, int], tmp_path: Path) -> None:
    sheet = ContactSheet(scenes, size)
    frames = np.zeros((2, size[1], size[0], 3), np.uint8)
    for number in range(min(scenes, 3)):
        sheet.add(scene(number), frames)
    sheet.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width * picture.height < 9_000_000


def test_more_scenes_than_there_is_room_for(tmp_path: Path) -> None:
    sheet = ContactSheet(2_000, (64, 64))
    for number in range(2_000):
        sheet.add(scene(number), np.zeros((1, 2, 2, 3), np.uint8))
    sheet.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        tail = np.asarray(picture.convert("L").crop((0, picture.height - 38, picture.width, picture.height)))
    assert (tail < 100).any(), "the last line says how many are not shown"


def test_a_place_that_has_gone(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        ContactSheet(1, (64, 64)).save(tmp_path / "gone" / "a.png")
