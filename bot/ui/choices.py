"""What a press asks back, for one person alone: how to vary, where to extend, what else can be done."""

from __future__ import annotations

from typing import Any

from discord import ui

from bot.canvas import Direction
from bot.jobs import Job
from bot.sentences import Sentence
from bot.translation import ENGLISH, Speech
from bot.ui import text
from bot.ui.buttons import (
    EXTEND,
    EXTEND_TO,
    FINISH,
    INFO,
    KEEP,
    REDRAW,
    STRONG,
    SUBTLE,
    ask_delete_button,
    delete_button,
    job_button,
    preset_button,
)
from bot.ui.cards import WAITING
from bot.ui.layout import Layout

SUBTLE_HINT = Sentence("Subtle keeps the composition, strong keeps what it is about.")
EXTEND_HINT = Sentence("Out makes room on all sides; the others draw on to that side.")
MORE_HINT = Sentence(
    "Extend draws on around the picture, Redraw lets other words draw over it, Info tells all that went into it."
)
SURE = Sentence("Delete this picture for everybody?")
SURE_SEVERAL = Sentence("Delete these pictures for everybody?")
READY = Sentence("That took longer than Discord waits. Now it is ready: press the button to open it.")


def vary_choice(job: Job, index: int, speech: Speech = ENGLISH) -> Layout:
    """How far a variation of that picture may go."""
    subtle = job_button(SUBTLE, job.id, speech.say("Subtle"), index)
    strong = job_button(STRONG, job.id, speech.say("Strong"), index)
    return _asked(job, speech.say(SUBTLE_HINT), ui.ActionRow(subtle, strong), index=index, speech=speech)


def extend_choice(job: Job, index: int, speech: Speech = ENGLISH) -> Layout:
    """To which side that picture is to go on."""
    labels = {
        Direction.OUT: speech.say("Out"),
        Direction.LEFT: speech.say("Left"),
        Direction.RIGHT: speech.say("Right"),
        Direction.UP: speech.say("Up"),
        Direction.DOWN: speech.say("Down"),
    }
    row: ui.ActionRow[Any] = ui.ActionRow(
        *(job_button(EXTEND_TO[direction], job.id, label, index) for direction, label in labels.items())
    )
    return _asked(job, speech.say(EXTEND_HINT), row, index=index, speech=speech)


def more_choice(job: Job, *, can_be_finished: bool, speech: Speech = ENGLISH) -> Layout:
    """All that has no button on the card: in one row for one picture, in a row each for several."""
    labels = {EXTEND: speech.say("Extend"), REDRAW: speech.say("Redraw"), INFO: speech.say("Info")}
    if can_be_finished:
        labels = {FINISH: speech.say("Finish"), **labels}
    count = job.parameters.num_images_per_prompt
    last: ui.ActionRow[Any] = ui.ActionRow(preset_button(job.id, speech), ask_delete_button(job.id, speech))
    if count == 1:
        single = (job_button(action, job.id, label, 0) for action, label in labels.items())
        return _asked(job, speech.say(MORE_HINT), ui.ActionRow(*single), last, speech=speech)
    items: list[ui.Item[Any]] = []
    for action, label in labels.items():
        items.append(ui.TextDisplay(f"**{label}**"))
        items.append(ui.ActionRow(*(job_button(action, job.id, str(each + 1), each) for each in range(count))))
    return _asked(job, speech.say(MORE_HINT), *items, last, speech=speech)


def delete_question(job: Job, speech: Speech = ENGLISH) -> Layout:
    """Whether what cannot be brought back is really to go."""
    keep = job_button(KEEP, job.id, speech.say("Keep"))
    sure = SURE if job.parameters.num_images_per_prompt == 1 else SURE_SEVERAL
    return said(speech.say(sure), ui.ActionRow(delete_button(job.id, speech), keep))


def which_picture(job: Job, index: int | None, speech: Speech = ENGLISH) -> str:
    """The job's number, and which of its pictures is meant where it has several."""
    if index is None or job.parameters.num_images_per_prompt == 1:
        return f"#{job.id}"
    return speech.say("#{job}, picture {number}", job=job.id, number=index + 1)


def ready_card(button: ui.Item[Any], speech: Speech = ENGLISH) -> Layout:
    """What is shown where a modal could not be opened at once: `button` opens it now."""
    return said(speech.say(READY), ui.ActionRow(button))


def said(sentence: str, *items: ui.Item[Any]) -> Layout:
    """A sentence for one person, with what can be done about it."""
    return Layout(ui.TextDisplay(text.plain(sentence)), *items, colour=WAITING)


def _asked(job: Job, hint: str, *items: ui.Item[Any], speech: Speech, index: int | None = None) -> Layout:
    which = which_picture(job, index, speech)
    head: ui.TextDisplay[Any] = ui.TextDisplay(f"{text.headline(job.parameters)} · {which}\n-# {hint}")
    return Layout(head, *items, colour=WAITING)
