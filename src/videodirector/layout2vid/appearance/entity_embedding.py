"""Entity embeddings: words and pictures become the two embeddings that a grounding token is made of.

Which ones a model wants is said by its grounding: for storyworld-mini a sentence embedding and the latent of a picture
of the entity alone, for the published form CLIP's embedding of words and of a picture, or of words alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from diffusers import PriorTransformer
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn.functional import interpolate

from videodirector.errors import ModelError
from videodirector.layout2vid.appearance.appearance import Appearance
from videodirector.layout2vid.appearance.bank_prior import BankPrior
from videodirector.layout2vid.appearance.clip import picture_embeddings, projected_back
from videodirector.layout2vid.appearance.latents import (
    VIEW_SIDE,
    decode,
    encode,
    entity_picture,
    to_tensor,
    without_ground,
)
from videodirector.layout2vid.appearance.poses import Poses, pose_of
from videodirector.layout2vid.appearance.text_encoder import encode_phrases
from videodirector.layout2vid.appearance.unclip import imagine, imagine_latents
from videodirector.layout2vid.conditioning import SceneCondition
from videodirector.layout2vid.nn.entities import Entities
from videodirector.lexicon.gait import Gait, phases, settle

__all__ = ["EntityEmbedding", "EntityEncoder", "batch_entities", "settled"]

STILL = Gait()
FOR_CLIP = "pipeline.load_clip('openai/clip-vit-large-patch14') loads both towers"


class EntityEmbedding:
    """How one entity looks, computed once and shared by every scene: its text embedding and its picture embeddings.

    Attributes:
        text: embedding of its words.
        pictures: of every pose the view to the left and the view to the right; None where the model knows no picture
            and takes its learned null.
        views: the pictures themselves, RGBA in [0, 1], for models with a canvas.
        nearest: the phrase by which the model knows it and how near that is (cosine); None where a picture was given.
        gait: how it passes from pose to pose and keeps its form; None where it fills any box.
    """

    def __init__(
        self,
        *,
        text: Float[Tensor, " text"],
        pictures: Float[Tensor, "2 poses picture"] | None,
        nearest: tuple[str, float] | None = None,
        views: Float[Tensor, "2 poses 4 side side"] | None = None,
        gait: Gait | None = None,
    ) -> None:
        self.text, self.pictures, self.nearest, self.views = text, pictures, nearest, views
        self.gait = gait


@dataclass(frozen=True, kw_only=True)
class EntityEncoder:
    """Encodes entities with the parts of a model; those that a model does not have are None.

    Attributes:
        config: the grounding's configuration, which says what it wants.
        text_encoder, tokenizer: of the entity's words.
        image_encoder, image_processor: CLIP's image tower.
        prior: a ``BankPrior``, or an unCLIP ``PriorTransformer``.
        prior_scheduler: of the unCLIP prior.
        imagination: an unCLIP prior over latents, used instead of the bank where it is given.
        vae: the autoencoder, for pictures that are embedded as latents.
        latent_scale: pixels along a latent's side.
        device: where to compute.
    """

    config: Any
    text_encoder: Any
    tokenizer: Any
    image_encoder: Any = None
    image_processor: Any = None
    prior: Any = None
    prior_scheduler: Any = None
    imagination: Any = None
    vae: Any
    latent_scale: int
    device: torch.device

    @torch.no_grad()
    def encode(self, entity: str | Appearance, generator: torch.Generator | None = None) -> EntityEmbedding:
        """Embed an entity from its words, or from a picture of it.

        Args:
            entity: its words, and the picture if there is one.
            generator: of the picture that an unCLIP prior imagines; None takes a fresh one of seed 0.

        Raises:
            ModelError: the model has no encoder for these words or this picture.
        """
        appearance = Appearance(name=entity) if isinstance(entity, str) else entity
        text = self._encode_phrase(appearance.phrase)
        shape = [int(side) for side in self.config.picture_shape]
        if shape == [0]:
            return EntityEmbedding(text=text, pictures=None)
        if len(shape) != 3:
            return EntityEmbedding(text=text, pictures=self._clip_pictures(appearance, generator))
        if appearance.picture is not None:
            return self._encode_picture(appearance.picture, text)
        if self.prior is None and self.imagination is None:
            raise ModelError(
                f"this model cannot imagine {appearance.name!r} from words: it has no prior",
                hint="give the plan a reference picture of it",
            )
        return self.imagine(text, generator, phrase=appearance.remembered)

    @torch.no_grad()
    def imagine(
        self,
        text: Float[Tensor, " text"],
        generator: torch.Generator | None = None,
        *,
        phrase: str | None = None,
    ) -> EntityEmbedding:
        """Embed an entity whose words are known as an embedding alone, such as the mapping network makes of a sound.

        Args:
            text: the embedding.
            generator: as in ``encode``.
            phrase: by which the bank knows it, where that is settled; otherwise it is the nearest in meaning.

        Raises:
            ModelError: the model's prior reads words, or it has none, and its grounding wants a picture.
        """
        text = text.to(self.device)
        if [int(side) for side in self.config.picture_shape] == [0]:
            return EntityEmbedding(text=text, pictures=None)
        if self.imagination is not None:
            picture = self._imagine_picture(text, generator or torch.Generator().manual_seed(0))
            embedding = self._encode_picture(picture, text)
            if isinstance(self.prior, BankPrior):  # it learned from what the bank holds, and knows no more
                embedding.nearest = self.prior.nearest(text.unsqueeze(0))[0]
            return embedding
        if not isinstance(self.prior, BankPrior):
            raise ModelError(
                "this model cannot imagine an entity from the embedding of its words: it has no bank of pictures",
                hint="give it the words or a picture, with represent()",
            )
        words = text.unsqueeze(0)
        nearest = self.prior.nearest(words)[0] if phrase is None else None
        recalled = self.prior.recall(text, phrase=phrase)
        if self.prior.config.album is None:
            sides = torch.tensor([False, True], device=text.device)
            pictures = self.prior(words.expand(2, -1), sides).unsqueeze(1)
        else:
            assert recalled is not None
            pictures = self._sides(recalled)
        return EntityEmbedding(
            text=text,
            pictures=pictures,
            nearest=nearest,
            views=None if recalled is None else recalled.views(),
            gait=None if recalled is None else recalled.gait,
        )

    def _encode_phrase(self, phrase: str) -> Float[Tensor, " text"]:
        text = encode_phrases(self.text_encoder, self.tokenizer, [phrase], device=self.device)[0]
        wanted = int(self.config.text_width)
        if text.shape[-1] != wanted:
            raise ModelError(
                f"the grounding wants words {wanted} wide, and the text encoder gives {text.shape[-1]}",
                hint=f"give the text tower that it was trained with: {FOR_CLIP}",
            )
        return text

    def _encode_picture(self, picture: Image.Image, text: Tensor) -> EntityEmbedding:
        given = Poses.of(picture)
        return EntityEmbedding(text=text, pictures=self._sides(given), views=given.views(), gait=given.gait)

    def _imagine_picture(self, text: Tensor, generator: torch.Generator) -> Image.Image:
        """The picture that the unCLIP prior makes of an embedding of words, cut out."""
        latents = imagine_latents(self.imagination, self.prior_scheduler, text.unsqueeze(0), generator=generator)
        pixels = decode(self.vae, latents.to(self.vae.dtype))[0]
        return without_ground(((pixels + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy())

    def _sides(self, poses: Poses) -> Float[Tensor, "2 poses picture"]:
        left = self._picture_latents(poses.to_the("left"))
        return torch.stack([left, self._picture_latents(poses.to_the("right")) if poses.mirrors else left])

    def _picture_latents(self, images: Sequence[Image.Image]) -> Float[Tensor, "poses picture"]:
        size = int(self.config.picture_shape[-1]) * self.latent_scale
        tensor = to_tensor(np.stack([entity_picture(image, size) for image in images]))
        return encode(self.vae, tensor.to(self.device, self.vae.dtype)).flatten(1)

    def _clip_pictures(
        self, appearance: Appearance, generator: torch.Generator | None
    ) -> Float[Tensor, "2 1 picture"] | None:
        """CLIP's embedding of the picture, or of one that the prior imagines; None where there is neither."""
        if appearance.picture is not None:
            if self.image_encoder is None:
                raise ModelError(
                    f"this model cannot see the picture of {appearance.name!r}: it has no image encoder", hint=FOR_CLIP
                )
            views = [appearance.picture, ImageOps.mirror(appearance.picture)]
            embedded = picture_embeddings(self.image_encoder, self.image_processor, views, device=self.device)
        elif isinstance(self.prior, PriorTransformer):
            embedded = imagine(
                self.prior,
                self.prior_scheduler,
                self.text_encoder,
                self.tokenizer,
                [appearance.phrase],
                generator=generator or torch.Generator().manual_seed(0),
                device=self.device,
            ).expand(2, -1)
        else:
            return None
        known = projected_back(self.text_encoder, embedded) if self.config.form == "text-image" else embedded
        return known.unsqueeze(1)


