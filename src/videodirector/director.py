"""The composition root: a planner, senses, a backend and the generator behind a few verbs."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from videodirector.errors import UsageError
from videodirector.schemas import (
    BatchOptions,
    BatchRunOptions,
    Caption,
    Forecast,
    InputOptions,
    Inputs,
    MakeOptions,
    Manifest,
    Notice,
    PlanOptions,
    PlanRequest,
    RenderEvent,
    RenderOptions,
    RenderResult,
    RenderSettings,
    RunOptions,
    StoryOptions,
    VideoDone,
    VideoPlan,
    load_cast,
)

if TYPE_CHECKING:
    from videodirector.generator import Backend, Drawing, SceneCache
    from videodirector.generator.backends.source import BackendSource
    from videodirector.planner import Planner
    from videodirector.schemas.batch import BatchEvent, StoryboardResult
    from videodirector.senses import Captioner

__all__ = ["BatchOptions", "Director", "PlanOptions", "RenderOptions"]


class Director:
    """Turns stories into plans and plans into videos.

    ``Director()`` plans offline and renders with the weights in the package. It is cheap to create: planner and model
    are loaded when they are first needed, and then kept.

    Args:
        planner: turns stories into plans; None is the offline planner.
        backend: renders scenes: the name of a backend (``videodirector backends`` lists them), or an object that
            follows ``generator.Backend``.
        model: folder, hub id or name of the backend's model; None takes the one in the package.
        options: settings of this backend alone, such as ``{"offload": "model"}``; see its page in the documentation.
        ffmpeg: the ffmpeg to use; None looks at the environment variable VIDEODIRECTOR_FFMPEG, then for one on the
            search path, then for that of imageio-ffmpeg.
        cache: where rendered scenes are kept: True takes the folder in the environment variable VIDEODIRECTOR_CACHE,
            else the platform's; a folder or a ``generator.SceneCache`` is taken as it is; False keeps none.
        captioner: puts pictures, sounds, videos, depth, heat and motion into words; None is storyworld-bind, which is
            in the package.
        captions: more things to recognise, each a short caption: "a capybara".
        embedder: other models to see and hear with, each "NAME:PATH": "imagebind:imagebind_huge.pth", "clap:FOLDER",
            "siglip2:FOLDER", "pe-av:FOLDER". Each modality takes the first that supports it, else storyworld-bind.
    """

    def __init__(
        self,
        planner: Planner | None = None,
        *,
        backend: str | Backend = "layout2vid",
        model: str | os.PathLike[str] | None = None,
        options: Mapping[str, Any] | None = None,
        ffmpeg: str | os.PathLike[str] | None = None,
        cache: bool | str | os.PathLike[str] | SceneCache = True,
        captioner: Captioner | None = None,
        captions: Sequence[str] = (),
        embedder: str | Sequence[str] = (),
    ) -> None:
        from videodirector.senses.registry import Captioners

        if not isinstance(backend, str) and (model is not None or options):
            raise UsageError(
                "a backend object has its model and its options already", hint="leave them out, or name the backend"
            )
        self._planner = planner
        self._backend = backend
        self._model = None if model is None else os.fspath(model)
        self._options = dict(options or {})
        self._ffmpeg = ffmpeg
        self._cache = cache
        self._source: BackendSource | None = None
        self._captioners = Captioners(captioner, captions, [embedder] if isinstance(embedder, str) else embedder)

    # -- planning

    def plan(
        self,
        text: str = "",
        *,
        seed: int | None = None,
        fps: Fraction | float | str | None = None,
        **given: Unpack[StoryOptions],
    ) -> VideoPlan:
        """Plan a story: the plan is yours to read, edit, save and render.

        Text leads. Pictures, sounds and other inputs are put into words first; those words are the story, or join it,
        see ``senses.combine``. The plan's notes say what each input was taken for, how sure that is and what else it
        may be, and which requests were not kept. The thing in a picture becomes a reference: it shall look like it.

        Args:
            text: any text; may be empty if there is another input.
            seed: the plan's seed; None leaves it to the planner.
            fps: frames a second; None leaves it to the planner.
            **given: inputs, see ``InputOptions``, and requests for the plan, see ``PlanRequest``.

        Raises:
            UsageError: an argument is not valid, or a file cannot be read.
            PlannerError: no plan could be made.
            ModelError, MissingDependencyError: what puts the inputs into words is missing.
        """
        from videodirector.planner import OfflinePlanner, fulfil

        if self._planner is None:
            self._planner = OfflinePlanner()
        keywords, wanted = _split(given, InputOptions)
        request = {"story": text, "seed": seed, "frame_rate": fps, **wanted}
        inputs = Inputs.parse(keywords)
        if not inputs:
            return fulfil(self._planner, PlanRequest.parse(request))
        from videodirector.senses import combined, perceive, with_references

        captions = perceive(inputs, self._captioners.of)
        story = combined(text, captions)
        request["story"] = story.text
        if story.place is not None and not request.get("backgrounds"):
            request["backgrounds"] = (story.place,)
        plan = fulfil(self._planner, PlanRequest.parse(request))
        plan.notes[:0] = story.notes
        return with_references(plan, captions, [image.name for image in inputs.image if isinstance(image.source, Path)])

    def perceive(self, **given: Unpack[InputOptions]) -> list[Caption]:
        """Put pictures, sounds and other inputs into words, a caption a modality: to read, edit and pass on as text.

        Raises:
            UsageError: an input is not valid or cannot be read.
            ModelError, MissingDependencyError: what puts them into words is missing.
        """
        from videodirector.senses import perceive

        return perceive(Inputs.parse(given), self._captioners.of)

    def refine(self, plan: VideoPlan, request: str) -> VideoPlan:
        """Return a copy of a plan that is changed as requested, and in nothing else: "make the owl bigger in scene 2".

        Simple requests are carried out at once, by rules; any other goes to the planner, if it has a chat model.
        ``schemas.changes(before, after)`` lists what is different.

        Raises:
            PlanError: the plan is not valid.
            PlannerError: the request is not understood, or the plan cannot be changed so.
        """
        from videodirector.planner import NoSuchThing, NotUnderstood, RefiningPlanner, refine

        planner: object = self._planner
        try:
            return refine(plan, request)
        except (NotUnderstood, NoSuchThing):
            if not isinstance(planner, RefiningPlanner):
                raise
        return planner.refine(plan, request)

    # -- rendering

    def render(self, plan: VideoPlan, path: str | os.PathLike[str], **options: Unpack[RenderOptions]) -> RenderResult:
        """Render a plan as a video; on one machine the same plan, seed and backend give the same bytes.

        Args:
            plan: it is checked first, and not changed.
            path: the file to write, ending in .mp4, .gif or .webp, or a folder for the frames, ending in a slash; it
                appears when it is whole.
            **options: see ``RenderSettings``. By default the manifest is written beside the video, and neither the
                plan nor a contact sheet.

        Raises:
            UsageError: an option is not valid.
            PlanError: the plan is not valid.
            OutputError: the file cannot be written.
            ModelError, MissingDependencyError: weights or ffmpeg are missing.
            RenderError: a scene could not be rendered, or the video not be encoded.
        """
        with closing(self.stream(plan, path, **options)) as events:
            return next(event.result for event in events if isinstance(event, VideoDone))

    def stream(
        self, plan: VideoPlan, path: str | os.PathLike[str], **options: Unpack[RenderOptions]
    ) -> Generator[RenderEvent, None, None]:
        """Render a plan and yield every step; see ``render``.

        The last event is ``VideoDone`` with the result. Closing the generator early stops the work and leaves no
        partial file.
        """
        yield from self._stream(plan, path, options)

    def make(self, text: str, path: str | os.PathLike[str], **given: Unpack[MakeOptions]) -> RenderResult:
        """Turn a story into a video; beside fox.mp4 are fox.plan.json, fox.manifest.json and the contact sheet fox.png.

        The story may have inputs besides its text, as in ``plan``, which says with ``render`` what may be raised.
        """
        inputs, options = _split(given, InputOptions)
        plan = self.plan(text, seed=given.get("seed"), fps=given.get("fps"), **inputs)
        return self.render(plan, path, **{"save_plan": True, "contact_sheet": True, **options})

    def preview(self, plan: VideoPlan, path: str | os.PathLike[str], **options: Unpack[RenderOptions]) -> None:
        """Render a plan as a storyboard, at once and without a model: a contact sheet (.png) or a video.

        Raises:
            UsageError: the path does not end in .png, .mp4, .gif or .webp; else as ``render``.
        """
        with closing(self.stream_preview(plan, path, **options)) as events:
            for _ in events:
                pass

    def stream_preview(
        self, plan: VideoPlan, path: str | os.PathLike[str], **options: Unpack[RenderOptions]
    ) -> Generator[RenderEvent, None, None]:
        """Render a storyboard and yield every step, see ``preview``; a contact sheet ends without ``VideoDone``."""
        from videodirector.generator import render_sheet, render_video
        from videodirector.generator.backends import create

        bare = {"save_plan": False, "contact_sheet": False, "manifest": False}
        settings = RenderSettings.parse({**bare, **options, "backend": "storyboard"})
        size = (settings.width, settings.height) if settings.width and settings.height else None
        backend = create("storyboard", size=size)
        kind = os.path.splitext(path)[1].lower()
        if kind == ".png":
            yield from render_sheet(plan, path, backend=backend, settings=settings)
        elif kind in (".mp4", ".gif", ".webp"):
            yield from render_video(plan, path, backend=backend, settings=settings, ffmpeg=self._ffmpeg)
        else:
            raise UsageError(
                f"a preview is a contact sheet (.png) or a video (.mp4, .gif, .webp), not {os.fspath(path)!r}",
                hint="name it sheet.png or preview.mp4",
            )

    def diff(self, before: VideoPlan, after: VideoPlan, **options: Unpack[RenderOptions]) -> Forecast:
        """Forecast which scenes of ``after`` are rendered anew when all of ``before`` has been, and why.

        Raises:
            PlanError, UsageError, ModelError: as ``render``.
        """
        from videodirector.generator.render.forecast import compared

        settings = self._parse_settings(options)
        return compared(self._prepare(before, settings), self._prepare(after, settings))

    def dry_run(self, plan: VideoPlan, path: str | os.PathLike[str], **options: Unpack[RenderOptions]) -> Forecast:
        """Forecast what ``render`` would render now or take from the cache, and what changed since ``path`` was made.

        Raises:
            PlanError, UsageError, ModelError: as ``render``.
        """
        from videodirector.generator.render.forecast import forecast
        from videodirector.generator.render.manifest import previous_manifest

        prepared = self._prepare(plan, self._parse_settings(options))
        return forecast(prepared, self._open_cache(), previous_manifest(path, ffmpeg=self._ffmpeg))

    def reproduce(self, manifest: Manifest, path: str | os.PathLike[str]) -> Generator[RenderEvent, None, None]:
        """Render a video again from its manifest, with the backend, model and threads that it names.

        The file is the same, bit for bit, unless something that decides the frames has changed since, which a
        ``Notice`` reports first.

        Raises:
            UsageError: there is no such backend here; else as ``render``.
        """
        from videodirector.generator.render.forecast import departures

        settings = manifest.settings
        director = Director(
            backend=settings.backend,
            model=settings.model,
            options=settings.options,
            ffmpeg=self._ffmpeg,
            cache=self._cache,
        )
        yield from departures(director._prepare(manifest.plan, settings), manifest)
        options = settings.model_dump(include=set(RenderOptions.__annotations__) - {"manifest"})
        threads = {scene.id: scene.threads for scene in manifest.scenes if scene.threads is not None}
        yield from director._stream(manifest.plan, path, cast(RenderOptions, options), threads)

    # -- batches

    def render_many(
        self,
        storyboards: str | os.PathLike[str] | Iterable[object],
        folder: str | os.PathLike[str],
        **options: Unpack[BatchRunOptions],
    ) -> Generator[StoryboardResult, None, None]:
        """Render a video of every storyboard, and yield the result of each when it is done or has failed.

        One that fails does not stop the others: its result says why. ``report.jsonl`` beside the videos has all
        results, and the same call again does what is left to do, also after a kill.

        Args:
            storyboards: a file of JSON lines, a CSV file or a folder (see ``generator.batch.read_storyboards``); or the
                storyboards: stories, plans, paths of either, or mappings such as a line of JSON holds.
            folder: where the videos go, each under its storyboard's id.
            **options: see ``RunOptions``; all others are for storyboards that do not say otherwise.

        Raises:
            UsageError: there are no storyboards, or an option is not valid.
            OutputError: the folder cannot be written to.
            MissingDependencyError: ffmpeg, or Ray where it is asked for, is missing.
        """
        from videodirector.schemas.batch import StoryboardDone

        with closing(self.stream_many(storyboards, folder, **options)) as events:
            yield from (event.result for event in events if isinstance(event, StoryboardDone))

    def stream_many(
        self,
        storyboards: str | os.PathLike[str] | Iterable[object],
        folder: str | os.PathLike[str],
        **options: Unpack[BatchRunOptions],
    ) -> Generator[BatchEvent, None, None]:
        """Render a video of every storyboard and yield every step; see ``render_many``."""
        from videodirector.generator import SceneCache, batch

        run, shared = _split(options, RunOptions)
        retry_failed = run.pop("retry_failed", False)
        if isinstance(storyboards, (str, os.PathLike)):
            found = batch.read_storyboards(storyboards)
        else:
            found = batch.storyboards_of(storyboards)
        cache, distrust = self._open_cache(), None
        if cache is None or (distrust := cache.problem):
            cache = SceneCache(Path(folder, ".scenes"))
        studio = batch.Studio(
            planner=self._plan_storyboard,
            settings=lambda own: self._parse_settings({"contact_sheet": False, **own}),
            options={name: value for name, value in shared.items() if value is not None},
            source=self._open_backends(),
            cache=cache,
            folder=Path(folder),
            ffmpeg=self._ffmpeg,
        )
        studio.settings(_split(shared, PlanOptions)[1])
        crew = batch.crew(studio.source, studio.cache, **run)
        if distrust:
            yield Notice(message=f"the scene cache is not used, for its clips may be somebody else's: {distrust}")
        yield from batch.render_batch(found, studio, workers=crew, retry_failed=retry_failed)

    @property
    def captioner(self) -> Captioner:
        """The captioner, loaded when it is first needed.

        Raises:
            ModelError, MissingDependencyError: its weights or a package are missing.
        """
        return self._captioners.own

    # -- parts

    def _plan_storyboard(self, story: str, options: Mapping[str, Any]) -> VideoPlan:
        known = PlanOptions.__annotations__.keys() | {"seed", "fps"}
        wanted = {name: value for name, value in options.items() if name in known}
        if isinstance(wanted.get("cast"), str):
            wanted["cast"] = load_cast(wanted["cast"])
        return self.plan(story, **wanted)

    def _stream(
        self,
        plan: VideoPlan,
        path: str | os.PathLike[str],
        options: RenderOptions,
        threads: Mapping[str, int] | None = None,
    ) -> Generator[RenderEvent, None, None]:
        from videodirector.generator import render_video

        settings = self._parse_settings({"save_plan": False, "contact_sheet": False, **options})
        backend, cache = self._open_backends().of(settings), self._open_cache()
        yield from render_video(
            plan, path, backend=backend, settings=settings, ffmpeg=self._ffmpeg, cache=cache, threads=threads
        )

    def _parse_settings(self, options: Mapping[str, Any]) -> RenderSettings:
        backend = self._backend if isinstance(self._backend, str) else self._backend.capabilities.name
        return RenderSettings.parse({**options, "backend": backend, "model": self._model, "options": self._options})

    def _prepare(self, plan: VideoPlan, settings: RenderSettings) -> Drawing:
        from videodirector.generator import Drawing, settled

        return Drawing(settled(plan, settings), self._open_backends().of(settings), steps=settings.steps)

    def _open_cache(self) -> SceneCache | None:
        from videodirector.generator import SceneCache

        if isinstance(self._cache, bool):
            return SceneCache() if self._cache else None
        return self._cache if isinstance(self._cache, SceneCache) else SceneCache(self._cache)

    def _open_backends(self) -> BackendSource:
        from videodirector.generator.backends.source import BackendSource

        if self._source is None:
            self._source = BackendSource(None if isinstance(self._backend, str) else self._backend)
        return self._source


def _split(options: Mapping[str, Any], keywords: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split options into those that are among the keywords of a ``TypedDict``, and the others."""
    known = keywords.__annotations__
    return (
        {name: value for name, value in options.items() if name in known},
        {name: value for name, value in options.items() if name not in known},
    )
