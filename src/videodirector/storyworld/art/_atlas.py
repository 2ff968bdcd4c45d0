"""All sprites, and the one that words call for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from videodirector import lexicon
from videodirector.lexicon import Action
from videodirector.storyworld.art._sprites import Sprite, sprites_of

__all__ = ["Atlas", "action_in", "load", "said_of"]

_GENDERS = {"woman": 1, "girl": 1, "old woman": 1, "man": 2, "boy": 2, "old man": 2}  # columns of codes; else 0
_FIGURES = ("man", "woman", "person")  # seen from head to foot when nothing else is said
_OLD = ("old man", "old woman")  # known by their faces: they walk and stand as they are


class Atlas:
    """All sprites. Iterating gives every thing in every colour, seen as it was drawn."""

    def __init__(self) -> None:
        things = lexicon.things()
        phrases = {phrase: thing.name for thing in things.values() for phrase in (*thing.synonyms, thing.name)}
        phrases |= {thing.plural: thing.name for thing in things.values() if thing.plural}
        self._phrases = {phrase: phrases[phrase] for phrase in sorted(phrases, key=len, reverse=True)}
        self._pattern = re.compile(rf"\b({'|'.join(map(re.escape, self._phrases))})(?:e?s)?\b")

    def __iter__(self) -> Iterator[Sprite]:
        return (sprite for thing in lexicon.things() for sprite in self.variants(thing))

    def variants(self, thing: str) -> tuple[Sprite, ...]:
        """A thing in all its colours, its own colour first.

        Raises:
            KeyError: no such thing.
        """
        return _variants(thing)

    def people(self, thing: str) -> tuple[Sprite, ...]:
        """Somebody in every look and tone of skin, doing nothing; nobody for a thing that is not of ``STORY_PEOPLE``.

        What it does is added by ``acting``.
        """
        if thing not in lexicon.STORY_PEOPLE:
            return ()
        own = Sprite(thing=lexicon.things()[thing], code=lexicon.things()[thing].code)
        toned = tuple(replace(own, code=lexicon.with_tone(own.code, tone), tone=tone) for tone in lexicon.SKIN_TONES)
        looks = tuple(_with_look(own, look) for look in lexicon.looks()) if thing in _FIGURES else ()
        return (own, *toned, *looks)

    def acting(self, sprite: Sprite, action: str) -> Sprite:
        """Somebody doing something, seen as far as the picture of the action tells.

        Raises:
            KeyError: no such action.
        """
        done = lexicon.actions()[action]
        code = done.codes[_GENDERS.get(sprite.thing.name, 0) if len(done.codes) > 1 else 0]
        toned = sprite.tone and lexicon.has_tones(code)
        return replace(sprite, action=done, look="", code=lexicon.with_tone(code, sprite.tone) if toned else code)

    def find(
        self, name: str, description: str = "", *, doing: str = "", moving: bool = False, beside: Sequence[str] = ()
    ) -> Sprite | None:
        """The sprite for an entity, or None for a thing that the atlas does not hold.

        The thing is looked up in the name by the words of the lexicon, the longest first ("hot air balloon" before
        "air"; of several, the last, which in English is the noun). Its colour, hair and skin may stand in the name or
        in the description. Only what the words say: nearness in meaning is the text encoder's matter.

        Args:
            name: "old woman".
            description: "an old woman with white hair".
            doing: what is said of it: "runs through the forest".
            moving: whether it goes somewhere, so that people walk who would stand.
            beside: names of what else is seen. Who rides a bicycle that has a picture of its own is no second cyclist.
        """
        thing = self._thing(name)
        if thing is None:
            return None
        text = f"{name} {description}".lower()
        if thing not in lexicon.STORY_PEOPLE or thing == "baby":
            variants, words = self.variants(thing), set(re.findall(r"[a-z]+", text))
            return next((sprite for sprite in variants if sprite.colour in words), variants[0])
        sprite = Sprite(thing=lexicon.things()[thing], code=lexicon.things()[thing].code)
        for tone, (_, phrases) in lexicon.SKIN_TONES.items():
            if _says(text, phrases):
                sprite = replace(sprite, code=lexicon.with_tone(sprite.code, tone), tone=tone)
        action = action_in(doing)
        if action is not None and {self._thing(other) for other in beside} & {*action.shows}:
            return sprite
        if action is not None and not (thing in _OLD and action.name in ("walks", "stands")):
            return self.acting(sprite, action.name)
        look = next((look.name for look in lexicon.looks().values() if _says(text, look.phrases)), "")
        if look and not sprite.tone and thing not in _OLD:
            return _with_look(sprite, look)
        if thing in _FIGURES:
            return self.acting(sprite, "walks" if moving else "stands")
        return sprite

    def _thing(self, name: str) -> str | None:
        found = self._pattern.findall(name.lower())
        return self._phrases[found[-1]] if found else None


def load() -> Atlas:
    """The atlas that ships with the package."""
    return _load()


@lru_cache(maxsize=1)
def _load() -> Atlas:
    return Atlas()


@lru_cache(maxsize=1024)
def _variants(thing: str) -> tuple[Sprite, ...]:
    return tuple(sprites_of(lexicon.things()[thing]))


def _with_look(sprite: Sprite, look: str) -> Sprite:
    return replace(sprite, code=lexicon.looks()[look].codes[_GENDERS.get(sprite.thing.name, 0)], look=look)


def _says(text: str, phrases: Sequence[str]) -> bool:
    return any(re.search(rf"\b{re.escape(phrase)}\b", text) for phrase in phrases)


def action_in(text: str) -> Action | None:
    """The first action that a text tells of; of two at one place the longer one."""
    found = _verbs().search(text.lower())
    return lexicon.actions()[_forms()[found[0]]] if found else None


def said_of(name: str, others: Sequence[str], text: str) -> str:
    """What a description says that somebody does: the words after the name, until others take over.

    "The girl waves to a fox while the man runs" says of the man "runs", of the girl "waves to a fox".

    Args:
        name: of an entity.
        others: names of the other entities.
        text: the description.
    """
    parts = re.split(r"(?<=[.!?;])\s+|,?\s+(?:while|as|but|when|until)\s+", text.lower())
    mine = [(part, place.end()) for part in parts if (place := _name(name).search(part))]
    if not mine:
        # "She runs": of whom else?
        return text if not others else ""
    part, start = mine[0]
    rest = part[start:]
    taken = [place for other in others if (place := re.search(rf"\band\s+(?:\w+\s+)?{_name(other).pattern}", rest))]
    first = min((place.start() for place in taken), default=len(rest))
    return rest[:first] if action_in(rest[:first]) or rest[:first].strip() else rest


def _name(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(name.lower())}(?:e?s)?\b")


@lru_cache(maxsize=1)
def _forms() -> dict[str, str]:
    """All forms of all verbs, with the action's name."""
    forms: dict[str, str] = {}
    for action in lexicon.actions().values():
        for phrase in action.verbs:
            verb, _, rest = phrase.partition(" ")
            for form in _inflected(verb):
                forms.setdefault(f"{form} {rest}".strip(), action.name)
    return forms


