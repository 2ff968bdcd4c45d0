"""Word classes: the closed ones as tables here, the open ones from lemminflect (the NIH SPECIALIST lexicon)."""

from __future__ import annotations

import re
from functools import lru_cache

from videodirector.lexicon.wordnet import find_noun

__all__ = ["choose_article", "find_word_classes", "is_english_word", "lemmatise", "pluralise", "split_words"]


def split_words(text: str) -> frozenset[str]:
    """Return the words of a text, as a table that reads as a line."""
    return frozenset(text.replace("\n", " ").split())


DETERMINERS = split_words(
    """a an the this that these those some any each every another no both all such what which other neither either"""
)
POSSESSIVES = split_words("my your his her its our their whose")
PRONOUN_BY_POSSESSIVE = {"its": "it", "his": "he", "her": "she", "their": "they"}
"""By possessive the pronoun of whom it speaks."""
PRONOUNS = split_words(
    """i you he she it we they me him her us them himself herself itself themselves one other others everyone
    everybody someone somebody nobody anyone"""
)
_TO_TWELVE = "one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905 - one line
NUMBERS: dict[str, int] = {word: number for number, word in enumerate(_TO_TWELVE, start=1)}
NUMBERS |= {
    "dozen": 12,
    "couple": 2,
    "pair": 2,
    "several": 3,
    "few": 3,
    "many": 5,
    "numerous": 5,
    "countless": 8,
    "hundred": 100,
}
GROUP_NOUNS: dict[str, int] = dict.fromkeys(
    split_words("""group flock herd pack swarm school crowd bunch team family row line number handful lot lots hundreds
    dozens thousands plenty fleet pride colony gang"""),
    4,
) | {"dozen": 12, "couple": 2, "pair": 2, "few": 3, "duo": 2, "trio": 3, "threesome": 3, "quartet": 4, "quintet": 5}
PARTITIVES = split_words(
    """piece slice bit lump chunk scrap kind type sort bunch pile heap stack basket bowlful loaf crumb blade drop puff
    strip clump scoop"""
)
"""What is said before "of" without naming a thing itself: "a piece of fruit"."""
AUXILIARIES = split_words(
    """is are was were be been being am has have had do does did will would can could may might shall should
    must isn't aren't wasn't weren't don't doesn't didn't can't won't"""
)
BE = split_words("is are was were be been being am isn't aren't wasn't weren't")
CONJUNCTIONS = split_words("and or but nor yet so plus &")
SUBORDINATORS = split_words(
    """while as when whenever because since if although though until till before after whereas where"""
)
PHRASAL_SUBORDINATORS: dict[tuple[str, ...], str] = {
    tuple(phrase.split()): phrase for phrase in ("as soon as", "as long as", "even though")
}
RELATIVES = split_words("who which that whom")
ADVERBS = split_words(
    """away up down back off out in home forward forwards backward backwards ahead together apart then now
    again finally suddenly first next later soon eventually meanwhile afterwards afterward slowly quickly
    very too so quite really just only still even also not never always often once here there everywhere
    upward upwards downward downwards leftward leftwards rightward rightwards sideways closer nearer outside
    inside indoors outdoors around over along past by overhead ever almost nearly further farther already
    sometimes instead more most less"""
)
PREPOSITIONS = split_words(
    """wearing in on at to into onto through across over under below beneath underneath above between behind beside
    besides near by with without from toward towards along around round past against among amongst amid off
    out of about inside outside within up down for upon like via beyond during before after until till than
    near atop opposite"""
)
COMPOUND_PREPOSITIONS: dict[tuple[str, ...], str] = {
    tuple(phrase.split()): meaning
    for phrase, meaning in {
        "in front of": "in front of",
        "on top of": "on top of",
        "at the top of": "on top of",
        "next to": "next to",
        "close to": "next to",
        "on the left of": "left of",
        "on the left side of": "left of",
        "to the left of": "left of",
        "left of": "left of",
        "on the right of": "right of",
        "on the right side of": "right of",
        "to the right of": "right of",
        "right of": "right of",
        "from the left of": "from left of",
        "from the right of": "from right of",
        "in the middle of": "in",
        "in the center of": "in",
        "in the centre of": "in",
        "at the edge of": "next to",
        "on the edge of": "next to",
        "out of": "out of",
        "away from": "away from",
        "far from": "away from",
        "inside of": "inside",
        "outside of": "next to",
        "along with": "with",
        "together with": "with",
        "followed by": "with",
        "surrounded by": "with",
        "up to": "to",
        "down to": "to",
        "over to": "to",
        "back to": "to",
        "on to": "onto",
        "in to": "into",
        "up into": "up into",
        "up in": "up into",
        "up onto": "onto",
        "down into": "into",
        "down onto": "onto",
        "because of": "because of",
        "instead of": "without",
        "at the bottom of": "under",
        "side by side with": "next to",
    }.items()
}

