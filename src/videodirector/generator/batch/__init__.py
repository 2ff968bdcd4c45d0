"""Many storyboards to many videos: read, planned, drawn by several workers, written, and reported one by one."""

from videodirector.generator.batch.crew import crew
from videodirector.generator.batch.painter import Worker
from videodirector.generator.batch.run import REPORT, render_batch
from videodirector.generator.batch.storyboards import Storyboard, read_storyboards, storyboards_of
from videodirector.generator.batch.studio import Studio

__all__ = [
    "REPORT",
    "Storyboard",
    "Studio",
    "Worker",
    "crew",
    "read_storyboards",
    "render_batch",
    "storyboards_of",
]
