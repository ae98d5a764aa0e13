"""Partial parameters over each other: server, channel, preset. Who said what is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Self

from bot.presets import Preset
from bot.sentences import Sentence

#: The number of steps and the steps themselves: a layer that says one of the two says both.
STEPS = frozenset({"num_inference_steps", "timesteps"})


@dataclass(frozen=True, slots=True)
class Laid:
    """Partial parameters of one layer or of several, and where each of them comes from.

    `locked` are fields that nothing above changes any more.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, Sentence] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()

    @classmethod
    def of(cls, preset: Preset) -> Self:
        """A preset as a layer."""
        values = dict(preset.values)
        return cls(values, dict.fromkeys(values, preset.source), preset.locked & values.keys())

    def without(self, *names: str) -> Laid:
        """The same, and nothing about these."""
        values = {name: value for name, value in self.values.items() if name not in names}
        return Laid(values, {name: self.sources[name] for name in values}, self.locked & values.keys())

    def replaced(self, name: str, value: Any) -> Laid:
        """The same with another value there, from the same source."""
        return Laid({**self.values, name: value}, self.sources, self.locked)


def lay(*layers: Laid) -> Laid:
    """One over the other, the last on top; what is locked beneath stays. Associative, and idempotent."""
    return reduce(_over, layers, Laid())


def _over(lower: Laid, upper: Laid) -> Laid:
    upper = upper.without(*_taken(lower.locked))
    lower = lower.without(*(STEPS if upper.values.keys() & STEPS else ()))
    values = {**lower.values, **upper.values}
    sources = {**lower.sources, **upper.sources}
    return Laid(values, sources, lower.locked | upper.locked)


def _taken(locked: frozenset[str]) -> frozenset[str]:
    return locked | STEPS if locked & STEPS else locked
