"""Who may do what with whose presets: their owner, another member, a moderator, another server's moderator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
import pytest
import simcord

from bot.presets import Owner, OwnerKind
from tests.cogs.test_presets import preset, told
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card
from tests.simcord_modal import Form

NEEDS = "You need Manage Guild for that. A moderator has it."
MODERATORS_ONLY = "“house” is this server's preset: only who may manage the server can change it."


@dataclass
class People:
    """Alice has presets, bob is another member, max manages this server and mona another one."""

    server: SimulatedServer
    max: simcord.MemberActor
    mona: simcord.MemberActor
    elsewhere: simcord.ChannelHandle

    def by_name(self, name: str) -> tuple[simcord.MemberActor, simcord.ChannelHandle]:
        if name == "mona":
            return self.mona, self.elsewhere
        member = self.max if name == "max" else getattr(self.server, name)
        return member, self.server.channel

    async def does(self, name: str, command: str, /, **options: Any) -> simcord.InteractionResult:
        member, channel = self.by_name(name)
        return await unlisted(self.server, member, channel, command, options)

    async def told(self, name: str, command: str, /, **options: Any) -> str:
        card = self.server.answer(await self.does(name, command, **options))
        assert card.is_private
        return card.text


async def unlisted(
    server: SimulatedServer,
    member: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    command: str,
    options: dict[str, Any],
) -> simcord.InteractionResult:
    """A sub-command as somebody may send it to whom the server's settings show it, whatever their permissions."""
    root, sub = command.split(" ")
    kinds = {str: 3, int: 4, bool: 5, float: 10}
    found = server.env.backend.find_command(root, channel.guild.id)
    assert found is not None
    typed = [{"name": option, "type": kinds[type(value)], "value": value} for option, value in options.items()]
    inner = {"name": sub, "type": 1, "options": typed}
    data = {"id": found["id"], "name": root, "type": 1, "options": [inner]}
    return await member._dispatch_interaction(2, channel, data)


@pytest.fixture
async def people(server: SimulatedServer) -> People:
    """Alice's “ink”, and this server's “house”."""
    managing = discord.Permissions(manage_guild=True)
    role = server.guild.create_role("managers", permissions=managing)
    manager = server.guild.add_member(server.env.create_user("max"), roles=[role])
    other = server.env.create_guild("Elsewhere")
    elsewhere = other.create_text_channel("art")
    roles = [other.create_role("managers", permissions=managing)]
    people = People(server, manager, other.add_member(server.env.create_user("mona"), roles=roles), elsewhere)
    await told(server, "save", name="ink", steps=12)
    await told(server, "save", manager, name="house", steps=20, guidance=6.0)
    assert (await people.told("max", "server-preset add", preset="house")).startswith("Saved.\n**house**")
    await told(server, "delete", manager, preset="house")
    return people


#: Each sub-command, and what it is told who may do it; the names of those who may.
OWN = {
    "preset show": ({"preset": "ink"}, "**ink**\nsteps 12"),
    "preset rename": ({"preset": "ink", "name": "new"}, "“ink” is called “new” now."),
    "preset copy": ({"preset": "ink"}, "Saved.\n**ink 2**"),
    "preset delete": ({"preset": "ink"}, "Preset “ink” is deleted."),
    "preset default": ({"preset": "ink"}, "“ink” is used where you name no preset."),
    "preset diff": ({"preset": "ink", "other": "ink"}, "**ink** → **ink**\nThey say the same."),
}
OF_SERVER = {
    "server-preset add": ({"preset": "mine"}, "Saved.\n**mine**"),
    "server-preset rename": ({"preset": "house", "name": "new"}, "“house” is called “new” now."),
    "server-preset lock": ({"preset": "house", "fields": "steps"}, "Changed.\n**house** · version 2"),
    "server-preset default": ({"preset": "house"}, "“house” lies beneath all that is asked for here."),
    "server-preset delete": ({"preset": "house"}, "Preset “house” is deleted."),
}
FOR_ALL = {
    "preset show": ({"preset": "house"}, "**house**\nsteps 20 · guidance 6"),
    "preset copy": ({"preset": "house"}, "Saved.\n**house**"),
    "preset default": ({"preset": "house"}, "“house” is used where you name no preset."),
    "preset diff": ({"preset": "house", "other": "house"}, "**house** → **house**"),
}


@pytest.mark.parametrize("command", OWN)
async def test_a_member_s_presets_are_theirs_alone(people: People, command: str) -> None:
    options, done = OWN[command]
    for name in ("bob", "max", "mona"):
        assert await people.told(name, command, **options) == (
            "There is no preset “ink”. `/preset list` shows those that there are."
        )
    assert (await people.told("alice", command, **options)).startswith(done)


