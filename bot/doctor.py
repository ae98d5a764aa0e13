"""What the bot needs before it can run, looked at one by one; each check says how it is and what to do."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import aiohttp
import psutil
import safetensors

from bot.diffusion.hub import SHARED, HubAccess, find_model, remedy
from bot.errors import BotError, DatabaseInUse, StartupFailed
from bot.invite import PERMISSIONS_INTEGER, id_in_token, invite_url, missing_permissions
from bot.model_info import is_folder, read_model_info
from bot.settings import Settings
from bot.storage import open_storage

#: Below this, a few hundred pictures fill the disk.
ROOM_FOR_PICTURES = 1_000_000_000
#: What the Stability pair needs to be loaded at all, whatever the device.
ROOM_FOR_SDXL = 16_000_000_000
WAIT_FOR_DISCORD = aiohttp.ClientTimeout(total=10)


class State(StrEnum):
    """How a thing stands."""

    OK = "ok"
    NOTE = "note"  #: the bot runs, but somebody should know
    PROBLEM = "problem"  #: the bot does not run like this


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    subject: str
    state: State
    says: str


Check = Callable[[Settings], Awaitable[list[Finding]]]


async def examine(settings: Settings, *, offline: bool = False) -> list[Finding]:
    """All findings, in the order in which one sets the bot up."""
    checks: list[Check] = [_token, _device, _model, _database, _disk]
    if not offline:
        checks.insert(1, _discord)
    return [finding for check in checks for finding in await check(settings)]


async def _token(settings: Settings) -> list[Finding]:
    if settings.discord_token is None:
        return [Finding("token", State.PROBLEM, "DISCORD_TOKEN is not set: write it into .env. See README, “Invite”.")]
    application_id = id_in_token(settings.discord_token.get_secret_value())
    if application_id is None:
        return [Finding("token", State.PROBLEM, "DISCORD_TOKEN is not a bot's token: copy it anew from the portal.")]
    return [
        Finding("token", State.OK, "DISCORD_TOKEN has the form of a bot's token"),
        Finding("invite", State.OK, invite_url(application_id)),
    ]


async def _discord(settings: Settings) -> list[Finding]:
    """Log in by REST, as the bot does first, and look at what each server allows it."""
    token = settings.discord_token
    if token is None or id_in_token(token.get_secret_value()) is None:
        return []
    headers = {"Authorization": f"Bot {token.get_secret_value()}"}
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=WAIT_FOR_DISCORD, trust_env=True) as session:
            async with session.get(f"{settings.discord_api_url}/users/@me") as response:
                if response.status == 401:
                    says = "Discord refuses DISCORD_TOKEN: reset it in the portal and copy it anew."
                    return [Finding("Discord", State.PROBLEM, says)]
                response.raise_for_status()
                name = (await response.json())["username"]
            async with session.get(f"{settings.discord_api_url}/users/@me/guilds") as response:
                response.raise_for_status()
                guilds = await response.json()
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as error:
        reason = str(error) or type(error).__name__
        return [Finding("Discord", State.PROBLEM, f"{settings.discord_api_url} does not answer ({reason}). Try again.")]
    findings = [Finding("Discord", State.OK, f"logged in as {name}; no privileged intent is needed")]
    if not guilds:
        findings.append(Finding("servers", State.NOTE, "The bot is in no server yet: invite it with the link above."))
    for guild in guilds:
        missing = missing_permissions(int(guild["permissions"]))
        says = (
            f"{guild['name']}: lacks {', '.join(missing)}. Give them to its role, or invite it again."
            if missing
            else f"{guild['name']}: has all permissions ({PERMISSIONS_INTEGER})"
        )
        findings.append(Finding("server", State.NOTE if missing else State.OK, says))
    return findings


async def _device(settings: Settings) -> list[Finding]:
    from bot.diffusion.devices import choose_device, describe

    try:
        device = await asyncio.to_thread(choose_device, settings.device)
    except BotError as error:
        return [Finding("device", State.PROBLEM, str(error))]
    says = describe(device)
    if device.type == "cpu":
        return [
            Finding(
                "device", State.NOTE, f"{says}: no GPU was found. The embedded model is made for this, SDXL is not."
            )
        ]
    return [Finding("device", State.OK, says)]


async def _model(settings: Settings) -> list[Finding]:
    try:
        info = await asyncio.to_thread(read_model_info, settings.model_base, settings.model_refiner)
    except BotError as error:
        return [Finding("model", State.PROBLEM, str(error))]
    findings = []
    for subject, name, without in (("base", info.base, ()), ("refiner", info.refiner, SHARED)):
        if name is None:
            findings.append(Finding(subject, State.OK, "none: the base works alone"))
            continue
        try:
            folder = await asyncio.to_thread(find_model, name, HubAccess(offline=True), _ignore, without=without)
        except BotError as error:
            can_wait = not is_folder(name) and not settings.hf_hub_offline
            says = (
                f"{name} is not downloaded; the first start does it, or: imagine-bot download"
                if can_wait
                else str(error)
            )
            findings.append(Finding(subject, State.NOTE if can_wait else State.PROBLEM, says))
            continue
        broken = await asyncio.to_thread(broken_weights, folder)
        if broken is None:
            findings.append(Finding(subject, State.OK, name))
        else:
            says = f"{broken} is broken or not complete. {remedy(name)}"
            findings.append(Finding(subject, State.PROBLEM, says))
    memory = psutil.virtual_memory().total
    if not is_folder(info.base) and memory < ROOM_FOR_SDXL:
        says = f"{gigabytes(memory)} in all; SDXL wants {gigabytes(ROOM_FOR_SDXL)}. Try MODEL_BASE=tiny meanwhile."
        findings.append(Finding("memory", State.NOTE, says))
    else:
        findings.append(Finding("memory", State.OK, f"{gigabytes(memory)} in all"))
    return findings


def broken_weights(folder: Path) -> Path | None:
    """The first file of weights whose header or length is wrong; what a broken-off download or copy leaves behind."""
    for file in sorted(folder.rglob("*.safetensors")):
        try:
            with safetensors.safe_open(file, framework="numpy"):
                pass
        except (OSError, safetensors.SafetensorError):
            return file
    return None


def _ignore(fraction: float, what: str) -> None:
    """Nothing is downloaded here, so there is no progress to show."""


async def _database(settings: Settings) -> list[Finding]:
    where = "the one that DATABASE_URL names" if settings.database_url else str(settings.data_dir / "imagine-bot.db")
    try:
        async with open_storage(settings.resolved_database_url) as storage:
            await storage.ping()
    except DatabaseInUse:
        return [Finding("database", State.OK, f"{where}, in use by the bot that is running")]
    except StartupFailed as error:
        return [Finding("database", State.PROBLEM, str(error))]
    return [Finding("database", State.OK, where)]


async def _disk(settings: Settings) -> list[Finding]:
    folder = existing_parent(settings.data_dir)
    free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
    if free < ROOM_FOR_PICTURES:
        return [Finding("disk", State.NOTE, f"{gigabytes(free)} left for {settings.data_dir}: make room for pictures.")]
    return [Finding("disk", State.OK, f"{gigabytes(free)} left for {settings.data_dir}")]


def existing_parent(path: Path) -> Path:
    """The nearest folder above `path` that is there already."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.exists())


def gigabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1e9:.1f} GB"
