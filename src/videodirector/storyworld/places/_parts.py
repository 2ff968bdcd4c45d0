"""What landscapes are made of: clouds, stars, trees, grass, flowers, stones, houses."""

from __future__ import annotations

from collections.abc import Sequence

from videodirector.storyworld.places._canvas import MARGIN_X, MARGIN_Y, Canvas, Colour, mix

__all__ = [
    "bush", "clouds", "fence", "flowers", "house", "palm", "pine", "reeds", "rocks", "stars", "sun", "tower_block",
    "tree", "tufts", "water_lines",
]  # fmt: skip


def clouds(
    c: Canvas,
    count: int,
    *,
    low: float,
    colour: Colour = (255, 255, 255),
    under: Colour = (214, 226, 244),
    size: float = 1.0,
) -> None:
    """Heaps of clouds with flat, bluish undersides."""
    for x in c.spread(count):
        y, r = c.uniform(0.04, low), c.uniform(0.045, 0.08) * size
        for dx, dy, part in (
            (-1.5, 0.25, 0.62),
            (1.55, 0.28, 0.58),
            (-0.55, -0.15, 0.95),
            (0.6, -0.05, 0.85),
            (0.0, 0.15, 0.9),
        ):
            c.ellipse(x + dx * r * c.tall, y + dy * r, r * part, colour, mix(colour, under, 0.75))
        c.block(
            x - 2.1 * r * c.tall,
            y + 0.28 * r,
            x + 2.1 * r * c.tall,
            y + 0.86 * r,
            mix(colour, under, 0.55),
            under,
            round_=0.29 * r,
        )


def stars(c: Canvas, count: int, *, low: float) -> None:
    """Stars of three sizes, the large ones with a glow."""
    for _ in range(count):
        x, y = c.uniform(-MARGIN_X, 1 + MARGIN_X), c.uniform(-MARGIN_Y, low)
        size = float(c.rng.choice([0.003, 0.0045, 0.007], p=[0.6, 0.3, 0.1]))
        if size > 0.006:
            c.glow(x, y, 0.035, (255, 250, 220), 0.5)
        c.ellipse(x, y, size, (255, 252, 232))


def sun(c: Canvas, x: float, y: float, radius: float, colour: Colour = (255, 214, 92), glow: float = 0.55) -> None:
    """A shining disc."""
    c.glow(x, y, radius * 4.5, mix(colour, (255, 255, 255), 0.4), glow)
    c.ellipse(x, y, radius, mix(colour, (255, 255, 240), 0.35), colour)


def tree(c: Canvas, x: float, base: float, height: float, leaf: Colour, trunk: Colour = (122, 82, 58)) -> None:
    """A tree with a round crown of several balls of leaves."""
    wide = height * 0.075 * c.tall
    fork = base - 0.6 * height
    sides = [(x - wide, base), (x - 0.6 * wide, fork), (x + 0.6 * wide, fork), (x + wide, base)]
    c.polygon(sides, mix(trunk, (40, 20, 60), 0.25), trunk)
    dark, r = mix(leaf, (18, 40, 84), 0.22), height * 0.27
    for dx, dy, part in ((-0.75, 0.42, 0.75), (0.78, 0.44, 0.72), (0.0, 0.5, 0.8)):
        c.ellipse(x + dx * r * c.tall, base - 0.72 * height + dy * r, r * part, mix(leaf, dark, 0.5), dark)
    for dx, dy, part in ((-0.48, -0.02, 0.78), (0.5, 0.04, 0.74), (0.0, -0.42, 0.86)):
        c.blob(x + dx * r * c.tall, base - 0.72 * height + dy * r, r * part, leaf)


def pine(c: Canvas, x: float, base: float, height: float, leaf: Colour, *, snow: bool = False) -> None:
    """A fir of three tiers, the right half in the shade."""
    wide = height * 0.05 * c.tall
    c.block(x - wide, base - 0.16 * height, x + wide, base, (104, 70, 52), (84, 56, 46))
    dark = mix(leaf, (14, 30, 74), 0.3)
    for tier in range(3):
        low, top = base - (0.1 + 0.24 * tier) * height, base - (0.52 + 0.24 * tier) * height
        half = (0.27 - 0.055 * tier) * height * c.tall
        left = [(x - half, low), (x, top), (x, low + 0.02 * height)]
        c.polygon([*left[:2], (x + half, low)], mix(leaf, (255, 255, 210), 0.1), leaf)
        c.polygon([(x, top), (x + half, low), (x - 0.12 * half, low)], mix(leaf, dark, 0.55), dark)
        if snow:
            c.polygon(
                [
                    (x - 0.42 * half, top + 0.45 * (low - top)),
                    (x, top),
                    (x + 0.42 * half, top + 0.45 * (low - top)),
                    (x + 0.14 * half, top + 0.36 * (low - top)),
                    (x - 0.1 * half, top + 0.52 * (low - top)),
                ],
                (255, 255, 255),
                (224, 234, 248),
            )


