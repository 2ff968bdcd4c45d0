"""Scene descriptions in good English: one sentence each, with pronouns replaced where that is simple."""

from __future__ import annotations

import re

from videodirector.planner.english import vocabulary as v
from videodirector.planner.english.clauses import Clause, NounPhrase
from videodirector.planner.english.vocabulary import pluralise, split_words
from videodirector.planner.story.entities import Mention

__all__ = ["describe_scene"]

_REPLACED_PRONOUNS = split_words("it he she they him them")
_NO_SPACE_BEFORE = re.compile(r"\s+([.,;:!?)]|'s\b)")
_LEADING_WORDS = split_words("then finally next suddenly eventually afterwards later soon first and but so , ; now")


def describe_scene(
    clauses: list[Clause],
    pronouns: list[tuple[NounPhrase, list[Mention], Clause]],
    before: list[Mention],
    unseen: str = "",
) -> str:
    """Return the description of a scene of these clauses.

    Args:
        clauses: in order.
        pronouns: the pronouns in them, and whom they mean.
        before: the subject of the clause before, for a first clause without a subject.
        unseen: the same in words, if it is not an entity.
    """
    texts: list[str] = []
    for clause in clauses:
        words = [token.text for token in clause.tokens]
        for noun, mentions, owner in pronouns:
            if owner is clause and noun.pronoun in _REPLACED_PRONOUNS and mentions and noun.start < len(words):
                words[noun.start] = _name_mentions(mentions)
                for place in range(noun.start + 1, min(noun.end, len(words))):
                    words[place] = ""  # "the two"
        start = 0
        while start < len(words) and words[start].lower() in _LEADING_WORDS:
            start += 1
        text = _join_words(words[start:])
        alone = not clause.subject and not clause.accompanies
        if alone and clause.verb and (before or unseen) and not texts and not _is_imperative(clause):
            text = f"{unseen or _name_mentions(before)} {text}"
        if texts and (clause.accompanies or clauses[0].accompanies):
            texts[-1] = f"{texts[-1].rstrip(' ,.')},"
            texts.append(text)
        elif texts and clause.link:
            texts.append(f"{clause.link if clause.link != 'then' else 'and then'} {text}")
        else:
            texts.append(text)
    text = " ".join(" ".join(texts).split()).strip(" ,;:-&")
    if text.count('"') % 2:  # the other one closed in another scene
        text = text.replace('"', "").strip(" ,;:-&")
    if clauses and clauses[0].link and clauses[0].link in v.SUBORDINATORS and len(clauses) > 1:
        text = f"{clauses[0].link} {texts[0].strip(' ,')}, " + " ".join(
            [re.sub(r"^and ", "", texts[1]), *texts[2:]]
        ).strip(" ,")
    if not text:
        return ""
    text = text[:1].upper() + text[1:]
    return text if text[-1] in ".!?\"')" else f"{text}."


def _is_imperative(clause: Clause) -> bool:
    return clause.verb != "" and clause.tokens[0].lower == clause.verb and not clause.link


def _name_mentions(mentions: list[Mention]) -> str:
    names = []
    for mention in mentions:
        name = mention.member.first_name
        if len(mention.copies) > 1:
            name = pluralise(name)
        names.append(name if name[:1].isupper() else f"the {name}")
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _join_words(words: list[str]) -> str:
    text = _NO_SPACE_BEFORE.sub(r"\1", " ".join(words))
    quoted = text.count('"') // 2
    for _ in range(quoted):
        text = re.sub(r'"\s*([^"]*?)\s*"', r"“\1”", text, count=1)
    return text.replace("( ", "(")
