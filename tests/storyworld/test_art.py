from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from videodirector import lexicon
from videodirector.storyworld import art
from videodirector.storyworld.art import Sprite


def find(name: str, description: str = "", *, doing: str = "", moving: bool = False) -> Sprite:
    sprite = art.load().find(name, description, doing=doing, moving=moving)
    assert sprite is not None
    return sprite


def test_everything_that_the_lexicon_names_has_a_picture() -> None:
    codes = {thing.code for thing in lexicon.things().values()}
    codes |= {code for action in lexicon.actions().values() for code in action.codes}
    codes |= {code for look in lexicon.looks().values() for code in look.codes}
    codes |= {lexicon.with_tone(code, tone) for code in codes if lexicon.has_tones(code) for tone in lexicon.SKIN_TONES}
    assert codes == set(art.pictures())


def test_the_aspects_of_the_lexicon_are_those_of_the_pictures() -> None:
    for thing in lexicon.things().values():
        if thing.name not in ("man", "woman", "person"):  # whose boxes are for whole figures
            assert art.load().variants(thing.name)[0].aspect == pytest.approx(thing.aspect, abs=0.03), thing.name


@pytest.mark.parametrize("code", ["1f415", "1f3c3-200d-2640-fe0f", "1f34c"])
def test_a_picture_is_as_its_index_says(code: str) -> None:
    picture = art.picture(code)
    frames = picture.frames()
    assert frames.shape == (picture.phases, picture.height, picture.width, 4)
    assert max(picture.width, picture.height) == 160
    assert frames[..., 3].max() == 255
    assert not frames[frames[..., 3] == 0].any(), "no colour hides where nothing is seen"
    assert (picture.phases > 1) == (picture.seconds > 0)


@pytest.mark.parametrize(
    ("name", "description", "doing", "found"),
    [
        ("woman", "", "runs through the park", "1f3c3-200d-2640-fe0f"),
        ("men", "", "are swimming", "1f3ca-200d-2642-fe0f"),
        ("girl", "", "danced all night", "1f483"),
        ("girl", "", "has a plan", "1f467"),
        ("woman", "a woman with white hair", "", "1f469-200d-1f9b3"),
        ("man", "a dark-skinned man", "walks", "1f6b6-1f3ff-200d-2642-fe0f"),
        ("old man", "", "walks home", "1f474"),
        ("king", "", "runs", "1f934"),
        ("wolves", "", "", "1f43a"),
        ("person", "", "", "1f9cd"),
        ("puppy", "", "runs", "1f415"),
    ],
)
def test_finding_by_words(name: str, description: str, doing: str, found: str) -> None:
    assert find(name, description, doing=doing).code == found


def test_what_the_atlas_does_not_hold_is_not_found() -> None:
    assert art.load().find("quasar") is None
    assert art.load().find("") is None


def test_who_rides_what_is_seen_besides_is_not_drawn_on_another_one() -> None:
    boy = art.load().find("boy", doing="rides a bicycle", beside=["red bike"])
    assert boy is not None
    assert boy.action is None


@pytest.mark.parametrize(
    ("name", "others", "text", "action"),
    [
        ("girl", ["fox", "man"], "The girl waves to a fox while the man runs.", "waves"),
        ("man", ["fox", "girl"], "The girl waves to a fox while the man runs.", "runs"),
        ("girl", ["boy"], "The girl and the boy swim.", "swims"),
        ("boy", ["girl"], "The girl waits. The boys are dancing.", "dances"),
        ("girl", [], "She sits under a tree.", "sits"),
        ("girl", ["fox"], "It rains.", None),
    ],
)
def test_what_is_said_of_whom(name: str, others: list[str], text: str, action: str | None) -> None:
    found = art.action_in(art.said_of(name, others, text))
    assert (found and found.name) == action


def track(way: float, frames: int = 17, height: float = 0.5) -> list[art.Box | None]:
    return [(0.1 + way * t, 0.4, 0.3 + way * t, 0.4 + height) for t in np.linspace(0, 1, frames)]


