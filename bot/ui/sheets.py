"""A sheet's own words on its card: what differs along its axes, and how far its cells are. Pure functions."""

from __future__ import annotations

from bot.comparison import Axis, Comparison
from bot.events import Progress
from bot.jobs import Job
from bot.parameters import Parameters
from bot.sentences import Sentence
from bot.translation import ENGLISH, Speech
from bot.ui import text

#: How much of an axis' values a line of the card shows.
AXIS_LENGTH = 240
NAME_LENGTH = 100


def shown_parameters(job: Job) -> Parameters:
    """The parameters that stand for the whole job: of a sheet, those of its first cell, with the prompt as typed."""
    p = job.parameters
    if job.comparison is None or p.raw_prompt is None or "prompt" not in job.comparison.varied:
        return p
    return p.model_copy(update={"prompt": p.raw_prompt, "raw_prompt": None})


def axis_lines(comparison: Comparison, speech: Speech = ENGLISH) -> str:
    """“across: scheduler Euler, DDIM” and “down: steps 4, 6”, in small print."""
    first, *second = comparison.axes
    if not second:
        return f"-# {speech.say('compared: {axis} {values}', **_shown(first))}"
    across = speech.say("across: {axis} {values}", **_shown(first))
    down = speech.say("down: {axis} {values}", **_shown(second[0]))
    return f"-# {across}\n-# {down}"


def sheet_alt_text(job: Job, comparison: Comparison, speech: Speech = ENGLISH) -> str:
    """What the sheet shows, for those who cannot see it."""
    first, *second = comparison.axes
    values = {"count": len(comparison.cells), "axis": first.name, "values": _listed(first)}
    if second:
        template = (
            "A sheet of {count} pictures, from left to right {axis} {values}, from top to bottom "
            "{second_axis} {second_values}: "
        )
        values |= {"second_axis": second[0].name, "second_values": _listed(second[0])}
    else:
        template = "A sheet of {count} pictures, {axis} {values}: "
    said = text.plain(speech.say(template, **values), text.ALT_TEXT_LENGTH // 2)
    return f"{said} {text.plain(shown_parameters(job).prompt, text.ALT_TEXT_LENGTH - len(said) - 1)}"


def cell_steps(comparison: Comparison, progress: Progress | None) -> tuple[Sentence, int, int]:
    """“cell 3 of 8 · step 47/120”, and these steps: done, and in all."""
    done, total = (0, comparison.steps) if progress is None else (progress.step, progress.steps)
    cell = comparison.cell_at(min(done + 1, total))
    said = Sentence.of(
        "cell {cell} of {cells} · step {step}/{steps}",
        cell=cell,
        cells=len(comparison.cells),
        step=done,
        steps=total,
    )
    return said, done, total


def _shown(axis: Axis) -> dict[str, str]:
    return {"axis": text.escape(axis.name, NAME_LENGTH), "values": text.escape(_listed(axis), AXIS_LENGTH)}


def _listed(axis: Axis) -> str:
    return (" | " if any("," in value for value in axis.values) else ", ").join(axis.values)
