"""How often messages are edited, and how calmly an estimate moves."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import discord

from bot.delivery.live import Forecast, LiveJob, steady
from bot.delivery.pace import CHANNEL_INTERVAL, MESSAGE_INTERVAL, PATIENT_INTERVAL, EditPace
from bot.executors import ExecutorHealth, ExecutorState
from bot.jobs import JobStatus
from bot.ui.cards import DONE
from bot.ui.layout import text_of
from tests.factories import make_job
from tests.pictures import PNG, WEBP
from tests.simcord_app import SimulatedServer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOON = NOW + timedelta(seconds=60)


def test_a_message_that_was_never_edited_may_be_edited_now() -> None:
    assert EditPace().delay(1, -math.inf, 0.0, patient=False) == 0


def test_a_message_waits_for_its_own_interval() -> None:
    assert EditPace().delay(1, 10.0, 10.5, patient=False) == MESSAGE_INTERVAL - 0.5


def test_messages_of_one_channel_share_its_budget_and_those_that_run_come_first() -> None:
    pace = EditPace()
    pace.note(1, 10.0)
    assert pace.delay(1, -math.inf, 10.0, patient=False) == CHANNEL_INTERVAL
    assert pace.delay(1, -math.inf, 10.0, patient=True) == PATIENT_INTERVAL
    assert pace.delay(2, -math.inf, 10.0, patient=False) == 0


def test_an_estimate_that_twitches_stays_and_one_that_changes_moves() -> None:
    assert steady(None, SOON, NOW) == SOON
    assert steady(SOON, None, NOW) is None
    assert steady(SOON, SOON + timedelta(seconds=4), NOW) == SOON
    assert steady(SOON, SOON + timedelta(seconds=60), NOW) == SOON + timedelta(seconds=60)


def test_a_waiting_card_is_looked_at_often_and_moves_only_with_its_place_or_its_time() -> None:
    live = LiveJob(discord.Client(intents=discord.Intents.none()), make_job(3), _forgotten)
    third = Forecast({1: 0, 2: 1, 3: 2}, {3: SOON}, ExecutorHealth(ExecutorState.BUSY))
    assert live.moves(third)
    assert text_of(live.card()).split("\n")[1].startswith("2nd in line · ready ")
    assert not live.moves(third)
    assert not live.moves(Forecast({3: 2}, {3: SOON + timedelta(seconds=4)}, ExecutorHealth(ExecutorState.BUSY)))
    assert live.moves(Forecast({3: 1}, {3: SOON}, ExecutorHealth(ExecutorState.BUSY)))
    assert text_of(live.card()).split("\n")[1].startswith("Next in line · ready ")


async def _forgotten(job_id: int, message_id: int, channel_id: int) -> None:
    raise AssertionError("nothing is posted here")


async def test_of_many_steps_only_the_newest_is_shown(server: SimulatedServer) -> None:
    card = await server.imagine(refiner="off")
    await server.run()
    await server.until(lambda: "base 0/30" in card.text)
    edits = len(server.requests("PATCH", "/webhooks/"))
    for step in range(1, 31):
        server.executor.step(1, step, WEBP)
    await server.until(lambda: "base 30/30" in card.text)
    assert len(server.requests("PATCH", "/webhooks/")) <= edits + 2
    assert card.text.endswith("▰▰▰▰▰▰▰▰ base 30/30 · finishing · #1")


async def test_a_picture_waits_for_no_pace_and_no_progress_comes_after_it(server: SimulatedServer) -> None:
    card = await server.imagine()
    await server.run()
    server.executor.step(1, 29, WEBP)
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    await server.until_recorded(JobStatus.SUCCEEDED)
    await server.stop()
    assert card.files == {"imagine-1-1.png": PNG}
