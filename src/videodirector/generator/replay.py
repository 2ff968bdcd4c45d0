"""Decide what of a manifest is obeyed when its video is made again: a manifest may come from a stranger."""

from __future__ import annotations

from typing import Any

from videodirector.errors import UsageError
from videodirector.generator.backends import built_in_names
from videodirector.schemas import Manifest, RenderSettings

__all__ = ["replayed_settings", "requested_from_outside"]

_USERS = ("base_url", "key_env")
"""Options that name hosts and environment variables: never a manifest's to choose."""


def replayed_settings(
    manifest: Manifest, *, base_url: str | None = None, send_pictures: bool = False, allow_backend: bool = False
) -> RenderSettings:
    """The settings of a manifest, without what would choose where secrets or bytes go.

    Args:
        manifest: what to make again.
        base_url: the server, as the user names it.
        send_pictures: whether the user lets pictures that the plan names be sent there.
        allow_backend: whether the user lets a backend of another package be used.

    Raises:
        UsageError: something is asked for that the user has to allow; the error says what.
    """
    settings = manifest.settings
    if settings.backend not in built_in_names():
        if not allow_backend:
            raise UsageError(
                f"the manifest asks for the backend {settings.backend!r}, which is not one of videodirector's own",
                hint="if you trust that backend with this manifest, give --allow-backend",
            )
        return settings
    if settings.backend != "server":
        if base_url is not None:
            raise UsageError(
                f"this video was made by the backend {settings.backend!r}, which asks no server",
                hint="leave --base-url out",
            )
        return settings
    requests = requested_from_outside(manifest)
    listed = ", ".join(f"{name} {value!r}" for name, value in requests.items()) or "OpenAI's own server"
    if base_url is None:
        raise UsageError(
            f"this video was made by a server, and the manifest asks for: {listed}; none of it is used",
            hint="name the server yourself with --base-url; its key is taken from VIDEODIRECTOR_API_KEY",
        )
    plan = manifest.plan
    used = {file for scene, entity in plan.appearances() if (file := plan.reference_of(scene, entity)) is not None}
    if used and not send_pictures:
        raise UsageError(
            f"the manifest asks to read and send pictures of yours: {', '.join(map(repr, sorted(used)[:5]))}",
            hint="if the server may have them, give --send-pictures",
        )
    kept: dict[str, Any] = {name: value for name, value in settings.options.items() if name not in _USERS}
    if kept.get("key_model") is not None and kept["key_model"] not in ("storyworld", "storyboard"):
        raise UsageError(
            f"the manifest asks for key pictures by the model {kept['key_model']!r}",
            hint="render the plan itself, with --option key_model=... of your choice",
        )
    return settings.model_copy(update={"options": {**kept, "base_url": base_url}})


def requested_from_outside(manifest: Manifest) -> dict[str, str]:
    """What a manifest asks for beyond itself: host, key variable, model, packages, files; for people to read."""
    settings, plan = manifest.settings, manifest.plan
    options = settings.options
    found: dict[str, Any] = {"model": settings.model}
    found |= {name: options.get(name) for name in (*_USERS, "grounding", "key_model", "revision")}
    if settings.backend not in built_in_names():
        found["backend"] = settings.backend
    found |= {name: getattr(settings, name) for name in ("soundtrack", "font")}
    found |= {"audio": plan.audio}
    found |= {f"references.{key}": file for key, file in plan.references.items()}
    found |= {f"scenes[{index}].audio": scene.audio for index, scene in enumerate(plan.scenes)}
    return {name: str(value) for name, value in found.items() if value is not None}
