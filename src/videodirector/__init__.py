"""A story in, a video out: an editable plan, drawn by a layout-grounded video diffusion model.

    from videodirector import Director

    director = Director()
    plan = director.plan("A fox walks through the forest. It meets an owl.")
    director.render(plan, "fox.mp4")

Importing this package loads nothing heavy: each name below is loaded when it is first used.
"""

TYPE_CHECKING = False  # that of typing takes 20 ms to import, in which Ctrl-C would end in a traceback
if TYPE_CHECKING:
    from videodirector.director import Director
    from videodirector.errors import (
        BatchError,
        EncodeError,
        MissingDependencyError,
        ModelError,
        ModelFormatError,
        ModelNotFoundError,
        OutputError,
        PlanError,
        PlanIssue,
        PlannerError,
        RenderError,
        RenderInterrupted,
        UsageError,
        VideoDirectorError,
    )
    from videodirector.generator import Backend, SceneCache, read_manifest
    from videodirector.planner import OfflinePlanner, Planner
    from videodirector.planner.llm import LLMPlanner, ScriptedChatModel
    from videodirector.schemas import (
        Box,
        CastMember,
        Entity,
        Forecast,
        Manifest,
        Notice,
        PlanReady,
        PlanRequest,
        RenderEvent,
        RenderResult,
        Scene,
        SceneDone,
        SceneResult,
        SceneStarted,
        StepDone,
        VideoDone,
        VideoPlan,
    )
    from videodirector.schemas.batch import StoryboardResult

    __version__: str

__all__ = [
    "Backend",
    "BatchError",
    "Box",
    "CastMember",
    "Director",
    "EncodeError",
    "Entity",
    "Forecast",
    "LLMPlanner",
    "Manifest",
    "MissingDependencyError",
    "ModelError",
    "ModelFormatError",
    "ModelNotFoundError",
    "Notice",
    "OfflinePlanner",
    "OutputError",
    "PlanError",
    "PlanIssue",
    "PlanReady",
    "PlanRequest",
    "Planner",
    "PlannerError",
    "RenderError",
    "RenderEvent",
    "RenderInterrupted",
    "RenderResult",
    "Scene",
    "SceneCache",
    "SceneDone",
    "SceneResult",
    "SceneStarted",
    "ScriptedChatModel",
    "StepDone",
    "StoryboardResult",
    "UsageError",
    "VideoDirectorError",
    "VideoDone",
    "VideoPlan",
    "__version__",
    "read_manifest",
]

_HOMES = {
    "Backend": "generator",
    "Director": "director",
    "LLMPlanner": "planner.llm",
    "OfflinePlanner": "planner",
    "SceneCache": "generator",
    "read_manifest": "generator",
    "ScriptedChatModel": "planner.llm",
    "Planner": "planner",
    "StoryboardResult": "schemas.batch",
    **dict.fromkeys(
        (
            "Box",
            "CastMember",
            "Entity",
            "Forecast",
            "Manifest",
            "Notice",
            "PlanReady",
            "PlanRequest",
            "RenderEvent",
            "RenderResult",
            "Scene",
            "SceneDone",
            "SceneResult",
            "SceneStarted",
            "StepDone",
            "VideoDone",
            "VideoPlan",
        ),
        "schemas",
    ),
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("videodirector")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
    globals()[name] = value  # the next time it is found without coming here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
