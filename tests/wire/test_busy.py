"""While a picture is made, everybody is answered at once: here the executor's process is stopped between its steps."""

from __future__ import annotations

import signal

import psutil

from bot.executors.local import LocalExecutor
from bot.model_info import read_model_info
from bot.settings import Settings
from tests.loopback import LoopbackDiscord
from tests.wire.running import pictures, running

#: So many steps that there is a middle of the job to stop in.
STEPS = 120
#: What the bot and the simulated Discord may compute for one answer together, in seconds. Not time on the clock, which
#: a busy machine draws out: time of this process alone.
WORK = 0.25


async def test_an_answer_waits_for_no_executor_and_costs_little(loopback: LoopbackDiscord, settings: Settings) -> None:
    executor = LocalExecutor(read_model_info("tiny", "tiny"), "cpu")
    async with running(loopback, settings, executor):
        card = await loopback.message_of(await loopback.slash("imagine", prompt="a red circle", steps=STEPS))
        await loopback.wait_for(lambda: card.attachments, "a preview")
        process = psutil.Process(executor.health().pid)
        process.send_signal(signal.SIGSTOP)
        try:
            asked = [
                await loopback.acknowledged(await loopback.slash(name, user=loopback.bob, **options))
                for name, options in (("imagine", {"prompt": "a blue square"}), ("queue", {}), ("help", {})) * 3
            ]
            # Not one step was made meanwhile.
            assert process.status() == psutil.STATUS_STOPPED
            assert not pictures(card)
        finally:
            process.send_signal(signal.SIGCONT)
        work = sorted(interaction.work_to_acknowledge for interaction in asked)
        assert work[len(work) // 2] < WORK, work
