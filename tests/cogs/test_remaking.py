"""*Remake this…*, and the buttons of *Image info*: the same picture again, or changed, also after a restart."""

from __future__ import annotations

import discord
import simcord

from bot.jobs import Job
from bot.ui.cards import DONE
from tests.cogs.menus import INFO, REMAKE, answers, chosen, form, ours, post, slow_files
from tests.factories import make_parameters
from tests.infotext.files import corpus_texts, png_of, saved
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card
from tests.simcord_modal import Form

MATCH = "-# Pixels match the original exactly."
GONE = "This picture is not kept any more. Open the menu of its message and choose again."


async def done(server: SimulatedServer, card: Card, png: bytes, job_id: int = 1) -> Job:
    """The job makes this picture."""
    await server.run(job_id)
    server.executor.finish(job_id, [png])
    await server.until(lambda: card.colour == DONE)
    return await server.job(job_id)


async def test_sent_as_it_opens_it_makes_the_same_and_says_whether_it_did(server: SimulatedServer) -> None:
    picture = ours(negative_prompt="hands", clip_skip=1, width=832)
    opened = await form(server, REMAKE, await post(server, picture))
    assert (opened.values["prompt"], opened.values["negative_prompt"]) == ("a red fox in the snow", "hands")
    assert "clip skip: 1" in opened.settings.replace("_", " ")
    [card] = await opened.send()
    assert not card.is_private
    job = await done(server, card, picture)
    assert job.parameters == make_parameters(negative_prompt="hands", clip_skip=1, width=832)
    assert job.user_id == server.bob.id
    assert MATCH in card.text.splitlines()


async def test_another_picture_is_said_to_differ(server: SimulatedServer) -> None:
    [card] = await (await form(server, REMAKE, await post(server, ours()))).send()
    await done(server, card, saved("PNG", shade=3))
    assert "-# Pixels differ from the original by up to 253 of 255." in card.text.splitlines()


async def test_what_is_changed_in_the_modal_is_another_picture_and_not_compared(server: SimulatedServer) -> None:
    opened = await form(server, REMAKE, await post(server, ours()))
    opened.values["prompt"] = "a red fox in the rain"
    opened.settings = opened.settings.replace("steps: 30", "steps: 12")
    [card] = await opened.send()
    job = await done(server, card, PNG)
    assert job.parameters == make_parameters(prompt="a red fox in the rain", num_inference_steps=12)
    assert "ixels" not in card.text


async def test_a_picture_of_another_program_comes_near_and_is_told_to(server: SimulatedServer) -> None:
    [card] = await (await form(server, REMAKE, await post(server, png_of(corpus_texts("sdnext.txt"))))).send()
    assert "Made by SD.Next, which draws other noise for a seed: the picture comes near, and its pixels" in card.text
    job = await done(server, card, saved("PNG", shade=9))
    assert job.original_id is not None
    assert "Pixels differ from the original by up to " in card.text


async def test_a_picture_without_a_prompt_asks_for_one(server: SimulatedServer) -> None:
    picture = png_of({"parameters": "\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5, Size: 1024x1024"})
    [card] = await answers(server, INFO, await post(server, picture))
    assert card.buttons == {"Edit…": True}
    opened = await Form.opened_by(server, card, "Edit…", server.bob)
    assert opened.values["prompt"] == ""
    opened.values["prompt"] = "an owl"
    await opened.send()
    parameters = (await server.job()).parameters
    assert (parameters.prompt, parameters.num_inference_steps, parameters.seed) == ("an owl", 20, 5)


async def test_the_buttons_of_the_card_work_after_a_restart(server: SimulatedServer) -> None:
    picture = ours(seed=11)
    [card] = await answers(server, INFO, await post(server, picture))
    await server.stop()
    await server.start()
    [again] = await card.press("Remake", server.bob)
    assert (await done(server, again, picture)).parameters == make_parameters(seed=11)
    assert MATCH in again.text.splitlines()
    opened = await Form.opened_by(server, card, "Edit…", server.bob)
    await server.stop()
    await server.start()
    [edited] = await opened.send()
    assert (await done(server, edited, picture, 2)).parameters == make_parameters(seed=11)


