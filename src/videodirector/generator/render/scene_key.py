"""What decides the frames of a scene, as one short string: scenes of the same key look the same, to the bit.

A key is a SHA-256 over canonical JSON of the *effective inputs* of the scene, as the backend reports them
(``SceneRenderer.effective``), the version of the backend's frames and those of its libraries
(``Capabilities.version``, ``.libraries``). What is not in them (positions, file names, transitions, times) cannot
decide a frame. Golden frames in the tests fail when frames change and the version does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from videodirector.files.digests import digest
from videodirector.generator.backends.protocol import Capabilities, SceneRenderer
from videodirector.schemas import Scene

__all__ = ["SceneKey", "library_versions", "scene_key"]


@dataclass(frozen=True)
class SceneKey:
    """A scene's key, and what it was computed from, to explain why it changed.

    Attributes:
        key: 64 hexadecimal digits.
        inputs: the effective inputs and, under ``code``, the versions of the backend's frames and libraries.
    """

    key: str
    inputs: dict[str, Any]


def scene_key(
    renderer: SceneRenderer, scene: Scene, *, capabilities: Capabilities, seed: int, steps: int | None
) -> SceneKey:
    """Compute the key of a scene rendered with this seed and these steps.

    Raises:
        PlanError: a reference is not a picture that can be read.
        ModelError: the weights are missing.
    """
    code = digest([capabilities.name, capabilities.version, library_versions(capabilities.libraries)])[:32]
    inputs = {"code": code, **renderer.effective(scene, seed=seed, steps=steps)}
    inputs = json.loads(json.dumps(inputs, allow_nan=False))  # as a manifest is read back: tuples as lists
    return SceneKey(digest(inputs), inputs)


def library_versions(distributions: Iterable[str]) -> dict[str, str]:
    """Look up the installed versions of distributions; what is not installed is left out."""
    versions: dict[str, str] = {}
    for name in sorted(distributions):
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions
