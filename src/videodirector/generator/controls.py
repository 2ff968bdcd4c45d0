"""What a plan asks of a scene, and what a backend says became of it: nothing is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterable

from videodirector.schemas import Control, Scene, VideoPlan

__all__ = ["account", "asked"]


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
