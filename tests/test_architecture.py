"""What may be loaded when, and what is public."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import videodirector

HEAVY = {
    "torch",
    "diffusers",
    "transformers",
    "PIL",
    "numpy",
    "pydantic",
    "ffmpeg",
    "typer",
    "ray",
    "langchain",
    "langchain_core",
    "langchain_openai",
    "openai",
}


def loaded_after(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after running ``code``."""
    program = f"{code}\nimport json, sys\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not loaded_after("import videodirector") & HEAVY


@pytest.mark.parametrize(
    "code",
    [
        "import videodirector.schemas",
        "import videodirector.cli",
        "from videodirector import Director; Director()",
        "from videodirector import LLMPlanner, ScriptedChatModel; LLMPlanner(ScriptedChatModel())",
        "from videodirector import Director; Director().plan('A fox walks through the forest.')",
        "from videodirector.generator.backends import create; create('storyboard')",
    ],
)
def test_planning_and_storyboards_need_no_tensors(code: str) -> None:
    assert not loaded_after(code) & {"torch", "diffusers", "transformers"}


def test_a_storyboard_video_needs_no_tensors(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    code = f"from videodirector import Director; Director(backend='storyboard').make('A fox.', {str(target)!r})"
    assert not loaded_after(code) & {"torch", "diffusers", "transformers"}
    assert target.exists()


@pytest.mark.slow
def test_the_default_model_loads_without_what_rendering_does_not_use(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    code = (
        "from videodirector import Director\n"
        f"Director().make('A fox.', {str(target)!r}, steps=1)\n"
        "import json, sys; print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert target.exists()
    assert "videodirector.layout2vid.pipeline" in loaded
    unused = (
        "accelerate.accelerator",
        "accelerate.launchers",
        "bitsandbytes.",
        "diffusers.models.transformers.transformer_flux",
        "ray",
        "scipy.stats.",
        "torch._inductor.compile_fx",
        "transformers.quantizers.quantizer_",
    )
    assert not [name for name in loaded if name.startswith(unused)]


@pytest.mark.parametrize(
    "arguments", [["plan", "A fox."], ["make", "A fox.", "--backend", "storyboard", "-o", "a.mp4"]]
)
def test_planning_and_storyboards_run_where_the_libraries_of_models_are_missing(
    arguments: list[str], tmp_path: Path
) -> None:
    done = _run_without_torch(arguments, tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_missing_library_of_models_is_named_with_what_helps(tmp_path: Path) -> None:
    done = _run_without_torch(["make", "A fox.", "-o", "a.mp4"], tmp_path)
    assert done.returncode == 4, done.stderr
    assert "torch, which is not installed" in done.stderr
    assert "hint: pip install" in done.stderr
    assert "Traceback" not in done.stderr


def _run_without_torch(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line where torch, diffusers and transformers cannot be imported."""
    code = (
        "import importlib.metadata as metadata, sys\n"
        "hidden = ('torch', 'diffusers', 'transformers')\n"
        "sys.modules.update(dict.fromkeys(hidden))\n"
        "version = metadata.version\n"
        "def find(name):\n"
        "    if name in hidden: raise metadata.PackageNotFoundError(name)\n"
        "    return version(name)\n"
        "metadata.version = find\n"
        "from videodirector.cli import main\n"
        f"sys.exit(main({arguments!r}))"
    )
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


def test_the_public_names() -> None:
    assert set(videodirector.__all__) == {
        "Director", "Backend", "OfflinePlanner", "Planner", "__version__",
        "LLMPlanner", "ScriptedChatModel", "PlanRequest", "CastMember",
        "VideoPlan", "Scene", "Entity", "Box", "RenderResult", "SceneResult",
        "Forecast", "Manifest", "Notice", "SceneCache", "read_manifest",
        "PlanReady", "RenderEvent", "SceneDone", "SceneStarted", "StepDone", "VideoDone",
        "VideoDirectorError", "UsageError", "PlanError", "PlanIssue", "PlannerError", "MissingDependencyError",
        "ModelError", "ModelFormatError", "ModelNotFoundError",
        "RenderError", "EncodeError", "OutputError", "RenderInterrupted", "BatchError", "StoryboardResult",
    }  # fmt: skip
    assert sorted(videodirector.__all__) == videodirector.__all__


@pytest.mark.parametrize("name", videodirector.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(videodirector, name) is not None
    assert name in dir(videodirector)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Directr'"):
        videodirector.Directr  # noqa: B018


def test_types_and_data_are_shipped() -> None:
    folder = Path(videodirector.__file__).parent
    assert (folder / "py.typed").exists()
    assert (folder / "storyworld" / "sprites.png").exists()
