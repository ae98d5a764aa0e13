"""The things of the small world as silhouettes, drawn around a centre with a radius."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

_SUPERSAMPLING = 4
_INK, _HOLE = 255, 0


class _Brush:
    """Draws in units of the radius, with the thing's centre as the origin and y pointing down."""

    def __init__(self, draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
        self._draw, self._x, self._y, self._radius = draw, x, y, radius

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self._x + x * self._radius, self._y + y * self._radius

    def polygon(self, points: Sequence[tuple[float, float]], fill: int = _INK) -> None:
        self._draw.polygon([self._at(*point) for point in points], fill=fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: int = _INK) -> None:
        self._draw.rectangle([self._at(left, top), self._at(right, bottom)], fill=fill)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: int = _INK) -> None:
        self._draw.ellipse([self._at(x - rx, y - ry), self._at(x + rx, y + ry)], fill=fill)

    def upper_half(self, x: float, y: float, rx: float, ry: float) -> None:
        self._draw.pieslice([self._at(x - rx, y - ry), self._at(x + rx, y + ry)], 180, 360, fill=_INK)


def _circle(brush: _Brush) -> None:
    brush.ellipse(0, 0, 1, 1)


def _square(brush: _Brush) -> None:
    brush.box(-0.88, -0.88, 0.88, 0.88)


def _triangle(brush: _Brush) -> None:
    brush.polygon([(0, -0.95), (1, 0.85), (-1, 0.85)])


def _star(brush: _Brush) -> None:
    radii = [1.08 if corner % 2 == 0 else 0.45 for corner in range(10)]
    angles = [math.pi * corner / 5 for corner in range(10)]
    brush.polygon([(r * math.sin(a), 0.06 - r * math.cos(a)) for r, a in zip(radii, angles, strict=True)])


def _heart(brush: _Brush) -> None:
    points = []
    for k in range(80):
        t = math.tau * k / 80
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        points.append((math.sin(t) ** 3, -(y + 2.5) / 15))
    brush.polygon(points)


def _diamond(brush: _Brush) -> None:
    brush.polygon([(0, -1), (0.7, 0), (0, 1), (-0.7, 0)])


def _ring(brush: _Brush) -> None:
    brush.ellipse(0, 0, 1, 1)
    brush.ellipse(0, 0, 0.52, 0.52, _HOLE)


def _cross(brush: _Brush) -> None:
    brush.box(-0.36, -1, 0.36, 1)
    brush.box(-1, -0.36, 1, 0.36)


def _moon(brush: _Brush) -> None:
    brush.ellipse(0, 0, 1, 1)
    brush.ellipse(0.5, -0.15, 0.8, 0.8, _HOLE)


def _cat(brush: _Brush) -> None:
    brush.ellipse(0, 0.2, 0.95, 0.78)
    brush.polygon([(-0.93, 0.2), (-0.85, -1), (-0.12, -0.5)])
    brush.polygon([(0.93, 0.2), (0.85, -1), (0.12, -0.5)])
    brush.ellipse(-0.38, 0.1, 0.16, 0.22, _HOLE)
    brush.ellipse(0.38, 0.1, 0.16, 0.22, _HOLE)


def _fish(brush: _Brush) -> None:
    brush.ellipse(-0.22, 0, 0.8, 0.62)
    brush.polygon([(0.25, 0), (1, -0.65), (1, 0.65)])
    brush.ellipse(-0.58, -0.14, 0.14, 0.14, _HOLE)


def _house(brush: _Brush) -> None:
    brush.box(-0.75, -0.15, 0.75, 0.95)
    brush.polygon([(-1, -0.1), (0, -1), (1, -0.1)])
    brush.box(-0.22, 0.3, 0.22, 0.95, _HOLE)


def _tree(brush: _Brush) -> None:
    brush.polygon([(0, -1), (0.6, -0.2), (-0.6, -0.2)])
    brush.polygon([(0, -0.7), (0.85, 0.4), (-0.85, 0.4)])
    brush.box(-0.26, 0.35, 0.26, 1)


def _flower(brush: _Brush) -> None:
    for petal in range(6):
        angle = math.tau * petal / 6
        brush.ellipse(0.6 * math.sin(angle), 0.6 * math.cos(angle), 0.4, 0.4)
    brush.ellipse(0, 0, 0.5, 0.5)
    brush.ellipse(0, 0, 0.29, 0.29, _HOLE)


def _boat(brush: _Brush) -> None:
    brush.polygon([(-1, 0.3), (1, 0.3), (0.62, 0.95), (-0.62, 0.95)])
    brush.polygon([(0.14, -1), (0.14, 0.12), (-0.8, 0.12)])
    brush.polygon([(0.14, -0.7), (0.14, 0.12), (0.78, 0.12)])
    brush.box(0.02, -1, 0.22, 0.4)


def _mushroom(brush: _Brush) -> None:
    brush.upper_half(0, 0.1, 1, 1)
    brush.box(-0.3, 0.05, 0.3, 0.92)


_PAINTERS: dict[str, Callable[[_Brush], None]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "heart": _heart,
    "diamond": _diamond,
    "ring": _ring,
    "cross": _cross,
    "moon": _moon,
    "cat": _cat,
    "fish": _fish,
    "house": _house,
    "tree": _tree,
    "flower": _flower,
    "boat": _boat,
    "mushroom": _mushroom,
}
SHAPES = tuple(_PAINTERS)


def silhouette(shape: str, width: int, height: int, x: float, y: float, radius: float) -> NDArray[np.float32]:
    """Coverage (0 to 1) of every pixel; the position and the radius are in pixels."""
    scale = _SUPERSAMPLING
    canvas = Image.new("L", (width * scale, height * scale), 0)
    _PAINTERS[shape](_Brush(ImageDraw.Draw(canvas), x * scale, y * scale, radius * scale))
    return np.asarray(canvas.reduce(scale), dtype=np.float32) / 255
