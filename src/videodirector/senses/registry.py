"""The registry of embedders, and the captioners of each modality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from videodirector.errors import UsageError

if TYPE_CHECKING:
    from videodirector.schemas import Modality
    from videodirector.senses import Captioner, Embedder
    from videodirector.senses.embedders.storyworld import StoryworldBind

__all__ = ["EMBEDDERS", "CaptionerRegistry", "EmbedderChoice"]

_ALL_MODALITIES = frozenset({"image", "audio", "video", "depth", "thermal", "imu"})


def _load_imagebind(path: Path) -> Embedder:
    from videodirector.senses.embedders.imagebind import ImageBind, load_clip_tokenizer

    checkpoint = path / "imagebind_huge.pth" if path.is_dir() else path
    return ImageBind.load(checkpoint, load_clip_tokenizer(checkpoint.parent))


def _load_clap(path: Path) -> Embedder:
    from videodirector.senses.embedders.transformers import Clap

    return Clap.load(path)


def _load_siglip2(path: Path) -> Embedder:
    from videodirector.senses.embedders.transformers import SigLip2

    return SigLip2.load(path)


def _load_pe_av(path: Path) -> Embedder:
    from videodirector.senses.embedders.transformers import PeAv

    return PeAv.load(path)


def _load_storyworld_bind(path: Path | None = None) -> StoryworldBind:
    from videodirector.layout2vid.weights.packaged_encoder import sentence_encoder
    from videodirector.senses.embedders.storyworld import StoryworldBind

    return StoryworldBind.load(path, sentences=sentence_encoder())


EMBEDDERS: dict[str, tuple[frozenset[str], Callable[[Path], Embedder]]] = {
    "imagebind": (_ALL_MODALITIES, _load_imagebind),
    "clap": (frozenset({"audio"}), _load_clap),
    "siglip2": (frozenset({"image", "video"}), _load_siglip2),
    "pe-av": (frozenset({"audio", "video"}), _load_pe_av),
    "storyworld-bind": (_ALL_MODALITIES, _load_storyworld_bind),
}
"""By name: the supported modalities, and the loader."""


@dataclass(frozen=True)
class EmbedderChoice:
    """An embedder that the user has on disk; nothing is loaded before it is needed.

    Attributes:
        name: one of ``EMBEDDERS``.
        path: the model's folder; of ImageBind the checkpoint, or its folder, in which CLIP's tokenizer lies too.
    """

    name: str
    path: Path

    @classmethod
    def parse(cls, text: str) -> EmbedderChoice:
        """Parse "clap:models/clap".

        Raises:
            UsageError: no such embedder, or no path.
        """
        name, _, path = text.partition(":")
        if name not in EMBEDDERS:
            raise UsageError(f"{name!r} is not a known embedder", hint=f"there are: {', '.join(EMBEDDERS)}")
        if not path:
            raise UsageError(
                f"the embedder {name} needs a path: {name}:PATH",
                hint="the folder that holds its weights (storyworld-bind as it comes needs no --embedder)",
            )
        return cls(name, Path(path).expanduser())

    @property
    def modalities(self) -> frozenset[str]:
        """The supported modalities."""
        return EMBEDDERS[self.name][0]

    def load(self) -> Embedder:
        """Load the model.

        Raises:
            ModelNotFoundError, ModelFormatError: the model is missing or damaged.
            MissingDependencyError: it needs a package that is not installed.
        """
        return EMBEDDERS[self.name][1](self.path)


class CaptionerRegistry:
    """The captioner of each modality, loaded on first use.

    Args:
        given: for all modalities; None uses the embedders, and storyworld-bind for other modalities.
        captions: more things to recognise, each a short caption.
        embedders: each "NAME:PATH"; for each modality the first that supports it is used.

    Raises:
        UsageError: no such embedder, or a captioner beside captions or embedders.
    """

    def __init__(self, given: Captioner | None, captions: Sequence[str], embedders: Sequence[str]) -> None:
        if given is not None and (captions or embedders):
            raise UsageError(
                "a captioner object has its captions already, and its embedder", hint="leave out captions and embedder"
            )
        self._given = given
        self._captions = tuple(captions)
        self._choices = [EmbedderChoice.parse(text) for text in embedders]
        self._loaded: dict[EmbedderChoice, Captioner] = {}

    @property
    def default(self) -> Captioner:
        """The given captioner, or that of the packaged storyworld-bind."""
        if self._given is None:
            from videodirector.senses import Captioner

            model = _load_storyworld_bind()
            self._given = Captioner(model, writer=model.decoder, captions=self._captions)
        return self._given

    def get(self, modality: Modality) -> Captioner:
        """Return the captioner of a modality."""
        chosen = next((choice for choice in self._choices if modality in choice.modalities), None)
        if chosen is None:
            return self.default
        if chosen not in self._loaded:
            from videodirector.senses import Captioner

            model, whole = chosen.load(), chosen.name == "storyworld-bind"
            self._loaded[chosen] = Captioner(model, captions=self._captions, whole_bank=whole)
        return self._loaded[chosen]
