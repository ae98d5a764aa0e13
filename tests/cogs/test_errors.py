"""What nobody foresaw: the person gets a reference, the log the reason, and neither gets what is the other's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bot.executors import ExecutorHealth
from bot.jobs import JobStatus
from bot.ui.cards import DONE
from tests.pictures import PNG
from tests.scripted import ScriptedExecutor
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card


class FlawedExecutor(ScriptedExecutor):
    """An executor with a mistake in it."""

    flawed = False

    def health(self) -> ExecutorHealth:
        if self.flawed:
            raise ZeroDivisionError("the flaw")
        return super().health()


@pytest.fixture
async def flawed(server: SimulatedServer) -> FlawedExecutor:
    executor = FlawedExecutor()
    await server.stop()
    await server.start(executor)
    server.expects_trouble = True
    return executor


def references(answer: Card) -> str:
    assert answer.is_private
    match = re.fullmatch(
        r"That did not work, and it is not your fault\. Reference for the owner of this bot: `([0-9a-f]+)`\.",
        answer.text,
    )
    assert match, answer.text
    return match[1]


def logged(caplog: pytest.LogCaptureFixture, reference: str) -> Iterator[str]:
    for record in caplog.records:
        if reference in record.getMessage():
            assert record.exc_info
            assert isinstance(record.exc_info[1], ZeroDivisionError)
            yield record.getMessage()


async def test_a_command_that_breaks_gives_a_reference_and_a_traceback(
    server: SimulatedServer, flawed: FlawedExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    flawed.flawed = True
    reference = references(await server.imagine("a secret fox"))
    [line] = logged(caplog, reference)
    assert line.endswith(f": /imagine failed, reference {reference}")


async def test_a_press_that_breaks_does_the_same_and_names_its_job(
    server: SimulatedServer, flawed: FlawedExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    card = await server.imagine()
    await server.run()
    flawed.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    await server.until_recorded(JobStatus.SUCCEEDED)
    flawed.flawed = True
    [answer] = await card.press("Again")
    reference = references(answer)
    assert list(logged(caplog, reference)) == [f"job 1: imagine:again:1 failed, reference {reference}"]


async def test_when_the_database_is_gone_it_is_said_and_nothing_is_half_done(
    server: SimulatedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.expects_trouble = True
    async with server.application.storage._engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE jobs RENAME TO elsewhere")
    answer = await server.imagine("a secret fox")
    assert answer.is_private
    assert answer.text.startswith(
        "The bot cannot reach its records right now. Its owner finds the reason in its log. Reference"
    )
    assert server.application.generation.line() == ()
    async with server.application.storage._engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO jobs")
    assert (await server.imagine("an owl")).texts[0] == "**an owl**"


async def test_an_interaction_that_discord_forgot_is_a_quiet_line_and_the_job_still_arrives(
    server: SimulatedServer,
) -> None:
    server.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062, message="Unknown interaction")
    server.prompts.append("a forgotten fox")
    result = await server.alice.slash(server.channel, "imagine", prompt="a forgotten fox")
    assert not result.acknowledged
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: any(card.files and card.colour == DONE for card in server.cards()))
    [card] = server.cards()
    assert "a forgotten fox" in card.text
