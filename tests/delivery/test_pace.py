"""How often messages are edited, and how calmly an estimate moves."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import discord
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.virtual_time import run
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
HEALTH = ExecutorHealth(ExecutorState.BUSY)


async def turns(pace: EditPace, *wanted: tuple[str, int, float, bool]) -> list[tuple[str, float]]:
    """Who has their turn when, of those that ask now: name, channel, when their message was edited, patient or not."""
    loop = asyncio.get_running_loop()
    had: list[tuple[str, float]] = []

    async def wait(name: str, turn: asyncio.Future[bool]) -> None:
        assert await turn
        had.append((name, loop.time()))

    asked = [(name, pace.ask(channel, last_edit, patient=patient)) for name, channel, last_edit, patient in wanted]
    await asyncio.gather(*(wait(name, turn) for name, turn in asked))
    return had


def test_a_message_that_was_never_edited_may_be_edited_now() -> None:
    assert run(turns(EditPace(), ("one", 1, -math.inf, False))) == [("one", 0.0)]


def test_a_message_waits_for_its_own_interval() -> None:
    assert run(turns(EditPace(), ("one", 1, -0.5, False))) == [("one", MESSAGE_INTERVAL - 0.5)]


def test_messages_of_one_channel_share_its_budget_and_those_that_run_come_first() -> None:
    async def course() -> list[tuple[str, float]]:
        pace = EditPace()
        pace.note(1)
        return await turns(
            pace,
            ("patient", 1, -math.inf, True),
            ("first", 1, -math.inf, False),
            ("second", 1, -math.inf, False),
            ("elsewhere", 2, -math.inf, True),
        )

    assert run(course()) == [
        ("elsewhere", 0.0),
        ("first", CHANNEL_INTERVAL),
        ("second", 2 * CHANNEL_INTERVAL),
        ("patient", 2 * CHANNEL_INTERVAL + PATIENT_INTERVAL),
    ]


def test_of_many_that_wait_the_one_that_was_edited_longest_ago_is_next() -> None:
    async def course() -> list[tuple[str, float]]:
        pace = EditPace()
        pace.note(1)
        return await turns(pace, *((f"{seconds} ago", 1, -float(seconds), True) for seconds in (20, 40, 30)))

    assert [name for name, _ in run(course())] == ["40 ago", "30 ago", "20 ago"]


def test_who_does_not_want_its_turn_any_more_costs_the_others_none() -> None:
    async def course() -> list[tuple[str, float]]:
        pace = EditPace()
        for given_up in (pace.ask(1, -1.0, patient=False), pace.ask(1, -1.0, patient=True)):
            given_up.cancel()
        pace.ask(1, -1.0, patient=False).set_result(False)
        return await turns(pace, ("one", 1, 0.0, False))

    assert run(course()) == [("one", MESSAGE_INTERVAL)]


@given(
    st.lists(st.tuples(st.integers(1, 2), st.floats(-10, 0), st.booleans(), st.floats(0, 10)), min_size=1, max_size=30)
)
def test_no_channel_is_edited_more_often_than_it_may_be_and_everybody_has_a_turn(
    wanted: list[tuple[int, float, bool, float]],
) -> None:
    async def course() -> list[tuple[int, float, float]]:
        pace, loop = EditPace(), asyncio.get_running_loop()

        async def want(channel: int, last_edit: float, patient: bool, after: float) -> tuple[int, float, float]:
            await asyncio.sleep(after)
            assert await pace.ask(channel, last_edit, patient=patient)
            return channel, loop.time(), loop.time() - last_edit

        return await asyncio.gather(*(want(*each) for each in wanted))

    had = run(course())
    assert all(since >= MESSAGE_INTERVAL - 1e-6 for _, _, since in had)
    for channel in (1, 2):
        moments = sorted(moment for each, moment, _ in had if each == channel)
        assert all(later - sooner >= CHANNEL_INTERVAL - 1e-6 for sooner, later in pairwise(moments))


def test_an_estimate_that_twitches_stays_and_one_that_changes_moves() -> None:
    assert steady(None, SOON, NOW) == SOON
    assert steady(SOON, None, NOW) is None
    assert steady(SOON, SOON + timedelta(seconds=4), NOW) == SOON
    assert steady(SOON, SOON + timedelta(seconds=60), NOW) == SOON + timedelta(seconds=60)


def test_a_waiting_card_is_looked_at_often_and_moves_only_with_its_place_or_its_time() -> None:
    live = LiveJob(discord.Client(intents=discord.Intents.none()), make_job(3), _forgotten)
    third = Forecast({1: 0, 2: 1, 3: 2}, {3: SOON}, HEALTH)
    assert live.moves(third)
    assert text_of(live.card()).split("\n")[1].startswith("2nd in line · ready ")
    assert not live.moves(third)
    assert not live.moves(Forecast({3: 2}, {3: SOON + timedelta(seconds=4)}, HEALTH))
    assert live.moves(Forecast({3: 1}, {3: SOON}, HEALTH))
    assert text_of(live.card()).split("\n")[1].startswith("Next in line · ready ")


def test_who_has_come_since_the_last_look_is_ready_about_when_those_around_it_are() -> None:
    minutes = [NOW + timedelta(minutes=number) for number in range(5)]
    known = Forecast({11: 1, 12: 2, 13: 3, 10: 0}, dict(zip((10, 11, 12, 13), minutes, strict=False)), HEALTH)
    assert known.with_newcomer(99, 2).of(99) == (2, minutes[2])
    assert known.with_newcomer(99, 4).of(99) == (4, minutes[3])
    assert known.with_newcomer(99, None).of(99) == (None, None)
    assert known.with_newcomer(11, 3).of(11) == (1, minutes[1])


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
