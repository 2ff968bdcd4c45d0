"""How things look: words and pictures become the two embeddings that a grounding token is made of.

Which ones a model wants stands in its grounding: for storyworld-mini a sentence embedding and the latent of a picture
of the thing alone, for the published form CLIP's embedding of words and of a picture, or of words alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from diffusers import PriorTransformer
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor

from videodirector.errors import ModelError
from videodirector.layout2vid.appearance.appearance import Appearance
from videodirector.layout2vid.appearance.bank_prior import BankPrior
from videodirector.layout2vid.appearance.clip import picture_embeddings, projected_back
from videodirector.layout2vid.appearance.latents import (
    VIEW_SIDE,
    decode,
    encode,
    entity_picture,
    rgba,
    to_tensor,
    without_ground,
)
from videodirector.layout2vid.appearance.text_encoder import encode_phrases
from videodirector.layout2vid.appearance.unclip import imagine, imagine_latents
from videodirector.layout2vid.conditioning import SceneCondition
from videodirector.layout2vid.nn.entities import Entities

if TYPE_CHECKING:
    from videodirector.layout2vid.pipeline import Layout2VidPipeline

__all__ = ["Representation", "grouped", "imagined", "represent"]

FOR_CLIP = "pipeline.load_clip('openai/clip-vit-large-patch14') loads both towers"


class Representation:
    """How one thing looks, computed once and drawn in every scene: its text embedding and its picture embeddings.

    ``pictures`` holds the view to the left and the view to the right, or is None where the model knows no picture and
    takes its learned null; ``views`` are the pictures themselves, RGBA in [0, 1], for models with a canvas; ``nearest``
    is the phrase that the model knows it by and how near that is (cosine), or None where a picture was given.
    """

    def __init__(
        self,
        *,
        text: Float[Tensor, " text"],
        pictures: Float[Tensor, "2 picture"] | None,
        nearest: tuple[str, float] | None = None,
        views: Float[Tensor, "2 4 side side"] | None = None,
    ) -> None:
        self.text, self.pictures, self.nearest, self.views = text, pictures, nearest, views


@torch.no_grad()
def represent(
    pipeline: Layout2VidPipeline,
    thing: str | Appearance | Representation,
    generator: torch.Generator | None = None,
) -> Representation:
    """How a thing looks, from its words or from a picture of it.

    Args:
        pipeline: the model.
        thing: its words, and the picture if there is one; what is a representation already stands as it is.
        generator: of the picture that an unCLIP prior imagines; None takes a fresh one of seed 0.

    Raises:
        ModelError: the model has no encoder for these words or this picture.
    """
    if isinstance(thing, Representation):
        return thing
    appearance = Appearance(name=thing) if isinstance(thing, str) else thing
    text = _phrase(pipeline, appearance.phrase)
    shape = [int(side) for side in pipeline.grounding.config.picture_shape]
    if shape == [0]:
        return Representation(text=text, pictures=None)
    if len(shape) == 3:
        return _with_latent(pipeline, appearance, text, generator)
    return Representation(text=text, pictures=_embedded(pipeline, appearance, generator))


def _phrase(pipeline: Layout2VidPipeline, phrase: str) -> Float[Tensor, " text"]:
    encoder, tokenizer = pipeline.phrase_encoder, pipeline.phrase_tokenizer
    if encoder is None:
        encoder, tokenizer = pipeline.text_encoder, pipeline.tokenizer
    text = encode_phrases(encoder, tokenizer, [phrase], device=pipeline._execution_device)[0]
    wanted = int(pipeline.grounding.config.text_width)
    if text.shape[-1] != wanted:
        raise ModelError(
            f"the grounding wants words {wanted} wide, and the text encoder gives {text.shape[-1]}",
            hint=f"give the text tower that it was trained with: {FOR_CLIP}",
        )
    return text


def _with_latent(
    pipeline: Layout2VidPipeline, appearance: Appearance, text: Tensor, generator: torch.Generator | None
) -> Representation:
    if appearance.picture is not None:
        return _pictured(pipeline, appearance.picture, text)
    if pipeline.prior is None and not pipeline.imagines:
        raise ModelError(
            f"this model cannot imagine {appearance.name!r} from words: it has no prior",
            hint="give the plan a reference picture of it",
        )
    return imagined(pipeline, text, generator)


def _pictured(pipeline: Layout2VidPipeline, picture: Image.Image, text: Tensor) -> Representation:
    views = torch.stack([rgba(view, VIEW_SIDE) for view in (picture, ImageOps.mirror(picture))])
    return Representation(text=text, pictures=_latents(pipeline, picture), views=views.float() / 255)


@torch.no_grad()
def imagined(
    pipeline: Layout2VidPipeline, text: Float[Tensor, " text"], generator: torch.Generator | None = None
) -> Representation:
    """How a thing looks whose words are known as an embedding alone, such as ``bind.mapping`` makes of a sound.

    Args:
        pipeline: the model.
        text: the embedding.
        generator: as in ``represent``.

    Raises:
        ModelError: the model's prior reads words, or it has none, and its grounding wants a picture.
    """
    text = text.to(pipeline._execution_device)
    if [int(side) for side in pipeline.grounding.config.picture_shape] == [0]:
        return Representation(text=text, pictures=None)
    if pipeline.imagines:
        look = _pictured(pipeline, _dreamt(pipeline, text, generator or torch.Generator().manual_seed(0)), text)
        if isinstance(pipeline.prior, BankPrior):  # it learned from what the bank holds, and knows no more
            look.nearest = pipeline.prior.nearest(text.unsqueeze(0))[0]
        return look
    if not isinstance(pipeline.prior, BankPrior):
        raise ModelError(
            "this model cannot imagine a thing from the embedding of its words: it has no bank of pictures",
            hint="give it the words or a picture, with represent()",
        )
    words = text.unsqueeze(0)
    both = pipeline.prior(words.expand(2, -1), torch.tensor([False, True], device=text.device))
    return Representation(
        text=text, pictures=both, nearest=pipeline.prior.nearest(words)[0], views=pipeline.prior.view(text)
    )


def _dreamt(pipeline: Layout2VidPipeline, text: Tensor, generator: torch.Generator) -> Image.Image:
    """The picture that the unCLIP prior draws for an embedding of words, cut out."""
    latents = imagine_latents(pipeline.imagination, pipeline.prior_scheduler, text.unsqueeze(0), generator=generator)
    pixels = decode(pipeline.vae, latents.to(pipeline.vae.dtype))[0]
    return without_ground(((pixels + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy())


def _latents(pipeline: Layout2VidPipeline, image: Image.Image) -> Float[Tensor, "2 picture"]:
    """Latents of a picture as it is and mirrored."""
    size = int(pipeline.grounding.config.picture_shape[-1]) * pipeline.latent_scale
    pixels = [entity_picture(view, size) for view in (image, ImageOps.mirror(image))]
    tensor = to_tensor(np.stack(pixels)).to(pipeline._execution_device, pipeline.vae.dtype)
    return encode(pipeline.vae, tensor).flatten(1)


def _embedded(
    pipeline: Layout2VidPipeline, appearance: Appearance, generator: torch.Generator | None
) -> Float[Tensor, "2 picture"] | None:
    """CLIP's embedding of the picture, or of one that the prior imagines; None where there is neither."""
    device, encoder = pipeline._execution_device, pipeline.phrase_encoder
    if appearance.picture is not None:
        if pipeline.image_encoder is None:
            raise ModelError(
                f"this model cannot see the picture of {appearance.name!r}: it has no image encoder", hint=FOR_CLIP
            )
        views = [appearance.picture, ImageOps.mirror(appearance.picture)]
        seen = picture_embeddings(pipeline.image_encoder, pipeline.image_processor, views, device=device)
    elif isinstance(pipeline.prior, PriorTransformer):
        seen = imagine(
            pipeline.prior,
            pipeline.prior_scheduler,
            encoder,
            pipeline.phrase_tokenizer,
            [appearance.phrase],
            generator=generator or torch.Generator().manual_seed(0),
            device=device,
        ).expand(2, -1)
    else:
        return None
    return projected_back(encoder, seen) if pipeline.grounding.config.form == "text-image" else seen


