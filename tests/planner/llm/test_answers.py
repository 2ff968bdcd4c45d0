"""Answers as they really come: data is found in them, whatever stands around it."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodirector.planner.llm._answers import extract_json, replace_look_alikes

WANTED = {"scenes": [{"description": "A fox, red.", "boxes": [0.1, -2, 3e-1], "last": None}]}
CLEAN = json.dumps(WANTED)


@pytest.mark.parametrize(
    "text",
    [
        CLEAN,
        f"  \ufeff{CLEAN}\n",
        f"Sure! Here is your plan:\n```json\n{CLEAN}\n```\nAnything else?",
        f"```\n{CLEAN}",
        f"Of course [1]. {CLEAN} I hope that helps {{really}}.",
        CLEAN.replace("}]", "},],").replace("null}", "null,}"),
        CLEAN.replace('"boxes"', '// where it is\n"boxes"').replace("[0.1", "/* left */ [0.1"),
        CLEAN.replace('"', "“", 1).replace('"', "”", 1).replace(":", "：").replace(", -2", "， −2"),
        CLEAN.replace("0.1", "０.１").replace("{", "｛").replace("}", "｝"),
        CLEAN.replace('"', "'").replace("null", "None"),
        CLEAN[:-3],
    ],
)
def test_what_was_meant_is_read(text: str) -> None:
    data, repairs = extract_json(text)
    assert data == WANTED
    assert bool(repairs) == (text.strip("\ufeff \n") != CLEAN)


def test_text_in_quotes_keeps_every_character() -> None:
    data, _ = extract_json('Here: ｛"a"："“Ｈi”， said the：fox"，"b"：[１]｝')
    assert data == {"a": "“Ｈi”， said the：fox", "b": [1]}


def test_a_key_given_twice() -> None:
    data, repairs = extract_json('{"a": 1, "b": 2, "a": 3}')
    assert data == {"a": 3, "b": 2}
    assert repairs == ["given twice, the last one counts: a"]


def test_one_object_a_line() -> None:
    assert extract_json('{"a": 1}\n{"a": 2}')[0] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("text", ["", "I cannot help with that.", '"just text"', "42", "[[[[", "null"])
def test_where_there_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="no JSON"):
        extract_json(text)


@given(st.text(alphabet='{}[]",:01.e-tfn \\/*#\n“”：｛x', max_size=200))
def test_anything_is_data_or_a_value_error(text: str) -> None:
    try:
        data, _ = extract_json(text)
    except ValueError:
        return
    assert isinstance(data, (dict, list))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000, "{" * 100_000, "[1," * 50_000, '"' * 100_000])
def test_nothing_takes_long(text: str) -> None:
    start = time.monotonic()
    with pytest.raises(ValueError, match="no JSON"):
        extract_json(text)
    assert time.monotonic() - start < 5


def test_plain() -> None:
    assert replace_look_alikes("［０．５，\u00a0−１］") == "[0.5, -1]"
