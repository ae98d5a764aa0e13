"""Schedulers, each with the real pair: the handover leaves no noise level out, and the picture is a picture."""

from __future__ import annotations

import inspect
from typing import Any, get_args

import pytest

from bot.diffusion.schedulers import base_alone, make_scheduler, plan_handover
from bot.diffusion.sdxl import StableDiffusionXL
from bot.model_info import ModelInfo
from bot.parameters import TimestepSpacing
from bot.scheduler_names import ETA_SCHEDULERS, OWN_SPACING, SCHEDULERS
from tests.diffusion.drawing import BLUE, RED, ask, middle_and_border, pixels, watched

EACH_SCHEDULER = pytest.mark.parametrize("scheduler", list(SCHEDULERS))


def schedule(sdxl: StableDiffusionXL, scheduler: str, steps: int) -> list[float]:
    """The timesteps of all calls of a U-Net, were there one model for the whole way."""
    made: Any = make_scheduler(scheduler, sdxl._base_config)
    base_alone(made, steps)
    return [float(each) for each in made.timesteps]


@EACH_SCHEDULER
@pytest.mark.parametrize(("steps", "share"), [(7, 0.8), (2, 0.5), (5, 0.01), (5, 0.99)])
def test_the_refiner_goes_on_where_the_base_stops(
    sdxl: StableDiffusionXL, tiny: ModelInfo, scheduler: str, steps: int, share: float
) -> None:
    with watched(sdxl) as seen:
        (png,) = sdxl(
            ask(tiny, scheduler=scheduler, num_inference_steps=steps, denoising_end=share, guidance_scale=1.0),
            seen.steps.append,
        )
    assert seen.base
    assert seen.refiner
    whole = schedule(sdxl, scheduler, steps)
    # Each level once, in order: none left out, none of the base's met again by the refiner.
    assert list(dict.fromkeys(seen.base)) + list(dict.fromkeys(seen.refiner)) == list(dict.fromkeys(whole))
    assert abs(len(seen.base) + len(seen.refiner) - len(whole)) <= 1
    assert [step.stage for step in seen.steps] == ["base"] * len(seen.base) + ["refiner"] * len(seen.refiner)
    counted = [step.step for step in seen.steps]
    assert {step.base_steps for step in seen.steps} == {counted[len(seen.base) - 1]}
    assert counted == sorted(counted)
    assert (counted[-1], seen.steps[-1].steps) == (steps, steps)
    assert pixels(png).std() > 1


@EACH_SCHEDULER
def test_the_handover_is_near_the_share_that_was_asked_for(sdxl: StableDiffusionXL, scheduler: str) -> None:
    for steps in (10, 25, 50):
        for share in (0.2, 0.5, 0.8):
            base, refiner = (make_scheduler(scheduler, each) for each in (sdxl._base_config, sdxl._refiner_config))
            plan = plan_handover(base, refiner, steps, share)
            assert plan.denoising_end == pytest.approx(share, abs=0.02 + 1 / steps)
            assert plan.denoising_start == pytest.approx(share, abs=0.02 + 1 / steps)


@pytest.mark.parametrize("scheduler", ["LCM", "TCD"])
def test_distilled_schedulers_take_their_steps_from_those_that_their_loras_were_trained_with(
    sdxl: StableDiffusionXL, scheduler: str
) -> None:
    """The fifty of latent-consistency/lcm-lora-sdxl and ByteDance/Hyper-SD: every twentieth of 1000."""
    assert schedule(sdxl, scheduler, 4) == [999, 759, 499, 259]
    assert schedule(sdxl, scheduler, 50) == [*range(999, 0, -20)]


@EACH_SCHEDULER
def test_what_does_nothing_with_a_scheduler_is_known(sdxl: StableDiffusionXL, scheduler: str) -> None:
    levels = set()
    for spacing in get_args(TimestepSpacing):
        made: Any = make_scheduler(scheduler, sdxl._base_config, spacing)
        made.set_timesteps(9)
        sigmas = made.sigmas.tolist() if hasattr(made, "sigmas") else ()
        levels.add((tuple(made.timesteps.tolist()), tuple(sigmas), float(made.init_noise_sigma)))
    assert (len(levels) == 1) == (scheduler in OWN_SPACING)
    assert ("eta" in inspect.signature(made.step).parameters) == (scheduler in ETA_SCHEDULERS)


@EACH_SCHEDULER
def test_every_scheduler_draws_what_the_prompt_says(sdxl: StableDiffusionXL, tiny: ModelInfo, scheduler: str) -> None:
    picture = pixels(sdxl(ask(tiny, scheduler=scheduler, num_inference_steps=14))[0])
    assert middle_and_border(picture) == (RED, BLUE)


def test_schedulers_draw_different_pictures_and_leave_nothing_behind_in_the_model(
    sdxl: StableDiffusionXL, tiny: ModelInfo
) -> None:
    def draw() -> list[bytes]:
        return [pixels(sdxl(ask(tiny, scheduler=name, num_inference_steps=6))[0]).tobytes() for name in SCHEDULERS]

    pictures = draw()
    assert len(set(pictures)) == len(SCHEDULERS)
    assert draw() == pictures
