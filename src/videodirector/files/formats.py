"""Open pictures, and hand sounds and videos to ffmpeg, in formats from a fixed list."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

from PIL import Image

from videodirector.files.reading import MEBIBYTE, open_regular, read_bounded

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "PICTURE_FORMATS",
    "PictureError",
    "ffmpeg_input",
    "ffmpeg_settings",
    "name_unsupported",
    "open_picture",
]

PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")
"""As Pillow calls them. It knows more, of which one (EPS) starts a program to read a file."""

MAX_PIXELS = 100_000_000
"""Of a picture: decoded to four bytes a pixel it takes 400 MB."""

MAX_BYTES = 256 * MEBIBYTE
"""Of a picture's file."""

_DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpegts,mpeg,mpegvideo,m4v,h264,hevc,ivf,ogg,wav,w64,flac,mp3,"
    "aac,aiff,au,caf,amr,ac3,eac3,wv,ape,tta,yuv4mpegpipe,gif,apng,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe"
)
"""Formats that hold their pictures and sounds themselves; playlists (hls, concat, dash, avisynth) name other files."""

_UNSUPPORTED: tuple[tuple[int, bytes, str, str], ...] = (
    *((8, brand, "HEIC pictures", "PNG or JPEG") for brand in (b"heic", b"heix", b"heim", b"hevc", b"mif1", b"msf1")),
    (0, b"\x76\x2f\x31\x01", "OpenEXR pictures", "PNG, TIFF or .npy"),
    (0, b"%!PS", "EPS pictures", "PNG or JPEG"),
    (0, b"\xc5\xd0\xd3\xc6", "EPS pictures", "PNG or JPEG"),
    (0, b"8BPS", "Photoshop pictures (PSD)", "PNG or JPEG"),
    (0, b"%PDF", "PDF documents", "PNG or JPEG"),
    (0, b"\xff\x0a", "JPEG XL pictures", "PNG or JPEG"),
    (0, b"\x00\x00\x00\x0cJXL ", "JPEG XL pictures", "PNG or JPEG"),
    (0, b"\x00\x00\x00\x0cjP  ", "JPEG 2000 pictures", "PNG or JPEG"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000 pictures", "PNG or JPEG"),
    (0, b"qoif", "QOI pictures", "PNG or JPEG"),
    (0, b"DDS ", "DDS pictures", "PNG or JPEG"),
    (0, b"\x00\x00\x01\x00", "icons (ICO)", "PNG or JPEG"),
    (0, b"icns", "icons (ICNS)", "PNG or JPEG"),
    (0, b"#?RADIANCE", "Radiance HDR pictures", "PNG, TIFF or .npy"),
    (0, b"\x89HDF", "HDF5 files", ".npy"),
    (0, b"ffconcat", "playlists (ffconcat)", "one file: name the sound or video itself"),
    (0, b"#EXTM3U", "playlists (m3u8)", "one file: name the sound or video itself"),
)


class PictureError(ValueError):
    """A file that is no picture of a known format, or too large; the text is for people.

    ``hint`` says what to do; it may be empty.
    """

    def __init__(self, problem: str, *, hint: str = "") -> None:
        super().__init__(problem)
        self.hint = hint


def open_picture(source: str | os.PathLike[str] | bytes) -> Image.Image:
    """Open a picture, from a file or its bytes, and do not decode it yet.

    Raises:
        OSError: the file cannot be opened, or is no regular file.
        PictureError: its format is not on the list, or it has too many pixels.
    """
    content = source if isinstance(source, bytes) else read_bounded(source, most=MAX_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow warns of is checked below
            picture = Image.open(io.BytesIO(content), formats=PICTURE_FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_large(str(error)) from None
    except (OSError, ValueError, SyntaxError, OverflowError) as error:
        problem, hint = name_unsupported(content[:4096]) or ("is no picture, or a damaged one", "use PNG or JPEG")
        raise PictureError(problem, hint=hint) from error
    if picture.width * picture.height > MAX_PIXELS:
        size = f"{picture.width} x {picture.height}"
        picture.close()
        raise _too_large(size)
    return picture


def name_unsupported(head: bytes) -> tuple[str, str] | None:
    """What a file in a format that is not read is, by its first kilobytes, and what to do; None for all others."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PK\x03\x04"):
        name = "npz archives are" if b".npy" in head else "zip archives are"
        return f"{name} not supported", "save one array as .npy, or name the file in it"
    if text.startswith(b"<svg") or (text.startswith((b"<?xml", b"<!--", b"<!DOCTYPE")) and b"<svg" in head):
        return "SVG pictures are not supported", "convert to PNG or JPEG"
    for at, magic, name, target in _UNSUPPORTED:
        if head[at : at + len(magic)] == magic and (at == 0 or head[4:8] == b"ftyp"):
            return f"{name} are not supported", f"convert to {target}"
    return None


def ffmpeg_settings() -> dict[str, str]:
    """Options of an input of ffmpeg that keep a file's content from choosing another file, host or reader."""
    return {"protocol_whitelist": "file,pipe", "format_whitelist": _DEMUXERS}


def ffmpeg_input(path: str | os.PathLike[str]) -> list[str]:
    """The arguments of ffmpeg that read a sound or video, whatever its name looks like.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    open_regular(path).close()
    settings = [part for name, value in ffmpeg_settings().items() for part in (f"-{name}", value)]
    return [*settings, "-i", f"file:{Path(path).absolute()}"]


def _too_large(size: str) -> PictureError:
    return PictureError(f"is too large: {size}; {MAX_PIXELS:,} pixels are the most", hint="make it smaller first")
