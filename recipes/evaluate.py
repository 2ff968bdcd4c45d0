"""Measure how well a model follows plans that it has never seen.

    python recipes/evaluate.py --out runs/evaluation                                 # the weights of the package
    python recipes/evaluate.py --model runs/joint/model --plans 100 --out runs/evaluation
    python recipes/evaluate.py --backend storyboard --out runs/oracle                # must come out at about 100 %

First the instruments are tried on frames whose truth is known: as they are, blurred (sigma 1 pixel at 64x64), and after
passing through the model's autoencoder. Then every plan is drawn as users get it, and its middle frame is judged; then
some plans are drawn again with one box moved. Prints everything; writes report.json, report.md and worst.png.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter
from trials import Pixels, instruments, labelled_frames, middle, moved, unseen_plans

from videodirector.evaluation import (
    Detector,
    Displacement,
    Proportion,
    Report,
    SceneScore,
    Validation,
    score_scene,
    validate,
)
from videodirector.evaluation.sheet import comparison_sheet
from videodirector.generator import backends
from videodirector.generator.backend import Backend
from videodirector.generator.backends.storyboard import StoryboardBackend
from videodirector.generator.scene import render_scene, scene_seed
from videodirector.schemas import VideoPlan

SIDE = 64  # of the storyboard's frames; a model has its own size
WORST = 12


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=backends.names(), default="layout2vid")
    parser.add_argument("--model", help="model folder; without it the weights of the package")
    parser.add_argument("--plans", type=int, default=100)
    parser.add_argument("--moves", type=int, default=20, help="plans that are drawn again with one box moved")
    parser.add_argument("--frames", type=int, default=16, help="frames of a scene; the middle one is judged")
    parser.add_argument("--steps", type=int, help="denoising steps; without it the model's own number")
    parser.add_argument("--truths", type=int, default=100, help="true frames for each try of the instruments")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    if options.plans < 1 or options.frames < 1 or options.truths < 1 or options.moves < 0:
        parser.error("--plans, --frames and --truths are at least 1, --moves at least 0")
    options.out.mkdir(parents=True, exist_ok=True)

    backend = backends.create(options.backend, model=options.model, size=(SIDE, SIDE))
    width, height = backend.capabilities.frame_size
    detector, classifier = instruments(size=height)
    tries: dict[str, Callable[[Pixels], Pixels] | None] = {"true frames": None, "blurred": blurred}
    if options.backend == "layout2vid":
        tries["through the autoencoder"] = autoencoded(options.model)
    validations = {
        name: validate(detector, classifier, labelled_frames(options.truths, size=height, change=change))
        for name, change in tries.items()
    }
    for name, validation in validations.items():
        print(f"instruments, {name}: {_line(validation)}", flush=True)

    plans = unseen_plans(options.plans, frames=options.frames)
    scores: list[SceneScore] = []
    drawn: dict[str, Pixels] = {}

    def draw(plan: VideoPlan) -> Pixels:
        key = plan.to_json()
        if key not in drawn:
            drawn[key] = judged_frame(backend, plan, options.steps)
        return drawn[key]

    started = time.monotonic()
    for plan in plans:
        scene = plan.scenes[0]
        scores.append(score_scene(scene, middle(scene), draw(plan), detector=detector, classifier=classifier))
        if len(scores) % 10 == 0:
            share, seconds = Report(scenes=tuple(scores)).in_box.value, time.monotonic() - started
            print(f"{len(scores)} plans: {share:.1%} of the things in their box, {seconds:.0f} s", flush=True)
    report = Report(scenes=tuple(scores))
    displacement = follow(plans, options.moves, draw, detector)

    text = markdown(title(options, width, height), validations, report, displacement)
    print(text)
    (options.out / "report.md").write_text(text, encoding="utf-8")
    document = {
        "backend": options.backend,
        "model": options.model,
        "steps": options.steps,
        "frames": options.frames,
        "frame_size": [width, height],
        "instruments": {name: _validation_dict(validation) for name, validation in validations.items()},
        "plans": report.as_dict(),
        "moved_boxes": displacement.as_dict(),
    }
    (options.out / "report.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    truth = StoryboardBackend(size=(width, height))
    by_id = {plan.scenes[0].id: plan for plan in plans}
    worst = [(score, by_id[score.scene]) for score in report.worst(WORST)]
    cases = [(score, draw(plan), judged_frame(truth, plan, None)) for score, plan in worst]
    comparison_sheet(cases).save(options.out / "worst.png")


def judged_frame(backend: Backend, plan: VideoPlan, steps: int | None) -> Pixels:
    """The middle frame of a plan of one scene, which is drawn whole."""
    scene = plan.scenes[0]
    drawing = render_scene(
        backend.prepare(plan), scene, capabilities=backend.capabilities, seed=scene_seed(plan, scene), steps=steps
    )
    while True:
        try:
            next(drawing)
        except StopIteration as end:
            return np.asarray(end.value.frames[middle(scene)])


def follow(
    plans: Sequence[VideoPlan], most: int, draw: Callable[[VideoPlan], Pixels], detector: Detector
) -> Displacement:
    """Draw some plans again with their first thing's box moved, and see how far the thing moved.

    Args:
        plans: as they were drawn.
        most: how many are drawn again.
        draw: gives the judged frame of a plan.
        detector: what looks for the things.
    """
    asked: list[tuple[float, float]] = []
    seen: list[tuple[float, float] | None] = []
    for plan in plans:
        change = moved(plan) if len(asked) < most else None
        scene = plan.scenes[0]
        thing = scene.entities[0]
        if change is None or thing.boxes(scene.frames)[middle(scene)] is None:
            continue
        before, after = (detector.find(draw(version), thing.name) for version in (plan, change[0]))
        asked.append(change[1])
        if before and after:
            (x0, y0), (x1, y1) = before.box.centre, after.box.centre
            seen.append((x1 - x0, y1 - y0))
        else:
            seen.append(None)
    return Displacement(asked=tuple(asked), seen=tuple(seen))


def blurred(pixels: Pixels) -> Pixels:
    """As soft as pictures of a small autoencoder are: a Gaussian with sigma 1/64 of the height."""
    sigma = pixels.shape[0] / 64
    soft = gaussian_filter(pixels.astype(np.float32), (sigma, sigma, 0))
    return np.asarray(soft.round(), dtype=np.uint8)


def autoencoded(model: str | None) -> Callable[[Pixels], Pixels]:
    """What a model's autoencoder makes of a picture: no picture of that model can be better."""
    import torch
    from diffusers import AutoencoderKL

    from videodirector.generator.backends.layout2vid import MODEL
    from videodirector.layout2vid.latents import decode, encode, to_tensor

    vae = AutoencoderKL.from_pretrained(model or MODEL, subfolder="vae", low_cpu_mem_usage=False).float().eval()

    @torch.no_grad()
    def through(pixels: Pixels) -> Pixels:
        picture = decode(vae, encode(vae, to_tensor(pixels[None])))[0]
        levels: Any = ((picture + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
        return np.asarray(levels, dtype=np.uint8)

    return through


def title(options: argparse.Namespace, width: int, height: int) -> str:
    """What was measured."""
    steps = f", {options.steps} steps" if options.steps else ""
    return f"{options.backend} at {width}x{height}, {options.plans} unseen plans of {options.frames} frames{steps}"


def markdown(heading: str, validations: dict[str, Validation], report: Report, displacement: Displacement) -> str:
    """The whole report for people."""
    followed = (
        f"Boxes moved by a quarter of the picture: {displacement.followed} of the things followed; those found moved "
        f"{displacement.ratio:.2f} times as far as asked, correlation {displacement.correlation:.3f}."
    )
    tried = [f"- {name}: {_line(validation)}" for name, validation in validations.items()]
    parts = [
        f"# {heading}",
        report.markdown(),
        followed if displacement.asked else "No boxes were moved.",
        "The instruments on frames whose truth is known:",
        "\n".join(tried),
    ]
    return "\n\n".join(parts) + "\n"


def _line(validation: Validation) -> str:
    return (
        f"things found {validation.recall}; false alarms {validation.false_alarms}; "
        f"backgrounds {validation.backgrounds}; {validation.left_out} things left out"
    )


def _validation_dict(validation: Validation) -> dict[str, Any]:
    figures: dict[str, Proportion] = {
        "recall": validation.recall,
        "false_alarms": validation.false_alarms,
        "backgrounds": validation.backgrounds,
    }
    return {
        **{name: figure.as_dict() for name, figure in figures.items()},
        "left_out": validation.left_out,
        "errors": list(validation.errors),
    }


if __name__ == "__main__":
    main()
