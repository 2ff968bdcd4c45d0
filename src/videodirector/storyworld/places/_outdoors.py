"""Painters of landscapes. Each gives its layers, the farthest first; see ``Painter``."""

from __future__ import annotations

from videodirector.storyworld.places._canvas import Colour, mix
from videodirector.storyworld.places._parts import (
    bush,
    clouds,
    fence,
    flowers,
    house,
    palm,
    pine,
    reeds,
    rocks,
    stars,
    sun,
    tree,
    tufts,
    water_lines,
)
from videodirector.storyworld.places._scenery import FAR, MIDDLE, NEAR, SKY, Painting

__all__ = ["OUTDOORS"]

_BLUE: tuple[tuple[float, Colour], ...] = ((-0.2, (74, 158, 246)), (0.45, (158, 212, 252)), (0.8, (226, 244, 252)))
_LEAVES: tuple[Colour, ...] = ((86, 184, 92), (110, 198, 84), (64, 168, 98))


def _open_sky(p: Painting, count: int = 3, low: float = 0.3) -> None:
    p.sky(*_BLUE)
    clouds(p.layer(SKY, drift=0.012), count, low=low)


def forest(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (150, 222, 226)), (0.5, (206, 242, 214)), (0.8, (226, 246, 206)))
    back = p.layer(FAR)
    back.glow(back.uniform(0.3, 0.7), 0.2, 0.7, (255, 252, 206), 0.7)
    for x in back.spread(11):
        height = back.uniform(0.46, 0.6)
        (pine if back.rng.random() < 0.45 else tree)(back, x, g - 0.01, height, back.vary((150, 206, 168)))
    back.ridge(g - 0.03, (158, 210, 150), (132, 196, 128), height=0.02, waves=6)
    middle = p.layer(MIDDLE)
    for x in middle.spread(7):
        height = middle.uniform(0.5, 0.68)
        (pine if middle.rng.random() < 0.4 else tree)(middle, x, g + 0.015, height, middle.vary((88, 172, 110)))
    for x in middle.spread(9):
        bush(middle, x, g + 0.02, middle.uniform(0.05, 0.08), middle.vary((84, 166, 100)))
    near = p.layer(NEAR)
    near.ridge(g, (122, 196, 92), (70, 146, 74), height=0.014, waves=7)
    near.polygon(
        [(-0.3, g + 0.13), (0.35, g + 0.045), (0.6, g + 0.045), (1.3, g + 0.16), (1.3, g + 0.26), (-0.3, g + 0.24)],
        (222, 196, 140),
        (198, 164, 108),
    )
    for x in near.spread(4, low=-0.25, high=1.25):
        if abs(x - 0.5) > 0.28:
            tree(near, x, g + 0.03, near.uniform(0.62, 0.78), near.pick(_LEAVES))
    for x in near.spread(5):
        bush(near, x, g + 0.03, near.uniform(0.035, 0.06), near.pick(_LEAVES))
    tufts(near, 26, top=g + 0.04, low=1.15, colour=(84, 166, 76))
    flowers(near, 8, top=g + 0.05, low=1.1)


def jungle(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (122, 214, 196)), (0.5, (190, 238, 190)), (0.9, (232, 246, 180)))
    back = p.layer(FAR)
    back.glow(0.5, 0.15, 0.7, (255, 255, 200), 0.7)
    for x in back.spread(10):
        tree(back, x, g, back.uniform(0.5, 0.72), back.vary((122, 196, 140)), (150, 150, 110))
    middle = p.layer(MIDDLE)
    for x in middle.spread(6):
        palm(middle, x, g + 0.02, middle.uniform(0.5, 0.75), middle.vary((64, 172, 110)))
    for x in middle.spread(8):
        bush(middle, x, g + 0.02, middle.uniform(0.06, 0.1), middle.vary((52, 150, 96)))
    near = p.layer(NEAR)
    near.ridge(g, (104, 178, 84), (58, 128, 72), height=0.015, waves=8)
    for x in near.spread(8):  # large leaves
        base, size = g + near.uniform(0.0, 0.03), near.uniform(0.1, 0.17)
        for lean in (-0.8, -0.3, 0.25, 0.75):
            tone = near.vary((46, 158, 92), 0.12)
            near.polygon(
                [
                    (x, base + 0.02),
                    (x + (lean - 0.16) * size, base - size * 0.55),
                    (x + 1.15 * lean * size, base - size * (1.0 - 0.4 * abs(lean))),
                    (x + (lean + 0.2) * size, base - size * 0.45),
                ],
                mix(tone, (220, 255, 150), 0.25),
                tone,
            )
    for x in near.spread(5):  # lianas
        sag = near.uniform(0.12, 0.3)
        near.line(
            [(x - 0.12, -0.2), (x - 0.05, sag * 0.7), (x, sag), (x + 0.06, sag * 0.65), (x + 0.12, -0.2)],
            0.014,
            (56, 132, 78),
        )
    tufts(near, 30, top=g + 0.03, low=1.15, colour=(70, 160, 80))
    flowers(near, 8, top=g + 0.03, low=1.1, petals=((255, 90, 110), (255, 170, 60), (255, 240, 250)), size=1.3)


