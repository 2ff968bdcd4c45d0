"""Options that belong together, declared once: a command takes them as one argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, get_type_hints

from videodirector.cli._options import (
    BackendName,
    BackendSettings,
    BaseUrl,
    Coco,
    FontFile,
    Fps,
    Height,
    Memory,
    Model,
    Otio,
    Seed,
    Soundtrack,
    Steps,
    Subtitles,
    Transition,
    TransitionFrames,
    Width,
    backend_options,
    render_options,
)
from videodirector.director import Director, RenderOptions

if TYPE_CHECKING:
    from videodirector.planner import Planner

__all__ = ["Drawer", "Drawing", "Finish", "spread"]


@dataclass(frozen=True, kw_only=True)
class Drawer:
    """What draws."""

    backend: BackendName = "layout2vid"
    model: Model = None
    option: BackendSettings = None
    base_url: BaseUrl = None
    memory: Memory = None

    def director(self, planner: Planner | None = None, *, cache: bool = True) -> Director:
        """A director who has it draw.

        Raises:
            UsageError: an option that is none.
        """
        options = backend_options(self.option, self.base_url, self.memory)
        return Director(planner, backend=self.backend, model=self.model, options=options, cache=cache)


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What decides frames, besides the plan and who draws it."""

    seed: Seed = None
    steps: Steps = None
    fps: Fps = None
    width: Width = None
    height: Height = None

    def options(self) -> RenderOptions:
        """As the director takes them."""
        return render_options(asdict(self))


@dataclass(frozen=True, kw_only=True)
class Finish(Drawing):
    """That, and what is made of the frames."""

    transition: Transition = None
    transition_frames: TransitionFrames = None
    soundtrack: Soundtrack = None
    subtitles: Subtitles = "none"
    font: FontFile = None
    otio: Otio = False
    coco: Coco = False


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """The command as typer shall read it: an argument that is one of these groups becomes the group's options."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name not in groups:
            parameters.append(parameter.replace(annotation=hints[parameter.name]))
            continue
        group = groups[parameter.name]
        kinds = get_type_hints(group, include_extras=True)
        parameters += [
            inspect.Parameter(field.name, parameter.kind, default=field.default, annotation=kinds[field.name])
            for field in fields(group)
        ]

    @wraps(command)
    def run(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        command(**given)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what inspect looks for
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
