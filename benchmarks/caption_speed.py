"""How long one caption takes, from the file to the words, and what loading the model costs.

    python benchmarks/caption_speed.py            # a minute or two; prints a table, milliseconds, and the worst ratio

Every sense is given a file of the synthetic world: the time is that of reading the file, embedding it and choosing the
caption, the median of several. The bar is 500 ms.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import wave
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from videodirector import Director
from videodirector.schemas import MODALITIES
from videodirector.storyworld.moments import Moment, MomentSampler
from videodirector.storyworld.motion import IMU_RATE
from videodirector.storyworld.sound import RATE

BAR = 500.0  # milliseconds


def main() -> None:
    """Write the files, time the captions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=9)
    options = parser.parse_args()
    start = time.perf_counter()
    director = Director()
    with tempfile.TemporaryDirectory() as folder:
        given = written(Path(folder), MomentSampler(seed=53, size=256)[0])
        director.perceive(image=given["image"])
        print(f"first caption, the model loaded: {time.perf_counter() - start:.2f} s")
        worst = 0.0
        print("| sense | ms a caption |\n|---|---|")
        for modality in MODALITIES:
            spent = []
            for _ in range(options.times):
                start = time.perf_counter()
                director.perceive(**{modality: given[modality]})
                spent.append(1000 * (time.perf_counter() - start))
            worst = max(worst, median(spent))
            print(f"| {modality} | {median(spent):.0f} |", flush=True)
    print(f"slowest / bar: {worst / BAR:.2f}")


def written(folder: Path, moment: Moment) -> dict[str, object]:
    """A file a sense, as a user would give them."""
    frames = [Image.fromarray(frame) for frame in moment.clip("video")]
    frames[2].save(folder / "seen.png")
    frames[0].save(folder / "seen.gif", save_all=True, append_images=frames[1:], duration=400)
    samples = moment.sound()
    with wave.open(str(folder / "heard.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32_000).astype("<i2").tobytes())
    np.save(folder / "near.npy", 1 / (moment.nearness() + 0.1))
    np.save(folder / "hot.npy", moment.heat())
    np.save(folder / "felt.npy", moment.imu())
    return {
        "image": folder / "seen.png",
        "video": folder / "seen.gif",
        "audio": folder / "heard.wav",
        "depth": folder / "near.npy",
        "thermal": folder / "hot.npy",
        "imu": {"source": folder / "felt.npy", "rate": IMU_RATE},
    }


if __name__ == "__main__":
    main()
