"""`/imagine` as a member meets it: the answer, and the life of that one message."""

from __future__ import annotations

import pytest

from bot.executors import ExecutorState
from bot.jobs import JobStatus
from bot.ui.cards import DONE, WAITING, WORKING
from tests.pictures import PNG, WEBP
from tests.simcord_app import SimulatedServer


async def test_one_message_lives_from_the_line_to_the_picture(server: SimulatedServer) -> None:
    server.executor.become(ExecutorState.BUSY)
    card = await server.imagine("a red fox in the snow", seed=7)
    assert card.text == "**a red fox in the snow**\nNext in line · #1"
    assert (card.is_private, card.colour, card.buttons) == (False, WAITING, {"Cancel": True})

    server.executor.become(ExecutorState.READY)
    await server.run()
    await server.until(lambda: card.colour == WORKING)
    assert card.text == "**a red fox in the snow**\n▱▱▱▱▱▱▱▱ base 0/24 · refiner 0/6 · #1"

    server.executor.step(1, 12, WEBP)
    await server.until(lambda: "12/24" in card.text)
    assert card.text == "**a red fox in the snow**\n▰▰▰▱▱▱▱▱ base 12/24 · refiner 0/6 · #1"
    assert card.files == {"preview.webp": WEBP}
    assert card.alt_texts == ["How far the picture is"]

    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    assert card.text == (
        f"**a red fox in the snow** · {server.alice.mention}\n"
        "-# 1024×1024 · 30 steps · Euler · guidance 5\n"
        "-# refiner from 0.8 · seed 7 · 1.0 s · #1"
    )
    assert card.files == {"imagine-1-1.png": PNG}
    assert card.alt_texts == ["a red fox in the snow"]
    assert card.buttons == dict.fromkeys(["Again", "Vary", "Upscale", "Edit…", "More"], True)
    assert [each.id for each in server.cards()] == [card.id]
    assert (await server.until_recorded(JobStatus.SUCCEEDED)).message_id == card.id


async def test_every_option_reaches_the_job_and_the_finished_card(server: SimulatedServer) -> None:
    card = await server.imagine(
        "two boats",
        negative_prompt="fog",
        aspect_ratio="16:9",
        steps=40,
        guidance=7.5,
        seed=100,
        images=3,
        refiner="on",
        refiner_from=0.7,
    )
    await server.run()
    server.executor.finish(1, [PNG] * 3)
    await server.until(lambda: card.colour == DONE)
    assert card.text == (
        f"**two boats** · {server.alice.mention}\n"
        "-# 1344×768 · 40 steps · Euler · guidance 7.5\n"
        "-# refiner from 0.7 · seeds 100–102 · 1.0 s · #1\n"
        "-# without: fog"
    )
    assert list(card.files) == ["imagine-1-1.png", "imagine-1-2.png", "imagine-1-3.png"]
    assert card.alt_texts == [f"two boats (picture {number} of 3)" for number in (1, 2, 3)]


async def test_the_refiner_can_be_left_out(server: SimulatedServer) -> None:
    card = await server.imagine(refiner="off", seed=1)
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    assert "-# base alone · seed 1 · " in card.text


async def test_a_job_without_a_seed_gets_one_and_says_it(server: SimulatedServer) -> None:
    card = await server.imagine()
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    assert f"seed {(await server.job()).parameters.seed} ·" in card.text


async def test_two_people_queue_at_once_and_see_the_line_move(server: SimulatedServer) -> None:
    first = await server.imagine("a fox")
    await server.run()
    second = await server.imagine("an owl", server.bob)
    third = await server.imagine("a wolf")
    assert "Next in line · #2" in second.text
    assert "2nd in line · #3" in third.text
    server.executor.finish(1, [PNG])
    await server.run(2)
    await server.until(lambda: first.colour == DONE and second.colour == WORKING and "Next in line" in third.text)
    server.executor.finish(2, [PNG])
    await server.run(3)
    server.executor.finish(3, [PNG])
    await server.until(lambda: third.colour == DONE)
    assert [(server.alice.mention in card.text, server.bob.mention in card.text) for card in server.cards()] == [
        (True, False),
        (False, True),
        (True, False),
    ]


async def test_once_a_job_was_measured_the_cards_say_when_they_are_ready(server: SimulatedServer) -> None:
    assert "ready" not in (await server.imagine("a fox")).text
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until_recorded(JobStatus.SUCCEEDED)
    running = await server.imagine("an owl")
    await server.run(2)
    await server.until(lambda: running.colour == WORKING)
    assert " · ready <t:" in running.text
    assert " · ready <t:" in (await server.imagine("a wolf")).text


async def test_while_the_model_loads_the_card_says_that_it_is_warming_up(server: SimulatedServer) -> None:
    server.executor.become(ExecutorState.LOADING)
    card = await server.imagine()
    assert card.texts[1] == "Next in line · warming up · the picture process is starting · #1"
    server.executor.become(ExecutorState.READY)
    await server.run()
    await server.until(lambda: card.colour == WORKING)
    assert "warming up" not in card.text


async def test_a_long_prompt_is_cut_on_the_card_and_whole_in_the_job(server: SimulatedServer) -> None:
    prompt = "a fox and " * 199 + "an owl"
    card = await server.imagine(prompt)
    assert len(card.texts[0]) < 260
    assert card.texts[0].endswith("…**")
    assert (await server.job()).parameters.prompt == prompt


HOSTILE = [
    ("@everyone @here", "**@\u200beveryone @\u200bhere**"),
    ("**bold** _x_ ~~y~~ ||z||", r"**\*\*bold\*\* \_x\_ \~\~y\~\~ \|\|z\|\|**"),
    ("```py\nprint()\n```", r"**\`\`\`py print() \`\`\`**"),
    ("<@1> <#2> <t:0:R> </imagine:3>", r"**\<@1> \<#2> \<t:0:R> \</imagine:3>**"),
    ("# heading\n> quote\n- item", "**\\# heading > quote - item**"),
    ("[safe](https://evil.example)", r"**\[safe](https://evil.example)**"),
    ("fox\u202egnp.exe\u2066", "**foxgnp.exe**"),
    ("ends with a backslash \\", "**ends with a backslash \\\\**"),
]


@pytest.mark.parametrize(("prompt", "shown"), HOSTILE)
async def test_what_a_prompt_says_is_shown_and_never_done(server: SimulatedServer, prompt: str, shown: str) -> None:
    card = await server.imagine(prompt)
    assert card.texts[0] == shown
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    assert card.texts[0] == f"{shown} · {server.alice.mention}"
    assert (card.message.mention_everyone, card.message.ping_user_ids) == (False, [server.alice.id])
