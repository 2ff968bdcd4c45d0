"""Make many videos of many storyboards: read, plan, render with several workers, write, and report each."""

from videodirector.generator.batch._context import BatchContext
from videodirector.generator.batch.run import REPORT, render_batch
from videodirector.generator.batch.storyboards import Storyboard, build_storyboards, read_storyboards
from videodirector.generator.batch.workers.create import create_workers
from videodirector.generator.batch.workers.worker import Worker

__all__ = [
    "REPORT",
    "BatchContext",
    "Storyboard",
    "Worker",
    "build_storyboards",
    "create_workers",
    "read_storyboards",
    "render_batch",
]
