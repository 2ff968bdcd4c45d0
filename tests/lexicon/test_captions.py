from __future__ import annotations

from videodirector.lexicon.captions import list_caption


def test_a_listing_is_the_plainest_caption() -> None:
    assert list_caption(["fox", "owl"], "forest") == "a fox and an owl. Background: forest"
    assert list_caption(["fox", "the moon", "Rusty", "an owl"], "") == "a fox, the moon, Rusty and an owl"
    assert list_caption(["fox"], "") == "a fox"
    assert list_caption([], "forest") == "Background: forest"
    assert not list_caption([], "")
