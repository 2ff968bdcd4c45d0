"""From a sense's embedding to what the generator reads, without words in between.

A generator is told what to draw by the states of a text encoder: a caption's sequence, which its cross-attention reads,
and the embedding of a phrase for each thing. The network here answers an embedding of storyworld-bind's space with
both, so that a sound is drawn although nobody said what it is. Learned by regression alone such a network answers
everything with nearly the same sequence, the mean of all that may be meant; ``recipes/mapping.py`` shows that, and
what helps: mutual information (InfoNCE), reconstruction of the input, a caption loss.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from videodirector.errors import ModelFormatError, ModelNotFoundError
from videodirector.files.reading import read_bounded_text
from videodirector.senses.embedders.towers import WIDTH

__all__ = ["CONFIG", "VARIANTS", "WEIGHTS", "Condition", "MappingNetwork", "Variant", "packaged"]

Variant = Literal["linear", "convolution", "transformer", "residual"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)

WEIGHTS, CONFIG = "model.safetensors", "config.json"


def packaged() -> Path:
    """The folder of the weights that the package brings."""
    return Path(str(files("videodirector").joinpath("weights", "storyworld-mapping")))


class Condition(NamedTuple):
    """What a generator reads in the place of words.

    Attributes:
        words: a caption's last hidden states, zero behind its end: ``words=`` of ``Layout2VidPipeline``.
        phrase: the embedding of what the main thing is called: ``Layout2VidPipeline.imagine`` makes a look of it.
    """

    words: Float[Tensor, "batch words text"]
    phrase: Float[Tensor, "batch text"]


class _Residual(nn.Module):
    """A hidden layer and a way around it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class _Transformer(nn.Module):
    """A learned query a slot, beside the embedding as one more token."""

    def __init__(self, width: int, slots: int, text: int, hidden: int) -> None:
        super().__init__()
        self.read = nn.Linear(width, hidden)
        self.queries = nn.Parameter(torch.randn(slots, hidden) / hidden**0.5)
        self.layers = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(hidden, 4, 2 * hidden, dropout=0.0, activation="gelu", batch_first=True),
            num_layers=2,
        )
        self.write = nn.Linear(hidden, text)

    def forward(self, x: Float[Tensor, "batch width"]) -> Float[Tensor, "batch slots text"]:
        seen = self.read(x).unsqueeze(1)
        out: Tensor = self.write(self.layers(torch.cat([seen, self.queries + seen], dim=1))[:, 1:])
        return out


def _network(variant: Variant, width: int, slots: int, text: int) -> nn.Module:
    apart = nn.Unflatten(1, (slots, text))
    if variant == "linear":
        return nn.Sequential(nn.Linear(width, slots * text), apart)
    if variant == "convolution":
        channels = 96
        return nn.Sequential(
            nn.Linear(width, slots * channels),
            nn.Unflatten(1, (channels, slots)),
            nn.GELU(),
            nn.Conv1d(channels, 2 * channels, 3, padding=1),
            nn.GELU(),
            nn.Conv1d(2 * channels, 2 * channels, 3, padding=1),
            nn.GELU(),
            nn.Conv1d(2 * channels, text, 1),
            _Swap(),
        )
    if variant == "transformer":
        return _Transformer(width, slots, text, hidden=192)
    hidden = 192
    return nn.Sequential(
        nn.Linear(width, hidden),
        *(_Residual(hidden) for _ in range(3)),
        nn.Linear(hidden, slots * text),
        apart,
    )


class _Swap(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)


class MappingNetwork(nn.Module):
    """Embeddings to token states.

    Args:
        variant: ``linear``, a ``convolution`` along the sequence, a ``transformer`` whose queries are the places of the
            sequence, or ``residual`` layers over the whole embedding.
        width: of the embeddings.
        tokens: how many states are written; what lies behind them is zero.
        text: width of the text encoder's states.
        words: length of its sequences.
    """

    def __init__(
        self, *, variant: Variant = "residual", width: int = WIDTH, tokens: int = 13, text: int = 384, words: int = 48
    ) -> None:
        super().__init__()
        self.config = {"variant": variant, "width": width, "tokens": tokens, "text": text, "words": words}
        self.words = words
        # One slot more, the first: the phrase.
        self.network = _network(variant, width, 1 + tokens, text)

    def forward(self, embeddings: Float[Tensor, "batch width"]) -> Condition:
        """The condition of each embedding as embedders give it: a unit vector, its sense's mean subtracted."""
        slots: Tensor = self.network(embeddings)
        return Condition(words=F.pad(slots[:, 1:], (0, 0, 0, self.words + 1 - slots.shape[1])), phrase=slots[:, 0])

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the weights in half precision, as safetensors, and what the network is made of."""
        from safetensors.torch import save_file

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: value.half().contiguous() for name, value in self.state_dict().items()}, folder / WEIGHTS)
        (folder / CONFIG).write_text(json.dumps(self.config, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def from_pretrained(cls, folder: str | Path | None = None) -> MappingNetwork:
        """From a folder that ``save_pretrained`` wrote; None takes the package's.

        Raises:
            ModelNotFoundError: there is no such folder.
            ModelFormatError: its files are damaged or do not fit one another.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        folder = packaged() if folder is None else Path(folder)
        if not (folder / CONFIG).exists() or not (folder / WEIGHTS).exists():
            raise ModelNotFoundError(f"{folder} lacks {CONFIG} or {WEIGHTS}", hint="train it with recipes/mapping.py")
        try:
            network = cls(**json.loads(read_bounded_text(folder / CONFIG)))
            network.load_state_dict({name: value.float() for name, value in load_file(folder / WEIGHTS).items()})
        except (SafetensorError, ValueError, TypeError, RuntimeError, OSError) as error:
            message = f"{folder} holds no mapping network: {error}"
            raise ModelFormatError(message, hint="copy the folder again") from None
        return network.eval().requires_grad_(False)
