"""Requests in plain words: a table of patterns, matched in order."""

from __future__ import annotations

import re
from functools import lru_cache

from videodirector.planner.english.vocabulary import COLOURS
from videodirector.planner.refine import edits
from videodirector.planner.refine.edit_errors import NoChangeError, UnknownEntityError, UnknownRequestError
from videodirector.planner.refine.edits import EditSession
from videodirector.planner.refine.scenes import update_references
from videodirector.planner.refine.targets import NUMBER, SCENE, find_scenes
from videodirector.schemas import VideoPlan

__all__ = ["refine"]


def refine(plan: VideoPlan, request: str) -> VideoPlan:
    """Edit a copy of the plan as requested, and change nothing else.

    Args:
        plan: stays as it is.
        request: "make the owl bigger in scene 2"; several may be joined by "and", "then", ";" or full stops.

    Raises:
        UnknownRequestError: the request, or a part of it, matches no pattern; nothing is changed.
        EditError: it is understood, but there is no such thing or scene, or it is so already. Of joined requests those
            that are so already are noted, if something is left to do.
        PlanError: the plan was not valid before.
    """
    before = plan.checked()
    session = EditSession(before.model_copy(deep=True))
    parts = _split_requests(request)
    if not parts:
        raise UnknownRequestError(request)
    idle: list[tuple[str, NoChangeError]] = []
    for part in parts:
        try:
            _apply_request(session, part)
        except NoChangeError as error:
            idle.append((part, error))
    if len(idle) == len(parts):
        raise idle[0][1]
    for part, reason in idle:
        session.add_note(f"“{part[:200]}”: {reason.message}.")
    return update_references(session.plan, before)


_BEGINS = (
    "make|let|have|move|shift|push|put|place|add|insert|remove|delete|drop|erase|take|replace|rename|call|paint|colou?r"
    "|change|set|swap|exchange|switch|enlarge|shrink|duplicate|repeat|copy|lengthen|shorten|extend|turn|speed|slow|grow"
    "|double|halve|scale|bring|use|freeze|stop|hide|raise|lower"
)
_JOINT = re.compile(
    rf"\s*(?:;|\.(?=\s|$)|,?\s*\b(?:and|then)\b(?: then| also)?|,)\s*(?=(?:please )?(?:{_BEGINS})\b)", re.I
)
_POLITE = re.compile(
    r"^(?:please|now|can you|could you|i want (?:you )?to|i'd like (?:you )?to|also|then|and)\b[ ,]*", re.I
)


_AHEAD = re.compile(rf"(?:please )?(?:(?:in|for|of) )?({SCENE})\s*[:,]\s*", re.I)


def _split_requests(request: str) -> list[str]:
    """Return the single requests: "make it bigger and move it left" are two."""
    text = " ".join(request.split())[:2000]
    if match := _AHEAD.match(text):  # "in scene 2, put the dog behind the car"
        text = f"{text[match.end() :].rstrip(' .!')} in {match[1]}"
    found = []
    for part in _JOINT.split(text):
        one = part.strip(" .!?;,")
        while (shorter := _POLITE.sub("", one)) != one:
            one = shorter
        if one:
            found.append(one.removesuffix(" please").rstrip(","))
    return found


def _apply_request(session: EditSession, part: str) -> None:
    for pattern, edit in _compile_patterns(_SCENES):
        if match := pattern.fullmatch(part):
            edit(session, _fill_slots(match))
            return
    session.named, rest = find_scenes(session.plan, part)
    session.scope = session.named or session.scope
    unknown: UnknownEntityError | None = None
    for pattern, edit in _compile_patterns(_THINGS):
        if match := pattern.fullmatch(rest):
            try:
                edit(session, _fill_slots(match))
                return
            except UnknownRequestError:
                continue
            except UnknownEntityError as error:  # "make the fox run left": the name that this pattern saw was too long
                unknown = unknown or error
    raise unknown or UnknownRequestError(part)


def _fill_slots(match: re.Match[str]) -> edits.Slots:
    """Return the slots filled; names keep their case."""
    filled = {slot: text for slot, text in match.groupdict().items() if text and text.strip()}
    kept = ("who", "other", "ground", "new", "name", "place", "text")
    return {slot: text.strip() if slot in kept else text.strip().lower() for slot, text in filled.items()}


