"""Where every scene lies in the video, to the frame: the one place that knows what transitions do to time.

    cut         the next scene begins when this one is over
    crossfade   the next scene begins `transition_frames` earlier, and both are seen: the video gets shorter by them
    fade        the last frames go to black and the first ones of the next scene come from it: no length is lost
    hold        the last frame stands for `transition_frames` more: the video gets longer by them

A fade of n frames takes the larger half from the end of the one scene and the rest from the beginning of the other. A
crossfade or fade takes at most half of either scene, so that two of them in one scene never meet; a scene of a single
frame has neither.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from videodirector.schemas import Scene, Transition, VideoPlan

__all__ = ["TRANSITION_FRAMES", "Shot", "build_timeline", "count_shot_frames", "find_shot"]

TRANSITION_FRAMES = 4
"""Length of a transition unless the plan or the settings say otherwise: half a second at eight frames a second."""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A scene on the timeline; all numbers but ``drawn`` count frames of the video.

    Attributes:
        scene: id of the scene.
        start: the frame on which it is first seen.
        length: how long it runs.
        hold: how long its last frame is shown after that.
        overlap: for how long, from ``start`` on, it is blended with the scene before.
        fade_in, fade_out: for how long it comes from black, and goes to black at the end of ``length``.
        drawn: number of frames rendered of it.
        pace: rendered frames per frame of the video; 1 unless the scene has a rate of its own.
    """

    scene: str
    start: int
    length: int
    hold: int = 0
    overlap: int = 0
    fade_in: int = 0
    fade_out: int = 0
    drawn: int
    pace: Fraction = Fraction(1)

    @property
    def end(self) -> int:
        """The frame on which it is no longer seen."""
        return self.start + self.length + self.hold

    def source(self, number: int) -> int:
        """The rendered frame that is seen ``number`` frames after its start."""
        return min(int(number * self.pace), self.drawn - 1)

    def light(self, number: int) -> Fraction:
        """How bright it is ``number`` frames after its start: 0 is black, 1 as it was rendered.

        A fade ends on a frame that is wholly black, and begins with one that is not.
        """
        left = self.length - 1 - number
        if number < self.fade_in:
            return Fraction(number + 1, self.fade_in + 1)
        return Fraction(left, self.fade_out) if 0 <= left < self.fade_out else Fraction(1)


def count_shot_frames(scene: Scene, rate: Fraction) -> int:
    """Count the frames that a scene takes in a video of this rate, rounding its duration."""
    return scene.frames if scene.frame_rate is None else max(1, round(scene.frames * rate / scene.frame_rate))


def build_timeline(
    plan: VideoPlan, *, transition: Transition | None = None, transition_frames: int | None = None
) -> tuple[Shot, ...]:
    """Build the shots of a valid plan in order; the end of the last is the length of the video.

    Args:
        plan: the plan; its frame rate is the video's.
        transition: between scenes that do not say how they pass into the next; None is a cut.
        transition_frames: length of the transitions that do not say it; None is ``TRANSITION_FRAMES``.
    """
    lengths = [count_shot_frames(scene, plan.frame_rate) for scene in plan.scenes]
    shots: list[Shot] = []
    start = overlap = fade_in = 0
    for index, scene in enumerate(plan.scenes):
        last = index + 1 == len(plan.scenes)
        way = scene.transition or ("cut" if last else transition)
        requested = scene.transition_frames or transition_frames or TRANSITION_FRAMES
        half, next_half = lengths[index] // 2, 0 if last else lengths[index + 1] // 2
        shot = Shot(
            scene=scene.id,
            start=start,
            length=lengths[index],
            hold=requested if way == "hold" else 0,
            overlap=overlap,
            fade_in=fade_in,
            fade_out=min(requested if last else (requested + 1) // 2, half) if way == "fade" else 0,
            drawn=scene.frames,
            pace=Fraction(1) if scene.frame_rate is None else scene.frame_rate / plan.frame_rate,
        )
        shots.append(shot)
        overlap = min(requested, half, next_half) if way == "crossfade" else 0
        fade_in = min(requested // 2, next_half) if way == "fade" else 0
        start = shot.end - overlap
    return tuple(shots)


def find_shot(shots: Sequence[Shot], number: int) -> Shot:
    """Find the shot of a frame of the video: of two that are blended, the later one."""
    return shots[bisect_right(shots, number, key=lambda shot: shot.start) - 1]
