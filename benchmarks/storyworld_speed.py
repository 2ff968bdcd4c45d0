"""How fast the storyworld makes training pictures on one core: it must never starve a training run.

    python benchmarks/storyworld_speed.py

Prints pictures per second at 64x64, with backgrounds painted once and reused (as training does) and painted anew.
"""

from __future__ import annotations

import argparse
import time

from videodirector.storyworld.scene import SceneSampler


def rate(sampler: SceneSampler, pictures: int) -> float:
    """Pictures per second, after a first round that loads the atlas and paints what is reused."""
    for number in range(pictures):
        sampler[number]
    start = time.perf_counter()
    for number in range(pictures, 2 * pictures):
        sampler[number]
    return pictures / (time.perf_counter() - start)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=3000)
    options = parser.parse_args()
    reused = rate(SceneSampler(size=64, seed=1, entities=(0, 5), pool=16), options.pictures)
    anew = rate(SceneSampler(size=64, seed=1, entities=(0, 5)), options.pictures)
    print(f"backgrounds reused: {reused:.0f} pictures/s; painted anew: {anew:.0f} pictures/s ({anew / reused:.2f})")


if __name__ == "__main__":
    main()