def meadow(p: Painting) -> None:
    g = p.ground
    _open_sky(p)
    back = p.layer(FAR)
    back.ridge(g - 0.13, (168, 214, 196), (150, 206, 168), height=0.06, waves=5)
    back.ridge(g - 0.05, (160, 216, 138), (132, 200, 112), height=0.05, waves=4)
    for x in back.spread(7):
        tree(back, x, g - 0.02, back.uniform(0.12, 0.18), back.vary((110, 188, 112)))
    near = p.layer(NEAR)
    near.ridge(g + 0.03, (150, 216, 96), (84, 174, 76), height=0.03, waves=4.5)
    tufts(near, 40, top=g + 0.06, low=1.15, colour=(92, 180, 74))
    flowers(near, 26, top=g + 0.06, low=1.12)


def park(p: Painting) -> None:
    g = p.ground
    _open_sky(p)
    back = p.layer(FAR)
    for x in back.spread(8):
        back.block(x - 0.045, g - back.uniform(0.2, 0.34), x + 0.045, g, (196, 214, 236), (214, 228, 240), round_=0.01)
    back.ridge(g - 0.04, (150, 208, 140), (126, 196, 112), height=0.015, waves=6)
    for x in back.spread(8):
        tree(back, x, g, back.uniform(0.22, 0.32), back.vary((110, 190, 116)))
    near = p.layer(NEAR)
    near.ridge(g, (146, 212, 98), (92, 182, 84), height=0.01, waves=5)
    near.polygon(
        [(-0.3, g + 0.12), (1.3, g + 0.06), (1.3, g + 0.13), (-0.3, g + 0.22)], (240, 220, 176), (220, 194, 146)
    )
    for x in near.spread(3, low=-0.2, high=1.2):
        tree(near, x, g + 0.03, near.uniform(0.48, 0.6), near.pick(_LEAVES))
    x = near.uniform(0.2, 0.8)  # a lamp and a bench
    near.line([(x + 0.18, g + 0.05), (x + 0.18, g - 0.3)], 0.014, (74, 84, 104))
    near.ellipse(x + 0.18, g - 0.32, 0.032, (255, 250, 214), (255, 226, 140))
    for dy in (0.0, 0.035):
        near.block(x - 0.1, g - 0.05 - dy, x + 0.1, g - 0.026 - dy, (206, 140, 88), (180, 112, 70), round_=0.006)
    near.block(x - 0.11, g - 0.012, x + 0.11, g + 0.012, (206, 140, 88), (172, 106, 66), round_=0.006)
    for dx in (-0.085, 0.085):
        near.block(x + dx - 0.008, g - 0.01, x + dx + 0.008, g + 0.06, (96, 88, 100))
    tufts(near, 24, top=g + 0.14, low=1.15, colour=(92, 180, 80))
    flowers(near, 14, top=g + 0.15, low=1.1)


def garden(p: Painting) -> None:
    g = p.ground
    _open_sky(p, 2, 0.22)
    back = p.layer(FAR)
    for x in back.spread(6):
        tree(back, x, g - 0.06, back.uniform(0.3, 0.42), back.vary((116, 194, 120)))
    middle = p.layer(MIDDLE)
    fence(middle, base=g, height=0.13, colour=(255, 252, 246), step=0.075)
    for x in middle.spread(6):
        bush(middle, x, g + 0.01, middle.uniform(0.05, 0.075), middle.pick(_LEAVES))
    near = p.layer(NEAR)
    near.ridge(g + 0.005, (158, 220, 104), (94, 184, 80), height=0.006, waves=6)
    for row, depth in enumerate((0.05, 0.14, 0.26)):
        y = g + depth
        near.block(-0.3, y, 1.3, y + 0.025 + 0.02 * row, (150, 104, 76), (122, 82, 64), round_=0.012)
        flowers(near, 17 - 3 * row, top=y - 0.035, low=y + 0.005, size=1.5 + 0.7 * row)
    tufts(near, 18, top=g + 0.1, low=1.15, colour=(92, 180, 80))


def beach(p: Painting) -> None:
    g = p.ground
    sea = g - 0.2
    _open_sky(p, 3, 0.26)
    back = p.layer(FAR)
    back.block(-0.3, sea, 1.3, 1.2, (28, 138, 206), (64, 196, 220))
    if back.rng.random() < 0.5:
        back.ridge(sea + 0.005, (136, 190, 150), (112, 176, 140), height=0.03, waves=3, low=sea + 0.004)
        back.block(-0.3, sea, 1.3, sea + 0.02, (28, 138, 206), (32, 144, 208))
    water_lines(back, 16, top=sea + 0.015, low=g, colour=(190, 236, 246))
    near = p.layer(NEAR)
    near.ridge(g - 0.005, (255, 255, 250), (236, 250, 250), height=0.012, waves=9)
    near.ridge(g + 0.018, (226, 200, 150), (236, 210, 156), height=0.012, waves=9)
    near.ridge(g + 0.04, (252, 230, 176), (236, 200, 136), height=0.014, waves=8)
    for x in near.spread(2, low=-0.28, high=1.28):
        if abs(x - 0.5) > 0.2:
            palm(near, x, g + 0.1, near.uniform(0.55, 0.72))
    rocks(near, 7, top=g + 0.1, low=1.12, colour=(214, 184, 142), size=0.45)
    for y, x in sorted((near.uniform(g + 0.1, 1.05), x) for x in near.spread(5)):  # shells and starfish
        near.ellipse(x, y, 0.012, (255, 214, 204), (244, 160, 160), flat=0.8)


