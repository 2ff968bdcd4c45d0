"""A sound becomes a picture without words: nobody, and no caption, says on the way what it is."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from PIL import Image

from videodirector import Director
from videodirector.generator.backends.layout2vid import MODEL
from videodirector.layout2vid.loading import load
from videodirector.schemas import AudioInput
from videodirector.senses import load_audio
from videodirector.senses.embedders.mapping import MappingNetwork


def main(arguments: list[str] | None = None) -> None:
    """Draw what a recording sounds like."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("audio", type=Path, help="a recording: wav, flac, mp3, ogg")
    parser.add_argument("--out", type=Path, default=Path("heard.png"))
    options = parser.parse_args(arguments)
    heard = Director().captioner.vector([load_audio(AudioInput(source=options.audio))])
    # What the generator reads: states of a caption that was never written, and the embedding of a name never said.
    words, phrase = MappingNetwork.from_pretrained()(torch.from_numpy(heard).unsqueeze(0))
    pipeline = load(MODEL)
    look = pipeline.imagine(phrase[0])
    frames = pipeline("", [look], [[(0.2, 0.2, 0.8, 0.8)]], num_frames=1, words=words, output_type="uint8").frames
    Image.fromarray(frames[0, 0]).save(options.out)
    print(f"{options.out} is written")


if __name__ == "__main__":
    main()
