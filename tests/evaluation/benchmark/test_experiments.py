"""The recipe of the paper's experiments: what its conditions change, and a run of one of them."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tiny import tiny_model
from videodirector import VideoPlan
from videodirector.errors import UsageError
from videodirector.evaluation.benchmark.trial_plans import build_trial_plans
from videodirector.layout2vid.conditioning import from_scene
from videodirector.schemas import Box

RECIPE = Path(__file__).parents[3] / "recipes" / "experiments.py"


@pytest.fixture(scope="module")
def recipe() -> ModuleType:
    spec = importlib.util.spec_from_file_location("experiments", RECIPE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["experiments"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def plan() -> VideoPlan:
    return build_trial_plans("consistency", 1, frames=4)[0]


def test_conditions_change_what_they_say(recipe: ModuleType, plan: VideoPlan) -> None:
    before = plan.to_json()
    assert recipe.separate(plan).consistency_groups == {}
    point = recipe.points(plan).scenes[0].entities[0].layout[0]
    assert point.width == pytest.approx(0.02)
    whole = plan.scenes[0].entities[0].layout[0]
    assert whole is not None
    assert point.centre == pytest.approx(whole.centre)
    assert plan.to_json() == before
    assert recipe.kept([plan], recipe.separate).value == 1
    assert recipe.kept([plan], recipe.points).value < 0.02


def test_fewer_keys_keep_the_ends(recipe: ModuleType) -> None:
    (plan,) = build_trial_plans("object", 1, keys=16)
    for count in (2, 5):
        for (_, few), (_, many) in zip(recipe.keyed(count)(plan).appearances(), plan.appearances(), strict=True):
            assert len(few.layout) == count
            assert (few.layout[0], few.layout[-1]) == (many.layout[0], many.layout[-1])


def test_every_experiment_has_the_published_table_and_a_word_on_what_differs(recipe: ModuleType) -> None:
    for experiment in recipe.EXPERIMENTS.values():
        assert experiment.published
        assert experiment.differs
        assert bool(experiment.conditions) != bool(experiment.commands), "it is run, or told how to"


def test_sharing_on_the_storyboard(recipe: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = "sharing training --backend storyboard --plans 2 --frames 2 --features none --out"
    recipe.main([*asked.split(), str(tmp_path)])
    rows = json.loads((tmp_path / "sharing.json").read_text())["conditions"]
    assert rows["shared"]["consistency"]["value"] == 1
    assert rows["separate"]["consistency"]["value"] < 1, "the later scenes do not say which colour it is"
    text = (tmp_path / "sharing.md").read_text()
    assert "| VideoDirectorGPT (shared) | 42.8 | 64.8 |" in text
    assert text in capsys.readouterr().out
    assert "Not run. To run it:" in (tmp_path / "training.md").read_text()


def test_an_embedding_can_be_left_out(recipe: ModuleType, tmp_path: Path) -> None:
    from videodirector.layout2vid.appearance.appearance import Appearance

    scene = build_trial_plans("movement", 1, frames=2)[0].scenes[0]
    model = str(tiny_model(tmp_path / "tiny"))
    for known in ((True, False), (False, True)):
        pipeline = recipe.PartlyBlind(model, known)._load_pipeline()
        looks = [pipeline.represent(Appearance(name="dog"))]
        entities = pipeline.entities(from_scene(scene), looks)
        assert (bool(entities.text_known.all()), bool(entities.picture_known.all())) == known
        assert isinstance(scene.entities[0].layout[0], Box)


def test_wrong_questions_are_refused(recipe: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        recipe.main(["horoscope"])
    assert "name some of: layout, alpha" in capsys.readouterr().err
    blind = next(c for c in recipe.EXPERIMENTS["embeddings"].conditions if c.name == "text")
    with pytest.raises(UsageError, match="no embeddings to leave out"):
        recipe.backend_for(blind, recipe.argparse.Namespace(backend="storyboard", model=None))
    recipe.main(["--list"])
    assert "tokens" in capsys.readouterr().out