def sea(p: Painting) -> None:
    g = p.ground
    _open_sky(p, 3, 0.34)
    back = p.layer(FAR)
    back.block(-0.3, g - 0.02, 1.3, 1.2, (36, 122, 208), (24, 96, 186))
    water_lines(back, 14, top=g, low=g + 0.2, colour=(150, 212, 246))
    for depth, (y, colour) in enumerate(((0.1, (36, 116, 202)), (0.24, (26, 98, 184)), (0.4, (18, 78, 160)))):
        wave = p.layer((MIDDLE, NEAR, NEAR)[depth])
        waves = 10 - 2 * depth
        wave.ridge(
            g + y - 0.012, (196, 236, 252), mix(colour, (255, 255, 255), 0.3), height=0.016 + 0.006 * depth, waves=waves
        )
        state = wave.rng.bit_generator.state
        wave.ridge(g + y, mix(colour, (120, 210, 255), 0.3), colour, height=0.016 + 0.006 * depth, waves=waves)
        wave.rng.bit_generator.state = state
        water_lines(wave, 8, top=g + y + 0.04, low=g + y + 0.14, colour=(130, 200, 244), alpha=110)


def underwater(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (96, 216, 236)), (0.4, (36, 148, 212)), (1.1, (14, 62, 136)))
    rays = p.layer(SKY)
    for x in rays.spread(6):
        w = rays.uniform(0.03, 0.07)
        rays.polygon([(x, -0.2), (x + w, -0.2), (x + 0.2 + 2 * w, 0.85), (x + 0.1, 0.85)], (190, 244, 250), alpha=38)
    back = p.layer(FAR)
    back.ridge(g - 0.1, (40, 128, 176), (24, 92, 150), height=0.07, waves=6)
    for x in back.spread(9):
        _seaweed(back, x, g - 0.04, back.uniform(0.1, 0.2), (44, 140, 160))
    near = p.layer(NEAR)
    near.ridge(g, (240, 220, 164), (190, 164, 128), height=0.02, waves=7)
    corals: tuple[Colour, ...] = ((255, 110, 130), (255, 158, 84), (196, 110, 214), (255, 206, 96))
    for x in near.spread(7):
        if near.rng.random() < 0.5:
            _seaweed(near, x, g + 0.03, near.uniform(0.14, 0.28), near.vary((48, 176, 120)))
        else:
            colour = near.pick(corals)
            for lean in (-0.5, 0.0, 0.45):
                tall = near.uniform(0.07, 0.13)
                tip = (x + lean * tall, g + 0.02 - tall)
                near.line([(x, g + 0.03), (x + 0.4 * lean * tall, g - 0.4 * tall), tip], 0.022, colour)
                near.ellipse(*tip, 0.016, mix(colour, (255, 255, 255), 0.35), colour)
    rocks(near, 6, top=g + 0.02, low=1.1, colour=(132, 138, 170), size=1.2)
    bubbles = p.layer(NEAR)
    for x in bubbles.spread(12):
        y, r = bubbles.uniform(0.05, 0.8), bubbles.uniform(0.006, 0.014)
        bubbles.ellipse(x, y, r, (214, 250, 255), alpha=120)
        bubbles.ellipse(x - 0.3 * r, y - 0.3 * r, 0.35 * r, (255, 255, 255), alpha=220)


def _seaweed(c, x: float, base: float, height: float, colour: Colour) -> None:  # type: ignore[no-untyped-def]
    for shift in (-0.02, 0.015):
        sway = c.uniform(0.012, 0.03)
        points = [
            (x + shift + sway * ((-1) ** part) * 0.6, base - height * part / 5 * (1.0 if shift < 0 else 0.75))
            for part in range(6)
        ]
        c.line(points, 0.02, mix(colour, (20, 50, 90), 0.0 if shift < 0 else 0.25))


def desert(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (86, 176, 240)), (0.35, (196, 226, 238)), (0.7, (255, 232, 178)))
    sky = p.layer(SKY)
    sun(sky, sky.uniform(0.15, 0.85), 0.16, 0.06, (255, 226, 120))
    back = p.layer(FAR)
    for x in back.spread(4):  # table mountains
        w, top = back.uniform(0.08, 0.15), g - back.uniform(0.1, 0.2)
        back.polygon(
            [(x - w * 1.25, g), (x - w, top), (x + w, top), (x + w * 1.3, g)], (236, 150, 104), (246, 190, 136)
        )
        back.polygon(
            [(x + 0.3 * w, g), (x + 0.45 * w, top), (x + w, top), (x + w * 1.3, g)], (212, 124, 92), (236, 170, 124)
        )
    back.ridge(g - 0.02, (250, 206, 130), (240, 186, 108), height=0.03, waves=4)
    near = p.layer(NEAR)
    near.ridge(g + 0.05, (252, 206, 122), (228, 160, 86), height=0.045, waves=3.4)
    near.ridge(g + 0.2, (244, 188, 104), (208, 136, 72), height=0.035, waves=2.8)
    for x in near.spread(4, low=-0.25, high=1.25):
        if abs(x - 0.5) < 0.2:
            continue
        base, tall = g + near.uniform(0.05, 0.1), near.uniform(0.2, 0.3)
        green = near.vary((76, 160, 96))
        near.line([(x, base), (x, base - tall)], 0.055, green)
        for side, part in ((-1, 0.4), (1, 0.55)):
            near.line(
                [
                    (x, base - part * tall),
                    (x + 0.055 * side, base - part * tall),
                    (x + 0.055 * side, base - part * tall - 0.08),
                ],
                0.032,
                green,
            )
        near.line([(x - 0.012, base - 0.02), (x - 0.012, base - tall + 0.01)], 0.01, mix(green, (255, 255, 200), 0.35))
    rocks(near, 8, top=g + 0.08, low=1.12, colour=(206, 140, 96), size=0.8)


