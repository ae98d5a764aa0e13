"""The buttons on cards: for their author, for strangers, after a restart, and when nothing is left to press for."""

from __future__ import annotations

import pytest

from bot.errors import PicturesGone
from bot.jobs import JobStatus
from bot.ui.cards import DONE, OVER, WORKING
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card

NOT_YOURS = "Only the person who asked for job #1, or a moderator, can {} it."


async def finished(server: SimulatedServer, job_id: int = 1) -> Card:
    card = await server.imagine(seed=7)
    await server.run(job_id)
    server.executor.finish(job_id, [PNG])
    await server.until(lambda: card.colour == DONE)
    await server.until_recorded(JobStatus.SUCCEEDED, job_id)
    return card


async def test_cancel_takes_a_waiting_job_back(server: SimulatedServer) -> None:
    await server.imagine("a fox")
    await server.run()
    card = await server.imagine("an owl")
    assert await card.press("Cancel") == []
    await server.until(lambda: card.colour == OVER)
    assert card.buttons == {"Again": True, "Edit…": True, "Delete": True}


async def test_cancel_on_a_running_job_is_greyed_out_until_it_stops(server: SimulatedServer) -> None:
    server.executor.deaf = True
    card = await server.imagine()
    await server.run()
    await server.until(lambda: card.colour == WORKING)
    assert await card.press("Cancel") == []
    await server.until(lambda: card.buttons == {"Cancelling": False})
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == OVER)


async def test_a_strangers_press_is_refused_in_private(server: SimulatedServer) -> None:
    running = await server.imagine()
    await server.run()
    [answer] = await running.press("Cancel", server.bob)
    assert (answer.text, answer.is_private) == (NOT_YOURS.format("cancel"), True)
    server.executor.finish(1, [PNG])
    await server.until(lambda: running.colour == DONE)
    await server.until_recorded(JobStatus.SUCCEEDED)
    [answer] = await running.press_more("Delete", server.bob)
    assert (answer.text, answer.is_private) == (NOT_YOURS.format("delete"), True)
    assert not running.is_gone


async def test_a_moderator_may_cancel_and_delete(server: SimulatedServer) -> None:
    running = await server.imagine()
    await server.run()
    assert await running.press("Cancel", server.mira) == []
    await server.until(lambda: running.colour == OVER)
    assert "Cancelled by mira." in running.text
    done = await finished(server, 2)
    assert await done.press_more("Delete", server.mira) == []
    assert done.is_gone


async def test_again_makes_the_same_with_a_fresh_seed_for_whoever_presses(server: SimulatedServer) -> None:
    card = await finished(server)
    [again] = await card.press("Again", server.bob)
    assert (again.is_private, again.texts[0]) == (False, "**a red fox in the snow**")
    await server.run(2)
    server.executor.finish(2, [PNG])
    await server.until(lambda: again.colour == DONE)
    assert server.bob.mention in again.text
    first, second = await server.job(1), await server.job(2)
    assert (second.parent_id, second.user_id) == (1, server.bob.id)
    assert second.parameters == first.parameters.model_copy(update={"seed": second.parameters.seed})
    assert second.parameters.seed != first.parameters.seed


async def test_again_keeps_to_the_limits(server: SimulatedServer) -> None:
    await server.stop()
    await server.start(max_jobs_per_user=1)
    card = await finished(server)
    await card.press("Again")
    [answer] = await card.press("Again")
    assert answer.text.startswith("You may have 1 job at a time. Yours: #2 ")
    assert answer.is_private


async def test_delete_removes_message_and_pictures(server: SimulatedServer) -> None:
    card = await finished(server)
    [more] = await card.press("More")
    assert await more.press("Delete") == []
    assert (card.is_gone, more.text) == (False, "Delete this picture for everybody?")
    assert await more.press("Keep") == []
    assert not card.is_gone
    assert "Redraw" in more.buttons
    await more.press("Delete")
    assert await more.press("Delete") == []
    assert (card.is_gone, more.text) == (True, "Job #1 is deleted.")
    with pytest.raises(PicturesGone):
        await server.application.generation.pictures_of(1)
    assert list((server.folder / "pictures").iterdir()) == []


async def test_where_the_bot_may_not_take_the_card_away_delete_says_that_it_stays(server: SimulatedServer) -> None:
    card = await finished(server)
    [more] = await card.press("More")
    route = f"/channels/{card.channel_id}/messages/{card.id}"
    server.env.inject_error("DELETE", route, status=403, code=50001, message="Missing Access")
    await more.press("Delete")
    await more.press("Delete")
    assert not card.is_gone
    assert more.text == (
        "Job #1 is deleted with its pictures, but the bot may not take its card away any more. A moderator can."
    )


async def test_buttons_work_after_a_restart(server: SimulatedServer) -> None:
    done = await finished(server)
    running = await server.imagine("an owl")
    await server.run(2)
    await server.stop()
    await server.start()
    await server.run(2)
    await running.press("Cancel")
    await server.until(lambda: running.colour == OVER)
    [again] = await done.press("Again")
    assert again.texts[0] == "**a red fox in the snow**"
    await done.press_more("Delete")
    assert done.is_gone


@pytest.mark.parametrize(
    "action",
    ["cancel", "again", "delete", "vary", "subtle", "upscale", "edit", "more", "extend_left", "redraw", "info"],
)
async def test_a_press_for_a_job_that_nobody_knows_is_answered(server: SimulatedServer, action: str) -> None:
    card = await finished(server)
    for job_id in (41, 0, 10**19 - 1):
        [answer] = await server.press(card, f"imagine:{action}:{job_id}")
        assert (answer.text, answer.is_private) == (f"There is no job #{job_id}.", True)


async def test_a_press_on_an_old_card_says_what_has_become_of_the_job(server: SimulatedServer) -> None:
    card = await finished(server)
    [answer] = await server.press(card, "imagine:cancel:1")
    assert answer.text == "Job #1 is done already."
    running = await server.imagine("an owl")
    await server.run(2)
    [answer] = await server.press(running, "imagine:delete:2")
    assert answer.text == "Job #2 is not finished yet. Cancel it instead."


async def test_two_presses_of_delete_are_no_trouble(server: SimulatedServer) -> None:
    card = await finished(server)
    [first], [second] = await card.press("More"), await card.press("More")
    await first.press("Delete")
    await second.press("Delete")
    assert await first.press("Delete") == []
    assert await second.press("Delete") == []
    assert (card.is_gone, first.text, second.text) == (True, "Job #1 is deleted.", "Job #1 is deleted.")


async def test_the_delete_of_an_older_version_stands_on_the_card_itself(server: SimulatedServer) -> None:
    card = await finished(server)
    assert await server.press(card, "imagine:delete:1") == []
    assert card.is_gone


async def test_a_button_of_another_version_is_answered(server: SimulatedServer) -> None:
    card = await finished(server)
    [answer] = await server.press(card, "imagine:paint:1")
    assert answer.text == "This button comes from another version of the bot and does nothing any more."
    assert answer.is_private
