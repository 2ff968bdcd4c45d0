"""Split a shot into events, one for each future scene, in the order in which they happen."""

from __future__ import annotations

from dataclasses import dataclass

from videodirector.planner.english.clauses import Clause, parse_clauses
from videodirector.planner.english.script import Shot, expand_scene_headings, split_sentences
from videodirector.planner.english.tagging import tag_words
from videodirector.planner.english.tokens import IsThing
from videodirector.planner.english.vocabulary import split_words
from videodirector.planner.layout.motion import find_path

__all__ = ["Event", "split_events"]

_SIMULTANEOUS = split_words("while as when whenever because since if although though where whereas") | {
    "as long as",
    "that",
    "even though",
}
"""Connectives of simultaneous clauses, or of clauses without an event."""

_EARLIER = frozenset(["after", "once", "as soon as"])
"""Their clause happens before the main clause, in either order."""

_LATER = frozenset(["before", "until", "till"])
"""Their clause happens after the main clause, in either order."""


@dataclass(slots=True)
class Event:
    """The clauses of one scene, in the order of the text.

    Attributes:
        clauses: what happens.
        text: the user's own words, kept where a script lists its scenes.
        is_earlier: whether it happens before the previous event of the text.
    """

    clauses: list[Clause]
    text: str = ""
    is_earlier: bool = False


def split_events(shot: Shot, is_thing: IsThing, names: frozenset[str]) -> list[Event]:
    """Return the events of a shot: one where a script says so, otherwise one for each clause with a new event."""
    if shot.is_listed:
        parts = split_sentences(expand_scene_headings(shot.text)) or [shot.text]
        return [
            Event(
                [clause for part in parts for clause in parse_clauses(tag_words(part, is_thing, names))], text=shot.text
            )
        ]
    events: list[Event] = []
    waiting = True  # a clause without a verb, or one that only says when, waits for the one it belongs to
    after = False  # "Before X, Y": Y comes first
    for clause in parse_clauses(tag_words(shot.text, is_thing, names)):
        clause.accompanies = clause.accompanies or _is_accompanying(clause, events)
        happens = bool(clause.verb) and clause.link not in _SIMULTANEOUS and not clause.accompanies
        if events and (not happens or waiting or _is_same_event(events[-1].clauses[-1], clause)):
            events[-1].clauses.append(clause)
            waiting = waiting and not happens
        else:
            event = Event([clause], is_earlier=after or bool(events and clause.link in _EARLIER))
            after = not events and clause.link in _LATER
            events.append(event)
            waiting = not happens
    return events or [Event([], text=shot.text)]


def _is_accompanying(clause: Clause, events: list[Event]) -> bool:
    """Return whether a participle accompanies another clause: "Venturing on, the fox ..."."""
    if clause.subject or clause.form in ("", clause.verb) or clause.form.endswith("s"):
        return False
    if not events:
        return clause.progressive
    before = events[-1].clauses[-1]
    present = before.form.endswith("s") and before.form != before.verb and not before.passive
    return present and clause.link == "and" and not clause.tight and not clause.progressive


def _is_same_event(before: Clause, clause: Clause) -> bool:
    """Return whether "and" joins two verbs to one event: "it falls and wrestles", "it stands and waits for the bus"."""
    if clause.subject:
        return False
    if clause.verb in ("stay", "remain", "keep") and clause.link == "and":
        return True  # "... and stays until the end"
    still = _is_bare_verb(before) and not before.adverbs and find_path(before.verb) == "still"
    return clause.tight and (_is_bare_verb(clause) or still)


def _is_bare_verb(clause: Clause) -> bool:
    gone = {"away", "off", "out"} & {*clause.adverbs}
    return not (clause.objects or clause.phrases or clause.later_verbs or gone)
