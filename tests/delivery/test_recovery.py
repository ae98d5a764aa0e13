"""Deaths of the picture process and of the bot: the author sees what happened, and the picture comes, once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3

import pytest

from bot.errors import GenerationFailed, OutOfMemory
from bot.jobs import GeneratedImage, Job, JobStatus
from bot.storage import open_storage
from bot.storage.pictures import PictureFolder
from bot.ui.cards import BROKEN, DONE, OVER, WAITING, WORKING
from tests.factories import make_parameters
from tests.patience import PATIENCE
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer

STOPPED = "-# The picture process stopped in the middle; this job starts again."
RESTARTED = "-# The bot was restarted; your job kept its place."
PARAMETERS = "-# 1024×1024 · 30 steps · Euler · guidance 5\n-# refiner from 0.8 · seed 7 · #1"


async def test_a_job_under_which_the_picture_process_died_runs_again_and_says_so(server: SimulatedServer) -> None:
    card = await server.imagine(seed=7)
    await server.run()
    server.executor.die(1)
    await server.until(lambda: card.texts[-1] == STOPPED)
    await server.executor.started.until(lambda items: items == [1, 1])
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    assert card.texts[-1].endswith("-# made in a second attempt, the first was cut short")
    assert len(server.cards()) == 1


async def test_a_second_death_fails_the_job_with_its_reason_and_keeps_the_parameters(server: SimulatedServer) -> None:
    card = await server.imagine(seed=7)
    await server.run()
    server.executor.die(1)
    await server.executor.started.until(lambda items: items == [1, 1])
    server.executor.die(1)
    await server.until(lambda: card.colour == BROKEN)
    assert card.text == (
        f"**a red fox in the snow** · {server.alice.mention}\n"
        "The process that makes the pictures stopped in the middle of the job. "
        "It happened twice, so the job was given up.\n" + PARAMETERS
    )
    assert card.buttons == {"Again": True, "Edit…": True, "Delete": True}
    job = await server.job()
    assert (job.status, job.attempts) == (JobStatus.FAILED, 2)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OutOfMemory("The picture is too large for this device."), "The picture is too large for this device."),
        (GenerationFailed(), "The picture could not be made."),
    ],
)
async def test_a_failed_job_tells_why_and_can_be_asked_for_again(
    server: SimulatedServer, error: Exception, sentence: str
) -> None:
    card = await server.imagine(seed=7)
    await server.run()
    server.executor.fail(1, error)
    await server.until(lambda: card.colour == BROKEN)
    assert card.texts[1:] == [sentence, PARAMETERS]
    [again] = await card.press("Again")
    await server.run(2)
    assert again.texts[0] == "**a red fox in the snow**"


async def test_what_nobody_foresaw_in_a_job_is_logged_and_not_shown(
    server: SimulatedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.expects_trouble = True
    card = await server.imagine()
    await server.run()
    server.executor.fail(1, ZeroDivisionError("the flaw"))
    await server.until(lambda: card.colour == BROKEN)
    assert card.texts[1] == "The picture could not be made."
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage().startswith("job 1: ")
    assert record.exc_info
    assert isinstance(record.exc_info[1], ZeroDivisionError)


async def test_jobs_survive_a_restart_of_the_bot_in_their_order_on_their_messages(server: SimulatedServer) -> None:
    first = await server.imagine("a fox")
    await server.run()
    await server.until(lambda: first.colour == WORKING)
    second = await server.imagine("an owl", server.bob)
    await server.stop()
    assert (first.colour, second.colour) == (WORKING, WAITING)

    await server.start()
    await server.run(1)
    await server.until(lambda: first.texts[-1] == RESTARTED and second.texts[-1] == RESTARTED)
    assert (await server.job(1)).attempts == 1
    for job_id, card in ((1, first), (2, second)):
        await server.run(job_id)
        server.executor.finish(job_id, [PNG])
        await server.until(lambda card=card: card.colour == DONE)
        assert list(card.files.values()) == [PNG]
    assert [card.id for card in server.cards()] == [first.id, second.id]


async def test_a_job_with_which_the_bot_died_twice_is_given_up_and_told(server: SimulatedServer) -> None:
    card = await server.imagine(seed=7)
    await server.run()
    await server.stop()
    async with open_storage(f"sqlite+aiosqlite:///{server.folder / 'imagine-bot.db'}") as storage:
        # As two deaths without a word leave it; a bot that is stopped takes its start back.
        await storage.update_job(1, attempts=2)
    await server.start()
    await server.until(lambda: card.colour == BROKEN)
    assert card.texts[1] == "The bot stopped in the middle of this job twice, so the job was given up."
    assert card.texts[2] == PARAMETERS
    assert server.executor.started.items == []


async def test_pictures_that_were_made_and_not_shown_are_shown_once_after_a_restart(server: SimulatedServer) -> None:
    card = await server.imagine(seed=7)
    await server.run()
    await server.stop()
    async with open_storage(f"sqlite+aiosqlite:///{server.folder / 'imagine-bot.db'}") as storage:
        image = GeneratedImage(job_id=1, index=0, png=PNG, parameters=make_parameters(), elapsed=1.0)
        await PictureFolder(server.folder / "pictures").save([image])
        await storage.transition(1, [JobStatus.RUNNING], JobStatus.POSTING)
    await server.start()
    await server.until_recorded(JobStatus.SUCCEEDED)
    assert (card.colour, list(card.files.values())) == (DONE, [PNG])
    assert server.executor.started.items == []

    await server.stop()
    edits = len(server.requests("PATCH", "/messages/"))
    await server.start()
    await server.stop()
    assert len(server.requests("PATCH", "/messages/")) == edits
    assert [each.id for each in server.cards()] == [card.id]


@pytest.mark.parametrize("may_post", [True, False])
async def test_a_death_between_a_new_message_and_its_record_posts_no_second_one(
    server: SimulatedServer, may_post: bool
) -> None:
    server.expects_trouble = True
    card = await server.imagine(seed=7)
    await server.run()
    await card.is_deleted_by(server.mira)
    if not may_post:
        server.forbid("send_messages", "view_channel")
    place = server.channel if may_post else server.alice.user.dm_channel
    database = server.folder / "imagine-bot.db"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        # As if the machine had died at that moment: that it is posted never gets into the database.
        connection.execute(
            "CREATE TRIGGER death BEFORE UPDATE OF status ON jobs WHEN NEW.status = 'succeeded' "
            "BEGIN SELECT RAISE(ABORT, 'died'); END"
        )
    server.executor.finish(1, [PNG])
    await server.until(lambda: [each.colour for each in server.cards(place)] == [DONE])
    await server.stop()
    assert (await recorded(server)).status is JobStatus.POSTING
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TRIGGER death")
    [posted] = server.cards(place)
    await server.start()
    await server.until_recorded(JobStatus.SUCCEEDED)
    assert [(each.id, each.colour) for each in server.cards(place)] == [(posted.id, DONE)]
    assert may_post or server.cards() == []


async def recorded(server: SimulatedServer) -> Job:
    async with open_storage(f"sqlite+aiosqlite:///{server.folder / 'imagine-bot.db'}") as storage:
        return await storage.get_job(1)


async def test_a_stop_at_the_very_moment_of_an_event_is_heard(server: SimulatedServer) -> None:
    card = await server.imagine()
    async with asyncio.timeout(PATIENCE):
        await server.stop()
    await server.start()
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)


@pytest.mark.parametrize("how", ["cancelled", "failed"])
async def test_an_end_that_a_stop_cut_short_is_told_once_by_the_next_start(server: SimulatedServer, how: str) -> None:
    card = await server.imagine(seed=7)
    await server.run()
    await server.until(lambda: card.colour == WORKING)
    # Discord is away while the job ends, and until the bot is stopped.
    server.env.inject_error("*", "*", status=503, message="Service Unavailable", times=None)
    if how == "cancelled":
        assert await server.application.queue.cancel(1)
    else:
        server.executor.fail(1, OutOfMemory("The picture is too large for this device."))
    await server.until_recorded(JobStatus.CANCELLED if how == "cancelled" else JobStatus.FAILED)
    await server.stop()
    assert card.colour == WORKING
    assert not (await recorded(server)).is_told
    server.env.backend.faults.clear()
    await server.start()
    await server.until(lambda: card.colour == (OVER if how == "cancelled" else BROKEN))
    assert card.texts[1] == ("Cancelled." if how == "cancelled" else "The picture is too large for this device.")
    await server.stop()
    assert (await recorded(server)).is_told
    edits = len(server.requests("PATCH", "/messages/"))
    await server.start()
    await server.stop()
    assert len(server.requests("PATCH", "/messages/")) == edits
    assert [each.id for each in server.cards()] == [card.id]
