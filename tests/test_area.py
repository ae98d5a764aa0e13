"""No picture has more pixels than the owner allows; one that is asked for keeps its shape, and its card says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.area import usual_area, within_area
from bot.cogs.completion import complete_advanced
from bot.comparison import AskedAxis
from bot.diffusion.assets import Assets
from bot.errors import RequestRejected
from bot.parameters import MAX_SIZE
from bot.prompts import PromptReader
from bot.prompts.styles import Styles
from bot.services.admission import Admission
from bot.services.variants import enlarged_size
from tests.factories import ENSEMBLE

SMALL = replace(ENSEMBLE, native_size=128, max_pixels=4 * 128**2)


def admission() -> Admission:
    return Admission(SMALL, PromptReader(SMALL, Styles(())), Assets())


@pytest.mark.parametrize(
    ("size", "within"),
    [
        ((256, 256), (256, 256)),
        ((2048, 2048), (256, 256)),
        ((1024, 512), (360, 176)),
        ((512, 1024), (176, 360)),
        ((2048, 64), (1024, 64)),
    ],
)
def test_what_is_too_large_keeps_its_shape(size: tuple[int, int], within: tuple[int, int]) -> None:
    assert within_area(*size, SMALL.max_pixels) == within


def test_by_itself_a_model_draws_four_times_what_it_was_trained_on() -> None:
    assert usual_area(ENSEMBLE) == MAX_SIZE**2
    assert usual_area(SMALL) == 256**2


@pytest.mark.parametrize(
    "asked", [{"prompt": "a cat", "width": 1024, "height": 512}, {"prompt": "a cat --size 1024x512"}]
)
def test_a_size_that_is_asked_for_is_brought_within_it_and_that_is_said(asked: dict[str, object]) -> None:
    admitted = admission().read(asked, {})
    assert (admitted.parameters.width, admitted.parameters.height) == (360, 176)
    assert list(map(str, admitted.remarks)) == ["size 1024 × 512 → 360 × 176: a picture may have 0.066 megapixels here"]
    assert admission().read({"prompt": "a cat"}, {}).remarks == []


def test_so_is_the_size_of_each_picture_of_a_sheet() -> None:
    admitted = admission().read({"prompt": "a cat"}, {}, [AskedAxis("width", "128, 2048")])
    assert admitted.comparison is not None
    assert [cell.width * cell.height <= 256**2 for cell in admitted.comparison.cells] == [True, True]
    assert "a picture may have 0.066 megapixels here" in str(admitted.remarks[-1])


def test_an_upscale_stays_within_it_and_one_that_would_add_nothing_is_refused() -> None:
    assert enlarged_size(128, 128, SMALL.max_pixels) == (256, 256, ())
    width, height, remarks = enlarged_size(192, 192, SMALL.max_pixels)
    assert (width, height) == (256, 256)
    assert list(map(str, remarks)) == ["enlarged to 256 × 256: a picture may have 0.066 megapixels here"]
    with pytest.raises(RequestRejected, match=r"256 × 256 already, and one may have 0\.066 megapixels here\.$"):
        enlarged_size(256, 256, SMALL.max_pixels)
    assert enlarged_size(1024, 1024, usual_area(ENSEMBLE)) == (2048, 2048, ())


def test_the_sizes_that_are_offered_are_such_as_the_model_knows() -> None:
    assert complete_advanced("size", (), SMALL)[0].value == "size: 152x104"
    assert complete_advanced("size", (), ENSEMBLE)[0].value == "size: 1216x832"
