"""Captions and words to one story.

The rule: text leads. It is planned as it stands; what a sure caption shows and the text does not name is added, and a
sure place is taken where the text names none. Without text the surest thing is the subject, in the surest place, with
the surest motion, and what other captions surely show is there beside it. Unsure captions add nothing to a text or to
a surer caption; all are told in the plan's notes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from videodirector import lexicon
from videodirector.schemas import Caption, Guess, VideoPlan, normalised
from videodirector.senses.bank import with_article
from videodirector.senses.captioner import SURE, composed

__all__ = ["Story", "combined", "with_references"]


@dataclass(frozen=True, kw_only=True)
class Story:
    """What to plan, where it happens if the words do not say it, and what to note in the plan."""

    text: str
    place: str | None
    notes: tuple[str, ...]


def combined(text: str, captions: Sequence[Caption]) -> Story:
    """One story of a text (may be empty) and the captions of what was given beside it."""
    notes = tuple(note for caption in captions for note in (told(caption), *caption.notes))
    place = _surest(captions, lambda caption: caption.place, least=SURE)
    if text.strip():
        added = [guess for guess in _others(captions, None) if not _names(text, guess.words)]
        story = " ".join([text.rstrip(), *(f"There is {with_article(guess.words)}." for guess in added)])
        return Story(text=story, place=None if place is None or _names_place(text) else place.words, notes=notes)
    thing = _surest(captions, lambda caption: caption.thing)
    motion = _surest(captions, lambda caption: caption.motion)
    subject = composed(thing, place, motion)
    others = [with_article(guess.words) for guess in _others(captions, thing)]
    if others:
        subject = f"{subject.removesuffix('.')} next to {' and '.join(others)}."
    return Story(text=subject, place=None, notes=notes)


def told(caption: Caption) -> str:
    """A note on a caption: what was made of which file, how sure that is, what else it may be."""
    head = f"{caption.modality} {caption.source}"
    parts = [f"{name} {guess.confidence:.0%}" for name, guess in _parts(caption)]
    also = ", ".join(f"{guess.words} {guess.confidence:.0%}" for guess in caption.runners_up)
    text = f"{head}: “{caption.text}” ({', '.join(parts)}{f'; or {also}' if also else ''})."
    if caption.confidence < SURE:
        text += " That is no more than a guess: say in words what it shows."
    return text


def with_references(plan: VideoPlan, captions: Sequence[Caption], files: Sequence[str]) -> VideoPlan:
    """The plan, whose entity that the pictures show looks like the first of them; a note where there is none."""
    caption = next((caption for caption in captions if caption.modality == "image"), None)
    if caption is None or caption.thing is None or not files:
        return plan
    plan = plan.model_copy(deep=True)
    shown = normalised(caption.thing.words)
    kind = _thing(shown)
    for _, entity in plan.appearances():
        if normalised(entity.name) == shown or _thing(entity.name) == kind:
            plan.references.setdefault(entity.id, files[0])
            break
    else:
        plan.notes.append(f"{files[0]}: nothing in the plan is {with_article(shown)}; name it in references yourself.")
    return plan.checked()


def _parts(caption: Caption) -> list[tuple[str, Guess]]:
    parts = (("thing", caption.thing), ("place", caption.place), ("motion", caption.motion))
    return [(name, guess) for name, guess in parts if guess is not None]


def _surest(captions: Sequence[Caption], part: Callable[[Caption], Guess | None], least: float = 0.0) -> Guess | None:
    found = [guess for caption in captions if (guess := part(caption)) is not None and guess.confidence >= least]
    return max(found, key=lambda guess: guess.confidence, default=None)


def _others(captions: Sequence[Caption], subject: Guess | None) -> list[Guess]:
    """What is surely shown besides the subject, each thing once."""
    others: dict[str, Guess] = {}
    for caption in captions:
        guess = caption.thing
        if guess and guess.confidence >= SURE and not (subject and _thing(guess.words) == _thing(subject.words)):
            others.setdefault(_thing(guess.words), guess)
    return list(others.values())


def _thing(words: str) -> str:
    """The lexicon's name of what these words call, without its colour."""
    text = normalised(words)
    for thing in sorted(lexicon.trained_things().values(), key=lambda thing: -len(thing.name)):
        if any(re.search(rf"\b{re.escape(name)}$", text) for name in (thing.name, *thing.synonyms)):
            return thing.name
    return text


def _names(text: str, words: str) -> bool:
    thing = lexicon.trained_things().get(_thing(words))
    names = (words, *((thing.name, *thing.synonyms) if thing else ()))
    plurals = (re.sub("y$", "ies", name) for name in names)
    return any(re.search(rf"\b{re.escape(name)}(e?s)?\b", text.lower()) for name in (*names, *plurals))


def _names_place(text: str) -> bool:
    return any(
        re.search(rf"\b{re.escape(name)}\b", text.lower())
        for place in lexicon.trained_backgrounds().values()
        for name in (place.name, *place.synonyms)
    )
