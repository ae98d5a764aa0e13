"""Schedulers by name, and where in their timesteps the base hands over to the refiner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.diffusion.libraries import SchedulerMixin, diffusers
from bot.scheduler_names import DISTILLED_STEPS

_KARRAS = {"use_karras_sigmas": True}
_EXPONENTIAL = {"use_exponential_sigmas": True}
_BETA = {"use_beta_sigmas": True}
_SGM_UNIFORM = {"timestep_spacing": "trailing"}
_OWN_SPACING = {"use_karras_sigmas": False, "use_exponential_sigmas": False, "use_beta_sigmas": False}
_DPM = {"algorithm_type": "dpmsolver++", "solver_order": 2}
_DPM_SDE = {"algorithm_type": "sde-dpmsolver++", "solver_order": 2}
_SINGLE = {"lower_order_final": True}
_DISTILLED = {"clip_sample": False, "set_alpha_to_one": False, "original_inference_steps": DISTILLED_STEPS}

#: The class of each name and what it sets; everything else comes from the model's own scheduler configuration.
#: Not here: PNDM and DPM2 a, whose timesteps cannot be cut in two (one is repeated; they go down and up), so that no
#: refiner could take over; DPM++ SDE, which needs torchsde; EDM and flow, for other models. DDPM draws what Euler a
#: draws, and Lu's noise levels are the exponential ones: both to one level of 256, as measured with the embedded model.
_CLASSES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "Euler": ("EulerDiscreteScheduler", _OWN_SPACING),
    "Euler Karras": ("EulerDiscreteScheduler", _OWN_SPACING | _KARRAS),
    "Euler Exponential": ("EulerDiscreteScheduler", _OWN_SPACING | _EXPONENTIAL),
    "Euler Beta": ("EulerDiscreteScheduler", _OWN_SPACING | _BETA),
    "Euler SGM Uniform": ("EulerDiscreteScheduler", _OWN_SPACING | _SGM_UNIFORM),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", _OWN_SPACING | _DPM),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", _OWN_SPACING | _DPM | _KARRAS),
    "DPM++ 2M Exponential": ("DPMSolverMultistepScheduler", _OWN_SPACING | _DPM | _EXPONENTIAL),
    "DPM++ 2M Beta": ("DPMSolverMultistepScheduler", _OWN_SPACING | _DPM | _BETA),
    "DPM++ 2M SGM Uniform": ("DPMSolverMultistepScheduler", _OWN_SPACING | _DPM | _SGM_UNIFORM),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", _OWN_SPACING | _DPM_SDE),
    "DPM++ 2M SDE Karras": ("DPMSolverMultistepScheduler", _OWN_SPACING | _DPM_SDE | _KARRAS),
    "DPM++ 2M SDE Exponential": ("DPMSolverMultistepScheduler", _OWN_SPACING | _DPM_SDE | _EXPONENTIAL),
    "DPM++ 3M SDE": ("DPMSolverMultistepScheduler", _OWN_SPACING | _DPM_SDE | {"solver_order": 3}),
    "DPM++ 3M SDE Karras": ("DPMSolverMultistepScheduler", _OWN_SPACING | _DPM_SDE | _KARRAS | {"solver_order": 3}),
    "DPM++ 2S": ("DPMSolverSinglestepScheduler", _OWN_SPACING | _DPM | _SINGLE),
    "DPM++ 2S Karras": ("DPMSolverSinglestepScheduler", _OWN_SPACING | _DPM | _SINGLE | _KARRAS),
    "UniPC": ("UniPCMultistepScheduler", _OWN_SPACING),
    "UniPC Karras": ("UniPCMultistepScheduler", _OWN_SPACING | _KARRAS),
    "DEIS": ("DEISMultistepScheduler", _OWN_SPACING),
    "DEIS Karras": ("DEISMultistepScheduler", _OWN_SPACING | _KARRAS),
    "LMS": ("LMSDiscreteScheduler", _OWN_SPACING),
    "LMS Karras": ("LMSDiscreteScheduler", _OWN_SPACING | _KARRAS),
    "SA-Solver": ("SASolverScheduler", _OWN_SPACING),
    # Latents are no pictures: their values lie beyond the -1..1 that DDIM would clip them to.
    "DDIM": ("DDIMScheduler", {"clip_sample": False, "set_alpha_to_one": False}),
    # For the LoRAs that were trained for them and draw in four to eight steps.
    "LCM": ("LCMScheduler", _DISTILLED),
    "TCD": ("TCDScheduler", _DISTILLED),
    "Heun": ("HeunDiscreteScheduler", _OWN_SPACING),
    "Heun Karras": ("HeunDiscreteScheduler", _OWN_SPACING | _KARRAS),
    "DPM2": ("KDPM2DiscreteScheduler", _OWN_SPACING),
    "DPM2 Karras": ("KDPM2DiscreteScheduler", _OWN_SPACING | _KARRAS),
}


def make_scheduler(name: str, config: Mapping[str, Any], timestep_spacing: str | None = None) -> SchedulerMixin:
    """A fresh scheduler for one job (they have state), for a model with this scheduler configuration."""
    class_name, overrides = _CLASSES[name]
    if timestep_spacing is not None:
        overrides = {**overrides, "timestep_spacing": timestep_spacing}
    return getattr(diffusers, class_name).from_config(config, **overrides)


def set_timesteps(scheduler: SchedulerMixin, steps: int, timesteps: Sequence[int] | None = None) -> None:
    """Set so many steps, or just these timesteps."""
    if timesteps is None:
        scheduler.set_timesteps(steps)
    else:
        scheduler.set_timesteps(timesteps=list(timesteps))


@dataclass(frozen=True, slots=True)
class Handover:
    """`denoising_end` of the base and `denoising_start` of the refiner, and how often each calls its U-Net."""

    denoising_end: float | None
    denoising_start: float | None
    base_calls: int
    refiner_calls: int


def plan_handover(
    base: SchedulerMixin, refiner: SchedulerMixin, steps: int, share: float, timesteps: Sequence[int] | None = None
) -> Handover:
    """Where the base stops and the refiner goes on: both get a step, and no noise level is left out or met twice.

    The pipelines cut their timesteps at a training timestep. Where a step is one call of the U-Net that is all, and
    both are told `share`. Where it is two, a cut between them would start the refiner at another noise level than the
    base has left. Heun lists the second call of a step with the first of the next, so its base always ends with half
    a step, which is complete in itself, and its refiner starts after the pair. DPM2's base is cut before the half.
    """
    set_timesteps(base, steps, timesteps)
    set_timesteps(refiner, steps, timesteps)
    ours, theirs = base.timesteps.tolist(), refiner.timesteps.tolist()
    trained = base.config.num_train_timesteps
    cut = round(trained - share * trained)
    cut = max(int(min(ours[-1], theirs[-1])) + 1, min(cut, int(max(ours[0], theirs[0]))))
    start = cut
    base_calls = sum(each >= cut for each in ours)
    if base.order == 2 and base_calls % 2:
        if ours[1] == ours[2]:
            start = int(theirs[base_calls])
        else:
            base_calls += -1 if base_calls > 1 else 1
            start = cut = int(ours[base_calls]) + 1
    refiner_calls = sum(each < start for each in theirs)
    if refiner.order == 2 and refiner_calls % 2 == 0:
        refiner_calls += 1  # as the pipeline does, to start with a whole step
    return Handover(1 - cut / trained, 1 - start / trained, base_calls, refiner_calls)


def base_alone(scheduler: SchedulerMixin, steps: int, timesteps: Sequence[int] | None = None) -> Handover:
    """All steps in the base."""
    set_timesteps(scheduler, steps, timesteps)
    return Handover(None, None, len(scheduler.timesteps), 0)
