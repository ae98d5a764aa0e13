"""A job that is opened from `/history`: its pictures, its descent, its end, and who may not open it."""

from __future__ import annotations

import pytest
from PIL import Image

from bot.jobs import JobStatus
from bot.ui.cards import DONE, OVER, WORKING
from tests.cogs.own_jobs import history, listed, made
from tests.pictures import PNG, encoded
from tests.simcord_app import SimulatedServer
from tests.wire.running import noise


async def test_a_job_is_opened_in_full_with_its_pictures_and_the_way_back(server: SimulatedServer) -> None:
    pngs = [encoded(Image.new("RGB", (64, 64), colour), "PNG") for colour in ("red", "green", "blue")]
    public = await made(server, "a red fox", *pngs, seed=7)
    card = await history(server)
    assert "done · 3 pictures · " in card.text
    assert await card.press("#1") == []
    assert list(card.files.values()) == pngs
    assert card.colour == DONE
    assert set(public.buttons) <= set(card.buttons)
    for line in public.text.split("\n"):
        assert line.split(" · 1.0 s")[0] in card.text
    assert [label for label in card.buttons if label not in public.buttons] == ["Back", "Delete"]
    [info] = await card.press_more("1")
    assert info.is_private
    await card.press("Back")
    assert listed(card) == ["#1"]


async def test_the_buttons_of_an_opened_job_make_new_jobs_for_everybody_to_see(server: SimulatedServer) -> None:
    await made(server, "a red fox")
    card = await history(server)
    await card.press("#1")
    [again] = await card.press("Again")
    assert not again.is_private
    assert (await server.job(2)).parent_id == 1


async def test_descent_is_told_and_leads_from_job_to_job(server: SimulatedServer) -> None:
    public = await made(server, "a red fox")
    await public.press("Again", server.bob)
    for job_id in (2, 3, 4):
        await server.run(job_id)
        server.executor.finish(job_id, [PNG])
        await server.until_recorded(JobStatus.SUCCEEDED, job_id)
        if job_id < 4:
            await public.press("Again")
    card = await history(server)
    assert listed(card) == ["#4", "#3", "#1"]
    assert [line for line in card.text.split("\n") if line.startswith("-# ")] == [
        "-# from #1",
        "-# from #1",
        "-# led to #3, #4",
    ]
    await card.press("#1")
    assert "-# led to #3, #4" in card.text
    await card.press("#3")
    assert "from #1" in card.text
    await card.press("#1")
    assert "-# led to #3, #4" in card.text


async def test_who_made_it_out_of_anothers_picture_is_not_led_to_that(server: SimulatedServer) -> None:
    public = await made(server, "a red fox")
    await public.press("Again", server.bob)
    card = await history(server, server.bob)
    assert "-# from #1" in card.text
    await card.press("#2", server.bob)
    assert "#1" not in card.buttons
    await server.press(card, "history:open:0:1:all:", server.bob)


async def test_a_running_job_is_shown_as_its_card_stands_and_can_be_cancelled_there(server: SimulatedServer) -> None:
    public = await server.imagine("a red fox")
    await server.run()
    await server.until(lambda: public.colour == WORKING)
    card = await history(server)
    assert "**#1** · running · " in card.text
    await card.press("#1")
    assert (card.colour, card.texts[0]) == (WORKING, public.texts[0])
    assert set(card.buttons) == {"Cancel", "Back"}
    [said] = await card.press("Cancel")
    assert (said.is_private, said.text) == (True, "Job #1 stops at its next step.")
    await server.until(lambda: public.colour == OVER)
    await card.press("Back")
    assert "**#1** · cancelled · " in card.text


async def test_the_preview_of_a_running_job_is_shown_here_too(server: SimulatedServer) -> None:
    public = await server.imagine("a red fox")
    await server.run()
    preview = encoded(Image.new("RGB", (16, 16), "red"), "WEBP")
    server.executor.step(1, 20, preview)
    await server.until(lambda: list(public.files.values()) == [preview])
    card = await history(server)
    await card.press("#1")
    assert list(card.files.values()) == [preview]


async def test_deleting_takes_pictures_message_and_entry_away(server: SimulatedServer) -> None:
    public = await made(server, "a red fox")
    await made(server, "an owl")
    card = await history(server)
    await card.press("#1")
    await card.press("Delete")
    assert listed(card) == ["#2"]
    assert public.is_gone
    [gone] = (server.folder / "pictures").iterdir()
    assert gone.name == "2-0.png"
    assert (await server.job(1)).status is JobStatus.SUCCEEDED
    [refusal] = await server.press(card, "history:open:0:1:all:")
    assert refusal.text == "Job #1 is deleted."


async def test_what_its_author_deletes_on_the_card_is_not_in_the_list_either(server: SimulatedServer) -> None:
    public = await made(server, "a red fox")
    await public.press_more("Delete")
    assert public.is_gone
    assert "/imagine" in (await history(server)).text


