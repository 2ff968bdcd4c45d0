"""Score plans against their prompts without rendering, to compare planners."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

from videodirector.evaluation.metrics.checks import Check, Skill, build_tracks, parse_checks
from videodirector.evaluation.metrics.statistics import Proportion
from videodirector.schemas import VideoPlan

__all__ = ["CheckResult", "PlanReport", "PlanScore", "score_plan"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check."""

    check: Check
    holds: bool


@dataclass(frozen=True, kw_only=True)
class PlanScore:
    """The score of one plan.

    Attributes:
        source: a name for it, such as its file.
        prompt: of the plan.
        verdicts: of every check; none where the prompt asks for nothing that boxes can decide.
    """

    source: str
    prompt: str
    verdicts: tuple[CheckResult, ...]

    @property
    def right(self) -> bool:
        """Whether all checks hold."""
        return all(verdict.holds for verdict in self.verdicts)


def score_plan(plan: VideoPlan, *, source: str = "", prompt: str | None = None) -> PlanScore:
    """Check a plan against its prompt.

    Args:
        plan: any planner's.
        source: a name for it in the report.
        prompt: None uses the plan's own.
    """
    asked = plan.prompt if prompt is None else prompt
    tracks = build_tracks(plan)
    verdicts = tuple(CheckResult(check, check.holds(tracks)) for check in parse_checks(asked))
    return PlanScore(source=source, prompt=asked, verdicts=verdicts)


@dataclass(frozen=True, kw_only=True)
class PlanReport:
    """The scores of many plans."""

    plans: tuple[PlanScore, ...]

    def by_skill(self) -> dict[Skill, Proportion]:
        """Return checks passed by skill, for skills with any checks."""
        verdicts = [verdict for plan in self.plans for verdict in plan.verdicts]
        return {
            skill: Proportion.from_outcomes(verdict.holds for verdict in verdicts if verdict.check.skill == skill)
            for skill in get_args(Skill)
            if any(verdict.check.skill == skill for verdict in verdicts)
        }

    @property
    def overall(self) -> Proportion:
        """All checks passed."""
        return Proportion.from_outcomes(verdict.holds for plan in self.plans for verdict in plan.verdicts)

    @property
    def plans_without_checks(self) -> int:
        """Number of plans whose prompt has no checks."""
        return sum(not plan.verdicts for plan in self.plans)

    def as_dict(self) -> dict[str, Any]:
        """Return a dictionary for JSON: the proportions, and every plan with every check."""
        return {
            "overall": self.overall.as_dict(),
            "skills": {skill: proportion.as_dict() for skill, proportion in self.by_skill().items()},
            "plans_without_checks": self.plans_without_checks,
            "plans": [
                {
                    "source": plan.source,
                    "prompt": plan.prompt,
                    "checks": [
                        {"skill": verdict.check.skill, "asked": str(verdict.check), "holds": verdict.holds}
                        for verdict in plan.verdicts
                    ],
                }
                for plan in self.plans
            ],
        }

    def markdown(self) -> str:
        """Return a Markdown table."""
        rows = [(str(skill), str(proportion)) for skill, proportion in self.by_skill().items()]
        rows.append(("all checks", str(self.overall)))
        return "\n".join(["| skill | checks passed |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])

    @classmethod
    def from_scores(cls, plans: Iterable[PlanScore]) -> PlanReport:
        """Return the report over these scores."""
        return cls(plans=tuple(plans))
