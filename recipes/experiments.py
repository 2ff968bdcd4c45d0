"""The paper's experiments in small: one table each, the published one beside it, and what differs.

    python recipes/experiments.py --list
    python recipes/experiments.py alpha --plans 50 --out runs/experiments
    python recipes/experiments.py all --plans 200 --short 1 --out runs/experiments
    python recipes/experiments.py tokens --model runs/plain/model --model runs/masked/model --out runs/experiments

Drawn clips, and what was seen in them, are shared between experiments, and with a run of ``videodirector evaluate
skills`` by ``--shared``; a run that was stopped goes on where it was. Each experiment writes its table (``alpha.md``)
and figures (``alpha.json``). What compares trainings needs their models, one ``--model`` a row; without them its
commands are printed. The published figures are those of VideoDirectorGPT (arXiv 2309.15091v2).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videodirector.errors import UsageError
from videodirector.evaluation.benchmark.figures import Figure, figures
from videodirector.evaluation.benchmark.networks import Networks, feature_networks
from videodirector.evaluation.benchmark.plans import TrialSkill, unseen_plans
from videodirector.evaluation.benchmark.report import table
from videodirector.evaluation.benchmark.run import Change, Trials, strength, trials_of
from videodirector.evaluation.benchmark.skills import object_features
from videodirector.evaluation.benchmark.world import Instruments, instruments
from videodirector.evaluation.metrics.statistics import Estimate
from videodirector.generator import backends
from videodirector.generator.backends.layout2vid import Layout2VidBackend, Layout2VidOptions
from videodirector.generator.backends.protocol import Backend
from videodirector.generator.render.plan_renderer import PlanRenderer
from videodirector.schemas import KEY_BOXES, Box, VideoPlan, dense

if TYPE_CHECKING:
    from videodirector.layout2vid.nn.entities import Entities
    from videodirector.layout2vid.pipeline import Layout2VidPipeline


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One row of a table.

    Attributes:
        name: as the table says it.
        change: what becomes of the plan before it is drawn.
        known: which embeddings of an entity the grounding tokens see: (text, picture).
        imagined: whether the pictures of entities are imagined by an unCLIP prior, in place of remembered.
        steps: denoising steps, None for the model's own.
        model: another folder than all the other conditions have.
    """

    name: str
    change: Change | None = None
    known: tuple[bool, bool] = (True, True)
    imagined: bool = False
    steps: int | None = None
    model: str | None = None


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One table.

    Attributes:
        question: what it asks.
        skills: what is drawn.
        conditions: its rows; none where each is a model of its own.
        shown: keys of the figures that are its columns.
        published: the paper's table, in Markdown.
        differs: an honest word on what differs.
        keys: key boxes of the plans that it is measured against.
        frames: of its scenes at least, however few are asked for.
        timed: how many scenes of 16 frames are drawn in every condition to see how long that takes.
        commands: what to run first, where it needs training.
    """

    question: str
    skills: tuple[TrialSkill, ...] = ()
    conditions: tuple[Condition, ...] = ()
    shown: tuple[str, ...] = ()
    published: str
    differs: str
    keys: int = KEY_BOXES
    frames: int = 1
    timed: int = 0
    commands: tuple[str, ...] = ()


# -- what becomes of plans


def separate(plan: VideoPlan) -> VideoPlan:
    """Every scene represents its things by their own words."""
    return plan.model_copy(update={"consistency_groups": {}})


def points(plan: VideoPlan) -> VideoPlan:
    """Boxes shrunk to a fiftieth of the picture around their centres."""
    return _layouts(plan, lambda layout: [box and Box.around(*box.centre, 0.02, 0.02).clipped() for box in layout])


def keyed(count: int) -> Change:
    """Layouts of so many key boxes, with straight lines between."""
    return lambda plan: _layouts(plan, lambda layout: dense(layout, count))


def _layouts(plan: VideoPlan, change: Callable[[Sequence[Box | None]], list[Box | None]]) -> VideoPlan:
    copy = plan.model_copy(deep=True)
    for _, entity in copy.appearances():
        entity.layout = change([box and Box(*box) for box in entity.layout])
    return copy


class PartlyBlind(Layout2VidBackend):
    """Layout2Vid whose grounding tokens see only one of the two embeddings of every entity."""

    def __init__(self, model: str | None, known: tuple[bool, bool]) -> None:
        super().__init__(model)
        self._known = known

    def _pipeline(self) -> Layout2VidPipeline:
        fresh = self._loaded is None
        pipeline = super()._pipeline()
        if fresh:
            whole, (text, picture) = pipeline.entities, self._known

            def part(*arguments: Any, **options: Any) -> Entities:
                seen = whole(*arguments, **options)
                return replace(seen, text_known=seen.text_known & text, picture_known=seen.picture_known & picture)

            pipeline.entities = part  # type: ignore[method-assign]
        return pipeline


# -- the experiments

EVERY: tuple[TrialSkill, ...] = ("object", "count", "spatial", "scale", "movement", "consistency")
FORMS = ("plain", "masked", "grid")
LAYOUT = ("object_in_box", "object_seen", "layout_iou", "layout_centres", "fvd")


def trained(stage: str, name: str, form: str = "") -> str:
    """The command that trains the model of a row, from the same frozen backbone as the others."""
    flags = f"--fresh-grounding {form}".strip()
    return f"python recipes/denoiser.py {stage} --init runs/backbone/model {flags} --minutes 60 --out runs/{name}"


EXPERIMENTS: dict[str, Experiment] = {
    "layout": Experiment(
        question="The backbone without layout, and with it",
        skills=EVERY,
        conditions=(Condition(name="without layout", change=strength(0)), Condition(name="with layout")),
        shown=(
            "object_in_box",
            "object_seen",
            "count",
            "spatial",
            "scale",
            "movement",
            "layout_iou",
            "consistency",
            "background",
            "fvd",
        ),
        published=table(
            [
                ("ModelScopeT2V (no layout)", "89.8", "38.8", "18.0", "15.8", "40.8", "30.5"),
                ("VideoDirectorGPT", "97.1", "77.4", "61.1", "47.0", "70.6", "46.5 (alpha 0.1), 59.8 (alpha 0.2)"),
            ],
            ("single scene, %", "object", "count", "spatial", "scale", "overall", "movement"),
        ),
        differs="The paper's layouts come from GPT-4 and its detector is open-vocabulary; here plans are composed with "
        "known boxes, and the detector knows the things. All frames of ours start from one noise: without boxes "
        "next to nothing tells them apart, and nothing moves.",
    ),
    "alpha": Experiment(
        question="For which part of the steps the boxes are imposed",
        skills=("movement", "object"),
        conditions=tuple(
            Condition(name=f"alpha {alpha}", change=strength(alpha), steps=10)
            for alpha in (0.0, 0.1, 0.2, 0.3, 0.5, 1.0)
        ),
        shown=("movement", *LAYOUT),
        published=table(
            [("0.1", "46.5"), ("0.2", "59.8"), ("0.3", "57.8"), ("chosen by the LLM", "56.8")], ("alpha", "movement, %")
        ),
        differs="Drawn in 10 steps, in place of the model's own number, so that every alpha is a number of steps of "
        "its own. After them fusers and canvas are both left out, and the backbone goes on by the words alone. In the "
        "paper it draws better than the grounded network, so a small alpha is best; ours owes its details to the "
        "canvas.",
    ),
    "embeddings": Experiment(
        question="What represents an entity: text, image, or both embeddings",
        skills=("consistency", "object"),
        conditions=(
            Condition(name="text", known=(True, False)),
            Condition(name="image", known=(False, True)),
            Condition(name="both"),
            Condition(name="both, imagined", imagined=True),
        ),
        shown=("consistency", "consistency_all", "consistency_crops", "object_in_box"),
        published=table(
            [("image", "42.6"), ("text", "36.9"), ("both", "42.8")], ("entity embedding", "consistency (Coref-SV), %")
        ),
        differs="The paper's image embedding is CLIP's and comes from an unCLIP prior; here it is the latent of the "
        "thing drawn alone, looked up by its words, or imagined from them by an unCLIP prior (last row). The caption "
        "still names the things in every row.",
    ),
    "sharing": Experiment(
        question="One representation for all scenes of a group, or one for each scene",
        skills=("consistency",),
        conditions=(Condition(name="separate", change=separate), Condition(name="shared")),
        shown=("consistency", "consistency_all", "consistency_crops", "consistency_crops_all", "consistency_seen"),
        published=table(
            [
                ("ModelScopeT2V", "16.3", "46.0"),
                ("ModelScopeT2V with ground-truth coreference", "37.9", "none given"),
                ("VideoDirectorGPT (shared)", "42.8", "64.8"),
            ],
            ("cosine of CLIP crops, %", "Coref-SV", "ActivityNet"),
        ),
        differs='As in Coref-SV the later scenes do not repeat what the thing looks like ("the car"): only the group '
        "says that it is the blue one. What its members share is both embeddings and the caption's words. We count "
        "variants seen and cosines of crops, the paper cosines of CLIP crops.",
    ),
    "boxes": Experiment(
        question="Boxes, their centres alone, or no layout",
        skills=("object",),
        conditions=(
            Condition(name="box"),
            Condition(name="centre point", change=points),
            Condition(name="none", change=strength(0)),
        ),
        shown=LAYOUT,
        published=table([("box", "606"), ("centre point", "816"), ("none", "639")], ("layout", "FVD")),
        differs="The paper trains one model for each row. Here one model, trained with boxes, is given what the row "
        "says, a point as a box of a fiftieth of the picture: it shows what boxes tell this model, not what a model "
        "trained on points would learn.",
    ),
    "training": Experiment(
        question="Training only the gated layers, or the whole spatial attention",
        skills=("object",),
        shown=LAYOUT,
        published=table([("gated layers alone", "550"), ("whole guided attention", "1626")], ("what learns", "FVD")),
        differs="Each row is a training of its own, from one frozen backbone and with one budget, far shorter than the "
        "paper's. Position net and canvas learn in both.",
        commands=(
            trained("grounding", "gated"),
            trained("attention", "whole"),
            "python recipes/experiments.py training --model runs/gated/model --model runs/whole/model",
        ),
    ),
    "tokens": Experiment(
        question="Plain, box-masked and grid tokens (ours, beyond the paper)",
        skills=("object",),
        shown=LAYOUT,
        published="The paper has plain tokens only: one a box, seen from everywhere.",
        differs="Each row is a training of its own, from one frozen backbone and with one budget; without the canvas, "
        "which would show the things whatever the tokens say.",
        commands=(
            trained("grounding", "plain", "--no-canvas --grid 1 --no-mask"),
            trained("grounding", "masked", "--no-canvas --grid 1"),
            trained("grounding", "grid", "--no-canvas --grid 8"),
            "python recipes/experiments.py tokens" + "".join(f" --model runs/{n}/model" for n in FORMS),
        ),
    ),
    "keys": Experiment(
        question="How many key layouts a plan needs",
        skills=("object",),
        conditions=tuple(Condition(name=f"{count} keys", change=keyed(count)) for count in (2, 3, 5, 9, 16)),
        shown=("keys_iou", "layout_iou", "layout_centres", "object_in_box", "visibility", "jumps"),
        keys=16,
        frames=16,
        published="The paper has nine and gives no comparison.",
        differs="Measured against the true path of the things, a box on each of 16 frames, whatever was drawn from; "
        "the first column is what the few keys alone lose, without any drawing. "
        "Most paths here are straight lines or one bend, so few keys go far; a thing that comes or goes needs more.",
    ),
    "steps": Experiment(
        question="Quality over denoising steps",
        skills=("object",),
        conditions=tuple(Condition(name=f"{count} steps", steps=count) for count in (2, 3, 4, 6, 8, 12, 20)),
        shown=("object_in_box", "background", "layout_iou", "clip_text", "fvd", "timed"),
        timed=2,
        published="The paper takes 50 PLMS steps; DDIM scores alike.",
        differs="Our sampler and noise schedule are others. Seconds hold for the machine that ran this.",
    ),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiments", nargs="*", metavar="NAME", help="or `all`; see --list")
    parser.add_argument("--list", action="store_true", help="tell them and stop")
    parser.add_argument("--plans", type=int, default=50, help="a skill")
    parser.add_argument("--frames", type=int, default=16, help="a scene")
    parser.add_argument(
        "--short", type=int, help="frames of scenes judged on one frame; see videodirector evaluate skills"
    )
    parser.add_argument("--steps", type=int, help="denoising steps; without it the model's own number")
    parser.add_argument("--backend", choices=backends.names(), default="layout2vid")
    parser.add_argument(
        "--model",
        action="append",
        help="model folder; without it the weights of the package; several where they are compared",
    )
    parser.add_argument("--features", default="world", help="world, none, or a CLIP model")
    parser.add_argument("--out", type=Path, default=Path("runs/experiments"))
    parser.add_argument("--shared", type=Path, help="folder of clips and what was seen in them; without it --out")
    options = parser.parse_args(arguments)
    if options.list:
        for name, experiment in EXPERIMENTS.items():
            print(f"{name:12} {experiment.question}{'' if experiment.conditions else ' (of models: give --model)'}")
        return
    names = list(EXPERIMENTS) if "all" in options.experiments else options.experiments
    unknown = [name for name in names if name not in EXPERIMENTS]
    if unknown or not names or options.plans < 1:
        parser.error(f"name some of: {', '.join(EXPERIMENTS)}, or all; with one plan or more")
    bench = Bench(options=options, looking=instruments(), networks=feature_networks(options.features))
    for name in names:
        text, data = run(name, EXPERIMENTS[name], bench)
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / f"{name}.md").write_text(text, encoding="utf-8")
        (options.out / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        print(f"\n{text}", flush=True)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all experiments share."""

    options: argparse.Namespace
    looking: Instruments
    networks: Networks


