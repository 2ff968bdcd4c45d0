"""Plan a story, move a thing, render again: the plan is the document, the video follows from it."""

from __future__ import annotations

import argparse
from pathlib import Path

from videodirector import Box, Director, VideoPlan

STORY = "A fox walks through the forest. It meets an owl."


def main(arguments: list[str] | None = None) -> None:
    """Write before.mp4, plan.json and after.mp4."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="layout2vid")
    parser.add_argument("--out", type=Path, default=Path("edited"))
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    director = Director(backend=options.backend)

    plan = director.plan(STORY, seed=7)
    director.render(plan, options.out / "before.mp4")

    fox = plan.scenes[0].entity("fox")
    fox.layout[-1] = Box(0.55, 0.35, 0.95, 0.85)  # it ends its walk nearer to us
    plan.save(options.out / "plan.json")

    plan = VideoPlan.load(options.out / "plan.json")
    result = director.render(plan, options.out / "after.mp4")
    for scene in result.scenes:
        print(f"{scene.id}: {scene.frames} frames, seed {scene.seed}, {scene.seconds:.1f} s, drawn by {scene.backend}")


if __name__ == "__main__":
    main()
