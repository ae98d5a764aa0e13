"""Which steps of a schedule a job takes, and which of them are the base's and which the refiner's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.diffusion.schedulers import Handover, base_alone, make_scheduler, plan_handover
from bot.errors import GenerationFailed
from bot.parameters import Parameters, title
from bot.sentences import Sentence

REFINER_ALONE = Sentence("strength {strength} leaves nothing for the base: the refiner drew it alone")
OnRemark = Callable[[Sentence], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """`skipped` steps are left out; `first` is where in the scheduler's timesteps the first call is, of `calls` in all.

    `strength` makes an image-to-image pipeline leave out just those.
    """

    handover: Handover
    steps: int
    skipped: int
    first: int
    calls: int
    strength: float

    @property
    def base_calls(self) -> int:
        """How often the base's U-Net is called."""
        return max(0, self.handover.base_calls - self.first)

    @property
    def refiner_calls(self) -> int:
        """How often the refiner's is."""
        return self.handover.refiner_calls if self.base_calls else self.calls - self.first


def plan_steps(
    parameters: Parameters,
    base_config: Mapping[str, Any],
    refiner_config: Mapping[str, Any] | None,
    on_remark: OnRemark,
) -> Plan:
    """The plan of a job. Raises `GenerationFailed` where LoRAs would have no part in it."""
    steps, timesteps = parameters.num_inference_steps, parameters.timesteps

    def scheduler(config: Mapping[str, Any]) -> Any:
        return make_scheduler(parameters.scheduler, config, parameters.timestep_spacing)

    whole = scheduler(base_config)
    alone = base_alone(whole, steps, timesteps)
    if parameters.denoising_end is None or refiner_config is None:
        handover = alone
    else:
        pair = scheduler(base_config), scheduler(refiner_config)
        handover = plan_handover(*pair, steps, parameters.denoising_end, timesteps)
    taken = steps if parameters.strength is None else max(1, round(steps * parameters.strength))
    skipped = steps - taken
    first = skipped * whole.order
    # The pipelines take the integer part of counted * strength, and count as steps whatever timesteps they are given.
    counted = steps if timesteps is None else alone.base_calls
    strength = min(1.0, (counted - skipped + 0.5) / counted)
    plan = Plan(handover, taken, skipped, first, alone.base_calls, strength)
    if not plan.base_calls:
        _say_refiner_alone(parameters, on_remark)
    return plan


def _say_refiner_alone(parameters: Parameters, on_remark: OnRemark) -> None:
    if parameters.loras:
        raise GenerationFailed(
            "{lora} is for the base, and strength {strength} leaves all steps to the refiner. Raise strength, or turn "
            "the refiner off.",
            lora=title("loras"),
            strength=parameters.strength,
        )
    if parameters.upscaler is None:
        on_remark(Sentence(REFINER_ALONE.template, {"strength": parameters.strength}))
