"""The chat-model planner: the user's words, other languages, names, recordings; and never a traceback."""

import json
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage

from anyjson import JSON
from videodirector import Director
from videodirector.cli import main
from videodirector.errors import MissingDependencyError, PlannerError, UsageError
from videodirector.planner import RefiningPlanner, RequestPlanner
from videodirector.planner.llm import LLMPlanner, ScriptedChatModel, create_chat_model
from videodirector.planner.llm._aliases import join_aliases
from videodirector.planner.llm._answer_schemas import (
    LayoutAnswer,
    RefineAnswer,
    StoryAnswer,
    StrengthAnswer,
    build_json_schema,
)
from videodirector.planner.llm.client import SecretRedactor, Usage
from videodirector.planner.llm.parse_story import is_english
from videodirector.schemas import PlanRequest, VideoPlan, changes

BOXES = [[round(0.05 + 0.05 * key, 2), 0.5, round(0.35 + 0.05 * key, 2), 0.9] for key in range(9)]


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEODIRECTOR_CACHE", str(tmp_path / "cache"))


def scene(description: str, *names: str, words: str = "", background: str = "forest", **more: Any) -> dict[str, Any]:
    entities = [{"name": name, "description": f"a {name}", "count": 1} for name in names]
    return {"words": words, "description": description, "background": background, "entities": entities, **more}


def answers(*scenes: dict[str, Any], strength: float | None = None) -> Any:
    """A model's answers: these scenes, and for each of them boxes for what is asked for."""

    def answer(messages: list[BaseMessage]) -> str:
        text = str(messages[-1].text)
        if "Entities:" not in text:
            return json.dumps({"scenes": scenes})
        layouts: dict[str, Any] = dict.fromkeys(re.findall(r'^- "([^"]+)"', text, re.MULTILINE), BOXES)
        return json.dumps({**layouts, "layout_strength": strength} if strength is not None else layouts)

    return answer


def planner(*scenes: dict[str, Any], **options: Any) -> LLMPlanner:
    return LLMPlanner(
        ScriptedChatModel(script=[answers(*scenes, strength=options.pop("strength", None))] * 50), **options
    )


def asked(model: LLMPlanner, **wishes: Any) -> VideoPlan:
    return model.plan_request(PlanRequest.parse({"story": "A fox meets an owl.", **wishes}))


def test_the_example_that_comes_with_the_package() -> None:
    model, story = ScriptedChatModel.example()
    plan = Director(planner=LLMPlanner(model)).plan(story, seed=7)
    assert [scene.background for scene in plan.scenes] == ["forest", "forest"]
    assert plan.consistency_groups["fox"] == ["s1", "s2"]
    assert plan.seed == 7
    assert plan.notes == ["Planned by a chat model: 3 answers. Prompts: version 1."]


def test_it_is_a_planner_of_every_kind() -> None:
    made = planner(scene("A fox runs.", "fox"))
    assert isinstance(made, RequestPlanner)
    assert isinstance(made, RefiningPlanner)


def test_copies_have_an_id_each_and_one_name() -> None:
    ducks = scene("Three ducks swim.", background="pond")
    ducks["entities"] = [{"name": "duck", "description": "a white duck", "count": 3}]
    plan = asked(planner(ducks, scene("A duck sleeps.", "the duck", background="pond")))
    assert [entity.id for entity in plan.scenes[0].entities] == ["duck-1", "duck-2", "duck-3"]
    assert [entity.id for entity in plan.scenes[1].entities] == ["duck-1"]
    assert plan.consistency_groups == {"duck": ["s1", "s2"], "pond": ["s1", "s2"]}


