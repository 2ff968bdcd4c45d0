"""Step 1: from a story to scenes, each with a description, entities and a background."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from videodirector.planner.english.script import clean_story, split_shots
from videodirector.planner.english.vocabulary import is_english_word
from videodirector.planner.llm._answers import CUT_OFF, extract_json, replace_look_alikes
from videodirector.prompts import Prompts
from videodirector.schemas import MAX_SCENES, PlanRequest, normalised

__all__ = [
    "MAX_COPIES",
    "Form",
    "Message",
    "ParsedEntity",
    "ParsedScene",
    "ParsedStory",
    "build_fence",
    "build_story_messages",
    "is_english",
    "parse_scenes",
    "split_script",
]

Message = tuple[Literal["system", "human", "ai"], str]
Form = Literal["json", "text"]

MAX_COPIES = 12
"""The most boxes that one entity of a scene gets ("a hundred ducks")."""

_ENTITY_LIMIT = 24
_COUNTED = re.compile(r"^(?:(\d{1,3})\s*(?:x|×)\s+)?(.*?)(?:\s*\(([^()]*)\))?$")
_NUMBERED = re.compile(r"^(.*\S)[ _#-]*(\d{1,2})$")
_SCENE_LINE = re.compile(r"^[\s>*#_-]*scene\s*#?(\d{1,4})[*_\s]*[:.：-]+[*_\s]*(.*)$", re.IGNORECASE)
_FIELD_LINE = re.compile(
    r"^[\s>*_-]*(words|description|background|setting|entities|objects)[*_\s]*[:：][*_\s]*(.*)$", re.IGNORECASE
)


@dataclass(slots=True)
class ParsedEntity:
    """An entity of a scene without boxes; ``count`` copies of it."""

    name: str
    description: str = ""
    count: int = 1


@dataclass(slots=True)
class ParsedScene:
    """A scene without boxes; ``words`` are the story's own, if the answer quotes them."""

    description: str
    background: str = ""
    words: str = ""
    entities: list[ParsedEntity] = field(default_factory=list)


@dataclass(slots=True)
class ParsedStory:
    """The scenes of an answer, what was repaired, and what is wrong with them, in words for the model."""

    scenes: list[ParsedScene]
    repairs: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def split_script(story: str) -> list[str]:
    """Return the shots of a story that is a script, in order and in their own words; none for any other story."""
    parts = split_shots(clean_story(story))
    return [part.text for part in parts] if len(parts) > 1 and all(part.is_listed for part in parts) else []


def build_fence(text: str) -> tuple[str, str]:
    """Return unique delimiter lines that mark the text between them as data."""
    mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    return f"<<<BEGIN {mark}", f"END {mark}>>>"


def build_story_messages(prompts: Prompts, request: PlanRequest, form: Form) -> list[Message]:
    """Build the messages of step 1."""
    begin, end = build_fence(request.story)
    system = prompts.fill(
        "story.md",
        wishes=_format_constraints(request),
        begin=begin,
        end=end,
        format=prompts.templates[f"story_as_{form}.md"].strip(),
    )
    messages: list[Message] = [("system", system)]
    for example in prompts.story_examples:
        answer: dict[str, Any] = example["answer"]
        shown = json.dumps(answer, ensure_ascii=False) if form == "json" else _format_text(answer)
        messages += [("human", f"{begin}\n{example['story']}\n{end}"), ("ai", shown)]
    return [*messages, ("human", f"{begin}\n{request.story}\n{end}")]


def _format_constraints(request: PlanRequest) -> str:
    lines: list[str] = []
    script = split_script(request.story)
    if script:
        lines.append(f"- The story is a script of {len(script)} shots: make exactly one scene of each, in this order.")
    elif request.scenes is not None:
        lines.append(f"- Make exactly {request.scenes} scene{'s' if request.scenes > 1 else ''}.")
    if request.max_entities is not None:
        lines.append(f"- No scene has more than {request.max_entities} entities, copies counted.")
    for member in request.cast:
        looks = f": {member.description}" if member.description else ""
        lines.append(f"- In the cast is {json.dumps(member.name, ensure_ascii=False)}{looks}. Use exactly this name.")
    for number, place in enumerate(request.backgrounds, start=1):
        last = " and every later scene" if number == len(request.backgrounds) else ""
        lines.append(f"- The background of scene {number}{last} is {json.dumps(place, ensure_ascii=False)}.")
    if request.style:
        lines.append(f"- The film's look: {json.dumps(request.style, ensure_ascii=False)}. Fit what things look like.")
    return "\n".join([*lines, ""])


