"""The playground as a stranger meets it: the real process and the embedded model, in headless Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, FloatRect

from bot.model_info import ModelInfo
from tests.playground.visitor import CHROMIUM, Visitor, running_browser, running_playground
from training.world import COLOURS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_playground(tmp_path_factory.mktemp("playground")) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Visitor]:
    with browser.new_context() as context:
        visitor = Visitor(context.new_page(), address)
        yield visitor
        assert visitor.troubles == []


def nearest_colour(image: Image.Image, box: tuple[int, int, int, int]) -> str:
    """The name of the colour that the middle of the pixels in the box comes closest to."""
    colour = np.median(np.asarray(image.crop(box)).reshape(-1, 3), axis=0)
    return min(COLOURS, key=lambda name: float(np.abs(colour - COLOURS[name]).sum()))


def test_a_typed_line_becomes_a_card_then_progress_with_previews_and_then_the_picture_it_names(
    visitor: Visitor, tiny: ModelInfo
) -> None:
    visitor.type_line("/imagine a big red circle on a blue background", steps=100, seed=7)
    assert "a big red circle on a blue background" in visitor.newest()
    assert "Cancel" in visitor.newest()
    visitor.until(visitor.shows_preview)
    assert "refiner 0/20" in visitor.newest()
    visitor.until(lambda: "Again" in visitor.newest())
    assert "100 steps" in visitor.newest()
    assert "seed 7" in visitor.newest()
    picture = visitor.picture()
    side = tiny.native_size
    assert picture.size == (side, side)
    assert nearest_colour(picture, (side * 3 // 8, side * 3 // 8, side * 5 // 8, side * 5 // 8)) == "red"
    assert nearest_colour(picture, (0, 0, side, side // 16)) == "blue"
    assert nearest_colour(picture, (0, side * 15 // 16, side, side)) == "blue"


def test_two_peoples_jobs_queue_at_once_and_a_reload_in_the_middle_loses_nothing(visitor: Visitor) -> None:
    visitor.type_line("/imagine a white star on a black background", steps=150)
    visitor.become("bob")
    visitor.type_line("/imagine a black star on a white background")
    shown = visitor.messages().rpartition("alice used")[2]
    assert "bob used" in shown
    assert shown.count("Cancel") == 2, "one runs and one waits"
    visitor.page.reload()
    visitor.settle()
    visitor.until(lambda: visitor.messages().rpartition("alice used")[2].count("Again") == 2)
    assert "@bob" in visitor.newest()
    assert nearest_colour(visitor.picture(), (0, 0, 4, 4)) == "white"


def test_a_line_that_is_no_command_is_a_message_and_loses_no_word(visitor: Visitor) -> None:
    visitor.type_line("/unknown red circle on blue")
    assert "/unknown red circle on blue" in visitor.newest()


def test_a_refusal_is_an_answer_and_no_trouble(visitor: Visitor) -> None:
    visitor.page.keyboard.type("/cancel 4711")
    suggested = "window.simcordPreview.commandPicker.autocomplete.state"
    visitor.until(lambda: visitor.page.evaluate(suggested) == "answered")
    visitor.settle()
    visitor.page.keyboard.press("Enter")
    visitor.until(lambda: "4711" in visitor.newest() and "Only you can see this" in visitor.newest())
    assert visitor.page.locator("#playground-status").inner_text() == ""
    assert visitor.page.locator("#channel-composer-input").input_value() == ""


def test_what_is_typed_while_a_command_is_on_its_way_is_the_next_line(visitor: Visitor) -> None:
    visitor.page.keyboard.type("/help ")
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.type("/imagine a green tree")
    visitor.until(lambda: "Pictures from words" in visitor.newest())
    prompt = visitor.page.locator("[data-option=prompt].command-option-input")
    visitor.until(lambda: prompt.count() and prompt.input_value() == "a green tree")


def test_a_pasted_line_is_the_command_and_its_prompt(visitor: Visitor) -> None:
    visitor.page.keyboard.type("/")
    visitor.page.keyboard.press("Backspace")
    visitor.page.locator("#channel-composer-input").fill("/imagine a green tree")
    assert visitor.page.locator("[data-option=prompt].command-option-input").input_value() == "a green tree"


def test_an_address_without_its_key_leads_to_the_channel(browser: Browser, address: str) -> None:
    with browser.new_context() as context:
        visitor = Visitor(context.new_page(), address.partition("#")[0])
        assert "Welcome to the playground" in visitor.messages()
        assert visitor.page.url == address
        assert visitor.troubles == []


def test_the_page_fits_a_phone(visitor: Visitor) -> None:
    visitor.page.set_viewport_size({"width": 390, "height": 780})
    visitor.until(lambda: is_within(visitor.page.locator("#send-message").bounding_box(), 390, 780))
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == 390
    assert visitor.page.locator(".preview-toolbar").bounding_box()["height"] < 60


def is_within(box: FloatRect | None, width: int, height: int) -> bool:
    return box is not None and box["x"] + box["width"] <= width and box["y"] + box["height"] <= height
