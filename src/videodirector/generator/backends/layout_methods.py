"""Compiles a scene for a backend: by which method the layout is imposed, the prompt, and what becomes of each control.

The methods, from the most exact to the loosest; a backend uses the first that it supports:

1. ``exact``: the backend draws things in their boxes (storyboard).
2. ``grounding tokens``: the model is trained to read boxes (Layout2Vid).
3. ``control video``: the model follows a video in which the boxes are drawn (VACE and similar).
4. ``key picture``: another model renders the first frame with things in their boxes, and the model animates it.
5. ``regional attention``: an entity's words act only inside of its box.
6. ``words``: "the fox is on the left and moves right".

Everything here is pure and needs no weights, so a dry run can show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from videodirector.generator.backends.fitting import fit_length
from videodirector.generator.backends.layout_prompt import build_caption, describe_layout
from videodirector.generator.backends.protocol import Capabilities
from videodirector.generator.backends.scene import derived_seed
from videodirector.schemas import Control, Scene, VideoPlan

__all__ = [
    "CompiledScene",
    "LayoutMethod",
    "choose_method",
    "choose_noise_seed",
    "compile_scene",
    "describe_entities",
    "has_pictures_of_shared",
    "report_controls",
    "requested_controls",
]


class LayoutMethod(StrEnum):
    """A method of imposing a layout; see the module."""

    EXACT = "exact"
    TOKENS = "grounding tokens"
    CONTROL_VIDEO = "control video"
    KEY_PICTURE = "key picture"
    REGIONS = "regional attention"
    WORDS = "words"


@dataclass(frozen=True, kw_only=True)
class CompiledScene:
    """What a model is asked to render for one scene.

    Attributes:
        method: how its boxes are imposed.
        prompt: the words; empty for models that read none.
        frames: how many the model renders.
        size: (width, height) of the frames that it renders, in pixels.
        rate: frames a second that it renders for.
        controls: what becomes of every requested control.
    """

    method: LayoutMethod
    prompt: str
    frames: int
    size: tuple[int, int]
    rate: Fraction
    controls: tuple[Control, ...]


def choose_method(capabilities: Capabilities) -> LayoutMethod:
    """Choose the most exact method that a backend supports."""
    means = {
        LayoutMethod.EXACT: capabilities.boxes == "exact",
        LayoutMethod.TOKENS: capabilities.boxes == "native",
        LayoutMethod.CONTROL_VIDEO: capabilities.control_video,
        LayoutMethod.KEY_PICTURE: capabilities.first_frame,
        LayoutMethod.REGIONS: capabilities.regions,
    }
    return next((method for method, there in means.items() if there), LayoutMethod.WORDS)


def compile_scene(
    plan: VideoPlan, scene: Scene, capabilities: Capabilities, *, steps: int | None = None
) -> CompiledScene:
    """Compile a scene for a backend, without loading any weights.

    Args:
        plan: a valid plan.
        scene: one of its scenes.
        capabilities: of the backend.
        steps: denoising steps, if the settings give any.
    """
    method = choose_method(capabilities)
    rate = scene.frame_rate or plan.frame_rate
    frames = fit_length(scene.frames, rate, lengths=capabilities.lengths, model_rate=_fixed_rate(capabilities))
    return CompiledScene(
        method=method,
        prompt=_build_prompt(plan, scene, method) if capabilities.words else "",
        frames=frames,
        size=capabilities.sizes.fit(capabilities.frame_size),
        rate=_fixed_rate(capabilities) or rate,
        controls=report_controls(plan, scene, _list_controls(plan, scene, capabilities, method, frames), steps=steps),
    )


def _fixed_rate(capabilities: Capabilities) -> Fraction | None:
    return None if capabilities.any_rate else capabilities.rate


def describe_entities(plan: VideoPlan, scene: Scene) -> dict[str, str]:
    """Describe the entities of a scene; all members of a group as the first that has a description."""
    described: dict[str, str] = {}
    for entity in scene.entities:
        group = plan.group_of(scene, entity)
        members = plan.consistency_groups.get(group, []) if group is not None else []
        words = (
            other.description
            for member in members
            for other in plan.scene(member).entities
            if plan.group_of(plan.scene(member), other) == group
        )
        described[entity.id] = next(filter(None, words), entity.description or entity.name)
    return described


def has_pictures_of_shared(plan: VideoPlan, scene: Scene, capabilities: Capabilities) -> bool:
    """Whether the model gets a picture of every thing that the scene shares with others."""
    if capabilities.references == 0:
        return False
    shared = [entity for entity in scene.entities if _is_shared(plan, plan.group_of(scene, entity))]
    if not capabilities.portraits and any(plan.reference_of(scene, entity) is None for entity in shared):
        return False
    return capabilities.references is None or len(shared) <= capabilities.references


def _is_shared(plan: VideoPlan, group: str | None) -> bool:
    return group is not None and len(plan.consistency_groups[group]) > 1


def choose_noise_seed(plan: VideoPlan, scene: Scene, capabilities: Capabilities, seed: int) -> int:
    """Choose the seed of a scene's noise: that of its first shared group, where only words describe how things look.

    The same noise then makes them look alike. A scene with a seed of its own keeps that.
    """
    method = choose_method(capabilities)
    if (
        method in {LayoutMethod.EXACT, LayoutMethod.TOKENS, LayoutMethod.KEY_PICTURE}
        or has_pictures_of_shared(plan, scene, capabilities)
        or scene.seed is not None
    ):
        return seed
    groups = [*(plan.group_of(scene, entity) for entity in scene.entities), plan.background_group(scene)]
    shared = next((group for group in groups if group and _is_shared(plan, group)), None)
    return seed if shared is None else derived_seed(plan.seed, "group", shared)


def _build_prompt(plan: VideoPlan, scene: Scene, method: LayoutMethod) -> str:
    layouts = {
        LayoutMethod.WORDS: describe_layout(scene),
        LayoutMethod.KEY_PICTURE: describe_layout(scene, places=False),
    }
    return " ".join(filter(None, (build_caption(scene, describe_entities(plan, scene)), layouts.get(method, ""))))


def _list_controls(
    plan: VideoPlan, scene: Scene, capabilities: Capabilities, method: LayoutMethod, frames: int
) -> Iterator[Control]:
    fitted = ""
    if frames > scene.frames:
        fitted = f"{frames} frames are rendered and {scene.frames} of them used"
    elif frames < scene.frames:
        fitted = f"{frames} frames are rendered and spread over {scene.frames}"
    yield Control(name="frames", status="approximated" if fitted else "honoured", detail=fitted)
    yield Control(name="seed", status="honoured")
    yield Control(name="steps", status="honoured" if capabilities.steps else "ignored")
    if capabilities.words:
        if capabilities.listed:
            yield Control(name="description", status="approximated", detail="its things and its background alone")
        else:
            yield Control(name="description", status="honoured")
        yield Control(name="background", status="honoured", detail="in the words")
    elif capabilities.boxes == "exact":
        yield Control(name="background", status="approximated", detail="a painting, where there is one of its name")
    elif method is LayoutMethod.KEY_PICTURE:
        for name in ("description", "background"):
            yield Control(name=name, status="approximated", detail="in the key picture alone")
    sure = method in {LayoutMethod.EXACT, LayoutMethod.TOKENS, LayoutMethod.CONTROL_VIDEO}
    yield Control(name="boxes", status="honoured" if sure else "approximated", detail=_describe_method(scene, method))
    if method in {LayoutMethod.TOKENS, LayoutMethod.REGIONS}:
        yield Control(name="layout_strength", status="honoured")
    yield from _list_consistency_controls(plan, scene, capabilities, method)
    if capabilities.first_frame:
        yield Control(name="continues", status="honoured", detail="its first frame is given")


def _describe_method(scene: Scene, method: LayoutMethod) -> str:
    if method is LayoutMethod.KEY_PICTURE and scene.continues is not None:
        return "words; the first frame is that of the scene before"
    return {LayoutMethod.EXACT: "drawn", LayoutMethod.KEY_PICTURE: "key picture, then words"}.get(method, method.value)


def _list_consistency_controls(
    plan: VideoPlan, scene: Scene, capabilities: Capabilities, method: LayoutMethod
) -> Iterator[Control]:
    """Report on references and groups: pictures for models that take them, else the same words."""
    pictures = len({file for entity in scene.entities if (file := plan.reference_of(scene, entity)) is not None})
    limit = capabilities.references
    if limit is None or 0 < pictures <= limit:
        yield Control(name="references", status="honoured")
    elif limit > 0:
        yield Control(name="references", status="approximated", detail=f"the model takes {limit} at most")
    elif method is LayoutMethod.KEY_PICTURE:
        yield Control(name="references", status="approximated", detail="in the key picture alone")
    if capabilities.shared_groups:
        yield Control(name="groups", status="honoured", detail="one representation a group")
    elif has_pictures_of_shared(plan, scene, capabilities):
        place = _is_shared(plan, plan.background_group(scene))
        detail = "one reference picture a group" + ("; the same words for the place" if place else "")
        yield Control(name="groups", status="approximated" if place else "honoured", detail=detail)
    elif method is LayoutMethod.KEY_PICTURE:
        yield Control(name="groups", status="approximated", detail="the same look in the key pictures")
    else:
        yield Control(name="groups", status="approximated", detail="the same words and noise")


def requested_controls(plan: VideoPlan, scene: Scene, *, steps: int | None = None) -> tuple[str, ...]:
    """List the controls that the plan and the settings request for a scene, in a fixed order.

    - ``description``, ``background``: words for the scene and its place.
    - ``frames``, ``seed``: its length, and what its randomness follows from.
    - ``boxes``: where its entities are.
    - ``references``: pictures of its entities.
    - ``groups``: entities or a background that it shares with other scenes.
    - ``continues``: that it carries on from the last frame of another scene.
    - ``layout_strength``: for which part of the denoising the boxes are imposed.
    - ``steps``: a number of denoising steps.
    """
    names = {entity.id: plan.group_of(scene, entity) for entity in scene.entities}
    groups = {group for group in (*names.values(), plan.background_group(scene)) if group is not None}
    wanted = {
        "description": bool(scene.description),
        "background": bool(scene.background),
        "frames": True,
        "seed": True,
        "boxes": bool(scene.entities),
        "references": any(plan.reference_of(scene, entity) for entity in scene.entities),
        "groups": any(len(plan.consistency_groups[group]) > 1 for group in groups),
        "continues": scene.continues is not None,
        "layout_strength": scene.layout_strength is not None,
        "steps": steps is not None,
    }
    return tuple(name for name, present in wanted.items() if present)


def report_controls(
    plan: VideoPlan, scene: Scene, known: Iterable[Control], *, steps: int | None = None
) -> tuple[Control, ...]:
    """Report what becomes of every requested control of a scene.

    Args:
        plan: the plan.
        scene: one of its scenes.
        known: what the backend does with the controls that it knows; those that are not requested are left out.
        steps: requested denoising steps.

    Returns:
        The controls in the order of ``requested_controls``; what the backend does not know is ``ignored``.
    """
    reported = {control.name: control for control in known}
    return tuple(
        reported.get(name, Control(name=name, status="ignored"))
        for name in requested_controls(plan, scene, steps=steps)
    )