def run(name: str, experiment: Experiment, bench: Bench) -> tuple[str, dict[str, Any]]:
    """One experiment as Markdown and as data."""
    options = bench.options
    found: dict[str, list[Figure]] = {}
    for condition in experiment.conditions or _of(options.model):
        started = time.monotonic()
        found[condition.name] = measured(name, experiment, condition, bench)
        print(f"{name}, {condition.name}: {time.monotonic() - started:.0f} s", flush=True)
    words = {figure.key: figure.measure for row in found.values() for figure in row}
    shown = [key for key in experiment.shown if key in words]
    rows = [
        (row, *(next((str(f.value) for f in values if f.key == key), "none") for key in shown))
        for row, values in found.items()
    ]
    parts = [f"## {experiment.question}"]
    if rows:
        frames = f"{max(options.frames, experiment.frames)} frames a scene"
        if options.short is not None and set(experiment.skills) - {"object"}:
            frames += f", {options.short} where one is judged"
        parts.append(f"Ours, {options.plans} unseen plans a skill, {frames} ({options.backend}):")
        parts.append(table(rows, ("", *(words[key] for key in shown))))
    else:
        parts += ["Not run. To run it:", "\n".join(["```", *experiment.commands, "```"])]
    parts += ["Published:", experiment.published, f"What differs: {experiment.differs}"]
    data = {
        "question": experiment.question,
        "plans": options.plans,
        "backend": options.backend,
        "model": options.model,
        "conditions": {row: {f.key: f.as_dict() for f in values} for row, values in found.items()},
        "run": bool(rows),
    }
    return "\n\n".join(parts) + "\n", data


