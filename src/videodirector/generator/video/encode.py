"""Frames to H.264 in mp4, or to GIF or WebP, through ffmpeg, a frame at a time."""

from __future__ import annotations

import math
import os
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import ffmpeg
import numpy as np

from videodirector.errors import EncodeError
from videodirector.files.ffmpeg import start_ffmpeg
from videodirector.generator.backends.frames import Frame

__all__ = ["LEAST_SIDE", "SAMPLE_RATE", "Kind", "VideoEncoder", "VideoFormat", "fit_frame"]

Kind = Literal["mp4", "gif", "webp"]
"""What ffmpeg makes of the frames."""

SAMPLE_RATE = 48_000
"""Samples of sound a second."""

LEAST_SIDE = 256
"""Frames smaller than this are enlarged by default: a video of 64 pixels cannot be watched."""


@dataclass(frozen=True, kw_only=True)
class VideoFormat:
    """The size and rate of a video file, and the size of the frames that it is encoded from.

    Frames are scaled (bicubic) to fit, and centred on black where the shape differs.

    Attributes:
        frame_size: (width, height) of the frames that come in, in pixels.
        size: (width, height) of the video; for an mp4 both even, as H.264 with 4:2:0 requires.
        rate: frames per second, exactly.
    """

    frame_size: tuple[int, int]
    size: tuple[int, int]
    rate: Fraction

    def __post_init__(self) -> None:
        if min(*self.frame_size, *self.size) < 1 or self.rate <= 0:
            raise ValueError(f"sizes and rate must be positive: {self}")

    @classmethod
    def of(
        cls, frame_size: tuple[int, int], rate: Fraction, *, width: int | None = None, height: int | None = None
    ) -> VideoFormat:
        """Choose the format for frames of this size, with none, one or both sides of the video given.

        A side that is not given follows from the frames' shape. If neither is, small frames are enlarged by the least
        whole factor that brings their shorter side to ``LEAST_SIDE``. An odd side gets a black line more.
        """
        across, down = frame_size
        if width is None and height is None:
            factor = math.ceil(LEAST_SIDE / min(across, down))
            width, height = across * factor, down * factor
        elif width is None and height is not None:
            width = max(1, round(height * across / down))
        elif height is None and width is not None:
            height = max(1, round(width * down / across))
        assert width is not None and height is not None  # noqa: PT018  one of the three cases, or both were given
        return cls(frame_size=frame_size, size=(width + width % 2, height + height % 2), rate=rate)

    @property
    def scaled(self) -> tuple[int, int]:
        """(width, height) to which frames are scaled: as large as fits, but not for the sake of one more line."""
        across, down = self.frame_size
        factor = min(Fraction(self.size[0], across), Fraction(self.size[1], down))
        whole = int(factor)
        if whole and self.size[0] - whole * across <= 1 and self.size[1] - whole * down <= 1:
            factor = Fraction(whole)
        return max(1, round(across * factor)), max(1, round(down * factor))

    @property
    def offset(self) -> tuple[int, int]:
        """(x, y) of the scaled frame's corner in the video."""
        return (self.size[0] - self.scaled[0]) // 2, (self.size[1] - self.scaled[1]) // 2


class VideoEncoder:
    """Encodes frames to a file as they come; a context manager.

    An mp4 is H.264, yuv420p in BT.709, constant frame rate, its index at the front so that it plays while it loads;
    sound becomes AAC. A GIF or WebP plays for ever. The same frames give the same bytes with the same ffmpeg. Leaving
    the block finishes the file; leaving it through an exception stops ffmpeg and leaves a useless file for the caller
    to remove (``atomic_file`` does).

    Args:
        path: where to write; an existing file is overwritten.
        fmt: size and rate.
        program: the ffmpeg to run (``ffmpeg.find_ffmpeg``).
        kind: what to write.
        audio: 16-bit stereo samples at ``SAMPLE_RATE``, without a header, for an mp4; see ``soundtrack``.

    Raises:
        EncodeError: ffmpeg cannot be started, or fails; its own words are in the message.
    """

    def __init__(
        self, path: Path, fmt: VideoFormat, *, program: str, kind: Kind = "mp4", audio: Path | None = None
    ) -> None:
        if kind == "mp4" and any(side % 2 for side in fmt.size):
            raise ValueError(f"the width and height of an mp4 must be even: {fmt}")
        self.path = path
        self.format = fmt
        self.frames = 0
        self._program = program
        self._arguments = _build_arguments(fmt, kind, has_sound=audio is not None)
        self._files = {"VIDEO": path, "SOUND": audio or ""}

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._ffmpeg = self._stack.enter_context(
            start_ffmpeg(self._arguments, program=self._program, pipe="stdin", files=self._files)
        )
        return self

    def write(self, frame: Frame) -> None:
        """Add a frame of shape (height, width, 3), uint8.

        Raises:
            ValueError: another shape or type.
            EncodeError: ffmpeg has ended.
        """
        width, height = self.format.frame_size
        if frame.shape != (height, width, 3) or frame.dtype != np.uint8:
            raise ValueError(f"a frame is uint8 of shape {(height, width, 3)}, not {frame.dtype} of {frame.shape}")
        try:
            self._ffmpeg.stdin.write(np.ascontiguousarray(frame).data)
        except OSError as error:  # the pipe is broken: ffmpeg has ended, and its log says why
            raise self._build_error() from error
        self.frames += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:  # which ends an ffmpeg that still runs
            if kind is None:
                try:
                    self._ffmpeg.stdin.close()
                except OSError as broken:
                    raise self._build_error() from broken
                if self._ffmpeg.wait() != 0:
                    raise self._build_error()

    def _build_error(self) -> EncodeError:
        status = self._ffmpeg.wait()
        words = self._ffmpeg.read_log().replace(f"file:{os.path.abspath(self.path)}", "the video")
        if not words:
            words = f"it said nothing, and ended with status {status}"
        if "No space left" in words:
            hint = "the disk is full: make room, or name a file on another one"
        elif "Unknown encoder" in words:
            hint = f"{self._program} has no libx264: set VIDEODIRECTOR_FFMPEG to an ffmpeg that has"
        else:
            hint = f"the words are those of {self._program}"
        return EncodeError(f"ffmpeg failed after {self.frames} frames: {words[-2000:]}", hint=hint)