def settled(condition: SceneCondition, looks: Sequence[EntityEmbedding], *, shape: float) -> SceneCondition:
    """The scene with every box cut to what its thing fills, in frames so many times as wide as high."""
    boxes = condition.boxes.clone()
    for entity, look in enumerate(looks):
        if look.gait is not None:
            for frame, box in enumerate(settle(look.gait, _track(condition, entity), shape=shape)):
                if box is not None:
                    boxes[frame, entity] = boxes.new_tensor(box)
    return replace(condition, boxes=boxes)


def batch_entities(
    condition: SceneCondition,
    embeddings: Sequence[EntityEmbedding],
    config: Any,
    *,
    device: torch.device,
    dtype: torch.dtype,
    shape: float = 1.0,
) -> Entities:
    """Stack one scene's entities as the grounding wants them, a batch of one, each box cut to what its thing fills.

    ``shape`` says how many times as wide as high the frames are.
    """
    frames, count = condition.present.shape
    moments = [
        phases(look.gait or STILL, _track(condition, entity), rate=condition.rate, shape=shape)
        for entity, look in enumerate(embeddings)
    ]
    poses = max((_poses(embedding) for embedding in embeddings), default=1)
    side = max((look.views.shape[-1] for look in embeddings if look.views is not None), default=VIEW_SIDE)
    text = torch.zeros(count, int(config.text_width))
    picture = torch.zeros(count, poses, int(np.prod(config.picture_shape)))
    known = torch.zeros(count, dtype=torch.bool)
    views = torch.zeros(count, poses, 4, side, side)
    pose = torch.zeros(frames, count, dtype=torch.long)
    for row, (embedding, towards) in enumerate(zip(embeddings, condition.sides, strict=True)):
        text[row] = embedding.text
        if embedding.pictures is not None:
            picture[row, : embedding.pictures.shape[1]] = embedding.pictures[int(towards == "right")]
            known[row] = True
        if embedding.views is not None:
            shown = embedding.views[int(towards == "right")]
            views[row, : len(shown)] = interpolate(shown, size=(side, side), mode="bilinear", align_corners=False)
        pose[:, row] = pose_of(moments[row], _poses(embedding))
    return Entities(
        boxes=settled(condition, embeddings, shape=shape)
        .boxes.to(device)
        .unsqueeze(0),  # in full precision: half of it would make things jerk
        present=condition.present.to(device).unsqueeze(0),
        text=text.to(device, dtype).unsqueeze(0),
        picture=picture.to(device, dtype).unsqueeze(0),
        text_known=torch.ones(1, count, dtype=torch.bool, device=device),
        picture_known=known.to(device).unsqueeze(0),
        views=views.to(device).unsqueeze(0) if config.canvas_width else None,
        pose=pose.to(device).unsqueeze(0) if poses > 1 else None,
        phase=torch.tensor(moments).reshape(count, frames).T.to(device).unsqueeze(0),
    )


def _poses(embedding: EntityEmbedding) -> int:
    return 1 if embedding.pictures is None else embedding.pictures.shape[1]


def _track(condition: SceneCondition, entity: int) -> list[tuple[float, float, float, float] | None]:
    """An entity's box on every frame."""
    rows = zip(condition.boxes[:, entity].tolist(), condition.present[:, entity].tolist(), strict=True)
    return [(x0, y0, x1, y1) if there else None for (x0, y0, x1, y1), there in rows]