def test_a_script_keeps_its_shots_order_and_wording() -> None:
    story = "1. A fox walks, slowly and alone.\n2. It meets an owl!\n3. They sleep."
    drafts = [
        scene("The fox and the owl sleep.", "fox", "owl", words="They sleep."),
        scene("A fox walks.", "fox", words="A fox walks, slowly and alone."),
        scene("The fox meets an owl.", "fox", "owl", words="It meets an owl!"),
    ]
    plan = asked(planner(*drafts), story=story, scenes=7)
    assert [scene.description for scene in plan.scenes] == [
        "A fox walks, slowly and alone.",
        "It meets an owl!",
        "They sleep.",
    ]
    assert [len(scene.entities) for scene in plan.scenes] == [1, 2, 2]
    assert "story: the scenes were put in the order of the story" in plan.notes
    assert "7 scenes were asked for; the plan has 3." in plan.notes
    assert any("script of 3 shots" in note for note in plan.notes), "and why"


def test_wishes_are_asked_for_and_kept() -> None:
    model = ScriptedChatModel(script=[answers(scene("Mia walks.", "Mia"), scene("Mia sits.", "Mia", "dog"))] * 9)
    wishes = {
        "story": "Mia walks. Then Mia sits.",
        "scenes": 2,
        "max_entities": 1,
        "cast": [{"name": "Mia", "description": "a girl in a red coat", "picture": "mia.png"}],
        "style": "watercolour",
        "backgrounds": ["beach"],
    }
    plan = LLMPlanner(model).plan_request(PlanRequest.parse(wishes))
    system = str(model.asked[0][0].text)
    for words in (
        "exactly 2 scenes",
        "more than 1 entities",
        '"Mia": a girl in a red coat',
        '"beach"',
        '"watercolour"',
    ):
        assert words in system
    assert [scene.background for scene in plan.scenes] == ["beach", "beach"]
    assert plan.scenes[0].description == "Mia walks, watercolour"
    assert plan.scenes[0].entity("mia").description == "a girl in a red coat"
    assert plan.references == {"mia": "mia.png"}
    assert any("“dog” left out" in note for note in plan.notes)


def test_a_wrong_count_is_asked_for_again_and_then_said() -> None:
    model = ScriptedChatModel(script=[answers(scene("A fox runs.", "fox"))] * 9)
    plan = LLMPlanner(model).plan_request(PlanRequest(story="A fox runs.", scenes=2))
    assert "2 scenes are asked for, and the answer has 1" in str(model.asked[1][-1].text)
    assert len(plan.scenes) == 1
    assert "story: 2 scenes are asked for, and the answer has 1; asked 3 times" in plan.notes


def test_a_story_in_another_language() -> None:
    story = "Ein Fuchs läuft durch den Wald. Er trifft eine Eule."
    german = scene("Ein kleiner Fuchs läuft schnell durch den Wald.", "fox")
    english = [
        scene("A fox runs through the forest.", "fox", words="Ein Fuchs läuft durch den Wald."),
        scene("The fox meets an owl.", "fox", "owl", words="Er trifft eine Eule."),
    ]
    model = ScriptedChatModel(script=[answers(german), *[answers(*english)] * 9])
    plan = LLMPlanner(model).plan(story)
    assert "must be in English" in str(model.asked[1][-1].text)
    assert plan.prompt == story
    assert [scene.description for scene in plan.scenes] == ["A fox runs through the forest.", "The fox meets an owl."]
    assert [scene.original for scene in plan.scenes] == ["Ein Fuchs läuft durch den Wald.", "Er trifft eine Eule."]
    assert VideoPlan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("A red fox walks through the forest.", True),
        ("Zara hugs Mikkel", True),
        ("Kaguya-hime stands under the moon", True),
        ("A café on the Champs-Élysées", True),
        ("Ein Fuchs läuft durch den Wald.", False),
        ("Un zorro camina por el bosque", False),
        ("狐狸走过森林", False),
        ("Лиса идёт по лесу", False),
        ("", True),
    ],
)
def test_is_english(text: str, english: bool) -> None:
    assert is_english(text) == english