_MORE = r"much|a lot|far|way|considerably|slightly|somewhat|little"
_DEGREE_AFTER = r"a (?:little|bit|tad|touch)(?: bit)?|slightly|a lot|much|far"
_SIDE = r"(?:far |very )?(?:top|bottom|upper|lower|left|right|middle|cent(?:er|re))"
_SLOTS = {
    "make": r"(?:make|let|have)",
    "move": r"(?:move|shift|push|put|place|bring|set|make|let|have|slide|drag|nudge)",
    "set": r"(?:change|set|replace|make|use|let)",
    "seen": r"(?:(?:should )?(?:appears?|be (?:visible|seen|there)))",
    "duration": r"(?:length|duration)",
    "happen": r"(?:happens?|takes? place|plays?|be set)",
    "setting": r"(?:background|place|setting|scenery|location)",
    "who": r"(?P<who>.+?)",
    "other": r"(?P<other>.+)",
    "ground": r"(?P<ground>(?!(?:the )?(?:left|right|top|bottom|upper|lower|middle|cent(?:er|re)|screen|picture)\b).+)",
    "new": r"(?P<new>.+)",
    "name": r"(?P<name>.+)",
    "place": r"(?P<place>.+?)",
    "text": r"(?P<text>.+)",
    "degree": rf"(?P<degree>(?:{_MORE}|(?:just )?(?:{_DEGREE_AFTER})) )?",
    "after": rf"(?P<after> (?:{_DEGREE_AFTER}))?",
    "times": r"(?P<times>twice|double|half|halve|three times|triple)",
    "size": r"(?P<size>bigger|larger|taller|wider|huge|giant|smaller|shorter|tinier|tiny|thinner|grow|shrink)",
    "factor": r"(?:(?P<percent>\d{1,5}(?:\.\d+)?) ?(?:%|percent)|(?P<factor>\d{1,5}(?:\.\d+)?)(?:x| times)?)",
    "kind": rf"(?P<kind>{'|'.join(sorted(edits.RELATION_WORDS, key=len, reverse=True))})",
    "where": rf"(?P<where>(?:{_SIDE}[ -]?){{1,3}}(?:-?hand )?(?:corner|side|edge|half)?"
    r"(?: of (?:the )?(?:picture|frame|screen|image|scene))?)",
    "corner": rf"(?P<where>(?:{_SIDE}[ -]){{1,3}}(?:-?hand )?(?:corner|side|edge|half)|{_SIDE}[ -]{_SIDE}"
    r"|top|bottom|(?:middle|cent(?:er|re))(?: of (?:the )?(?:picture|frame|screen|image))?)",
    "way": r"(?P<way>left|right|up|down|higher|lower|upwards?|downwards?|leftwards?|rightwards?)",
    "when": r"(?P<when>later|earlier|sooner|longer)",
    "verb": r"(?P<verb>appear|enter|come in|arrive|show up|disappear|leave|vanish|go away|stay|exit)(?:e?s)?",
    "half": r"(?P<half>first|second)",
    "speed": r"(?P<speed>faster|slower|quicker)",
    "long": r"(?P<long>longer|shorter)",
    "number": r"(?P<number>\d{1,6}(?:\.\d+)?) ?(?P<unit>seconds?|s|frames?)",
    "colour": rf"(?P<colour>{'|'.join(sorted(COLOURS))})",
    "scene": rf"(?P<scene>{SCENE})",
    "other_scene": rf"(?P<other_scene>{SCENE}|{NUMBER})",
    "scenes": rf"(?P<scenes>{SCENE}(?:(?:,|,? and|&) (?:{SCENE}|{NUMBER}))*)",
}
"""The slots of the patterns below."""

_Rows = tuple[tuple[str, "edits.Edit"], ...]

_SCENES: _Rows = (
    ("(?:delete|remove|drop|cut|erase) {scenes}", edits.delete_scenes),
    ("(?:duplicate|copy|repeat) {scene}", edits.duplicate_scene),
    ("(?:move|put|place|bring) {scene} (?:to|at) the (?P<edge>beginning|start|end|front)", edits.move_scene),
    ("(?:move|put|place|bring) {scene} (?P<side>before|after|behind) {other_scene}", edits.move_scene),
    ("(?:swap|exchange|switch) {scene} (?:and|with) {other_scene}", edits.swap_scenes),
)
"""Requests about whole scenes."""