def mountains(p: Painting) -> None:
    g = p.ground
    _open_sky(p, 3, 0.24)
    back = p.layer(FAR)
    for size, tone in ((0.0, (170, 188, 222)), (0.08, (132, 148, 190))):
        for x in back.spread(4):
            top, half = back.uniform(0.12, 0.26) + size, back.uniform(0.24, 0.32)
            _peak(back, x, top, half, g, tone)
    middle = p.layer(MIDDLE)
    middle.ridge(g - 0.05, (134, 184, 140), (104, 166, 116), height=0.04, waves=5)
    for x in middle.spread(15):
        pine(middle, x, g + 0.0, middle.uniform(0.14, 0.24), middle.vary((76, 148, 116)))
    near = p.layer(NEAR)
    near.ridge(g, (156, 208, 110), (96, 170, 88), height=0.02, waves=5)
    rocks(near, 9, top=g + 0.03, low=1.12, colour=(158, 160, 172), size=1.1)
    tufts(near, 26, top=g + 0.05, low=1.15, colour=(100, 176, 84))
    flowers(near, 10, top=g + 0.05, low=1.1)


def _peak(c, x: float, top: float, half: float, base: float, tone: Colour) -> None:  # type: ignore[no-untyped-def]
    bend = c.uniform(-0.25, 0.25) * half
    c.polygon(
        [(x - half, base), (x, top), (x + half, base)],
        mix(tone, (255, 255, 255), 0.12),
        mix(tone, (255, 255, 255), 0.35),
    )
    c.polygon(
        [(x, top), (x + half, base), (x + bend, base), (x + 0.1 * half, top + 0.45 * (base - top))],
        mix(tone, (50, 50, 120), 0.25),
        mix(tone, (90, 90, 150), 0.1),
    )
    cap = 0.34 * (base - top)
    w = half * 0.34
    zig = [
        (x + w, top + cap),
        (x + 0.45 * w, top + 0.78 * cap),
        (x + 0.1 * w, top + 1.12 * cap),
        (x - 0.4 * w, top + 0.8 * cap),
        (x - w, top + cap),
    ]
    c.polygon([(x, top), *zig], (255, 255, 255), (236, 242, 252))
    c.polygon([(x, top), zig[0], zig[1], (x + 0.12 * w, top + 0.6 * cap)], (214, 224, 244), (206, 218, 240))


def canyon(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (80, 160, 236)), (0.5, (190, 222, 240)), (0.8, (255, 232, 200)))
    clouds(p.layer(SKY, drift=0.012), 2, low=0.2)
    back = p.layer(FAR)
    for side in (-1, 1):
        for step in range(4):
            edge = 0.5 + side * (0.12 + 0.1 * step + back.uniform(0, 0.04))
            y = 0.42 - 0.1 * step
            colour = mix((240, 156, 110), (196, 96, 76), step / 4)
            back.polygon(
                [(edge, g), (edge + side * 0.02, y), (0.5 + side * 1.0, y - 0.03), (0.5 + side * 1.0, g)],
                mix(colour, (255, 230, 190), 0.25),
                colour,
            )
            for stripe in range(3):
                band = y + 0.05 + 0.09 * stripe
                back.block(
                    min(edge + side * 0.02, 0.5 + side),
                    band,
                    max(edge + side * 0.02, 0.5 + side),
                    band + 0.014,
                    mix(colour, (110, 40, 60), 0.25),
                    alpha=120,
                )
    near = p.layer(NEAR)
    near.ridge(g, (246, 192, 132), (206, 132, 86), height=0.012, waves=6)
    rocks(near, 12, top=g + 0.02, low=1.12, colour=(204, 124, 92), size=1.3)
    tufts(near, 14, top=g + 0.04, low=1.12, colour=(170, 160, 90))


def volcano(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (84, 52, 92)), (0.4, (206, 92, 84)), (0.8, (255, 172, 96)))
    back = p.layer(FAR)
    x, top = back.uniform(0.38, 0.62), 0.2
    smoke = p.layer(SKY, drift=0.01)
    for part in range(8):
        smoke.blob(
            x + smoke.uniform(-0.12, 0.16), 0.14 - 0.05 * part, smoke.uniform(0.06, 0.1), smoke.vary((112, 84, 104))
        )
    back.glow(x, top, 0.35, (255, 150, 60), 0.8)
    back.polygon([(x - 0.52, g), (x - 0.09, top), (x + 0.09, top), (x + 0.52, g)], (128, 84, 92), (86, 58, 76))
    back.polygon([(x + 0.02, top), (x + 0.09, top), (x + 0.52, g), (x + 0.18, g)], (92, 58, 76), (66, 44, 64))
    for dx, w in ((-0.05, 0.028), (0.03, 0.034)):
        back.polygon(
            [
                (x + dx - w, top),
                (x + dx + w, top),
                (x + 2.4 * dx + 1.2 * w, top + 0.2),
                (x + 3.4 * dx, g - 0.06),
                (x + 2.2 * dx - w, top + 0.2),
            ],
            (255, 226, 110),
            (255, 96, 50),
        )
    back.ellipse(x, top, 0.09, (255, 236, 140), (255, 120, 56), flat=0.28)
    near = p.layer(NEAR)
    near.ridge(g, (96, 66, 78), (56, 40, 56), height=0.03, waves=7)
    for y, lx in sorted((near.uniform(g + 0.06, 1.05), lx) for lx in near.spread(5)):
        near.glow(lx, y, 0.09, (255, 130, 50), 0.5)
        near.ellipse(lx, y, 0.05, (255, 206, 92), (255, 98, 46), flat=0.3)
    rocks(near, 12, top=g + 0.02, low=1.1, colour=(88, 66, 82), size=1.2)


