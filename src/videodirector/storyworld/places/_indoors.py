"""Painters of towns and rooms; see ``Painter``."""

from __future__ import annotations

from videodirector.storyworld.places._canvas import Canvas, Colour, mix
from videodirector.storyworld.places._parts import clouds, house, tower_block, tree, water_lines
from videodirector.storyworld.places._scenery import FAR, MIDDLE, NEAR, SKY, Painting

__all__ = ["INDOORS"]

_WALLS: tuple[Colour, ...] = (
    (238, 150, 122),
    (140, 160, 206),
    (246, 206, 142),
    (150, 196, 190),
    (206, 160, 196),
    (214, 218, 226),
)


def city(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (92, 166, 244)), (0.5, (178, 218, 250)), (0.85, (240, 242, 246)))
    clouds(p.layer(SKY, drift=0.012), 3, low=0.22)
    far = p.layer(FAR)
    for x in far.spread(13, shake=0.25):
        far.block(
            x - far.uniform(0.05, 0.075),
            g - far.uniform(0.3, 0.62),
            x + 0.06,
            g,
            (184, 206, 236),
            (216, 228, 242),
            round_=0.008,
        )
    middle = p.layer(MIDDLE)
    for x in middle.spread(8, shake=0.12):
        tower_block(middle, x, g, middle.uniform(0.15, 0.19), middle.uniform(0.28, 0.56), middle.pick(_WALLS), lit=0.16)
    near = p.layer(NEAR)
    near.block(-0.3, g - 0.012, 1.3, g + 0.05, (222, 220, 226), (196, 196, 206))
    for number in range(18):
        near.block(-0.3 + 0.09 * number, g - 0.012, -0.297 + 0.09 * number, g + 0.045, (176, 176, 190))
    near.block(-0.3, g + 0.05, 1.3, g + 0.066, (160, 162, 178), (140, 142, 158))
    near.block(-0.3, g + 0.066, 1.3, 1.2, (110, 114, 132), (84, 88, 106))
    shift = near.uniform(0, 0.2)
    for number in range(-2, 6):
        near.block(
            shift + 0.22 * number, g + 0.15, shift + 0.22 * number + 0.12, g + 0.17, (255, 246, 214), round_=0.006
        )
    for x in near.spread(4):
        if near.rng.random() < 0.55:
            tree(near, x, g + 0.02, near.uniform(0.24, 0.3), near.vary((104, 186, 104)))
        else:
            near.line([(x, g + 0.03), (x, g - 0.3), (x + 0.05, g - 0.32)], 0.012, (78, 86, 110))
            near.ellipse(x + 0.06, g - 0.31, 0.022, (255, 250, 220), (255, 228, 150), flat=0.6)


def harbour(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (88, 168, 244)), (0.45, (180, 222, 250)), (0.8, (240, 246, 248)))
    clouds(p.layer(SKY, drift=0.012), 3, low=0.24)
    far = p.layer(FAR)
    roofs: tuple[Colour, ...] = ((214, 92, 78), (176, 100, 78), (96, 120, 166))
    for x in far.spread(12, shake=0.15):
        house(far, x, g - 0.19, far.uniform(0.1, 0.13), far.uniform(0.16, 0.26), far.pick(_WALLS), far.pick(roofs))
    middle = p.layer(MIDDLE)
    middle.block(-0.3, g - 0.2, 1.3, 1.2, (70, 160, 206), (34, 112, 178))
    water_lines(middle, 20, top=g - 0.18, low=g + 0.02, colour=(180, 228, 246))
    for x in middle.spread(5):  # masts of boats at rest
        y, w = g - middle.uniform(0.06, 0.14), middle.uniform(0.05, 0.08)
        middle.line([(x, y), (x, y - 0.2)], 0.008, (150, 110, 84))
        middle.polygon(
            [(x + 0.006, y - 0.19), (x + 0.006, y - 0.03), (x + w, y - 0.03)], (255, 255, 252), (226, 234, 244)
        )
        middle.polygon(
            [(x - w, y - 0.015), (x + w, y - 0.015), (x + 0.7 * w, y + 0.02), (x - 0.7 * w, y + 0.02)],
            middle.pick(_WALLS),
            (150, 84, 80),
        )
    near = p.layer(NEAR)
    near.block(-0.3, g, 1.3, 1.2, (206, 160, 116), (160, 112, 82))
    for number in range(13):
        x = -0.3 + 0.13 * number
        near.polygon(
            [(x, g), (x + 0.006, g), (0.5 + (x + 0.006 - 0.5) * 1.5, 1.2), (0.5 + (x - 0.5) * 1.5, 1.2)], (136, 92, 70)
        )
    near.block(-0.3, g - 0.008, 1.3, g + 0.014, (226, 184, 140), (180, 134, 98))
    for x in near.spread(5):
        near.block(x - 0.02, g - 0.07, x + 0.02, g + 0.03, (150, 108, 82), (112, 78, 64), round_=0.014)
        near.ellipse(x, g - 0.066, 0.026, (206, 160, 120), (176, 130, 98), flat=0.4)