@pytest.mark.parametrize("command", OF_SERVER)
async def test_only_who_manages_the_server_changes_its_presets(people: People, command: str) -> None:
    options, done = OF_SERVER[command]
    for name in ("alice", "bob", "mona", "max"):
        member, channel = people.by_name(name)
        await unlisted(people.server, member, channel, "preset save", {"name": "mine", "steps": 9})
    for name in ("alice", "bob"):
        assert await people.told(name, command, **options) == NEEDS
    if command != "server-preset add":
        # A moderator elsewhere has their own server's, among which there is none.
        assert (await people.told("mona", command, **options)).startswith("There is no preset “house”.")
    assert (await people.told("max", command, **options)).startswith(done)


@pytest.mark.parametrize("command", FOR_ALL)
async def test_everybody_of_the_server_may_look_at_its_presets_and_copy_them(people: People, command: str) -> None:
    options, done = FOR_ALL[command]
    for name in ("alice", "bob", "max"):
        assert (await people.told(name, command, **options)).startswith(done)
    assert (await people.told("mona", command, **options)).startswith("There is no preset “house”.")


async def test_what_is_not_shown_to_change_it_is_refused_by_every_way(people: People) -> None:
    server = people.server
    shown = server.answer(await preset(server, "show", preset="house"))
    assert shown.buttons == {"Use": True}
    of_server = Owner(OwnerKind.GUILD, server.guild.id)
    preset_id = server.application.presets.find("house", [of_server]).id
    [refused] = server.answers(await server.pressed(shown, f"preset-card:edit:{preset_id}", server.bob))
    assert refused.text == MODERATORS_ONLY
    assert await told(server, "edit", server.bob, preset="house") == MODERATORS_ONLY
    assert await told(server, "share", server.bob, preset="house") == MODERATORS_ONLY
    ours = server.answer(await preset(server, "show", people.max, preset="house"))
    assert ours.buttons == {"Use": True, "Edit…": True}
    form = await Form.opened_by(server, ours, "Edit…", people.max)
    form.values["settings"] = "steps: 9"
    # The role is taken away while the form is open.
    server.env.backend.edit_member(server.guild.id, people.max.id, {"role_ids": []})
    [refused] = await form.send()
    assert refused.text == MODERATORS_ONLY


async def test_a_server_s_default_lies_beneath_all_and_a_member_s_own_over_it(people: People) -> None:
    server = people.server
    await people.told("max", "server-preset default", preset="house")
    first = await server.imagine("a fox", server.bob)
    second = await server.imagine("an owl", preset="ink")
    jobs = [(await server.job(each)).parameters for each in (1, 2)]
    assert [(job.num_inference_steps, job.guidance_scale) for job in jobs] == [(20, 6.0), (12, 6.0)]
    assert "steps 20, guidance 6 (preset house) · seed random" in first.text
    assert "steps 12 (preset ink) · guidance 6 (preset house) · seed random" in second.text
    card = await elsewhere(people, "a wolf")
    assert "preset" not in card.text
    assert await people.told("max", "server-preset default") == (
        "No preset of this server lies beneath what is asked for."
    )
    await server.imagine("a bear", server.bob)
    assert (await server.job(4)).parameters.num_inference_steps == 30


async def elsewhere(people: People, prompt: str) -> Card:
    people.server.prompts.append(prompt)
    return people.server.answer(await people.mona.slash(people.elsewhere, "imagine", prompt=prompt))


async def test_what_is_locked_stays_whatever_is_said_and_that_is_told(people: People) -> None:
    server = people.server
    locked = await people.told("max", "server-preset lock", preset="house", fields="steps, guidance")
    assert "-# fixed for whoever uses it: steps, guidance" in locked
    card = await server.imagine("a fox --steps 40", server.bob, preset="house", guidance=9.0)
    parameters = (await server.job()).parameters
    assert (parameters.num_inference_steps, parameters.guidance_scale) == (20, 6.0)
    assert "steps 20: preset house, version 2 fixes that" in card.text
    assert "guidance 6: preset house, version 2 fixes that" in card.text
    assert await people.told("max", "server-preset lock", preset="house", fields="prompt") == (
        "“prompt” is nothing that “house” could fix. It says: steps, guidance."
    )
    await people.told("max", "server-preset lock", preset="house")
    await server.imagine("an owl", server.bob, preset="house", steps=9)
    assert (await server.job(2)).parameters.num_inference_steps == 9


async def test_a_preset_of_the_server_under_one_s_own_name_is_still_found(people: People) -> None:
    server = people.server
    await told(server, "save", server.bob, name="house", steps=9)
    choices = await server.bob.autocomplete(server.channel, "imagine", "preset", "house")
    # One's own comes first where both are as likely.
    assert [choice["value"] for choice in choices] == ["house", "server:house"]
    await server.imagine("a fox", server.bob, preset="server:house")
    await server.imagine("an owl", server.bob, preset="house")
    assert [(await server.job(each)).parameters.num_inference_steps for each in (1, 2)] == [20, 9]
