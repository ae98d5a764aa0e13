"""The rival: the shortest bot that draws with the same models, in the same process, in a thread.

It has no queue on disk, no progress, no cancel, and survives nothing; so it has less to do than the bot. What it shares
with it are the pipeline, the parameters and the client library.
"""

from __future__ import annotations

import asyncio
import io

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import redirect
from bot.layers import merge
from bot.model_info import read_model_info
from bot.settings import Settings


async def run_naive_bot(settings: Settings) -> None:
    """Load the model, then draw whatever is asked for, one picture after the other."""
    from bot.diffusion.sdxl import StableDiffusionXL

    model = read_model_info(settings.model_base, settings.model_refiner)
    sdxl = await asyncio.to_thread(StableDiffusionXL.load, model, settings.device)
    one_at_a_time = asyncio.Lock()
    bot = commands.Bot(
        commands.when_mentioned,
        intents=discord.Intents(guilds=True),
        allowed_mentions=discord.AllowedMentions.none(),
    )

    @bot.tree.command(description="Make a picture from words.")
    @app_commands.describe(prompt="What to draw", steps="How many steps to take")
    async def imagine(interaction: discord.Interaction, prompt: str, steps: int = 30) -> None:
        await interaction.response.defer()
        parameters = merge(model, {"prompt": prompt, "num_inference_steps": steps})
        async with one_at_a_time:
            [png] = await asyncio.to_thread(sdxl, parameters)
        picture = discord.File(io.BytesIO(png), "picture.png", description=prompt)
        await interaction.followup.send(file=picture)

    async def sync() -> None:
        await bot.tree.sync()

    bot.setup_hook = sync  # type: ignore[method-assign]
    assert settings.discord_token is not None
    redirect(settings.discord_api_url, settings.discord_gateway_url)
    async with bot:
        await bot.start(settings.discord_token.get_secret_value())