def test_obvious_aliases_are_joined_and_it_is_said_how_to_undo_it() -> None:
    plan = asked(planner(scene("A fox runs.", "fox"), scene("The fox sits.", "red fox"), scene("A box.", "fox box")))
    assert [scene.entities[0].id for scene in plan.scenes] == ["fox", "fox", "fox-box"]
    assert plan.consistency_groups["fox"] == ["s1", "s2"]
    (note,) = [note for note in plan.notes if "taken to be" in note]
    assert note.startswith("“red fox” in s2 is taken to be “fox”")
    plan.scenes[1].entities[0].id = "other"
    plan.consistency_groups["fox"] = ["s1"]
    assert plan.group_of(plan.scenes[1], plan.scenes[1].entities[0]) is None


def test_names_that_may_be_two_are_not_joined() -> None:
    scenes = [
        scene("Cars.", "red car", "car"),
        scene("A car.", "car"),
        scene("A bus.", "blue bus"),
        scene("A bus.", "bus"),
    ]
    scenes.append(scene("A bus.", "red bus"))
    plan = asked(planner(*scenes))
    assert not any("taken to be" in note for note in plan.notes)
    apart = asked(planner(scene("A fox.", "fox"), scene("A fox.", "red fox"), merge_aliases=False))
    assert set(apart.consistency_groups) == {"fox", "red fox", "forest"}
    assert join_aliases(plan) == plan


def test_layout_strength_is_the_models_choice_if_asked_for() -> None:
    plan = asked(planner(scene("A fox runs.", "fox"), strength=0.7, choose_strength=True))
    assert plan.scenes[0].layout_strength == 0.3
    assert "s1: layout strength 0.7 brought into [0, 0.3]" in plan.notes
    assert asked(planner(scene("A fox runs.", "fox"), strength=0.2)).scenes[0].layout_strength is None


def test_what_never_gets_boxes_is_placed() -> None:
    def forgetful(messages: list[BaseMessage]) -> str:
        if "Entities:" in str(messages[3].text) and "A fox" in str(messages[-1].text):
            return json.dumps({"fox": BOXES})
        return json.dumps({"fox": BOXES} if len(messages) > 4 else {"scenes": [scene("A fox.", "fox", "moon")]})

    plan = asked(LLMPlanner(ScriptedChatModel(script=[forgetful] * 9)))
    assert len(plan.scenes[0].entity("moon").layout) == 9
    assert 's1: "moon" has no boxes; asked 3 times' in plan.notes
    assert "s1: without boxes in the answer, placed standing still: moon" in plan.notes


def test_an_empty_story_asks_nobody() -> None:
    model = ScriptedChatModel()
    assert len(LLMPlanner(model).plan(" ... ").scenes) == 1
    assert model.asked == []


def test_scenes_without_things_are_not_asked_for() -> None:
    model = ScriptedChatModel(script=[answers(scene("The sea at night.", background="sea"))])
    assert LLMPlanner(model).plan("The sea at night.").scenes[0].entities == []
    assert len(model.asked) == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON, JSON, st.booleans())
def test_any_answer_gives_a_valid_plan_or_our_error(story: Any, layout: Any, wrapped: bool) -> None:
    def answer(messages: list[BaseMessage]) -> str:
        if "Entities:" in str(messages[-1].text) or any("Entities:" in str(message.text) for message in messages[3:]):
            return json.dumps(layout)
        return json.dumps({"scenes": [story, scene("A fox.", "fox")]} if wrapped else story)

    try:
        plan = LLMPlanner(ScriptedChatModel(script=[answer] * 99), attempts=2).plan("A fox runs.")
    except PlannerError:
        return
    assert VideoPlan.from_json(plan.to_json()) == plan


def test_recordings(tmp_path: Path) -> None:
    made = planner(scene("A fox runs.", "fox"), scene("A fox sits.", "fox"), record=tmp_path / "answers.json")
    plan = asked(made)
    again = LLMPlanner(ScriptedChatModel.from_recording(tmp_path / "answers.json"))
    assert asked(again) == plan
    with pytest.raises(UsageError, match="script has 0 answers"):
        asked(again, story="Another story.")
    (tmp_path / "answers.json").write_text("{}")
    with pytest.raises(UsageError, match="not a recording"):
        ScriptedChatModel.from_recording(tmp_path / "answers.json")