def _of(models: Sequence[str] | None) -> tuple[Condition, ...]:
    return tuple(Condition(name=Path(model).parent.name, model=model) for model in models or ())


def measured(name: str, experiment: Experiment, condition: Condition, bench: Bench) -> list[Figure]:
    """The figures of one condition."""
    options, networks = bench.options, bench.networks
    folder = options.out / name / condition.name.replace(" ", "-")
    drawing = backend_for(condition, options)
    frames, steps = max(options.frames, experiment.frames), condition.steps or options.steps
    trials = trials_of(experiment.skills, options.plans, frames=frames, keys=experiment.keys, short=options.short)
    running = Trials(
        folder,
        drawing,
        bench.looking,
        steps=steps,
        change=condition.change,
        # A backend with a blind eye draws other pictures under the same keys, so it keeps them to itself.
        shared=options.shared or options.out if condition.known == (True, True) else None,
    )
    records = list(running.run(trials))
    found = figures(records, running.clips, networks.pictures)
    found += object_features(trials, records, running, networks, drawing.capabilities.frame_size)
    plans = [trial.plan for trial in trials if trial.skill == "object"]
    if condition.change is not None and plans:
        value = kept(plans, condition.change)
        found.append(Figure(key="keys_iou", measure="mean IoU of drawn-from and true boxes", value=value))
    if experiment.timed:
        value = Estimate.mean([seconds] for seconds in timed(experiment.timed, drawing, steps))
        found.append(Figure(key="timed", measure="seconds to draw a scene of 16 frames", value=value))
    return found


