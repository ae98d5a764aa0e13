"""Timesteps by “Align Your Steps” (arXiv:2404.14507): where SDXL's few steps do most good. Pure arithmetic."""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import cache

from bot.parameters import MAX_STEPS, TRAIN_TIMESTEPS

#: The authors' schedule of ten steps for SDXL, and where it ends.
_TEN_STEPS = (999, 845, 730, 587, 443, 310, 193, 116, 53, 13, 0)
#: SDXL's noise schedule (scaled linear).
_BETA_START, _BETA_END = 0.00085, 0.012


def ays_timesteps(steps: int) -> tuple[int, ...]:
    """That many timesteps, for `Parameters.timesteps`: the table, its noise levels interpolated log-linearly.

    Few enough that each can differ from its neighbours; `steps` is brought within 1 and `MAX_STEPS`.
    """
    steps = max(1, min(steps, MAX_STEPS))
    levels = [_log_sigmas()[timestep] for timestep in _TEN_STEPS]
    timesteps: list[int] = []
    for step in range(steps):
        place = step * (len(levels) - 1) / steps
        before = int(place)
        level = levels[before] + (place - before) * (levels[before + 1] - levels[before])
        timesteps.append(_nearest(level))
    # Many steps crowd where there is little noise left: from the end upwards, each at least one above the next.
    for left, step in enumerate(reversed(range(steps))):
        floor = timesteps[step + 1] + 1 if left else 0
        timesteps[step] = max(timesteps[step], floor)
    return tuple(timesteps)


@cache
def _log_sigmas() -> list[float]:
    """The logarithm of every timestep's noise level, growing."""
    low, high = math.sqrt(_BETA_START), math.sqrt(_BETA_END)
    signal, levels = 1.0, []
    for timestep in range(TRAIN_TIMESTEPS):
        signal *= 1 - (low + (high - low) * timestep / (TRAIN_TIMESTEPS - 1)) ** 2
        levels.append(math.log((1 - signal) / signal) / 2)
    return levels


def _nearest(level: float) -> int:
    levels = _log_sigmas()
    above = min(max(bisect_left(levels, level), 1), len(levels) - 1)
    return above if levels[above] - level < level - levels[above - 1] else above - 1