def palm(c: Canvas, x: float, base: float, height: float, leaf: Colour = (60, 170, 96)) -> None:
    """A leaning palm."""
    lean = c.uniform(-0.16, 0.16) * height * c.tall
    steps = [(x + lean * (part / 6) ** 1.6, base - height * 0.82 * part / 6) for part in range(7)]
    c.line(steps, 0.055 * height, (168, 122, 78))
    c.line([(px + 0.012 * height * c.tall, py) for px, py in steps], 0.018 * height, (138, 96, 64))
    top_x, top_y = steps[-1]
    for side, (dx, dy) in enumerate(
        ((-0.34, 0.1), (0.34, 0.1), (-0.28, -0.1), (0.28, -0.1), (-0.12, -0.2), (0.14, -0.19))
    ):
        colour = mix(leaf, (16, 60, 80), 0.28) if side < 2 else leaf
        tip = (top_x + dx * height * c.tall, top_y + dy * height)
        mid = (top_x + 0.55 * dx * height * c.tall, top_y + dy * 0.4 * height - 0.1 * height)
        under = (top_x + 0.5 * dx * height * c.tall, top_y + dy * 0.45 * height - 0.015 * height)
        c.polygon(
            [(top_x, top_y - 0.02 * height), mid, tip, under, (top_x, top_y + 0.02 * height)],
            mix(colour, (235, 255, 170), 0.25),
            colour,
        )
    for dx in (-0.025, 0.03):
        c.blob(top_x + dx * height * c.tall, top_y + 0.03 * height, 0.03 * height, (132, 88, 58))


def bush(c: Canvas, x: float, base: float, radius: float, leaf: Colour) -> None:
    """A low bush of three balls."""
    for dx, part in ((-0.8, 0.7), (0.85, 0.66), (0.0, 1.0)):
        c.blob(x + dx * radius * c.tall, base - 0.45 * radius * part, radius * part, leaf, flat=0.86)


def tufts(c: Canvas, count: int, *, top: float, low: float, colour: Colour) -> None:
    """Tufts of grass, larger towards the viewer."""
    places = sorted((c.uniform(top, low), x) for x in c.spread(count, shake=0.5))
    for y, x in places:
        size = 0.018 + 0.03 * (y - top) / max(0.01, low - top)
        tone = c.vary(colour, 0.12)
        for dx in (-0.8, -0.2, 0.45):
            left, right = x + (dx - 0.18) * size * c.tall, x + (dx + 0.22) * size * c.tall
            tip = x + 1.5 * dx * size * c.tall, y - size * (1.0 - 0.3 * abs(dx))
            c.polygon([(left, y), tip, (right, y)], mix(tone, (250, 255, 170), 0.3), tone)


_PETALS: tuple[Colour, ...] = ((244, 92, 122), (255, 208, 78), (176, 124, 236), (255, 250, 246), (255, 146, 84))


def flowers(
    c: Canvas, count: int, *, top: float, low: float, petals: Sequence[Colour] = _PETALS, size: float = 1.0
) -> None:
    """Flowers in the grass, larger towards the viewer."""
    for y, x in sorted((c.uniform(top, low), x) for x in c.spread(count, shake=0.5)):
        r = (0.008 + 0.012 * (y - top) / max(0.01, low - top)) * size
        c.line([(x, y + 3.2 * r), (x, y)], 0.5 * r, (64, 138, 66))
        petal = c.pick(petals)
        for dx, dy in ((-0.75, 0.1), (0.75, 0.1), (0.0, -0.7), (-0.4, 0.75), (0.4, 0.75)):
            c.ellipse(x + dx * r * c.tall, y + dy * r, 0.62 * r, petal, mix(petal, (120, 20, 90), 0.14))
        c.ellipse(x, y, 0.5 * r, (255, 216, 96), (240, 170, 60))


def rocks(
    c: Canvas, count: int, *, top: float, low: float, colour: Colour = (150, 150, 160), size: float = 1.0
) -> None:
    """Stones lying about."""
    for y, x in sorted((c.uniform(top, low), x) for x in c.spread(count, shake=0.45)):
        c.blob(x, y, c.uniform(0.02, 0.045) * size, c.vary(colour), flat=0.62)


def reeds(c: Canvas, count: int, *, base: float, colour: Colour = (86, 150, 84)) -> None:
    """Reeds with brown heads."""
    for x in c.spread(count, shake=0.5):
        for dx in (-0.014, 0.0, 0.013):
            top = base - c.uniform(0.08, 0.15)
            c.line([(x + dx, base + 0.02), (x + 1.3 * dx, top)], 0.006, c.vary(colour))
            if dx <= 0:
                c.line([(x + 1.3 * dx, top - 0.012), (x + 1.3 * dx, top + 0.018)], 0.013, (132, 86, 52))