def _room(
    p: Painting, wall: Colour, floor: Colour, *, boards: bool = True, skirting: Colour = (255, 252, 244)
) -> tuple[Canvas, Canvas]:
    """A wall and a floor; the layers of the wall, on which things hang, and of the floor."""
    g = p.ground
    p.sky((-0.2, mix(wall, (255, 255, 255), 0.25)), (g, wall), (1.2, wall))
    back, near = p.layer(FAR + 0.35), p.layer(NEAR)
    near.block(-0.3, g, 1.3, 1.2, mix(floor, (255, 240, 220), 0.2), mix(floor, (60, 30, 60), 0.18))
    if boards:
        for row in range(7):
            y = g + 0.03 + 0.05 * row * (1 + 0.12 * row)
            near.block(-0.3, y, 1.3, y + 0.004, mix(floor, (60, 30, 60), 0.28))
            for x in near.spread(5):
                near.block(x, y - 0.05 * (1 + 0.12 * row), x + 0.004, y, mix(floor, (60, 30, 60), 0.28))
    back.block(-0.3, g - 0.035, 1.3, g + 0.01, skirting, mix(skirting, (120, 110, 140), 0.2))
    return back, near


def _window(c: Canvas, x: float, y: float, width: float, height: float, *, night: bool = False) -> None:
    glass: tuple[Colour, Colour] = ((34, 44, 110), (84, 92, 170)) if night else ((126, 196, 250), (214, 240, 252))
    c.block(x - 0.02, y - 0.02, x + width + 0.02, y + height + 0.03, (255, 253, 248), (226, 222, 232), round_=0.012)
    c.block(x, y, x + width, y + height, *glass)
    if not night:
        c.ellipse(x + 0.3 * width, y + 0.35 * height, 0.03, (255, 255, 255), (232, 244, 254), flat=0.6)
        c.ellipse(x + 0.45 * width, y + 0.38 * height, 0.025, (255, 255, 255), (232, 244, 254), flat=0.6)
        c.block(x, y + 0.78 * height, x + width, y + height, (140, 206, 112), (110, 186, 96))
    c.block(x + width / 2 - 0.008, y, x + width / 2 + 0.008, y + height, (255, 253, 248))
    c.block(x, y + height / 2 - 0.006, x + width, y + height / 2 + 0.006, (255, 253, 248))
    c.block(
        x - 0.035,
        y + height + 0.02,
        x + width + 0.035,
        y + height + 0.045,
        (255, 255, 255),
        (214, 210, 224),
        round_=0.008,
    )


def _curtains(c: Canvas, x: float, y: float, width: float, height: float, colour: Colour) -> None:
    c.line([(x - 0.07, y - 0.04), (x + width + 0.07, y - 0.04)], 0.014, (176, 134, 96))
    for side in (0, 1):
        left = x - 0.06 if side == 0 else x + width - 0.03
        for fold in range(3):
            c.block(
                left + 0.03 * fold,
                y - 0.035,
                left + 0.03 * fold + 0.03,
                y + height + 0.05,
                mix(colour, (255, 255, 255), 0.2 if fold % 2 else 0.05),
                mix(colour, (60, 20, 80), 0.12 if fold % 2 else 0.24),
                round_=0.01,
            )


