"""Forecasts which scenes a render would take from the cache and which it would render, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from videodirector.generator.backends.layout_methods import compile_scene
from videodirector.generator.render.cache import SceneCache
from videodirector.generator.render.plan_renderer import PlanRenderer
from videodirector.schemas import (
    Change,
    Forecast,
    InputChange,
    Manifest,
    Notice,
    Scene,
    SceneForecast,
    VideoPlan,
    changes,
    normalised,
)

__all__ = ["compare_plans", "find_departures", "forecast", "list_input_changes"]

WHY = {
    "code": "the backend, or a library that it uses, has another version",
    "weights": "the model has other weights",
    "text_encoder": "the model reads words with another encoder",
    "arithmetic": "another device or number format rounds otherwise",
    "size": "the frames have another size",
    "frames": "the scene has another length",
    "steps": "there are more or fewer denoising steps",
    "grounded_steps": "the boxes are imposed for more or fewer steps",
    "caption": "the model reads these words",
    "background": "a note says what is rendered for it",
    "prompt": "the model reads these words",
    "words": "the thing is rendered from these words",
    "picture": "the thing is to look like this picture",
    "look": "the thing looks like this",
    "side": "a thing looks to the side that it moves to",
    "boxes": "the thing is there, frame by frame",
    "seed": "the noise that the scene is made of follows from it",
    "place_seed": "the noise that scenes of this place share follows from it",
    "painting": "this background is painted",
    "painting_seed": "the details of the background follow from it",
    "entities": "a thing came or went",
}
"""Why the inputs that backends report decide frames, in words."""


def compare_plans(before: PlanRenderer, after: PlanRenderer) -> Forecast:
    """Forecast what has to be rendered for one plan when all scenes of another are in the cache."""
    known = {scene.id: before.key(scene) for scene in before.plan.scenes}
    cached = {key.key for key in known.values()}
    different = _PlanChanges(before.plan, after.plan)
    scenes: list[SceneForecast] = []
    for scene in after.plan.scenes:
        key, old = after.key(scene), known.get(scene.id)
        kept = key.key in cached
        scenes.append(
            SceneForecast(
                id=scene.id,
                verdict="keep" if kept else "draw",
                reasons=() if kept or old is None else tuple(list_input_changes(old.inputs, key.inputs)),
                changes=different.of_scene(scene),
            )
        )
    return Forecast(scenes=(*scenes, *different.gone), changes=different.of_none)


def forecast(renderer: PlanRenderer, cache: SceneCache | None, previous: Manifest | None) -> Forecast:
    """Forecast what a render would do now.

    Args:
        renderer: of the plan, with the settings.
        cache: where scenes would be looked for; None renders all.
        previous: of the video that would be replaced, to report what has changed since.
    """
    plan = renderer.plan
    different = _PlanChanges(previous.plan if previous else plan, plan)
    scenes: list[SceneForecast] = []
    for scene in plan.scenes:
        key = renderer.key(scene)
        kept = cache is not None and key.key in cache
        then = previous.inputs_of(scene.id) if previous else {}
        scenes.append(
            SceneForecast(
                id=scene.id,
                verdict="keep" if kept else "draw",
                reasons=() if kept or not then else tuple(list_input_changes(then, key.inputs)),
                changes=different.of_scene(scene),
                controls=compile_scene(plan, scene, renderer.capabilities, steps=renderer.steps).controls,
            )
        )
    return Forecast(scenes=(*scenes, *different.gone), changes=different.of_none)


def find_departures(renderer: PlanRenderer, manifest: Manifest) -> Iterator[Notice]:
    """Find inputs of the frames that differ from those in a manifest; each is reported once."""
    found: dict[str, list[str]] = {}
    for scene in renderer.plan.scenes:
        for change in list_input_changes(manifest.inputs_of(scene.id), renderer.key(scene).inputs):
            found.setdefault(f"{change.name}: {change.why}", []).append(scene.id)
    for difference, scenes in found.items():
        which = "every scene" if len(scenes) == len(renderer.plan.scenes) else f"scene {', '.join(scenes)}"
        yield Notice(message=f"{which} will not be the same: {difference}")


def list_input_changes(before: object, after: object, name: str = "") -> Iterator[InputChange]:
    """List what differs between the inputs of a scene then and now."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*after, *(key for key in before if key not in after)]:
            yield from list_input_changes(before.get(key), after.get(key), f"{name}.{key}" if name else str(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after) and name == "entities":
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from list_input_changes(old, new, f"{name}[{number}]")
    elif before != after:
        why = WHY.get(name.rpartition(".")[2], "the frames follow from it")
        yield InputChange(name=name, why=why, before=before, after=after)


class _PlanChanges:
    """The fields in which two plans differ, assigned to the scenes that they concern."""

    def __init__(self, before: VideoPlan, after: VideoPlan) -> None:
        self._plans = before, after
        self._all = [part for change in changes(before, after) for part in _split_layout_change(change)]
        self._shared = [change for change in self._all if not change.path.startswith("scenes[")]
        self._reported: set[str] = set()
        ids = {scene.id for scene in after.scenes}
        self.gone = tuple(SceneForecast(id=one.id, verdict="gone") for one in before.scenes if one.id not in ids)
        self._own: dict[str, list[Change]] = {}
        for change in self._all:
            if change.path.startswith("scenes["):
                self._own.setdefault(change.path[7:].partition("]")[0], []).append(change)

    def of_scene(self, scene: Scene) -> tuple[Change, ...]:
        """The changes of a scene, and of what it shares with others."""
        concerned = {"seed"} if scene.seed is None else set()
        if self._shared:
            for plan in self._plans:
                groups = [group for group, members in plan.consistency_groups.items() if scene.id in members]
                concerned |= {f"consistency_groups[{group}]" for group in groups}
                names = {*groups, *(name for entity in scene.entities for name in (entity.id, entity.name))}
                called = set(map(normalised, names))
                concerned |= {f"references[{key}]" for key in plan.references if normalised(key) in called}
        shared = [change for change in self._shared if change.path in concerned]
        self._reported |= {change.path for change in shared}
        return (*self._own.get(scene.id, ()), *shared)

    @property
    def of_none(self) -> tuple[Change, ...]:
        """The changes that concern no scene; complete after ``of_scene`` of every scene."""
        return tuple(change for change in self._shared if change.path not in self._reported)


def _split_layout_change(change: Change) -> Sequence[Change]:
    """Split the change of a layout into those of its boxes, where there are as many as before."""
    old, new = change.before, change.after
    if not change.path.endswith(".layout") or not old or not new or len(old) != len(new):
        return [change]
    pairs = enumerate(zip(old, new, strict=True))
    return [Change(f"{change.path}[{number}]", one, other) for number, (one, other) in pairs if one != other]