def snow(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (120, 178, 236)), (0.5, (196, 222, 246)), (0.8, (240, 246, 252)))
    back = p.layer(FAR)
    for x in back.spread(4):
        _peak(back, x, back.uniform(0.2, 0.34), back.uniform(0.22, 0.3), g, (164, 186, 224))
    back.ridge(g - 0.06, (240, 246, 254), (218, 230, 246), height=0.03, waves=5)
    middle = p.layer(MIDDLE)
    for x in middle.spread(9):
        pine(middle, x, g + 0.005, middle.uniform(0.24, 0.38), middle.vary((92, 158, 148)), snow=True)
    near = p.layer(NEAR)
    near.ridge(g, (255, 255, 255), (214, 228, 248), height=0.028, waves=5)
    near.ridge(g + 0.16, (250, 253, 255), (202, 220, 244), height=0.03, waves=3.4)
    for y, x in sorted((near.uniform(g + 0.06, 1.05), x) for x in near.spread(7)):
        near.ellipse(x, y, 0.045, (226, 236, 250), (242, 248, 255), flat=0.22)


def lake(p: Painting) -> None:
    g = p.ground
    shore = g - 0.14
    _open_sky(p, 3, 0.26)
    back = p.layer(FAR)
    back.ridge(shore - 0.1, (160, 200, 206), (140, 190, 186), height=0.07, waves=5)
    back.ridge(shore - 0.03, (130, 192, 124), (108, 178, 106), height=0.03, waves=6)
    for x in back.spread(12):
        (pine if back.rng.random() < 0.5 else tree)(
            back, x, shore + 0.005, back.uniform(0.13, 0.2), back.vary((90, 168, 108))
        )
    middle = p.layer(MIDDLE)
    middle.block(-0.3, shore, 1.3, 1.2, (138, 208, 232), (46, 140, 200))
    middle.block(-0.3, shore, 1.3, shore + 0.035, (110, 182, 158), (128, 200, 214), alpha=150)
    water_lines(middle, 26, top=shore + 0.03, low=0.92, colour=(206, 242, 250))
    near = p.layer(NEAR)
    near.ridge(0.93, (150, 212, 98), (92, 178, 80), height=0.018, waves=6)
    reeds(near, 12, base=0.95)
    for _ in range(3):
        near.ellipse(near.uniform(-0.2, 1.2), near.uniform(0.84, 0.9), 0.035, (124, 204, 112), (84, 172, 92), flat=0.34)
    tufts(near, 14, top=0.94, low=1.15, colour=(92, 180, 80))


def waterfall(p: Painting) -> None:
    g = p.ground
    _open_sky(p, 2, 0.14)
    back = p.layer(FAR)
    x = back.uniform(0.4, 0.6)
    for side in (-1, 1):
        edge = x + side * 0.1
        back.polygon(
            [(edge, g - 0.06), (edge + side * 0.02, 0.2), (edge + side * 0.3, 0.1), (x + side, 0.14), (x + side, g)],
            (150, 158, 176),
            (112, 122, 146),
        )
        for band in range(5):
            y = 0.26 + 0.1 * band
            back.block(
                min(edge + side * 0.03, x + side),
                y,
                max(edge + side * 0.03, x + side),
                y + 0.016,
                (98, 108, 134),
                alpha=90,
            )
        for bx in back.spread(7):
            if (bx - edge) * side > 0.02:
                bush(back, bx, 0.2 - 0.05 * abs(bx - x), back.uniform(0.05, 0.09), back.vary((92, 176, 104)))
    back.block(x - 0.11, 0.2, x + 0.11, g - 0.02, (224, 248, 255), (150, 216, 242))
    for part in range(9):
        lx = x - 0.095 + 0.19 * part / 8
        back.line(
            [(lx, 0.2 + back.uniform(0, 0.06)), (lx, g - 0.05)],
            0.008,
            (255, 255, 255) if part % 2 else (120, 196, 234),
            alpha=170,
        )
    middle = p.layer(MIDDLE)
    middle.block(-0.3, g - 0.05, 1.3, 1.2, (112, 200, 230), (44, 138, 196))
    for _ in range(9):
        middle.ellipse(
            x + middle.uniform(-0.15, 0.15),
            g - 0.05 + middle.uniform(-0.02, 0.03),
            middle.uniform(0.03, 0.05),
            (255, 255, 255),
            (222, 244, 252),
            alpha=220,
        )
    water_lines(middle, 18, top=g, low=0.95, colour=(214, 246, 252))
    near = p.layer(NEAR)
    near.ridge(0.92, (140, 206, 98), (88, 174, 80), height=0.018, waves=6)
    rocks(near, 9, top=0.86, low=1.05, colour=(142, 150, 168), size=1.5)
    tufts(near, 20, top=0.93, low=1.15, colour=(88, 178, 80))


