from __future__ import annotations

import numpy as np
import pytest

from videodirector import lexicon
from videodirector.storyworld import places
from videodirector.storyworld.places import Camera


@pytest.mark.parametrize("name", lexicon.backgrounds())
def test_every_place_can_be_painted_and_is_its_own(name: str) -> None:
    frame = places.paint(name, size=(48, 32), seed=1).frame()
    assert frame.shape == (32, 48, 3)
    np.testing.assert_array_equal(frame, places.paint(name, size=(48, 32), seed=1).frame())
    other = places.paint(name, size=(48, 32), seed=2).frame()
    assert np.abs(frame.astype(int) - other).mean() > 0.5
    assert frame.std() > 10


def test_near_layers_move_with_the_camera_and_far_ones_hardly() -> None:
    scenery = places.paint("meadow", size=64, seed=3)
    before, after = Camera(), Camera(x=0.25)
    flow = scenery.flow(before, after, time=0, step=0)
    assert flow[-1, :, 0] == pytest.approx(-16)
    assert (flow[0, :, 0] > -2).all()
    np.testing.assert_array_equal(scenery.frame(after)[-4:, :40], scenery.frame(before)[-4:, 16:56])


def test_boxes_are_seen_where_the_near_layer_goes() -> None:
    assert Camera(x=0.1, zoom=2).seen((0.5, 0.5, 0.7, 0.6)) == pytest.approx((0.3, 0.5, 0.7, 0.7))
    assert Camera(x=0.1).seen((0.5, 0.5, 0.7, 0.6), 0.5) == pytest.approx((0.45, 0.5, 0.65, 0.6))


def test_clouds_drift_and_the_ground_rests() -> None:
    scenery = places.paint("meadow", size=64, seed=3)
    now, later = scenery.frame().astype(int), scenery.frame(time=4).astype(int)
    assert np.abs(now - later)[:20].max() > 20
    assert np.abs(now - later)[-20:].max() <= 1


def test_hours_change_the_light_where_there_is_a_sky() -> None:
    day, night = (places.paint("forest", size=32, seed=1, hour=hour).frame().mean() for hour in ("day", "night"))
    assert night < 0.6 * day
    assert places.paint("space", size=32, seed=1, hour="night").hour == "day"


@pytest.mark.parametrize(
    ("text", "place", "hour", "weather"),
    [
        ("a beach at sunset", "beach", "dusk", "clear"),
        ("the night sky", "sky", "night", "clear"),
        ("night", "night", "night", "clear"),
        ("the rainy city at night", "city", "night", "rain"),
        ("it snows in the village", "village", "day", "snow"),
        ("a rainforest", "jungle", "day", "clear"),
        ("the inside of a neuron", None, "day", "clear"),
    ],
)
def test_words_tell_place_hour_and_weather(text: str, place: str | None, hour: str, weather: str) -> None:
    assert (places.find(text), places.hour_of(text), places.weather_of(text)) == (place, hour, weather)


def test_rain_falls() -> None:
    grey = np.full((64, 64, 3), 128, dtype=np.uint8)
    now, later = (places.fall(grey, "rain", time=time, seed=1) for time in (0.0, 0.1))
    assert not np.array_equal(now, later)
    np.testing.assert_array_equal(now, places.fall(grey, "rain", time=0.0, seed=1))
    assert places.fall(grey, "clear", time=0, seed=1) is grey
