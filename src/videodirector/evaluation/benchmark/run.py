"""Draws the plans of the trials and looks at them. What was drawn or looked at once is not done again.

A folder holds everything: ``plans/`` for others to draw, ``clips/``, a scene cache with the drawn frames, and
``records/`` with what was seen. A run that was stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from videodirector._generators import Returning
from videodirector.errors import OutputError
from videodirector.evaluation.benchmark.plans import STILL, TrialSkill, trial_plans
from videodirector.evaluation.benchmark.records import RECORDS_VERSION, PlanRecord, look
from videodirector.evaluation.benchmark.world import Instruments
from videodirector.evaluation.metrics.features import Frames
from videodirector.files.atomic import atomic_file
from videodirector.files.digests import digest
from videodirector.generator.backends.protocol import Backend
from videodirector.generator.render.cache import SceneCache
from videodirector.generator.render.plan_renderer import PlanRenderer
from videodirector.schemas import KEY_BOXES, Notice, VideoPlan

__all__ = ["Change", "Trial", "Trials", "strength", "trials_of"]

Change = Callable[[VideoPlan], VideoPlan]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A plan that tests a skill; ``id`` is ``object-007`` for the eighth of its kind."""

    id: str
    skill: TrialSkill
    plan: VideoPlan


def trials_of(
    skills: Sequence[TrialSkill],
    number: int,
    *,
    frames: int = 16,
    keys: int = KEY_BOXES,
    short: int | None = None,
) -> list[Trial]:
    """So many plans of each skill; see ``trial_plans``.

    Args:
        skills: what they test.
        number: how many of each.
        frames: of each scene.
        keys: key boxes of a layout, for the world's own scenes.
        short: frames of the scenes that are judged on one frame alone, and at least two where they are judged on their
            first and last; None means ``frames``. It spares the drawing of frames that nobody looks at, for models
            that draw things frame by frame.
    """

    def length(skill: TrialSkill) -> int:
        if short is None or skill == "object":
            return frames
        return short if skill in STILL else max(2, short)

    return [
        Trial(id=f"{skill}-{index:03d}", skill=skill, plan=plan)
        for skill in skills
        for index, plan in enumerate(trial_plans(skill, number, frames=length(skill), keys=keys))
    ]


def strength(alpha: float) -> Change:
    """Boxes imposed during the first ``alpha`` of the steps."""

    def changed(plan: VideoPlan) -> VideoPlan:
        scenes = [scene.model_copy(update={"layout_strength": alpha}) for scene in plan.scenes]
        return plan.model_copy(update={"scenes": scenes})

    return changed


class Trials:
    """Trials on one backend.

    Args:
        folder: where everything is kept.
        backend: what draws.
        instruments: what looks, made for the backend's frames.
        steps: denoising steps; None leaves them to the backend.
        change: what becomes of a plan before it is drawn; it is measured against the plan as it was.
        shared: a folder for the drawn frames, and for what was seen in them, that several trials share; None keeps them
            in ``folder``. It must not be shared with a backend that is changed in a way that its scenes do not tell
            (``SceneRenderer.effective``).
    """

    def __init__(
        self,
        folder: Path,
        backend: Backend,
        instruments: Instruments,
        *,
        steps: int | None = None,
        change: Change | None = None,
        shared: Path | None = None,
    ) -> None:
        self.folder, self.backend, self.instruments, self.steps = folder, backend, instruments, steps
        self._change = change
        self._records = (shared or folder) / "records"
        self._cache = SceneCache((shared or folder) / "clips", limit=2**63)

    def run(self, trials: Sequence[Trial]) -> Iterator[PlanRecord]:
        """Draw each plan, look at it, and tell what was seen.

        Raises:
            OutputError: the folder cannot be written to.
            ModelError, MissingDependencyError, RenderError: the backend cannot draw.
        """
        for trial in trials:
            with atomic_file(self.folder / "plans" / f"{trial.id}.json") as partial:
                trial.plan.save(partial)
            clips, keys, seconds = self._draw(trial.plan)
            revision = digest([RECORDS_VERSION, trial.plan.to_json(), *keys])[:32]
            place = self._records / f"{trial.id}-{revision[:8]}.json"
            record = _recalled(place)
            if record is None or record.revision != revision:
                record = look(trial.plan, clips, self.instruments, name=trial.id, skill=trial.skill)
                record = record.model_copy(update={"keys": keys, "seconds": seconds, "revision": revision})
                with atomic_file(place) as partial:
                    partial.write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")
            yield record

    def clips(self, record: PlanRecord) -> list[Frames]:
        """The drawn frames of every scene of a record of these trials.

        Raises:
            OutputError: they are not in the folder any more.
        """
        found = [self._cache.load(key) for key in record.keys]
        if None in found:
            raise OutputError(f"the clips of {record.id} are not in {self._cache.folder}", hint="run the trials again")
        return [cached.clip.frames for cached in found if cached is not None]

    def _draw(self, plan: VideoPlan) -> tuple[list[Frames], tuple[str, ...], float]:
        changed = plan if self._change is None else self._change(plan).checked()
        drawing = PlanRenderer(changed, self.backend, steps=self.steps, cache=self._cache)
        clips: list[Frames] = []
        keys: list[str] = []
        seconds = 0.0
        for scene in changed.scenes:
            with closing(drawing.render(scene)) as events:
                run = Returning(events)
                for event in run:
                    if isinstance(event, Notice) and "not kept" in event.message:
                        raise OutputError(event.message, hint="choose another folder")
                clip, result = run.result
            clips.append(clip.frames)
            keys.append(result.key)
            seconds += result.drawing_seconds
        return clips, tuple(keys), seconds


def _recalled(place: Path) -> PlanRecord | None:
    try:
        return PlanRecord.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):  # not there, or of an older form: it is looked at again
        return None