def test_phase_of_steps_follows_the_way_and_not_the_time() -> None:
    walker = find("man", doing="walks")
    assert walker.stride is not None
    once, twice = art.phases(walker, track(0.3), rate=8), art.phases(walker, track(0.6), rate=8)
    assert once[-1] == pytest.approx(0.3 / 0.5 / walker.stride)
    assert twice[-1] == pytest.approx(2 * once[-1])
    assert art.phases(walker, track(0.3), rate=24) == once
    assert art.phases(walker, track(0.0), rate=8) == pytest.approx([0.0] * 17)


def test_the_resting_foot_of_a_walker_stays_where_it_is() -> None:
    """While he walks a stride, the picture of his lower edge moves back under him as fast as he comes on."""
    walker = find("man", doing="walks")
    assert walker.stride is not None
    feet = [frame[-14:, :, 3].astype(float) for frame in walker.poses()]
    step = walker.stride * walker.picture.height / walker.phases  # pixels from pose to pose
    slid, pinned = [], []
    for one, other in pairwise(feet):
        shifts = {shift: np.abs(np.roll(one, shift, axis=1) - other).sum() for shift in range(-20, 21)}
        best = min(shifts, key=lambda shift: shifts[shift])
        slid.append(abs(best))
        pinned.append(abs(best - step))
    assert np.median(pinned) < 0.35 * np.median(slid)


def test_phase_of_wings_follows_the_time() -> None:
    bat = find("bat")
    assert bat.stride is None
    phases = art.phases(bat, track(0.0), rate=8)
    assert phases[8] == pytest.approx(1 / bat.seconds)


def test_a_ball_turns_once_on_a_way_as_long_as_its_rim() -> None:
    ball = find("ball")
    assert ball.phases == 24
    assert art.phases(ball, track(np.pi * 0.2, height=0.2), rate=8)[-1] == pytest.approx(1.0)
    left, right = ball.pose(0.25).pixels, ball.pose(0.75).pixels
    assert not np.array_equal(left, right)


def test_facing_mirrors_every_pose() -> None:
    horse, heart = find("horse"), find("heart")
    right = horse.facing("right")
    assert right.looks_right
    assert np.array_equal(right.pose(0.5).pixels, horse.pose(0.5).pixels[:, ::-1])
    assert right.facing("left") == horse
    assert heart.facing("right") == heart


def test_sprites_keep_their_form_and_stand_on_the_lower_edge() -> None:
    fox, bird = find("fox"), find("bat")
    x0, y0, x1, y1 = art.fit(fox, (0.0, 0.5, 1.0, 0.8))
    assert (y0, y1) == pytest.approx((0.5, 0.8))
    assert x1 - x0 == pytest.approx(0.3 * fox.aspect * 1.2)
    x0, y0, x1, y1 = art.fit(fox, (0.4, 0.0, 0.5, 1.0))
    assert y1 == 1.0
    assert y1 - y0 < 0.15
    x0, y0, x1, y1 = art.fit(bird, (0.4, 0.0, 0.5, 1.0))
    assert (y0 + y1) / 2 == pytest.approx(0.5)


def test_hops_stay_within_the_box() -> None:
    placements = art.place(find("fox"), track(0.5), rate=8)
    tops = [placement.box[1] for placement in placements if placement]
    assert max(tops) - min(tops) > 0.01
    assert all(p.box[1] >= 0.4 - 1e-9 and p.box[3] <= 0.9 + 1e-9 for p in placements if p)


def test_colours_are_what_they_are_called() -> None:
    for colour, channel in (("red", 0), ("green", 1), ("blue", 2)):
        sprite = find(f"{colour} balloon")
        pixels = sprite.pose().pixels.reshape(-1, 4).astype(float)
        assert pixels[pixels[:, 3] > 200, :3].mean(0).argmax() == channel


def test_names_are_unique_to_a_sprite() -> None:
    names = [sprite.name for sprite in art.load()]
    assert len(names) == len(set(names))
