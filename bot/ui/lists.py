"""Cards about more than one job."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord
from discord import ui

from bot.executors import ExecutorHealth, ExecutorState
from bot.jobs import Job, JobStatus
from bot.sentences import Sentence
from bot.translation import ENGLISH, Speech
from bot.ui import text
from bot.ui.cards import DONE, WAITING
from bot.ui.layout import Layout

#: The first of the line are shown, and this many of one's own behind them: together they fit into one message.
SHOWN_JOBS = 12
SHOWN_OWN_JOBS = 4


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at the queue, and in which server; `None` is a conversation with the bot."""

    user_id: int
    guild_id: int | None

    def may_see(self, job: Job) -> bool:
        """Whether that job is shown: who else asks for pictures is the business of their own server."""
        return self.is_author(job) or (job.guild_id is not None and job.guild_id == self.guild_id)

    def is_author(self, job: Job) -> bool:
        """Whether it is their own job."""
        return job.user_id == self.user_id


def queue_card(
    line: Sequence[Job],
    expected_at: Mapping[int, datetime],
    health: ExecutorHealth,
    viewer: Viewer,
    speech: Speech = ENGLISH,
    *,
    paused: Collection[int] = (),
    is_paused: bool = False,
) -> Layout:
    """Who waits, behind whom and for how long. `line` is in order, `expected_at` when the jobs will be ready.

    `paused` are jobs at its end that are held back; `is_paused` says whether those of the viewer's own server are.

    Of other servers only the number of jobs is told, and prompts are shown to their own author only.
    """
    running = sum(job.status is JobStatus.RUNNING for job in line)
    seen = [(place, job) for place, job in enumerate(line, 1 - running) if viewer.may_see(job)]
    first, behind = seen[: SHOWN_JOBS + running], seen[SHOWN_JOBS + running :]
    own = [(place, job) for place, job in behind if viewer.is_author(job)][:SHOWN_OWN_JOBS]
    state = _state(health, running, len(line) - running - len(paused))
    lines = [text.capital(text.plain(speech.say(state)))]
    if is_paused:
        lines.append(speech.say("The moderators have paused this server: none of its jobs is started."))
    for place, job in (*first, *own):
        where = speech.say("paused") if job.id in paused else f"{place}."
        lines.append(_entry(job, where, expected_at.get(job.id), viewer, speech))
    if hidden := len(behind) - len(own):
        lines.append(f"-# {speech.say('and {count} more', count=hidden)}")
    if elsewhere := len(line) - len(seen):
        lines.append(f"-# {speech.say('and {count} elsewhere', count=elsewhere)}")
    heading = ui.TextDisplay[Any](f"**{speech.say('The queue')}**")
    return Layout(heading, ui.TextDisplay("\n".join(lines)), colour=_colour(health))


def _entry(job: Job, place: str, ready: datetime | None, viewer: Viewer, speech: Speech) -> str:
    running = job.status is JobStatus.RUNNING
    parts = [f"**{speech.say('now') if running else place}** #{job.id} <@{job.user_id}>"]
    if viewer.is_author(job):
        parts.append(text.escape(job.parameters.prompt, 60))
    parts.append(speech.say("asked {when}", when=text.relative(job.created_at)))
    if ready is not None:
        parts.append(speech.say("ready {when}", when=text.relative(ready)))
    return " · ".join(parts)


def _state(health: ExecutorHealth, running: int, waiting: int) -> Sentence:
    if warming := text.warming_up(health):
        one, many = "{state}. {count} job waiting for it.", "{state}. {count} jobs waiting for it."
        return Sentence.counted(waiting, one, many, state=warming)
    if not running and not waiting:
        return Sentence.of("Nobody waits. `/imagine` starts at once.")
    if not waiting:
        return Sentence.of("Nobody waits; the next `/imagine` comes after the one that runs.")
    return Sentence.counted(
        waiting,
        "{count} job waiting; they are taken in this order.",
        "{count} jobs waiting; they are taken in this order.",
    )


def _colour(health: ExecutorHealth) -> discord.Colour:
    return DONE if health.state in (ExecutorState.READY, ExecutorState.BUSY) else WAITING
