"""Cards about more than one job, and about the bot itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import discord
from discord import ui

from bot.executors import ExecutorHealth, ExecutorState
from bot.jobs import Job, JobStatus
from bot.layers import bucket
from bot.model_info import ModelInfo
from bot.ui import text
from bot.ui.cards import DONE, WAITING, warming_up
from bot.ui.layout import Layout

#: The first of the line are shown, and this many of one's own behind them: together they fit into one message.
SHOWN_JOBS = 12
SHOWN_OWN_JOBS = 4


def queue_card(line: Sequence[tuple[Job, datetime | None]], health: ExecutorHealth, viewer_id: int) -> Layout:
    """Who waits, behind whom and for how long. `line` is in order, each job with when it will be ready.

    Prompts are shown to their own author only.
    """
    running = sum(job.status is JobStatus.RUNNING for job, _ in line)
    entries = [(job, _entry(job, place, ready, viewer_id)) for place, (job, ready) in enumerate(line, 1 - running)]
    first, behind = entries[: SHOWN_JOBS + running], entries[SHOWN_JOBS + running :]
    own = [entry for job, entry in behind if job.user_id == viewer_id][:SHOWN_OWN_JOBS]
    lines = [_state(health, running, len(line) - running), *(entry for _, entry in first), *own]
    hidden = len(behind) - len(own)
    if hidden:
        lines.append(f"-# and {hidden} more")
    return Layout(ui.TextDisplay("**The queue**"), ui.TextDisplay("\n".join(lines)), colour=_colour(health))


def _entry(job: Job, place: int, ready: datetime | None, viewer_id: int) -> str:
    running = job.status is JobStatus.RUNNING
    parts = [f"**{'now' if running else f'{place}.'}** #{job.id} <@{job.user_id}>"]
    if job.user_id == viewer_id:
        parts.append(text.escape(job.parameters.prompt, 60))
    parts.append(f"asked {text.relative(job.created_at)}")
    if ready is not None:
        parts.append(f"ready {text.relative(ready)}")
    return " · ".join(parts)


def _state(health: ExecutorHealth, running: int, waiting: int) -> str:
    if warming := warming_up(health):
        return f"{warming[0].upper()}{warming[1:]}. {text.count(waiting, 'job')} waiting for it."
    if not running and not waiting:
        return "Nobody waits. `/imagine` starts at once."
    if not waiting:
        return "Nobody waits; the next `/imagine` comes after the one that runs."
    return f"{text.count(waiting, 'job')} waiting; they are taken in this order."


def _colour(health: ExecutorHealth) -> discord.Colour:
    return DONE if health.state in (ExecutorState.READY, ExecutorState.BUSY) else WAITING


def help_card(model: ModelInfo) -> Layout:
    """What the bot does, in the length that somebody reads."""
    width, height = bucket("1:1", model.native_size)
    refiner = (
        "A base model draws; for the last part of the steps a **refiner**, trained on fine detail, takes over. "
        "`refiner_from` says where (0.8 = the last fifth is the refiner's), `refiner: off` leaves it out."
        if model.refiner is not None
        else "A base model draws alone here; no refiner is loaded."
    )
    return Layout(
        ui.TextDisplay("**Pictures from words**"),
        ui.TextDisplay(
            f"`/imagine` turns a prompt into a picture with {text.escape(model.name)} ({width}×{height} and the "
            "same area in other shapes). Your card shows your place in line, then the picture as it forms, then "
            "everything it was made with."
        ),
        ui.TextDisplay(refiner),
        ui.TextDisplay(
            "**Commands**\n"
            "`/imagine` a picture, or up to four\n"
            "`/cancel` takes one of your jobs back\n"
            "`/queue` who waits, and how long\n"
            "**Again** on a card makes the same with a fresh seed; **Delete** removes it."
        ),
        ui.TextDisplay(
            "**Tips**\n"
            "Name the thing first, then its look, then the place: *a red fox in the snow, watercolour*.\n"
            "What you do not want goes into `negative_prompt`, without “no”.\n"
            "The same `seed` and parameters make the same picture; change one word and compare.\n"
            "More `guidance` follows the words more closely and looks harder."
        ),
        colour=WAITING,
    )
