"""Every scheduler by its name in `/imagine`: the embedded model, from what is offered to the file in Discord."""

from __future__ import annotations

import pytest
import pytest_asyncio

from bot.scheduler_names import SCHEDULERS
from tests.cogs.drawing import Studio, assert_shows_a_red_circle_on_blue, infotext, recorded
from tests.diffusion.engine import OTHER_PROMPT, PROMPT, difference, pixels
from tests.simcord_card import Card

pytestmark = pytest.mark.asyncio(loop_scope="module")

EACH_SCHEDULER = pytest.mark.parametrize("scheduler", list(SCHEDULERS))


async def offered(studio: Studio, typed: str) -> list[str]:
    """What Discord offers to whoever has typed so much of a scheduler's name."""
    server = studio.server
    choices = await server.alice.autocomplete(server.channel, "imagine", "scheduler", typed, prompt=PROMPT)
    return [str(choice["value"]) for choice in choices]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cards(studio: Studio) -> dict[str, Card]:
    """The job of each, over."""
    cards = {}
    for name in SCHEDULERS:
        # One after the other: with all of them in line, every card would be edited whenever the line moves.
        cards[name] = await studio.ask(scheduler=name)
        await studio.end(cards[name])
    return cards


async def test_each_is_offered_before_all_others_to_whoever_types_its_name(studio: Studio) -> None:
    assert [(await offered(studio, name.lower()))[0] for name in SCHEDULERS] == list(SCHEDULERS)


@EACH_SCHEDULER
async def test_it_draws_what_was_asked_for_and_picture_and_card_name_it(
    studio: Studio, cards: dict[str, Card], scheduler: str
) -> None:
    [content] = await studio.finish(cards[scheduler])
    assert_shows_a_red_circle_on_blue(pixels(content))
    name = SCHEDULERS[scheduler]
    assert f", Sampler: {name.sampler}, Schedule type: {name.schedule_type}, " in infotext(content)
    assert recorded(content).scheduler == scheduler
    assert f" · {scheduler} · " in cards[scheduler].text


async def test_no_two_draw_the_same_picture(studio: Studio, cards: dict[str, Card]) -> None:
    files = [(await studio.finish(card))[0] for card in cards.values()]
    assert len({pixels(content).tobytes() for content in files}) == len(SCHEDULERS)


@pytest.mark.parametrize("scheduler", ["Euler", "DPM++ 2M Karras", "Heun"])
async def test_with_it_the_refiner_ends_the_picture_and_changes_little(
    studio: Studio, cards: dict[str, Card], scheduler: str
) -> None:
    [content] = await studio.finish(cards[scheduler])
    alone = pixels(content)
    refined = await studio.file(scheduler=scheduler, refiner="on")
    assert_shows_a_red_circle_on_blue(pixels(refined))
    assert "Refiner: tiny-sdxl-refiner, Refiner switch at: 0.8" in infotext(refined)
    another = difference(alone, await studio.draw(OTHER_PROMPT, scheduler=scheduler))
    assert 0 < difference(alone, pixels(refined)) < another / 10
