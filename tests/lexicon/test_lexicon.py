from __future__ import annotations

import pytest

from videodirector import lexicon
from videodirector.lexicon import wordnet


def test_the_world_is_as_large_as_promised() -> None:
    assert len(lexicon.get_things()) >= 64
    assert len(lexicon.get_backgrounds()) >= 12


def test_no_word_means_two_things() -> None:
    for table in (lexicon.get_things(), lexicon.get_backgrounds()):
        seen: dict[str, str] = {}
        for name, entry in table.items():
            for word in (name, *entry.synonyms):
                assert seen.setdefault(word, name) == name, f"{word!r} means {seen[word]!r} and {name!r}"


def test_things_fit_into_the_picture() -> None:
    for thing in lexicon.get_things().values():
        assert 0.15 <= thing.size <= 0.7, thing.name
        assert 0.1 < thing.size * thing.aspect < 0.8, thing.name


def test_colour_variants_are_colours() -> None:
    for thing in lexicon.get_things().values():
        assert set(thing.colours) <= set(lexicon.colours()), thing.name


def test_people_of_stories_are_there() -> None:
    words = {word for thing in lexicon.get_things().values() for word in (thing.name, *thing.synonyms)}
    assert {"boy", "girl", "king", "princess", "knight", "wizard", "farmer", "queen", "chef", "man", "woman"} <= words


@pytest.mark.parametrize(
    ("word", "kind", "moves"),
    [
        ("husky", "animal", "walks"),
        ("sparrow", "animal", "flies"),
        ("salmon", "animal", "swims"),
        ("canoe", "vehicle", "swims"),
        ("gazebo", "building", "still"),
        ("ballerina", "person", "walks"),
        ("violin", "object", "still"),
        ("pear", "food", "rolls"),
    ],
)
def test_things_that_no_table_names_have_the_nature_of_their_class(word: str, kind: str, moves: str) -> None:
    nature = lexicon.infer_traits(word)
    assert nature is not None
    assert (nature.kind, nature.moves) == (kind, moves)


@pytest.mark.parametrize("word", ["joy", "yesterday", "idea", "qwxz", "", "*", "a\tb"])
def test_what_cannot_be_seen_has_no_nature(word: str) -> None:
    assert lexicon.infer_traits(word) is None


def test_a_class_may_be_a_thing_that_can_be_drawn() -> None:
    assert lexicon.infer_traits("husky") == lexicon.get_things()["dog"]


@pytest.mark.parametrize(
    ("word", "place"), [("stadium", "city"), ("corridor", "road"), ("library", "room"), ("zoo", "farm"), ("fox", None)]
)
def test_places_that_no_table_names_look_like_those_of_their_class(word: str, place: str | None) -> None:
    found = lexicon.find_similar_background(word)
    assert (found.name if found else None) == place


def test_the_tables_are_sorted_and_lineages_end() -> None:
    for table in ("nouns.tsv.gz", "verbs.tsv.gz"):
        lines = wordnet._read_table(table)
        assert lines == sorted(lines)
    assert "animal" in wordnet.find_noun("husky").hypernyms  # type: ignore[union-attr]
    assert wordnet.find_verb("trudge").hypernyms[:2] == ("slog", "walk")  # type: ignore[union-attr]
    assert wordnet.find_verb("idea") is None
