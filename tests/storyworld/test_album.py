from __future__ import annotations

import pytest

from videodirector.storyworld import album, art


def test_a_name_means_one_sprite_and_people_are_known_by_what_they_do() -> None:
    woman = art.load().find("woman", doing="runs through the park")
    assert woman is not None
    name = album.key(woman.facing("right"))
    assert name == "woman runs"
    assert album.find(name).code == woman.code
    assert album.find("dog").action is None


@pytest.mark.parametrize("name", ["red car", "dark-skinned woman", "light-skinned boy waves", "man with a beard"])
def test_names_are_found_as_they_are_given(name: str) -> None:
    assert album.key(album.find(name)) == name


def test_what_nobody_is_called_is_not_found() -> None:
    with pytest.raises(KeyError):
        album.find("thermodynamics")


def test_poses_look_to_the_left_and_bring_their_gait() -> None:
    found = album.poses("dog")
    assert len(found.pictures) == album.find("dog").phases
    assert found.mirrors
    assert found.gait.aspect == pytest.approx(found.pictures[0].width / found.pictures[0].height)
    assert {picture.size for picture in found.pictures} == {found.pictures[0].size}
