"""From trained towers to the package: means against the modality gap, the caption bank, calibrated temperatures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from bind_moments import TEXT_ENCODER, Moments, bank_sentences
from numpy.typing import NDArray
from safetensors.torch import save_file
from scipy.optimize import minimize_scalar

from videodirector.schemas import MODALITIES as MODALITIES_OF_INPUTS
from videodirector.schemas import Modality
from videodirector.senses.caption_bank import MOTION_PHRASES, build_motion_rows, build_world_rows
from videodirector.senses.captioner import Captioner
from videodirector.senses.embedder import Aspect
from videodirector.senses.embedders.decoder import CaptionDecoder
from videodirector.senses.embedders.storyworld import CONFIG, WEIGHTS, StoryworldBind, get_packaged_folder
from videodirector.senses.embedders.towers import MODALITIES, Towers
from videodirector.storyworld.moments import MomentSampler

ASPECTS: tuple[Aspect, ...] = ("thing", "place", "motion")
CALIBRATION_SEED = 52  # moments that nothing was learned from, and nothing is reported on


def export(towers: Towers, moments: Moments, out: Path, folder: Path | None = None, *, clips: int = 250) -> None:
    """Write the model's folder; sentence embeddings of the caption bank are kept in ``out``."""
    folder = folder or get_packaged_folder()
    folder.mkdir(parents=True, exist_ok=True)
    means = {name: mean(towers, moments, name) for name in MODALITIES}
    texts = list(dict.fromkeys(row.text for row in (*build_world_rows(), *build_motion_rows())))
    kept = dict(zip(texts, bank_sentences(out, texts), strict=True))

    scales: dict[str, float] = {}

    def model(motions: NDArray[np.float32] | None = None) -> StoryworldBind:
        return StoryworldBind(
            towers, means=means, scales=scales, motions=motions, decoder=decoder,
            sentences=lambda asked: np.stack([kept[text] for text in asked]),
        )  # fmt: skip

    written = torch.load(out / "decoder.pt", weights_only=True)
    decoder = CaptionDecoder(written["words"])
    decoder.load_state_dict(written["state"])
    known = model().embed_text(texts)
    motions = directions(known[[texts.index(row.text) for row in build_motion_rows()]])
    calibrate(model(motions), scales, clips)
    tensors = {name: tensor.half() for name, tensor in towers.state_dict().items() if "num_batches" not in name}
    tensors |= {f"mean.{name}": torch.from_numpy(vector) for name, vector in means.items()}
    tensors |= {f"decoder.{name}": tensor.half() for name, tensor in decoder.state_dict().items()}
    tensors["motions"] = torch.from_numpy(motions).half()
    tensors["known"] = torch.from_numpy(known).half()
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS)
    config = {"text_encoder_package": TEXT_ENCODER, "scales": scales, "words": written["words"], "known": texts}
    (folder / CONFIG).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    print(f"{sum(file.stat().st_size for file in folder.iterdir()) / 1e6:.1f} MB in {folder}; scales {scales}")


def directions(moving: NDArray[np.float32]) -> NDArray[np.float32]:
    """The directions (motions - 1, width) in which captions differ that tell of other motions."""
    told = moving.reshape(-1, len(MOTION_PHRASES), moving.shape[-1]).mean(0)
    return np.asarray(np.linalg.svd(told - told.mean(0))[2][: len(MOTION_PHRASES) - 1], dtype=np.float32)


@torch.no_grad()
def mean(towers: Towers, moments: Moments, name: str, count: int = 1024) -> NDArray[np.float32]:
    """Of a tower's vectors over training moments."""
    from bind import seen

    if name == "vision":
        frames = torch.from_numpy(np.array(moments.of("frames")[:count]))
        batch = seen(frames, torch.arange(len(frames)) % 2 == 0)
    elif name == "text":
        batch = torch.from_numpy(np.array(moments.of("captions")[:count])).flatten(0, 1).float()
    else:
        maps = torch.from_numpy(np.array(moments.of(name)[:count])).float()
        batch = {"audio": maps / 127.5 - 1, "imu": maps}.get(name, maps / 80)
    parts = [towers.eval()(name, part) for part in batch.split(256)]
    return np.asarray(torch.cat(parts).mean(0).numpy(), dtype=np.float32)


def calibrate(model: StoryworldBind, scales: dict[str, float], clips: int) -> None:
    """For each modality and aspect the scale under which the truth is likeliest (temperature scaling).

    ``scales`` are the model's own, filled in one after the other: motions follow things.
    """
    captioner = Captioner(model, writer=model.decoder)
    source = MomentSampler(seed=CALIBRATION_SEED, outside=0.1, empty=0.06, plain=0.15)
    moments = [source[number] for number in range(clips)]
    for modality in MODALITIES_OF_INPUTS:
        vectors = model.embed(modality, [moment.clip(modality) for moment in moments])
        for aspect in ASPECTS:
            if aspect != "motion" or modality in ("video", "imu"):
                truths = [None if moment.style else getattr(moment, aspect) for moment in moments]
                scales[f"{modality}/{aspect}"] = likeliest(captioner, vectors, truths, modality, aspect)


def likeliest(
    captioner: Captioner, vectors: NDArray[np.float32], truths: list[str | None], modality: Modality, aspect: Aspect
) -> float:
    """The scale that maximises the mean log probability of the truth; motions of strangers have none."""

    def loss(log_scale: float) -> float:
        surprises = []
        for vector, truth in zip(vectors, truths, strict=True):
            chances = captioner.predict_probabilities(vector, modality, aspect, scale=float(np.exp(log_scale)))
            if truth in chances:
                surprises.append(-np.log(chances[truth] + 1e-6))
        return float(np.mean(surprises))

    best = minimize_scalar(loss, bounds=(1.0, 5.5), method="bounded", options={"xatol": 0.1})
    return round(float(np.exp(best.x)), 2)
