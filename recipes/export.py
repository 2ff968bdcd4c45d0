"""Last stage: put trained weights into the package, in half precision.

    python recipes/export.py runs/joint/model

The text encoder stays in the Python package that it comes from. The model card beside the weights is written by hand
and is kept.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

import videodirector
from videodirector.layout2vid.nn.unet import blank_closed_temporal_layers
from videodirector.layout2vid.pipeline import Layout2VidPipeline

WEIGHTS = Path(videodirector.__file__).parent / "weights" / "storyworld-mini"


def main() -> None:
    """Export, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="model folder that a training stage wrote")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    pipeline = Layout2VidPipeline.from_pretrained(options.model)
    without_text_encoder(pipeline)
    blank_closed_temporal_layers(pipeline.unet)
    for part in filter(
        None, (pipeline.unet, pipeline.grounding, pipeline.prior, pipeline.imagination, pipeline.vae, pipeline.enlarger)
    ):
        part.to(torch.float16)
    pipeline.save_pretrained(options.out)
    for config in options.out.rglob("*.json"):  # where it lay while it was trained concerns nobody
        content = json.loads(config.read_text())
        content.pop("_name_or_path", None)
        config.write_text(json.dumps(content, indent=2) + "\n")
    for path in sorted(options.out.rglob("*.safetensors")):
        print(f"{path.relative_to(options.out)}: {path.stat().st_size / 1e6:.1f} MB")


def without_text_encoder(pipeline: Layout2VidPipeline) -> None:
    """Leave text encoder and tokenizer out of what is saved; loading finds them by ``text_encoder_package``."""
    pipeline.text_encoder, pipeline.tokenizer = None, None
    pipeline.register_to_config(text_encoder=(None, None), tokenizer=(None, None))


if __name__ == "__main__":
    main()
