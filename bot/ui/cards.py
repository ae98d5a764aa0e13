"""One job as a card, from the line to the picture: the same lines in the same places all along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord
from discord import MediaGalleryItem, ui

from bot.events import Progress
from bot.executors import ExecutorHealth
from bot.jobs import Job, JobStatus
from bot.places import place
from bot.sentences import Sentence
from bot.translation import Speech
from bot.ui import sheets, text
from bot.ui.buttons import cancel_button, closed_row, finished_rows, sheet_row
from bot.ui.layout import Layout

PREVIEW_NAME = "preview.webp"
STOPPED = Sentence("The picture process stopped in the middle; this job starts again.")
RESTARTED = Sentence("The bot was restarted; your job kept its place.")
PREVIEW = "How far the picture is"
READY = "ready {when}"
STAGES = {"base": "base {step}/{steps}", "refiner": "refiner {step}/{steps}"}

WAITING = discord.Colour.blurple()
WORKING = discord.Colour.from_str("#fee75c")
DONE = discord.Colour.from_str("#57f287")
BROKEN = discord.Colour.from_str("#ed4245")
OVER = discord.Colour.from_str("#95a5a6")


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """All that a waiting or running job's card shows beside the job: `position` 1 is next, 0 is running."""

    position: int | None = None
    expected_at: datetime | None = None
    health: ExecutorHealth | None = None
    progress: Progress | None = None
    notice: Sentence | None = None
    cancelling: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """One attachment of a finished card: the name of its file and what it shows."""

    filename: str
    description: str


def open_card(job: Job, standing: Standing) -> Layout:
    """The card of a job that waits or runs."""
    speech = Speech(job.locale)
    running = job.status is JobStatus.RUNNING
    items: list[ui.Item[Any]] = [
        ui.TextDisplay(text.headline(sheets.shown_parameters(job))),
        ui.TextDisplay(running_line(job, standing) if running else waiting_line(job, standing)),
    ]
    if job.comparison is not None:
        items.append(ui.TextDisplay(sheets.axis_lines(job.comparison, speech)))
    if standing.notice is not None:
        items.append(ui.TextDisplay(f"-# {speech.say(standing.notice)}"))
    if job.remarks:
        items.append(ui.TextDisplay(text.remark_lines(job.remarks, speech)))
    if running and standing.progress is not None and standing.progress.preview is not None:
        preview = MediaGalleryItem(f"attachment://{PREVIEW_NAME}", description=speech.say(PREVIEW))
        items.append(ui.MediaGallery(preview))
    items.append(ui.ActionRow(cancel_button(job.id, cancelling=standing.cancelling, speech=speech)))
    return Layout(*items, colour=WORKING if running else WAITING)


def waiting_line(job: Job, standing: Standing) -> str:
    """“3rd in line · ready in 2 minutes · #41”."""
    say = Speech(job.locale).say
    parts = []
    if standing.position is not None:
        parts.append(text.capital(say(place(standing.position))))
    if warming := text.warming_up(standing.health):
        parts.append(text.plain(say(warming)))
    if standing.expected_at is not None:
        parts.append(say(READY, when=text.relative(standing.expected_at)))
    return " · ".join([*(parts or [say("In line")]), f"#{job.id}"])


def running_line(job: Job, standing: Standing) -> str:
    """“▰▰▰▰▰▰▱▱ base 18/24 · refiner 0/6 · ready in 9 seconds · #41”."""
    say = Speech(job.locale).say
    if job.comparison is not None:
        cells, done, total = sheets.cell_steps(job.comparison, standing.progress)
        parts = [f"{text.bar(done, total)} {say(cells)}"]
    else:
        stages = stage_steps(job, standing.progress)
        done, total = sum(step for _, step, _ in stages), sum(steps for *_, steps in stages)
        said = " · ".join(say(STAGES[name], step=step, steps=steps) for name, step, steps in stages)
        parts = [f"{text.bar(done, total)} {said}"]
    if done == total:
        parts.append(say("finishing"))
    elif standing.expected_at is not None:
        parts.append(say(READY, when=text.relative(standing.expected_at)))
    return " · ".join([*parts, f"#{job.id}"])


def stage_steps(job: Job, progress: Progress | None) -> list[tuple[str, int, int]]:
    """Each stage with its steps done and its steps in all, as far as `progress` tells."""
    p = job.parameters
    step, steps = (progress.step, progress.steps) if progress is not None else (0, p.num_inference_steps)
    if p.denoising_end is None:
        return [("base", step, steps)]
    # Where exactly the schedule is cut is diffusers' business, so which stage reports a step counts for more.
    base = round(steps * p.denoising_end)
    if progress is not None and progress.stage == "refiner":
        base = min(base, step - 1)
        return [("base", base, base), ("refiner", step - base, steps - base)]
    base = max(base, step)
    return [("base", step, base), ("refiner", 0, steps - base)]


def finished_card(
    job: Job, pictures: Sequence[Picture], *, elapsed: float | None, remarks: Sequence[str] = ()
) -> Layout:
    """The card with its pictures, and everything that went into them; each of `remarks` has a line."""
    speech = Speech(job.locale)
    ends = [*([] if elapsed is None else [text.seconds(elapsed)]), f"#{job.id}", *_origin(job, speech)]
    lines = [_parameter_lines(job, *ends), text.remark_lines(job.remarks, speech)]
    details = "\n".join([*filter(None, lines), *(f"-# {remark}" for remark in remarks)])
    gallery = [
        MediaGalleryItem(f"attachment://{picture.filename}", description=picture.description) for picture in pictures
    ]
    return Layout(
        _headline_with_author(job),
        ui.MediaGallery(*gallery),
        ui.TextDisplay(details),
        *(finished_rows(job.id, len(pictures), speech) if job.comparison is None else [sheet_row(job.id, speech)]),
        colour=DONE,
    )


def _origin(job: Job, speech: Speech) -> list[str]:
    """Which job it comes from."""
    return [] if job.parent_id is None else [speech.say("from #{job}", job=job.parent_id)]


def closed_card(job: Job, sentence: Sentence) -> Layout:
    """The card of a job that ended without a picture: why, and what it would have been."""
    speech = Speech(job.locale)
    return Layout(
        _headline_with_author(job),
        ui.TextDisplay(speech.say(sentence)),
        ui.TextDisplay(_parameter_lines(job, f"#{job.id}")),
        closed_row(job.id, speech) if job.comparison is None else sheet_row(job.id, speech),
        colour=BROKEN if job.status is JobStatus.FAILED else OVER,
    )


def _parameter_lines(job: Job, *remarks: str) -> str:
    """Everything that went into it; of a sheet, what its pictures have in common and in what they differ."""
    speech = Speech(job.locale)
    if job.comparison is None:
        return text.parameter_lines(job.parameters, *remarks, speech=speech)
    common = text.parameter_lines(sheets.shown_parameters(job), *remarks, varied=job.comparison.varied, speech=speech)
    return f"{sheets.axis_lines(job.comparison, speech)}\n{common}"


def _headline_with_author(job: Job) -> ui.TextDisplay[Any]:
    # Named at the end only: a finished card may stand far from the command, or be a message of its own.
    return ui.TextDisplay(f"{text.headline(sheets.shown_parameters(job))} · <@{job.user_id}>")


def ending(job: Job) -> Sentence:
    """How a job without a picture ended."""
    if job.status is JobStatus.CANCELLED:
        return Sentence.of("Cancelled.")
    return job.error or Sentence.of("The picture could not be made.")
