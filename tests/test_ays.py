"""The timesteps of “Align Your Steps”."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.ays import ays_timesteps
from bot.parameters import MAX_STEPS, Parameters


def test_ten_steps_are_the_published_ones() -> None:
    assert ays_timesteps(10) == (999, 845, 730, 587, 443, 310, 193, 116, 53, 13)


def test_twenty_steps_keep_those_and_put_one_between_each_two() -> None:
    assert ays_timesteps(20)[::2] == ays_timesteps(10)


@pytest.mark.parametrize("steps", range(1, MAX_STEPS + 1))
def test_every_number_of_steps_is_a_valid_schedule(steps: int) -> None:
    timesteps = ays_timesteps(steps)
    assert len(timesteps) == steps
    assert timesteps[0] == 999
    assert all(earlier > later for earlier, later in pairwise(timesteps))
    Parameters(prompt="a fox", seed=1, scheduler="DPM++ 2M", timesteps=timesteps)


def test_a_number_beyond_the_limits_is_brought_within() -> None:
    assert len(ays_timesteps(0)) == 1
    assert len(ays_timesteps(10_000)) == MAX_STEPS
