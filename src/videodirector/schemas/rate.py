"""Frame rates as rational numbers: 30000/1001 has no float that is right."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

__all__ = ["MAX_RATE", "FrameRate", "frame_rate"]

MAX_RATE = 240
"""The most frames a second."""

_RATIONAL = re.compile(r"([0-9]{1,7})(?:/([0-9]{1,7}))?")


def frame_rate(value: object) -> Fraction:
    """Frames a second from 8, "8", "30000/1001" or a Fraction.

    Raises:
        ValueError: anything else (floats too: 29.97 is no rate), or a rate outside of 1/100 .. `MAX_RATE`.
    """
    rate: Fraction | None = None
    if isinstance(value, Fraction):
        rate = value
    elif isinstance(value, int) and not isinstance(value, bool):
        rate = Fraction(value)
    elif isinstance(value, float) and value.is_integer():
        rate = Fraction(int(value))
    elif isinstance(value, str) and (match := _RATIONAL.fullmatch(value.strip())) and int(match[2] or 1):
        rate = Fraction(int(match[1]), int(match[2] or 1))
    if rate is None:
        raise ValueError('a frame rate is a whole number or a fraction as text, such as 8 or "30000/1001"')
    if not Fraction(1, 100) <= rate <= MAX_RATE or rate.denominator > 9_999_999:
        raise ValueError(f"a frame rate lies between 1/100 and {MAX_RATE} frames a second")
    return rate


def _validate(value: object) -> Fraction:
    try:
        return frame_rate(value)
    except ValueError as error:
        raise PydanticCustomError("frame_rate", "{reason}", {"reason": str(error)}) from None


def _text(rate: Fraction) -> str:
    return f"{rate.numerator}/{rate.denominator}"


FrameRate = Annotated[
    Fraction,
    PlainValidator(_validate),
    PlainSerializer(_text, when_used="json"),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "description": 'frames a second: 8, "8/1" or "30000/1001"',
            "pattern": "^[0-9]+(/[0-9]+)?$",
            "default": "8/1",
        }
    ),
]
"""A field that holds a frame rate: a Fraction in Python, "8/1" in JSON."""
