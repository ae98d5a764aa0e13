"""The small world: what a picture may show, where things stand, and how the truth looks."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from random import Random

import numpy as np
from numpy.typing import NDArray

from training.shapes import SHAPES, silhouette

Colour = tuple[int, int, int]
Picture = NDArray[np.uint8]

COLOURS: dict[str, Colour] = {
    "red": (222, 38, 40),
    "orange": (252, 142, 20),
    "yellow": (254, 226, 48),
    "green": (40, 162, 72),
    "blue": (38, 82, 222),
    "purple": (132, 50, 178),
    "pink": (252, 148, 194),
    "white": (250, 250, 250),
    "black": (20, 20, 22),
    "gray": (132, 132, 134),
    "brown": (118, 70, 36),
    "cyan": (58, 210, 226),
}
# What a thing looks like when nobody names a colour.
NATURAL_COLOUR = {
    "circle": "red",
    "square": "blue",
    "triangle": "green",
    "star": "yellow",
    "heart": "red",
    "diamond": "cyan",
    "ring": "orange",
    "cross": "black",
    "moon": "yellow",
    "cat": "black",
    "fish": "orange",
    "house": "brown",
    "tree": "green",
    "flower": "pink",
    "boat": "blue",
    "mushroom": "red",
}
DEFAULT_BACKGROUND = "white"
# Radius as a share of a square's side.
_SIZES = {"small": (0.245, 0.265), "medium": (0.305, 0.33), "big": (0.40, 0.425)}
SIZES = tuple(_SIZES)
# A short side gives a thing few latents to show itself in, so it takes up more of it.
_LARGER_OUTSIDE_SQUARES = 1.08
PLACES = ("left", "right", "top", "bottom", "center")
# SDXL's trained buckets (width, height), divided by 8.
LANDSCAPE = ((144, 112), (152, 104), (168, 96), (192, 80))
BUCKETS = ((128, 128), *LANDSCAPE, *((height, width) for width, height in LANDSCAPE))
SQUARE = BUCKETS[0]

_MARGIN = 0.03
_OFF_CENTRE = 0.26
_HELD_OUT_OF = 10
_JITTER = 0.012


@dataclass(frozen=True)
class Thing:
    """One object: what and in which colour."""

    shape: str
    colour: str


@dataclass(frozen=True)
class Scene:
    """What a picture shows. A second thing, if any, stands to the right of the first or below it."""

    thing: Thing
    background: str
    size: str = "medium"
    place: str = "center"
    second: Thing | None = None
    bucket: tuple[int, int] = SQUARE

    @property
    def things(self) -> tuple[Thing, ...]:
        return (self.thing,) if self.second is None else (self.thing, self.second)

    @property
    def stacked(self) -> bool:
        width, height = self.bucket
        return self.second is not None and (height > width or self.place == "top")


@dataclass(frozen=True)
class Spot:
    """Where a thing stands: centre and radius in pixels."""

    x: float
    y: float
    radius: float


def held_out(thing: Thing, background: str) -> bool:
    """Whole (shape, colour, background) combinations are kept from training, about one in ten."""
    key = f"{thing.shape}/{thing.colour}/{background}".encode()
    return zlib.crc32(key) % _HELD_OUT_OF == 0


def is_new(scene: Scene) -> bool:
    """True if training never saw the combination."""
    return any(held_out(thing, scene.background) for thing in scene.things)


def natural_colour(shape: str, background: str) -> str:
    """The colour of a thing whose colour is not named; always different from the background."""
    colour = NATURAL_COLOUR[shape]
    if colour != background:
        return colour
    return "white" if background == "black" else "black"


def radii(size: str, bucket: tuple[int, int]) -> tuple[float, float]:
    """The smallest and the largest radius of a size, as shares of the short side."""
    low, high = _SIZES[size]
    factor = 1.0 if bucket == SQUARE else _LARGER_OUTSIDE_SQUARES
    return low * factor, high * factor


def places_for(size: str, bucket: tuple[int, int]) -> tuple[str, ...]:
    """Places at which a thing of this size is plainly off the centre and still inside."""
    width, height = bucket
    short = min(bucket)
    room = 0.14 * short
    reach = (radii(size, bucket)[1] + _MARGIN) * short
    places = ["center"]
    if width / 2 - reach >= room:
        places += ["left", "right"]
    if height / 2 - reach >= room:
        places += ["top", "bottom"]
    return tuple(places)


def random_scene(rng: Random, bucket: tuple[int, int] = SQUARE, two: float = 0.06) -> Scene:
    """Any scene of the world, held out or not."""
    shape = rng.choice(SHAPES)
    colour, other, background = rng.sample(list(COLOURS), 3)
    size = rng.choices(SIZES, weights=(10, 45, 45))[0]
    place = "center"
    if rng.random() < 0.45:
        place = rng.choice(places_for(size, bucket))
    scene = Scene(Thing(shape, colour), background, size, place, bucket=bucket)
    if rng.random() < two:
        # In a square the first of two stands left or on top; the long side decides elsewhere.
        place = rng.choice(("left", "top")) if bucket == SQUARE else "center"
        second = Thing(rng.choice(SHAPES), other)
        scene = replace(scene, size="medium", place=place, second=second)
    return scene


def training_scene(rng: Random, bucket: tuple[int, int] = SQUARE) -> Scene:
    """A scene that may be learned from."""
    while is_new(scene := random_scene(rng, bucket)):
        pass
    return scene


def layout(scene: Scene, rng: Random | None = None) -> tuple[Spot, ...]:
    """Where the things stand; without a generator, in the middle of every range."""
    width, height = scene.bucket
    short = min(scene.bucket)

    def between(low: float, high: float) -> float:
        return (low + high) / 2 if rng is None else rng.uniform(low, high)

    def spot(x: float, y: float, radius: float) -> Spot:
        x, y = (v + short * between(-_JITTER, _JITTER) for v in (x, y))
        reach = radius + _MARGIN * short
        x = min(max(x, reach), width - reach)
        return Spot(x, min(max(y, reach), height - reach), radius)

    if scene.second is not None:
        along = height if scene.stacked else width
        radius = min(0.31 * short, 0.215 * along) * between(0.96, 1.04)
        if scene.stacked:
            return tuple(spot(width / 2, share * height, radius) for share in (0.26, 0.74))
        return tuple(spot(share * width, height / 2, radius) for share in (0.26, 0.74))
    x = {"left": _OFF_CENTRE, "right": 1 - _OFF_CENTRE}.get(scene.place, 0.5) * width
    y = {"top": _OFF_CENTRE, "bottom": 1 - _OFF_CENTRE}.get(scene.place, 0.5) * height
    return (spot(x, y, between(*radii(scene.size, scene.bucket)) * short),)


def render(scene: Scene, spots: tuple[Spot, ...] | None = None, rng: Random | None = None) -> Picture:
    """The true picture; a generator makes the colours vary a little."""
    width, height = scene.bucket

    def paint(name: str) -> NDArray[np.float32]:
        shift = [rng.uniform(-4, 4) for _ in range(3)] if rng else [0.0, 0.0, 0.0]
        return np.clip(np.array(COLOURS[name], np.float32) + np.array(shift, np.float32), 0, 255)

    canvas = np.broadcast_to(paint(scene.background), (height, width, 3)).copy()
    for thing, spot in zip(scene.things, spots or layout(scene, rng), strict=True):
        cover = silhouette(thing.shape, width, height, spot.x, spot.y, spot.radius)[..., None]
        canvas = canvas * (1 - cover) + cover * paint(thing.colour)
    return canvas.round().astype(np.uint8)