def farm(p: Painting) -> None:
    g = p.ground
    _open_sky(p, 3, 0.26)
    back = p.layer(FAR)
    back.ridge(g - 0.08, (176, 218, 136), (156, 206, 112), height=0.035, waves=4)
    for number, x in enumerate(back.spread(9)):
        back.polygon(
            [(x - 0.09, g), (x - 0.03, g - 0.07), (x + 0.03, g - 0.07), (x + 0.09, g)],
            (248, 216, 116) if number % 2 else (150, 204, 104),
            (236, 196, 92) if number % 2 else (126, 188, 88),
        )
    middle = p.layer(MIDDLE)
    x = middle.uniform(0.2, 0.8)
    left, right, eaves, base = x - 0.17, x + 0.17, g - 0.22, g + 0.02
    middle.block(x + 0.2, g - 0.4, x + 0.29, base, (226, 232, 240), (176, 188, 206), round_=0.02)
    middle.ellipse(x + 0.245, g - 0.4, 0.045, (236, 110, 96), (206, 74, 74), flat=0.8)
    middle.block(left, eaves, right, base, (226, 84, 70), (190, 58, 56))
    for line in range(9):
        lx = left + 0.038 * line
        middle.block(lx, eaves, lx + 0.006, base, (170, 44, 48), alpha=110)
    middle.polygon(
        [
            (left - 0.03, eaves + 0.01),
            (left + 0.05, eaves - 0.11),
            (x, eaves - 0.17),
            (right - 0.05, eaves - 0.11),
            (right + 0.03, eaves + 0.01),
        ],
        (140, 98, 106),
        (108, 72, 84),
    )
    middle.block(x - 0.07, base - 0.17, x + 0.07, base, (255, 250, 240))
    middle.block(x - 0.06, base - 0.16, x + 0.06, base, (206, 72, 62), (176, 52, 52))
    middle.line([(x - 0.056, base - 0.155), (x + 0.056, base - 0.005)], 0.012, (255, 250, 240))
    middle.line([(x + 0.056, base - 0.155), (x - 0.056, base - 0.005)], 0.012, (255, 250, 240))
    middle.block(x - 0.035, eaves - 0.1, x + 0.035, eaves - 0.03, (255, 250, 240), (250, 236, 214))
    tree(middle, x - 0.42, g + 0.02, 0.4, (98, 184, 92))
    fence(middle, base=g + 0.05, height=0.1, colour=(236, 216, 184), step=0.12)
    near = p.layer(NEAR)
    near.ridge(g + 0.045, (170, 216, 100), (122, 186, 78), height=0.01, waves=6)
    tufts(near, 34, top=g + 0.08, low=1.15, colour=(140, 190, 76))
    flowers(near, 8, top=g + 0.1, low=1.1, petals=((255, 240, 250), (255, 208, 78)))


def village(p: Painting) -> None:
    g = p.ground
    _open_sky(p, 3, 0.24)
    back = p.layer(FAR)
    back.ridge(g - 0.16, (156, 204, 176), (138, 196, 150), height=0.07, waves=4)
    back.ridge(g - 0.06, (152, 212, 132), (128, 198, 112), height=0.03, waves=5)
    walls: tuple[Colour, ...] = ((255, 240, 214), (255, 214, 190), (222, 232, 246), (250, 226, 160))
    roofs: tuple[Colour, ...] = ((220, 92, 76), (196, 110, 72), (92, 124, 176), (150, 96, 136))
    middle = p.layer(MIDDLE)
    for x in middle.spread(7, shake=0.2):
        if middle.rng.random() < 0.25:
            tree(middle, x, g + 0.01, middle.uniform(0.26, 0.36), middle.pick(_LEAVES))
        else:
            house(
                middle,
                x,
                g + 0.015,
                middle.uniform(0.17, 0.21),
                middle.uniform(0.24, 0.34),
                middle.pick(walls),
                middle.pick(roofs),
            )
    near = p.layer(NEAR)
    near.ridge(g + 0.01, (150, 212, 100), (94, 178, 80), height=0.008, waves=5)
    near.polygon(
        [(-0.3, g + 0.1), (1.3, g + 0.07), (1.3, g + 0.17), (-0.3, g + 0.22)], (232, 210, 170), (206, 178, 134)
    )
    for y, x in sorted((near.uniform(g + 0.1, g + 0.18), x) for x in near.spread(16)):
        near.ellipse(x, y, 0.018, (246, 228, 196), (214, 190, 150), flat=0.5)
    for x in near.spread(5):
        bush(near, x, g + 0.04, near.uniform(0.03, 0.05), near.pick(_LEAVES))
    tufts(near, 20, top=g + 0.2, low=1.15, colour=(92, 180, 80))
    flowers(near, 14, top=g + 0.2, low=1.1)


