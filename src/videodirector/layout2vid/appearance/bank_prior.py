"""From an entity's words to what it looks like.

Layout2Vid's prior maps a text embedding to an image embedding (Karlo's unCLIP prior there). storyworld-mini's image
embedding is the picture's own latent, and its prior remembers: a softmax over a bank of phrases reads the pictures
out (DeCap's projection, arXiv 2303.03032, eq. 5, the other way round). A word that the bank does not hold is drawn as
what lies nearest in meaning, and :meth:`BankPrior.nearest` says what that is and how near.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from torch import Tensor

from videodirector.layout2vid.appearance.poses import Poses, recall

__all__ = ["BankPrior"]


class BankPrior(ModelMixin, ConfigMixin):
    """A bank of phrases and pictures.

    Args:
        phrases: what each entry is called.
        rows: for each phrase the row of its picture.
        pictures: how many pictures there are.
        text_width: of the phrases' embeddings.
        picture_width: of the pictures' embeddings, flattened.
        temperature: of the softmax over cosine similarities.
        view_side: of the pictures themselves, which a canvas wants; 0 for none.
        album: name of the album that holds the pictures instead, in all their poses; see ``poses.recall``. It knows a
            picture by the first of its phrases. The bank then has none of its own: it only finds, and does not blend.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(
        self,
        *,
        phrases: list[str],
        rows: list[int],  # noqa: ARG002  read from the config
        pictures: int,
        text_width: int,
        picture_width: int,
        temperature: float = 0.01,  # noqa: ARG002  read from the config
        view_side: int = 0,
        album: str | None = None,  # noqa: ARG002  read from the config
    ) -> None:
        super().__init__()
        self.text_keys: Tensor
        self.left: Tensor
        self.right: Tensor
        self.register_buffer("text_keys", torch.zeros(len(phrases), text_width))
        # What looks to a side has a picture for each.
        self.register_buffer("left", torch.zeros(pictures, picture_width))
        self.register_buffer("right", torch.zeros(pictures, picture_width))
        # RGBA bytes, looking to the left.
        self.views: Tensor
        self.register_buffer("views", torch.zeros(pictures if view_side else 0, 4, view_side, view_side).byte())

    def _similarity(self, text: Float[Tensor, "entities text"]) -> Float[Tensor, "entities phrases"]:
        return F.normalize(text.float(), dim=-1) @ F.normalize(self.text_keys.float(), dim=-1).T

    def forward(
        self, text: Float[Tensor, "entities text"], to_the_right: Bool[Tensor, " entities"]
    ) -> Float[Tensor, "entities picture"]:
        """Picture embeddings for text embeddings, each looking to its side."""
        weight = (self._similarity(text) / float(self.config.temperature)).softmax(-1)
        rows = torch.tensor(self._rows, device=text.device)
        left, right = weight @ self.left.float()[rows], weight @ self.right.float()[rows]
        return torch.where(to_the_right.unsqueeze(-1), right, left).to(text.dtype)

    def recall(self, text: Float[Tensor, " text"], *, phrase: str | None = None) -> Poses | None:
        """The pictures of a phrase, or of the nearest one; None where it holds none.

        What looks to no side, as its latents tell, is not mirrored.
        """
        known = self.config.phrases.index(phrase) if phrase in self.config.phrases else None
        row = self._rows[int(self._similarity(text.unsqueeze(0)).argmax()) if known is None else known]
        if self.config.album is not None:
            return recall(self.config.album, self.config.phrases[self._rows.index(row)])
        if not len(self.views):
            return None
        picture = Image.fromarray(self.views[row].permute(1, 2, 0).cpu().numpy())
        return Poses(pictures=[picture], mirrors=not torch.equal(self.left[row], self.right[row]))

    @property
    def _rows(self) -> list[int]:
        return list(self.config.rows)

    def nearest(self, text: Float[Tensor, "entities text"]) -> list[tuple[str, float]]:
        """For each entity the phrase of the bank that lies nearest, and the cosine between them."""
        best = self._similarity(text).max(dim=-1)
        phrases = self.config.phrases
        return [(phrases[row], cosine) for row, cosine in zip(best.indices.tolist(), best.values.tolist(), strict=True)]

    @classmethod
    def of(
        cls,
        phrases: Sequence[str],
        rows: Sequence[int],
        keys: Float[Tensor, "phrases text"],
        left: Float[Tensor, "pictures picture"],
        right: Float[Tensor, "pictures picture"],
        *,
        views: UInt8[Tensor, "pictures 4 side side"] | None = None,
        album: str | None = None,
    ) -> BankPrior:
        """A prior that holds these phrases and pictures, or has the pictures from an album."""
        prior = cls(
            phrases=list(phrases),
            rows=list(rows),
            pictures=len(left),
            text_width=keys.shape[1],
            picture_width=left.shape[1],
            view_side=0 if views is None else views.shape[-1],
            album=album,
        )
        prior.text_keys.copy_(keys)
        prior.left.copy_(left)
        prior.right.copy_(right)
        if views is not None:
            prior.views.copy_(views)
        return prior
