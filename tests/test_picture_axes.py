"""Axes that say what is done with an image: offered and taken where there is one, refused in a sentence elsewhere."""

from __future__ import annotations

import pytest

from bot.comparison.axes import suggest_axes
from bot.comparison.comparer import Comparer
from bot.errors import RequestRejected
from bot.layers import model_defaults
from tests.factories import ENSEMBLE
from tests.prompts.reading import make_reader
from tests.test_comparison import PICTURES, compare, values


def test_axes_that_take_a_picture_are_offered_among_the_others() -> None:
    # Discord does not say of a half-typed command whether an image is with it.
    assert {"strength", "upscaler"} <= {axis.name for axis in suggest_axes("")}
    assert [axis.name for axis in suggest_axes("stren")] == ["strength"]
    assert [axis.name for axis in suggest_axes("mask")] == ["mask_padding"]


@pytest.mark.parametrize(
    ("axis", "pictures", "sentence"),
    [
        ("strength", (), "strength needs an image to work on. Add one, or leave it out."),
        ("upscaler", (), "upscaler needs an image to work on. Add one, or leave it out."),
        ("mask_padding", ("image",), "mask_padding needs a mask. Add one, or leave it out."),
    ],
)
def test_an_axis_that_takes_a_picture_is_refused_where_there_is_none(
    axis: str, pictures: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(RequestRejected) as caught:
        compare((axis, ""), **{name: PICTURES[name] for name in pictures})
    assert str(caught.value) == sentence


def test_values_of_what_is_done_with_a_picture_are_read_and_kept_within_their_limits() -> None:
    assert values("denoise", "20%; 0,4; 1", **PICTURES) == ("0.2", "0.4", "1")
    assert values("upscaler", "None, LATENT", **PICTURES) == ("off", "latent")
    assert values("mask_padding", "off, 0, 32", **PICTURES) == ("off", "0", "32")
    comparison, remarks = compare(("strength", "0.5, 1.5"), **PICTURES)
    assert [cell.strength for cell in comparison.cells] == [0.5, 1]
    assert remarks == ["strength 1.5 → 1: that is as far as it goes here"]
    comparison, remarks = compare(("strength", "0, 0.5"), **PICTURES)
    assert [cell.strength for cell in comparison.cells] == [0.01, 0.5]
    assert remarks == ["strength 0 → 0.01: that is as far as it goes here"]


def test_a_strength_that_nobody_asked_for_follows_from_each_cell_also_again() -> None:
    comparison, _ = compare(("upscaler", "off, latent"), image=PICTURES["image"])
    assert [cell.strength for cell in comparison.cells] == [0.6, 0.35]
    comparer = Comparer(ENSEMBLE, make_reader(), None, ["latent"])
    again, _ = comparer.compare(comparer.typed(comparison), model_defaults(ENSEMBLE), comparer.again(comparison))
    assert again == comparison
    said, _ = compare(("upscaler", "off, latent"), image=PICTURES["image"], strength=0.5)
    assert comparer.typed(said)["strength"] == 0.5