def road(p: Painting) -> None:
    g = p.ground
    _open_sky(p, 3, 0.28)
    back = p.layer(FAR)
    back.ridge(g - 0.16, (160, 206, 190), (144, 200, 168), height=0.06, waves=5)
    back.ridge(g - 0.07, (168, 214, 128), (146, 204, 108), height=0.03, waves=4)
    middle = p.layer(MIDDLE)
    for x in middle.spread(8):
        tree(middle, x, g + 0.005, middle.uniform(0.14, 0.26), middle.vary((98, 184, 100)))
    near = p.layer(NEAR)
    near.ridge(g, (160, 214, 100), (120, 190, 84), height=0.006, waves=6)
    near.block(-0.3, g + 0.04, 1.3, g + 0.3, (116, 120, 134), (90, 94, 110))
    near.block(-0.3, g + 0.04, 1.3, g + 0.052, (226, 228, 232))
    near.block(-0.3, g + 0.288, 1.3, g + 0.3, (226, 228, 232))
    shift = near.uniform(0, 0.24)
    for number in range(-2, 6):
        near.block(
            shift + 0.24 * number, g + 0.16, shift + 0.24 * number + 0.13, g + 0.18, (255, 240, 190), round_=0.006
        )
    near.ridge(g + 0.31, (150, 208, 96), (100, 178, 78), height=0.004, waves=6)
    for x in near.spread(7):
        near.block(x - 0.012, g - 0.05, x + 0.012, g + 0.03, (255, 255, 255), (222, 226, 236), round_=0.01)
        near.block(x - 0.012, g - 0.035, x + 0.012, g - 0.018, (236, 92, 84))
    tufts(near, 14, top=g + 0.33, low=1.15, colour=(100, 180, 78))


def night(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (14, 18, 62)), (0.5, (42, 52, 122)), (0.85, (96, 92, 166)))
    sky = p.layer(SKY)
    stars(sky, 70, low=g - 0.08)
    x, y = sky.uniform(0.12, 0.88), sky.uniform(0.1, 0.2)
    sky.glow(x, y, 0.3, (230, 226, 255), 0.5)
    sky.ellipse(x, y, 0.055, (255, 252, 228), (244, 226, 176))
    for dx, dy, r in ((-0.015, -0.012, 0.012), (0.014, 0.016, 0.009), (0.02, -0.02, 0.006)):
        sky.ellipse(x + dx, y + dy, r, (232, 214, 168), alpha=160)
    back = p.layer(FAR)
    back.ridge(g - 0.1, (54, 66, 128), (42, 56, 112), height=0.07, waves=4)
    middle = p.layer(MIDDLE)
    middle.ridge(g - 0.02, (40, 68, 104), (30, 54, 88), height=0.03, waves=5)
    for x in middle.spread(8):
        (pine if middle.rng.random() < 0.6 else tree)(
            middle, x, g, middle.uniform(0.18, 0.3), middle.vary((38, 78, 104))
        )
    near = p.layer(NEAR)
    near.ridge(g + 0.02, (54, 104, 110), (26, 60, 80), height=0.025, waves=4.5)
    tufts(near, 34, top=g + 0.06, low=1.15, colour=(38, 92, 96))
    for x in near.spread(9):
        fx, fy = x, near.uniform(g - 0.1, 1.0)
        near.glow(fx, fy, 0.03, (236, 255, 150), 0.9)
        near.ellipse(fx, fy, 0.005, (252, 255, 210))


def sunset(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (86, 60, 146)), (0.3, (232, 108, 132)), (0.55, (255, 162, 98)), (0.75, (255, 222, 138)))
    sky = p.layer(SKY)
    sun(sky, sky.uniform(0.25, 0.75), g - 0.1, 0.12, (255, 226, 120), 0.8)
    clouds(p.layer(SKY, drift=0.01), 3, low=0.36, colour=(255, 190, 160), under=(206, 104, 142))
    back = p.layer(FAR)
    back.ridge(g - 0.05, (206, 104, 122), (172, 82, 118), height=0.06, waves=5)
    middle = p.layer(MIDDLE)
    middle.ridge(g - 0.005, (150, 72, 112), (120, 58, 100), height=0.03, waves=5)
    for x in middle.spread(9):
        tree(middle, x, g + 0.005, middle.uniform(0.12, 0.2), middle.vary((128, 64, 104)), (96, 48, 84))
    near = p.layer(NEAR)
    near.ridge(g + 0.05, (158, 84, 98), (84, 44, 80), height=0.025, waves=4)
    tufts(near, 34, top=g + 0.08, low=1.15, colour=(122, 64, 88))


def space(p: Painting) -> None:
    p.sky((-0.2, (16, 10, 46)), (0.5, (36, 20, 84)), (1.2, (22, 14, 58)))
    sky = p.layer(SKY)
    nebula: tuple[Colour, ...] = ((150, 70, 200), (60, 110, 220), (220, 80, 160))
    for _ in range(4):
        sky.glow(sky.uniform(-0.2, 1.2), sky.uniform(-0.1, 1.1), sky.uniform(0.3, 0.55), sky.pick(nebula), 0.36)
    stars(sky, 110, low=1.2)
    back = p.layer(FAR)
    x, y, r = back.uniform(0.12, 0.88), back.uniform(0.12, 0.4), back.uniform(0.09, 0.14)
    colour = back.pick(((236, 140, 96), (110, 170, 236), (190, 130, 226), (120, 206, 170)))
    back.glow(x, y, 2 * r, colour, 0.4)
    back.blob(x, y, r, colour, light=0.34)
    for dy, h in ((-0.35, 0.08), (0.1, 0.12), (0.5, 0.06)):
        w = (1 - dy * dy) ** 0.5 * r * back.tall * 0.97
        back.block(
            x - w, y + dy * r, x + w, y + (dy + h) * r, mix(colour, (255, 240, 220), 0.35), round_=0.02, alpha=110
        )
    if back.rng.random() < 0.5:
        back.ellipse(x, y, 1.75 * r, (255, 236, 200), flat=0.17, alpha=120)
        back.ellipse(x, y - 0.09 * r, r * 0.98, colour, mix(colour, (255, 250, 220), 0.15), flat=0.62, alpha=255)
    near = p.layer(MIDDLE)
    for mx in near.spread(3):
        near.blob(mx, near.uniform(0.05, 1.05), near.uniform(0.015, 0.04), near.vary((150, 140, 170)), flat=0.85)


