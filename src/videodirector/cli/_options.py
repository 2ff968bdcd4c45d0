"""Options that several commands share, and what they are turned into."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, cast

import typer

from videodirector.director import PlanOptions, RenderOptions, Seeds
from videodirector.errors import UsageError
from videodirector.files.reading import MEBIBYTE, read_bounded
from videodirector.schemas import load_cast

Text = Annotated[
    str,
    typer.Argument(
        metavar="STORY",
        show_default=False,
        help="The story, as text; [bold]-[/] reads it from standard input, [bold]@FILE[/] from a file. "
        "May be left out where a picture, a sound or another seed is given.",
    ),
]
PlanFile = Annotated[Path, typer.Argument(metavar="PLAN", help="A plan file, as `videodirector plan` writes it.")]
Video = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="VIDEO",
        help="The video to write, by its ending: .mp4, .gif, .webp, or / for a folder of frames.",
    ),
]
Seed = Annotated[
    int | None, typer.Option(help="Another seed gives another video of the same story. [dim]default: the plan's[/]")
]
Steps = Annotated[
    int | None, typer.Option(help="Denoising steps a scene: more is finer and slower. [dim]default: the model's[/]")
]
BackendName = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="What draws: layout2vid, storyboard (at once, with ready-made pictures), diffusers (any video model), "
        "server; see [bold]videodirector backends[/].",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="PATH_OR_ID",
        help="The backend's model: a folder, a hub id, or its name on the server. "
        "[dim]default: the one in the package[/]",
    ),
]
BackendSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        help="A setting of this backend alone, like offload=model; several times for several. "
        "[bold]videodirector backends[/] lists them.",
    ),
]
Memory = Annotated[
    str | None,
    typer.Option(
        metavar="[normal|low]", help="Of layout2vid: low takes less memory and more time. [dim]default: normal[/]"
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Where the server of [bold]--backend server[/] is, like http://gpu:8000/v1; with another backend, that of "
        "[bold]--planner[/].",
    ),
]
Fps = Annotated[
    str | None, typer.Option(metavar="RATE", help="Frames a second, like 8 or 30000/1001. [dim]default: the plan's[/]")
]
Transition = Annotated[
    str | None,
    typer.Option(
        metavar="[cut|crossfade|fade|hold]",
        help="Between scenes that do not say it themselves; a crossfade shortens the video, a fade goes through black, "
        "a hold lets the last frame stand. [dim]default: cut[/]",
    ),
]
TransitionFrames = Annotated[int | None, typer.Option(help="Length of transitions in frames. [dim]default: 4[/]")]
Soundtrack = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Sound for the whole video, cut or padded to it. [dim]default: the plan's[/]"),
]
Subtitles = Annotated[
    str,
    typer.Option(
        metavar="[none|burn|srt|vtt]",
        help="The words of the scenes, drawn into the video or in a file beside it.",
    ),
]
FontFile = Annotated[
    str | None, typer.Option("--font", metavar="FILE", help="Font for subtitles that are drawn; needed beyond Latin.")
]
Otio = Annotated[
    bool,
    typer.Option("--otio", help="Write the cut beside the video for editing programs, with the scenes as clips."),
]
Coco = Annotated[bool, typer.Option("--coco", help="Write the boxes of every frame beside the video.")]
Width = Annotated[
    int | None, typer.Option(help="Width of the video in pixels. [dim]default: the model's, 256 at least[/]")
]
Height = Annotated[int | None, typer.Option(help="Height of the video in pixels.")]
Scenes = Annotated[
    int | None, typer.Option("--scenes", min=1, help="How many scenes. [dim]default: the story's own[/]")
]
MaxEntities = Annotated[
    int | None, typer.Option("--max-entities", min=1, help="The most things in one scene. [dim]default: no limit[/]")
]
CastFile = Annotated[
    Path | None,
    typer.Option(
        "--cast",
        metavar="CAST.json",
        help="Who and what appears: a JSON list of objects with name, description (optional) and picture (optional).",
    ),
]
Style = Annotated[str, typer.Option(metavar="TEXT", help='The look of every scene, like "watercolour, soft light".')]
Backgrounds = Annotated[
    list[str] | None,
    typer.Option(
        "--background",
        metavar="PLACE",
        help="Where it happens; several times for several scenes in order, of which the last holds for the rest.",
    ),
]
UseCache = Annotated[
    bool,
    typer.Option(
        "--cache/--no-cache", help="Scenes that were drawn before are taken from the cache; without it all are drawn."
    ),
]
Images = Annotated[
    list[Path] | None,
    typer.Option("--image", metavar="FILE", help="A picture that the story begins with; its thing looks like it."),
]
Audios = Annotated[
    list[Path] | None, typer.Option("--audio", metavar="FILE", help="A sound that the story begins with: a bark, say.")
]
Videos = Annotated[list[Path] | None, typer.Option("--video", metavar="FILE", help="A video, its pictures only.")]
Depths = Annotated[list[Path] | None, typer.Option("--depth", metavar="FILE", help="A depth map: PNG, TIFF or .npy.")]
Thermals = Annotated[list[Path] | None, typer.Option("--thermal", metavar="FILE", help="A thermal image.")]
Imus = Annotated[
    list[Path] | None,
    typer.Option(
        "--imu", metavar="FILE", help="A motion trace, .npy or .csv: acceleration x y z, then turning rate x y z."
    ),
]
ImuRate = Annotated[
    float | None, typer.Option("--imu-rate", metavar="HZ", help="Samples a second of the motion trace.")
]
Embedders = Annotated[
    list[str] | None,
    typer.Option(
        "--embedder",
        metavar="NAME:PATH",
        help="A model of yours to see and hear with: imagebind:imagebind_huge.pth, clap:FOLDER, siglip2:FOLDER, "
        "pe-av:FOLDER; several times for several. [dim]default: storyworld-bind, in the package[/]",
    ),
]
CaptionFile = Annotated[
    Path | None,
    typer.Option("--captions", metavar="FILE", help="More things to recognise, a caption a line: a capybara."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output; for an error too.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress and no summary; errors are shown.")]


def read_story(story: str) -> str:
    if story == "-":
        content, source = sys.stdin.buffer.read(), "standard input"
    elif story.startswith("@"):
        source = story[1:]
        try:
            content = read_bounded(source, most=16 * MEBIBYTE)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(
                f"cannot read the story from {source!r}: {reason}",
                hint="@ names a file; to begin a story with @, put a blank before it",
            ) from None
    else:
        return story
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the story in {source} is not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}",
            hint="save it as UTF-8",
        ) from None


def seeds(
    *,
    image: list[Path] | None = None,
    audio: list[Path] | None = None,
    video: list[Path] | None = None,
    depth: list[Path] | None = None,
    thermal: list[Path] | None = None,
    imu: list[Path] | None = None,
    imu_rate: float | None = None,
) -> Seeds:
    """What the story begins with besides text; the names are those of a command's arguments."""
    traces = [{"source": file, "rate": imu_rate} for file in imu or ()]
    given = {"image": image, "audio": audio, "video": video, "depth": depth, "thermal": thermal, "imu": traces}
    return cast(Seeds, {name: files for name, files in given.items() if files})