def _format_text(answer: Mapping[str, Any]) -> str:
    lines: list[str] = []
    for number, scene in enumerate(answer["scenes"], start=1):
        things = "; ".join(
            (f"{thing['count']} x " if thing.get("count", 1) > 1 else "") + f"{thing['name']} ({thing['description']})"
            for thing in scene["entities"]
        )
        lines += [f"Scene {number}: {scene['description']}", f"Words: {scene['words']}"]
        lines += [f"Background: {scene['background']}", f"Entities: {things}"]
    return "\n".join(lines)


# -- reading answers


def parse_scenes(text: str, request: PlanRequest) -> ParsedStory:
    """Parse the scenes of an answer to step 1, and check them.

    Raises:
        ValueError: it has none.
    """
    lines = _parse_text_scenes(text)
    if lines:
        scenes = ParsedStory(lines)
    else:
        data, repairs = extract_json(text)
        scenes = ParsedStory(
            [draft for item in _find_scene_list(data) if (draft := _parse_scene(item)) is not None], repairs
        )
    if not scenes.scenes:
        raise ValueError("there are no scenes in the answer")
    if CUT_OFF in scenes.repairs:
        raise ValueError(f"{CUT_OFF}: give all of it")  # a story without its end is not the story
    if len(scenes.scenes) > MAX_SCENES:
        scenes.repairs.append(f"{len(scenes.scenes)} scenes, of which the first {MAX_SCENES} are kept")
        del scenes.scenes[MAX_SCENES:]
    _sort_by_story(scenes, request.story)
    _check_scenes(scenes, request)
    return scenes


def _parse_text_scenes(text: str) -> list[ParsedScene]:
    """Parse scenes in the text form: "Scene 1: ..." with lines for words, background and entities."""
    drafts: list[ParsedScene] = []
    for line in text.splitlines():
        if match := _SCENE_LINE.match(line):
            drafts.append(ParsedScene(description=_clean_line(match[2])))
        elif drafts and (match := _FIELD_LINE.match(line)):
            draft, name, value = drafts[-1], match[1].lower(), match[2]
            if name == "words":
                draft.words = _clean_line(value)
            elif name == "description":
                draft.description = _clean_line(value)
            elif name in ("background", "setting"):
                draft.background = _clean_line(value)[:200]
            else:
                parts = re.split(r"\s*;\s*|,\s*(?![^()]*\))", value)
                draft.entities = _parse_entities([_parse_counted_entity(part) for part in parts if part.strip()])
    return [draft for draft in drafts if draft.description]


def _parse_counted_entity(part: str) -> Any:
    match = _COUNTED.match(replace_look_alikes(part).strip())
    assert match is not None  # every part of the pattern is optional
    return {"name": match[2], "description": match[3] or "", "count": int(match[1] or 1)}


def _find_scene_list(data: Any) -> list[Any]:
    """Return the list of scenes, wherever the answer keeps it."""
    for _ in range(6):
        if isinstance(data, list):
            return data
        if not isinstance(data, Mapping):
            return []
        lower = {str(key).lower().replace(" ", "_"): value for key, value in data.items()}
        inner = next(
            (lower[key] for key in ("scenes", "plan", "shots", "story", "video", "output") if key in lower), None
        )
        if inner is None:
            numbered = [value for key, value in lower.items() if re.fullmatch(r"(?:scene|shot)?_?\d+", key)]
            return numbered or [data]
        data = inner
    return []


def _get_first(item: Mapping[str, Any], *names: str) -> Any:
    return next((item[name] for name in names if item.get(name)), None)


def _parse_scene(item: Any) -> ParsedScene | None:
    if isinstance(item, str):
        return ParsedScene(description=_clean_line(item)) if item.strip() else None
    if not isinstance(item, Mapping):
        return None
    lower = {str(key).lower().replace(" ", "_"): value for key, value in item.items()}
    words = _clean_line(_get_first(lower, "words", "text", "story_text", "quote"))
    description = _clean_line(
        _get_first(lower, "description", "scene_description", "caption", "prompt", "summary", "scene")
    )
    if not (description or words):
        return None
    things = _get_first(lower, "entities", "objects", "characters", "things", "elements")
    if isinstance(things, Mapping):
        things = [value if isinstance(value, Mapping) and "name" in value else {"name": key, "description": value}
                  for key, value in things.items()]  # fmt: skip
    elif isinstance(things, str):
        things = things.split(",")
    background = _get_first(lower, "background", "setting", "location", "place", "environment")
    if isinstance(background, Mapping):
        background = _get_first(background, "name", "description")
    return ParsedScene(
        description=description or words,
        background=_clean_line(background)[:200],
        words=words,
        entities=_parse_entities(things if isinstance(things, list) else []),
    )


