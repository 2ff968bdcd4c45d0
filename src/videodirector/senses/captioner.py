"""From vectors to captions: retrieval from the bank, each part with its calibrated probability."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videodirector.errors import UsageError
from videodirector.files.reading import MEBIBYTE, read_bounded_text
from videodirector.schemas import Caption, Guess, Modality
from videodirector.senses.bank import DOES, NOTHING, Row, extra_rows, motion_rows, short_rows, with_article, world_rows
from videodirector.senses.embedder import Aspect, Embedder, Vectors, Writer
from videodirector.senses.sensed import Sensed

__all__ = ["SURE", "Captioner", "composed"]

SURE = 0.5
"""A guess below this is said to be one, and parts of a caption below this are left out."""

_RUNNERS = 3
_WRITTEN = 0.3  # the writer's share in what a thing is
_SCALE = 60.0  # of embedders that nobody has calibrated
_MOVING: tuple[Modality, ...] = ("video", "imu")


class Captioner:
    """Says in words what an embedder's vectors show.

    The probability of a thing is that of all captions of the bank that name it, whatever their place and colour
    (a softmax over scaled cosines); likewise the probability of a place. With a writer it is the geometric mean of this
    and the probability that what is written begins with the thing.

    Args:
        embedder: whose vectors these are.
        writer: writes captions of the embedder's vectors; what it would write has a share in what things are.
        captions: more captions for the bank, each for a thing that the bank does not know ("a capybara").
        whole_bank: whether to compare with things in places, or only with things and with places; the whole bank has
            4,000 rows, which storyworld-bind knows by heart.
    """

    def __init__(
        self,
        embedder: Embedder,
        *,
        writer: Writer | None = None,
        captions: Iterable[str] = (),
        whole_bank: bool = True,
    ) -> None:
        self.embedder, self.writer = embedder, writer
        self._begun: dict[bytes, NDArray[np.float64]] = {}
        self._rows: tuple[Row, ...] = (*(world_rows() if whole_bank else short_rows()), *extra_rows(captions))

    def caption(self, sensed: Sequence[Sensed]) -> Caption:
        """One caption of inputs of one modality, whose vectors are averaged.

        Raises:
            UsageError: the embedder has no tower for this modality.
        """
        modality = sensed[0].modality
        vector = self.vector(sensed)
        things = self.chances(vector, modality, "thing")
        ranked = [(name, chance) for name, chance in things.items() if name is not None]
        thing = Guess(words=self._words(vector, ranked[0][0]), confidence=ranked[0][1])
        motion = self._best(vector, modality, "motion") if modality in _MOVING else None
        place = self._best(vector, modality, "place") if modality != "imu" else None
        told: Guess | None = thing
        if modality == "imu" and thing.confidence < SURE:  # it is the sensor's wearer that moves
            told = None
        return Caption(
            modality=modality,
            source=", ".join(one.name for one in sensed),
            text=composed(told, place, motion),
            confidence=told.confidence if told else motion.confidence if motion else 0.0,
            thing=told,
            place=place,
            motion=motion,
            runners_up=tuple(
                Guess(words=name, confidence=chance) for name, chance in (ranked[1 : 1 + _RUNNERS] if told else ())
            ),
            notes=(
                *(note for one in sensed for note in one.notes),
                *self._written(vector, told),
                *self._doubts(modality),
            ),
        )

    def vector(self, sensed: Sequence[Sensed]) -> Vectors:
        """The unit vector (width,) of inputs of one modality: the mean over inputs, clips weighing alike in each."""
        means = [self.embed(one.modality, one.clips).mean(0) for one in sensed]
        return _unit(np.mean([_unit(one) for one in means], axis=0))

    def embed(self, modality: Modality, clips: Sequence[NDArray[Any]]) -> Vectors:
        """The embedder's vectors of clips.

        Raises:
            UsageError: it has no tower for this modality.
        """
        if modality not in self.embedder.modalities:
            able = ", ".join(sorted(self.embedder.modalities))
            raise UsageError(f"{self.embedder.name} has no sense for {modality}", hint=f"it has: {able}")
        return self.embedder.embed(modality, clips)

    def embed_text(self, texts: Sequence[str]) -> Vectors:
        """The embedder's vectors of texts."""
        return self.embedder.embed_text(texts)

    def chances(
        self,
        vector: Vectors,
        modality: Modality,
        aspect: Aspect,
        *,
        scale: float | None = None,
    ) -> dict[str | None, float]:
        """Probabilities of every thing, place or motion, the likeliest first; None is for none of them.

        Args:
            vector: of the input.
            modality: of the input, whose calibration counts.
            aspect: which part of the caption; motions are judged by captions of everything that might move so, and
                are none as likely as the whole bank says that nothing can be told.
            scale: in place of the calibrated one.
        """
        scale = scale or self.embedder.scale(modality, aspect) or _SCALE
        names: Sequence[str | None]
        if aspect == "motion":
            names = (*DOES, None)
            moving = _softmax((self._motions @ vector).reshape(-1, len(DOES)).mean(0) * scale)
            nothing = self._nothing(vector, modality)
            told = np.append(moving * (1 - nothing), nothing)
        else:
            names, group = self._groups[aspect]
            told = np.asarray(np.bincount(group, _softmax(self._matrix @ vector * scale)), dtype=np.float64)
            if aspect == "thing" and self.writer is not None:
                told = self._with_written(self.writer, vector, names, told)
        return {names[number]: min(float(told[number]), 1.0) for number in np.argsort(-told, kind="stable").tolist()}

    def _written(self, vector: Vectors, told: Guess | None) -> tuple[str, ...]:
        if self.writer is None or told is None:
            return ()
        text, chance = self.writer.write(vector)
        return (f"In words of its own: “{text}” ({chance:.0%}).",)

    def _with_written(
        self, writer: Writer, vector: Vectors, names: Sequence[str | None], told: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Of things that a user has added the writer knows nothing: there it agrees with the bank."""
        phrases, group = self._phrases
        key = vector.tobytes()
        if key not in self._begun:  # asked again for other scales
            if len(self._begun) >= 1000:
                self._begun.clear()
            self._begun[key] = np.exp(writer.begins(vector, phrases))
        written = np.bincount(group, self._begun[key], minlength=len(names))
        known = np.bincount(group, minlength=len(names)) > 0
        nothing = names.index(None)
        written[nothing], known[nothing] = max(1 - float(written.sum()), 0.0), True
        share = np.where(known, _WRITTEN, 0.0)
        mixed = (told + 1e-9) ** (1 - share) * (written + 1e-9) ** share
        return np.asarray(mixed / mixed.sum())

    @cached_property
    def _phrases(self) -> tuple[list[str], NDArray[np.int64]]:
        """What a caption begins with that names a thing of the world, and which of the bank's things that is."""
        names, _ = self._groups["thing"]
        rows = [row for row in short_rows() if row.thing is not None]
        return [row.text for row in rows], np.array([names.index(row.thing) for row in rows])

    def _doubts(self, modality: Modality) -> tuple[str, ...]:
        if self.embedder.scale(modality, "thing") is not None:
            return ()
        return (f"Nobody has calibrated {self.embedder.name} here: take its confidence for a rough guess.",)

    def _nothing(self, vector: Vectors, modality: Modality) -> float:
        """How likely it is that nothing can be told, of all that the bank has."""
        told = _softmax(self._matrix @ vector * (self.embedder.scale(modality, "thing") or _SCALE))
        return float(sum(told[number] for number, row in enumerate(self._rows) if row.text == NOTHING))

    def _best(self, vector: Vectors, modality: Modality, aspect: Aspect) -> Guess:
        found = self.chances(vector, modality, aspect)
        return next(Guess(words=name, confidence=chance) for name, chance in found.items() if name is not None)

    def _words(self, vector: Vectors, thing: str) -> str:
        """What the thing is best called: "red car"."""
        rows = [number for number, row in enumerate(self._rows) if row.thing == thing]
        best = rows[int((self._matrix[rows] @ vector).argmax())]
        return self._rows[best].words or thing

    @cached_property
    def _groups(self) -> dict[Aspect, tuple[list[str | None], NDArray[np.int64]]]:
        """Things and places of the bank, and to which of them each row belongs."""
        keys: dict[Aspect, list[str | None]] = {
            "thing": [row.thing for row in self._rows],
            "place": [row.place for row in self._rows],
        }
        groups: dict[Aspect, tuple[list[str | None], NDArray[np.int64]]] = {}
        for aspect, told in keys.items():
            names = list(dict.fromkeys(told))
            number = {name: number for number, name in enumerate(names)}
            groups[aspect] = names, np.array([number[name] for name in told])
        return groups

    @cached_property
    def _matrix(self) -> Vectors:
        return self.embedder.embed_text([row.text for row in self._rows])

    @cached_property
    def _motions(self) -> Vectors:
        return self.embedder.embed_text([row.text for row in motion_rows()])


def composed(thing: Guess | None, place: Guess | None, motion: Guess | None) -> str:
    """A sentence that the planner understands: "A dog moves to the left in the forest."

    Unsure places and motions are left out; without a thing somebody does it.
    """
    subject = with_article(thing.words) if thing else "somebody"
    does = f" {DOES[motion.words]}" if motion and (motion.confidence >= SURE or thing is None) else ""
    where = f" in the {place.words}" if place and place.confidence >= SURE else ""
    text = f"{subject}{does}{where}."
    return text[0].upper() + text[1:]


def read_captions(path: Path) -> list[str]:
    """A user's captions, one a line; empty lines and lines that begin with # do not count.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        lines = read_bounded_text(path, most=MEBIBYTE).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: the captions cannot be read: {getattr(error, 'strerror', None) or error}",
            hint="a text file, a caption a line",
        ) from None
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    raised = np.exp(logits.astype(np.float64) - float(logits.max()))
    return np.asarray(raised / raised.sum())


def _unit(vector: Vectors) -> Vectors:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float32)