def _picture(c: Canvas, x: float, y: float, width: float, height: float) -> None:
    c.block(x, y, x + width, y + height, (196, 150, 96), (164, 116, 76), round_=0.006)
    inner: Colour = c.pick(((150, 206, 240), (255, 214, 170), (200, 226, 180)))
    c.block(x + 0.012, y + 0.014, x + width - 0.012, y + height - 0.014, mix(inner, (255, 255, 255), 0.3), inner)
    c.polygon(
        [
            (x + 0.012, y + height - 0.014),
            (x + 0.4 * width, y + 0.45 * height),
            (x + 0.65 * width, y + 0.75 * height),
            (x + 0.78 * width, y + 0.6 * height),
            (x + width - 0.012, y + height - 0.014),
        ],
        (120, 170, 130),
        (96, 150, 120),
    )


def room(p: Painting) -> None:
    wall = p.pick(((214, 226, 206), (250, 226, 196), (206, 222, 240), (244, 212, 206)))
    back, near = _room(p, wall, (206, 146, 96))
    x = back.uniform(0.1, 0.5)
    _window(back, x, 0.1, 0.3, 0.3)
    _curtains(back, x, 0.1, 0.3, 0.3, back.pick(((226, 110, 100), (110, 150, 210), (120, 180, 140), (240, 180, 90))))
    side = x + 0.52 if x < 0.3 else x - 0.3
    _picture(back, side, 0.14, 0.17, 0.15)
    _picture(back, x + 0.95 if x < 0.3 else x - 0.28 - 0.35, 0.12, 0.15, 0.19)
    g = p.ground
    sofa: Colour = back.pick(((110, 160, 200), (226, 140, 110), (140, 176, 130)))
    sx = side + 0.05
    back.block(sx - 0.17, g - 0.16, sx + 0.17, g - 0.0, mix(sofa, (255, 255, 255), 0.15), sofa, round_=0.03)
    back.block(
        sx - 0.2,
        g - 0.1,
        sx + 0.2,
        g + 0.02,
        mix(sofa, (255, 255, 255), 0.28),
        mix(sofa, (40, 20, 80), 0.15),
        round_=0.03,
    )
    near.ellipse(near.uniform(0.35, 0.65), g + 0.17, 0.34, (236, 150, 130), (206, 106, 106), flat=0.26)
    near.ellipse(0.5, g + 0.17, 0.24, (252, 214, 180), (240, 186, 156), flat=0.24, alpha=160)


def bedroom(p: Painting) -> None:
    wall = p.pick(((206, 204, 240), (250, 218, 224), (204, 228, 238)))
    back, near = _room(p, wall, (196, 150, 116))
    g = p.ground
    x = back.uniform(0.5, 0.62)
    _window(back, x, 0.1, 0.24, 0.27, night=back.rng.random() < 0.4)
    _curtains(back, x, 0.1, 0.24, 0.27, back.pick(((150, 120, 210), (236, 130, 160), (100, 170, 190))))
    bx = back.uniform(0.02, 0.16)
    cover: Colour = back.pick(((110, 150, 226), (240, 130, 150), (130, 190, 150)))
    back.block(bx - 0.05, g - 0.3, bx + 0.03, g + 0.02, (196, 138, 92), (160, 106, 74), round_=0.02)
    back.block(bx, g - 0.12, bx + 0.42, g + 0.01, (255, 255, 255), (226, 228, 240), round_=0.03)
    back.block(bx + 0.12, g - 0.14, bx + 0.43, g + 0.0, mix(cover, (255, 255, 255), 0.25), cover, round_=0.035)
    back.block(bx + 0.01, g - 0.17, bx + 0.12, g - 0.09, (255, 255, 255), (230, 232, 246), round_=0.03)
    back.block(bx + 0.41, g - 0.16, bx + 0.45, g + 0.02, (196, 138, 92), (160, 106, 74), round_=0.015)
    back.block(x + 0.32, g - 0.16, x + 0.46, g + 0.01, (206, 150, 104), (170, 116, 82), round_=0.01)
    back.line([(x + 0.39, g - 0.16), (x + 0.39, g - 0.24)], 0.014, (150, 120, 150))
    back.polygon(
        [(x + 0.33, g - 0.22), (x + 0.36, g - 0.32), (x + 0.42, g - 0.32), (x + 0.45, g - 0.22)],
        (255, 236, 170),
        (250, 200, 110),
    )
    back.glow(x + 0.39, g - 0.26, 0.18, (255, 240, 190), 0.4)
    near.ellipse(0.55, g + 0.16, 0.32, mix(cover, (255, 255, 255), 0.5), mix(cover, (255, 255, 255), 0.2), flat=0.26)


