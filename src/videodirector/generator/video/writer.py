"""Writes rendered scenes as a video, and the files beside it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal, get_args

from videodirector.errors import UsageError
from videodirector.files.atomic import atomic_file, atomic_folder, build_output_error
from videodirector.generator.backends.frames import Frame, Frames
from videodirector.generator.video import subtitles
from videodirector.generator.video._stitch import Stitcher
from videodirector.generator.video.contact_sheet import ContactSheet
from videodirector.generator.video.encode import SAMPLE_RATE, Kind, VideoEncoder, VideoFormat, fit_frame
from videodirector.generator.video.export.coco import build_coco
from videodirector.generator.video.export.frames import FRAME_NAME, FrameFolder, frame_name
from videodirector.generator.video.export.otio import build_otio, clip_name, require_otio
from videodirector.generator.video.manifest_tag import build_file_record, embed_manifest
from videodirector.generator.video.soundtrack import list_sounds, mix_sounds
from videodirector.generator.video.timeline import build_timeline
from videodirector.schemas import Manifest, RenderSettings, Scene, VideoPlan

__all__ = ["WRITER_VERSION", "Target", "VideoWriter", "open_video_writer"]

WRITER_VERSION = "1"
"""Version of the written files: raise it whenever the same frames and settings give other bytes."""

_CLIP_NAME = re.compile(r"[0-9]{3,}-.+\.mp4")


class Target:
    """What to write, from its name: ``fox.mp4``, ``fox.gif``, ``fox.webp``, or a folder of frames, ``fox/``.

    Attributes:
        path: the file or folder.
        kind: what it is.

    Raises:
        UsageError: the name is none of these.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        name = os.fspath(path)
        self.path = Path(name)
        self.kind: Kind | Literal["frames"] = "frames"
        ending = self.path.suffix.lower().removeprefix(".")
        if ending in get_args(Kind):
            self.kind = ending  # type: ignore[assignment]  # it is one of them
        elif not self.path.name or not (name.endswith(("/", os.sep)) or self.path.is_dir()):
            raise UsageError(
                f"videos are written as mp4, gif or webp, and {name!r} does not end in .mp4, .gif or .webp",
                hint="name it so, or end the name with a / for a folder of frames",
            )

    def beside(self, ending: str) -> Path:
        """Name a file beside it: ``fox.png`` beside ``fox.mp4``."""
        stem = self.path.name if self.kind == "frames" else self.path.stem
        return self.path.with_name(stem + ending)


