"""What the storyworld's sounds are made of: a timbre for every way in which a thing can sound.

Plain data; ``sound.py`` plays it. Pitches and rhythms stand in ``voices.tsv``, one line a thing.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AMBIENCES", "GAITS", "TIMBRES", "Ambience", "Timbre"]

BELL = (0.5, 1.0, 1.19, 1.5, 2.0, 2.67, 3.01)
BAR = (1.0, 2.76, 5.4)
GLASS = (1.0, 2.32, 4.25)


@dataclass(frozen=True, kw_only=True)
class Timbre:
    """How one note sounds.

    Attributes:
        slope: the k-th harmonic has the amplitude k ** -slope.
        odd: odd harmonics only.
        partials: ratios to the pitch instead of harmonics, for bells, bars and glass.
        formants: frequencies in Hz around which harmonics are strong; empty leaves the slope alone.
        noise: the share of noise, 0 .. 1, in a band around the formants (without formants, around the pitch).
        band: half width of that band, in octaves.
        attack: seconds to full loudness.
        decay: seconds in which a struck note falls to a third; 0 is held to its end.
        vibrato: semitones, at 6 Hz.
        tremolo: Hz at which the loudness trembles, by ``depth`` 0 .. 1.
        clicks: single clicks a second instead of a steady noise.
    """

    slope: float = 1.0
    odd: bool = False
    partials: tuple[float, ...] = ()
    formants: tuple[float, ...] = ()
    noise: float = 0.0
    band: float = 0.5
    attack: float = 0.015
    decay: float = 0.0
    vibrato: float = 0.0
    tremolo: float = 0.0
    depth: float = 0.6
    clicks: float = 0.0


TIMBRES: dict[str, Timbre] = {
    # voices
    "speech": Timbre(slope=1.0, formants=(700, 1250), noise=0.05, vibrato=0.3),
    "sung": Timbre(slope=1.3, formants=(500, 1500), vibrato=0.7),
    "cry": Timbre(slope=0.7, formants=(1100, 3000), vibrato=0.9),
    "whisper": Timbre(slope=1.2, formants=(600, 1700), noise=0.75, attack=0.08),
    "whistle": Timbre(slope=3.0, noise=0.08, vibrato=0.4),
    # animals
    "bark": Timbre(slope=0.7, formants=(650, 1500), noise=0.3, attack=0.006, decay=0.07),
    "meow": Timbre(slope=0.8, formants=(950, 2300), attack=0.04),
    "yelp": Timbre(slope=0.6, formants=(1200, 2400), noise=0.1, attack=0.01, decay=0.1),
    "hoot": Timbre(slope=2.5, noise=0.04, attack=0.05),
    "howl": Timbre(slope=1.8, formants=(450, 1000), vibrato=0.35, attack=0.1),
    "roar": Timbre(slope=0.6, formants=(350, 900), noise=0.5, tremolo=23),
    "bleat": Timbre(slope=0.7, formants=(750, 1900), tremolo=9, depth=0.85),
    "squeak": Timbre(slope=2.0, attack=0.005),
    "grunt": Timbre(slope=0.5, formants=(420, 1150), noise=0.55, tremolo=36, decay=0.12),
    "moo": Timbre(slope=1.0, formants=(300, 750), attack=0.09),
    "neigh": Timbre(slope=0.6, formants=(1150, 2600), tremolo=14, depth=0.8, noise=0.1),
    "trumpet": Timbre(slope=0.4, formants=(1300, 2100), noise=0.2, attack=0.04),
    "quack": Timbre(slope=0.3, formants=(1100, 1700), noise=0.15, attack=0.008, decay=0.12),
    "crow": Timbre(slope=0.5, formants=(1300, 2700), noise=0.1),
    "chirp": Timbre(slope=4.0, attack=0.005),
    "screech": Timbre(slope=0.8, noise=0.35, formants=(2600, 4200)),
    "bray": Timbre(slope=0.3, formants=(900, 1800), noise=0.25, tremolo=45),
    "croak": Timbre(slope=0.5, formants=(800, 1900), tremolo=29, depth=0.95),
    "hiss": Timbre(noise=1.0, band=0.5, attack=0.1),
    "bubble": Timbre(slope=5.0, attack=0.004, decay=0.07),
    "whalesong": Timbre(slope=1.6, vibrato=0.4, attack=0.15),
    "buzz": Timbre(slope=0.5, formants=(500, 1400), vibrato=0.9),
    "flutter": Timbre(noise=1.0, band=0.7, tremolo=17, depth=1.0),
    "slide": Timbre(noise=0.9, band=0.25, attack=0.2),
    # wind, wood and weather
    "rustle": Timbre(noise=1.0, band=0.45, tremolo=6, depth=0.7, attack=0.1),
    "rattle": Timbre(noise=1.0, band=0.3, tremolo=21, depth=1.0),
    "crunch": Timbre(noise=1.0, band=0.6, attack=0.003, decay=0.05),
    "sizzle": Timbre(noise=1.0, band=0.8, tremolo=41, depth=0.4),
    "rain": Timbre(noise=1.0, band=1.1, clicks=120),
    "drops": Timbre(slope=4.0, attack=0.002, decay=0.03),
    "crackle": Timbre(noise=1.0, band=0.9, clicks=28),
    "firebreath": Timbre(slope=0.5, formants=(400, 700), noise=0.8, band=0.8, tremolo=8),
    "creak": Timbre(slope=0.2, formants=(900, 1600), noise=0.1, tremolo=52, depth=0.9),
    "flap": Timbre(noise=1.0, band=0.8, attack=0.01, decay=0.05),
    # machines
    "robotic": Timbre(slope=0.8, odd=True, tremolo=31, depth=0.5),
    "radio": Timbre(slope=0.9, formants=(1200, 2200), noise=0.6, band=0.6),
    "theremin": Timbre(slope=2.2, vibrato=1.2),
    "engine": Timbre(slope=0.7, formants=(220, 650), noise=0.15, tremolo=13, depth=0.35),
    "chug": Timbre(slope=0.5, formants=(180, 500), noise=0.3, tremolo=7, depth=0.95),
    "steam": Timbre(noise=0.85, band=0.9, attack=0.01, decay=0.09),
    "jet": Timbre(slope=1.5, noise=0.85, band=1.0, attack=0.2),
    "rotor": Timbre(slope=0.9, noise=0.6, band=0.9, tremolo=11, depth=1.0),
    "rocketfire": Timbre(slope=0.8, noise=0.9, band=1.3, formants=(130, 300)),
    "hum": Timbre(slope=0.6, odd=True, tremolo=2, depth=0.2),
    "heartbeat": Timbre(slope=2.0, attack=0.008, decay=0.07),
    # instruments and objects
    "horn": Timbre(slope=0.7, formants=(500, 1500), attack=0.04),
    "accordion": Timbre(slope=0.6, odd=True, formants=(900, 2000), vibrato=0.25, attack=0.04),
    "strings": Timbre(slope=0.9, formants=(350, 1100), vibrato=0.4, attack=0.06),
    "organ": Timbre(slope=1.6, attack=0.03),
    "harp": Timbre(slope=1.4, attack=0.003, decay=0.35),
    "pluck": Timbre(slope=0.8, attack=0.003, decay=0.22),
    "musicbox": Timbre(partials=(1.0, 3.0, 6.2), attack=0.002, decay=0.16),
    "marimba": Timbre(partials=(1.0, 3.9, 9.2), attack=0.002, decay=0.09),
    "chime": Timbre(partials=BAR, attack=0.003, decay=0.3),
    "bell": Timbre(partials=BELL, attack=0.003, decay=0.5),
    "glass": Timbre(partials=GLASS, attack=0.002, decay=0.07),
    "jingle": Timbre(partials=GLASS, noise=0.3, attack=0.002, decay=0.05),
    "knock": Timbre(slope=2.0, noise=0.5, attack=0.002, decay=0.03),
    "bounce": Timbre(slope=2.0, noise=0.15, attack=0.002, decay=0.06),
    "squeakrub": Timbre(slope=0.6, tremolo=63, depth=0.7),
    "zip": Timbre(noise=0.8, band=0.25, tremolo=58, depth=0.9),
}

GAITS: dict[str, tuple[float, float, float]] = {
    # how a thing sounds and shakes while it moves: beats a second, pitch of its noise in Hz, loudness
    "walks": (3.6, 420.0, 0.30),
    "flies": (7.5, 900.0, 0.20),
    "swims": (1.6, 650.0, 0.25),
    "rolls": (14.0, 160.0, 0.20),
    "floats": (0.8, 300.0, 0.05),
    "still": (1.0, 240.0, 0.05),
}


@dataclass(frozen=True, kw_only=True)
class Ambience:
    """How a place sounds: a steady noise and small events in it.

    Attributes:
        centre, width: of the noise's band, in Hz and octaves.
        swell, depth: how often a second the noise swells, and by how much.
        pitch, glide, length: of an event: Hz, octaves it moves through, seconds.
        rate: events a second; 0 has none.
        level: of the events against the noise.
    """

    centre: float
    width: float = 1.0
    swell: float = 0.3
    depth: float = 0.3
    pitch: float = 0.0
    glide: float = 0.0
    length: float = 0.08
    rate: float = 0.0
    level: float = 1.0


AMBIENCES: dict[str, Ambience] = {
    "forest": Ambience(centre=2600, width=1.0, swell=0.5, pitch=3900, glide=0.35, length=0.07, rate=5),
    "meadow": Ambience(centre=3600, width=0.8, swell=0.3, pitch=4700, length=0.03, rate=16, level=0.7),
    "beach": Ambience(centre=1100, width=1.6, swell=0.45, depth=0.95),
    "sea": Ambience(centre=420, width=1.3, swell=0.7, depth=0.85, pitch=1500, glide=-0.4, length=0.16, rate=1.2),
    "underwater": Ambience(centre=130, width=0.8, pitch=480, glide=0.9, length=0.09, rate=6),
    "desert": Ambience(centre=760, width=0.22, swell=0.35, depth=0.7),
    "mountains": Ambience(centre=330, width=0.35, swell=0.6, depth=0.8, pitch=1250, length=0.22, rate=0.8),
    "snow": Ambience(centre=5200, width=0.45, swell=0.5, depth=0.6),
    "city": Ambience(centre=210, width=1.2, pitch=560, length=0.24, rate=1.6, level=0.8),
    "road": Ambience(centre=850, width=1.1, swell=1.2, depth=0.9),
    "night": Ambience(centre=260, width=0.5, pitch=4250, length=0.018, rate=28, level=0.9),
    "sunset": Ambience(centre=520, width=0.6, swell=0.2, pitch=1750, glide=-0.25, length=0.3, rate=1.5),
    "space": Ambience(centre=68, width=0.4, pitch=2050, length=0.11, rate=2.0, level=0.5),
    "lake": Ambience(centre=680, width=0.6, swell=1.7, depth=0.8, pitch=900, glide=0.5, length=0.06, rate=2.5),
    "farm": Ambience(centre=950, width=0.9, pitch=640, glide=0.3, length=0.12, rate=3.2),
    "garden": Ambience(centre=2100, width=0.5, pitch=225, length=0.5, rate=1.6, level=0.8),
    "kitchen": Ambience(centre=110, width=0.3, pitch=3150, length=0.05, rate=3.5),
    "room": Ambience(centre=180, width=0.4, pitch=2450, length=0.012, rate=4.0, level=1.5),
    "cave": Ambience(centre=90, width=1.0, pitch=1350, glide=0.15, length=0.13, rate=2.2),
    "sky": Ambience(centre=6500, width=0.9, swell=0.4, depth=0.8),
}