def kitchen(p: Painting) -> None:
    g = p.ground
    wall = p.pick(((252, 238, 212), (222, 240, 234), (250, 228, 220)))
    back, near = _room(p, wall, (190, 200, 212), boards=False)
    for row in range(6):  # tiles
        y = g - 0.36 + 0.045 * row
        back.block(-0.3, y, 1.3, y + 0.003, mix(wall, (120, 110, 140), 0.22))
        for number in range(27):
            tx = -0.3 + 0.06 * number + (0.03 if row % 2 else 0)
            back.block(tx, y, tx + 0.003, y + 0.045, mix(wall, (120, 110, 140), 0.22))
    front: Colour = p.pick(((110, 176, 190), (232, 150, 110), (140, 180, 130), (246, 206, 120)))
    for number in range(-1, 5):
        x = 0.02 + 0.26 * number
        if number == 1:
            _window(back, x + 0.03, 0.06, 0.19, 0.2)
            continue
        back.block(x, 0.03, x + 0.245, g - 0.42, mix(front, (255, 255, 255), 0.3), front, round_=0.012)
        back.block(x + 0.1, g - 0.45, x + 0.145, g - 0.437, (255, 250, 230), round_=0.006)
    back.block(-0.3, g - 0.15, 1.3, g + 0.02, mix(front, (255, 255, 255), 0.2), mix(front, (40, 20, 80), 0.15))
    for number in range(-1, 6):
        x = -0.02 + 0.22 * number
        back.block(x, g - 0.125, x + 0.2, g - 0.01, mix(front, (255, 255, 255), 0.34), front, round_=0.01)
        back.block(x + 0.08, g - 0.11, x + 0.12, g - 0.1, (255, 250, 230), round_=0.004)
    back.block(-0.3, g - 0.175, 1.3, g - 0.14, (255, 252, 246), (206, 196, 204), round_=0.006)
    x = back.uniform(0.55, 0.85)
    back.block(x - 0.05, g - 0.24, x + 0.05, g - 0.172, (232, 96, 84), (190, 64, 66), round_=0.02)  # a pot
    back.block(x - 0.058, g - 0.25, x + 0.058, g - 0.236, (206, 212, 222), round_=0.006)
    for dx in (-0.3, -0.22):
        back.block(x + dx - 0.02, g - 0.24, x + dx + 0.02, g - 0.175, back.pick(_WALLS), (170, 120, 110), round_=0.012)
    for row in range(6):
        for number in range(10):
            if (row + number) % 2:
                y0, y1 = g + 0.01 + 0.06 * row, g + 0.07 + 0.06 * row
                s0, s1 = 1 + 0.1 * row, 1 + 0.1 * (row + 1)
                a, b = (number - 5) * 0.2, (number - 4) * 0.2
                near.polygon(
                    [(0.5 + a * s0, y0), (0.5 + b * s0, y0), (0.5 + b * s1, y1), (0.5 + a * s1, y1)],
                    (226, 232, 240),
                    (206, 214, 226),
                )


