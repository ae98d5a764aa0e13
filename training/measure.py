"""Reads a picture back: its colours, where its thing stands and what it is. Pixels only, no network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.shapes import SHAPES, silhouette
from training.world import COLOURS, SIZES, Picture, Scene, Spot, layout, places_for, radii, render

_GRID = 48
_PLAIN = 60.0  # distance from the background at which a pixel surely belongs to a thing
_FEWEST_PIXELS = 25
_NAMES = tuple(COLOURS)
_PALETTE = np.array([COLOURS[name] for name in _NAMES], np.float32)


@dataclass(frozen=True)
class Reading:
    """What stands in a picture with one thing; None where nothing could be found."""

    background: str
    colour: str | None = None
    shape: str | None = None
    spot: Spot | None = None


@dataclass(frozen=True)
class Score:
    """Which of the things asked for are right."""

    background: bool
    colour: bool
    shape: bool
    place: bool
    size: bool


def _nearest(colour: NDArray[np.float32]) -> str:
    return _NAMES[int(((_PALETTE - colour) ** 2).sum(axis=1).argmin())]


def _normalised(mask: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The mask's bounding box, its longer side scaled to the grid, centred."""
    rows, columns = np.nonzero(mask > 0.5)
    box = mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    scale = _GRID / max(box.shape)
    height, width = (max(1, round(side * scale)) for side in box.shape)
    image = Image.fromarray((box * 255).astype(np.uint8)).resize((width, height), Image.Resampling.BILINEAR)
    grid = np.zeros((_GRID, _GRID), bool)
    top, left = (_GRID - height) // 2, (_GRID - width) // 2
    grid[top : top + height, left : left + width] = np.asarray(image) > 127
    return grid


@cache
def _templates() -> NDArray[np.bool_]:
    return np.stack([_normalised(silhouette(shape, 200, 200, 100, 100, 84)) for shape in SHAPES])


@cache
def _extent(shape: str) -> float:
    """Half the longer side of a silhouette's bounding box, in radii."""
    rows, columns = np.nonzero(silhouette(shape, 200, 200, 100, 100, 80) > 0.5)
    return float(max(np.ptp(rows), np.ptp(columns)) + 1) / 160


def _overlap(mask: NDArray[np.bool_], templates: NDArray[np.bool_]) -> NDArray[np.float64]:
    return (mask & templates).sum(axis=(1, 2)) / (mask | templates).sum(axis=(1, 2))


def read(picture: Picture) -> Reading:
    """Find background, thing, its colour and its nearest silhouette."""
    pixels = picture.astype(np.float32)
    border = np.concatenate([pixels[:3].reshape(-1, 3), pixels[-3:].reshape(-1, 3)])
    border = np.concatenate([border, pixels[:, :3].reshape(-1, 3), pixels[:, -3:].reshape(-1, 3)])
    background = np.median(border, axis=0)
    distance = np.linalg.norm(pixels - background, axis=-1)
    surely = distance > max(_PLAIN * 0.5, 0.6 * float(np.quantile(distance, 0.995)))
    if distance.max() < _PLAIN * 0.5 or surely.sum() < _FEWEST_PIXELS:
        return Reading(_nearest(background))
    colour = np.median(pixels[surely], axis=0)
    # How far a pixel has gone from the background's colour to the thing's.
    way = colour - background
    mask = np.clip((pixels - background) @ way / (way @ way), 0, 1)
    rows, columns = np.nonzero(mask > 0.5)
    if len(rows) < _FEWEST_PIXELS:
        return Reading(_nearest(background), _nearest(colour))
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    spot = Spot((left + right) / 2, (top + bottom) / 2, max(bottom - top, right - left) / 2)
    shape = SHAPES[int(_overlap(_normalised(mask), _templates()).argmax())]
    return Reading(_nearest(background), _nearest(colour), shape, spot)


def _nearest_place(scene: Scene, spot: Spot) -> str:
    """The place, of those that the scene could have, whose true centre is nearest."""

    def distance(place: str) -> float:
        true = layout(Scene(scene.thing, scene.background, scene.size, place, bucket=scene.bucket))[0]
        return (true.x - spot.x) ** 2 + (true.y - spot.y) ** 2

    return min(places_for(scene.size, scene.bucket), key=distance)


def score(picture: Picture, scene: Scene) -> Score:
    """Compare a picture with the scene of one thing that was asked for."""
    reading = read(picture)
    if reading.spot is None:
        return Score(reading.background == scene.background, colour=False, shape=False, place=False, size=False)
    short = min(scene.bucket)
    true = layout(scene)[0]
    offset = max(abs(reading.spot.x - true.x), abs(reading.spot.y - true.y))
    middle = {name: sum(radii(name, scene.bucket)) / 2 * _extent(scene.thing.shape) for name in SIZES}
    size = min(middle, key=lambda name: abs(middle[name] - reading.spot.radius / short))
    return Score(
        background=reading.background == scene.background,
        colour=reading.colour == scene.thing.colour,
        shape=reading.shape == scene.thing.shape,
        place=_nearest_place(scene, reading.spot) == scene.place and bool(offset < 0.1 * short),
        size=size == scene.size,
    )


def truest(picture: Picture, scene: Scene) -> Picture:
    """The true picture whose free choices (exact centre and radius) are nearest to the given one."""
    spot = read(picture).spot
    usual = layout(scene)
    if spot is None or scene.second is not None:
        return render(scene, usual)
    short = min(scene.bucket)
    low, high = radii(scene.size, scene.bucket)
    sizes = np.linspace(low * short, high * short, 4)
    shifts = (-0.012 * short, 0.0, 0.012 * short)
    candidates = (
        render(scene, (Spot(usual[0].x + dx, usual[0].y + dy, float(radius)),))
        for dx, dy, radius in product(shifts, shifts, sizes)
    )
    return min(candidates, key=lambda true: error(picture, true))


def error(picture: Picture, true: Picture) -> float:
    """Mean squared error in 8-bit steps."""
    return float(((picture.astype(np.float32) - true) ** 2).mean())
