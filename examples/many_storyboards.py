"""Many storyboards, as they finish; what fails does not stop the others, and the same call again does what is left."""

from __future__ import annotations

import argparse
from pathlib import Path

from videodirector import Director

STORYBOARDS = [
    "A cat sleeps on the sofa. A mouse runs past it.",
    {"id": "sea", "story": "A red boat sails on the sea. A whale swims under it.", "seed": 3, "transition": "fade"},
    {"id": "lost", "path": "no-such-plan.json"},
]


def main(arguments: list[str] | None = None) -> None:
    """Write a video for each into a folder, with report.jsonl beside them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="layout2vid")
    parser.add_argument("--out", type=Path, default=Path("storyboards"))
    options = parser.parse_args(arguments)
    director = Director(backend=options.backend)
    for done in director.render_many(STORYBOARDS, options.out):
        print(f"{done.id}: {done.status}, {done.video or done.error}")


if __name__ == "__main__":
    main()
