"""By which means a backend is given the layout of a scene: the best rung that it can stand on.

From the surest to the loosest:

1. ``exact``: it draws the boxes itself (storyboard).
2. ``grounding tokens``: the model learned to read boxes (Layout2Vid).
3. ``control video``: it follows a video in which the boxes are drawn (VACE and its kind).
4. ``key picture``: a first picture, in which things stand in their boxes, is drawn by other means and then moves.
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
from videodirector.generator.backends.layout_prompt import caption, told_layout
from videodirector.generator.backends.protocol import Capabilities
from videodirector.generator.backends.scene import derived_seed
from videodirector.schemas import Control, Scene, VideoPlan

__all__ = ["Lowering", "Rung", "account", "asked", "looks", "lower", "noise_seed", "pictured", "rung"]


class Rung(StrEnum):
    """A means of imposing a layout; see the module."""

    EXACT = "exact"
    TOKENS = "grounding tokens"
    CONTROL_VIDEO = "control video"
    KEY_PICTURE = "key picture"
    REGIONS = "regional attention"
    WORDS = "words"


@dataclass(frozen=True, kw_only=True)
class Lowering:
    """A scene as it will be asked of a model.

    Attributes:
        rung: how its boxes are imposed.
        prompt: the words; empty for models that read none.
        frames: how many the model draws.
        size: (width, height) of the pictures it draws, in pixels.
        rate: frames a second for which it draws.
        controls: what becomes of everything that the plan asks of the scene.
    """

    rung: Rung
    prompt: str
    frames: int
    size: tuple[int, int]
    rate: Fraction
    controls: tuple[Control, ...]


def rung(capabilities: Capabilities) -> Rung:
    """The best rung for a backend."""
    means = {
        Rung.EXACT: capabilities.boxes == "exact",
        Rung.TOKENS: capabilities.boxes == "native",
        Rung.CONTROL_VIDEO: capabilities.control_video,
        Rung.KEY_PICTURE: capabilities.first_frame,
        Rung.REGIONS: capabilities.regions,
    }
    return next((step for step, there in means.items() if there), Rung.WORDS)


def lower(plan: VideoPlan, scene: Scene, capabilities: Capabilities, *, steps: int | None = None) -> Lowering:
    """What a backend will be asked for one scene, without loading any weights.

    Args:
        plan: a valid plan.
        scene: one of its scenes.
        capabilities: of the backend.
        steps: denoising steps, where the settings ask for some.
    """
    step = rung(capabilities)
    rate = scene.frame_rate or plan.frame_rate
    frames = fit_length(scene.frames, rate, lengths=capabilities.lengths, model_rate=_own_rate(capabilities))
    return Lowering(
        rung=step,
        prompt=_prompt(plan, scene, step) if capabilities.words else "",
        frames=frames,
        size=capabilities.sizes.fit(capabilities.frame_size),
        rate=_own_rate(capabilities) or rate,
        controls=account(plan, scene, _known(plan, scene, capabilities, step, frames), steps=steps),
    )


def _own_rate(capabilities: Capabilities) -> Fraction | None:
    return None if capabilities.any_rate else capabilities.rate


def looks(plan: VideoPlan, scene: Scene) -> dict[str, str]:
    """How the entities of a scene look, in words: the members of a group all as the first of them that is described."""
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


def pictured(plan: VideoPlan, scene: Scene, capabilities: Capabilities) -> bool:
    """Whether a picture tells the model how every thing looks that the scene shares with others."""
    if capabilities.references == 0:
        return False
    shared = [entity for entity in scene.entities if _shared(plan, plan.group_of(scene, entity))]
    if not capabilities.portraits and any(plan.reference_of(scene, entity) is None for entity in shared):
        return False
    return capabilities.references is None or len(shared) <= capabilities.references


def _shared(plan: VideoPlan, group: str | None) -> bool:
    return group is not None and len(plan.consistency_groups[group]) > 1


def noise_seed(plan: VideoPlan, scene: Scene, capabilities: Capabilities, seed: int) -> int:
    """The seed of a scene's noise: where nothing but words tells how things look, that of the first group it shares.

    The same noise then makes them look alike. A scene with a seed of its own keeps that.
    """
    step = rung(capabilities)
    if (
        step in {Rung.EXACT, Rung.TOKENS, Rung.KEY_PICTURE}
        or pictured(plan, scene, capabilities)
        or scene.seed is not None
    ):
        return seed
    groups = [*(plan.group_of(scene, entity) for entity in scene.entities), plan.background_group(scene)]
    shared = next((group for group in groups if group and _shared(plan, group)), None)
    return seed if shared is None else derived_seed(plan.seed, "group", shared)


def _prompt(plan: VideoPlan, scene: Scene, step: Rung) -> str:
    told = {Rung.WORDS: told_layout(scene), Rung.KEY_PICTURE: told_layout(scene, places=False)}
    return " ".join(filter(None, (caption(scene, looks(plan, scene)), told.get(step, ""))))


def _known(plan: VideoPlan, scene: Scene, capabilities: Capabilities, step: Rung, frames: int) -> Iterator[Control]:
    fitted = ""
    if frames > scene.frames:
        fitted = f"{frames} frames are drawn and {scene.frames} of them taken"
    elif frames < scene.frames:
        fitted = f"{frames} frames are drawn and spread over {scene.frames}"
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
    elif step is Rung.KEY_PICTURE:
        for name in ("description", "background"):
            yield Control(name=name, status="approximated", detail="in the key picture alone")
    sure = step in {Rung.EXACT, Rung.TOKENS, Rung.CONTROL_VIDEO}
    yield Control(name="boxes", status="honoured" if sure else "approximated", detail=_means(scene, step))
    if step in {Rung.TOKENS, Rung.REGIONS}:
        yield Control(name="layout_strength", status="honoured")
    yield from _sameness(plan, scene, capabilities, step)
    if capabilities.first_frame:
        yield Control(name="continues", status="honoured", detail="its first frame is given")


def _means(scene: Scene, step: Rung) -> str:
    if step is Rung.KEY_PICTURE and scene.continues is not None:
        return "words; the first frame is that of the scene before"
    return {Rung.EXACT: "drawn", Rung.KEY_PICTURE: "key picture, then words"}.get(step, step.value)


def _sameness(plan: VideoPlan, scene: Scene, capabilities: Capabilities, step: Rung) -> Iterator[Control]:
    """References and groups: pictures to whatever takes them, else the same words."""
    pictures = len({file for entity in scene.entities if (file := plan.reference_of(scene, entity)) is not None})
    limit = capabilities.references
    if limit is None or 0 < pictures <= limit:
        yield Control(name="references", status="honoured")
    elif limit > 0:
        yield Control(name="references", status="approximated", detail=f"the model takes {limit} at most")
    elif step is Rung.KEY_PICTURE:
        yield Control(name="references", status="approximated", detail="in the key picture alone")
    if capabilities.shared_groups:
        yield Control(name="groups", status="honoured", detail="one representation a group")
    elif pictured(plan, scene, capabilities):
        place = _shared(plan, plan.background_group(scene))
        detail = "one reference picture a group" + ("; the same words for the place" if place else "")
        yield Control(name="groups", status="approximated" if place else "honoured", detail=detail)
    elif step is Rung.KEY_PICTURE:
        yield Control(name="groups", status="approximated", detail="the same look in the key pictures")
    else:
        yield Control(name="groups", status="approximated", detail="the same words and noise")


def asked(plan: VideoPlan, scene: Scene, *, steps: int | None = None) -> tuple[str, ...]:
    """The names of the controls that the plan and the settings put on a scene, in a fixed order.

    - ``description``, ``background``: words for the scene and its place.
    - ``frames``, ``seed``: its length, and what its randomness follows from.
    - ``boxes``: where its entities are.
    - ``references``: pictures that its entities shall look like.
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


def account(
    plan: VideoPlan, scene: Scene, known: Iterable[Control], *, steps: int | None = None
) -> tuple[Control, ...]:
    """One control for everything asked of a scene.

    Args:
        plan: the plan.
        scene: one of its scenes.
        known: what the backend does with the controls that it knows; those that nobody asked for are left out.
        steps: denoising steps asked for.

    Returns:
        The controls in the order of ``asked``; what the backend does not know is ``ignored``.
    """
    told = {control.name: control for control in known}
    return tuple(told.get(name, Control(name=name, status="ignored")) for name in asked(plan, scene, steps=steps))