def _parse_entities(things: list[Any]) -> list[ParsedEntity]:
    """Return the things of a scene; "duck 1" and "duck 2", or "duck" twice, are two of one kind."""
    drafts = [draft for thing in things if (draft := _parse_entity(thing)) is not None]
    stems = [match[1] if (match := _NUMBERED.match(draft.name)) else "" for draft in drafts]
    kept: dict[str, ParsedEntity] = {}
    for draft, stem in zip(drafts, stems, strict=True):
        if stem and (stems.count(stem) > 1 or normalised(stem) in kept):
            draft.name = stem
        name = normalised(draft.name)
        if name in kept:
            kept[name].count = min(kept[name].count + draft.count, MAX_COPIES)
        else:
            kept[name] = draft
    return list(kept.values())[:_ENTITY_LIMIT]


def _parse_entity(thing: Any) -> ParsedEntity | None:
    if isinstance(thing, str):
        thing = _parse_counted_entity(thing)
    if not isinstance(thing, Mapping):
        return None
    lower = {str(key).lower(): value for key, value in thing.items()}
    name = re.sub(
        r"^(?:an?|the)\s+(?=\S)",
        "",
        _clean_line(_get_first(lower, "name", "entity", "object", "label", "id")),
        flags=re.I,
    )
    looks = _get_first(lower, "description", "attributes", "appearance", "attribute", "details")
    if isinstance(looks, list):
        looks = ", ".join(_clean_line(look) for look in looks)
    count = lower.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool):
        count = int(count) if isinstance(count, str) and re.fullmatch(r"\d{1,4}", count) else 1
    if not any(character.isalpha() for character in name):
        return None
    return ParsedEntity(name[:200].strip(), _clean_line(looks)[:1000], min(max(count, 1), MAX_COPIES))


def _clean_line(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return " ".join("".join(character if character.isprintable() else " " for character in whole).split())[:4000]


# -- checking


def _sort_by_story(scenes: ParsedStory, story: str) -> None:
    """Sort scenes by the position of their words in the story, if it has them all."""
    text = normalised(story)
    places = [text.find(normalised(draft.words)) if draft.words else -1 for draft in scenes.scenes]
    if min(places) >= 0 and len(set(places)) == len(places) and places != sorted(places):
        scenes.scenes = [
            draft for _, draft in sorted(zip(places, scenes.scenes, strict=True), key=lambda pair: pair[0])
        ]
        scenes.repairs.append("the scenes were put in the order of the story")


def _check_scenes(scenes: ParsedStory, request: PlanRequest) -> None:
    wanted = len(split_script(request.story)) or request.scenes
    if wanted is not None and len(scenes.scenes) != wanted:
        scenes.faults.append(f"{wanted} scenes are asked for, and the answer has {len(scenes.scenes)}")
    for number, draft in enumerate(scenes.scenes, start=1):
        foreign = [
            text for text in (draft.description, *(thing.name for thing in draft.entities)) if not is_english(text)
        ]
        names = {normalised(member.name) for member in request.cast}
        foreign = [text for text in foreign if normalised(text) not in names]
        if foreign:
            shown = json.dumps(foreign[0][:100], ensure_ascii=False)
            scenes.faults.append(f"scene {number}: descriptions and names must be in English, and this is not: {shown}")
    text = normalised(request.story)
    ends = [place + len(words) for draft in scenes.scenes
            if (words := normalised(draft.words)) and (place := text.find(words)) >= 0]  # fmt: skip
    if len(ends) == len(scenes.scenes) and len(text) - max(ends) > max(20, 0.2 * len(text)):
        scenes.faults.append("the end of the story is in no scene")
    present = {normalised(thing.name) for draft in scenes.scenes for thing in draft.entities}
    for member in request.cast:
        if normalised(member.name) in text and normalised(member.name) not in present:
            name = json.dumps(member.name, ensure_ascii=False)
            scenes.faults.append(
                f"the story tells of {name} of the cast, and no scene has an entity of exactly this name"
            )


_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def is_english(text: str) -> bool:
    """Return whether at least half of the words are English, names and texts of one or two words aside."""
    words = _WORD.findall(text)[:400]
    if any(ord(character) > 0x24F for word in words for character in word if character not in "’"):
        return False  # another script than Latin
    strange = [word for word in words if not is_english_word(word) and not word[0].isupper()]
    spoken = [word for word in words if not word[0].isupper() or is_english_word(word)]
    return len(words) <= 2 or not spoken or len(strange) <= 0.5 * len(spoken)
