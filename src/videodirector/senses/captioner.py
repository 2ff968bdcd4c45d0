"""Caption embeddings by retrieval from the bank, each part with its calibrated probability."""

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
from videodirector.senses.caption_bank import (
    MOTION_PHRASES,
    UNRECOGNISED,
    CaptionRow,
    add_article,
    build_extra_rows,
    build_motion_rows,
    build_short_rows,
    build_world_rows,
)
from videodirector.senses.embedder import Aspect, CaptionWriter, Embedder, Vectors
from videodirector.senses.loaded_input import LoadedInput

__all__ = ["CONFIDENCE_THRESHOLD", "Captioner", "compose_caption"]

CONFIDENCE_THRESHOLD = 0.5
"""Captions below this are called guesses, and caption parts below this are left out."""

_RUNNERS_UP = 3
_WRITER_WEIGHT = 0.3  # the writer's share in what a thing is
_DEFAULT_SCALE = 60.0  # of uncalibrated embedders
_MOTION_MODALITIES: tuple[Modality, ...] = ("video", "imu")


class Captioner:
    """Captions an embedder's vectors.

    The probability of a thing is that of all captions of the bank that name it, whatever their place and colour
    (a softmax over scaled cosines); likewise the probability of a place. With a writer it is the geometric mean of this
    and the probability that what is written begins with the thing.

    Args:
        embedder: of the vectors.
        writer: writes captions of the embedder's vectors; its probabilities are mixed in.
        captions: more captions for the bank, each for a thing that the bank does not know ("a capybara").
        whole_bank: whether to compare with things in places, or only with things and with places; the whole bank has
            4,000 rows, which storyworld-bind has precomputed.
    """

    def __init__(
        self,
        embedder: Embedder,
        *,
        writer: CaptionWriter | None = None,
        captions: Iterable[str] = (),
        whole_bank: bool = True,
    ) -> None:
        self.embedder, self.writer = embedder, writer
        self._prefix_probabilities: dict[bytes, NDArray[np.float64]] = {}
        self._rows: tuple[CaptionRow, ...] = (
            *(build_world_rows() if whole_bank else build_short_rows()),
            *build_extra_rows(captions),
        )

    def caption(self, sensed: Sequence[LoadedInput]) -> Caption:
        """Caption inputs of one modality by the mean of their vectors.

        Raises:
            UsageError: the embedder does not support this modality.
        """
        modality = sensed[0].modality
        vector = self.vector(sensed)
        things = self.predict_probabilities(vector, modality, "thing")
        ranked = [(name, chance) for name, chance in things.items() if name is not None]
        thing = Guess(words=self._choose_words(vector, ranked[0][0]), confidence=ranked[0][1])
        motion = self._choose_best(vector, modality, "motion") if modality in _MOTION_MODALITIES else None
        place = self._choose_best(vector, modality, "place") if modality != "imu" else None
        subject: Guess | None = thing
        if modality == "imu" and thing.confidence < CONFIDENCE_THRESHOLD:  # it is the sensor's wearer that moves
            subject = None
        return Caption(
            modality=modality,
            source=", ".join(one.name for one in sensed),
            text=compose_caption(subject, place, motion),
            confidence=subject.confidence if subject else motion.confidence if motion else 0.0,
            thing=subject,
            place=place,
            motion=motion,
            runners_up=tuple(
                Guess(words=name, confidence=chance)
                for name, chance in (ranked[1 : 1 + _RUNNERS_UP] if subject else ())
            ),
            notes=(
                *(note for one in sensed for note in one.notes),
                *self._write_notes(vector, subject),
                *self._note_uncalibrated(modality),
            ),
        )

    def vector(self, sensed: Sequence[LoadedInput]) -> Vectors:
        """Return the unit mean vector (width,) of inputs of one modality, each the mean of its clips."""
        means = [self.embed(one.modality, one.clips).mean(0) for one in sensed]
        return _normalise(np.mean([_normalise(one) for one in means], axis=0))

    def embed(self, modality: Modality, clips: Sequence[NDArray[Any]]) -> Vectors:
        """Return the embedder's vectors of clips.

        Raises:
            UsageError: it has no tower for this modality.
        """
        if modality not in self.embedder.modalities:
            able = ", ".join(sorted(self.embedder.modalities))
            raise UsageError(f"{self.embedder.name} does not support {modality}", hint=f"it supports: {able}")
        return self.embedder.embed(modality, clips)

    def embed_text(self, texts: Sequence[str]) -> Vectors:
        """Return the embedder's vectors of texts."""
        return self.embedder.embed_text(texts)

    def predict_probabilities(
        self,
        vector: Vectors,
        modality: Modality,
        aspect: Aspect,
        *,
        scale: float | None = None,
    ) -> dict[str | None, float]:
        """Predict probabilities of every thing, place or motion, the most probable first; None is for none of them.

        Args:
            vector: of the input.
            modality: of the input, whose calibration counts.
            aspect: which part of the caption; motions are judged by captions of everything that might move so, and
                have the whole bank's probability of nothing recognisable as that of none.
            scale: overrides the calibrated one.
        """
        scale = scale or self.embedder.scale(modality, aspect) or _DEFAULT_SCALE
        names: Sequence[str | None]
        if aspect == "motion":
            names = (*MOTION_PHRASES, None)
            moving = _softmax((self._motions @ vector).reshape(-1, len(MOTION_PHRASES)).mean(0) * scale)
            nothing = self._predict_nothing(vector, modality)
            told = np.append(moving * (1 - nothing), nothing)
        else:
            names, group = self._groups[aspect]
            told = np.asarray(np.bincount(group, _softmax(self._matrix @ vector * scale)), dtype=np.float64)
            if aspect == "thing" and self.writer is not None:
                told = self._mix_written(self.writer, vector, names, told)
        return {names[number]: min(float(told[number]), 1.0) for number in np.argsort(-told, kind="stable").tolist()}

    def _write_notes(self, vector: Vectors, subject: Guess | None) -> tuple[str, ...]:
        if self.writer is None or subject is None:
            return ()
        text, chance = self.writer.write(vector)
        return (f"In words of its own: “{text}” ({chance:.0%}).",)

    def _mix_written(
        self, writer: CaptionWriter, vector: Vectors, names: Sequence[str | None], probabilities: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Mix the writer's probabilities in; things that a user has added keep those of the bank."""
        phrases, group = self._phrases
        key = vector.tobytes()
        if key not in self._prefix_probabilities:  # called again for other scales
            if len(self._prefix_probabilities) >= 1000:
                self._prefix_probabilities.clear()
            self._prefix_probabilities[key] = np.exp(writer.log_prefix_probabilities(vector, phrases))
        written = np.bincount(group, self._prefix_probabilities[key], minlength=len(names))
        known = np.bincount(group, minlength=len(names)) > 0
        nothing = names.index(None)
        written[nothing], known[nothing] = max(1 - float(written.sum()), 0.0), True
        share = np.where(known, _WRITER_WEIGHT, 0.0)
        mixed = (probabilities + 1e-9) ** (1 - share) * (written + 1e-9) ** share
        return np.asarray(mixed / mixed.sum())

    @cached_property
    def _phrases(self) -> tuple[list[str], NDArray[np.int64]]:
        """The first words of captions of things of the world, and the index of each thing in the bank."""
        names, _ = self._groups["thing"]
        rows = [row for row in build_short_rows() if row.thing is not None]
        return [row.text for row in rows], np.array([names.index(row.thing) for row in rows])

    def _note_uncalibrated(self, modality: Modality) -> tuple[str, ...]:
        if self.embedder.scale(modality, "thing") is not None:
            return ()
        return (f"Nobody has calibrated {self.embedder.name} here: take its confidence for a rough guess.",)

    def _predict_nothing(self, vector: Vectors, modality: Modality) -> float:
        """Predict the probability that nothing is recognisable."""
        probabilities = _softmax(self._matrix @ vector * (self.embedder.scale(modality, "thing") or _DEFAULT_SCALE))
        return float(sum(probabilities[number] for number, row in enumerate(self._rows) if row.text == UNRECOGNISED))

    def _choose_best(self, vector: Vectors, modality: Modality, aspect: Aspect) -> Guess:
        found = self.predict_probabilities(vector, modality, aspect)
        return next(Guess(words=name, confidence=chance) for name, chance in found.items() if name is not None)

    def _choose_words(self, vector: Vectors, thing: str) -> str:
        """Choose the best name of a thing: "red car"."""
        rows = [number for number, row in enumerate(self._rows) if row.thing == thing]
        best = rows[int((self._matrix[rows] @ vector).argmax())]
        return self._rows[best].words or thing

    @cached_property
    def _groups(self) -> dict[Aspect, tuple[list[str | None], NDArray[np.int64]]]:
        """Things and places of the bank, and their index for each row."""
        keys: dict[Aspect, list[str | None]] = {
            "thing": [row.thing for row in self._rows],
            "place": [row.place for row in self._rows],
        }
        groups: dict[Aspect, tuple[list[str | None], NDArray[np.int64]]] = {}
        for aspect, labels in keys.items():
            names = list(dict.fromkeys(labels))
            number = {name: number for number, name in enumerate(names)}
            groups[aspect] = names, np.array([number[name] for name in labels])
        return groups

    @cached_property
    def _matrix(self) -> Vectors:
        return self.embedder.embed_text([row.text for row in self._rows])

    @cached_property
    def _motions(self) -> Vectors:
        return self.embedder.embed_text([row.text for row in build_motion_rows()])


def compose_caption(thing: Guess | None, place: Guess | None, motion: Guess | None) -> str:
    """Compose a sentence that the planner understands: "A dog moves to the left in the forest."

    Uncertain places and motions are left out; without a thing the subject is "somebody".
    """
    subject = add_article(thing.words) if thing else "somebody"
    does = (
        f" {MOTION_PHRASES[motion.words]}"
        if motion and (motion.confidence >= CONFIDENCE_THRESHOLD or thing is None)
        else ""
    )
    where = f" in the {place.words}" if place and place.confidence >= CONFIDENCE_THRESHOLD else ""
    text = f"{subject}{does}{where}."
    return text[0].upper() + text[1:]


def read_captions(path: Path) -> list[str]:
    """Read a user's captions, one a line; empty lines and lines that begin with # do not count.

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


def _normalise(vector: Vectors) -> Vectors:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float32)
