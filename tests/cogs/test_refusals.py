"""What `/imagine` does not take: one sentence in private, and nothing recorded."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.errors import JobNotFound
from bot.executors import ExecutorState
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card


async def is_refused(server: SimulatedServer, answer: Card, sentence: str) -> None:
    assert (answer.text, answer.is_private) == (sentence, True)
    assert server.cards() == []
    with pytest.raises(JobNotFound):
        await server.job()


BAD = [
    ({"prompt": ""}, "prompt is empty. Say what the picture should show."),
    ({"prompt": "  \n "}, "prompt is empty. Say what the picture should show."),
    ({"prompt": "\u200b\u2060"}, "prompt is empty. Say what the picture should show."),
    ({"prompt": "x" * 6000}, "prompt has 6,000 characters; at most 2,000 are read. Shorten it."),
    ({"negative_prompt": "x" * 6000}, "negative_prompt has 6,000 characters; at most 2,000 are read. Shorten it."),
    ({"seed": -1}, "seed must be a whole number from 0 to 4294967295, not -1."),
    ({"seed": 2**32}, "seed must be a whole number from 0 to 4294967295, not 4294967296."),
    ({"refiner": "maybe"}, "refiner must be on or off."),
    (
        {"aspect_ratio": "5:1"},
        "aspect ratio “5:1” is unknown. Choose one of: 1:1, 4:3, 3:2, 16:9, 21:9, 3:4, 2:3, 9:16, 9:21.",
    ),
    (
        {"refiner": "off", "refiner_from": 0.8},
        "refiner is off, and refiner_from says where it takes over. Leave one of the two out.",
    ),
    (
        {"steps": 1},
        "The refiner needs at least 2 steps: one for the base, one for itself. Raise steps or turn it off.",
    ),
]

NEVER = "off: nothing is left for the refiner there"
BEYOND = [("images", 5, 4), ("steps", 151, 150), ("guidance", 31.0, 30)]


@pytest.mark.parametrize(("options", "sentence"), BAD)
async def test_bad_input_is_answered_with_what_would_be_right(
    server: SimulatedServer, options: dict[str, Any], sentence: str
) -> None:
    await is_refused(server, await server.unchecked("imagine", **{"prompt": "a fox", **options}), sentence)


async def test_a_number_beyond_its_limit_is_brought_within_it_and_the_card_says_so(server: SimulatedServer) -> None:
    card = await server.unchecked("imagine", prompt="a fox", steps=151, guidance=31.0, images=5, seed=7)
    told = [f"-# {name} {asked:g} → {limit}: that is as far as it goes here" for name, asked, limit in BEYOND]
    assert [line for line in card.text.splitlines() if "→" in line] == told
    parameters = (await server.job()).parameters
    assert (parameters.num_inference_steps, parameters.guidance_scale) == (150, 30)
    assert parameters.num_images_per_prompt == 4


@pytest.mark.parametrize(
    ("options", "field", "value", "told"),
    [
        ({"refiner_from": 1.0}, "denoising_end", None, rf"refiner\_from 1 → {NEVER}"),
        ({"refiner_from": 1.5}, "denoising_end", None, rf"refiner\_from 1.5 → {NEVER}"),
        ({"refiner_from": -1.0}, "denoising_end", 0.01, r"refiner\_from -1 → 0.01: that is as far as it goes here"),
        (
            {"advanced": "original_size: 9999x700, crop: 8,9000"},
            "original_size",
            (700, 8192),
            r"original\_size 9999x700 → 8192x700: that is as far as it goes here",
        ),
        (
            {"advanced": "crop: 8,9000"},
            "crops_coords_top_left",
            (8, 8192),
            r"crops\_coords\_top\_left 8x9000 → 8x8192: that is as far as it goes here",
        ),
    ],
)
async def test_so_is_what_has_no_last_value_or_two_sides(
    server: SimulatedServer, options: dict[str, Any], field: str, value: object, told: str
) -> None:
    card = await server.unchecked("imagine", prompt="a fox", **options)
    assert getattr((await server.job()).parameters, field) == value
    assert f"-# {told}" in card.text.splitlines()


async def test_without_a_refiner_one_that_never_takes_over_is_none(server: SimulatedServer) -> None:
    await server.stop()
    await server.start(model_refiner=None)
    card = await server.unchecked("imagine", prompt="a fox", refiner_from=1.0)
    assert not card.is_private
    assert (await server.job()).parameters.denoising_end is None


async def test_without_a_refiner_asking_for_it_is_refused(server: SimulatedServer) -> None:
    await server.stop()
    await server.start(model_refiner=None)
    answer = await server.unchecked("imagine", prompt="a fox", refiner="on")
    await is_refused(
        server, answer, "No refiner is loaded here. Leave the refiner off, or ask the owner to set MODEL_REFINER."
    )


async def test_a_missing_option_is_told_as_a_command_that_has_changed(server: SimulatedServer) -> None:
    answer = await server.unchecked("imagine", seed=3)
    await is_refused(
        server, answer, "This command has changed. Discord shows the new one after a restart of the app (Ctrl-R)."
    )
    server.expects_trouble = True  # SimCord counts the error that the sentence is made from


async def test_who_has_as_many_jobs_as_allowed_is_told_which(server: SimulatedServer) -> None:
    await server.stop()
    await server.start(max_jobs_per_user=2)
    await server.imagine("a fox")
    await server.run()
    await server.imagine("an owl")
    answer = await server.imagine("a wolf")
    assert answer.text == "You may have 2 jobs at a time. Yours: #1 running, #2 next in line. Cancel one or wait."
    assert answer.is_private
    others = await server.imagine("a hare", server.bob)
    assert not others.is_private


async def test_a_full_queue_refuses_until_a_job_is_done(server: SimulatedServer) -> None:
    await server.stop()
    await server.start(max_jobs=1)
    await server.imagine("a fox")
    await server.run()
    await server.imagine("an owl")
    answer = await server.imagine("a wolf", server.bob)
    assert answer.text == "The queue is full: 1 job is waiting. Try again when some are done."
    assert answer.is_private
    server.executor.finish(1, [PNG])
    await server.run(2)
    assert not (await server.imagine("a wolf", server.bob)).is_private


async def test_where_the_bot_may_not_post_nothing_is_begun(server: SimulatedServer) -> None:
    closed = server.guild.create_text_channel(
        "closed",
        overwrites={server.guild.default_role: discord.PermissionOverwrite(send_messages=False, attach_files=False)},
    )
    answer = await server.imagine(channel=closed)
    assert answer.is_private
    assert answer.text == (
        "The bot cannot post pictures here: it lacks Send Messages and Attach Files. "
        "Ask a moderator to allow that, or use another channel."
    )
    assert server.executor.started.items == []


async def test_why_the_model_cannot_be_loaded_is_for_its_owner_only(server: SimulatedServer) -> None:
    server.expects_trouble = True
    server.executor.become(ExecutorState.UNAVAILABLE, "/srv/model is broken.")
    answer = await server.imagine()
    assert answer.text.startswith(
        "The model cannot be loaded right now; the owner of this bot sees why in its log. It is tried again by itself. "
        "Reference for the owner of this bot: `"
    )
    assert "/srv" not in answer.text
    assert answer.is_private
