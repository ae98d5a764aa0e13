"""The schedulers (samplers) by the names that people know, without torch; `bot.diffusion.schedulers` builds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.nearest import nearest


@dataclass(frozen=True, slots=True)
class SchedulerName:
    """How the infotext of other programs splits a name: the sampler and its schedule of noise levels."""

    sampler: str
    schedule_type: str = "Automatic"


SCHEDULERS: Mapping[str, SchedulerName] = {
    "Euler": SchedulerName("Euler"),
    "Euler Karras": SchedulerName("Euler", "Karras"),
    "Euler Exponential": SchedulerName("Euler", "Exponential"),
    "Euler Beta": SchedulerName("Euler", "Beta"),
    "Euler SGM Uniform": SchedulerName("Euler", "SGM Uniform"),
    "Euler a": SchedulerName("Euler a"),
    "DPM++ 2M": SchedulerName("DPM++ 2M"),
    "DPM++ 2M Karras": SchedulerName("DPM++ 2M", "Karras"),
    "DPM++ 2M Exponential": SchedulerName("DPM++ 2M", "Exponential"),
    "DPM++ 2M Beta": SchedulerName("DPM++ 2M", "Beta"),
    "DPM++ 2M SGM Uniform": SchedulerName("DPM++ 2M", "SGM Uniform"),
    "DPM++ 2M SDE": SchedulerName("DPM++ 2M SDE"),
    "DPM++ 2M SDE Karras": SchedulerName("DPM++ 2M SDE", "Karras"),
    "DPM++ 2M SDE Exponential": SchedulerName("DPM++ 2M SDE", "Exponential"),
    "DPM++ 3M SDE": SchedulerName("DPM++ 3M SDE"),
    "DPM++ 3M SDE Karras": SchedulerName("DPM++ 3M SDE", "Karras"),
    "DPM++ 2S": SchedulerName("DPM++ 2S"),
    "DPM++ 2S Karras": SchedulerName("DPM++ 2S", "Karras"),
    "UniPC": SchedulerName("UniPC"),
    "UniPC Karras": SchedulerName("UniPC", "Karras"),
    "DEIS": SchedulerName("DEIS"),
    "DEIS Karras": SchedulerName("DEIS", "Karras"),
    "LMS": SchedulerName("LMS"),
    "LMS Karras": SchedulerName("LMS", "Karras"),
    "SA-Solver": SchedulerName("SA-Solver"),
    "DDIM": SchedulerName("DDIM"),
    "LCM": SchedulerName("LCM"),
    "TCD": SchedulerName("TCD"),
    "Heun": SchedulerName("Heun"),
    "Heun Karras": SchedulerName("Heun", "Karras"),
    "DPM2": SchedulerName("DPM2"),
    "DPM2 Karras": SchedulerName("DPM2", "Karras"),
}

#: Those for LoRAs that draw a finished picture in a few steps, and the steps that those LoRAs were trained with: they
#: choose from among them, so they take no more.
DISTILLED = ("LCM", "TCD")
DISTILLED_STEPS = 50

#: Those whose diffusers class takes timesteps of one's own.
TIMESTEP_SCHEDULERS = (
    "Euler",
    "DPM++ 2M",
    "DPM++ 2M SDE",
    "DPM++ 3M SDE",
    "DPM++ 2S",
    "LCM",
    "TCD",
    "Heun",
)

#: Those that put some noise back in each step, as much as `eta` says.
ETA_SCHEDULERS = ("DDIM", "TCD")
#: Those whose noise levels lie where they lie, whatever spacing is asked for.
OWN_SPACING = (
    "DPM++ 2M Karras",
    "DPM++ 2M Exponential",
    "DPM++ 2M Beta",
    "DPM++ 2M SDE Karras",
    "DPM++ 2M SDE Exponential",
    "DPM++ 3M SDE Karras",
    "DPM++ 2S",
    "DPM++ 2S Karras",
    "UniPC Karras",
    "DEIS Karras",
    "LCM",
    "TCD",
)


def find_scheduler(name: str) -> str | None:
    """The known name that `name` means, however it is spaced or capitalised; None where there is none."""
    known = {_folded(each): each for each in SCHEDULERS}
    return known.get(_folded(name))


def nearest_schedulers(name: str) -> list[str]:
    """At most three known names that look like `name`, the likest first."""
    return nearest(name, SCHEDULERS)


def _folded(name: str) -> str:
    return "".join(name.casefold().replace("_", " ").split())
