"""Renders plans on a server: every scene is a job, and many run at the same time."""

from __future__ import annotations

import hashlib
import io
import math
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from videodirector.errors import RenderError, VideoDirectorError
from videodirector.files.digests import digest
from videodirector.files.persistent_cache import cache_folder
from videodirector.generator.backends.diffusers.key_picture import PictureRenderer, create_picture_renderer, take_still
from videodirector.generator.backends.diffusers.options import DiffusersOptions
from videodirector.generator.backends.fitting import resample_indices, resize
from videodirector.generator.backends.frames import Frame, Frames
from videodirector.generator.backends.layout_methods import CompiledScene, LayoutMethod, compile_scene
from videodirector.generator.backends.protocol import Capabilities, Clip, Progress
from videodirector.generator.backends.scene import scene_seed
from videodirector.generator.backends.server._client import CancelledError, JobClient
from videodirector.generator.backends.server._decode import (
    DamagedVideoError,
    UnwantedVideoError,
    VideoLimits,
    check_video,
    read_frames,
)
from videodirector.generator.backends.server._journal import JobJournal
from videodirector.generator.backends.server.options import ServerOptions
from videodirector.schemas import Control, Drawn, Scene, VideoPlan

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ServerBackend", "ServerRenderer"]

SIZE = (1280, 720)
_FAREWELL = 1.0  # seconds to cancel the jobs that run, after Ctrl-C


class ServerBackend:
    """The ``server`` backend: a video model behind OpenAI's ``/v1/videos``, or a compatible API.

    Args:
        model: its name on the server.
        size: (width, height) to request, in pixels.
        options: see ``ServerOptions``.
    """

    def __init__(
        self, model: str, *, size: tuple[int, int] | None = None, options: ServerOptions | None = None
    ) -> None:
        self.model, self.options = model, options or ServerOptions()
        self._size = size or SIZE
        self._picture_renderer: PictureRenderer | None = None

    @property
    def capabilities(self) -> Capabilities:
        """What is known without a request."""
        return Capabilities(
            name="server",
            version="1",
            libraries=("numpy", "pillow"),
            frame_size=self._size,
            boxes="approximate",
            first_frame=self.options.picture,
            references=0,
            shared_groups=False,
            any_rate=True,
            steps=50,
            negative_prompt=True,
            guidance=True,
            batch=self.options.in_flight,
        )

    def prepare(self, plan: VideoPlan) -> ServerRenderer:
        """Read the key and open the journal, without a request.

        Raises:
            MissingDependencyError: the package openai or the key is missing.
            OutputError: the journal cannot be written.
        """
        return ServerRenderer(plan, self)

    def create_client(self) -> JobClient:
        """A client with a journal for this server."""
        parts = urlsplit(self.options.base_url)
        name = f"{parts.hostname}-{hashlib.sha256(self.options.base_url.encode()).hexdigest()[:8]}"
        return JobClient(self.options, self.model, JobJournal(cache_folder() / "jobs" / name))

    def picture_renderer(self) -> PictureRenderer:
        """The model that renders key pictures."""
        if self._picture_renderer is None:
            self._picture_renderer = create_picture_renderer(self.options.key_model, DiffusersOptions())
        return self._picture_renderer


