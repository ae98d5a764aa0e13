"""Settings that have no part in a picture as it was asked for, so that nobody waits for what they would do."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.parameters import Parameters, title
from bot.scheduler_names import ETA_SCHEDULERS, OWN_SPACING
from bot.sentences import Sentence

#: Up to here the model is asked once a step, and what to keep away from is not looked at.
NO_GUIDANCE = 1.0
WITH_SCHEDULER = Sentence("{title} does nothing with the scheduler {scheduler}")
WITHOUT_REFINER = Sentence("{title} does nothing without the refiner")
AT_GUIDANCE = Sentence("{title} does nothing at guidance {guidance}: it takes more than 1")
WITHOUT_VARIATION = Sentence("{title} does nothing without variation")


@dataclass(frozen=True, slots=True)
class Idle:
    """When these fields do nothing, and how that is said."""

    fields: tuple[str, ...]
    when: Callable[[Parameters], bool]
    remark: Sentence


#: The first that holds of a field is said.
IDLE: tuple[Idle, ...] = (
    Idle(("eta",), lambda made: made.scheduler not in ETA_SCHEDULERS, WITH_SCHEDULER),
    # A draft brings its spacing along: nobody has asked for it.
    Idle(("timestep_spacing",), lambda made: made.scheduler in OWN_SPACING and not made.draft, WITH_SCHEDULER),
    Idle(("aesthetic_score", "negative_aesthetic_score"), lambda made: made.denoising_end is None, WITHOUT_REFINER),
    Idle(
        (
            "negative_prompt",
            "negative_prompt_2",
            "guidance_rescale",
            "negative_aesthetic_score",
            "negative_original_size",
            "negative_crops_coords_top_left",
            "negative_target_size",
        ),
        lambda made: made.guidance_scale <= NO_GUIDANCE,
        AT_GUIDANCE,
    ),
    Idle(("variation_seed",), lambda made: not made.variation_strength, WITHOUT_VARIATION),
)


def idle_settings(parameters: Parameters, said: Collection[str]) -> list[Sentence]:
    """A remark on each of the fields that somebody has `said` and that does nothing beside the others."""
    remarks: dict[str, Sentence] = {}
    for idle in IDLE:
        for name in idle.fields:
            usual = Parameters.model_fields[name].default
            if name in said and name not in remarks and getattr(parameters, name) != usual and idle.when(parameters):
                values = {"scheduler": parameters.scheduler, "guidance": f"{parameters.guidance_scale:g}"}
                remarks[name] = Sentence(idle.remark.template, {"title": title(name), **values})
    return list(remarks.values())
