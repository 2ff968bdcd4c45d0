"""Parse the motion of a clause's subject from verbs, particles and prepositions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from videodirector.lexicon import Traits, wordnet
from videodirector.planner.english.clauses import Clause, NounPhrase, Phrase
from videodirector.planner.english.knowledge import is_visible
from videodirector.planner.english.vocabulary import split_words

__all__ = [
    "CAUSATIVE_VERBS",
    "Motion",
    "Path",
    "Point",
    "build_motion",
    "find_path",
    "parse_caused_motion",
    "parse_corner",
    "parse_motion",
    "parse_visible_half",
]

Path = Literal[
    "still", "cross", "enter", "leave", "rise", "fall", "jump", "circle", "sway", "approach", "recede", "grow",
    "shrink", "appear", "vanish", "meet", "chase",
]  # fmt: skip


def _parse_verbs(text: str) -> dict[str, Path]:
    table: dict[str, Path] = {}
    for line in text.strip().splitlines():
        path, _, verbs = line.strip().partition(":")
        table |= dict.fromkeys(verbs.split(), path)  # type: ignore[arg-type]  # the paths are those of Path, see the tests
    return table


# One path a verb; particles and prepositions then change it ("walks away").
VERBS: dict[str, Path] = _parse_verbs(
    """
    cross:  walk run go move travel roll drive ride march crawl creep sneak stroll wander trot gallop race rush
    cross: hurry dash ski
    cross:  skate slide drift sail swim fly glide soar pass cross parade jog step head advance patrol hike roam
    cross: wade paddle row
    cross:  cycle slither flutter tow push pull drag carry speed zoom cruise scurry waddle tiptoe scamper
    cross: stride pace float
    cross:  escort lead migrate scuttle stumble limp sprint flap proceed explore transport steer pedal
    enter:  enter arrive come return emerge approach
    leave:  leave depart exit flee escape scatter retreat
    rise:  rise climb ascend lift launch blast scale hover levitate
    fall:  fall drop descend sink dive plunge land tumble collapse crash rain
    jump:  jump leap hop bounce skip spring pounce somersault vault
    circle:  circle orbit revolve
    sway:  dance play wave shake wag nod wiggle tremble sway swing fight wrestle spin rotate twirl whirl
    sway: flicker shiver juggle
    sway:  flutter rock celebrate clap stir splash struggle wobble twist stretch
    recede:  recede
    grow:  grow expand inflate swell bloom enlarge
    shrink:  shrink deflate melt
    appear:  appear hatch materialize form
    vanish:  vanish disappear fade dissolve evaporate
    meet:  meet reach visit join greet attack catch hug kiss collide hit touch find discover encounter bite
    meet: grab steal
    chase:  chase follow pursue hunt
    """
)
# What somebody makes a thing do: not who drops the cup falls, but the cup.
CAUSATIVE_VERBS: dict[str, Path] = _parse_verbs(
    """
    fall: drop lower sink spill dump
    rise: lift raise hoist launch release
    grow: inflate expand enlarge grow
    shrink: deflate shrink melt
    cross: roll throw toss kick fling hurl sling slide sail fly bounce shoot push
    sway: wave swing spin rotate twirl whirl shake juggle wag rock twist stir stretch flip
    """
)
_CARRYING_VERBS = split_words("pull push drag carry tow transport roll haul lead escort")
_FETCHING_VERBS = split_words("pull take bring reel fish draw dig")

_TRAVELLING = frozenset({"cross", "enter", "leave", "jump", "rise", "fall", "meet"})
_AIRBORNE = split_words("fly soar glide hover flutter float levitate drift")
_UPWARDS = frozenset(["up", "upward", "upwards"])
_DOWNWARDS = frozenset(["down", "downward", "downwards"])
_LEFT = frozenset(["left", "leftward", "leftwards"])
_RIGHT = frozenset(["right", "rightward", "rightwards"])
_NEARER = frozenset(["closer", "nearer"])
_PICTURE = split_words("scene picture frame screen view image video camera viewer us")
_VIEWER = split_words("camera viewer us")
_SKYWARD = split_words("sky air cloud heaven space")
_INTO = frozenset(["into", "in", "to", "up into", "toward", "towards"])
_TOWARDS = frozenset(["to", "toward", "towards", "at", "for"])

Point = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """A path and its particulars.

    Attributes:
        path: its kind.
        direction: -1 to the left, +1 to the right, 0 if not given.
        airborne: whether it goes through the air.
        begin, end: first and last centre (x, y) in [0, 1]; None if not given.
        via: centres between them.
        target: what it approaches, follows or circles.
        onto: whether it ends on top of the target.
    """

    path: Path = "still"
    direction: int = 0
    airborne: bool = False
    begin: Point | None = None
    end: Point | None = None
    via: tuple[Point, ...] = ()
    target: tuple[NounPhrase, ...] = ()
    onto: bool = False


def parse_motion(clause: Clause, nature: Traits | None, verb: str | None = None) -> Motion:
    """Return the motion of a clause's subject.

    Args:
        clause: who does what.
        nature: the subject's traits: "moves" means flying for a bird.
        verb: overrides the clause's verb.
    """
    verb = verb or _find_main_verb(clause)
    motion = build_motion(verb, nature)
    if clause.negated or (clause.passive and motion.path not in ("cross", "fall", "jump")):
        return Motion(airborne=motion.airborne, begin=_parse_sides(clause)[0])
    if verb == "fall" and {*clause.adverbs, *clause.adjectives} & _STATES_AFTER_FALL:
        return Motion()  # "falls asleep"
    if clause.passive and verb == "go":
        return Motion(path="vanish")  # "then the cat is gone"
    adverbs = set(clause.adverbs)
    if len(turns := [_TURNS[adverb] for adverb in clause.adverbs if adverb in _TURNS]) > 1 and motion.path != "still":
        return _follow_turns(turns, motion)
    if motion.path in ("meet", "chase", "circle") or verb == "approach":
        motion = replace(motion, path="meet" if verb == "approach" else motion.path, target=tuple(clause.objects))
    for phrase in clause.phrases:
        motion = _apply_phrase(phrase, verb, motion)
    if find_path(verb) in _TRAVELLING or verb in ("get", "burst", "pop", "take", "show", "turn", "crop"):
        motion = replace(motion, path=_apply_adverbs(adverbs, motion.path, verb))
    if verb == "leave" and clause.objects and any(_is_resting_place(phrase, clause) for phrase in clause.phrases):
        motion = replace(motion, path="still")  # "leaves a crumb on the table"
    begin, stops, facing = _parse_sides(clause)
    end = stops[-1] if stops else None
    path = motion.path
    if not motion.target and path in ("meet", "chase"):
        path = "cross" if path == "chase" else "still"
    if (end is not None and path in ("still", "enter", "meet", "leave", "appear")) or (
        verb == "enter" and clause.objects and not motion.airborne
    ):
        path = "cross"  # "enters the cave": the place is the scene's
    direction = facing or (1 if adverbs & _RIGHT else -1 if adverbs & _LEFT else 0)
    target = () if path == "cross" else motion.target
    via = tuple(stops[:-1])
    return replace(motion, path=path, direction=direction, begin=begin, end=end, via=via, target=target)


def parse_caused_motion(clause: Clause, nature: Traits | None) -> tuple[Motion, bool] | None:
    """Return what the subject makes the object do: "drops the cup", "blows the leaves away", "pulls out a rabbit".

    Returns:
        The object's motion, and whether the subject moves too; None where it makes it do nothing.
    """
    first = clause.objects[0] if clause.objects else None
    if first is None or clause.passive or clause.negated or first.pronoun.endswith("self"):
        return None
    if any(phrase.ground[0].start < first.start and phrase.figure is None for phrase in clause.phrases):
        return None
    verb, adverbs = clause.verb, {*clause.adverbs}
    along = verb in _CARRYING_VERBS
    if verb == "roll" and "out" in adverbs:
        return Motion(), False  # "rolls out dough"
    if verb in ("blow", "pump") and "up" in adverbs:
        return Motion(path="grow"), False
    if verb in _FETCHING_VERBS and adverbs & {"out", "in", "up"}:
        return Motion(path="appear"), False
    if adverbs & {"away", "off", "out"} and (find_path(verb) == "still" or verb in CAUSATIVE_VERBS or along):
        if verb in ("take", "get", "set", "turn", "switch", "put", "show", "try", "find", "point", "give", "work"):
            return None
        return Motion(path="leave", airborne=build_motion(verb, nature).airborne), along
    if verb in CAUSATIVE_VERBS or along:
        plain = parse_motion(clause, nature, verb)
        path = CAUSATIVE_VERBS.get(verb, "cross")
        if path == "cross" and plain.path in ("rise", "fall", "leave"):
            path = plain.path
        flies = verb in ("throw", "toss", "kick", "fling", "hurl", "fly", "shoot")
        caused = replace(plain, path=path, airborne=plain.airborne or flies, target=())
        return caused, along
    return None


_STATES_AFTER_FALL = split_words("asleep ill sick silent quiet apart behind")

_TURNS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("up", "upward", "upwards"), (0.0, -0.25)),
    **dict.fromkeys(("down", "downward", "downwards"), (0.0, 0.25)),
    **dict.fromkeys(("left", "leftward", "leftwards"), (-0.3, 0.0)),
    **dict.fromkeys(("right", "rightward", "rightwards"), (0.3, 0.0)),
}


def _follow_turns(turns: list[tuple[float, float]], motion: Motion) -> Motion:
    """Follow turns such as "up, then left, then down"."""
    x, y = 0.5, 0.75 if turns[0][1] < 0 else 0.3 if turns[0][1] > 0 else 0.5
    stops: list[Point] = [(x, y)]
    for right, down in turns:
        x, y = min(max(x + right, 0.2), 0.8), min(max(y + down, 0.2), 0.8)
        stops.append((x, y))
    return replace(motion, path="cross", begin=stops[0], via=tuple(stops[1:-1]), end=stops[-1], target=())


@lru_cache(maxsize=4096)
def _find_known_verb(verb: str) -> str:
    """Return the verb itself, or else the nearest in meaning that is known: to amble is to walk."""
    if verb in VERBS:
        return verb
    sense = wordnet.find_verb(verb)
    if sense is None or sense.kind != "motion" or sense.share < 0.5:
        return ""
    return next((wider for wider in sense.hypernyms if wider in VERBS and wider not in _VAGUE), "")


def _is_resting_place(phrase: Phrase, clause: Clause) -> bool:
    """Return whether a phrase says where something is left."""
    behind = phrase.ground[0].start > clause.objects[0].start
    return behind and phrase.preposition in ("on", "in", "at", "under", "beside", "next to", "for", "with", "behind")


_VAGUE = frozenset(["move", "turn", "go", "travel", "shake", "stir", "form", "drop", "lift", "catch", "touch"])
"""General verbs, which do not imply crossing the picture."""


def find_path(verb: str) -> Path:
    """Return the path that a verb means; "still" for one without motion."""
    known = _find_known_verb(verb)
    if known:
        return VERBS[known]
    sense = wordnet.find_verb(verb)
    travels = sense is not None and sense.kind == "motion" and sense.share > 0.7 and "travel" in sense.hypernyms
    return "cross" if travels else "still"


def build_motion(verb: str, nature: Traits | None) -> Motion:
    """Return the motion that a verb alone means for a thing."""
    path = find_path(verb)
    flier = nature is not None and nature.moves in ("flies", "floats") and verb in _MANNERLESS_VERBS
    return Motion(path=path, airborne=_find_known_verb(verb) in _AIRBORNE or flier)


# Verbs that leave open how: a bird that moves flies, one that walks does not.
_MANNERLESS_VERBS = split_words("go move travel pass cross head race speed rise ascend cruise circle")
_HELPING_VERBS = split_words("start begin try continue keep stop want go decide seem let come be attempt")


def _find_main_verb(clause: Clause) -> str:
    """Return the verb that says how: "starts running" runs, "tries to jump" jumps."""
    if clause.verb in _HELPING_VERBS:
        for figure, verb in clause.later_verbs:
            if figure is None and find_path(verb) != "still":
                return verb
    return clause.verb


def _apply_adverbs(adverbs: set[str], path: Path, verb: str) -> Path:
    if adverbs & _NEARER:
        return "approach"
    if "off" in adverbs and verb in ("take", "lift", "blast"):
        return "rise"
    if "up" in adverbs and verb in ("show", "pop", "turn", "crop"):
        return "appear"
    if adverbs & {"away", "off"} and path not in ("fall", "jump", "vanish") and verb not in ("get", "take"):
        return "leave"
    if "out" in adverbs and path == "cross":
        return "leave"
    if adverbs & {"in", "inside"} and path == "cross":
        return "enter"
    if adverbs & _UPWARDS and path in ("cross", "enter", "still"):
        return "rise"
    if adverbs & _DOWNWARDS and path in ("cross", "enter", "rise", "still") and verb != "get":
        return "fall"
    return path


def _apply_phrase(phrase: Phrase, verb: str, motion: Motion) -> Motion:
    """Return the motion as a phrase changes it; a table of cases, the first that fits."""
    word, path, ground = phrase.preposition, motion.path, tuple(phrase.ground)
    last = (ground[0].words.split() or [ground[0].pronoun])[-1]
    film, viewer = last in _PICTURE, last in _VIEWER
    somebody = bool(ground[0].pronoun) or ground[0].proper or is_visible(ground[0].words)
    travels = find_path(verb) in _TRAVELLING
    moves = path in ("cross", "enter", "jump", "rise")
    cases: tuple[tuple[bool, Motion], ...] = (
        (viewer and word in _TOWARDS and (travels or verb == "get"), Motion(path="approach")),
        (viewer and word in ("from", "away from") and travels, Motion(path="recede")),
        (word == "away from" and (travels or verb == "get"), Motion(path="recede" if film else "leave")),
        (not travels, motion),
        (last in _SKYWARD and word in _INTO and moves, Motion(path="rise")),
        (film and word == "into", Motion(path="enter")),
        (film and word == "out of", Motion(path="leave")),
        (film, motion),
        (word == "around" and path == "cross", Motion(path="circle", target=ground)),
        (word in ("onto", "on", "on top of") and path == "jump", Motion(path="jump", target=ground, onto=True)),
        (word == "into" and path == "jump", Motion(path="jump", target=ground)),
        (somebody and word in _TOWARDS and path in ("cross", "enter", "jump"), Motion(path="meet", target=ground)),
        (word == "up" and path in ("cross", "enter"), Motion(path="rise")),
        (word in ("after", "behind") and path == "cross", Motion(path="chase", target=ground)),
        (word == "with" and path == "meet" and not motion.target, Motion(path="meet", target=ground)),
    )
    changed = next((case for fits, case in cases if fits), motion)
    return replace(changed, airborne=motion.airborne)


def _parse_sides(clause: Clause) -> tuple[Point | None, list[Point], int]:
    """Parse begin ("from the left"), stops ("to the upper right") and direction from the phrases."""
    begin: Point | None = None
    stops: list[Point] = []
    for phrase in clause.phrases:
        for noun in phrase.ground:
            at = parse_corner(noun)
            if at is None:
                continue
            if phrase.preposition in ("from", "out of"):
                begin = begin or at
            elif phrase.preposition in ("to", "toward", "towards", "into"):
                stops.append(at)
            elif phrase.preposition in ("on", "in", "at", "of"):
                begin = begin or at
    direction = 0
    if len(stops) > 1 and begin is None and stops[0][0] is not None and stops[0][1] is None:
        begin = 1 - stops[0][0], None  # "to the right and then to the left": it comes from the left
    if stops and stops[-1][0] is not None:
        direction = 1 if stops[-1][0] > 0.5 else -1
    elif begin is not None and begin[0] is not None and not stops:
        direction = -1 if begin[0] > 0.5 else 1
    return begin, stops, direction


def parse_corner(noun: NounPhrase) -> Point | None:
    """Parse the part of the picture that a noun phrase names, as a centre (x, y) in [0, 1], or None."""
    said = {*noun.adjectives, *noun.words.split()}
    if noun.words in ("middle", "center", "centre") and not noun.adjectives:
        return 0.5, None
    if not said & {"left", "right", "top", "bottom", "corner", "side", "leave"} or not said & {
        "left", "right", "top", "bottom", "upper", "lower", "leave",
    }:  # fmt: skip
        return None
    x = 0.2 if said & {"left", "leave"} else 0.8 if "right" in said else None
    y = 0.25 if said & {"top", "upper"} else 0.75 if said & {"bottom", "lower"} else None
    return x, y


def parse_visible_half(clause: Clause) -> Literal["first", "second"] | None:
    """Parse the half of the scene that the clause names ("only in the second half"), or None."""
    if "halfway" in (token.lower for token in clause.tokens) and find_path(clause.verb) != "cross":
        return "second"
    for phrase in clause.phrases:
        for noun in phrase.ground:
            if noun.words == "half":
                for half in ("first", "second"):
                    if half in noun.adjectives or noun.determiner == half:
                        return half
    return None