class ServerRenderer:
    """Renders the scenes of one plan; see ``SceneRenderer`` and ``AnnouncedRenderer``."""

    def __init__(self, plan: VideoPlan, backend: ServerBackend) -> None:
        self._plan, self._backend = plan, backend
        self._capabilities = backend.capabilities
        self._client = backend.create_client()
        self._jobs: dict[str, _Job] = {}
        self._waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._workers = 0

    def announce(self, scenes: Sequence[tuple[Scene, int]], *, steps: int | None) -> None:
        """Submit the jobs of these scenes, as many at the same time as the options allow.

        A scene that begins with the last frame of another one has to wait for it.
        """
        for scene, seed in scenes:
            if scene.continues is None or not self._capabilities.first_frame:
                self._submit(scene, seed=seed, steps=steps, first_frame=None)

    def render(
        self, scene: Scene, *, seed: int, steps: int | None = None, first_frame: Frame | None = None
    ) -> Generator[Progress, None, Clip]:
        """See ``SceneRenderer.render``; the progress is in per cent.

        If it fails, the running jobs are awaited first: they are paid, and kept. Ctrl-C cancels them.

        Raises:
            RenderError: naming every scene that failed so far.
        """
        job = self._jobs.get(scene.id) or self._submit(scene, seed=seed, steps=steps, first_frame=first_frame)
        try:
            while (percent := job.events.get()) is not None:
                yield Progress(min(max(percent, 0), 100), 100)
            path = job.result.result()
        except VideoDirectorError as error:
            raise self._collect_failures(error) from error
        except BaseException:  # Ctrl-C, or the generator is closed
            self._client.cancelled.set()
            wait([other.result for other in self._jobs.values()], timeout=_FAREWELL)
            raise
        del self._jobs[scene.id]
        return self._read_clip(scene, path, steps=steps)

    def effective(self, scene: Scene, *, seed: int, steps: int | None) -> dict[str, Any]:
        """See ``SceneRenderer.effective``: the server and the request."""
        compiled = compile_scene(self._plan, scene, self._capabilities, steps=steps)
        inputs: dict[str, Any] = {
            "server": self._backend.options.base_url,
            "fields": self._build_fields(scene, compiled, seed=seed, steps=steps),
            "frames": scene.frames,
        }
        if compiled.method is LayoutMethod.KEY_PICTURE:
            inputs["picture"] = self._backend.picture_renderer().effective(
                self._plan, take_still(scene, "first"), seed=seed
            )
        if scene.continues is not None and self._capabilities.first_frame:
            before = self._plan.scene(scene.continues)
            inputs["continues"] = self.effective(before, seed=scene_seed(self._plan, before), steps=steps)
        return inputs

    def _submit(self, scene: Scene, *, seed: int, steps: int | None, first_frame: Frame | None) -> _Job:
        compiled = compile_scene(self._plan, scene, self._capabilities, steps=steps)
        fields = self._build_fields(scene, compiled, seed=seed, steps=steps)
        key = digest(self.effective(scene, seed=seed, steps=steps))
        job = _Job()
        self._jobs[scene.id] = job

        def work() -> None:
            try:
                if self._client.cancelled.is_set():
                    raise CancelledError
                picture = self._render_picture(scene, compiled, seed=seed, first_frame=first_frame)
                path = self._client.fetch_video(
                    key, fields, picture, job.events.put, self._build_limits(scene, compiled)
                )
                job.result.set_result(path)
            except BaseException as error:
                job.result.set_exception(error)
            finally:
                job.events.put(None)

        self._waiting.put(work)
        if self._workers < self._backend.options.in_flight:
            self._workers += 1
            # A daemon, so that the process can end: what is submitted is in the journal.
            threading.Thread(target=self._run_jobs, name=f"videodirector-server-{self._workers}", daemon=True).start()
        return job

    def _run_jobs(self) -> None:
        while True:
            self._waiting.get()()

    def _build_fields(self, scene: Scene, compiled: CompiledScene, *, seed: int, steps: int | None) -> dict[str, Any]:
        options = self._backend.options
        width, height = compiled.size
        seconds = options.seconds or max(1, math.ceil(scene.frames / compiled.rate))
        fields: dict[str, Any] = {
            "model": self._backend.model,
            "prompt": compiled.prompt,
            "seconds": seconds,
            "size": f"{width}x{height}",
        }
        if options.extras:
            extras: dict[str, Any] = {
                "num_frames": compiled.frames,
                "fps": max(1, round(compiled.rate)),
                "seed": seed % 2**31,
                "width": width,
                "height": height,
                "negative_prompt": options.negative_prompt or None,
                "num_inference_steps": steps,
                "guidance_scale": options.guidance,
            }
            fields |= {name: value for name, value in extras.items() if value is not None}
        return fields

    def _render_picture(
        self, scene: Scene, compiled: CompiledScene, *, seed: int, first_frame: Frame | None
    ) -> bytes | None:
        if compiled.method is not LayoutMethod.KEY_PICTURE:
            return None
        from PIL import Image

        if first_frame is not None:
            picture = Image.fromarray(first_frame).resize(compiled.size, Image.Resampling.LANCZOS)
        else:
            with _picture_lock:
                picture = self._backend.picture_renderer().render(
                    self._plan, take_still(scene, "first"), size=compiled.size, seed=seed
                )
        stream = io.BytesIO()
        picture.save(stream, format="PNG")
        return stream.getvalue()

    def _read_clip(self, scene: Scene, path: Path, *, steps: int | None) -> Clip:
        compiled = compile_scene(self._plan, scene, self._capabilities, steps=steps)
        limits = self._build_limits(scene, compiled)
        takes_frames = "num_frames" not in self._client.refused and self._backend.options.extras
        # A server that takes no number of frames returns whole seconds; the scene is their beginning.
        try:
            found = check_video(path, limits)
            wanted = found.frames if takes_frames else max(1, round(found.frames * self._scene_share(scene, compiled)))
            fitted = self._fit_frames(read_frames(path, found, limits), wanted, scene.frames)
        except (DamagedVideoError, UnwantedVideoError) as error:
            raise RenderError(
                f"the video of scene {scene.id} from the server cannot be used: {error}",
                hint="--option fresh=true requests it again",
            ) from error
        figures = Drawn(frames=found.frames, width=found.width, height=found.height)
        as_planned = (found.frames, found.width, found.height) == (scene.frames, *self._capabilities.frame_size)
        unheard = self._client.refused if self._backend.options.extras else {"seed", "num_inference_steps"}
        ignored = {name for field, name in (("seed", "seed"), ("num_inference_steps", "steps")) if field in unheard}
        controls = tuple(
            Control(name=control.name, status="ignored", detail="the server does not take it")
            if control.name in ignored
            else control
            for control in compiled.controls
        )
        return Clip(fitted, controls=controls, drawn=None if as_planned else figures)

    def _fit_frames(self, rendered: Iterator[Frame], wanted: int, count: int) -> Frames:
        """``count`` of the first ``wanted`` frames, in the requested size, one in memory at a time."""
        width, height = self._capabilities.frame_size
        picked = np.asarray(resample_indices(wanted, count))
        fitted: Frames = np.empty((count, height, width, 3), dtype=np.uint8)
        for number, frame in enumerate(rendered):
            places = np.flatnonzero(picked == number)
            if len(places):
                fitted[places] = resize(frame[None], (width, height))[0]
        return fitted

    def _build_limits(self, scene: Scene, compiled: CompiledScene) -> VideoLimits:
        seconds = self._backend.options.seconds or math.ceil(scene.frames / compiled.rate)
        rate = float(compiled.rate)
        return VideoLimits(size=compiled.size, seconds=max(1.0, seconds, compiled.frames / rate), rate=rate)

    def _scene_share(self, scene: Scene, compiled: CompiledScene) -> float:
        seconds = self._backend.options.seconds or max(1, math.ceil(scene.frames / compiled.rate))
        return min(1.0, float(scene.frames / compiled.rate) / seconds)

    def _collect_failures(self, error: VideoDirectorError) -> RenderError:
        """Wait for the running jobs, and collect all failures."""
        failed = {scene: job.result.exception() for scene, job in self._jobs.items()}
        lines = [
            f"  {scene}: {problem.message if isinstance(problem, VideoDirectorError) else problem}"
            for scene, problem in failed.items()
            if problem is not None
        ]
        good = len(failed) - len(lines)
        hint = error.hint
        if good:
            hint = f"{hint}; the other {good} scenes are kept: render again, and only those that failed are requested"
        return RenderError("\n".join([f"{len(lines)} of the scenes failed on the server:", *lines]), hint=hint)


class _Job:
    """A running job: its progress in per cent, then None; and the path of its video."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self.result: Future[Path] = Future()


_picture_lock = threading.Lock()  # one model renders the pictures of many threads
