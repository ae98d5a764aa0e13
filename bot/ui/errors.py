"""The one place where an error becomes an answer, for commands, buttons, views and modals alike."""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.errors import BotError, RequestRejected
from bot.sentences import Sentence
from bot.translation import Speech
from bot.ui.text import escape, plain

log = logging.getLogger(__name__)

UNKNOWN_INTERACTION = 10062
ALREADY_ACKNOWLEDGED = 40060
#: Discord forgets an interaction at random, and answers of ours can cross: neither can be mended, neither is a bug.
HARMLESS = (UNKNOWN_INTERACTION, ALREADY_ACKNOWLEDGED)
UNKNOWN = Sentence("That did not work, and it is not your fault.")
REFERENCE = "Reference for the owner of this bot: `{reference}`."
MAX_LENGTH = 2000
#: How much of a wrong value its refusal repeats.
QUOTED = 40


async def answer_error(
    interaction: discord.Interaction[Any], error: BaseException, *, job_id: int | None = None
) -> None:
    """Tell the person what happened, privately, and the log what it needs; `job_id` is the job that it was about.

    1. wrappers of discord.py are taken off;
    2. an interaction that Discord has forgotten is a quiet line in the log;
    3. what the person can mend is said as it is;
    4. a check that failed is said in words;
    5. anything else is ours: a reference for the person, the traceback for the log.
    """
    error = _unwrapped(error)
    if isinstance(error, discord.HTTPException) and error.code in HARMLESS:
        log.info("interaction %s: %s", interaction.id, error)
        return
    if isinstance(error, RequestRejected):
        log.info("interaction %s: rejected, %s", interaction.id, type(error).__name__)
        sentence = error.sentence
    elif isinstance(error, app_commands.AppCommandError) and (known := _sentence(error)) is not None:
        log.info("interaction %s: refused, %s", interaction.id, type(error).__name__)
        sentence = known
    else:
        reference = f"{interaction.id:x}"
        about = f"job {job_id}" if job_id is not None else f"interaction {interaction.id}"
        log.error("%s: %s failed, reference %s", about, _name(interaction), reference, exc_info=error)
        # Our own errors have a sentence for people; what a foreign one says is for the log alone.
        said = error.sentence if isinstance(error, BotError) else UNKNOWN
        sentence = Sentence.joined([said, Sentence.of(REFERENCE, reference=reference)])
    await reply(interaction, sentence)


async def reply(interaction: discord.Interaction[Any], sentence: Sentence | str, /, **values: Any) -> None:
    """Say something to this person alone, in their language, through whichever way of answering is left.

    `sentence` may be a template for `values`.
    """
    said = plain(Speech(interaction.locale).say(sentence, **values), MAX_LENGTH)
    try:
        if interaction.response.is_done():
            await interaction.followup.send(said, ephemeral=True)
        else:
            await interaction.response.send_message(said, ephemeral=True)
    except discord.InteractionResponded:
        await interaction.followup.send(said, ephemeral=True)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.info("interaction %s: the answer did not get through: %s", interaction.id, error)


def _name(interaction: discord.Interaction[Any]) -> str:
    """What somebody did, without what they wrote."""
    if interaction.command is not None:
        return f"/{interaction.command.qualified_name}"
    return str(interaction.custom_id or interaction.type.name)


def _unwrapped(error: BaseException) -> BaseException:
    """The cause, where discord.py has wrapped it, and where our own error explains it."""
    if isinstance(error, app_commands.CommandInvokeError):
        return error.original
    if isinstance(error, app_commands.TransformerError) and isinstance(error.__cause__, BotError):
        return error.__cause__
    return error


def _sentence(error: app_commands.AppCommandError) -> Sentence | None:
    """What a refusal of discord.py's means; None for what is not one."""
    say = Sentence.of
    match error:
        case app_commands.NoPrivateMessage():
            return say("That works in a server only.")
        case app_commands.MissingPermissions():
            return say(
                "You need {permissions} for that. A moderator has it.",
                permissions=_permissions(error.missing_permissions),
            )
        case app_commands.BotMissingPermissions():
            return say(
                "I lack {permissions} here. Ask a moderator to allow it.",
                permissions=_permissions(error.missing_permissions),
            )
        case app_commands.MissingRole() | app_commands.MissingAnyRole():
            return say("Your roles do not allow that here. Ask a moderator.")
        case app_commands.CommandOnCooldown():
            return say("That was used a moment ago. Try again in {seconds} s.", seconds=f"{error.retry_after:.0f}")
        case app_commands.CheckFailure():
            return say("That is not allowed here.")
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return say("This command has changed. Discord shows the new one after a restart of the app (Ctrl-R).")
        case app_commands.TransformerError():
            return say("“{value}” is not something that can stand there.", value=escape(str(error.value), QUOTED))
        case _:
            return None


def _permissions(names: list[str]) -> Sentence:
    return Sentence.listed([name.replace("_", " ").title() for name in names])
