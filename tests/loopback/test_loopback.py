"""The loopback Discord against a plain discord.py bot: it must be as strict as Discord, else it proves nothing."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from tests.loopback import LoopbackDiscord, rate_limited
from tests.loopback.redirect import redirected
from tests.patience import PATIENCE

Reaction = Callable[[discord.Interaction], Awaitable[None]]
PNG = b"\x89PNG\r\n\x1a\n"

NOBODY = discord.AllowedMentions.none()


class PlainBot(commands.Bot):
    """A bot whose one command and one button do what the test says; `caught` is what went wrong."""

    def __init__(self) -> None:
        super().__init__("!", intents=discord.Intents(guilds=True), allowed_mentions=NOBODY)
        self.reaction: Reaction = answer
        self.caught: asyncio.Queue[discord.HTTPException] = asyncio.Queue()

        @self.tree.command(description="Draw a picture.")
        @app_commands.describe(prompt="What to draw.")
        async def imagine(interaction: discord.Interaction, prompt: app_commands.Range[str, 1, 2000]) -> None:
            await self.react(interaction)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.type is discord.InteractionType.component:
            await self.react(interaction)

    async def react(self, interaction: discord.Interaction) -> None:
        try:
            await self.reaction(interaction)
        except discord.HTTPException as error:
            self.caught.put_nowait(error)

    async def failure(self) -> discord.HTTPException:
        async with asyncio.timeout(PATIENCE):
            return await self.caught.get()


def card(text: str, picture: str | None = None) -> discord.ui.LayoutView:
    view = discord.ui.LayoutView(timeout=None)
    container: discord.ui.Container[discord.ui.LayoutView] = discord.ui.Container(discord.ui.TextDisplay(text))
    if picture is not None:
        item = discord.MediaGalleryItem(f"attachment://{picture}", description="a red fox")
        container.add_item(discord.ui.MediaGallery(item))
    row: discord.ui.ActionRow[discord.ui.LayoutView] = discord.ui.ActionRow()
    row.add_item(discord.ui.Button(label="Cancel", custom_id="cancel"))
    container.add_item(row)
    view.add_item(container)
    return view


def png(name: str = "1.png", size: int = 8) -> discord.File:
    return discord.File(io.BytesIO(PNG.ljust(size, b"x")), name, description="a red fox")


async def answer(interaction: discord.Interaction) -> None:
    await interaction.response.send_message(view=card("queued"))


@pytest.fixture
async def loopback() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord() as server:
        yield server
        server.assert_contract()


@pytest.fixture
async def bot(loopback: LoopbackDiscord) -> AsyncIterator[PlainBot]:
    with redirected(loopback.api_url, loopback.gateway_url):
        async with PlainBot() as bot:
            running = asyncio.create_task(bot.start(loopback.token))
            await loopback.synced()
            yield bot
        await running


async def test_a_command_becomes_a_card_and_the_card_a_picture(loopback: LoopbackDiscord, bot: PlainBot) -> None:
    async def draw(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(view=card("queued"))
        await interaction.edit_original_response(view=card("running"))
        await interaction.edit_original_response(view=card("done", "1.png"), attachments=[png()])

    bot.reaction = draw
    interaction = await loopback.slash("imagine", prompt="a red fox")
    message = await loopback.message_of(interaction)
    await loopback.wait_for(lambda: message.text == "done", "the picture")
    assert message.revisions == 2
    [attachment] = message.attachments
    assert (attachment.content, attachment.description) == (PNG, "a red fox")
    fetched = await (await bot.fetch_channel(loopback.art.id)).fetch_message(message.id)  # type: ignore[union-attr]
    assert await fetched.attachments[0].read() == PNG


async def test_a_press_reaches_the_bot_with_its_message(loopback: LoopbackDiscord, bot: PlainBot) -> None:
    async def update(interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(view=card("cancelled"))

    message = await loopback.message_of(await loopback.slash("imagine", prompt="a red fox"))
    bot.reaction = update
    await loopback.acknowledged(await loopback.press(message, "Cancel", user=loopback.bob))
    assert message.text == "cancelled"


async def test_only_the_author_of_a_private_answer_sees_it(loopback: LoopbackDiscord, bot: PlainBot) -> None:
    async def whisper(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("No.", ephemeral=True)
        channel = interaction.channel
        assert isinstance(channel, discord.TextChannel)
        await channel.fetch_message((await interaction.original_response()).id)

    bot.reaction = whisper
    interaction = await loopback.slash("imagine", prompt="a red fox")
    assert (await loopback.message_of(interaction)).is_ephemeral
    assert (await bot.failure()).code == 10008


async def test_the_first_follow_up_after_a_deferral_is_the_answer(loopback: LoopbackDiscord, bot: PlainBot) -> None:
    async def think(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.followup.send("first")
        await interaction.followup.send("second")

    bot.reaction = think
    await loopback.slash("imagine", prompt="a red fox")
    await loopback.wait_for(lambda: [message.text for message in loopback.messages] == ["first", "second"])


async def test_an_answer_after_three_seconds_is_too_late(loopback: LoopbackDiscord, bot: PlainBot) -> None:
    loopback.limits.acknowledge_within = 0
    await loopback.slash("imagine", prompt="a red fox")
    error = await bot.failure()
    assert (error.status, error.code) == (404, 10062)


async def test_a_second_answer_is_refused(loopback: LoopbackDiscord, bot: PlainBot) -> None:
    async def twice(interaction: discord.Interaction) -> None:
        await answer(interaction)
        interaction.response._response_type = None  # as another process would know nothing of the first
        await answer(interaction)

    bot.reaction = twice
    await loopback.slash("imagine", prompt="a red fox")
    error = await bot.failure()
    assert (error.status, error.code) == (400, 40060)


async def test_a_token_ends(loopback: LoopbackDiscord, bot: PlainBot) -> None:
    async def edit(interaction: discord.Interaction) -> None:
        await answer(interaction)
        await interaction.edit_original_response(view=card("late"))

    loopback.limits.token_lifetime = 0
    bot.reaction = edit
    await loopback.slash("imagine", prompt="a red fox")
    error = await bot.failure()
    assert (error.status, error.code) == (401, 50027)


async def test_a_file_above_the_limit_is_refused(loopback: LoopbackDiscord, bot: PlainBot) -> None:
    async def upload(interaction: discord.Interaction) -> None:
        assert interaction.filesize_limit == 1000
        await answer(interaction)
        await interaction.edit_original_response(view=card("big", "1.png"), attachments=[png(size=1001)])

    loopback.limits.file_bytes = 1000
    bot.reaction = upload
    await loopback.slash("imagine", prompt="a red fox")
    error = await bot.failure()
    assert (error.status, error.code) == (413, 40005)


async def test_a_picture_that_was_not_uploaded_cannot_be_shown(loopback: LoopbackDiscord, bot: PlainBot) -> None:
    async def show(interaction: discord.Interaction) -> None:
        await answer(interaction)
        await interaction.edit_original_response(view=card("nothing", "1.png"))

    bot.reaction = show
    await loopback.slash("imagine", prompt="a red fox")
    assert (await bot.failure()).code == 50035


async def test_the_client_waits_out_a_rate_limit(loopback: LoopbackDiscord, bot: PlainBot) -> None:
    loopback.rate_limits.refuse(rate_limited(0.05), path="/callback", times=2)
    await loopback.message_of(await loopback.slash("imagine", prompt="a red fox"))
    assert [exchange.status for exchange in loopback.requests(path="/callback")] == [429, 429, 200]


async def test_a_rate_limit_of_the_network_before_discord_is_not_waited_out(
    loopback: LoopbackDiscord, bot: PlainBot
) -> None:
    loopback.rate_limits.refuse(rate_limited(0.05, via=False), path="/callback")
    await loopback.slash("imagine", prompt="a red fox")
    assert (await bot.failure()).status == 429


async def test_edits_of_one_message_have_a_budget(loopback: LoopbackDiscord, bot: PlainBot) -> None:
    async def edit_often(interaction: discord.Interaction) -> None:
        await answer(interaction)
        for number in range(6):
            await interaction.edit_original_response(view=card(f"{number}"))

    loopback.limits.messages_per_window, loopback.limits.window = 2, 0.2
    bot.reaction = edit_often
    message = await loopback.message_of(await loopback.slash("imagine", prompt="a red fox"))
    await loopback.wait_for(lambda: message.text == "5")
    arrivals = [exchange.call.arrived_at for exchange in loopback.requests("PATCH") if exchange.status == 200]
    assert arrivals[-1] - arrivals[0] >= 0.4


@pytest.mark.parametrize("hard", [False, True])
async def test_a_lost_connection_is_resumed_and_nothing_is_missed(
    loopback: LoopbackDiscord, bot: PlainBot, hard: bool
) -> None:
    if hard:
        loopback.gateway.drop()
    else:
        await loopback.gateway.disconnect()
    interaction = await loopback.slash("imagine", prompt="said while nobody listened")
    await loopback.acknowledged(interaction)
    assert (loopback.gateway.identifies, loopback.gateway.resumes) == (1, 1)


async def test_the_message_route_works_without_a_token(loopback: LoopbackDiscord, bot: PlainBot) -> None:
    channel = bot.get_partial_messageable(loopback.art.id)
    sent = await channel.send(view=card("by itself"))
    await channel.get_partial_message(sent.id).edit(view=card("edited"), allowed_mentions=NOBODY)
    assert [message.text for message in loopback.messages] == ["edited"]
    await sent.delete()
    assert loopback.messages == []
    direct = await (await bot.create_dm(discord.Object(loopback.alice.id))).send("for you")  # type: ignore[arg-type]
    assert loopback.world.messages[direct.id].channel.recipient == loopback.alice


async def test_where_the_bot_may_not_send_it_is_told(loopback: LoopbackDiscord, bot: PlainBot) -> None:
    loopback.art.bot_may_send = False
    with pytest.raises(discord.Forbidden) as caught:
        await bot.get_partial_messageable(loopback.art.id).send("hello")
    assert caught.value.code == 50013


async def test_a_wrong_token_is_refused(loopback: LoopbackDiscord) -> None:
    with redirected(loopback.api_url, loopback.gateway_url):
        async with PlainBot() as stranger:
            with pytest.raises(discord.LoginFailure):
                await stranger.login("wrong")


@pytest.mark.parametrize(
    "options", [{}, {"prompt": ""}, {"prompt": 7}, {"prompt": "x" * 2001}, {"prompt": "x", "colour": "red"}]
)
async def test_what_discords_own_input_refuses_is_refused(
    loopback: LoopbackDiscord, bot: PlainBot, options: dict[str, object]
) -> None:
    with pytest.raises(AssertionError):
        await loopback.slash("imagine", **options)


async def test_a_breach_of_the_contract_is_remembered() -> None:
    async with LoopbackDiscord() as loopback:
        if not loopback.server.checks_contract:
            pytest.skip("needs DISCORD_OPENAPI")
        with redirected(loopback.api_url, loopback.gateway_url):
            async with commands.Bot("!", intents=discord.Intents.none()) as careless:
                await careless.login(loopback.token)
                await careless.get_partial_messageable(loopback.art.id).send("@everyone")
        with pytest.raises(AssertionError, match="allowed_mentions is missing"):
            loopback.assert_contract()
