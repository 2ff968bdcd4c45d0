"""Render settings, and the keywords and options that follow from them."""

from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from videodirector.errors import UsageError
from videodirector.schemas import InputOptions, Inputs, PlanOptions, PlanRequest, RenderOptions, RenderSettings


def test_settings_leave_choices_open_and_cannot_be_changed() -> None:
    settings = RenderSettings()
    assert settings.backend == "layout2vid"
    assert (settings.seed, settings.steps, settings.fps, settings.transition, settings.width) == (None,) * 5
    with pytest.raises(ValidationError):
        settings.steps = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "path", "hint"),
    [
        ({"steps": 0}, "steps", ""),
        ({"seed": -1}, "seed", ""),
        ({"fps": "fast"}, "fps", ""),
        ({"transition": "wipe"}, "transition", ""),
        ({"width": 127}, "width", ""),
        ({"step": 3}, "step", "did you mean 'steps'?"),
    ],
)
def test_invalid_settings_are_named(values: dict[str, object], path: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        RenderSettings.parse(values)
    (issue,) = caught.value.issues
    assert (issue.path, issue.hint) == (path, hint)
    assert path in caught.value.message


def test_every_invalid_setting_is_an_issue_of_its_own() -> None:
    with pytest.raises(UsageError) as caught:
        RenderSettings.parse({"steps": 0, "height": 3})
    assert [issue.path for issue in caught.value.issues] == ["steps", "height"]


@pytest.mark.parametrize(
    ("keywords", "model", "others"),
    [
        (RenderOptions, RenderSettings, {"backend", "model", "options"}),  # of Director itself
        (PlanOptions, PlanRequest, {"story", "seed", "frame_rate"}),
        (InputOptions, Inputs, set()),
    ],
)
def test_keywords_and_fields_agree(keywords: Any, model: Any, others: set[str]) -> None:
    assert set(keywords.__annotations__) == set(model.model_fields) - others


def test_rates_as_people_write_them() -> None:
    assert RenderSettings.parse({"fps": "23.976"}).fps == Fraction(24000, 1001)
    assert RenderSettings.parse({"fps": 29.97}).fps == Fraction(30000, 1001)
