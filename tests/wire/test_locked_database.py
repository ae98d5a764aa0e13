"""Another program has the database: everybody is answered within the time that Discord waits, and then as usual."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator

import pytest

from bot.settings import Settings
from tests.loopback import Interaction, LoopbackDiscord, Message
from tests.patience import PATIENCE
from tests.scripted import ScriptedExecutor
from tests.wire.running import noise, recorded, running, until_recorded

PROMISE, SILENT_PROMISE = 5, 6
UNREACHABLE = "The bot cannot reach its records right now. Its owner finds the reason in its log. Reference"


class Another:
    """Another program on the bot's database."""

    def __init__(self, settings: Settings) -> None:
        file = settings.data_dir / "imagine-bot.db"
        self.connection = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None, check_same_thread=False)

    async def say(self, statement: str) -> None:
        # In a thread: while this waits for the bot's transaction to end, the bot must be able to end it.
        await asyncio.to_thread(self.connection.execute, statement)


@contextlib.asynccontextmanager
async def locked(settings: Settings) -> AsyncIterator[Another]:
    """Inside, nobody else can write."""
    another = Another(settings)
    with contextlib.closing(another.connection):
        await another.say("BEGIN IMMEDIATE")
        yield another


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Those of a bot that waits for locks as long as these tests do."""
    return with_timeout(settings, PATIENCE)


def with_timeout(settings: Settings, seconds: int) -> Settings:
    return settings.model_copy(update={"database_url": f"{settings.resolved_database_url}?timeout={seconds}"})


async def drawn(loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings) -> Message:
    """The card of a draft with its picture."""
    card = await loopback.message_of(await loopback.slash("imagine", prompt="a red fox", draft=True))
    await executor.started.holds(1)
    executor.finish(1, [noise(16)])
    await until_recorded(settings, ("succeeded", 1))
    return card


def kind(interaction: Interaction) -> int:
    assert interaction.answer is not None
    return int(interaction.answer["type"])


async def shown(loopback: LoopbackDiscord, interaction: Interaction) -> Message:
    """What stands in the place of the promise in the end."""
    await loopback.wait_for(lambda: interaction.original and not interaction.original.is_loading, "the answer")
    assert interaction.original is not None
    return interaction.original


def thinking(loopback: LoopbackDiscord) -> list[Message]:
    return [message for message in loopback.messages if message.is_loading]


async def said_to(loopback: LoopbackDiscord, interaction: Interaction, text: str) -> Message:
    """What only that person reads, once it is there."""
    found: list[Message] = await loopback.wait_for(
        lambda: [each for each in loopback.messages if each.interaction is interaction and text in each.text], text
    )
    [message] = found
    assert message.is_ephemeral
    return message


async def test_what_makes_a_job_is_promised_its_card_which_comes_when_the_lock_is_gone(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    card = await drawn(loopback, executor, settings)
    more = await loopback.message_of(await loopback.press(card, "More"))
    opened = await loopback.acknowledged(await loopback.press(card, "Edit…"))
    async with locked(settings):
        asked = [
            await loopback.slash("imagine", prompt="an owl"),
            await loopback.slash("compare", prompt="an elk", axis="guidance", values="4, 6", user=loopback.bob),
            await loopback.press(card, "Again", user=loopback.carol),
            await loopback.press(more, "Finish"),
            await loopback.fill_in(opened, prompt="a wolf"),
            await loopback.slash("imagine", prompt="a hare", user=loopback.bob),
        ]
        for interaction in asked:
            await loopback.acknowledged(interaction)
        assert [kind(interaction) for interaction in asked] == [PROMISE] * len(asked)
        assert recorded(settings) == [("succeeded", 1)]
    answers = [await shown(loopback, interaction) for interaction in asked]
    assert [answer.is_ephemeral for answer in answers] == [False] * len(asked)
    for answer, prompt in zip(answers, ["an owl", "an elk", "a red fox", "a red fox", "a wolf", "a hare"], strict=True):
        assert prompt in answer.text
    await loopback.wait_for(lambda: len(recorded(settings)) == 1 + len(asked), "the jobs")
    assert thinking(loopback) == []


async def test_what_only_reads_is_answered_at_once_while_another_program_writes(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    card = await drawn(loopback, executor, settings)
    async with locked(settings):
        # A change of the bot itself waits meanwhile, too.
        waiting = await loopback.acknowledged(await loopback.slash("imagine", prompt="an owl"))
        await loopback.message_of(await loopback.slash("queue", user=loopback.bob))
        more = await loopback.message_of(await loopback.press(card, "More"))
        info = await loopback.message_of(await loopback.press(more, "Info"))
        assert "a red fox" in info.text
        edit = await loopback.acknowledged(await loopback.press(card, "Edit…"))
        assert edit.modal is not None
        await loopback.acknowledged(await loopback.press(more, "Delete"))
        await loopback.wait_for(lambda: "Delete this picture" in more.text, "the question")
        await loopback.acknowledged(await loopback.press(more, "Delete"))
        assert thinking(loopback) == [waiting.original]
    await loopback.wait_for(lambda: card.is_deleted, "the card to go, once that can be recorded")
    assert "an owl" in (await shown(loopback, waiting)).text


async def test_a_cancel_is_taken_at_once_and_kept(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    card = await loopback.message_of(await loopback.slash("imagine", prompt="a red fox"))
    await executor.started.holds(1)
    await until_recorded(settings, ("running", 1))
    async with locked(settings):
        pressed = await loopback.acknowledged(await loopback.press(card, "Cancel"))
        assert kind(pressed) == SILENT_PROMISE
        typed = await loopback.acknowledged(await loopback.slash("cancel", job=1, user=loopback.carol))
        assert kind(typed) == PROMISE
    await loopback.wait_for(lambda: "Cancelled." in card.text, "the end of the job")
    await until_recorded(settings, ("cancelled", 1))


async def test_when_the_records_stay_away_the_promise_is_taken_back_and_why_is_told_in_private(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    async with locked(settings) as another:
        asked = [
            await loopback.slash("imagine", prompt="an owl"),
            await loopback.slash("compare", prompt="an elk", axis="guidance", values="4, 6", user=loopback.bob),
        ]
        for interaction in asked:
            await loopback.acknowledged(interaction)
        await another.say("ALTER TABLE jobs RENAME TO elsewhere")
        await another.say("COMMIT")
        for interaction in asked:
            await said_to(loopback, interaction, UNREACHABLE)
        assert [interaction.original and interaction.original.is_deleted for interaction in asked] == [True, True]
        assert thinking(loopback) == []
        await another.say("ALTER TABLE elsewhere RENAME TO jobs")
    assert recorded(settings) == []
    queue = await loopback.message_of(await loopback.slash("queue"))
    assert "an owl" not in queue.text
    assert executor.started.items == []


async def test_a_lock_that_outlasts_the_bots_patience_is_told_and_nothing_is_in_line(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    executor = ScriptedExecutor()
    settings = with_timeout(settings.model_copy(update={"database_url": ""}), 2)
    async with running(loopback, settings, executor):
        async with locked(settings):
            asked = await loopback.slash("imagine", prompt="an owl")
            await said_to(loopback, asked, UNREACHABLE)
            assert thinking(loopback) == []
        assert recorded(settings) == []
        card = await loopback.message_of(await loopback.slash("imagine", prompt="an elk"))
        await loopback.wait_for(lambda: "an elk" in card.text, "the card")
        await executor.started.holds(1)


async def test_a_promise_is_kept_although_the_bot_is_stopped_meanwhile(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    settings = with_timeout(settings.model_copy(update={"database_url": ""}), 4)
    async with contextlib.AsyncExitStack() as stack:
        async with running(loopback, settings, ScriptedExecutor()):
            await stack.enter_async_context(locked(settings))
            asked = await loopback.acknowledged(await loopback.slash("imagine", prompt="an owl"))
            assert kind(asked) == PROMISE
        await said_to(loopback, asked, UNREACHABLE)
        assert thinking(loopback) == []


async def test_what_was_typed_into_a_modal_and_refused_after_a_promise_is_not_lost(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    settings = settings.model_copy(update={"max_jobs_per_user": 1})
    executor = ScriptedExecutor()
    async with running(loopback, settings, executor):
        card = await drawn(loopback, executor, settings)
        opened = await loopback.acknowledged(await loopback.press(card, "Edit…"))
        async with locked(settings):
            first = await loopback.acknowledged(await loopback.slash("imagine", prompt="an owl"))
            second = await loopback.acknowledged(await loopback.fill_in(opened, prompt="a wolf"))
            assert (kind(first), kind(second)) == (PROMISE, PROMISE)
        assert "an owl" in (await shown(loopback, first)).text
        refusal = await said_to(loopback, second, "You may have 1 job at a time.")
        assert second.original is not None
        assert second.original.is_deleted
        again = await loopback.acknowledged(await loopback.press(refusal, "Edit…"))
        assert again.modal is not None
        assert "a wolf" in str(again.modal)
