"""The protocol of backends: they render the scenes of a plan, and declare what of a plan they honour."""

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
        boxes: whether a thing is rendered in its box exactly (``exact``), is guided into it by the model itself
            (``native``), or boxes are only hinted at (``approximate``), by the best of the means below.
        control_video: whether it follows a video in which the boxes are drawn.
        regions: whether words can be confined to the boxes they belong to.
        first_frame, last_frame: whether it begins or ends with a given picture.
        words: whether it reads the descriptions.
        listed: whether of a scene with boxes it reads what its things are and where it is, and no more.
        references: how many reference pictures it takes in a scene; None for any number.
        portraits: whether it renders a reference picture for groups that have none.
        shared_groups: whether the members of a consistency group share one representation.
        lengths: numbers of frames that the model renders; scenes of other lengths are fitted to them and back.
        max_frames: the longest scene it can render, None for no limit.
        sizes: of the frames that the model renders; they are scaled to ``frame_size``.
        rate: frames a second of the model's training; None where it has no rate of its own.
        any_rate: whether the rate is an input of the model.
        steps: denoising steps by default; 0 for backends without, where the setting means nothing.
        negative_prompt, guidance: whether it takes words to avoid, and a strength of guidance.
        batch: how many scenes it renders at the same time.
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
    """A rendered scene.

    Attributes:
        frames: as many as planned, of the backend's frame size.
        notes: what the reader should know, in words.
        controls: what became of every control of the scene; see ``layout_methods.compile_scene``.
        drawn: what the model rendered, where ``frames`` were fitted to the plan afterwards.
    """

    frames: Frames
    notes: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()
    drawn: Drawn | None = None


class SceneRenderer(Protocol):
    """Renders the scenes of one plan; holds what they share, computed once."""

    def render(self, scene: Scene, *, seed: int, steps: int | None) -> Generator[Progress, None, Clip]:
        """Render a scene, yielding the progress on the way.

        The frames follow from the scene, from what it shares with others (its groups), from ``seed`` and ``steps``, and
        from nothing else: neither the scene's position nor what was rendered before.

        Args:
            scene: one of the plan's.
            seed: see ``videodirector.generator.backends.scene.scene_seed``.
            steps: denoising steps, None for the backend's own number.

        Yields:
            The progress, as often as there is some.

        Returns:
            ``scene.frames`` frames of the backend's frame size.

        Raises:
            RenderError: the scene cannot be rendered.
        """
        ...

    def effective(self, scene: Scene, *, seed: int, steps: int | None) -> dict[str, Any]:
        """Everything besides the code that decides what ``render`` returns for the same arguments, as plain data.

        Two scenes whose effective inputs are equal must give the same frames, to the bit, and notes that are true of
        both; scenes that look the same should have equal ones as far as that is cheap to tell. So: words as the model
        reads them, boxes frame by frame (``backends.scene.track_digest``), digests of pictures and the revision of
        weights in place of their names; nothing of positions, ids, transitions or what the backend does not read.

        It is quick and loads no weights: it is called for every scene, cached or not.
        """
        ...


class ContinuingRenderer(SceneRenderer, Protocol):
    """The renderer of a backend with the capability ``first_frame``: a scene may begin with a given picture."""

    def render(
        self, scene: Scene, *, seed: int, steps: int | None, first_frame: Frame | None = None
    ) -> Generator[Progress, None, Clip]:
        """See ``SceneRenderer.render``; ``first_frame`` is the last one of the scene that this one continues."""
        ...


@runtime_checkable
class AnnouncedRenderer(Protocol):
    """A renderer that can render several scenes at the same time."""

    def announce(self, scenes: Sequence[tuple[Scene, int]], *, steps: int | None) -> None:
        """Begin with scenes that will be rendered, given with their seeds; called before the first ``render``."""
        ...


@runtime_checkable
class Backend(Protocol):
    """Renders plans. Creating one is cheap: weights are loaded once, when they are first needed."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do.

        Raises:
            ModelError: the model that decides it is missing or cannot be used.
        """
        ...

    def prepare(self, plan: VideoPlan) -> SceneRenderer:
        """Prepare a valid plan: compute what its scenes share, such as one entity embedding for each group.

        Raises:
            ModelError: the weights are missing or cannot be used.
            MissingDependencyError: a package that this backend needs is not installed.
        """
        ...
