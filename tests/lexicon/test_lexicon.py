from __future__ import annotations

from videodirector import lexicon


def test_the_world_is_as_large_as_promised() -> None:
    assert len(lexicon.things()) >= 64
    assert len(lexicon.backgrounds()) >= 12


def test_no_word_means_two_things() -> None:
    for words in (lexicon.things(), lexicon.backgrounds()):
        seen: dict[str, str] = {}
        for name, entry in words.items():
            for word in (name, *entry.synonyms):
                assert seen.setdefault(word, name) == name, f"{word!r} means {seen[word]!r} and {name!r}"


def test_things_fit_into_the_picture() -> None:
    for thing in lexicon.things().values():
        assert 0.15 <= thing.size <= 0.7, thing.name
        assert 0.1 < thing.size * thing.aspect < 0.8, thing.name


def test_colour_variants_are_colours() -> None:
    for thing in lexicon.things().values():
        assert set(thing.colours) <= set(lexicon.colours()), thing.name


def test_people_of_stories_are_there() -> None:
    words = {word for thing in lexicon.things().values() for word in (thing.name, *thing.synonyms)}
    assert {"boy", "girl", "king", "princess", "knight", "wizard", "farmer", "queen", "chef", "man", "woman"} <= words
