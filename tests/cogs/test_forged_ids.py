"""Ids come back from people's clients, which may name any job: what is shown elsewhere stays there."""

from __future__ import annotations

import discord
import pytest
import simcord

from bot.errors import JobNotFound
from bot.jobs import JobStatus
from bot.ui.cards import DONE
from tests.cogs.test_buttons import finished
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card
from tests.simcord_modal import Form

ELSEWHERE = "Job #1 is not shown in this channel. Use its buttons where it is."
KEPT_BACK = "Job #1 is shown to nobody but its author and the moderators."
ACTIONS = [
    *("cancel", "again", "delete", "vary", "subtle", "strong", "upscale", "edit", "more", "extend", "finish"),
    *("extend_out", "extend_left", "redraw", "info"),
]


async def card_in(
    server: SimulatedServer, channel: simcord.ChannelHandle, member: simcord.MemberActor, job_id: int = 2
) -> Card:
    """A card of that member's own in another channel, whose buttons can be made to say anything."""
    card = await server.imagine("an owl", member, channel)
    await server.run(job_id)
    server.executor.finish(job_id, [PNG])
    await server.until(lambda: card.colour == DONE)
    await server.until_recorded(JobStatus.SUCCEEDED, job_id)
    return card


async def refusals(server: SimulatedServer, card: Card, member: simcord.MemberActor) -> set[tuple[str, bool]]:
    """What each button for job 1 answers on that card."""
    answers = [await server.press(card, f"imagine:{action}:1:0", member) for action in ACTIONS]
    return {(answer.text, answer.is_private) for [answer] in answers}


async def test_what_is_shown_in_another_channel_can_be_had_with_no_button(server: SimulatedServer) -> None:
    secret = await finished(server)
    hall = server.guild.create_text_channel("hall")
    card = await card_in(server, hall, server.bob)
    assert await refusals(server, card, server.bob) == {(ELSEWHERE, True)}
    with pytest.raises(JobNotFound):
        await server.job(3)
    assert not secret.is_gone


async def test_what_is_shown_in_another_server_is_nobodys_there(server: SimulatedServer) -> None:
    await finished(server)
    other = server.env.create_guild("Elsewhere")
    channel = other.create_text_channel("art")
    roles = [other.create_role("moderators", permissions=discord.Permissions(manage_messages=True))]
    owner = other.add_member(server.bob.user, roles=roles)
    card = await card_in(server, channel, owner)
    assert await refusals(server, card, owner) == {(ELSEWHERE, True)}


async def test_what_has_become_a_private_message_is_its_authors(server: SimulatedServer) -> None:
    public = await server.imagine()
    await server.run()
    card = await server.imagine("an owl", server.bob, server.guild.create_text_channel("hall"))
    await public.is_deleted_by(server.mira)
    server.forbid("send_messages", "view_channel")
    server.executor.finish(1, [PNG])
    await server.until_recorded(JobStatus.SUCCEEDED)
    [private] = server.cards(server.alice.user.dm_channel)
    [info] = await private.press_more("Info")
    assert "a red fox in the snow" in info.text
    assert await refusals(server, card, server.bob) == {(ELSEWHERE, True)}


async def test_its_author_and_its_moderators_may_have_it_elsewhere(server: SimulatedServer) -> None:
    await finished(server)
    hall = server.guild.create_text_channel("hall")
    card = await card_in(server, hall, server.bob)
    for member in (server.alice, server.mira):
        [info] = await server.press(card, "imagine:info:1:0", member)
        assert "a red fox in the snow" in info.text
    server.forbid("view_channel")
    # What a moderator may not see is not theirs to moderate.
    [answer] = await server.press(card, "imagine:info:1:0", server.mira)
    assert (answer.text, answer.is_private) == (ELSEWHERE, True)


@pytest.mark.parametrize("status", [JobStatus.HELD, JobStatus.REJECTED])
async def test_what_is_kept_back_is_shown_to_nobody_else(server: SimulatedServer, status: JobStatus) -> None:
    card = await finished(server)
    await server.application.storage.update_job(1, status=status)
    assert await refusals(server, card, server.bob) == {(KEPT_BACK, True)}
    for member in (server.alice, server.mira):
        [info] = await server.press(card, "imagine:info:1:0", member)
        assert "a red fox in the snow" in info.text


async def test_a_modal_that_names_a_job_elsewhere_or_none_is_refused(server: SimulatedServer) -> None:
    await finished(server)
    hall = server.guild.create_text_channel("hall")
    card = await card_in(server, hall, server.bob)
    for named, sentence in (("1", ELSEWHERE), ("nothing", "There is no job #0."), ("9" * 40, "There is no job #0.")):
        form = await Form.opened_by(server, card, "Edit…", server.bob)
        form.forge(f"imagine:edit:{named}")
        [answer] = await form.send()
        assert (answer.text, answer.is_private) == (sentence, True)
    with pytest.raises(JobNotFound):
        await server.job(3)


async def test_nobodys_card_is_taken_away_in_the_name_of_another_job(server: SimulatedServer) -> None:
    card = await finished(server)
    await card_in(server, server.channel, server.bob)
    [more] = await card.press("More", server.bob)
    for pressed in (card, more):
        [answer] = await server.press(pressed, "imagine:delete:2", server.bob)
        assert answer.is_private
        assert answer.text == "This button comes from another version of the bot and does nothing any more."
    assert not card.is_gone
    assert len(await server.application.generation.pictures_of(2)) == 1