def classroom(p: Painting) -> None:
    g = p.ground
    wall = p.pick(((250, 234, 204), (220, 234, 226), (226, 228, 244)))
    back, near = _room(p, wall, (214, 164, 112))
    back.block(0.14, 0.1, 0.74, 0.46, (190, 134, 88), (160, 106, 74), round_=0.01)
    back.block(0.16, 0.12, 0.72, 0.44, (64, 136, 104), (44, 110, 88))
    for y, words in ((0.17, 5), (0.24, 4), (0.31, 6)):
        x = 0.2
        for _ in range(words):
            w = back.uniform(0.03, 0.08)
            back.line([(x, y), (x + w, y + back.uniform(-0.006, 0.006))], 0.008, (236, 250, 240), alpha=200)
            x += w + 0.025
    back.ellipse(0.63, 0.37, 0.035, (236, 250, 240), alpha=150)
    back.block(0.2, 0.455, 0.68, 0.475, (206, 150, 104), (170, 116, 82), round_=0.004)
    _window(back, 0.84, 0.1, 0.22, 0.28)
    _picture(back, -0.12, 0.14, 0.18, 0.18)
    back.ellipse(0.79, 0.06, 0.035, (255, 255, 255), (230, 232, 240))
    back.line([(0.79, 0.06), (0.79, 0.04)], 0.006, (60, 60, 80))
    back.line([(0.79, 0.06), (0.802, 0.065)], 0.006, (60, 60, 80))
    for x in near.spread(5, shake=0.05):
        near.block(x - 0.085, g - 0.085, x + 0.085, g - 0.06, (240, 196, 136), (214, 160, 104), round_=0.006)
        for dx in (-0.07, 0.06):
            near.block(x + dx, g - 0.06, x + dx + 0.012, g + 0.05, (150, 160, 180), (120, 130, 150))


def library(p: Painting) -> None:
    g = p.ground
    back, near = _room(p, (222, 186, 146), (150, 100, 74))
    spines: tuple[Colour, ...] = (
        (206, 84, 76),
        (84, 130, 190),
        (236, 186, 90),
        (96, 160, 120),
        (150, 100, 170),
        (240, 226, 196),
        (70, 80, 120),
    )
    for case in range(-1, 4):
        left = 0.01 + 0.42 * case
        back.block(left, -0.2, left + 0.38, g + 0.01, (156, 104, 72), (122, 78, 60), round_=0.008)
        for shelf in range(6):
            y = g - 0.05 - 0.155 * shelf
            back.block(left + 0.02, y - 0.135, left + 0.36, y, (104, 66, 54), (84, 52, 46))
            x = left + 0.025
            while x < left + 0.33:
                w, tall = back.uniform(0.014, 0.028), back.uniform(0.09, 0.125)
                colour = back.pick(spines)
                back.block(
                    x,
                    y - tall,
                    x + w,
                    y,
                    mix(colour, (255, 255, 255), 0.2),
                    mix(colour, (30, 10, 60), 0.15),
                    round_=0.003,
                )
                x += w + (0.04 if back.rng.random() < 0.08 else 0.002)
            back.block(left + 0.01, y, left + 0.37, y + 0.018, (186, 130, 88), (150, 100, 70))
    near.ellipse(0.5, g + 0.17, 0.4, (206, 92, 92), (166, 62, 76), flat=0.26)
    near.ellipse(0.5, g + 0.17, 0.33, (236, 170, 120), (206, 92, 92), flat=0.24, alpha=90)


