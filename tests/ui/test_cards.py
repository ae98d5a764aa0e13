"""Cards: which words and colours stand for which state."""

from __future__ import annotations

from datetime import UTC, datetime

import discord
import pytest

from bot.events import Progress
from bot.executors import ExecutorHealth, ExecutorState
from bot.jobs import JobStatus
from bot.sentences import Sentence
from bot.ui import cards
from bot.ui.cards import Standing
from bot.ui.layout import Layout, text_of
from bot.ui.text import bar
from tests.factories import make_job

SOON = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING = make_job(41, status=JobStatus.RUNNING)


def colour_of(card: Layout) -> discord.Colour | int | None:
    [container] = [item for item in card.children if isinstance(item, discord.ui.Container)]
    return container.accent_colour


@pytest.mark.parametrize(
    ("standing", "line"),
    [
        (Standing(), "In line · #41"),
        (Standing(position=1), "Next in line · #41"),
        (Standing(position=3), "3rd in line · #41"),
        (Standing(position=12, expected_at=SOON), "12th in line · ready <t:1767225600:R> · #41"),
        (
            Standing(position=1, health=ExecutorHealth(ExecutorState.LOADING, progress=0.4)),
            "Next in line · warming up · model loading 40 % · #41",
        ),
        (
            Standing(position=1, health=ExecutorHealth(ExecutorState.RESTARTING)),
            "Next in line · warming up · the picture process is being started again · #41",
        ),
        (
            Standing(position=1, health=ExecutorHealth(ExecutorState.UNAVAILABLE, "/srv/model is broken.")),
            "Next in line · the model cannot be loaded right now; it is tried again by itself · #41",
        ),
        (Standing(position=1, health=ExecutorHealth(ExecutorState.BUSY)), "Next in line · #41"),
    ],
)
def test_a_waiting_card_says_where_the_job_stands(standing: Standing, line: str) -> None:
    card = cards.open_card(make_job(41), standing)
    assert text_of(card) == f"**a red fox in the snow**\n{line}"
    assert colour_of(card) == discord.Colour.blurple()


@pytest.mark.parametrize(
    ("stage", "step", "line"),
    [
        ("base", 0, "base 0/24 · refiner 0/6"),
        ("base", 24, "base 24/24 · refiner 0/6"),
        ("refiner", 25, "base 24/24 · refiner 1/6"),
        ("refiner", 29, "base 24/24 · refiner 5/6"),
    ],
)
def test_a_running_card_counts_the_steps_of_both_models(stage: str, step: int, line: str) -> None:
    card = cards.open_card(RUNNING, Standing(position=0, progress=Progress(41, stage, step, 30), expected_at=SOON))
    assert text_of(card).split("\n")[1] == f"{bar(step, 30)} {line} · ready <t:1767225600:R> · #41"


@pytest.mark.parametrize(
    ("stage", "step", "line"),
    [
        ("base", 1, "base 1/19 · refiner 0/11"),
        ("base", 19, "base 19/19 · refiner 0/11"),
        ("refiner", 20, "base 19/19 · refiner 1/11"),
    ],
)
def test_a_running_card_divides_the_steps_as_the_schedule_does(stage: str, step: int, line: str) -> None:
    progress = Progress(41, stage, step, 30, base_steps=19)
    card = cards.open_card(RUNNING, Standing(position=0, progress=progress, expected_at=SOON))
    assert text_of(card).split("\n")[1] == f"{bar(step, 30)} {line} · ready <t:1767225600:R> · #41"


def test_after_the_last_step_the_card_says_that_it_is_finishing() -> None:
    card = cards.open_card(RUNNING, Standing(progress=Progress(41, "refiner", 30, 30), expected_at=SOON))
    assert text_of(card).split("\n")[1] == "▰▰▰▰▰▰▰▰ base 24/24 · refiner 6/6 · finishing · #41"


def test_the_colour_tells_how_a_job_ended() -> None:
    failed = make_job(status=JobStatus.FAILED, error=Sentence("Because."))
    cancelled = make_job(status=JobStatus.CANCELLED)
    assert (str(cards.ending(failed)), str(cards.ending(cancelled))) == ("Because.", "Cancelled.")
    assert colour_of(cards.closed_card(failed, Sentence("Because."))) == cards.BROKEN
    assert colour_of(cards.closed_card(cancelled, Sentence("Cancelled."))) == cards.OVER


def test_a_reason_that_quotes_somebody_is_shown_letter_by_letter() -> None:
    failed = make_job(
        status=JobStatus.FAILED, error=Sentence.of("There is no LoRA “{name}”.", name="**@everyone** <@1>")
    )
    [_, reason, *_] = text_of(cards.closed_card(failed, cards.ending(failed))).split("\n")
    assert reason == "There is no LoRA “\\*\\*@\u200beveryone\\*\\* \\<@1>”."