async def test_behind_more_of_an_opened_job_delete_removes_the_public_card(server: SimulatedServer) -> None:
    public = await made(server, "a red fox")
    card = await history(server)
    await card.press("#1")
    await card.press_more("Delete")
    assert public.is_gone


async def test_what_a_moderator_deleted_stays_listed_without_its_picture(server: SimulatedServer) -> None:
    public = await made(server, "a red fox")
    await public.press_more("Delete", server.mira)
    card = await history(server)
    assert listed(card) == ["#1"]
    assert card.files == {}
    await card.press("#1")
    assert "The pictures of job #1 are not kept any more." in card.text
    assert set(card.buttons) == {"Again", "Edit…", "Back", "Delete"}


async def test_a_moderator_has_a_history_of_their_own_only(server: SimulatedServer) -> None:
    await made(server, "a red fox")
    card = await history(server, server.mira)
    assert "/imagine" in card.text
    await made(server, "an owl")
    for custom_id in ("history:open:0:1:all:", "history:delete:0:1:all:"):
        [refusal] = await server.press(await history(server), custom_id, server.mira)
        assert refusal.is_private
        assert refusal.text == "This is somebody else's history. `/history` shows your own."
    assert (server.folder / "pictures" / "1-0.png").exists()


async def test_ids_that_nobody_was_given_open_and_delete_nobody_elses_job(server: SimulatedServer) -> None:
    await made(server, "a red fox")
    await server.imagine("bob's own", server.bob)
    card = await history(server, server.bob)
    [refusal] = await server.press(card, "history:open:0:1:all:", server.bob)
    assert refusal.text == "Job #1 is somebody else's. `/history` shows your own."
    [refusal] = await server.press(card, "history:delete:0:1:all:", server.bob)
    assert refusal.text == "Only the person who asked for job #1, or a moderator, can delete it."
    [refusal] = await server.press(card, "history:open:0:77:all:", server.bob)
    assert refusal.text == "There is no job #77."
    [refusal] = await server.press(card, "history:dance:0:1:all:", server.bob)
    assert refusal.text == "This button comes from another version of the bot and does nothing any more."


async def test_a_picture_that_could_not_be_delivered_is_fetched_here(server: SimulatedServer) -> None:
    public = await server.imagine("a red fox")
    await server.run()
    await public.is_deleted_by(server.mira)
    server.forbid("send_messages", "view_channel")
    dm = server.alice.user.dm_channel
    server.env.inject_error(
        "POST", f"/channels/{dm.id}/messages", status=403, code=50007, message="Cannot send messages to this user"
    )
    server.executor.finish(1, [PNG])
    job = await server.until_recorded(JobStatus.FAILED)
    server.env.backend.faults.clear()
    card = server.answer(await server.alice.user.slash("history"))
    assert "**#1** · made, but not delivered · " in card.text
    await card.press("#1")
    assert list(card.files.values()) == [PNG]
    assert str(job.error) in card.text.replace("\\", "")


async def test_a_picture_too_large_for_the_place_is_shown_smaller_and_says_so(server: SimulatedServer) -> None:
    await made(server, "a red fox", noise(64))
    card = await history(server)
    server.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005, message="Request entity too large")
    await card.press("#1")
    assert list(card.files) == ["imagine-1-1.webp"]
    assert "shown as WebP" in card.text


async def test_where_no_size_is_small_enough_it_says_where_there_is_more_room(server: SimulatedServer) -> None:
    await made(server, "a red fox", noise(64))
    card = await history(server)
    server.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005, message="Request entity too large", times=4)
    await card.press("#1")
    assert card.files == {}
    assert "in a server that takes larger files" in card.text


@pytest.mark.parametrize(
    ("status", "words"),
    [(JobStatus.HELD, "waiting for a moderator"), (JobStatus.REJECTED, "rejected")],
)
async def test_pictures_that_moderation_keeps_back_are_not_shown_to_their_author(
    server: SimulatedServer, status: JobStatus, words: str
) -> None:
    await made(server, "a red fox")
    await server.application.storage.update_job(1, status=status)
    card = await history(server)
    assert f"**#1** · {words} · " in card.text
    assert card.files == {}
    await card.press("#1")
    assert card.files == {}
    assert list((server.folder / "pictures").iterdir()), "they are there, and kept back"


async def test_a_sheet_is_opened_as_the_one_picture_that_it_is(server: SimulatedServer) -> None:
    server.answer(await server.alice.slash(server.channel, "compare", prompt="a red fox", axis="steps"))
    server.prompts.append("a red fox")
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until_recorded(JobStatus.SUCCEEDED)
    card = await history(server)
    await card.press("#1")
    assert list(card.files.values()) == [PNG]
    assert list(card.buttons) == ["Again", "Back", "Delete"]
