"""What the bot needs before it can run, looked at one by one; each check says how it is and what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import aiohttp
import psutil
import safetensors

from bot.diffusion.hub import SHARED, HubAccess, cache_folder, find_model, remedy, wants_half
from bot.errors import BotError, StartupFailed
from bot.files import can_write, existing_parent, free_space
from bot.invite import PERMISSIONS_INTEGER, id_in_token, invite_url, missing_permissions
from bot.model_info import SDXL_BASE, SDXL_NATIVE_SIZE, SDXL_REFINER, ModelInfo, is_folder, read_model_info
from bot.settings import Settings
from bot.storage import Schema, look_at_database
from bot.storage.pictures import FLOOR

#: Below this, a few hundred pictures fill the disk.
ROOM_FOR_PICTURES = 1_000_000_000
#: What the Stability pair needs to be loaded at all, whatever the device, and to stay on a GPU as a whole.
ROOM_FOR_SDXL = 16_000_000_000
#: Its largest part, with the work of a small picture: without room for that, moving parts in and out helps nothing.
ROOM_FOR_PART = 6_000_000_000
#: What is downloaded, in half precision. Others are about as large as Stability's base.
DOWNLOADS = {SDXL_BASE: 7_000_000_000, SDXL_REFINER: 4_700_000_000}
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


#: What a start does to the database.
AT_START = {
    Schema.MISSING: ", made by the first start",
    Schema.OLDER: ", brought up to date by the next start",
    Schema.CURRENT: "",
}
Check = Callable[[Settings], Awaitable[list[Finding]]]


async def examine(settings: Settings, *, offline: bool = False) -> list[Finding]:
    """All findings, in the order in which one sets the bot up."""
    checks: list[Check] = [_token, _device, _model, _folders, _database, _disk]
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
        # As the bot does, which goes through no proxy but those that the two URLs name.
        async with aiohttp.ClientSession(headers=headers, timeout=WAIT_FOR_DISCORD) as session:
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
    findings = [Finding("Discord", State.OK, f"logged in as {name}. The bot needs no privileged intent")]
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
    findings, missing = [], []
    for subject, name, without in (("base", info.base, ()), ("refiner", info.refiner, SHARED)):
        if name is None:
            findings.append(Finding(subject, State.OK, "none: the base works alone"))
            continue
        try:
            folder = await asyncio.to_thread(find_model, name, HubAccess(offline=True), _ignore, without=without)
        except BotError as error:
            can_wait = not is_folder(name) and not settings.hf_hub_offline
            missing += [name] if can_wait else []
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
    if missing:
        cache = cache_folder()
        free = await asyncio.to_thread(free_space, cache)
        findings.append(room_for_download(cache, free, missing, full_precision=not wants_half(settings.device)))
    memory = psutil.virtual_memory().total
    if is_sdxl(info) and memory < ROOM_FOR_SDXL:
        says = f"{gigabytes(memory)} in all; SDXL wants {gigabytes(ROOM_FOR_SDXL)}. Try MODEL_BASE=tiny meanwhile."
        findings.append(Finding("memory", State.NOTE, says))
    else:
        findings.append(Finding("memory", State.OK, f"{gigabytes(memory)} in all"))
    gpu = await asyncio.to_thread(_gpu_memory, settings)
    return findings if gpu is None else [*findings, room_on_gpu(gpu, info)]


def _gpu_memory(settings: Settings) -> int | None:
    from bot.diffusion.devices import choose_device, own_memory

    try:
        return own_memory(choose_device(settings.device))
    except BotError:  # said of the device already
        return None


def is_sdxl(info: ModelInfo) -> bool:
    """Whether the model is as large as Stability's."""
    return info.native_size >= SDXL_NATIVE_SIZE


def room_on_gpu(total: int, info: ModelInfo) -> Finding:
    """How a GPU with so many bytes of memory does for the model."""
    if is_sdxl(info) and total < ROOM_FOR_PART:
        says = f"{gigabytes(total)}; SDXL needs {gigabytes(ROOM_FOR_PART)} at least. Take another GPU, or DEVICE=cpu."
        return Finding("GPU memory", State.PROBLEM, says)
    if is_sdxl(info) and total < ROOM_FOR_SDXL:
        says = f"{gigabytes(total)}; below {gigabytes(ROOM_FOR_SDXL)}, parts of SDXL move in and out, which is slow."
        return Finding("GPU memory", State.NOTE, says)
    return Finding("GPU memory", State.OK, gigabytes(total))


def room_for_download(cache: Path, free: int, missing: list[str], *, full_precision: bool) -> Finding:
    """Whether the models that are missing fit on the disk of the hub's cache."""
    size = sum(DOWNLOADS.get(name, DOWNLOADS[SDXL_BASE]) for name in missing) * (2 if full_precision else 1)
    says = f"{gigabytes(free)} left for {cache}, where about {gigabytes(size)} are to be downloaded"
    # What this device computes in is another matter: DEVICE=auto may find a GPU the next time.
    says += ": full precision, as DEVICE=cpu wants" if full_precision else ": half precision, for any DEVICE but cpu"
    if free < size:
        return Finding("cache", State.PROBLEM, f"{says}. Make room, or name a folder on another disk in HF_HOME.")
    return Finding("cache", State.OK, says)


async def _folders(settings: Settings) -> list[Finding]:
    """What is named and is not there; the bot does without it."""
    named = {"LORA_DIR": settings.lora_dir, "WILDCARD_DIR": settings.wildcard_dir}
    says = {name: f"There is no folder {path}" for name, path in named.items() if path and not path.is_dir()}
    if settings.upscaler_model and not settings.upscaler_model.is_file():
        says["UPSCALER_MODEL"] = f"There is no file {settings.upscaler_model}"
    return [Finding(name, State.NOTE, f"{what}. Make it, or mend the name.") for name, what in says.items()]


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
        schema = await look_at_database(settings.resolved_database_url)
    except StartupFailed as error:
        return [Finding("database", State.PROBLEM, str(error))]
    return [Finding("database", State.OK, where + AT_START[schema])]


async def _disk(settings: Settings) -> list[Finding]:
    there = existing_parent(settings.data_dir)
    if not await asyncio.to_thread(can_write, there):
        cannot = "written to" if there == settings.data_dir else f"made: {there} cannot be written to"
        return [Finding("disk", State.PROBLEM, f"{settings.data_dir} cannot be {cannot}. Name another in DATA_DIR.")]
    return [room_for_pictures(settings.data_dir, await asyncio.to_thread(free_space, settings.data_dir))]


def room_for_pictures(folder: Path, free: int) -> Finding:
    """Whether the pictures of jobs can be kept, where so many bytes are left."""
    says = f"{gigabytes(free)} left for {folder}"
    if free < FLOOR:
        return Finding("disk", State.PROBLEM, f"{says}: below {gigabytes(FLOOR)} no job is taken. Make room.")
    if free < ROOM_FOR_PICTURES:
        return Finding("disk", State.NOTE, f"{says}: make room for pictures.")
    return Finding("disk", State.OK, says)


def gigabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1e9:.1f} GB"