def fence(c: Canvas, *, base: float, height: float, colour: Colour, step: float = 0.11) -> None:
    """A fence of posts and two rails over the whole width."""
    shadow = mix(colour, (60, 40, 70), 0.25)
    for rail in (0.3, 0.68):
        y = base - rail * height
        c.block(-MARGIN_X, y - 0.008, 1 + MARGIN_X, y + 0.008, colour, shadow)
    for number in range(int((1 + 2 * MARGIN_X) / step) + 1):
        x = -MARGIN_X + number * step
        c.block(
            x - 0.011, base - height, x + 0.011, base + 0.01, mix(colour, (255, 255, 255), 0.2), shadow, round_=0.008
        )


def water_lines(c: Canvas, count: int, *, top: float, low: float, colour: Colour, alpha: int = 150) -> None:
    """Short bright lines on water, longer towards the viewer."""
    for y, x in sorted((top + (low - top) * float(c.rng.random()) ** 1.3, x) for x in c.spread(count, shake=0.5)):
        near = (y - top) / max(0.01, low - top)
        half = (0.02 + 0.06 * near) * c.uniform(0.6, 1.2)
        c.block(x - half, y, x + half, y + 0.004 + 0.006 * near, colour, round_=0.005, alpha=alpha)


def house(
    c: Canvas, x: float, base: float, width: float, height: float, wall: Colour, roof: Colour, *, lit: bool = False
) -> None:
    """A small house with a gabled roof."""
    half, eaves = width / 2, base - 0.58 * height
    c.block(x - half, eaves, x + half, base, mix(wall, (255, 255, 255), 0.15), mix(wall, (90, 70, 120), 0.15))
    c.polygon(
        [(x - half * 1.2, eaves + 0.012), (x, base - height), (x + half * 1.2, eaves + 0.012)],
        mix(roof, (255, 240, 220), 0.18),
        roof,
    )
    c.polygon(
        [(x, base - height), (x + half * 1.2, eaves + 0.012), (x + half * 0.2, eaves + 0.012)],
        roof,
        mix(roof, (40, 20, 60), 0.25),
        alpha=150,
    )
    glass: Colour = (255, 226, 130) if lit else (150, 206, 240)
    c.block(x - 0.13 * width, base - 0.3 * height, x + 0.13 * width, base, (134, 90, 62), (104, 66, 52), round_=0.01)
    for dx in (-0.32, 0.32):
        c.block(
            x + (dx - 0.11) * width,
            base - 0.46 * height,
            x + (dx + 0.11) * width,
            base - 0.22 * height,
            (255, 252, 244),
            round_=0.006,
        )
        c.block(
            x + (dx - 0.085) * width,
            base - 0.44 * height,
            x + (dx + 0.085) * width,
            base - 0.24 * height,
            mix(glass, (255, 255, 255), 0.3),
            glass,
        )


def tower_block(
    c: Canvas,
    x: float,
    base: float,
    width: float,
    height: float,
    wall: Colour,
    *,
    lit: float = 0.1,
    glass: Colour = (132, 186, 226),
) -> None:
    """A tall building with rows of windows; ``lit`` is the share of them with light."""
    left, right, top = x - width / 2, x + width / 2, base - height
    c.block(left, top, right, base, mix(wall, (255, 255, 255), 0.16), mix(wall, (70, 60, 120), 0.12), round_=0.006)
    c.block(right - 0.2 * width, top + 0.01, right, base, mix(wall, (40, 40, 100), 0.22), mix(wall, (40, 40, 100), 0.3))
    c.block(
        left - 0.01,
        top - 0.008,
        right + 0.01,
        top + 0.016,
        mix(wall, (255, 255, 255), 0.3),
        mix(wall, (60, 50, 90), 0.2),
        round_=0.006,
    )
    columns = max(2, round(width / 0.06))
    rows = max(2, round(height / 0.075))
    step_x, step_y = 0.78 * width / columns, (height - 0.05) / rows
    for row in range(rows):
        for column in range(columns):
            wx, wy = left + 0.04 * width + (column + 0.5) * step_x, top + 0.035 + (row + 0.45) * step_y
            pane: Colour = (255, 224, 128) if c.rng.random() < lit else glass
            c.block(
                wx - 0.3 * step_x,
                wy - 0.3 * step_y,
                wx + 0.3 * step_x,
                wy + 0.26 * step_y,
                mix(pane, (255, 255, 255), 0.3),
                mix(pane, (40, 60, 120), 0.12),
                round_=0.004,
            )
