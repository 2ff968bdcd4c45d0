"""What decides the frames of a scene, as one short string: scenes of the same key look the same, to the bit.

A key is a SHA-256 over canonical JSON of two things: the *effective inputs* of the scene, as the backend tells them
(``SceneRenderer.effective``), and the *code revision*, a hash of the source of everything that draws. What is not in
them (positions, file names, transitions, times) cannot decide a frame.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any

from videodirector.files.digests import _read_digest, digest
from videodirector.generator.backends.protocol import SceneRenderer
from videodirector.schemas import Scene

__all__ = [
    "SceneKey",
    "code_revision",
    "drawing_libraries",
    "scene_key",
]

ROOT = Path(str(files("videodirector")))
"""The folder of the package."""

WITHOUT_A_SAY = frozenset({"beartype", "jaxtyping", "platformdirs", "pydantic", "pydantic_core", "typing_extensions"})
"""Libraries that drawing modules import and that cannot change a pixel."""

_DISTRIBUTIONS = {"PIL": "pillow"}  # where the name to install is another than the name to import


@dataclass(frozen=True)
class SceneKey:
    """A scene's key, and what it was made of, for people who ask why it changed.

    Attributes:
        key: 64 hexadecimal digits.
        inputs: the effective inputs and, under ``code``, the code revision.
    """

    key: str
    inputs: dict[str, Any]


def scene_key(renderer: SceneRenderer, scene: Scene, *, seed: int, steps: int | None) -> SceneKey:
    """The key of a scene that this renderer would draw with this seed and these steps.

    Raises:
        PlanError: a reference is not a picture that can be read.
        ModelError: the weights are missing.
    """
    inputs = {"code": code_revision(type(renderer).__module__), **renderer.effective(scene, seed=seed, steps=steps)}
    return SceneKey(digest(inputs), inputs)


# -- machines, files and code


@lru_cache
def code_revision(module: str) -> str:
    """A hash of the code that a drawing module runs: its source, that of what it imports in turn, and the data there.

    Imports are read from the source, so there is no list to keep up to date. Libraries count with their version.

    Args:
        module: the dotted name of the module that draws; it is loaded already.
    """
    sources, libraries = _drawing_code(module)
    files = {*sources.values(), *(file for path in sources.values() for file in _data_beside(path))}
    contents = sorted((path.name, _read_digest(path)) for path in files)
    return digest([contents, _versions(libraries)])[:32]


def drawing_libraries(module: str) -> dict[str, str]:
    """The versions of the libraries that a drawing module uses."""
    return dict(sorted(_versions(_drawing_code(module)[1]).items()))


@lru_cache
def _drawing_code(module: str) -> tuple[dict[str, Path], set[str]]:
    """The source files that a module runs, by module, and the libraries that they import."""
    sources: dict[str, Path] = {}
    libraries: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in sources:
            continue
        path = _own_file(name)
        if path is None:
            libraries.add(name.partition(".")[0])
        else:
            sources[name] = path
            waiting += _imports(path, name)
    return sources, libraries - sys.stdlib_module_names - WITHOUT_A_SAY


def _own_file(module: str) -> Path | None:
    """The source of one of our modules, or of a user's; None for a library."""
    package, *rest = module.split(".")
    if package == ROOT.name:
        path = ROOT.joinpath(*rest)
        return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None or package in sys.stdlib_module_names or "site-packages" in Path(file).parts:
        return None
    return Path(file) if file.endswith(".py") else None


def _imports(path: Path, module: str) -> Iterator[str]:
    """The modules that a file imports, inside functions too."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = ".".join(parents[: len(parents) - node.level + 1]) if node.level else ""
            source = ".".join(filter(None, (base, node.module)))
            inner = [f"{source}.{alias.name}" for alias in node.names]
            if source.partition(".")[0] == ROOT.name and all(map(_own_file, inner)):
                yield from inner  # `from package import module`: the package itself has no say
            else:
                yield source


def _data_beside(path: Path) -> Iterator[Path]:
    if ROOT in path.parents and path.parent != ROOT:
        yield from (
            file for file in path.parent.iterdir() if file.is_file() and file.suffix not in {".py", ".pyc", ".md"}
        )


def _versions(libraries: Iterable[str]) -> dict[str, str]:
    versions: dict[str, str] = {}
    for name in libraries:
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(_DISTRIBUTIONS.get(name, name))
    return versions
