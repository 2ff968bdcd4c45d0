"""How a clause says that its subject moves: verbs, particles and prepositions -> one motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from videodirector.lexicon import Thing
from videodirector.planner.grammar import Clause, NounPhrase, Phrase

__all__ = ["Motion", "Path", "motion_of", "visible_half"]

Path = Literal[
    "still", "cross", "enter", "leave", "rise", "fall", "jump", "circle", "sway", "approach", "recede", "grow", "shrink",
    "appear", "vanish", "meet", "chase",
]  # fmt: skip


def _verbs(text: str) -> dict[str, Path]:
    table: dict[str, Path] = {}
    for line in text.strip().splitlines():
        path, _, verbs = line.strip().partition(":")
        table |= dict.fromkeys(verbs.split(), path)  # type: ignore[arg-type]  # the paths are those of Path, see the tests
    return table


# One path a verb; particles and prepositions then change it ("walks away").
VERBS: dict[str, Path] = _verbs(
    """
    cross: walk run go move travel roll drive ride march crawl creep sneak stroll wander trot gallop race rush hurry dash ski
    cross: skate slide drift sail swim fly glide soar pass cross parade jog step head advance patrol hike roam wade paddle row
    cross: cycle slither flutter tow push pull drag carry speed zoom cruise scurry waddle tiptoe scamper stride pace float
    cross: escort lead migrate scuttle stumble limp sprint flap proceed explore transport steer pedal
    enter: enter arrive come return emerge approach
    leave: leave depart exit flee escape scatter retreat
    rise: rise climb ascend lift launch blast scale hover levitate
    fall: fall drop descend sink dive plunge land tumble collapse crash rain
    jump: jump leap hop bounce skip spring pounce somersault vault
    circle: circle orbit revolve
    sway: dance play wave shake wag nod wiggle tremble sway swing fight wrestle spin rotate twirl whirl flicker shiver juggle
    sway: flutter rock celebrate clap stir splash struggle wobble twist stretch
    recede: recede
    grow: grow expand inflate swell bloom enlarge
    shrink: shrink deflate melt
    appear: appear hatch materialize form
    vanish: vanish disappear fade dissolve evaporate
    meet: meet reach visit join greet attack catch hug kiss collide hit touch find discover encounter bite grab steal
    chase: chase follow pursue hunt
    """
)
_TRAVELS = frozenset(
    verb for verb, path in VERBS.items() if path in ("cross", "enter", "leave", "jump", "rise", "fall", "meet")
)
_AIRBORNE = frozenset(["fly", "soar", "glide", "hover", "flutter", "float", "levitate", "drift"])
_UPWARDS = frozenset(["up", "upward", "upwards"])
_DOWNWARDS = frozenset(["down", "downward", "downwards"])
_LEFT = frozenset(["left", "leftward", "leftwards"])
_RIGHT = frozenset(["right", "rightward", "rightwards"])
_NEARER = frozenset(["closer", "nearer"])
_PICTURE = frozenset(["scene", "picture", "frame", "screen", "view", "image", "video", "camera", "viewer", "us"])

Point = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """A path and its particulars.

    Attributes:
        path: its kind.
        direction: -1 to the left, +1 to the right, 0 not said.
        airborne: whether it goes through the air.
        begin, end: where it begins and ends, as the centre (x, y) in [0, 1]; None where it is not said.
        target: whom it is aimed at, follows or circles.
        onto: whether it ends on top of the target.
    """

    path: Path = "still"
    direction: int = 0
    airborne: bool = False
    begin: Point | None = None
    end: Point | None = None
    target: tuple[NounPhrase, ...] = ()
    onto: bool = False


def motion_of(clause: Clause, thing: Thing | None, verb: str | None = None) -> Motion:
    """The motion of a clause's subject.

    Args:
        clause: who does what.
        thing: what the world knows of the subject: "moves" means flying for a bird.
        verb: in place of the clause's verb.
    """
    verb = verb or _main_verb(clause)
    path = VERBS.get(verb, "still")
    airborne = verb in _AIRBORNE or (
        thing is not None and thing.moves in ("flies", "floats") and path in ("cross", "rise")
    )
    if clause.negated or (clause.passive and path not in ("cross", "fall", "jump")):
        return Motion(airborne=airborne)
    adverbs = set(clause.adverbs)
    begin, end, facing = _sides(clause)
    direction = facing or (1 if adverbs & _RIGHT else -1 if adverbs & _LEFT else 0)
    travels = verb in _TRAVELS
    target: tuple[NounPhrase, ...] = ()
    onto = False
    if path in ("meet", "chase") or (path in ("enter", "circle") and clause.objects):
        target = tuple(clause.objects)
        path = "meet" if path == "enter" and verb == "approach" else path
    for phrase in clause.phrases:
        path, target, onto = _by_phrase(phrase, verb, path, target, onto, travels=travels)
    if travels or verb in ("get", "look", "turn", "burst", "pop", "take"):
        path = _by_adverbs(adverbs, path, verb)
    if path in ("meet", "chase", "circle") and not target:
        path = {"meet": "still", "chase": "cross", "circle": "circle"}[path]  # type: ignore[assignment]
    if path == "enter" and clause.objects and verb == "enter":
        path = "cross" if not airborne else path
    if end is not None and path in ("still", "enter", "meet", "leave", "appear"):
        path = "cross"
    return Motion(
        path=path, direction=direction, airborne=airborne, begin=begin, end=end, target=target if path != "cross" else (),
        onto=onto,
    )  # fmt: skip


def _main_verb(clause: Clause) -> str:
    """The verb that says how: "starts running" runs, "tries to jump" jumps."""
    helping = (
        "start",
        "begin",
        "try",
        "continue",
        "keep",
        "stop",
        "want",
        "go",
        "decide",
        "seem",
        "let",
        "come",
        "be",
        "attempt",
    )
    if clause.verb in helping:
        for figure, verb in clause.later_verbs:
            if figure is None and verb in VERBS:
                return verb
    return clause.verb


def _by_adverbs(adverbs: set[str], path: Path, verb: str) -> Path:
    if adverbs & _NEARER:
        return "approach"
    if (
        adverbs & {"away", "off"}
        and path not in ("fall", "jump", "vanish")
        and verb not in ("get", "look", "turn", "take")
    ):
        return "leave"
    if "off" in adverbs and verb in ("take", "lift", "blast"):
        return "rise"
    if "out" in adverbs and path == "cross":
        return "leave"
    if adverbs & {"in", "inside"} and path == "cross":
        return "enter"
    if adverbs & _UPWARDS and path in ("cross", "enter", "still") and verb != "look":
        return "rise"
    if adverbs & _DOWNWARDS and path in ("cross", "enter", "rise", "still") and verb not in ("look", "get"):
        return "fall"
    return path


def _by_phrase(
    phrase: Phrase, verb: str, path: Path, target: tuple[NounPhrase, ...], onto: bool, *, travels: bool
) -> tuple[Path, tuple[NounPhrase, ...], bool]:
    word = phrase.preposition
    last = phrase.ground[0].words.split()[-1:] or [phrase.ground[0].pronoun]
    film, skyward = last[0] in _PICTURE, last[0] in ("sky", "air", "cloud", "heaven", "space")
    if word in ("toward", "towards", "to") and last[0] in ("camera", "viewer", "us") and (travels or verb == "get"):
        return "approach", (), onto
    if word == "away from" and (travels or verb == "get"):
        return ("recede" if film else "leave"), (), onto
    if word == "from" and film and last[0] in ("camera", "viewer", "us") and travels:
        return "recede", (), onto
    if not travels:
        return path, target, onto
    if (
        word in ("into", "in", "to", "up into", "toward", "towards")
        and skyward
        and path in ("cross", "enter", "jump", "rise")
    ):
        return "rise", (), onto
    if word in ("into",) and film:
        return "enter", (), onto
    if word == "out of":
        return ("leave" if film else path), target, onto
    if word == "around" and path == "cross" and not film:
        return "circle", tuple(phrase.ground), onto
    if word in ("onto", "on", "on top of", "into") and path in ("jump", "rise", "fall", "meet") and not film:
        return ("jump" if path == "jump" else path), tuple(phrase.ground), word != "into" and path == "jump"
    if word in ("to", "toward", "towards", "at") and path in ("cross", "enter", "jump") and not film:
        return "meet", tuple(phrase.ground), onto
    if word in ("up",) and path in ("cross", "enter"):
        return "rise", target, onto
    if word in ("after", "behind") and path == "cross":
        return "chase", tuple(phrase.ground), onto
    if word == "with" and path == "meet" and not target:
        return path, tuple(phrase.ground), onto
    return path, target, onto


def _sides(clause: Clause) -> tuple[Point | None, Point | None, int]:
    """Where the phrases let the motion begin and end ("from the left", "to the upper right"), and its direction."""
    begin: Point | None = None
    end: Point | None = None
    for phrase in clause.phrases:
        noun = phrase.ground[0]
        at = _corner(noun)
        if at is None:
            continue
        if phrase.preposition in ("from", "out of"):
            begin = at
        elif phrase.preposition in ("to", "toward", "towards", "into"):
            end = at
        elif phrase.preposition in ("on", "in", "at", "of"):
            begin = begin or at
    direction = 0
    if end is not None and end[0] is not None:
        direction = 1 if end[0] > 0.5 else -1
    elif begin is not None and begin[0] is not None and end is None:
        direction = -1 if begin[0] > 0.5 else 1
    return begin, end, direction


def _corner(noun: NounPhrase) -> Point | None:
    words = {*noun.adjectives, *noun.words.split()}
    if not words & {"left", "right", "top", "bottom", "corner", "side", "leave"} or not words & {
        "left", "right", "top", "bottom", "upper", "lower", "leave",
    }:  # fmt: skip
        return None
    x = 0.2 if words & {"left", "leave"} else 0.8 if "right" in words else None
    y = 0.25 if words & {"top", "upper"} else 0.75 if words & {"bottom", "lower"} else None
    return x, y


def visible_half(clause: Clause) -> Literal["first", "second"] | None:
    """The half of the scene to which the clause confines what it tells ("only in the second half"); None for all of it."""
    for phrase in clause.phrases:
        for noun in phrase.ground:
            if noun.words == "half":
                for half in ("first", "second"):
                    if half in noun.adjectives or noun.determiner == half:
                        return half  # type: ignore[return-value]
    return None
