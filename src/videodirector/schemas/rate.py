"""Frame rates as rational numbers: no float is exactly 30000/1001."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

__all__ = ["MAX_RATE", "FrameRate", "frame_rate"]

MAX_RATE = 240
"""The most frames a second."""

_RATIONAL = re.compile(r"([0-9]{1,7})/([0-9]{1,7})")
_DECIMAL = re.compile(r"[0-9]{1,7}(?:\.([0-9]{1,20}))?")
_EXACT_DECIMALS = 6  # with more, a decimal stands for a fraction that it cannot write


def frame_rate(value: object) -> Fraction:
    """Read frames a second from 8, "8", 12.5, "30000/1001", a Fraction, or "29.97", which is 30000/1001.

    A decimal of two or more places that differs from an NTSC rate, n * 1000/1001 where n is a multiple of 12 or 15, by
    less than one in its last place is that rate.

    Raises:
        ValueError: anything else, or a rate outside of 1/100 .. ``MAX_RATE``.
    """
    rate: Fraction | None = None
    if isinstance(value, (Fraction, int)) and not isinstance(value, bool):
        rate = Fraction(value)
    elif isinstance(value, (float, str)):
        text = str(value).strip()
        if match := _RATIONAL.fullmatch(text):
            rate = Fraction(int(match[1]), int(match[2])) if int(match[2]) else None
        elif match := _DECIMAL.fullmatch(text):
            rate = _read_decimal(Fraction(text), len(match[1] or ""))
    if rate is None:
        raise ValueError('a frame rate is a number or a fraction as text, such as 8, 23.976 or "30000/1001"')
    if not Fraction(1, 100) <= rate <= MAX_RATE or rate.denominator > 9_999_999:
        raise ValueError(f"a frame rate lies between 1/100 and {MAX_RATE} frames a second")
    return rate


def _read_decimal(value: Fraction, decimals: int) -> Fraction:
    nominal = math.ceil(value)
    ntsc = Fraction(nominal * 1000, 1001)
    is_ntsc = decimals >= 2 and (nominal % 12 == 0 or nominal % 15 == 0)
    if is_ntsc and abs(value - ntsc) < Fraction(1, 10 ** min(decimals, _EXACT_DECIMALS)):
        return ntsc
    return value if decimals <= _EXACT_DECIMALS else value.limit_denominator(1001)


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
            "type": ["string", "number"],
            "description": 'frames a second: 8, 23.976, "8/1" or "30000/1001"',
            "pattern": r"^[0-9]+(/[0-9]+|\.[0-9]+)?$",
            "default": "8/1",
        }
    ),
]
"""A field that holds a frame rate: a Fraction in Python, "8/1" in JSON."""
