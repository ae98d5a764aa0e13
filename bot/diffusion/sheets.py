"""A whole sheet: every cell drawn in turn as it would be alone, then all of them onto one picture."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import replace

from PIL import Image, ImageChops

from bot.comparison import Comparison
from bot.comparison.axes import label
from bot.diffusion.plan import OnRemark
from bot.diffusion.sdxl import StableDiffusionXL
from bot.diffusion.steps import OnStep, Step
from bot.errors import ExecutorDied, GenerationCancelled, GenerationFailed
from bot.infotext import sheet_text
from bot.parameters import quoted
from bot.sentences import Sentence
from bot.sheet import draw_sheet

log = logging.getLogger(__name__)

EMPTY_CELL = "{cell} stays empty: {reason}"
ALL_THE_SAME = "all of them came out the same: {axis} changes nothing here"
ALL_THE_SAME_TWO = "all of them came out the same: {axis} and {second} change nothing here"


def make_sheet(sdxl: StableDiffusionXL, comparison: Comparison, on_step: OnStep, on_remark: OnRemark) -> bytes:
    """The sheet as a PNG that says how each of its pictures was made. Steps are counted over all cells.

    A cell that cannot be drawn stays empty, and a remark says why. Raises what `StableDiffusionXL` raises when none
    can be drawn, and what `on_step` raises.
    """
    pictures: list[Image.Image | None] = []
    done = 0
    remarks: list[Sentence] = []
    errors: list[GenerationFailed] = []
    for index, cell in enumerate(comparison.cells):
        picture = None
        try:
            (picture,) = sdxl.draw(
                cell, _counting_on(on_step, done, cell.num_inference_steps, comparison), remarks.append
            )
        except (GenerationCancelled, ExecutorDied):
            raise
        except GenerationFailed as error:
            log.warning("a cell of a sheet could not be drawn: %s", error)
            errors.append(error)
            reason = Sentence.joined(error.sentences)
            remarks.append(Sentence.of(EMPTY_CELL, cell=quoted(_called(comparison, index)), reason=reason))
        pictures.append(picture)
        done += cell.num_inference_steps
    if len(errors) == len(pictures):
        raise errors[0]
    if not errors and _all_the_same(pictures):
        first, *second = [axis.name for axis in comparison.axes]
        template, values = (ALL_THE_SAME_TWO, {"second": second[0]}) if second else (ALL_THE_SAME, {})
        remarks.append(Sentence.of(template, axis=first, **values))
    for remark in dict.fromkeys(remarks):
        on_remark(remark)
    buffer = io.BytesIO()
    draw_sheet(comparison, pictures).save(buffer, "PNG", pnginfo=sheet_text(comparison, sdxl.model, sdxl.origin))
    return buffer.getvalue()


def _counting_on(on_step: OnStep, done: int, steps: int, comparison: Comparison) -> OnStep:
    """Tells the steps of one cell as steps of all."""

    def count(step: Step) -> None:
        # A picture that is made out of another takes fewer steps than it names.
        on_step(replace(step, step=done + -(-step.step * steps // step.steps), steps=comparison.steps))

    return count


def _called(comparison: Comparison, index: int) -> str:
    """Which cell that is, by its values."""
    across = len(comparison.axes[0].values)
    places = (index % across, index // across)
    return ", ".join(label(axis.name, axis.values[place]) for axis, place in zip(comparison.axes, places, strict=False))


def _all_the_same(pictures: Sequence[Image.Image | None]) -> bool:
    first, *others = pictures
    return first is not None and all(
        each is not None and each.size == first.size and ImageChops.difference(first, each).getbbox() is None
        for each in others
    )
