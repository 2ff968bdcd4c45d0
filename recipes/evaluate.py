"""Measure how well a model follows plans that it has never seen: the figures of the README.

    python recipes/evaluate.py --out runs/evaluation                                 # the weights of the package
    python recipes/evaluate.py --model runs/joint/model --plans 100 --out runs/evaluation
    python recipes/evaluate.py --backend storyboard --out runs/oracle                # must come out at about 100 %

The short form of ``videodirector evaluate skills``: things in their boxes, backgrounds, moved boxes, validation of
the instruments on frames whose truth is known. Called again with the same ``--out`` it goes on where it stopped.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from videodirector.evaluation.benchmark.skill_evaluation import EvaluationProgress, SkillSettings, evaluate_skills
from videodirector.generator import backends


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=backends.names(), default="layout2vid")
    parser.add_argument("--model", help="model folder; without it the weights of the package")
    parser.add_argument("--plans", type=int, default=100)
    parser.add_argument("--frames", type=int, default=16, help="frames of a scene")
    parser.add_argument("--steps", type=int, help="denoising steps; without it the model's own number")
    parser.add_argument("--truths", type=int, default=100, help="true frames for each try of the instruments")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    settings = SkillSettings(
        backend=options.backend,
        model=options.model,
        steps=options.steps,
        skills=("object", "following"),
        plans=options.plans,
        frames=options.frames,
        truths=options.truths,
    )
    for told in evaluate_skills(settings, options.out):
        if isinstance(told, EvaluationProgress) and (not told.done or told.done % 10 == 0):
            print(f"{told.done} of {told.total} plans" if told.done else told.message, flush=True)
    print((options.out / "report.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