def moon(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (10, 10, 36)), (0.7, (34, 30, 84)), (0.9, (52, 46, 110)))
    sky = p.layer(SKY)
    stars(sky, 80, low=g)
    x = sky.uniform(0.15, 0.85)
    sky.glow(x, 0.2, 0.3, (120, 180, 255), 0.5)
    sky.blob(x, 0.2, 0.1, (70, 140, 230), light=0.35)
    for dx, dy, r in ((-0.03, -0.03, 0.035), (0.03, 0.02, 0.04), (-0.02, 0.05, 0.02)):
        sky.ellipse(x + dx * sky.tall, 0.2 + dy, r, (110, 200, 120), (80, 170, 110), flat=0.6, alpha=230)
    back = p.layer(FAR)
    back.ridge(g - 0.06, (150, 150, 176), (120, 120, 150), height=0.06, waves=6)
    near = p.layer(NEAR)
    near.ridge(g, (206, 206, 222), (138, 138, 164), height=0.018, waves=6)
    for y, cx in sorted((near.uniform(g + 0.05, 1.08), cx) for cx in near.spread(10)):
        r = 0.02 + 0.07 * (y - g)
        near.ellipse(cx, y, r, (128, 128, 154), (166, 166, 190), flat=0.36)
        near.ellipse(cx, y + 0.15 * r, 0.85 * r, (150, 150, 176), (188, 188, 208), flat=0.34)
    rocks(near, 8, top=g + 0.02, low=1.1, colour=(150, 150, 174), size=0.8)


def cave(p: Painting) -> None:
    g = p.ground
    p.sky((-0.2, (54, 44, 70)), (1.1, (92, 76, 100)))
    back = p.layer(FAR)
    x = back.uniform(0.35, 0.65)
    back.ellipse(x, 0.46, 0.42, (150, 130, 146), (116, 98, 118), flat=0.95)
    back.ellipse(x, 0.5, 0.3, (206, 186, 176), (170, 146, 144), flat=0.95)
    back.glow(x, 0.48, 0.5, (255, 236, 190), 0.55)
    middle = p.layer(MIDDLE)
    for cx in middle.spread(9):
        w, tip = middle.uniform(0.04, 0.075), middle.uniform(0.1, 0.32)
        middle.polygon(
            [(cx - w, -0.2), (cx + middle.uniform(-0.01, 0.01), tip), (cx + w, -0.2)], (56, 44, 66), (96, 78, 102)
        )
        middle.polygon([(cx, -0.2), (cx, tip), (cx + w, -0.2)], (44, 34, 56), (76, 60, 86))
    for cx in middle.spread(7):
        w, tip = middle.uniform(0.035, 0.06), g - middle.uniform(0.05, 0.16)
        middle.polygon([(cx - w, g + 0.05), (cx, tip), (cx + w, g + 0.05)], (112, 92, 112), (84, 68, 90))
    near = p.layer(NEAR)
    near.ridge(g, (118, 98, 112), (66, 52, 72), height=0.03, waves=6)
    gems: tuple[Colour, ...] = ((98, 206, 236), (206, 120, 240), (120, 236, 170))
    for cx in near.spread(5):
        base, colour = g + near.uniform(0.0, 0.03), near.pick(gems)
        near.glow(cx, base - 0.03, 0.1, colour, 0.5)
        for dx, tall in ((-0.018, 0.05), (0.0, 0.085), (0.018, 0.055)):
            near.polygon(
                [
                    (cx + dx - 0.011, base),
                    (cx + dx - 0.011, base - 0.7 * tall),
                    (cx + dx, base - tall),
                    (cx + dx + 0.011, base - 0.7 * tall),
                    (cx + dx + 0.011, base),
                ],
                mix(colour, (255, 255, 255), 0.4),
                colour,
            )
    rocks(near, 10, top=g + 0.04, low=1.1, colour=(112, 94, 112), size=1.1)


def sky(p: Painting) -> None:
    p.sky((-0.2, (50, 136, 240)), (0.5, (124, 196, 252)), (1.2, (206, 236, 254)))
    far = p.layer(SKY, drift=0.008)
    clouds(far, 5, low=0.95, colour=(240, 248, 255), under=(196, 218, 246), size=0.7)
    clouds(p.layer(MIDDLE, drift=0.02), 4, low=1.0, size=1.25)


OUTDOORS = {
    "forest": forest, "jungle": jungle, "meadow": meadow, "park": park, "garden": garden, "beach": beach, "sea": sea,
    "underwater": underwater, "desert": desert, "canyon": canyon, "mountains": mountains, "volcanic land": volcano,
    "snow": snow, "lake": lake, "waterfall": waterfall, "farm": farm, "village": village, "road": road,
    "night": night, "sunset": sunset, "space": space, "lunar surface": moon, "cave": cave, "sky": sky,
}  # fmt: skip