@lru_cache(maxsize=1)
def _verbs() -> re.Pattern[str]:
    longest_first = sorted(_forms(), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b")


_IRREGULAR = {
    "run": ("ran",), "swim": ("swam", "swum"), "ride": ("rode", "ridden"), "throw": ("threw", "thrown"),
    "sit": ("sat",), "kneel": ("knelt",), "sing": ("sang", "sung"), "teach": ("taught",), "sleep": ("slept",),
    "stand": ("stood",), "go": ("went", "gone"), "come": ("came",), "leave": ("left",), "weep": ("wept",),
    "say": ("said",), "tell": ("told",), "fight": ("fought",), "take": ("took",), "have": ("had", "has"),
    "lie": ("lay", "lying"), "feed": ("fed",), "make": ("made",), "get": ("got",), "draw": ("drew",),
    "catch": ("caught",), "fall": ("fell",), "cut": ("cut",), "be": ("is", "was"), "give": ("gave",),
    "do": ("did", "does"), "flee": ("fled",),
}  # fmt: skip


def _inflected(verb: str) -> set[str]:
    stem = verb.removesuffix("e") if not verb.endswith(("ee", "oe")) else verb
    forms = {verb, f"{verb}s", f"{verb}es", f"{stem}ing", f"{stem}ed", *_IRREGULAR.get(verb, ())}
    if verb.endswith("y"):
        forms |= {f"{verb[:-1]}ies", f"{verb[:-1]}ied"}
    if re.fullmatch(r"[a-z]*[^aeiou][aeiou][bdgmnpt]", verb):
        forms |= {f"{verb}{verb[-1]}ing", f"{verb}{verb[-1]}ed"}
    return forms
