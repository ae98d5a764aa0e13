"""Comparisons: pictures that differ in one or two things, drawn by one job onto one labelled sheet. Plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Self

from bot.parameters import Parameters

MAX_CELLS = 16
MAX_AXES = 2


@dataclass(frozen=True, slots=True)
class AskedAxis:
    """One axis as somebody asks for it: its name, and its values as typed or one by one; none are its usual ones."""

    name: str
    values: str | tuple[str, ...] = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """What differs along one side of a sheet: its name, and its values as people would type them."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One sheet: the first axis runs across and the second, if there is one, down; the cells go row by row."""

    axes: tuple[Axis, ...]
    cells: tuple[Parameters, ...]

    @property
    def varied(self) -> frozenset[str]:
        """The fields in which the cells differ."""
        first = self.cells[0]
        return frozenset(name for cell in self.cells for name, value in cell if value != getattr(first, name))

    @property
    def steps(self) -> int:
        """The steps of all cells together."""
        return sum(cell.num_inference_steps for cell in self.cells)

    def cell_at(self, step: int) -> int:
        """In which cell, counted from 1, that step of all is taken."""
        ends = accumulate(cell.num_inference_steps for cell in self.cells)
        return next((number for number, end in enumerate(ends, start=1) if step <= end), len(self.cells))

    def to_json(self) -> dict[str, Any]:
        """As plain data, to be kept beside the parameters of the first cell: of the others, what is different."""
        first = self.cells[0].model_dump(mode="json")
        return {
            "axes": [{"name": axis.name, "values": list(axis.values)} for axis in self.axes],
            "cells": [dict(_differences(first, cell)) for cell in self.cells],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], first: Parameters) -> Self:
        """What `to_json` gave. Raises `ValueError`, `KeyError` or `TypeError` for anything else."""
        plain = first.model_dump(mode="json")
        axes = tuple(Axis(axis["name"], tuple(axis["values"])) for axis in data["axes"])
        return cls(axes, tuple(Parameters.model_validate(plain | cell) for cell in data["cells"]))


def _differences(first: Mapping[str, Any], cell: Parameters) -> Iterator[tuple[str, Any]]:
    for name, value in cell.model_dump(mode="json").items():
        if value != first[name]:
            yield name, value