def kept(plans: Sequence[VideoPlan], change: Change) -> Estimate:
    """How much of their boxes, frame by frame, plans keep when they are changed: the mean IoU, 0 where one is lost."""
    shares: list[list[float]] = []
    for plan in plans:
        few = {(scene.id, entity.id): entity.boxes(scene.frames) for scene, entity in change(plan).appearances()}
        shares.append([])
        for scene, entity in plan.appearances():
            for before, after in zip(entity.boxes(scene.frames), few[scene.id, entity.id], strict=True):
                if before:
                    shares[-1].append(before.iou(after) if after else 0.0)
    return Estimate.mean(shares)


def timed(count: int, drawing: Backend, steps: int | None) -> Iterator[float]:
    """Seconds that each of so many scenes of 16 frames takes to draw, nothing kept; the first one warms up."""
    for number, plan in enumerate(unseen_plans(count + 1)):
        started = time.perf_counter()
        for _ in PlanRenderer(plan, drawing, steps=steps).render(plan.scenes[0]):
            pass
        if number:
            yield time.perf_counter() - started


def backend_for(condition: Condition, options: argparse.Namespace) -> Backend:
    """What draws a condition.

    Raises:
        UsageError: it asks for something that only Layout2Vid can do.
    """
    model = condition.model or next(iter(options.model or ()), None)
    if condition.known == (True, True) and not condition.imagined:
        return backends.create(options.backend, model=model, size=(128, 128))
    if options.backend != "layout2vid":
        raise UsageError(
            f"the backend {options.backend} has no embeddings to leave out", hint="run this experiment with layout2vid"
        )
    if condition.imagined:
        return Layout2VidBackend(model, options=Layout2VidOptions(imagine=True))
    return PartlyBlind(model, condition.known)


if __name__ == "__main__":
    main()
