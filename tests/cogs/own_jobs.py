"""What somebody has asked for, and how they find it again."""

from __future__ import annotations

import re

import simcord

from bot.jobs import JobStatus
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card


async def history(server: SimulatedServer, member: simcord.MemberActor | None = None, **options: str) -> Card:
    """Type /history; returns its answer, which only they see."""
    card = server.answer(await (member or server.alice).slash(server.channel, "history", **options))
    assert card.is_private
    return card


async def made(server: SimulatedServer, prompt: str = "a red fox in the snow", *pngs: bytes, **options: object) -> Card:
    """A job whose pictures are posted."""
    card = await server.imagine(prompt, images=len(pngs) or 1, **options)
    job_id = newest(server)
    await server.run(job_id)
    server.executor.finish(job_id, pngs or [PNG])
    await server.until_recorded(JobStatus.SUCCEEDED, job_id)
    return card


def newest(server: SimulatedServer) -> int:
    return max(job.id for job in server.application.generation.line())


async def twelve(server: SimulatedServer) -> None:
    for number in range(1, 13):
        await made(server, f"picture number {number}")


def listed(card: Card) -> list[str]:
    """The numbers of the jobs on this page, each of which a button opens."""
    numbers = re.findall(r"^\*\*(#\d+)\*\*", card.text, re.MULTILINE)
    assert [label for label in card.buttons if label.startswith("#")] == numbers
    return numbers
