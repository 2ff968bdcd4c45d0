"""What a story may begin with besides words, and what it is taken for.

An input is a file or an array; ``senses`` reads it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypedDict, get_args

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from videodirector.errors import UsageError
from videodirector.schemas._base import FrozenModel
from videodirector.schemas.problems import issues_of

__all__ = [
    "MODALITIES",
    "AudioInput",
    "Caption",
    "DepthInput",
    "Guess",
    "ImageInput",
    "ImuInput",
    "Input",
    "InputOptions",
    "Inputs",
    "Modality",
    "ThermalInput",
    "VideoInput",
]

Modality = Literal["image", "audio", "video", "depth", "thermal", "imu"]
MODALITIES: tuple[Modality, ...] = get_args(Modality)
"""In the order of captions in a story."""

MAX_INPUTS = 16
"""The most inputs of one modality."""


def _check_source(value: object) -> object:
    if isinstance(value, (str, os.PathLike)):
        path = os.fspath(value)
        if isinstance(path, bytes) or not path or "\0" in path:
            raise PydanticCustomError("source", "not a file name")
        return Path(path)
    if hasattr(value, "__array_interface__") or hasattr(value, "__array__"):
        return value
    raise PydanticCustomError("source", "an input is a file or an array")


class Input(FrozenModel):
    """One file or array.

    Attributes:
        source: path of a file, or an array (anything that numpy takes for one, pictures of Pillow too).
    """

    source: Annotated[Any, BeforeValidator(_check_source)]

    @property
    def name(self) -> str:
        """What messages call it: the file's path, or "the array"."""
        return str(self.source) if isinstance(self.source, Path) else "the array"


class ImageInput(Input):
    """A picture: PNG, JPEG, WebP, TIFF ..., or an array (height, width[, 3 or 4]), uint8, uint16 or float in [0, 1]."""


class AudioInput(Input):
    """A sound: WAV, FLAC, MP3, Ogg, the sound of a video ..., or an array (samples,) or (channels, samples).

    Attributes:
        rate: samples a second; an array needs it, a file knows its own.
    """

    rate: Annotated[int, Field(strict=True, ge=1000, le=1_000_000)] | None = None


class VideoInput(Input):
    """A video: MP4, WebM, GIF ..., or an array (frames, height, width, 3) of uint8.

    Attributes:
        rate: frames a second of an array; a file knows its own.
    """

    rate: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] | None = None


class DepthInput(Input):
    """A depth map: a picture of one channel of 8 or 16 bits or float, a .npy file, or an array (height, width).

    Attributes:
        values: "distance", larger is farther, or "nearness", larger is nearer (disparity, inverse depth). None takes
            pictures of 8 bits for nearness and everything else for distance, as cameras and depth networks write them.
    """

    values: Literal["distance", "nearness"] | None = None


class ThermalInput(Input):
    """A thermal image: a picture of 8 or 16 bits or float, a .npy file, or an array (height, width).

    Attributes:
        hot: whether what is hot is "bright" or "dark".
    """

    hot: Literal["bright", "dark"] = "bright"


class ImuInput(Input):
    """A motion trace: a .npy or .csv file or an array, (6, samples): acceleration x y z, then turning rate x y z.

    A CSV file has a line a sample, and may have a seventh column before them, the time in seconds.

    Attributes:
        rate: samples a second; may be left out where the file has times.
    """

    rate: Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)] | None = None


_KINDS: dict[str, type[Input]] = {
    "image": ImageInput,
    "audio": AudioInput,
    "video": VideoInput,
    "depth": DepthInput,
    "thermal": ThermalInput,
    "imu": ImuInput,
}


class Inputs(FrozenModel):
    """Everything that is given beside the text: none, one or several of each modality."""

    image: Annotated[tuple[ImageInput, ...], Field(max_length=MAX_INPUTS)] = ()
    audio: Annotated[tuple[AudioInput, ...], Field(max_length=MAX_INPUTS)] = ()
    video: Annotated[tuple[VideoInput, ...], Field(max_length=MAX_INPUTS)] = ()
    depth: Annotated[tuple[DepthInput, ...], Field(max_length=MAX_INPUTS)] = ()
    thermal: Annotated[tuple[ThermalInput, ...], Field(max_length=MAX_INPUTS)] = ()
    imu: Annotated[tuple[ImuInput, ...], Field(max_length=MAX_INPUTS)] = ()

    @model_validator(mode="before")
    @classmethod
    def _normalise_inputs(cls, values: Any) -> Any:
        """One becomes a tuple of one, a file or an array becomes an input; None is nothing."""
        if not isinstance(values, Mapping):
            return values
        return {name: _list_inputs(value) if name in _KINDS else value for name, value in values.items()}

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Inputs from plain values, such as the arguments of ``Director.plan``.

        Raises:
            UsageError: naming every one that is not valid.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            hint = 'an input is a file or an array, like image="dog.png"; several are a list'
            raise UsageError.from_issues(issues_of(error, (cls, *_KINDS.values())), hint=hint) from None

    def __iter__(self) -> Iterator[tuple[Modality, tuple[Input, ...]]]:  # type: ignore[override]
        """Modalities that are given, with their inputs."""
        return ((name, given) for name in MODALITIES if (given := getattr(self, name)))

    def __bool__(self) -> bool:
        return any(True for _ in self)


def _list_inputs(value: object) -> object:
    if value is None:
        return ()
    several = list(value) if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else [value]
    return tuple(one if isinstance(one, (Input, Mapping)) else {"source": one} for one in several)


class InputOptions(TypedDict, total=False):
    """Keywords of what a story begins with besides words: a file, an array, an ``Input``, or a list of them."""

    image: Any
    audio: Any
    video: Any
    depth: Any
    thermal: Any
    imu: Any


class Guess(FrozenModel):
    """Words for a part of what was given, and how sure they are: a probability in [0, 1]."""

    words: str
    confidence: Annotated[float, Field(ge=0, le=1)]


class Caption(FrozenModel):
    """What the inputs of one modality were taken for.

    Attributes:
        modality: of the inputs.
        source: their names.
        text: in words, a sentence: "A dog moves to the left in the forest."
        confidence: the probability that the main thing (or, where there is none, the place or motion) is right.
        thing, place, motion: the parts; None where the modality or the input tells nothing of it.
        runners_up: other things it may be, the likeliest first.
        notes: what had to be done to read the inputs.
    """

    modality: Modality
    source: str
    text: str
    confidence: Annotated[float, Field(ge=0, le=1)]
    thing: Guess | None = None
    place: Guess | None = None
    motion: Guess | None = None
    runners_up: tuple[Guess, ...] = ()
    notes: tuple[str, ...] = ()