async def test_what_is_said_of_the_pixels_outlives_a_restart_before_it_is_posted(server: SimulatedServer) -> None:
    picture = ours()
    [card] = await answers(server, INFO, await post(server, picture))
    [again] = await card.press("Remake", server.bob)
    await done(server, again, picture)
    assert [str(remark) for remark in (await server.job()).remarks] == [MATCH.removeprefix("-# ")]


async def test_what_is_kept_no_more_is_told_by_the_buttons(server: SimulatedServer) -> None:
    [card] = await answers(server, INFO, await post(server, ours()))
    for file in (server.folder / "originals").iterdir():
        file.unlink()
    for label in ("Remake", "Edit…"):
        [answer] = await card.press(label, server.bob)
        assert (answer.text, answer.is_private) == (GONE, True)


async def test_a_job_whose_original_is_kept_no_more_is_not_compared(server: SimulatedServer) -> None:
    [card] = await (await form(server, REMAKE, await post(server, ours()))).send()
    for file in (server.folder / "originals").iterdir():
        file.unlink()
    await done(server, card, PNG)
    assert "ixels" not in card.text


async def test_a_file_that_takes_long_is_answered_with_a_card_whose_button_opens_the_modal(
    server: SimulatedServer,
) -> None:
    slow_files(server, 2)
    [card] = await answers(server, REMAKE, await post(server, ours()))
    assert card.texts[0] == "**Made by imagine-bot**"
    opened = await Form.opened_by(server, card, "Edit…", server.bob)
    assert opened.values["prompt"] == "a red fox in the snow"


async def test_of_several_pictures_one_is_chosen(server: SimulatedServer) -> None:
    message = await post(server, ours(seed=1), saved("PNG"), ours(seed=3))
    [card] = await answers(server, REMAKE, message)
    assert card.text.startswith("Which picture?\n-# 2.png: The picture does not say how it was made.")
    [select] = [part for part in card.parts if part["type"] == 3]
    assert [option["label"] for option in select["options"]] == ["1. 1.png", "2. 3.png"]
    await server.stop()
    await server.start()
    picked = await server.bob.select(simcord.ResponseMessage(server.env, card.message), [select["options"][1]["value"]])
    await Form(server, picked, server.bob).send()
    assert (await server.job()).parameters.seed == 3


async def test_what_is_refused_of_the_modal_can_be_opened_again(server: SimulatedServer) -> None:
    opened = await form(server, REMAKE, await post(server, ours()))
    before = opened.settings
    opened.settings += "\nsetps: 12"
    [refusal] = await opened.send()
    assert refusal.text == "“setps” is no setting. Nearest: steps."
    again = await Form.opened_by(server, refusal, "Edit…", server.bob)
    again.settings = before
    await again.send()
    assert (await server.job()).parameters == make_parameters()


async def test_where_the_bot_may_not_post_no_modal_opens(server: SimulatedServer) -> None:
    message = await post(server, ours())
    server.forbid("attach_files")
    [answer] = await answers(server, REMAKE, message)
    assert answer.text.startswith("The bot cannot post pictures here: it lacks Attach Files.")


async def test_a_button_of_another_version_is_answered(server: SimulatedServer) -> None:
    [card] = await answers(server, INFO, await post(server, ours()))
    [answer] = await server.press(card, f"imagine-picture:paint:{'0' * 64}", server.bob)
    assert answer.text == "This button comes from another version of the bot and does nothing any more."


async def test_our_own_card_is_remade_from_the_file_as_it_was_made(server: SimulatedServer) -> None:
    card = await server.imagine(seed=7)
    picture = ours()
    await done(server, card, picture)
    message: discord.Message = simcord.ResponseMessage(server.env, card.message).message
    result = await chosen(server, REMAKE, message)
    [again] = await Form(server, result, server.bob).send()
    await done(server, again, picture, 2)
    assert MATCH in again.text.splitlines()
