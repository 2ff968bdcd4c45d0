"""Drawn scenes to the finished video and what is written with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from videodirector.generator.backend import Frames
from videodirector.generator.output import atomic_file
from videodirector.generator.sheet import ContactSheet
from videodirector.generator.stitch import Stitcher
from videodirector.generator.timeline import timeline
from videodirector.generator.video import VideoFormat, VideoWriter
from videodirector.schemas import RenderSettings, Scene, VideoPlan

__all__ = ["Assembly", "assembling"]


class Assembly:
    """Takes the scenes of a plan in order, one at a time; made by ``assembling``.

    Attributes:
        shots: where the scenes lie in the video.
        frames: length of the video.
        size: (width, height) of the video; known when the first scene has been added.
        sheet_path: where the contact sheet goes, if there is one.
    """

    def __init__(self, plan: VideoPlan, path: Path, settings: RenderSettings, program: str, stack: ExitStack) -> None:
        self.shots = timeline(plan, transition=settings.transition, transition_frames=settings.transition_frames)
        self.frames = self.shots[-1].end
        self.size = (0, 0)
        self.sheet_path = path.with_suffix(".png") if settings.contact_sheet else None
        self._plan, self._settings, self._program, self._stack = plan, settings, program, stack
        # Left in reverse order: the encoder ends the file, the sheet gets its name, and last of all the video.
        self._video = stack.enter_context(atomic_file(path))
        self._sheet_file = stack.enter_context(atomic_file(self.sheet_path)) if self.sheet_path else None
        self._stitcher: Stitcher | None = None
        self._sheet: ContactSheet | None = None

    def add(self, scene: Scene, frames: Frames) -> None:
        """Add the next scene as it was drawn.

        Raises:
            EncodeError: ffmpeg cannot be started, or has ended.
        """
        if self._stitcher is None:
            self._stitcher = self._begun((frames.shape[2], frames.shape[1]))
        self._stitcher.add(frames)
        if self._sheet is not None:
            self._sheet.add(scene, frames)

    def _begun(self, frame_size: tuple[int, int]) -> Stitcher:
        settings = self._settings
        fmt = VideoFormat.of(frame_size, self._plan.frame_rate, width=settings.width, height=settings.height)
        self.size = fmt.size
        if self._sheet_file is not None:
            self._sheet = ContactSheet(len(self.shots), frame_size)
        writer = self._stack.enter_context(VideoWriter(self._video, fmt, program=self._program))
        return Stitcher(writer.write, self.shots)

    def finish(self) -> None:
        """Write what goes with the video; every scene has been added."""
        if self._sheet is not None and self._sheet_file is not None:
            self._sheet.save(self._sheet_file)


@contextmanager
def assembling(plan: VideoPlan, path: Path, *, settings: RenderSettings, program: str) -> Iterator[Assembly]:
    """An assembly whose files appear under their names, whole, when the block ends well, and else not at all.

    Args:
        plan: a valid plan, with the seed and frame rate of the settings.
        path: the video; other files go beside it.
        settings: which of them, the size, and what the plan does not say of transitions.
        program: the ffmpeg to run (``ffmpeg.find_ffmpeg``).

    Raises:
        OutputError: a place cannot be written to; the places are tried at once.
        EncodeError: ffmpeg fails.
    """
    with ExitStack() as stack:
        assembly = Assembly(plan, path, settings, program, stack)
        yield assembly
        assembly.finish()
