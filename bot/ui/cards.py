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
from bot.ui.text import Line, Rank

PREVIEW_NAME = "preview.webp"
STOPPED = Sentence("The picture process stopped in the middle; this job starts again.")
RESTARTED = Sentence("The bot was restarted; your job kept its place.")
PREVIEW = "How far the picture is"
READY = "ready {when}"
STAGES = {"base": "base {step}/{steps}", "refiner": "refiner {step}/{steps}"}

#: How much of the reason a card without pictures tells.
REASON_LENGTH = 700

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
    paused: bool = False
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
    lines = [
        Line(Rank.FIGURES, text.headline(sheets.shown_parameters(job))),
        Line(Rank.FIGURES, running_line(job, standing) if running else waiting_line(job, standing)),
    ]
    if job.comparison is not None:
        lines.append(Line(Rank.FIGURES, sheets.axis_lines(job.comparison, speech)))
    if standing.notice is not None:
        lines.append(Line(Rank.NOTICE, f"-# {speech.say(standing.notice)}"))
    items: list[ui.Item[Any]] = [ui.TextDisplay(line.text) for line in lines]
    if job.remarks and (remarks := text.fitted(text.remark_lines(job.remarks, speech), _room(items))):
        items.append(ui.TextDisplay(remarks))
    if running and standing.progress is not None and standing.progress.preview is not None:
        preview = MediaGalleryItem(f"attachment://{PREVIEW_NAME}", description=speech.say(PREVIEW))
        items.append(ui.MediaGallery(preview))
    items.append(ui.ActionRow(cancel_button(job.id, cancelling=standing.cancelling, speech=speech)))
    return Layout(*items, colour=WORKING if running else WAITING)


def waiting_line(job: Job, standing: Standing) -> str:
    """“3rd in line · ready in 2 minutes · #41”."""
    say = Speech(job.locale).say
    parts = []
    if standing.paused:
        parts.append(say("Paused by the moderators of this server"))
    if standing.position is not None:
        parts.append(text.capital(say(place(standing.position))))
    if warming := text.warming_up(standing.health):
        parts.append(text.escape(say(warming), text.PROMPT_LENGTH))
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
    # Before the first step nobody has cut the schedule yet.
    base = round(steps * p.denoising_end) if progress is None or progress.base_steps is None else progress.base_steps
    if progress is not None and progress.stage == "refiner":
        base = min(base, step - 1)
        return [("base", base, base), ("refiner", step - base, steps - base)]
    base = max(base, step)
    return [("base", step, base), ("refiner", 0, steps - base)]


def finished_card(
    job: Job,
    pictures: Sequence[Picture],
    *,
    elapsed: float | None,
    remarks: Sequence[str] = (),
    rows: Sequence[ui.ActionRow[Any]] | None = None,
) -> Layout:
    """The card with its pictures, and everything that went into them; each of `remarks` has a line.

    `rows` stand in place of the buttons that a finished job has.
    """
    speech = Speech(job.locale)
    ends = [*([] if elapsed is None else [text.seconds(elapsed)]), f"#{job.id}", *_origin(job, speech)]
    headline = _headline_with_author(job)
    lines = [*_parameter_lines(job, *ends), *text.remark_lines(job.remarks, speech)]
    lines += [Line(Rank.NOTICE, f"-# {remark}") for remark in remarks]
    if rows is None:
        sheet = job.comparison is not None
        rows = [sheet_row(job.id, speech)] if sheet else finished_rows(job.id, len(pictures), speech)
    words: ui.TextDisplay[Any] = ui.TextDisplay(text.fitted(lines, _room([headline])))
    return Layout(headline, _gallery(pictures), words, *rows, colour=DONE)


def _origin(job: Job, speech: Speech) -> list[str]:
    """Which job it comes from."""
    return [] if job.parent_id is None else [speech.say("from #{job}", job=job.parent_id)]


def closed_card(
    job: Job,
    sentence: Sentence,
    *,
    remarks: Sequence[str] = (),
    rows: Sequence[ui.ActionRow[Any]] | None = None,
) -> Layout:
    """The card of a job without a picture: why, and what it would have been; `remarks` and `rows` as above."""
    speech = Speech(job.locale)
    # Escaped, for a reason may quote what somebody typed.
    above = [_headline_with_author(job), ui.TextDisplay[Any](text.escape(speech.say(sentence), REASON_LENGTH))]
    lines = [*_parameter_lines(job, f"#{job.id}"), *(Line(Rank.NOTICE, f"-# {remark}") for remark in remarks)]
    if rows is None:
        rows = [closed_row(job.id, speech) if job.comparison is None else sheet_row(job.id, speech)]
    return Layout(*above, ui.TextDisplay(text.fitted(lines, _room(above))), *rows, colour=_closed_colour(job))


def least_card(job: Job, pictures: Sequence[Picture] = ()) -> Layout:
    """What is left of a card that Discord would not take: the prompt, the pictures, the number."""
    items: list[ui.Item[Any]] = [_headline_with_author(job), *([_gallery(pictures)] if pictures else [])]
    return Layout(*items, ui.TextDisplay(f"-# #{job.id}"), colour=DONE if pictures else _closed_colour(job))


def _closed_colour(job: Job) -> discord.Colour:
    return BROKEN if job.status is JobStatus.FAILED else OVER


def _gallery(pictures: Sequence[Picture]) -> ui.MediaGallery[Any]:
    return ui.MediaGallery(
        *(MediaGalleryItem(f"attachment://{picture.filename}", description=picture.description) for picture in pictures)
    )


def _room(items: Sequence[ui.Item[Any]]) -> int:
    """How many characters of text fit under these."""
    return text.MESSAGE_LENGTH - sum(len(item.content) for item in items if isinstance(item, ui.TextDisplay))


def _parameter_lines(job: Job, *remarks: str) -> list[Line]:
    """Everything that went into it; of a sheet, what its pictures have in common and in what they differ."""
    speech = Speech(job.locale)
    if job.comparison is None:
        return text.parameter_lines(job.parameters, *remarks, speech=speech)
    common = text.parameter_lines(sheets.shown_parameters(job), *remarks, varied=job.comparison.varied, speech=speech)
    return [Line(Rank.FIGURES, sheets.axis_lines(job.comparison, speech)), *common]


def _headline_with_author(job: Job) -> ui.TextDisplay[Any]:
    # Named at the end only: a finished card may stand far from the command, or be a message of its own.
    return ui.TextDisplay(f"{text.headline(sheets.shown_parameters(job))} · <@{job.user_id}>")


def ending(job: Job) -> Sentence:
    """How a job without a picture ended."""
    if job.status is JobStatus.CANCELLED:
        return job.error or Sentence.of("Cancelled.")
    return job.error or Sentence.of("The picture could not be made.")
