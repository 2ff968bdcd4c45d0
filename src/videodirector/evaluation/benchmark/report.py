"""Reports of trials: a Markdown table, JSON, and a sheet of the worst cases."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from videodirector._generators import finish
from videodirector.evaluation.benchmark.measurements import Measurement, score_record
from videodirector.evaluation.benchmark.records import PlanRecord
from videodirector.evaluation.instruments.comparison_sheet import ComparisonCase, draw_comparison_sheet
from videodirector.evaluation.instruments.validation import Validation
from videodirector.evaluation.metrics.feature_networks import Frames
from videodirector.evaluation.metrics.tracking import MATCH
from videodirector.files.atomic import atomic_file
from videodirector.generator.backends.storyboard import StoryboardBackend
from videodirector.generator.render.plan_renderer import Drawing
from videodirector.schemas import VideoPlan

__all__ = [
    "build_document",
    "draw_worst_sheet",
    "format_report",
    "format_table",
    "format_validation",
    "render_expected",
    "write_report",
]

MAX_WORST_CASES = 16


def format_table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


HOW_TO_READ = (
    "Every plan has requirements that can be checked; the rendered frames are compared with them by a detector of the "
    "things and a classifier of the backgrounds. In brackets: how many of how many were right, and the 95 % confidence "
    "interval. Skills are judged on a scene's middle frame, movement on its first and "
    "last, layout, visibility and smoothness on all frames of the object plans. ↓: lower is better."
)
LOWER_IS_BETTER = frozenset({"layout_centres", "jumps", "flicker", "pixel_mse", "fvd", "seconds"})


def format_report(
    title: str, figures: Sequence[Measurement], validations: dict[str, Validation], notes: Sequence[str]
) -> str:
    """Format the report as Markdown."""
    rows = [(f"{row.measure} ↓" if row.key in LOWER_IS_BETTER else row.measure, str(row.value)) for row in figures]
    parts = [f"# {title}", HOW_TO_READ, format_table(rows, ("measure", "value")), *notes]
    if validations:
        tried = [f"- {name}: {format_validation(validation)}" for name, validation in validations.items()]
        parts += ["The instruments on frames with known content:", "\n".join(tried)]
    return "\n\n".join(parts) + "\n"


def build_document(
    settings: dict[str, Any],
    figures: Sequence[Measurement],
    validations: dict[str, Validation],
    records: Sequence[PlanRecord],
) -> dict[str, Any]:
    """Build the report as JSON data: settings, measurements, and the score of each plan."""
    return {
        **settings,
        "figures": {row.key: row.as_dict() for row in figures},
        "instruments": {name: _validation_to_dict(validation) for name, validation in validations.items()},
        "plans": {record.id: round(score_record(record), 4) for record in records},
    }


def write_report(folder: Path, text: str, data: dict[str, Any], worst: Image.Image | None) -> None:
    """Write ``report.md``, ``report.json`` and ``worst.png``.

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


def draw_worst_sheet(
    records: Sequence[PlanRecord],
    plans: dict[str, VideoPlan],
    clips: Callable[[PlanRecord], Sequence[Frames]],
    *,
    most: int = MAX_WORST_CASES,
) -> Image.Image | None:
    """Draw the plans with the lowest scores, worst first; return None if all are right."""
    wrong = sorted((record for record in records if score_record(record) < 1), key=score_record)[:most]
    cases = [_build_case(record, plans[record.id], clips(record)) for record in wrong]
    return draw_comparison_sheet(cases) if cases else None


def render_expected(plan: VideoPlan, size: tuple[int, int]) -> list[Frames]:
    """Render the expected frames of a plan's scenes with the storyboard."""
    drawing = Drawing(plan, StoryboardBackend(size=size))
    clips: list[Frames] = []
    for scene in plan.scenes:
        clip, _ = finish(drawing.draw(scene))
        clips.append(clip.frames)
    return clips


def format_validation(validation: Validation) -> str:
    """Format the validation of the instruments as a line."""
    return (
        f"things found {validation.recall}; false alarms {validation.false_alarms}; "
        f"backgrounds {validation.backgrounds}; {validation.left_out} things left out"
    )


def _build_case(record: PlanRecord, plan: VideoPlan, clips: Sequence[Frames]) -> ComparisonCase:
    """Build the case of a plan's last scene, which depends on those before."""
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
    return ComparisonCase(
        title=f"{record.id}, frame {number}: {score_record(record):.0%} right",
        subtitle=words,
        rendered=frames[number],
        expected=render_expected(plan, (width, height))[-1][number],
        planned=planned,
        found=found,
    )


def _validation_to_dict(validation: Validation) -> dict[str, Any]:
    return {
        "recall": validation.recall.as_dict(),
        "false_alarms": validation.false_alarms.as_dict(),
        "backgrounds": validation.backgrounds.as_dict(),
        "left_out": validation.left_out,
        "errors": list(validation.errors),
    }
