"""Write captions word by word with a small decoder trained on texts alone.

C3 (arXiv 2401.08567): where the senses share a space with text, a decoder learned from the vectors of texts also reads
those of pictures and sounds, if every modality's mean is subtracted first (the modality gap) and if noise was added
while it learned (what is left between a picture and its caption).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor, nn

from videodirector.senses.embedders.towers import WIDTH

__all__ = ["END_TOKEN", "MAX_WORDS", "CaptionDecoder", "split_words"]

MAX_WORDS = 24
"""Maximum number of words of a caption."""

END_TOKEN = 0
"""The token before the first word and behind the last."""


class CaptionDecoder(nn.Module):
    """A recurrent network conditioned on a vector at every step.

    Args:
        words: the vocabulary; token n + 1 is word n, token 0 the end.
    """

    def __init__(self, words: Sequence[str], *, width: int = 128) -> None:
        super().__init__()
        self.words = tuple(words)
        self._tokens = {word: number for number, word in enumerate(self.words, 1)}
        self.embedding = nn.Embedding(len(self.words) + 1, width // 2)
        self.start = nn.Linear(WIDTH, width)
        self.cell = nn.GRU(width // 2 + WIDTH, width, batch_first=True)
        self.head = nn.Linear(width, len(self.words) + 1)

    def tokenise(self, texts: Sequence[str]) -> Int[Tensor, "texts length"]:
        """Tokenise texts, each followed by at least one end token.

        Raises:
            KeyError: a word is not in the vocabulary.
        """
        rows = [[self._tokens[word] for word in split_words(text)][: MAX_WORDS - 1] for text in texts]
        length = 1 + max(map(len, rows))
        return torch.tensor([[*row, *[END_TOKEN] * (length - len(row))] for row in rows])

    def forward(
        self, vectors: Float[Tensor, "texts width"], tokens: Int[Tensor, "texts length"]
    ) -> Float[Tensor, "texts length words"]:
        """Return logits of every token, given the vector and the tokens before it."""
        before = F.pad(tokens[:, :-1], (1, 0), value=END_TOKEN)
        context = vectors[:, None].expand(-1, tokens.shape[1], -1)
        states, _ = self.cell(torch.cat([self.embedding(before), context], dim=-1), self.start(vectors).tanh()[None])
        logits: Tensor = self.head(states)
        return logits

    @torch.no_grad()
    def write(self, vector: NDArray[np.float32]) -> tuple[str, float]:
        """Write the most probable words one after the other, and the probability of the whole caption."""
        context = torch.from_numpy(vector)[None]
        state, token, words, log = self.start(context).tanh()[None], torch.zeros(1, 1, dtype=torch.long), [], 0.0
        for _ in range(MAX_WORDS):
            states, state = self.cell(torch.cat([self.embedding(token), context[:, None]], dim=-1), state)
            best = self.head(states)[0, 0].log_softmax(-1).max(-1)
            log += float(best.values)
            if int(best.indices) == END_TOKEN:
                break
            words.append(self.words[int(best.indices) - 1])
            token = best.indices.view(1, 1)
        return " ".join(words).replace(" .", ".").replace(" ,", ",").replace(" :", ":"), float(np.exp(log))

    @torch.no_grad()
    def log_prefix_probabilities(self, vector: NDArray[np.float32], texts: Sequence[str]) -> NDArray[np.float64]:
        """Return log probabilities that the caption of this vector begins with these texts; (texts,)."""
        tokens = self.tokenise(texts)
        logs = self(torch.from_numpy(vector)[None].expand(len(texts), -1), tokens).log_softmax(-1)
        own = logs.gather(-1, tokens[..., None])[..., 0] * (tokens != END_TOKEN)
        return np.asarray(own.sum(-1).double().numpy())


def split_words(text: str) -> list[str]:
    """Split a text into words and punctuation."""
    for mark in ".,:":
        text = text.replace(mark, f" {mark}")
    return text.split()