@pytest.mark.parametrize("answer", [StoryAnswer, LayoutAnswer, StrengthAnswer, RefineAnswer])
def test_schemas_are_within_what_strict_structured_output_takes(answer: type[Any]) -> None:
    def check(node: Any) -> None:
        if isinstance(node, dict):
            assert not node.keys() & {"default", "prefixItems", "oneOf", "patternProperties", "minItems", "minimum"}
            if node.get("type") == "object":
                assert node["additionalProperties"] is False
                assert node["required"] == list(node["properties"])
            for value in node.values():
                check(value)
        elif isinstance(node, list):
            for value in node:
                check(value)

    check(build_json_schema(answer))


# -- changing a plan


def edits(*items: dict[str, Any], remark: str = "") -> str:
    empty = dict.fromkeys(("scene", "entity", "text", "number", "layout", "after"))
    return json.dumps({"remark": remark, "edits": [{**empty, **item} for item in items]})


def refined(plan: VideoPlan, request: str, *script: Any) -> tuple[VideoPlan, ScriptedChatModel]:
    model = ScriptedChatModel(script=script)
    return Director(planner=LLMPlanner(model)).refine(plan, request), model


@pytest.fixture
def two_scenes() -> VideoPlan:
    return asked(planner(scene("A fox runs.", "fox"), scene("A fox and an owl.", "fox", "owl")))


def test_refine_changes_what_is_named_and_nothing_else(two_scenes: VideoPlan) -> None:
    box = dict(zip(("x0", "y0", "x1", "y1"), (0.1, 0.1, 0.3, 0.3), strict=True))
    script = edits(
        {"action": "resize_entity", "scene": "s2", "entity": "owl", "number": 1.5},
        {"action": "describe_entity", "scene": "s2", "entity": "owl", "text": "a majestic owl"},
        {"action": "set_layout", "scene": "s2", "entity": "fox", "layout": [box, None]},
        {"action": "add_entity", "scene": "s2", "entity": "moon", "text": "moon", "layout": None},
        {"action": "add_scene", "scene": "s3", "text": "The moon alone.", "after": "s2"},
    )
    after, model = refined(two_scenes, "let the whole thing feel more majestic, somehow", script)
    paths = {change.path for change in changes(two_scenes, after)}
    assert not any(path.startswith("scenes[s1]") for path in paths)
    assert after.scene("s1") == two_scenes.scene("s1")
    assert after.scene("s2").entity("owl").layout[0] != two_scenes.scene("s2").entity("owl").layout[0]
    assert after.scene("s2").entity("fox").layout == [(0.1, 0.1, 0.3, 0.3), None]
    assert [scene.id for scene in after.scenes] == ["s1", "s2", "s3"]
    assert after.consistency_groups["moon"] == ["s2"]
    assert len(model.asked) == 1


def test_refine_asks_again_with_the_reasons(two_scenes: VideoPlan) -> None:
    wrong = edits(
        {"action": "paint", "scene": "s2"},
        {"action": "describe_scene", "scene": "s9", "text": "x"},
        {"action": "remove_entity", "scene": "s1", "entity": "fox"},
        {"action": "remove_entity", "scene": "s2", "entity": "cat"},
    )
    right = edits({"action": "describe_scene", "scene": "s2", "text": "A solemn owl."})
    after, model = refined(two_scenes, "make it feel solemn in scene 2", wrong, right)
    reasons = str(model.asked[1][-1].text)
    for part in ("no action 'paint'", "no scene 's9'", "about s2 only", "no entity 'cat'; its entities are fox, owl"):
        assert part in reasons
    assert [change.path for change in changes(two_scenes, after)] == ["scenes[s2].description"]


def test_refine_that_changes_nothing_says_why(two_scenes: VideoPlan) -> None:
    with pytest.raises(PlannerError, match="changes nothing: music is no part of a plan"):
        refined(two_scenes, "sing it a lullaby, softly", edits(remark="music is no part of a plan"))


