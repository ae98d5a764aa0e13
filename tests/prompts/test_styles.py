"""Styles: ours, the owner's, by the names that people type."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.errors import InvalidParameters, StartupFailed
from bot.prompts.styles import MAX_LABEL, MAX_SUGGESTIONS, SLOT, load_styles
from tests.prompts.reading import STYLES, read


def test_our_styles_are_many_and_each_fits_a_menu() -> None:
    assert len(STYLES) >= 24
    for name in STYLES.names:
        style = STYLES.get(name)
        assert 0 < len(style.description) <= 100
        assert len(style.label()) <= MAX_LABEL
        assert style.prompt.count(SLOT) == 1
        assert style.negative
        assert style.apply("a {x} fox").count("a {x} fox") == 1


@pytest.mark.parametrize("typed", ["pixel art", "Pixel-Art", "PIXELART", "pixel_art"])
def test_a_style_is_found_however_it_is_spaced(typed: str) -> None:
    assert STYLES.get(typed).name == "pixel art"


def test_what_is_typed_so_far_brings_the_likeliest_styles_first() -> None:
    assert STYLES.suggest("wat")[0].name == "watercolour"
    assert STYLES.suggest("art")[0].name == "art deco"
    assert STYLES.suggest("watrcolor")[0].name == "watercolour"
    assert STYLES.suggest("photgraphic")[0].name == STYLES.suggest("photographic")[0].name == "photo"
    assert STYLES.suggest("woodblock")[0].name == "ukiyo-e"
    assert len(STYLES.suggest("")) == MAX_SUGGESTIONS
    assert STYLES.suggest("qqqqqqq") == []


def test_a_style_is_put_around_the_prompt_and_recorded() -> None:
    style = STYLES.get("ink")
    parameters, _ = read("a red fox", style="INK", negative_prompt="blurry")
    assert parameters.style == "ink"
    assert parameters.prompt == style.apply("a red fox")
    assert parameters.negative_prompt == f"blurry, {style.negative}"
    assert (parameters.raw_prompt, parameters.raw_negative_prompt) == ("a red fox", "blurry")


@pytest.mark.parametrize("name", ["none", "off", "raw"])
def test_a_style_from_beneath_can_be_taken_off(name: str) -> None:
    parameters, _ = read(f"a red fox --style {name}", beneath={"style": "ink"})
    assert (parameters.prompt, parameters.style) == ("a red fox", None)
    assert read("a red fox", beneath={"style": "ink"})[0].style == "ink"


def test_an_unknown_style_is_a_sentence_with_the_nearest_names() -> None:
    with pytest.raises(InvalidParameters) as caught:
        read("a fox", style="watercolor")
    assert str(caught.value) == "style “watercolor” is unknown. Nearest: watercolour."


def test_the_owners_styles_are_merged_over_ours(tmp_path: Path) -> None:
    own = tmp_path / "styles.json"
    own.write_text(
        json.dumps({"Ink": {"prompt": "{prompt} in our ink"}, "noir": None, "house": {"prompt": "x {prompt}"}})
    )
    styles = load_styles(own)
    assert styles.get("ink").apply("a fox") == "a fox in our ink"
    assert styles.find("noir") is None
    assert styles.get("house").label() == "house"
    assert len(styles) == len(STYLES)
    assert len(load_styles(tmp_path / "none.json")) == len(STYLES)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "cannot be read"),
        ("[]", "must hold an object"),
        ('{"x": "y"}', "x must hold texts"),
        ('{"x": {"prompt": "y"}}', "the prompt of x must have {prompt} in it"),
        ('{"x": {"prompt": "{prompt}", "colour": "red"}}', "x has no colour"),
        ('{"none": {"prompt": "{prompt}"}}', "“none” cannot be the name of a style"),
        ('{"x": 1}', "x must hold texts"),
    ],
)
def test_a_broken_file_of_styles_says_what_is_wrong_at_the_start(content: str, sentence: str, tmp_path: Path) -> None:
    own = tmp_path / "styles.json"
    own.write_text(content)
    with pytest.raises(StartupFailed) as caught:
        load_styles(own)
    assert sentence in str(caught.value)
    assert "styles.json" in str(caught.value)
