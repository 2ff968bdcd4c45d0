"""The offline planner on published prompts: skills, events, named things, speed. The data files are arguments.

    python benchmarks/offline_planner.py --lvd lvd_gpt4_layouts.json --stories story_prompts.json [--json report.json]

- ``--lvd``: a list of objects with "prompt" (LLM-grounded Video Diffusion); each plan is checked by LVD's rules.
- ``--stories``: an object with "storyeval" (prompts with their events), "vbench_stories" (storylines) and "vimax"
  (scenes of shots). StoryEval: how often a plan has exactly as many scenes as the prompt has events. All: whether every
  plan is valid, and which part of the things named there are entities of the plan (see ``named_things``).
- Speed needs no data: ten sentences, and texts of 1,250 to 10,000 words; a ratio of 1 a word is linear.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lemminflect import getAllLemmas

from videodirector.evaluation import PlanReport, Proportion, score_plan
from videodirector.lexicon.wordnet import find_noun
from videodirector.planner import OfflinePlanner
from videodirector.planner.english.vocabulary import split_words
from videodirector.schemas import VideoPlan

BARS = {"lvd": 490 / 500, "events": 0.85, "things": 0.90, "ten sentences (ms)": 50.0}

SENTENCES = (
    "A fox walks through the forest. It meets an owl under a tall tree. The owl flies away over the hill. "
    "A small boy with a red kite runs along the beach. Two ducks swim on the lake. They see a turtle. "
    "The king gives the knight a golden key, and the knight rides to the castle. "
    "The boy's dog barks at the moon. Three mice carry a cake into the kitchen. Then the cat wakes up and chases them."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lvd", type=Path)
    parser.add_argument("--stories", type=Path)
    parser.add_argument("--json", type=Path, dest="report")
    parser.add_argument("--show", action="store_true", help="print every prompt that went wrong")
    options = parser.parse_args()
    planner = OfflinePlanner()
    figures: dict[str, Any] = speed(planner)
    if options.lvd:
        report = lvd(planner, json.loads(options.lvd.read_text()), show=options.show)
        print(report.markdown())
        figures["lvd"] = report.as_dict()["skills"] | {"overall": report.overall.as_dict()}
    if options.stories:
        figures |= stories(planner, json.loads(options.stories.read_text()), show=options.show)
    if options.report:
        options.report.write_text(json.dumps(figures, indent=2))


def lvd(planner: OfflinePlanner, prompts: list[dict[str, str]], *, show: bool) -> PlanReport:
    plans = {text: planner.plan(text) for text in dict.fromkeys(entry["prompt"] for entry in prompts)}
    report = PlanReport.from_scores(score_plan(plans[entry["prompt"]]) for entry in prompts)
    for score in report.plans:
        if show and not score.right:
            print("wrong:", score.prompt)
    return report


def stories(planner: OfflinePlanner, data: dict[str, Any], *, show: bool) -> dict[str, Any]:
    exact: list[bool] = []
    figures: dict[str, Any] = {}
    for entry in data["storyeval"]:
        plan = planner.plan(entry["prompt"])
        exact.append(len(plan.scenes) == len(entry["events"]))
        if show and not exact[-1]:
            print(f"{len(plan.scenes)} scenes for {len(entry['events'])} events: {entry['prompt']}")
    events = Proportion.from_outcomes(exact)
    print("StoryEval, as many scenes as events:", events)
    texts = [*texts_of(data)]
    valid = Proportion.from_outcomes(is_valid(planner.plan(text)) for text in texts)
    print("valid plans of all stories:", valid)
    for part in ("storyeval", "vbench_stories", "vimax"):
        named, lost = [], []
        for text in texts_of({"storyeval": [], "vbench_stories": [], "vimax": []} | {part: data[part]}):
            here, gone = missing(text, planner.plan(text))
            named += here
            lost += gone
            if show and gone:
                print("not among the entities:", ", ".join(gone), "|", text[:200])
        figures[part] = Proportion(len(named) - len(lost), len(named)).as_dict()
        print(f"{part}, things named that are entities:", Proportion(len(named) - len(lost), len(named)))
    return figures | {"events": events.as_dict(), "valid": valid.as_dict()}


SEEN = {"animal", "person", "artifact", "food", "plant"}
NOT_THINGS = split_words(
    """top bottom side front back end line piece part shot view frame close-up medium lens level camera scene step angle
    motion light lighting picture clip play touch turn right left stop go one someone"""
)
_BEFORE = re.compile(r"^(?:an?|the|his|her|its|their|some|two|three|four|another|each|small|big|little|red|first|\d+)$")


def named_things(text: str) -> list[str]:
    """The things a text names, told without the planner's grammar: nouns in the singular whose commonest use is an
    animal, a person, something made, a food or a plant; a word that may be a verb counts only behind a determiner."""
    found: dict[str, None] = {}
    words = re.findall(r"[a-z]+(?:['-][a-z]+)*", text.lower())
    for before, word in zip(["", *words], words, strict=False):
        classes = getAllLemmas(word)
        lemma = next(iter(classes.get("NOUN", ())), "")
        sense = find_noun(lemma) if len(lemma) > 2 else None
        if sense is None or sense.kind not in SEEN or sense.share < 0.6 or lemma in NOT_THINGS:
            continue
        if "ADJ" not in classes and (not {"VERB", "ADV"} & set(classes) or _BEFORE.match(before)):
            found[lemma] = None
    return list(found)


def missing(text: str, plan: VideoPlan) -> tuple[list[str], list[str]]:
    """The things that a text names, and those of them that no entity of the plan is; places count as backgrounds."""
    named = named_things(text)
    said = [word for scene in plan.scenes for e in scene.entities for word in (e.name, e.description)]
    words = {word for part in said for word in re.findall(r"[a-z]+", part.lower())}
    places = {word for scene in plan.scenes for word in re.findall(r"[a-z]+", scene.background.lower())}
    named = [name for name in named if name not in places]
    return named, [name for name in named if name not in words and f"{name}s" not in words]


def texts_of(data: dict[str, Any]) -> Iterator[str]:
    """Every story of the file as one text; those in shots as numbered scripts."""
    yield from (entry["prompt"] for entry in data["storyeval"])
    for entry in data["vbench_stories"]:
        yield entry["summary"]
        yield " ".join(entry["storyline"])
    for entry in data["vimax"]:
        yield entry["overview"]
        shots = [shot for scene in entry["scenes"] for shot in scene]
        yield "\n".join(f"Shot {number}: {shot}" for number, shot in enumerate(shots, 1))


def is_valid(plan: VideoPlan) -> bool:
    return VideoPlan.from_json(plan.to_json()) == plan


def speed(planner: OfflinePlanner) -> dict[str, Any]:
    planner.plan(SENTENCES)  # the dictionaries are loaded once
    ten = min(_timed(planner, SENTENCES) for _ in range(5))
    print(f"ten sentences: {1000 * ten:.1f} ms (bar: 50 ms)")
    words = SENTENCES.split()
    figures: dict[str, Any] = {"ten sentences (ms)": 1000 * ten}
    for count in (1250, 2500, 5000, 10_000):
        text = " ".join((words * (count // len(words) + 1))[:count])
        seconds = min(_timed(planner, text) for _ in range(2))
        figures[f"{count} words (s)"] = seconds
        print(f"{count} words: {seconds:.2f} s, {1e6 * seconds / count:.0f} us a word")
    ratio = figures["10000 words (s)"] / figures["1250 words (s)"] / 8
    figures["time a word, 10,000 words over 1,250"] = ratio
    print(f"time a word at 10,000 words over that at 1,250: {ratio:.2f} (1 is linear)")
    return figures


def _timed(planner: OfflinePlanner, text: str) -> float:
    start = time.process_time()  # of this process alone, so that a busy machine does not count
    planner.plan(text)
    return time.process_time() - start


if __name__ == "__main__":
    main()
