"""Combine captions and text to one story.

The text leads: it is planned as it is; what a certain caption shows and the text does not name is added, and a
sure place is taken where the text names none. Without text the surest thing is the subject, in the surest place, with
the surest motion, and what other captions surely show is there beside it. Unsure captions add nothing to a text or to
a surer caption; all are listed in the plan's notes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from videodirector import lexicon
from videodirector.schemas import Caption, Guess, VideoPlan, normalised
from videodirector.senses.caption_bank import add_article
from videodirector.senses.captioner import CONFIDENCE_THRESHOLD, compose_caption

__all__ = ["CombinedStory", "add_references", "combine_inputs"]


@dataclass(frozen=True, kw_only=True)
class CombinedStory:
    """The text to plan, its place if the text names none, and notes for the plan."""

    text: str
    place: str | None
    notes: tuple[str, ...]


def combine_inputs(text: str, captions: Sequence[Caption]) -> CombinedStory:
    """Combine a text (may be empty) and the captions of other inputs."""
    notes = tuple(note for caption in captions for note in (describe_caption(caption), *caption.notes))
    place = _find_most_confident(captions, lambda caption: caption.place, least=CONFIDENCE_THRESHOLD)
    if text.strip():
        added = [guess for guess in _find_others(captions, None) if not _is_named(text, guess.words)]
        story = " ".join([text.rstrip(), *(f"There is {add_article(guess.words)}." for guess in added)])
        return CombinedStory(
            text=story, place=None if place is None or _has_place_name(text) else place.words, notes=notes
        )
    thing = _find_most_confident(captions, lambda caption: caption.thing)
    motion = _find_most_confident(captions, lambda caption: caption.motion)
    subject = compose_caption(thing, place, motion)
    others = [add_article(guess.words) for guess in _find_others(captions, thing)]
    if others:
        subject = f"{subject.removesuffix('.')} next to {' and '.join(others)}."
    return CombinedStory(text=subject, place=None, notes=notes)


def describe_caption(caption: Caption) -> str:
    """Return a note on a caption: its source, confidence and alternatives."""
    head = f"{caption.modality} {caption.source}"
    parts = [f"{name} {guess.confidence:.0%}" for name, guess in _list_guesses(caption)]
    also = ", ".join(f"{guess.words} {guess.confidence:.0%}" for guess in caption.runners_up)
    text = f"{head}: “{caption.text}” ({', '.join(parts)}{f'; or {also}' if also else ''})."
    if caption.confidence < CONFIDENCE_THRESHOLD:
        text += " That is no more than a guess: say in words what it shows."
    return text


def add_references(plan: VideoPlan, captions: Sequence[Caption], files: Sequence[str]) -> VideoPlan:
    """Set the first picture as reference of the entity that the pictures show; add a note if there is none."""
    caption = next((caption for caption in captions if caption.modality == "image"), None)
    if caption is None or caption.thing is None or not files:
        return plan
    plan = plan.model_copy(deep=True)
    shown = normalised(caption.thing.words)
    kind = _find_thing_name(shown)
    for _, entity in plan.appearances():
        if normalised(entity.name) == shown or _find_thing_name(entity.name) == kind:
            plan.references.setdefault(entity.id, files[0])
            break
    else:
        plan.notes.append(f"{files[0]}: nothing in the plan is {add_article(shown)}; name it in references yourself.")
    return plan.checked()


def _list_guesses(caption: Caption) -> list[tuple[str, Guess]]:
    parts = (("thing", caption.thing), ("place", caption.place), ("motion", caption.motion))
    return [(name, guess) for name, guess in parts if guess is not None]


def _find_most_confident(
    captions: Sequence[Caption], part: Callable[[Caption], Guess | None], least: float = 0.0
) -> Guess | None:
    found = [guess for caption in captions if (guess := part(caption)) is not None and guess.confidence >= least]
    return max(found, key=lambda guess: guess.confidence, default=None)


def _find_others(captions: Sequence[Caption], subject: Guess | None) -> list[Guess]:
    """Return the certain things besides the subject, each once."""
    others: dict[str, Guess] = {}
    for caption in captions:
        guess = caption.thing
        if (
            guess
            and guess.confidence >= CONFIDENCE_THRESHOLD
            and not (subject and _find_thing_name(guess.words) == _find_thing_name(subject.words))
        ):
            others.setdefault(_find_thing_name(guess.words), guess)
    return list(others.values())


def _find_thing_name(words: str) -> str:
    """Return the lexicon's name of a thing, without its colour."""
    text = normalised(words)
    for thing in sorted(lexicon.trained_things().values(), key=lambda thing: -len(thing.name)):
        if any(re.search(rf"\b{re.escape(name)}$", text) for name in (thing.name, *thing.synonyms)):
            return thing.name
    return text


def _is_named(text: str, words: str) -> bool:
    thing = lexicon.trained_things().get(_find_thing_name(words))
    names = (words, *((thing.name, *thing.synonyms) if thing else ()))
    plurals = (re.sub("y$", "ies", name) for name in names)
    return any(re.search(rf"\b{re.escape(name)}(e?s)?\b", text.lower()) for name in (*names, *plurals))


def _has_place_name(text: str) -> bool:
    return any(
        re.search(rf"\b{re.escape(name)}\b", text.lower())
        for place in lexicon.trained_backgrounds().values()
        for name in (place.name, *place.synonyms)
    )