# Nouns that are not visible things: times, sides, parts, manners, and the film itself.
FUNCTION_WORDS = (
    DETERMINERS | AUXILIARIES | CONJUNCTIONS | SUBORDINATORS | RELATIVES | PREPOSITIONS | PRONOUNS - {"other", "one"}
)
CATENATIVES = split_words(
    """begin start try want learn decide continue need like love hope manage attempt plan seem appear get go"""
)

ABSTRACT = split_words(
    """day days night nights morning evening afternoon noon time times moment moments second seconds minute minutes
    hour hours week weeks month months year years while today tomorrow yesterday season spring summer autumn fall
    end beginning start middle center centre side sides left right top bottom front back edge corner distance
    direction way ways part parts half kind sort type lot lots number bit place places spot step steps turn turns
    speed grace ease care joy fear surprise delight courage love hope anger silence peace life death dream dreams
    idea story thought thoughts mind power strength energy effort attention help fun game games adventure journey
    trip danger trouble noise sound sounds voice song music melody word words name names question answer smile laugh
    laughter cry tears look view scene scenes shot shots video clip frame background foreground movie film screen
    style light lights shadow shadows darkness color colour colors colours shape sign signs air wind breeze rain
    weather storm thunder heat cold warmth world thing things something nothing everything anything stuff sense
    feeling head face faces eye eyes ear ears nose mouth lips tooth teeth hair neck shoulder shoulders arm arms hand
    hands finger fingers chest stomach belly body leg legs knee knees foot feet paw paws tail tails wing wings
    feather feathers claw claws skin heartbeat breath footstep footsteps movement motion position pose rest circle
    circles line lines angle close-up closeup zoom sequence medium wide eye-level height depth size width amount use
    reason result action event process activity appearance gaze glance expression focus water ground floor cheek
    cheeks forehead mane soil splash surface camera image picture pair scenery lens whole others amid
    viewer insert row wake bend somewhere nowhere beam race halfway
    moonlight sunlight daylight starlight sunshine midair mid-air home reverse inch degree lap"""
)

COLOURS = split_words(
    """red orange yellow green blue purple pink black white brown grey gray golden gold silver violet turquoise
    crimson scarlet beige cyan magenta teal"""
)
LARGER: dict[str, float] = dict.fromkeys(
    split_words("big large huge giant gigantic enormous massive tall great towering"), 1.35
)
SMALLER: dict[str, float] = dict.fromkeys(split_words("small little tiny miniature short wee mini"), 0.7)

CONTRACTIONS = {"'s": "is", "'re": "are", "'ve": "have", "'ll": "will", "'m": "am", "'d": "would"}
"""What follows a pronoun, and what it is short for."""

PLURALS = split_words(
    "passers-by passersby people folk police cattle children men women mice geese feet teeth sheep fish deer"
)
"""Plurals that do not end in s."""

ORDINALS = {word: place for place, word in enumerate("first second third fourth fifth sixth".split())}  # noqa: SIM905
"""Which one of several; "the last" is counted from the end."""

