"""What a backend is: anything that turns the scenes of a plan into frames, and says what of a plan it can honour."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, Protocol, runtime_checkable

from videodirector.generator.backends.fitting import ANY_LENGTH, ANY_SIZE, Lengths, Sizes
from videodirector.generator.backends.frames import Frame, Frames
from videodirector.schemas import Control, Drawn, Scene, VideoPlan

__all__ = [
    "AnnouncedRenderer",
    "Backend",
    "Capabilities",
    "Clip",
    "ContinuingRenderer",
    "Progress",
    "SceneRenderer",
]


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a backend can do with a plan; fixed for its lifetime.

    Attributes:
        name: as it is registered and written into results.
        frame_size: (width, height) of its frames in pixels.
        boxes: whether a thing is drawn in its box exactly (``exact``), is guided into it by the model itself
            (``native``), or boxes are only hinted at (``approximate``), by the best of the means below.
        control_video: whether it follows a video in which the boxes are drawn.
        regions: whether words can be confined to the boxes they belong to.
        first_frame, last_frame: whether it begins or ends with a given picture.
        words: whether it reads the descriptions.
        listed: whether of a scene with boxes it reads what its things are and where it is, and no more.
        references: how many reference pictures it takes in a scene; None for any number.
        portraits: whether it draws a reference picture for groups that have none.
        shared_groups: whether the members of a consistency group share one representation.
        lengths: numbers of frames that the model draws; scenes of other lengths are fitted to them and back.
        max_frames: the longest scene it can draw, None for no limit.
        sizes: of the pictures that the model draws; they are scaled to ``frame_size``.
        rate: frames a second that the model learned from; None where it has none of its own.
        any_rate: whether it is told the rate, and draws accordingly.
        steps: denoising steps when none are asked for; 0 when it draws at once and the setting means nothing.
        negative_prompt, guidance: whether it takes words to avoid, and a strength of guidance.
        batch: how many scenes it draws at the same time.
        version: of its frames. Raise it whenever the same inputs give other frames or notes: clips rendered by another
            version are not taken from the cache.
        libraries: distributions whose version decides the frames, such as ("torch", "pillow").
    """

    name: str
    frame_size: tuple[int, int]
    boxes: Literal["exact", "native", "approximate"]
    control_video: bool = False
    regions: bool = False
    first_frame: bool = False
    last_frame: bool = False
    words: bool = True
    listed: bool = False
    references: int | None
    portraits: bool = False
    shared_groups: bool
    lengths: Lengths = ANY_LENGTH
    max_frames: int | None = None
    sizes: Sizes = ANY_SIZE
    rate: Fraction | None = None
    any_rate: bool = False
    steps: int = 0
    negative_prompt: bool = False
    guidance: bool = False
    batch: int = 1
    version: str = "1"
    libraries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """Number ``step`` (from 1) of the ``steps`` of a scene is done."""

    step: int
    steps: int


@dataclass(frozen=True)
class Clip:
    """A scene as it was drawn.

    Attributes:
        frames: as many as the scene asks for, of the backend's frame size.
        notes: what the reader should know, in words.
        controls: what became of everything that the plan asks of the scene; see ``generator.ladder.lower``.
        drawn: what the model drew, where ``frames`` were fitted to the plan afterwards.
    """

    frames: Frames
    notes: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()
    drawn: Drawn | None = None


class SceneRenderer(Protocol):
    """A plan made ready for drawing: what its scenes share has been computed once and is held here."""

    def render(self, scene: Scene, *, seed: int, steps: int | None) -> Generator[Progress, None, Clip]:
        """Draw a scene, telling the progress on the way.

        The frames follow from the scene, from what it shares with others (its groups), from ``seed`` and ``steps``, and
        from nothing else: neither the scene's position nor what was drawn before.

        Args:
            scene: one of the plan's.
            seed: see ``videodirector.generator.backends.scene.scene_seed``.
            steps: denoising steps, None for the backend's own number.

        Yields:
            The progress, as often as there is some.

        Returns:
            ``scene.frames`` frames of the backend's frame size.

        Raises:
            RenderError: the scene cannot be drawn.
        """
        ...

    def effective(self, scene: Scene, *, seed: int, steps: int | None) -> dict[str, Any]:
        """Everything besides the code that decides what ``render`` returns for the same arguments, as plain data.

        Two scenes whose effective inputs are equal must give the same frames, to the bit, and notes that are true of
        both; scenes that look the same should have equal ones as far as that is cheap to tell. So: words as the model
        reads them, boxes frame by frame (``backends.scene.track_digest``), digests of pictures and the revision of
        weights in place of their names; nothing of positions, ids, transitions or what the backend does not read.

        It is quick and loads no weights: it is asked for every scene, drawn or not.
        """
        ...


class ContinuingRenderer(SceneRenderer, Protocol):
    """What a backend makes whose capabilities say ``first_frame``: its scenes may begin with a given picture."""

    def render(
        self, scene: Scene, *, seed: int, steps: int | None, first_frame: Frame | None = None
    ) -> Generator[Progress, None, Clip]:
        """See ``SceneRenderer.render``; ``first_frame`` is the last one of the scene that this one continues."""
        ...


@runtime_checkable
class AnnouncedRenderer(Protocol):
    """What a backend may make that draws several scenes at the same time."""

    def announce(self, scenes: Sequence[tuple[Scene, int]], *, steps: int | None) -> None:
        """Hear, before the first ``render``, which scenes will be asked for, with their seeds, and begin with them."""
        ...


@runtime_checkable
class Backend(Protocol):
    """Draws plans. Making one is cheap: weights are loaded when they are first needed, once, and kept."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do.

        Raises:
            ModelError: the model that would tell is missing or cannot be used.
        """
        ...

    def prepare(self, plan: VideoPlan) -> SceneRenderer:
        """Make a valid plan ready: compute what its scenes share, such as one representation for each group.

        Raises:
            ModelError: the weights are missing or cannot be used.
            MissingDependencyError: a package that this backend needs is not installed.
        """
        ...
