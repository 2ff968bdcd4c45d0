"""The animated art of the storyworld: Microsoft's Fluent emoji, each as a few poses of its loop.

    from videodirector.storyworld import art

    atlas = art.load()
    woman = atlas.find("woman", "a woman with dark skin", doing="runs through the park").facing("right")
    woman.poses()                          # uint8 (phases, height, width, 4), straight alpha
    woman.pose(0.3).image                  # the pose nearest to 30 % of the loop
    steps = art.place(woman, track, rate=8)  # per frame the pose and where it is drawn
    art.compose(background, [(step.pose, step.box) for step in steps[:1]])

A picture is named by its Unicode code points ("1f3c3-200d-2640-fe0f", a running woman) and kept as one AVIF file,
which is decoded when first needed. ``recipes/art.py`` builds the files.
"""

from videodirector.storyworld.art._atlas import Atlas, action_in, load, said_of
from videodirector.storyworld.art._compose import compose
from videodirector.storyworld.art._gait import Box, Placement, distances, fit, phases, place
from videodirector.storyworld.art._pictures import FRAME_RATE, Picture, picture, pictures
from videodirector.storyworld.art._sprites import MARGIN, Pose, Sprite

__all__ = [
    "FRAME_RATE",
    "MARGIN",
    "Atlas",
    "Box",
    "Picture",
    "Placement",
    "Pose",
    "Sprite",
    "action_in",
    "compose",
    "distances",
    "fit",
    "load",
    "phases",
    "picture",
    "pictures",
    "place",
    "said_of",
]