def grouped(
    condition: SceneCondition, looks: list[Representation], config: Any, *, device: torch.device, dtype: torch.dtype
) -> Entities:
    """One scene's entities as the grounding wants them, a batch of one."""
    width = int(np.prod(config.picture_shape))
    text = torch.zeros(len(looks), int(config.text_width))
    picture = torch.zeros(len(looks), width)
    known = torch.zeros(len(looks), dtype=torch.bool)
    views = torch.zeros(len(looks), 4, VIEW_SIDE, VIEW_SIDE)
    for row, (look, side) in enumerate(zip(looks, condition.sides, strict=True)):
        text[row] = look.text
        if look.pictures is not None:
            picture[row] = look.pictures[int(side == "right")]
            known[row] = True
        if look.views is not None:
            views[row] = look.views[int(side == "right")]
    return Entities(
        boxes=condition.boxes.to(device).unsqueeze(0),  # in full precision: half of it would make things jerk
        present=condition.present.to(device).unsqueeze(0),
        text=text.to(device, dtype).unsqueeze(0),
        picture=picture.to(device, dtype).unsqueeze(0),
        text_known=torch.ones(1, len(looks), dtype=torch.bool, device=device),
        picture_known=known.to(device).unsqueeze(0),
        views=views.to(device).unsqueeze(0) if config.canvas_width else None,
    )
