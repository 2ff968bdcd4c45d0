"""Follow a rendering from a program: every step is an event, and closing the stream leaves nothing half done."""

from __future__ import annotations

import argparse
from pathlib import Path

from videodirector import Director
from videodirector.schemas import SceneDone, StepDone, VideoDone


def main(arguments: list[str] | None = None) -> None:
    """Render a story and tell what happens."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="layout2vid")
    parser.add_argument("--out", type=Path, default=Path("progress.mp4"))
    options = parser.parse_args(arguments)
    director = Director(backend=options.backend)
    plan = director.plan("Three ducks swim on a lake. A red boat passes behind them.")
    for event in director.stream(plan, options.out):
        match event:
            case StepDone(scene=scene, step=step, steps=steps):
                print(f"{scene}: step {step} of {steps}")
            case SceneDone():
                print("a scene is drawn")
            case VideoDone(result=result):
                print(f"{result.path} is written")


if __name__ == "__main__":
    main()