def castle_hall(p: Painting) -> None:
    g = p.ground
    back, near = _room(p, (176, 170, 192), (168, 160, 176), boards=False, skirting=(150, 142, 166))
    for row in range(11):  # stones
        y = -0.2 + 0.09 * row
        for number in range(13):
            x = -0.3 + 0.13 * number + (0.065 if row % 2 else 0)
            back.block(
                x + 0.003,
                y + 0.003,
                x + 0.127,
                y + 0.087,
                mix(back.vary((190, 184, 204), 0.05), (255, 255, 255), 0.1),
                back.vary((166, 160, 184), 0.05),
                round_=0.008,
            )
    for x in (0.0, 0.5, 1.0):  # windows and banners
        back.block(x - 0.055, 0.12, x + 0.055, 0.44, (112, 104, 136), round_=0.055)
        back.block(x - 0.042, 0.135, x + 0.042, 0.43, (150, 206, 250), (222, 240, 252), round_=0.042)
        back.block(x - 0.004, 0.13, x + 0.004, 0.43, (112, 104, 136))
    banner: Colour = p.pick(((206, 60, 76), (70, 100, 190), (120, 70, 160)))
    for x in (-0.25, 0.25, 0.75, 1.25):
        back.polygon(
            [(x - 0.06, 0.02), (x + 0.06, 0.02), (x + 0.06, 0.44), (x, 0.37), (x - 0.06, 0.44)],
            mix(banner, (255, 255, 255), 0.15),
            mix(banner, (30, 10, 60), 0.15),
        )
        back.ellipse(x, 0.18, 0.036, (255, 222, 120), (236, 180, 70))
        back.line([(x - 0.075, 0.02), (x + 0.075, 0.02)], 0.016, (236, 190, 90))
    for x in (-0.12, 0.38, 0.88):  # torches
        back.line([(x, 0.42), (x, 0.34)], 0.02, (110, 76, 60))
        back.glow(x, 0.3, 0.16, (255, 190, 90), 0.6)
        back.ellipse(x, 0.31, 0.024, (255, 240, 150), (255, 140, 50), flat=1.5)
    for row in range(5):
        y = g + 0.05 + 0.06 * row
        near.block(-0.3, y, 1.3, y + 0.004, (136, 128, 150))
    near.polygon([(0.36, g), (0.64, g), (0.8, 1.2), (0.2, 1.2)], mix(banner, (255, 255, 255), 0.12), banner)
    for side in (-1, 1):
        near.polygon(
            [(0.5 + 0.14 * side, g), (0.5 + 0.125 * side, g), (0.5 + 0.27 * side, 1.2), (0.5 + 0.3 * side, 1.2)],
            (255, 220, 120),
            (236, 186, 84),
        )


def stage(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (46, 30, 84)), (1.0, (104, 60, 130)))
    back = p.layer(FAR + 0.3)
    for x, colour in zip(
        back.spread(4), ((255, 120, 160), (120, 200, 255), (255, 220, 120), (150, 255, 190)), strict=True
    ):
        tip = x + back.uniform(-0.08, 0.08)
        back.polygon([(x - 0.012, -0.02), (x + 0.012, -0.02), (tip + 0.16, g), (tip - 0.16, g)], colour, alpha=64)
        back.ellipse(x, -0.01, 0.03, (90, 90, 110), (60, 60, 80))
        back.ellipse(tip, g, 0.17, colour, flat=0.18, alpha=100)
    cloth: Colour = p.pick(((206, 46, 66), (120, 50, 150), (40, 90, 170)))
    for side in (-1, 1):
        for fold in range(5):
            x = 0.5 + side * (0.38 + 0.075 * fold) - 0.037
            back.block(
                x,
                -0.2,
                x + 0.08,
                g + 0.01,
                mix(cloth, (255, 220, 200), 0.25 if fold % 2 else 0.08),
                mix(cloth, (20, 0, 40), 0.2 if fold % 2 else 0.35),
                round_=0.01,
            )
    for fold in range(13):
        x = -0.25 + 0.12 * fold
        back.ellipse(x, -0.02, 0.09, mix(cloth, (255, 220, 200), 0.12), mix(cloth, (20, 0, 40), 0.2), flat=0.9)
    back.block(-0.3, 0.02, 1.3, 0.035, (255, 214, 110), (226, 164, 66))
    near = p.layer(NEAR)
    near.block(-0.3, g, 1.3, 1.2, (222, 160, 106), (150, 92, 70))
    for number in range(17):
        x = -0.3 + 0.1 * number
        near.polygon(
            [(x, g), (x + 0.004, g), (0.5 + (x + 0.004 - 0.5) * 1.6, 1.2), (0.5 + (x - 0.5) * 1.6, 1.2)], (160, 104, 74)
        )
    near.block(-0.3, 1.06, 1.3, 1.2, (120, 70, 60), (84, 48, 52))
    near.ellipse(0.5, g + 0.13, 0.4, (255, 244, 206), flat=0.24, alpha=90)


INDOORS = {
    "city": city, "harbour": harbour, "room": room, "bedroom": bedroom, "kitchen": kitchen, "classroom": classroom,
    "library": library, "castle hall": castle_hall, "stage": stage,
}  # fmt: skip