@settings(max_examples=40, deadline=None)
@given(JSON)
def test_refine_with_any_answer(answer: Any) -> None:
    model, story = ScriptedChatModel.example()
    plan = LLMPlanner(model).plan(story)
    text = json.dumps({"edits": answer if isinstance(answer, list) else [answer]})
    with suppress(PlannerError):
        LLMPlanner(ScriptedChatModel(script=[text] * 3)).refine(plan, "whatever it may be").checked()


# -- models, money, keys, the command line


@pytest.mark.parametrize(
    ("name", "url", "error"),
    [
        ("gpt-4o", None, UsageError),
        ("nobody:model", None, UsageError),
        ("openai:", None, UsageError),
        ("model", "not an address", UsageError),
        ("anthropic:claude", None, MissingDependencyError),
        ("openai:gpt-4o", None, PlannerError),
    ],
)
def test_models_that_cannot_be(
    name: str, url: str | None, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setitem(sys.modules, "langchain_anthropic", None)  # not installed
    with pytest.raises(error) as caught:
        create_chat_model(name, base_url=url)
    assert getattr(caught.value, "hint", "")


def test_a_key_is_not_sent_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-precious")
    monkeypatch.delenv("VIDEODIRECTOR_API_KEY", raising=False)
    local, remote = (
        create_chat_model("llama3:8b", base_url=url) for url in ("http://localhost:1/v1", "https://api.example/v1")
    )
    assert local.openai_api_key.get_secret_value() == "none"  # type: ignore[attr-defined]
    assert remote.openai_api_key.get_secret_value() == "sk-precious"  # type: ignore[attr-defined]
    assert local.model_name == "llama3:8b"  # type: ignore[attr-defined]


def test_scrubbing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "hush-hush")
    scrub = SecretRedactor()
    assert scrub("key hush-hush, sk-abcdefghij, Bearer abc.def and https://me:pw@host") == (
        "key ..., ..., Bearer ... and https://...@host"
    )
    assert scrub.redact_data({"a": ["hush-hush", 3]}) == {"a": ["...", 3]}


def test_usage() -> None:
    usage = Usage()
    usage.add(1_000_000, 0, cached=False)
    usage.add(5, 5, cached=True)
    assert usage.summarise("gpt-4o").startswith(
        "Planned by gpt-4o: 2 answers (1 of them kept from before), 1000000 tokens"
    )
    assert "about $2.50" in usage.summarise("gpt-4o")
    assert "$" not in usage.summarise("my-own-model")


def test_answers_of_tool_calls_and_lists_of_parts() -> None:
    told = json.dumps({"scenes": [scene("The sea.")]})
    call = {"name": "StoryAnswer", "args": json.loads(told), "id": "1", "type": "tool_call"}
    parts: list[Any] = [{"type": "text", "text": told}]
    for message in (AIMessage(content="", tool_calls=[call]), AIMessage(content=parts)):
        assert LLMPlanner(ScriptedChatModel(script=[message])).plan("The sea.").scenes[0].description == "The sea."


def test_dry_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    arguments = ["A fox runs.", "--planner", "m", "--base-url", "http://localhost:1/v1", "--dry-run", "--scenes", "2"]
    assert main(["plan", *arguments]) == 0
    out = capsys.readouterr().out
    assert "--- story, system" in out
    assert "exactly 2 scenes" in out
    assert "A fox runs." in out
    assert "--- every scene, human" in out
    assert main(["make", *arguments, "-o", str(tmp_path / "a.mp4"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [question["step"] for question in told["questions"]] == ["story", "every scene"]
    assert main(["plan", "A fox runs.", "--dry-run"]) == 0
    assert list(tmp_path.glob("*.mp4")) == []


def test_a_dry_run_needs_no_key(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert main(["plan", "A fox runs.", "--planner", "openai:gpt-4o", "--dry-run"]) == 0
    assert "--- story, human" in capsys.readouterr().out
    assert main(["plan", "A fox runs.", "--planner", "openai:gpt-4o"]) == 3


def test_the_offline_planner_asks_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "A fox.", "--base-url", "http://localhost:1/v1"]) == 2
    assert "asks no server" in capsys.readouterr().err
