"""The scheduler of ours that another program's sampler and schedule of noise levels mean."""

from __future__ import annotations

from collections.abc import Callable

from bot.infotext import names
from bot.infotext.samplers import (
    AUTOMATIC,
    AUTOMATIC_SCHEDULES,
    PLAIN_SCHEDULES,
    RELATIVES,
    sampler_word,
    schedule_word,
)
from bot.parameters import quoted
from bot.remake.draft import Draft
from bot.scheduler_names import SCHEDULERS, SchedulerName

#: Gives a setting by its name, and remembers that it was asked for.
Take = Callable[[str], str]
#: Whose “Automatic” schedule depends on the sampler.
_WEBUIS = ("A1111", "Forge")


def take_scheduler(draft: Draft, program: str, take: Take) -> None:
    """The same one, else the one that comes nearest, with a remark."""
    written, written_schedule = take(names.SAMPLER), take(names.SCHEDULE_TYPE) or take("Scheduler")
    spacing = take(names.SPACING)
    if spacing in ("leading", "trailing", "linspace"):
        draft.changes["timestep_spacing"] = spacing
    if not written:
        return
    sampler, own = sampler_word(written)
    schedule = own or schedule_word(written_schedule)
    if schedule == AUTOMATIC and written_schedule and program in _WEBUIS:
        schedule = AUTOMATIC_SCHEDULES.get(sampler, AUTOMATIC)
    by_names = {names_: name for name, names_ in SCHEDULERS.items()}
    for candidate in (sampler, *RELATIVES.get(sampler, ())):
        scheduler = by_names.get(SchedulerName(candidate, schedule)) or by_names.get(SchedulerName(candidate))
        if scheduler is None:
            continue
        draft.changes["scheduler"] = scheduler
        ours = SCHEDULERS[scheduler]
        if candidate != sampler:
            draft.remark(
                "Sampler {value} is not to be had here; {scheduler} comes nearest.",
                value=quoted(written),
                scheduler=scheduler,
            )
        elif ours.schedule_type != schedule and schedule == "SGM Uniform":
            # The same levels by another name.
            draft.changes["timestep_spacing"] = "trailing"
        elif ours.schedule_type != schedule and not {ours.schedule_type, schedule} <= PLAIN_SCHEDULES:
            draft.remark(
                "{sampler} has no schedule {value} here; {scheduler} comes nearest.",
                sampler=sampler,
                value=quoted(schedule),
                scheduler=scheduler,
            )
        return
    draft.left_out[names.SAMPLER] = written
    draft.remark("Sampler {value} is unknown here; this model's own is used.", value=quoted(written))
