"""Many storyboards to many videos: read, planned, drawn by several workers, written, and reported one by one."""

from videodirector.generator.batch._context import Studio
from videodirector.generator.batch.run import REPORT, render_batch
from videodirector.generator.batch.storyboards import Storyboard, read_storyboards, storyboards_of
from videodirector.generator.batch.workers.create import crew
from videodirector.generator.batch.workers.worker import Worker

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
