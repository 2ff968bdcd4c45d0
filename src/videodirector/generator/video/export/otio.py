"""The cut as an OpenTimelineIO file, with every scene as a clip of its own, for editing programs."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videodirector.errors import MissingDependencyError
from videodirector.generator.video.timeline import Shot
from videodirector.schemas import Scene, VideoPlan

if TYPE_CHECKING:
    from opentimelineio.opentime import RationalTime, TimeRange

__all__ = ["build_otio", "clip_name", "require_otio"]


def require_otio() -> None:
    """Check that opentimelineio is installed, before any work is done.

    Raises:
        MissingDependencyError: it is not installed.
    """
    try:
        import opentimelineio  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            "OpenTimelineIO files need the package opentimelineio", hint="pip install 'videodirector[otio]'"
        ) from error


def clip_name(index: int, scene: Scene) -> str:
    """The file of a scene's clip; the number keeps apart ids that differ in case alone."""
    return f"{index + 1:03}-{scene.id}.mp4"


def build_otio(plan: VideoPlan, shots: Sequence[Shot], *, name: str, clips: str, audio: str | None) -> str:
    """Build the timeline, as JSON text.

    A crossfade or fade is a transition, for which the clips on both sides have frames to spare; a held frame is a
    clip that is frozen.

    Args:
        plan: the rendered plan.
        shots: the places of its scenes in the video.
        name: of the timeline.
        clips: the folder of the clips, relative to the file.
        audio: the sound of the whole video, if there is one.
    """
    import opentimelineio as oti

    rate = plan.frame_rate
    video = oti.schema.Track("scenes", kind=oti.schema.TrackKind.Video)
    for index, (scene, shot) in enumerate(zip(plan.scenes, shots, strict=True)):
        following = shots[index + 1] if index + 1 < len(shots) else None
        # A crossfade's frames belong to one scene up to its middle, and to the other from there on.
        head, tail = shot.overlap - shot.overlap // 2, following.overlap // 2 if following else 0
        drawn_rate = scene.frame_rate or rate
        media = oti.schema.ExternalReference(
            target_url=f"{clips}/{clip_name(index, scene)}", available_range=_range(0, scene.frames, drawn_rate)
        )
        clip = oti.schema.Clip(scene.id, media, _range(head, shot.length - head - tail, rate))
        clip.metadata["videodirector"] = _build_metadata(scene)
        video.append(clip)
        if shot.hold:
            still = oti.schema.Clip(f"{scene.id} (held)", media.clone(), _range(shot.length - 1, shot.hold, rate))
            still.effects.append(oti.schema.FreezeFrame())
            video.append(still)
        faded = following.fade_in if following else 0
        if tail or (following and following.overlap):
            assert following is not None, "the last scene overlaps with nothing"
            after = following.overlap // 2
            video.append(_build_transition("crossfade", "SMPTE_Dissolve", following.overlap - after, after, rate))
        elif shot.fade_out or faded:
            video.append(_build_transition("fade through black", "Custom_Transition", shot.fade_out, faded, rate))
    timeline = oti.schema.Timeline(name)
    timeline.tracks.append(video)
    end = shots[-1].end
    if audio is not None:
        timeline.tracks.append(_build_sound_track("sound", [(0, end, audio)], rate))
    heard = [(shot.start, shot.end, scene.audio) for scene, shot in zip(plan.scenes, shots, strict=True) if scene.audio]
    for lane, part in enumerate(_assign_lanes(heard)):
        timeline.tracks.append(_build_sound_track(f"sound of scenes {lane + 1}", part, rate))
    return str(oti.adapters.write_to_string(timeline, "otio_json")) + "\n"


def _assign_lanes(heard: list[tuple[int, int, str]]) -> list[list[tuple[int, int, str]]]:
    """Assign overlapping sounds to tracks of their own; two are enough, as at most two scenes overlap."""
    lanes: list[list[tuple[int, int, str]]] = []
    for sound in heard:
        free = next((lane for lane in lanes if lane[-1][1] <= sound[0]), None)
        if free is None:
            lanes.append([sound])
        else:
            free.append(sound)
    return lanes


def _build_sound_track(name: str, heard: Sequence[tuple[int, int, str]], rate: Fraction) -> Any:
    import opentimelineio as oti

    track = oti.schema.Track(name, kind=oti.schema.TrackKind.Audio)
    position = 0
    for start, end, file in heard:
        if start > position:
            track.append(oti.schema.Gap(source_range=_range(0, start - position, rate)))
        media = oti.schema.ExternalReference(target_url=Path(file).absolute().as_uri())
        track.append(oti.schema.Clip(Path(file).name, media, _range(0, end - start, rate)))
        position = end
    return track


def _build_metadata(scene: Scene) -> dict[str, Any]:
    facts: dict[str, Any] = {"scene": scene.id, "description": scene.description, "background": scene.background}
    return {**facts, "entities": [entity.name for entity in scene.entities]}


def _build_transition(name: str, kind: str, before: int, after: int, rate: Fraction) -> Any:
    import opentimelineio as oti

    return oti.schema.Transition(name, kind, in_offset=_time(before, rate), out_offset=_time(after, rate))


def _time(frames: int, rate: Fraction) -> RationalTime:
    from opentimelineio.opentime import RationalTime

    return RationalTime(frames, float(rate))


def _range(start: int, frames: int, rate: Fraction) -> TimeRange:
    from opentimelineio.opentime import TimeRange

    return TimeRange(_time(start, rate), _time(frames, rate))
