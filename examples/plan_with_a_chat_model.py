"""Plan with a chat model; without a key, with answers that come with the package."""

from __future__ import annotations

import argparse
from pathlib import Path

from videodirector import Director, LLMPlanner, ScriptedChatModel


def main(arguments: list[str] | None = None) -> None:
    """Write a plan and print what was planned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planner", help="like openai:gpt-4o, with its key in the environment")
    parser.add_argument("--out", type=Path, default=Path("plan.json"))
    options = parser.parse_args(arguments)

    recorded, story = ScriptedChatModel.example()
    director = Director(planner=LLMPlanner(options.planner or recorded))
    plan = director.plan(story)
    for scene in plan.scenes:
        print(f"{scene.id}: {scene.description} ({', '.join(entity.name for entity in scene.entities)})")
    print(*plan.notes, sep="\n")
    plan.save(options.out)


if __name__ == "__main__":
    main()