def fit_frame(frame: Frame, fmt: VideoFormat) -> Frame:
    """Scale and pad a frame to the video's size, as ffmpeg would, so that text can be drawn on it before encoding."""
    from PIL import Image

    if fmt.frame_size == fmt.size:
        return frame
    picture = Image.fromarray(frame).resize(fmt.scaled, Image.Resampling.BICUBIC)
    canvas = Image.new("RGB", fmt.size)
    canvas.paste(picture, fmt.offset)
    return np.asarray(canvas)


def _build_arguments(fmt: VideoFormat, kind: Kind, *, has_sound: bool) -> list[str]:
    # Only numbers and fixed words reach the filters; text in pictures is drawn before, by Pillow.
    rate = f"{fmt.rate.numerator}/{fmt.rate.denominator}"
    pictures = ffmpeg.input("pipe:0", format="rawvideo", pix_fmt="rgb24", video_size=fmt.frame_size, framerate=rate)
    return [*_OUTPUTS[kind](_scale(pictures, fmt, kind), has_sound).get_args(), "-y"]


def _scale(pictures: Any, fmt: VideoFormat, kind: Kind) -> Any:
    colours = {"out_color_matrix": "bt709", "out_range": "tv"} if kind == "mp4" else {}
    fitting = pictures.filter("scale", *fmt.scaled, flags="bicubic+accurate_rnd+full_chroma_int", **colours)
    return fitting.filter("pad", *fmt.size, *fmt.offset)


def _output_mp4(pictures: Any, heard: bool) -> Any:
    streams = [pictures.filter("format", "yuv420p")]
    sound: dict[str, object] = {}
    if heard:
        streams.append(ffmpeg.input("SOUND", format="s16le", ar=SAMPLE_RATE, ac=2))
        sound = {"acodec": "aac", "audio_bitrate": "192k", "flags:a": "+bitexact"}
    return ffmpeg.output(
        *streams,
        "VIDEO",
        format="mp4",
        vcodec="libx264",
        preset="medium",
        crf=16,
        threads=1,  # x264's result depends on its number of threads, and so on the machine
        movflags="+faststart",
        colorspace="bt709",
        color_primaries="bt709",
        color_trc="bt709",
        color_range="tv",
        map_metadata=-1,
        fflags="+bitexact",
        **{"flags:v": "+bitexact"},
        **sound,
    )


def _output_gif(pictures: Any, _heard: bool) -> Any:
    # A palette for every frame: one for all would have to see, and so keep, the whole video first.
    both = pictures.split()
    palette = both[0].filter("palettegen", stats_mode="single")
    coloured = ffmpeg.filter([both[1], palette], "paletteuse", new=1, dither="sierra2_4a")
    return ffmpeg.output(coloured, "VIDEO", format="gif", loop=0, threads=1, fflags="+bitexact", map_metadata=-1)


def _output_webp(pictures: Any, _heard: bool) -> Any:
    return ffmpeg.output(
        pictures,
        "VIDEO",
        format="webp",
        vcodec="libwebp",  # frame by frame; libwebp_anim keeps the whole animation in memory
        pix_fmt="yuv420p",
        quality=90,
        loop=0,
        threads=1,
        fflags="+bitexact",
        map_metadata=-1,
    )


_OUTPUTS = {"mp4": _output_mp4, "gif": _output_gif, "webp": _output_webp}
