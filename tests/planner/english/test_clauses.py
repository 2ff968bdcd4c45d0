"""Tags, clauses, motions and arrangements, one by one."""

import itertools
import typing

import pytest

from videodirector.planner.english.clauses import Clause, parse_clauses
from videodirector.planner.english.script import clean_story, split_sentences, split_shots
from videodirector.planner.english.tagging import tag_words
from videodirector.planner.layout.arrange import arrange_boxes
from videodirector.planner.layout.motion import VERBS, Path, parse_motion
from videodirector.planner.layout.trajectories import Actor, Relation
from videodirector.planner.offline import _is_thing
from videodirector.schemas import KEY_BOXES


def parse(sentence: str) -> list[Clause]:
    return parse_clauses(tag_words(sentence, _is_thing))


@pytest.mark.parametrize(
    ("sentence", "tags"),
    [
        ("The owl flies away", "DET NOUN VERB ADV"),
        ("The fire trucks race", "DET NOUN NOUN VERB"),
        ("Ducks swim", "NOUN VERB"),
        ("He watches her dog", "PRON VERB POSS NOUN"),
        ("A flying bird sits on it", "DET ADJ NOUN VERB PREP PRON"),
        ("A fox starts to circle the tree", "DET NOUN VERB TO VERB DET NOUN"),
        ("It moves to the upper left", "PRON VERB TO DET ADJ NOUN"),
        ("A fox named Rusty runs", "DET NOUN NAME NAME VERB"),
    ],
)
def test_words_get_their_class_from_their_neighbours(sentence: str, tags: str) -> None:
    assert [token.tag for token in tag_words(sentence, _is_thing)] == tags.split()


def test_a_clause_knows_who_does_what_where() -> None:
    first, second = parse("Three small ducks swim in the lake, and a red fox carefully watches them.")
    assert (first.subject[0].words, first.subject[0].count, first.subject[0].adjectives) == ("duck", 3, ("small",))
    assert (first.verb, first.phrases[0].preposition, first.phrases[0].ground[0].words) == ("swim", "in", "lake")
    assert (second.verb, second.subject[0].adjectives, second.objects[0].pronoun) == ("watch", ("red",), "them")


def test_every_verb_has_a_path_that_exists_and_only_one() -> None:
    assert set(VERBS.values()) <= set(typing.get_args(Path))
    assert len(VERBS) > 150


@pytest.mark.parametrize(
    ("sentence", "path"),
    [
        ("A fox walks away.", "leave"),
        ("A fox comes in.", "enter"),
        ("A fox climbs up.", "rise"),
        ("A fox gets closer.", "approach"),
        ("A fox runs around the tree.", "circle"),
        ("A fox starts running.", "cross"),
        ("A fox never runs.", "still"),
        ("A fox chases a cat.", "chase"),
        ("A fox runs to a cat.", "meet"),
        ("A fox thinks.", "still"),
    ],
)
def test_paths(sentence: str, path: str) -> None:
    assert parse_motion(parse(sentence)[0], None).path == path


def actor(name: str, **changes: typing.Any) -> Actor:
    defaults: dict[str, typing.Any] = {"id": name, "height": 0.3, "aspect": 1.0}
    return Actor(**(defaults | changes))


def test_relations_in_a_circle_still_give_boxes() -> None:
    relations = [Relation("on", "a", ("b",)), Relation("on", "b", ("c",)), Relation("on", "c", ("a",))]
    found = arrange_boxes([actor("a"), actor("b"), actor("c"), actor("d")], relations, 0.7)
    assert {name: len(layout) for name, layout in found.items()} == dict.fromkeys("abcd", KEY_BOXES)


@pytest.mark.parametrize("path", typing.get_args(Path))
@pytest.mark.parametrize("airborne", [False, True])
@pytest.mark.parametrize("kind", [None, "on", "under", "above", "behind", "in front of", "next to", "inside"])
def test_all_paths_stay_inside_the_picture(path: Path, airborne: bool, kind: typing.Any) -> None:
    relations = [Relation(kind, "a", ("b",))] if kind else []
    found = arrange_boxes([actor("a", path=path, airborne=airborne, target="b"), actor("b")], relations, 0.7)
    for box in itertools.chain(*found.values()):
        assert box is None or (0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1)
    assert any(box is not None for box in found["a"])


def test_who_is_on_the_left_stays_on_the_left() -> None:
    found = arrange_boxes([actor("a", last_x=0.8), actor("b", last_x=0.2)], [], 0.7)
    a, b = found["a"][0], found["b"][0]
    assert a is not None
    assert b is not None
    assert b.x1 < a.x0


def test_sentences_end_where_they_end() -> None:
    assert split_sentences("Mr. Fox sleeps. He wakes! Why?") == ["Mr. Fox sleeps.", "He wakes!", "Why?"]
    assert split_sentences("狐狸睡觉。猫跑！") == ["狐狸睡觉。", "猫跑！"]
    assert split_sentences("A realistic lively video of a scene with one cat") == ["one cat"]
    assert split_sentences("Once upon a time, there was a fox.") == ["there was a fox."]


def test_cleaning() -> None:
    assert clean_story("a <i>fox</i>\x07 &amp; 🦉!").split() == ["a", "fox", "&", "an", "owl", "!"]
    assert clean_story("\ud83e\udd8a").strip() == "a fox", "halves of one character are put together"


def test_a_title_is_no_scene() -> None:
    inline = ["A cat sleeps.", "Close-up: a dog barks."]
    for script in (
        "1. A cat sleeps. 2. Close-up: a dog barks.",
        "Pets: 1) A cat sleeps. 2) Close-up: a dog barks.",
        "Pets\n(1) A cat sleeps. (2) Close-up: a dog barks.",
    ):
        assert [shot.text for shot in split_shots(script) if shot.is_listed] == inline, script
    assert not any(shot.is_listed for shot in split_shots("He has 1. She has 2. They go."))
    assert [shot.text for shot in split_shots("The Fox\nScene 1: A fox sits.\nIt waits.\nScene 2 - A cat runs.")] == [
        "A fox sits. It waits.",
        "A cat runs.",
    ]