def more_captions(file: Path | None) -> list[str]:
    """What is to be recognised besides what the caption bank has.

    Raises:
        UsageError: the file cannot be read.
    """
    from videodirector.senses import read_captions

    return [] if file is None else read_captions(file)


def told_story(text: str, given: Seeds) -> str:
    """The story's text; empty only where something else is given.

    Raises:
        UsageError: nothing at all was given, or the file cannot be read.
    """
    if not text and not given:
        raise UsageError("there is no story", hint='give one: "A fox meets an owl.", or --image, --audio, ...')
    return read_story(text)


def plan_options(
    *, scenes: int | None, max_entities: int | None, cast: Path | None, style: str, backgrounds: list[str] | None
) -> PlanOptions:
    return {
        "scenes": scenes,
        "max_entities": max_entities,
        "cast": () if cast is None else load_cast(cast),
        "style": style,
        "backgrounds": tuple(backgrounds or ()),
    }


def backend_options(
    pairs: Sequence[str] | None, base_url: str | None = None, memory: str | None = None
) -> dict[str, str]:
    """``--option``, and ``--base-url`` and ``--memory``, options that everybody of one backend needs."""
    from videodirector.generator.backends.options import read_pairs

    named = {"base_url": base_url, "memory": memory}
    return read_pairs(pairs or ()) | {name: value for name, value in named.items() if value is not None}


def render_options(given: Mapping[str, object]) -> RenderOptions:
    """Those of a command's arguments, ``locals()``, that say how to draw; ``RenderSettings`` checks their values."""
    return cast(RenderOptions, {name: given[name] for name in RenderOptions.__annotations__ if name in given})
