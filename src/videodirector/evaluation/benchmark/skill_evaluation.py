"""Evaluate a backend, from plans to report: ``videodirector evaluate skills``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from videodirector.errors import UsageError
from videodirector.evaluation import Validation, validate_instruments
from videodirector.evaluation.benchmark.measurements import (
    Measurement,
    compute_feature_measurements,
    compute_measurements,
    measure_displacement,
    score_record,
)
from videodirector.evaluation.benchmark.networks import FeatureNetworks, load_feature_networks
from videodirector.evaluation.benchmark.records import PlanRecord
from videodirector.evaluation.benchmark.report import (
    build_document,
    draw_worst_sheet,
    format_report,
    format_validation,
    render_expected,
    write_report,
)
from videodirector.evaluation.benchmark.trial_plans import SKILLS, TrialSkill, build_unseen_plans
from videodirector.evaluation.benchmark.trials import Trial, TrialRunner, build_trials, set_layout_strength
from videodirector.evaluation.benchmark.world import (
    Instruments,
    blur_frame,
    build_autoencoder_change,
    build_instruments,
    iter_labelled_frames,
)
from videodirector.generator import backends
from videodirector.generator.backends.protocol import Backend

__all__ = ["EvaluationProgress", "SkillSettings", "evaluate_skills", "measure_object_features"]

SIDE = 128  # of the storyboard's frames, as storyworld-mini's are; a model has its own size


@dataclass(frozen=True, kw_only=True)
class SkillSettings:
    """Settings of an evaluation.

    Attributes:
        backend, model, steps: of the renderer.
        skills: what is tested.
        plans: how many for each skill.
        frames: of each scene.
        short: frames of the scenes judged on one frame, see ``build_trials``; None means ``frames``.
        layout_strength: in which part of the steps boxes are imposed; 0 is the backbone alone, None the model's own.
        truths: true frames for each validation of the instruments; 0 skips it.
        features: the feature networks of the papers' metrics: ``world``, ``none``, or a CLIP model's folder or hub id.
    """

    backend: str = "layout2vid"
    model: str | None = None
    steps: int | None = None
    skills: tuple[TrialSkill, ...] = SKILLS
    plans: int = 200
    frames: int = 16
    short: int | None = None
    layout_strength: float | None = None
    truths: int = 100
    features: str = "world"

    def __post_init__(self) -> None:
        unknown = [skill for skill in self.skills if skill not in SKILLS]
        if unknown or not self.skills:
            raise UsageError(
                f"{unknown[0] if unknown else ''!r} is not a known skill", hint=f"choose among {', '.join(SKILLS)}"
            )
        for name, least in (("plans", 1), ("frames", 2), ("truths", 0)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} is {getattr(self, name)}", hint=f"give {least} or more")
        if self.short is not None and not 1 <= self.short <= self.frames:
            raise UsageError(f"short scenes of {self.short} frames", hint=f"give 1 to {self.frames}")
        if self.layout_strength is not None and not 0 <= self.layout_strength <= 1:
            raise UsageError(f"the layout strength is {self.layout_strength}", hint="give 0 to 1")


@dataclass(frozen=True, kw_only=True)
class EvaluationProgress:
    """The progress of an evaluation: a message, and ``done`` of ``total`` plans."""

    message: str
    done: int
    total: int


def evaluate_skills(
    settings: SkillSettings, folder: Path, *, backend: Backend | None = None
) -> Iterator[EvaluationProgress | list[Measurement]]:
    """Render, measure and report: ``report.md``, ``report.json``, ``worst.png``, and the folder of ``TrialRunner``.

    Args:
        settings: what to measure.
        folder: where everything is kept; an interrupted run resumes.
        backend: overrides that of the settings.

    Yields:
        Progress; at last the measurements.

    Raises:
        OutputError: the folder cannot be written to.
        ModelError, MissingDependencyError, RenderError: the backend cannot render.
    """
    drawing = backend or backends.create(settings.backend, model=settings.model, size=(SIDE, SIDE))
    width, height = drawing.capabilities.frame_size
    looking = build_instruments()
    networks = load_feature_networks(settings.features)
    validations = dict[str, Validation]()
    for name, validation in _validate_instruments(settings, looking, height):
        validations[name] = validation
        yield EvaluationProgress(message=f"instruments, {name}: {format_validation(validation)}", done=0, total=0)

    trials = build_trials(settings.skills, settings.plans, frames=settings.frames, short=settings.short)
    change = None if settings.layout_strength is None else set_layout_strength(settings.layout_strength)
    running = TrialRunner(folder, drawing, looking, steps=settings.steps, change=change)
    records: list[PlanRecord] = []
    for record in running.run(trials):
        records.append(record)
        yield EvaluationProgress(message=record.id, done=len(records), total=len(trials))
    found = compute_measurements(records, running.load_clips, networks.pictures)
    found += measure_object_features(trials, records, running, networks, (width, height))
    title = _format_title(settings, drawing)
    settings_dict = {**asdict(settings), "frame_size": [width, height]}
    notes: list[str] = []
    if "following" in settings.skills:
        settings_dict["moved_boxes"] = measure_displacement(records).as_dict()
        notes.append(_describe_following(records))
    data = build_document(settings_dict, found, validations, records)
    plans = {trial.id: trial.plan for trial in trials}
    worst = draw_worst_sheet(records, plans, running.load_clips)
    wrong = sum(score_record(record) < 1 for record in records)
    notes.append(
        f"Something is wrong in {wrong} of {len(records)} plans. The worst of them are in `worst.png`: drawn on the "
        "left, planned boxes white, those found green where they are right and red where not; on the right as meant."
        if wrong
        else f"Everything is right in all {len(records)} plans."
    )
    write_report(folder, format_report(title, found, validations, notes), data, worst)
    yield found


def _format_title(settings: SkillSettings, drawing: Backend) -> str:
    can = drawing.capabilities
    width, height = can.frame_size
    parts = [f"{settings.backend} at {width}x{height}", f"{settings.plans} unseen plans a skill"]
    parts.append(f"{settings.frames} frames a scene")
    if settings.short is not None and set(settings.skills) - {"object"}:
        parts.append(f"{settings.short} where one is judged, {max(2, settings.short)} where the first and last are")
    if steps := settings.steps or can.steps:
        parts.append(f"{steps} steps")
    if settings.layout_strength is not None:
        parts.append(f"layout strength {settings.layout_strength:g}")
    return ", ".join(parts)


def _validate_instruments(settings: SkillSettings, looking: Instruments, size: int) -> Iterator[tuple[str, Validation]]:
    if not settings.truths:
        return
    changes: dict[str, Any] = {"true frames": None, "blurred": blur_frame}
    if settings.backend == "layout2vid":
        changes["through the autoencoder"] = build_autoencoder_change(settings.model)
    for name, change in changes.items():
        frames = iter_labelled_frames(settings.truths, size=size, change=change)
        yield name, validate_instruments(looking.detector, looking.classifier, frames)


def measure_object_features(
    trials: Sequence[Trial],
    records: Sequence[PlanRecord],
    running: TrialRunner,
    networks: FeatureNetworks,
    size: tuple[int, int],
) -> list[Measurement]:
    """Measure the metrics of the papers over the world's own scenes, against as many true clips of other plans."""
    chosen = [(trial, record) for trial, record in zip(trials, records, strict=True) if trial.skill == "object"]
    if not chosen:
        return []
    drawn = [(trial.plan.scenes[0], running.load_clips(record)[0]) for trial, record in chosen]
    frames = chosen[0][0].plan.scenes[0].frames
    others = build_unseen_plans(len(chosen), frames=frames, first=len(chosen))
    true = [render_expected(plan, size)[0] for plan in others] if networks.videos else []
    return compute_feature_measurements(drawn, true, videos=networks.videos, pictures=networks.pictures)


def _describe_following(records: Sequence[PlanRecord]) -> str:
    moves = measure_displacement(records)
    return (
        f"Boxes moved by a quarter of the picture: {moves.followed} of the things followed; those found moved "
        f"{moves.ratio:.2f} times as far as asked, correlation {moves.correlation:.3f}."
    )
