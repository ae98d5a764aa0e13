"""A sheet by the embedded pair: its cells are the pictures that their parameters make alone, and it says so."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.comparison import Axis, Comparison
from bot.diffusion.sdxl import StableDiffusionXL
from bot.diffusion.sheets import make_sheet
from bot.diffusion.steps import Step
from bot.errors import GenerationCancelled, GenerationFailed
from bot.infotext import COMPARISON_KEY, read_picture, read_texts, save_options
from bot.model_info import ModelInfo
from bot.sentences import Sentence
from bot.sheet import plan_layout
from tests.diffusion.drawing import ask, pixels
from tests.pictures import encoded


def refiner_sheet(tiny: ModelInfo, *refiner_from: float | None, **changes: Any) -> Comparison:
    cells = tuple(ask(tiny, num_inference_steps=4, denoising_end=each, **changes) for each in refiner_from)
    return Comparison((Axis("refiner_from", tuple(str(each or "off") for each in refiner_from)),), cells)


def test_the_cells_are_the_pictures_that_their_parameters_make_alone(sdxl: StableDiffusionXL, tiny: ModelInfo) -> None:
    comparison = refiner_sheet(tiny, None, 0.5)
    steps: list[Step] = []
    remarks: list[Sentence] = []
    png = make_sheet(sdxl, comparison, steps.append, remarks.append)
    sheet, layout = pixels(png), plan_layout(comparison)
    for index, cell in enumerate(comparison.cells):
        left, upper, width, height = layout.box(index)
        assert np.array_equal(sheet[upper : upper + height, left : left + width], pixels(sdxl(cell)[0]))
    assert [(step.step, step.steps) for step in steps] == [(step, 8) for step in range(1, 9)]
    assert [step.stage for step in steps] == ["base"] * 6 + ["refiner"] * 2
    assert remarks == []


def test_a_sheet_says_how_its_pictures_were_made_also_as_webp(sdxl: StableDiffusionXL, tiny: ModelInfo) -> None:
    comparison = refiner_sheet(tiny, None, 0.5)
    png = make_sheet(sdxl, comparison, lambda step: None, lambda remark: None)
    with Image.open(io.BytesIO(png)) as image:
        webp = encoded(image, "WEBP", **save_options(read_texts(png)))
    for content in (png, webp):
        info = read_picture(content)
        assert info.parameters == comparison.cells[0]
        assert info.settings["Script"] == "X/Y/Z plot"
        assert (info.settings["X Type"], info.settings["X Values"]) == ("refiner_from", "off, 0.5")
        kept = json.loads(read_texts(content)[COMPARISON_KEY])
        assert Comparison.from_json(kept, comparison.cells[0]) == comparison


def test_what_differs_and_changes_nothing_is_said(sdxl: StableDiffusionXL, tiny: ModelInfo) -> None:
    cells = tuple(ask(tiny, num_inference_steps=1, denoising_end=None, aesthetic_score=each) for each in (2, 6))
    remarks: list[Sentence] = []
    comparison = Comparison((Axis("aesthetic_score", ("2", "6")),), cells)
    make_sheet(sdxl, comparison, lambda step: None, remarks.append)
    assert [str(remark) for remark in remarks] == [
        "all of them came out the same: aesthetic_score changes nothing here"
    ]


def test_a_cell_that_cannot_be_drawn_stays_empty_and_says_why(sdxl: StableDiffusionXL, tiny: ModelInfo) -> None:
    plain = ask(tiny, num_inference_steps=1, denoising_end=None)
    deep = plain.model_copy(update={"clip_skip": 40})
    remarks: list[Sentence] = []
    comparison = Comparison((Axis("clip_skip", ("off", "40")),), (plain, deep))
    make_sheet(sdxl, comparison, lambda step: None, remarks.append)
    [remark] = map(str, remarks)
    assert remark.startswith("“clip_skip 40” stays empty: clip_skip 40 leaves nothing of this model's text encoder")
    nothing = Comparison((Axis("clip_skip", ("40", "41")),), (deep, deep))
    with pytest.raises(GenerationFailed, match="clip_skip 40 leaves nothing"):
        make_sheet(sdxl, nothing, lambda step: None, remarks.append)


def test_a_cancel_in_the_second_cell_ends_the_sheet(sdxl: StableDiffusionXL, tiny: ModelInfo) -> None:
    def cancel(step: Step) -> None:
        if step.step == 6:
            raise GenerationCancelled

    with pytest.raises(GenerationCancelled):
        make_sheet(sdxl, refiner_sheet(tiny, None, 0.5), cancel, lambda remark: None)
