"""Pictures of every kind become upright RGB of a bounded size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from videodirector.errors import UsageError
from videodirector.schemas import ImageInput
from videodirector.senses import load_image
from videodirector.senses.image import cut_out


def read(source: object) -> np.ndarray:
    return load_image(ImageInput(source=source)).clips[0]


def red_left(size: tuple[int, int] = (40, 20)) -> Image.Image:
    image = Image.new("RGB", size, "blue")
    image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    return image


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.tiff", "a.bmp"])
def test_formats(tmp_path: Path, name: str) -> None:
    red_left().save(tmp_path / name, quality=95)
    pixels = read(tmp_path / name)
    assert pixels.shape == (20, 40, 3)
    assert pixels[10, 5, 0] > 200
    assert pixels[10, 35, 2] > 200


def test_exif_turns_the_picture_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees clockwise
    red_left().save(tmp_path / "a.jpg", exif=exif, quality=95)
    pixels = read(tmp_path / "a.jpg")
    assert pixels.shape == (40, 20, 3)
    assert pixels[5, 10, 0] > 200  # what was left is above


def test_cmyk_greys_palettes_and_sixteen_bits(tmp_path: Path) -> None:
    red_left().convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    assert read(tmp_path / "cmyk.jpg")[10, 5].tolist() == pytest.approx([255, 0, 0], abs=12)
    red_left().convert("P").save(tmp_path / "p.png")
    assert read(tmp_path / "p.png")[10, 5].tolist() == pytest.approx([255, 0, 0], abs=12)
    deep = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (8, 1))
    Image.fromarray(deep).save(tmp_path / "deep.png")
    pixels = read(tmp_path / "deep.png")
    assert pixels[0, 0, 0] == 0
    assert pixels[0, -1, 0] == 255
    assert pixels[4, 32, 0] == pytest.approx(130, abs=3)


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (10, 10))
    image.paste((0, 128, 0, 255), (0, 0, 5, 10))
    image.save(tmp_path / "a.png")
    pixels = read(tmp_path / "a.png")
    assert pixels[5, 9].tolist() == [255, 255, 255]
    assert pixels[5, 1].tolist() == [0, 128, 0]


def test_an_animation_is_its_first_frame_and_says_so(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    sensed = load_image(ImageInput(source=tmp_path / "a.gif"))
    assert sensed.clips[0][4, 4, 0] > 200
    assert "--video" in sensed.notes[0]


def test_a_hundred_megapixels_are_made_small(tmp_path: Path) -> None:
    Image.new("L", (10_000, 10_000), 77).save(tmp_path / "large.png", compress_level=1)
    pixels = read(tmp_path / "large.png")
    assert pixels.shape == (1024, 1024, 3)
    assert (pixels == 77).all()


def test_more_than_pillow_opens_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    red_left().save(tmp_path / "a.png")
    with pytest.raises(UsageError, match="too large"):
        read(tmp_path / "a.png")


def test_arrays() -> None:
    grey = np.full((6, 7), 0.5)
    assert read(grey).shape == (6, 7, 3)
    assert read(grey)[0, 0, 0] == 128
    assert read(np.zeros((3, 6, 7), dtype=np.uint8)).shape == (6, 7, 3)
    assert read(Image.new("RGB", (5, 4), "red"))[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello, this is text", "cannot be read as a picture"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "begins like a WAVE sound"),
        (b"\0\0\0\x18ftypmp42", "begins like an MP4 video"),
    ],
)
def test_what_is_no_picture_is_told_from_its_first_bytes(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UsageError, match=words):
        read(tmp_path / "a.png")


def test_a_truncated_picture(tmp_path: Path) -> None:
    red_left((400, 400)).effect_spread(50).save(tmp_path / "whole.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "whole.png").read_bytes()[:2000])
    with pytest.raises(UsageError, match="cannot be read as a picture"):
        read(tmp_path / "a.png")


@pytest.mark.parametrize(
    "source", [np.zeros((2, 3, 4, 5)), np.zeros(7), np.array(["a"]), np.zeros((0, 4, 3)), np.full((4, 4), np.nan)]
)
def test_arrays_that_are_no_pictures(source: np.ndarray) -> None:
    with pytest.raises(UsageError):
        read(source)


def test_no_such_file_and_folders(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        read(tmp_path / "none.png")
    with pytest.raises(UsageError, match="is a folder"):
        read(tmp_path)


def test_a_thing_is_cut_out_where_its_ground_is_clear_or_of_one_colour() -> None:
    thing = (10, 5, 30, 15)
    clear = Image.new("RGBA", (40, 20))
    clear.paste((255, 0, 0, 255), thing)
    plain = Image.new("RGBA", (40, 20), (240, 240, 236, 255))
    plain.paste((255, 0, 0, 255), thing)
    plain.paste((240, 240, 236, 255), (15, 8, 20, 12))  # a hole of the ground's colour is a part of the thing
    for picture in (clear, plain):
        alone = np.array(cut_out(picture))
        assert alone.shape == (10, 20, 4)
        assert alone[..., 3].all()
    noisy = Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, 40, 4), dtype=np.uint8))
    for whole in (noisy.convert("RGB").convert("RGBA"), Image.new("RGBA", (9, 9), "red"), Image.new("RGBA", (9, 9))):
        assert cut_out(whole) == whole
