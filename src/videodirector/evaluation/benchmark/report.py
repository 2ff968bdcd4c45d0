"""What the trials found, for people and for programs: a Markdown table, JSON, and a sheet of the worst cases."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from videodirector._generators import finish
from videodirector.evaluation.benchmark.figures import Figure, share_right
from videodirector.evaluation.benchmark.records import PlanRecord
from videodirector.evaluation.instruments.sheet import Case, comparison_sheet
from videodirector.evaluation.instruments.validation import Validation
from videodirector.evaluation.metrics.features import Frames
from videodirector.evaluation.metrics.sightings import MATCH
from videodirector.files.atomic import atomic_file
from videodirector.generator.backends.storyboard import StoryboardBackend
from videodirector.generator.render.plan_renderer import PlanRenderer
from videodirector.schemas import VideoPlan

__all__ = ["document", "drawn_true", "markdown", "table", "validation_line", "worst_sheet", "write_report"]

WORST = 16


def table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


READ = (
    "Every plan asks for something that can be checked; what was drawn is compared with it by a detector that knows "
    "the things and a classifier that knows the backgrounds. In brackets: how many of how many were right, and where "
    "the true figure lies with 95 % certainty. Skills are judged on a scene's middle frame, movement on its first and "
    "last, layout, visibility and smoothness on all frames of the object plans. ↓: less is better."
)
LESS = frozenset({"layout_centres", "jumps", "flicker", "pixel_mse", "fvd", "seconds"})


def markdown(title: str, figures: Sequence[Figure], validations: dict[str, Validation], notes: Sequence[str]) -> str:
    """The report for people."""
    rows = [(f"{row.measure} ↓" if row.key in LESS else row.measure, str(row.value)) for row in figures]
    parts = [f"# {title}", READ, table(rows, ("measure", "value")), *notes]
    if validations:
        tried = [f"- {name}: {validation_line(validation)}" for name, validation in validations.items()]
        parts += ["The instruments on frames whose truth is known:", "\n".join(tried)]
    return "\n\n".join(parts) + "\n"


def document(
    settings: dict[str, Any],
    figures: Sequence[Figure],
    validations: dict[str, Validation],
    records: Sequence[PlanRecord],
) -> dict[str, Any]:
    """The report for programs: the settings, every figure, and how right each plan came out."""
    return {
        **settings,
        "figures": {row.key: row.as_dict() for row in figures},
        "instruments": {name: _validation_dict(validation) for name, validation in validations.items()},
        "plans": {record.id: round(share_right(record), 4) for record in records},
    }


def write_report(folder: Path, text: str, data: dict[str, Any], worst: Image.Image | None) -> None:
    """``report.md``, ``report.json`` and ``worst.png``.

    Raises:
        OutputError: the folder cannot be written to.
    """
    with atomic_file(folder / "report.md") as partial:
        partial.write_text(text, encoding="utf-8")
    with atomic_file(folder / "report.json") as partial:
        partial.write_text(json.dumps(data, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    if worst is not None:
        with atomic_file(folder / "worst.png") as partial:
            worst.save(partial, format="PNG")


def worst_sheet(
    records: Sequence[PlanRecord],
    plans: dict[str, VideoPlan],
    clips: Callable[[PlanRecord], Sequence[Frames]],
    *,
    most: int = WORST,
) -> Image.Image | None:
    """The plans of which the least is right, worst first; None where everything is right."""
    wrong = sorted((record for record in records if share_right(record) < 1), key=share_right)[:most]
    cases = [_case(record, plans[record.id], clips(record)) for record in wrong]
    return comparison_sheet(cases) if cases else None


def drawn_true(plan: VideoPlan, size: tuple[int, int]) -> list[Frames]:
    """What the scenes of a plan should look like: as the storyboard draws them."""
    drawing = PlanRenderer(plan, StoryboardBackend(size=size))
    clips: list[Frames] = []
    for scene in plan.scenes:
        clip, _ = finish(drawing.render(scene))
        clips.append(clip.frames)
    return clips


def validation_line(validation: Validation) -> str:
    """How the instruments did, in a line."""
    return (
        f"things found {validation.recall}; false alarms {validation.false_alarms}; "
        f"backgrounds {validation.backgrounds}; {validation.left_out} things left out"
    )


def _case(record: PlanRecord, plan: VideoPlan, clips: Sequence[Frames]) -> Case:
    """The last scene: of a pair or a row it is the one that can be compared with those before."""
    scene, seen, frames = plan.scenes[-1], record.scenes[-1], clips[-1]
    place = len(seen.sightings.looked_at) // 2
    number = seen.sightings.looked_at[place]
    things = seen.sightings.things
    planned = [box for thing in things if (box := thing.planned[place])]
    found = [
        (box, (plan_box := thing.planned[place]) is not None and box.iou(plan_box) >= MATCH)
        for thing in things
        if (box := thing.found[place])
    ]
    words = scene.description
    if seen.background_seen != seen.background:
        words += f" ({seen.background}, looks like {seen.background_seen})"
    height, width = frames.shape[1:3]
    return Case(
        title=f"{record.id}, frame {number}: {share_right(record):.0%} right",
        subtitle=words,
        drawn=frames[number],
        true=drawn_true(plan, (width, height))[-1][number],
        planned=planned,
        found=found,
    )


def _validation_dict(validation: Validation) -> dict[str, Any]:
    return {
        "recall": validation.recall.as_dict(),
        "false_alarms": validation.false_alarms.as_dict(),
        "backgrounds": validation.backgrounds.as_dict(),
        "left_out": validation.left_out,
        "errors": list(validation.errors),
    }
