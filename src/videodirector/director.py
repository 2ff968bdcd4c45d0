"""The composition root: a planner, a backend and the generator, put together behind four verbs."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from videodirector.errors import UsageError
from videodirector.schemas import (
    Caption,
    Forecast,
    Inputs,
    Manifest,
    Notice,
    PlanRequest,
    RenderEvent,
    RenderResult,
    RenderSettings,
    VideoDone,
    VideoPlan,
    frame_rate,
    load_cast,
)
from videodirector.schemas.render import (
    BatchOptions,
    PlanOptions,
    RenderOptions,
    SeededPlanOptions,
    SeededRenderOptions,
    Seeds,
)

if TYPE_CHECKING:
    from videodirector.generator import Backend, PlanRenderer, SceneCache
    from videodirector.generator.backends.source import BackendSource
    from videodirector.planner import Planner
    from videodirector.schemas.batch import BatchEvent, StoryboardResult
    from videodirector.senses import Captioner

__all__ = ["BatchOptions", "Director", "PlanOptions", "RenderOptions", "Seeds"]


class Director:
    """Turns stories into plans and plans into videos.

    ``Director()`` plans offline and draws with the weights that the package brings. Making one is cheap: planner and
    model are loaded when they are first needed, and then kept.

    Args:
        planner: what turns stories into plans; None is the offline planner.
        backend: what draws: the name of a backend (``videodirector backends`` lists them), or an object that follows
            ``generator.Backend``.
        model: folder, hub id or name of the backend's model; None takes the one of the package.
        options: settings of this backend alone, such as ``{"offload": "model"}``; see its page in the documentation.
        ffmpeg: the ffmpeg to use; None looks into the environment variable VIDEODIRECTOR_FFMPEG, then for one on the
            search path, then for that of imageio-ffmpeg.
        cache: where drawn scenes are kept, so that what is drawn once is not drawn again: True keeps them where the
            environment variable VIDEODIRECTOR_CACHE says, else where this platform keeps such things; a folder or a
            ``generator.SceneCache`` keeps them there; False draws everything anew.
        captioner: what says in words what pictures, sounds, videos, depth, heat and motion show; None is
            storyworld-bind, which the package brings.
        captions: more things to recognise, each a short caption: "a capybara".
        embedder: other models to see and hear with, each "NAME:PATH": "imagebind:imagebind_huge.pth", "clap:FOLDER",
            "siglip2:FOLDER", "pe-av:FOLDER". For each modality the first that has a sense for it is taken; what none
            has a sense for is left to storyworld-bind.
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
                "a backend object has its model already, and its options", hint="leave them out, or name the backend"
            )
        self._planner = planner
        self._backend = backend
        self._model = None if model is None else os.fspath(model)
        self._ffmpeg = ffmpeg
        self._cache = cache
        self._options = dict(options or {})
        self._source: BackendSource | None = None
        self._captioners = Captioners(captioner, captions, [embedder] if isinstance(embedder, str) else embedder)

    def plan(
        self,
        text: str = "",
        *,
        seed: int | None = None,
        fps: Fraction | int | str | None = None,
        **given: Unpack[SeededPlanOptions],
    ) -> VideoPlan:
        """The plan of a story: yours to read, edit, save and render.

        Text leads. Pictures, sounds and the rest are put into words first; those words are the story, or join it, by
        the rule that ``planner.perception.combine`` states. The notes tell what each was taken for, how sure that is
        and what else it may be. The thing that a picture shows shall look like the picture.

        Args:
            text: any text; may be empty if something else is given.
            seed: the plan's seed; None leaves it to the planner.
            fps: frames a second; None leaves it to the planner.
            **given: image, audio, video, depth, thermal, imu (see ``Seeds``), and what else the plan shall keep, see
                ``PlanRequest``; what it does not keep is in its notes.

        Raises:
            UsageError: a seed, frame rate, wish or input that cannot be meant, or a file that cannot be read.
            PlannerError: the planner could not make one.
            ModelError, MissingDependencyError: what puts the inputs into words is missing.
        """
        from videodirector.planner import OfflinePlanner, fulfil

        if self._planner is None:
            self._planner = OfflinePlanner()
        try:
            rate = None if fps is None else frame_rate(fps)
        except ValueError as error:
            raise UsageError(f"fps is {fps!r}: {error}", hint='give one like 8 or "30000/1001"') from None
        wishes = {name: value for name, value in given.items() if name not in Seeds.__annotations__}
        request = {"story": text, "seed": seed, "frame_rate": rate, **wishes}
        inputs = _inputs(given)
        if not inputs:
            return fulfil(self._planner, PlanRequest.parse(request))
        from videodirector.senses import combined, with_references

        captions = self.perceive(**_seeds(given))
        story = combined(text, captions)
        request["story"] = story.text
        if story.place is not None and not wishes.get("backgrounds"):
            request["backgrounds"] = (story.place,)
        plan = fulfil(self._planner, PlanRequest.parse(request))
        plan.notes[:0] = story.notes
        return with_references(plan, captions, [image.name for image in inputs.image if isinstance(image.source, Path)])

    def perceive(self, **given: Unpack[Seeds]) -> list[Caption]:
        """What pictures, sounds and the rest are taken for, a caption a modality: to see, edit and pass on as text.

        Raises:
            UsageError: an input that cannot be meant or read.
            ModelError, MissingDependencyError: what puts them into words is missing.
        """
        from videodirector.senses import perceive

        return perceive(_inputs(given), self._captioners.of)

    def refine(self, plan: VideoPlan, request: str) -> VideoPlan:
        """A copy of the plan with what was asked for changed, and nothing else: "make the owl bigger in scene 2".

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

    def stream(
        self, plan: VideoPlan, path: str | os.PathLike[str], **options: Unpack[RenderOptions]
    ) -> Generator[RenderEvent, None, None]:
        """Draw a plan and write the video, telling every step: for programs that show progress.

        The last event is ``VideoDone`` with the result. Closing the generator early stops the work and leaves no
        partial file. Options, results and errors are those of ``render``.
        """
        yield from self._streamed(plan, path, options)

    def _streamed(
        self,
        plan: VideoPlan,
        path: str | os.PathLike[str],
        options: RenderOptions,
        threads: Mapping[str, int] | None = None,
    ) -> Generator[RenderEvent, None, None]:
        from videodirector.generator import render_video

        settings = self._settings({"save_plan": False, "contact_sheet": False, **options})
        backend, cache = self._backends().get(settings), self._scene_cache()
        yield from render_video(
            plan, path, backend=backend, settings=settings, ffmpeg=self._ffmpeg, cache=cache, threads=threads
        )

    def render(self, plan: VideoPlan, path: str | os.PathLike[str], **options: Unpack[RenderOptions]) -> RenderResult:
        """Draw a plan and write it as a video; on one machine the same plan, seed and backend give the same bytes.

        Args:
            plan: what to draw; edits are checked first, and the plan is not changed.
            path: the file to write, ending in .mp4, .gif or .webp, or a folder for the frames, ending in a slash; it
                appears when it is whole.
            **options: see ``RenderSettings``. Unless asked for, no plan and no contact sheet are written beside it; the
                manifest is, unless it is not wanted.

        Raises:
            UsageError: an option that cannot be meant.
            PlanError: the plan is not valid.
            OutputError: the file cannot be written.
            ModelError, MissingDependencyError: weights or ffmpeg are missing.
            RenderError: a scene could not be drawn, or the video not be encoded.
        """
        with closing(self.stream(plan, path, **options)) as events:
            for event in events:
                if isinstance(event, VideoDone):
                    return event.result
        raise AssertionError("a stream ends with VideoDone or with an error")

    def make(self, text: str, path: str | os.PathLike[str], **given: Unpack[SeededRenderOptions]) -> RenderResult:
        """A story to a video; beside it fox.mp4 has fox.plan.json, fox.manifest.json and the contact sheet fox.png.

        ``image``, ``audio`` and the others are seeds of the story, as in ``plan``; the text may then be empty.

        Raises:
            PlannerError: the planner could not make a plan; else as ``plan`` and ``render``.
        """
        plan = self.plan(text, seed=given.get("seed"), fps=given.get("fps"), **_seeds(given))
        options: dict[str, Any] = {name: value for name, value in given.items() if name not in Seeds.__annotations__}
        return self.render(plan, path, **{"save_plan": True, "contact_sheet": True, **options})

    def preview(self, plan: VideoPlan, path: str | os.PathLike[str], **options: Unpack[RenderOptions]) -> None:
        """Draw a plan at once as a storyboard: a contact sheet (.png) or a video (.mp4, .gif, .webp).

        Whatever backend the director has, this one draws sprites in their boxes and needs no model.

        Raises:
            UsageError: the path ends in none of these; else as ``render``.
        """
        with closing(self.stream_preview(plan, path, **options)) as events:
            for _ in events:
                pass

    def stream_preview(
        self, plan: VideoPlan, path: str | os.PathLike[str], **options: Unpack[RenderOptions]
    ) -> Generator[RenderEvent, None, None]:
        """``preview``, telling every step; a contact sheet has no ``VideoDone`` at its end."""
        from videodirector.generator import render_sheet, render_video
        from videodirector.generator.backends import create

        bare: RenderOptions = {"save_plan": False, "contact_sheet": False, "manifest": False}
        settings = self._settings({**bare, **options}, backend="storyboard")
        backend = create("storyboard", size=_size(settings))
        kind = os.path.splitext(path)[1].lower()
        if kind == ".png":
            yield from render_sheet(plan, path, backend=backend, settings=settings)
        elif kind in (".mp4", ".gif", ".webp"):
            yield from render_video(plan, path, backend=backend, settings=settings, ffmpeg=self._ffmpeg)
        else:
            raise UsageError(
                f"a preview is a contact sheet (.png) or a video (.mp4, .gif, .webp), and not {os.fspath(path)!r}",
                hint="name it sheet.png or preview.mp4",
            )

    def diff(self, before: VideoPlan, after: VideoPlan, **options: Unpack[RenderOptions]) -> Forecast:
        """Which scenes of ``after`` have to be drawn when all of ``before`` has been, and why; nothing is drawn.

        Raises:
            PlanError: a plan is not valid.
            UsageError, ModelError: as ``render``.
        """
        from videodirector.generator.render.forecast import compare_plans

        settings = self._settings(options)
        return compare_plans(self._prepared(before, settings), self._prepared(after, settings))

    def dry_run(self, plan: VideoPlan, path: str | os.PathLike[str], **options: Unpack[RenderOptions]) -> Forecast:
        """What ``render`` would draw now, what it would take from the cache, and what changed since ``path`` was made.

        Raises:
            PlanError, UsageError, ModelError: as ``render``.
        """
        from videodirector.generator.render.forecast import forecast
        from videodirector.generator.render.manifest import previous_manifest

        drawing = self._prepared(plan, self._settings(options))
        return forecast(drawing, self._scene_cache(), previous_manifest(path, ffmpeg=self._ffmpeg))

    def reproduce(self, manifest: Manifest, path: str | os.PathLike[str]) -> Generator[RenderEvent, None, None]:
        """Make a video again from its manifest, with the backend and model that it names.

        Where something that decides the frames is no longer what it was, ``Notice`` says so first, and the file will
        not be the same; else it is, bit for bit. Models compute with as many threads as they did then.

        Raises:
            UsageError: there is no such backend here; else as ``render``.
        """
        from videodirector.generator.render.forecast import find_departures

        settings = manifest.settings
        chosen = settings.model_dump(include=set(RenderOptions.__annotations__) - {"manifest"})
        options = cast(RenderOptions, chosen)
        director = Director(
            backend=settings.backend,
            model=settings.model,
            options=settings.options,
            ffmpeg=self._ffmpeg,
            cache=self._cache,
        )
        yield from find_departures(director._prepared(manifest.plan, settings), manifest)
        threads = {scene.id: scene.threads for scene in manifest.scenes if scene.threads is not None}
        yield from director._streamed(manifest.plan, path, options, threads)

    def _prepared(self, plan: VideoPlan, settings: RenderSettings) -> PlanRenderer:
        from videodirector.generator import PlanRenderer, apply_settings

        return PlanRenderer(apply_settings(plan, settings), self._backends().get(settings), steps=settings.steps)

    def render_many(
        self,
        storyboards: str | os.PathLike[str] | Iterable[object],
        folder: str | os.PathLike[str],
        *,
        workers: int | None = None,
        retry_failed: bool = False,
        ray: str | None = None,
        shared: str | None = None,
        **options: Unpack[BatchOptions],
    ) -> Generator[StoryboardResult, None, None]:
        """Make a video of every storyboard, and tell of each when it is settled.

        What fails does not stop the others: its result says why. The report stands in ``report.jsonl`` beside the
        videos, and the same call again does what is left to do, so that a batch that was killed can be finished.

        Args:
            storyboards: a file of JSON lines, a CSV file or a folder (see ``generator.batch.read_storyboards``); or the
                storyboards: stories, plans, paths of either, or mappings such as a line of JSON holds.
            folder: where the videos go, each under its storyboard's id.
            workers: how many processes draw, each with a model of its own; None or 1 draws in this one.
            retry_failed: whether what failed before is tried again though nothing has changed.
            ray: address of a Ray cluster that draws instead, or "auto", or "local" for one that is started here.
            shared: with ``ray``, a folder or URL (of any kind that fsspec knows) that all its machines reach.
            **options: for all storyboards that do not say otherwise.

        Raises:
            UsageError: there are no storyboards, or an option cannot be meant.
            OutputError: the folder cannot be written to.
            MissingDependencyError: ffmpeg, or Ray where it is asked for, is missing.
        """
        from videodirector.schemas.batch import StoryboardDone

        events = self.stream_many(
            storyboards, folder, workers=workers, retry_failed=retry_failed, ray=ray, shared=shared, **options
        )
        with closing(events):
            for event in events:
                if isinstance(event, StoryboardDone):
                    yield event.result

    def stream_many(
        self,
        storyboards: str | os.PathLike[str] | Iterable[object],
        folder: str | os.PathLike[str],
        *,
        workers: int | None = None,
        retry_failed: bool = False,
        ray: str | None = None,
        shared: str | None = None,
        **options: Unpack[BatchOptions],
    ) -> Generator[BatchEvent, None, None]:
        """``render_many``, telling every step: for programs that show progress."""
        from videodirector.generator import SceneCache, batch

        if isinstance(storyboards, (str, os.PathLike)):
            found = batch.read_storyboards(storyboards)
        else:
            found = batch.build_storyboards(storyboards)
        cache, distrust = self._scene_cache(), None
        if cache is None or (distrust := cache.problem):
            cache = SceneCache(Path(folder, ".scenes"))
        context = batch.BatchContext(
            planner=self._planned,
            settings=lambda own: self._settings({"contact_sheet": False, **own}),  # type: ignore[typeddict-item]
            options={name: value for name, value in options.items() if value is not None},
            source=self._backends(),
            cache=cache,
            folder=Path(folder),
            ffmpeg=self._ffmpeg,
        )
        context.settings({name: value for name, value in options.items() if name not in PlanOptions.__annotations__})
        pool = batch.create_workers(context.source, context.cache, workers=workers, ray=ray, shared=shared)
        if distrust:
            yield Notice(message=f"the scene cache is not used, for its clips may be somebody else's: {distrust}")
        yield from batch.render_batch(found, context, workers=pool, retry_failed=retry_failed)

    def _planned(self, story: str, options: Mapping[str, Any]) -> VideoPlan:
        """The plan of a story, with what of the options is for planners."""
        known = PlanOptions.__annotations__.keys() | {"seed", "fps"}
        wishes = {name: value for name, value in options.items() if name in known}
        if isinstance(wishes.get("cast"), str):
            wishes["cast"] = load_cast(wishes["cast"])
        return self.plan(story, **wishes)

    def _settings(self, options: RenderOptions, *, backend: str | None = None) -> RenderSettings:
        if backend is not None:
            return RenderSettings.parse({**options, "backend": backend})
        backend = self._backend if isinstance(self._backend, str) else self._backend.capabilities.name
        return RenderSettings.parse({**options, "backend": backend, "model": self._model, "options": self._options})

    @property
    def captioner(self) -> Captioner:
        """What puts inputs into words; loaded when it is first needed.

        Raises:
            ModelError, MissingDependencyError: its weights or a package are missing.
        """
        return self._captioners.own

    def _scene_cache(self) -> SceneCache | None:
        from videodirector.generator import SceneCache

        if isinstance(self._cache, bool):
            return SceneCache() if self._cache else None
        return self._cache if isinstance(self._cache, SceneCache) else SceneCache(self._cache)

    def _backends(self) -> BackendSource:
        from videodirector.generator.backends.source import BackendSource

        if self._source is None:
            self._source = BackendSource(None if isinstance(self._backend, str) else self._backend)
        return self._source


def _size(settings: RenderSettings) -> tuple[int, int] | None:
    return (settings.width, settings.height) if settings.width and settings.height else None


def _seeds(given: Mapping[str, Any]) -> Seeds:
    return {name: given[name] for name in Seeds.__annotations__ if name in given}  # type: ignore[return-value]


def _inputs(given: Mapping[str, Any]) -> Inputs:
    return Inputs.parse(_seeds(given))