_THINGS: _Rows = (
    # size
    (
        ("{make} {who} {times} (?:as |the )?(?:big|large|tall|small|size)(?: as (?:it "
        "is|before|now))?"),
        edits.resize_entities,
    ),
    ("{times} (?:the size of )?{who}", edits.resize_entities),
    ("{make} {who} {degree}{size}{after}", edits.resize_entities),
    ("(?P<size>enlarge|grow|shrink) {who}{after}", edits.resize_entities),
    ("(?:scale|resize) {who} (?:by|to) (?:a factor of )?{factor}", edits.scale_entities),
    # position
    ("{move} {who} (?:stand |sit |be )?{kind} {ground}", edits.place_beside),
    ("{move} {who} (?:stand |sit |be )?(?:in|to|into|at|on|towards?) (?:the )?{corner}", edits.place_in_picture),
    ("{move} {who} (?:stand |sit |be )?on (?:the )?(?P<where>left|right)", edits.place_in_picture),
    ("{move} {who} {degree}(?:more |further |farther )?(?:to the |towards the )?{way}{after}", edits.shift_entities),
    ("(?P<way>raise|lift|lower) {who}{after}", edits.shift_entities),
    ("(?:swap|exchange|switch) (?:the (?:positions?|places?) of )?{who} (?:and|with) {other}", edits.swap_entities),
    # timing
    ("(?:{make} )?{who} (?:should )?{verb} {degree}{when}", edits.shift_timing),
    ("(?:(?:{make}|show) )?{who} (?:{seen} )?only in the {half} half(?: of the (?:scene|video))?", edits.show_in_half),
    (
        ("{make} {who} (?:(?:stand|stay) still|stop moving|freeze|not move|stay(?: where (?:it|he|she) "
        "is)?)"),
        edits.hold_still,
    ),
    ("(?:freeze|stop) {who}", edits.hold_still),
    ("{make} ?(?P<who>.*?) ?{times} (?:as )?(?P<long>long)", edits.change_length),
    ("{make} ?(?P<who>.*?) ?{degree}{long}(?: by {number})?", edits.change_length),
    ("(?P<long>lengthen|extend|shorten|cut) ?(?P<who>.*?)(?: ?by {number})?{after}", edits.change_length),
    (
        ("{set}(?: the {duration}(?: of)?)? ?(?P<who>.*?)(?: ?(?:last|take|to|be))? ?{number}(?: "
        "long)?"),
        edits.change_length,
    ),
    ("{make} ?(?P<who>.*?) ?(?:(?:move|go|run|walk|fly|drive|swim) )?{degree}{speed}{after}", edits.change_speed),
    ("(?P<speed>speed|slow) (?:up |down )?(?P<who>.*?)(?: ?(?:up|down))?{after}", edits.change_speed),
    # appearance
    (
        ("(?:{set}|paint|colou?r|turn|dye) (?:the colou?r of )?{who} (?:be |to |into |to be "
        ")?{colour}"),
        edits.recolour_entities,
    ),
    ("{set} (?:the )?{setting}(?: be| is)?(?: to| into| with| by| as)? {place}", edits.change_background),
    ("use {place} (?:as|for)(?: the)? {setting}", edits.change_background),
    ("(?:{make} )?(?:(?:it|the story|everything|this) )?{happen} (?P<place>(?:in|at|on) .+)", edits.change_background),
    ("(?:change|set) (?:the )?(?:description|caption|text)(?: to)? {text}", edits.change_description),
    ("(?:rename|call|name) {who} (?:to|into|as) {name}", edits.rename_entities),
    ("(?:call|name) (?P<who>(?:the )?[^ ]+) {name}", edits.rename_entities),
    ("(?:replace|substitute|exchange|swap) {who} (?:with|by|for) {new}", edits.replace_entities),
    ("(?:turn|change|transform|make) {who} in?to {new}", edits.replace_entities),
    # entities
    ("(?:add|insert|include|put in) {who} {kind} {ground}", edits.add_entities),
    ("(?:add|insert|include|put in) {who} (?:in|at|on|to) the {where}", edits.add_entities),
    ("(?:add|insert|include|put in) {who}", edits.add_entities),
    ("(?:remove|delete|drop|erase|hide|take (?:out|away)|take) {who}(?: away| out)?", edits.remove_entities),
    ("{make} (?P<who>.+ .+)", edits.animate_entities),
)  # fmt: skip
"""Requests about entities and scene contents, without the words that name the scene; the first match is used."""


@lru_cache(maxsize=2)
def _compile_patterns(rows: _Rows) -> list[tuple[re.Pattern[str], edits.Edit]]:
    def filled(text: str) -> str:
        return re.sub(r"\{([a-z_]+)\}", lambda slot: _SLOTS[slot[1]], text)

    return [(re.compile(filled(text), re.IGNORECASE), edit) for text, edit in rows]