class VideoWriter:
    """Writes the scenes of a plan in order, one at a time; see ``open_video_writer``.

    Attributes:
        shots: the places of the scenes in the video.
        frames: length of the video.
        size: (width, height) of the video; known when the first scene has been added.
        sheet_path: where the contact sheet goes, if there is one.
        beside: what else is written: subtitles, boxes, timeline and clips.
    """

    def __init__(
        self, plan: VideoPlan, target: Target, settings: RenderSettings, program: str, stack: ExitStack
    ) -> None:
        self.shots = build_timeline(plan, transition=settings.transition, transition_frames=settings.transition_frames)
        self.frames = self.shots[-1].end
        self.size = (0, 0)
        self.sheet_path = target.beside(".png") if settings.contact_sheet else None
        self.beside: list[Path] = []
        self._plan, self._target, self._settings, self._program = plan, target, settings, program
        self._stack = stack
        self._cues = subtitles.build_cues(plan, self.shots) if settings.subtitles != "none" else []
        self._font = subtitles.find_font(self._cues, settings.font) if settings.subtitles == "burn" else None
        if settings.otio:
            require_otio()
        # Left in reverse order: the encoder ends the file, the rest gets its name, and last of all the video.
        if target.kind == "frames":
            self._video = stack.enter_context(atomic_folder(target.path, ours=FRAME_NAME))
        else:
            self._video = stack.enter_context(atomic_file(target.path))
        self._sheet_file = stack.enter_context(atomic_file(self.sheet_path)) if self.sheet_path else None
        srt_or_vtt = settings.subtitles if settings.subtitles in ("srt", "vtt") else None
        self._subtitle_file = self._open_beside(f".{srt_or_vtt}") if srt_or_vtt else None
        self._coco_file = self._open_beside(".coco.json") if settings.coco else None
        self._otio_file = self._open_beside(".otio") if settings.otio else None
        self._manifest_file = self._open_beside(".manifest.json") if settings.manifest else None
        self._manifest: Manifest | None = None
        self._clips = self._open_clip_folder() if settings.otio else None
        stack.push(self._seal)  # when the encoder has ended the file, and before anything gets its name
        self._sound = self._mix_sound()
        self._stitcher: Stitcher | None = None
        self._sheet: ContactSheet | None = None
        self._format: VideoFormat | None = None
        self._added = 0

    def add(self, scene: Scene, frames: Frames) -> None:
        """Add the rendered frames of the next scene.

        Raises:
            EncodeError: ffmpeg cannot be started, or has ended.
            OutputError: the disk is full.
        """
        if self._stitcher is None:
            self._stitcher = self._start((frames.shape[2], frames.shape[1]))
        self._stitcher.add(frames)
        if self._sheet is not None:
            self._sheet.add(scene, frames)
        if self._clips is not None:
            self._write_clip(self._clips / clip_name(self._added, scene), scene, frames)
        self._added += 1

    def finish(self) -> None:
        """Write the files beside the video, after every scene has been added."""
        assert self._format is not None, "a plan has a scene"
        if self._sheet is not None and self._sheet_file is not None:
            self._sheet.save(self._sheet_file)
        plan, name = self._plan, self._target.path.name
        if self._subtitle_file is not None:
            written = subtitles.format_srt if self._settings.subtitles == "srt" else subtitles.format_vtt
            _write_text(self._subtitle_file, written(self._cues, plan.frame_rate))
        if self._coco_file is not None:
            folder = self._target.beside("").name
            document = build_coco(
                plan, self.shots, self._format, name=name, picture=lambda number: f"{folder}/{frame_name(number)}"
            )
            _write_text(self._coco_file, document)
        if self._otio_file is not None:
            clips, audio = self._target.beside(".clips").name, self._settings.soundtrack or plan.audio
            _write_text(self._otio_file, build_otio(plan, self.shots, name=name, clips=clips, audio=audio))

    def set_manifest(self, manifest: Manifest) -> None:
        """Set the manifest, which is written into the video, if that can hold it, and beside it."""
        self._manifest = manifest

    def _seal(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        manifest = self._manifest
        if kind is not None or manifest is None:
            return
        if self._target.kind == "mp4":
            embed_manifest(self._video, manifest, program=self._program)
        if self._manifest_file is not None:
            file = build_file_record(self._video) if self._video.is_file() else None
            _write_text(self._manifest_file, manifest.model_copy(update={"file": file}).to_json())

    def _start(self, frame_size: tuple[int, int]) -> Stitcher:
        settings, kind, rate = self._settings, self._target.kind, self._plan.frame_rate
        if kind == "frames" and settings.width is None and settings.height is None:  # every pixel as it was rendered
            fmt = VideoFormat(frame_size=frame_size, size=frame_size, rate=rate)
        else:
            fmt = VideoFormat.of(frame_size, rate, width=settings.width, height=settings.height)
        self.size, self._format = fmt.size, fmt
        if self._sheet_file is not None:
            self._sheet = ContactSheet(len(self.shots), frame_size)
        if kind != "frames" and self._font is None:
            return Stitcher(self._open_encoder(fmt, kind), self.shots)  # which fits the frames as well
        ready = VideoFormat(frame_size=fmt.size, size=fmt.size, rate=rate)
        write = FrameFolder(self._video).write if kind == "frames" else self._open_encoder(ready, kind)
        if self._font is not None:
            write = subtitles.SubtitleBurner(write, self._cues, fmt.size, self._font).write
        return Stitcher(lambda frame: write(fit_frame(frame, fmt)), self.shots)

    def _open_encoder(self, fmt: VideoFormat, kind: Kind) -> Callable[[Frame], None]:
        writer = VideoEncoder(self._video, fmt, program=self._program, kind=kind, audio=self._sound)
        return self._stack.enter_context(writer).write

    def _open_beside(self, ending: str) -> Path:
        path = self._target.beside(ending)
        partial = self._stack.enter_context(atomic_file(path))
        self.beside.append(path)
        return partial

    def _open_clip_folder(self) -> Path:
        path = self._target.beside(".clips")
        partial = self._stack.enter_context(atomic_folder(path, ours=_CLIP_NAME))
        self.beside.append(path)
        return partial

    def _write_clip(self, path: Path, scene: Scene, frames: Frames) -> None:
        """A scene by itself, of its own rate, and of its own size but for an odd line."""
        size = (frames.shape[2], frames.shape[1])
        even = (size[0] + size[0] % 2, size[1] + size[1] % 2)
        fmt = VideoFormat(frame_size=size, size=even, rate=scene.frame_rate or self._plan.frame_rate)
        with VideoEncoder(path, fmt, program=self._program) as writer:
            for frame in frames:
                writer.write(frame)

    def _mix_sound(self) -> Path | None:
        """Mix the sound of the video into a temporary file, before anything is rendered."""
        if self._target.kind != "mp4":
            if self._settings.soundtrack is not None:
                raise UsageError(
                    f"{self._target.path} can have no sound", hint="leave out --soundtrack, or write an mp4"
                )
            return None
        found = list_sounds(self._plan, self.shots, self._settings)
        if not found:
            return None
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="videodirector-"))
        path = Path(folder, "sound.s16le")
        length = round(self.frames * Fraction(SAMPLE_RATE) / self._plan.frame_rate)
        mix_sounds(found, length, path, program=self._program)
        return path


def _write_text(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise build_output_error(path, error) from error


@contextmanager
def open_video_writer(
    plan: VideoPlan, target: Target, *, settings: RenderSettings, program: str
) -> Iterator[VideoWriter]:
    """An writer whose files appear under their names, whole, when the block ends well, and else not at all.

    Args:
        plan: a valid plan, with the seed and frame rate of the settings.
        target: the video; other files go beside it.
        settings: which of them, the size, and defaults of transitions, sound and subtitles.
        program: the ffmpeg to run (``ffmpeg.find_ffmpeg``).

    Raises:
        OutputError: a place cannot be written to; the places are tried at once.
        PlanError, UsageError: a sound or a font cannot be used.
        MissingDependencyError: a timeline is requested, and opentimelineio is not installed.
        EncodeError: ffmpeg fails.
    """
    with ExitStack() as stack:
        writer = VideoWriter(plan, target, settings, program, stack)
        yield writer
        writer.finish()
