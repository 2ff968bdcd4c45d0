"""Frame rates, as people write them."""

from fractions import Fraction

import pytest

from videodirector.schemas import frame_rate


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("23.97", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        (29.97, Fraction(30000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        (24000 / 1001, Fraction(24000, 1001)),
        ("119.88", Fraction(120000, 1001)),
        ("24.0", Fraction(24)),
        ("24.00", Fraction(24)),
        (24.0, Fraction(24)),
        (" 8 ", Fraction(8)),
        ("12.5", Fraction(25, 2)),
        (25 / 3, Fraction(25, 3)),
        ("7.99", Fraction(799, 100)),
        ("30000/1001", Fraction(30000, 1001)),
        (Fraction(1, 100), Fraction(1, 100)),
    ],
)
def test_rates(value: object, rate: Fraction) -> None:
    assert frame_rate(value) == rate


@pytest.mark.parametrize(
    "value",
    [
        "fast",
        "29,97",
        "8/0",
        "1e1",
        "-8",
        "",
        "241",
        "9" * 5000,
        "0.001",
        0,
        240.5,
        10**400,
        float("nan"),
        True,
        None,
        [8],
    ],
)
def test_what_is_not_a_rate(value: object) -> None:
    with pytest.raises(ValueError, match="a frame rate "):
        frame_rate(value)
