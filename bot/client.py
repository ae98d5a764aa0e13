"""The bot's connection to Discord: what it listens to, which commands it offers, and what is said when it fails."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import Any

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.cogs.admin import Admin
from bot.cogs.buttons import Buttons
from bot.cogs.compare import Compare
from bot.cogs.edits import Edits
from bot.cogs.help import Help
from bot.cogs.history import Histories
from bot.cogs.imagine import Imagine
from bot.cogs.jobs import Jobs
from bot.cogs.moderation import Moderation
from bot.cogs.pictures import Pictures
from bot.cogs.presets import PresetCommands
from bot.cogs.server_presets import ServerPresetCommands
from bot.delivery import Delivery
from bot.delivery.pace import EditPace
from bot.delivery.rate_limits import RateLimits
from bot.errors import StartupFailed
from bot.services.generation import GenerationService
from bot.services.health import HealthService, Outgoing
from bot.services.history import History
from bot.services.pauses import Pauses
from bot.services.presets import Presets
from bot.services.remake import RemakeService
from bot.services.variants import Variants
from bot.settings import Settings
from bot.storage import Storage
from bot.ui.buttons import JobButton, UnsentButton
from bot.ui.errors import answer_error
from bot.ui.history import HistoryButton
from bot.ui.pictures import PictureButton, PictureSelect
from bot.ui.presets import PresetButton
from bot.ui.translator import CatalogueTranslator
from bot.unsent import UnsentFolder

log = logging.getLogger(__name__)

#: The key under which the storage keeps which commands Discord knows, and where.
COMMAND_TREE = "command_tree"
EVERYWHERE = "everywhere"
#: How the gateway closes on a token that it does not know.
AUTHENTICATION_FAILED = 4004
REFUSED = (
    "Discord refuses DISCORD_TOKEN. Reset it on the page “Bot” of your application at "
    "https://discord.com/developers/applications, and write the new one into .env."
)

# This bot never speaks; that it cannot is no news for its log.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


class ImagineTree(app_commands.CommandTree["ImagineBot"]):
    """The commands; their errors go to the one handler."""

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /) -> None:
        # Of a command that is about a job, /cancel, the log is to name it.
        job_id = getattr(interaction.namespace, "job", None)
        await answer_error(interaction, error, job_id=job_id if isinstance(job_id, int) else None)


class ImagineBot(commands.Bot):
    """Speaks with Discord. It needs no privileged intent: slash commands and presses come without any."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        generation: GenerationService,
        remakes: RemakeService,
        history: History,
        presets: Presets,
        pauses: Pauses,
        health: HealthService,
        pace: EditPace | None = None,
    ) -> None:
        self._rate_limits = RateLimits()
        super().__init__(
            commands.when_mentioned,
            tree_cls=ImagineTree,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            http_trace=self._rate_limits.trace(),
        )
        self.delivery = Delivery(self, generation, pace)
        self._settings = settings
        self._storage = storage
        self._generation = generation
        self._remakes = remakes
        self._pauses = pauses
        self._history = history
        self._presets = presets
        self._health = health
        self._redirection = ExitStack()
        self._translator = CatalogueTranslator()
        #: By the id of the server where they are registered, or `EVERYWHERE`: the ids of the commands by name.
        self._command_ids: dict[str, dict[str, int]] = {}

    async def setup_hook(self) -> None:
        """Everything that must be there before the first event; `on_ready` comes again after each reconnect."""
        await self.tree.set_translator(self._translator)
        self.add_dynamic_items(JobButton, UnsentButton, PictureButton, PictureSelect, PresetButton, HistoryButton)
        await self.add_cog(Imagine(self._generation, self._presets, self.delivery))
        await self.add_cog(Compare(self._generation, self.delivery))
        await self.add_cog(Jobs(self._generation, self.delivery, self._pauses))
        await self.add_cog(Moderation(self._pauses, self.delivery))
        await self.add_cog(Histories(self._history, self._generation, self.delivery))
        upscaler = self._settings.upscaler_model
        variants = Variants(self._generation, None if upscaler is None else upscaler.stem)
        await self.add_cog(Buttons(self._generation, variants, self._remakes, self.delivery))
        unsent = UnsentFolder(self._settings.data_dir / "unsent")
        await self.add_cog(Edits(self._generation, self.delivery, unsent))
        await self.add_cog(Pictures(self.tree, self._generation, self._remakes, self.delivery, unsent))
        await self.add_cog(PresetCommands(self._generation, self._presets, self.delivery, unsent))
        await self.add_cog(ServerPresetCommands(self._generation, self._presets, self.delivery, unsent))
        await self.add_cog(Help(self._generation.model, self._ids_of_commands))
        await self.add_cog(Admin(self, self._health, self.outgoing))
        await self._sync_commands()

    def outgoing(self) -> Outgoing:
        """What goes out to Discord, and what it refuses."""
        limits = self._rate_limits
        return Outgoing(
            messages=self.delivery.messages,
            ends=self.delivery.ends,
            refusals=limits.refusals,
            refused_at=limits.refused_at,
        )

    async def login(self, token: str) -> None:
        """Log in by REST. Raises `StartupFailed` with what to do."""
        settings = self._settings
        self._redirection.callback(redirect(settings.discord_api_url, settings.discord_gateway_url))
        try:
            await super().login(token)
        except discord.LoginFailure as error:
            raise StartupFailed(REFUSED) from error
        except discord.HTTPException as error:
            raise StartupFailed(f"Discord does not let the bot in: {error}. Try again in a few minutes.") from error
        except (aiohttp.ClientError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise StartupFailed(
                f"Discord cannot be reached at {settings.discord_api_url} ({reason}). "
                "Look at the network, and at DISCORD_API_URL."
            ) from error

    async def connect(self, *, reconnect: bool = True) -> None:
        """Stay connected to the gateway. Raises `StartupFailed` when Discord will not have it."""
        try:
            await super().connect(reconnect=reconnect)
        except discord.PrivilegedIntentsRequired as error:
            raise StartupFailed("Discord refuses the intents of this bot, which are not privileged ones.") from error
        except discord.ConnectionClosed as error:
            if error.code == AUTHENTICATION_FAILED:
                raise StartupFailed(REFUSED) from error
            raise StartupFailed(f"Discord closed the connection for good: {error}.") from error
        finally:
            # As soon as nobody listens any more, Discord is to know.
            if self.ws is not None and self.ws.open:
                await self.ws.close(code=1000)

    async def close(self) -> None:
        """Leave Discord."""
        try:
            await super().close()
        finally:
            self._redirection.close()

    async def _sync_commands(self) -> None:
        """Tell Discord the commands, when they or their place have changed: it allows 200 a day, and each is slow."""
        commands_ = [
            await command.get_translated_payload(self.tree, self._translator) for command in self.tree.get_commands()
        ]
        guild_ids = sorted(set(self._settings.discord_guild_ids))
        known = _parsed(await self._storage.get_state(COMMAND_TREE))
        current = {
            "application": self.application_id,
            "guilds": guild_ids,
            "hash": hashlib.sha256(json.dumps(commands_, sort_keys=True).encode()).hexdigest(),
        }
        self._command_ids = known.pop("ids", {})
        if known == current and self._command_ids:
            log.debug("the commands are as Discord knows them")
            return
        if known.get("application") == self.application_id:
            await self._withdraw(known, guild_ids)
        failed = False
        self._command_ids = {}
        for guild in map(discord.Object, guild_ids):
            self.tree.copy_global_to(guild=guild)
            try:
                self._command_ids[str(guild.id)] = _ids(await self.tree.sync(guild=guild))
            except (discord.Forbidden, discord.NotFound):
                failed = True
                # A warning without a traceback: the line says all that its owner needs.
                log.warning("DISCORD_GUILD_IDS names %s: invite the bot there, or take it out of the list", guild.id)
        if not guild_ids:
            self._command_ids[EVERYWHERE] = _ids(await self.tree.sync())
        if not failed:
            await self._storage.set_state(COMMAND_TREE, json.dumps(current | {"ids": self._command_ids}))
        log.info("%s commands synced to %s", len(commands_), guild_ids or "all servers")

    def _ids_of_commands(self, guild_id: int | None) -> Mapping[str, int]:
        return self._command_ids.get(EVERYWHERE if guild_id is None else str(guild_id), {})

    async def _withdraw(self, known: dict[str, Any], guild_ids: list[int]) -> None:
        """Take the commands away from where they no longer belong, or they would be offered twice."""
        application_id = self.application_id
        if application_id is None:
            return
        if guild_ids and not known["guilds"]:
            await self.http.bulk_upsert_global_commands(application_id, [])
        for guild_id in set(known["guilds"]) - set(guild_ids):
            try:
                await self.http.bulk_upsert_guild_commands(application_id, guild_id, [])
            except (discord.Forbidden, discord.NotFound):
                log.info("commands stay in server %s, which the bot has left", guild_id)


def _ids(synced: Iterable[app_commands.AppCommand]) -> dict[str, int]:
    return {command.name: command.id for command in synced}


def _parsed(state: str | None) -> dict[str, Any]:
    return json.loads(state) if state else {}


def redirect(api_url: str, gateway_url: str) -> Callable[[], None]:
    """Send discord.py to these addresses, until what is returned is called.

    discord.py keeps both in class attributes and nowhere else, so other clients in this process are redirected too;
    they are left alone when the addresses are Discord's own, and get the old ones back when the bot leaves. Not a
    generator: one that is dropped runs its end whenever it is collected, in the middle of another client's life.
    """
    known = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api_url.rstrip("/"), yarl.URL(gateway_url)

    def undo() -> None:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = known

    return undo