PAIRS = split_words(
    "glasses scissors pants trousers jeans shorts goggles binoculars pyjamas pajamas stairs tongs pliers"
)
"""Plurals that are one thing."""

# Plural forms and words that the dictionary reads otherwise.
_LEMMAS = {
    "wolves": "wolf",
    "mice": "mouse",
    "people": "people",
    "leaves": "leaf",
    "children": "child",
    "left": "leave",
    "passers-by": "passer-by",
    "passersby": "passer-by",
}
_NOUN_ONLY = split_words("people children men women fox foxes owl owls bear bears robot robots friend friends")
_VERB_ONLY = split_words(
    """meets meet sees sits sit walks goes comes stands runs gets has says looks eats flew begins starts
    go went fell rose becomes finds takes gives makes puts keeps appears disappears arrives enters opens closes"""
)


def choose_article(phrase: str) -> str:
    """Return the indefinite article before a phrase."""
    return "an" if phrase[:1].lower() in tuple("aeiou") and not phrase.lower().startswith(("uni", "eu", "one")) else "a"


@lru_cache(maxsize=65536)
def find_word_classes(word: str) -> dict[str, tuple[str, ...]]:
    """Return the open classes of a word (NOUN, VERB, ADJ, ADV) with its lemmas; empty if unknown."""
    # Imported late: loading the dictionary takes 0.15 s.
    from lemminflect import getAllLemmas

    lowered = word.lower()
    if lowered in _NOUN_ONLY:
        return {"NOUN": tuple(getAllLemmas(lowered, upos="NOUN").get("NOUN", (lowered,)))}
    found: dict[str, tuple[str, ...]] = getAllLemmas(lowered)
    if lowered in _VERB_ONLY and "VERB" in found:
        return {"VERB": found["VERB"]}
    kept = {kind: lemmas for kind, lemmas in found.items() if kind in ("NOUN", "VERB", "ADJ", "ADV")}
    form = lowered.endswith("ing") or any(base != lowered for base in kept.get("VERB", ()))
    if kept and "NOUN" not in kept and not form and _is_thing_noun(lowered):
        kept["NOUN"] = (lowered,)  # one dictionary knows "pan" only as a verb
    if kept and "ADJ" not in kept and lowered.endswith(("ible", "able", "ful", "ous", "less")):
        kept["ADJ"] = (lowered,)  # ... and "visible" only as a noun
    return kept


def _is_thing_noun(word: str) -> bool:
    sense = find_noun(word)
    return sense is not None and sense.share > 0.6


def is_english_word(word: str) -> bool:
    """Return whether this is a word of English."""
    lowered = word.lower()
    closed = (DETERMINERS, POSSESSIVES, PRONOUNS, NUMBERS, AUXILIARIES, CONJUNCTIONS, SUBORDINATORS, PREPOSITIONS)
    return any(lowered in table for table in closed) or lowered in ADVERBS or bool(find_word_classes(lowered))


@lru_cache(maxsize=65536)
def lemmatise(word: str, kind: str) -> str:
    """Return the dictionary form of a word as a NOUN, VERB, ...; an unknown word by its regular ending."""
    lowered = word.lower()
    if kind == "NOUN" and lowered in _LEMMAS and lowered != "left":
        return _LEMMAS[lowered]
    lemmas = find_word_classes(lowered).get(kind, ())
    if lemmas:
        return "saw" if lowered == "saw" and kind == "NOUN" else lemmas[0]
    if kind == "NOUN" and re.search(r"[^s'iu]s$", lowered) and len(lowered) > 3:
        return lowered[:-1]
    return lowered


def pluralise(noun: str) -> str:
    """Return the plural of a noun phrase without an article: "red fox" -> "red foxes"."""
    from lemminflect import getInflection

    head, _, last = noun.rpartition(" ")
    forms: tuple[str, ...] = getInflection(last, tag="NNS")
    return f"{head} {forms[0] if forms else last + 's'}".strip()
