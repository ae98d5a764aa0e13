"""The card of `/admin health`."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import ui

from bot.executors import ExecutorHealth, ExecutorState
from bot.sentences import Sentence
from bot.services.health import Health, Outgoing, gigabytes
from bot.translation import ENGLISH, Speech
from bot.ui import text
from bot.ui.cards import BROKEN, DONE, WORKING
from bot.ui.layout import Layout

STATES = {
    ExecutorState.LOADING: "loading the model, {percent} %",
    ExecutorState.READY: "ready",
    ExecutorState.BUSY: "at work",
    ExecutorState.RESTARTING: "being started again",
    ExecutorState.UNAVAILABLE: "the model cannot be loaded; it is tried again by itself",
}
COLOURS = {ExecutorState.READY: DONE, ExecutorState.BUSY: DONE, ExecutorState.UNAVAILABLE: BROKEN}
IN_THE_LOG = "The reason is for the owner of this bot: here, and in its log."
MAX_NAME = 100
MAX_DETAIL = 700


def health_card(health: Health, *, is_owner: bool, speech: Speech = ENGLISH) -> Layout:
    """How the bot is. Reasons and folders, which may tell of the machine, are for its owner only."""
    entries: Sequence[tuple[str, Sequence[str]]] = (
        (speech.say("Picture process"), _executor(health, speech)),
        (speech.say("Model"), _model(health, speech, is_owner=is_owner)),
        (speech.say("Queue"), _queue(health, speech)),
        (speech.say("Database"), [_database(health, speech)]),
        (speech.say("Disk"), [speech.say("{size} free", size=gigabytes(health.disk))]),
        ("Discord", _outgoing(health.outgoing, speech)),
        (
            speech.say("Version"),
            [health.version, speech.say("started {when}", when=text.relative(health.started_at))],
        ),
    )
    lines = [f"**{label}** · {' · '.join(parts)}" for label, parts in entries]
    if reason := _reason(health.executor, speech, is_owner=is_owner):
        lines.insert(1, f"-# {reason}")
    heading: ui.TextDisplay[ui.LayoutView] = ui.TextDisplay(f"**{speech.say('How the bot is')}**")
    return Layout(heading, ui.TextDisplay("\n".join(lines)), colour=_colour(health))


def _executor(health: Health, speech: Speech) -> list[str]:
    executor = health.executor
    parts = [speech.say(STATES[executor.state], percent=f"{executor.progress:.0%}".rstrip("%"))]
    if executor.device:
        parts.append(text.escape(executor.device, MAX_NAME))
    if health.memory is not None:
        parts.append(speech.say("{size} of memory free", size=gigabytes(health.memory)))
    parts.append(speech.say(Sentence.counted(executor.restarts, "{count} restart", "{count} restarts")))
    return parts


def _reason(executor: ExecutorHealth, speech: Speech, *, is_owner: bool) -> str:
    """Why no picture is made now, which may name files and addresses."""
    if executor.state in (ExecutorState.READY, ExecutorState.BUSY) or not executor.detail:
        return ""
    if is_owner:
        return text.escape(executor.detail, MAX_DETAIL)
    return speech.say(IN_THE_LOG) if executor.state is ExecutorState.UNAVAILABLE else ""


def _model(health: Health, speech: Speech, *, is_owner: bool) -> list[str]:
    model = health.model
    base, refiner = (model.base, model.refiner) if is_owner else (model.name, model.refiner_name)
    if refiner is None:
        return [text.escape(base, MAX_DETAIL), speech.say("no refiner")]
    return [text.escape(base, MAX_DETAIL), speech.say("refiner {name}", name=text.escape(refiner, MAX_DETAIL))]


def _queue(health: Health, speech: Speech) -> list[str]:
    parts = [speech.say("{count} waiting", count=health.waiting)]
    if health.running:
        parts.append(speech.say("{jobs} running", jobs=", ".join(f"#{job_id}" for job_id in health.running)))
    if health.done_at is not None:
        parts.append(speech.say("all done {when}", when=text.relative(health.done_at)))
    if health.usual_seconds is not None:
        parts.append(speech.say("a usual picture takes {time}", time=text.seconds(health.usual_seconds)))
    return parts


def _database(health: Health, speech: Speech) -> str:
    if health.latency is None:
        return speech.say("{name} does not answer", name=health.database)
    return speech.say("{name} answers in {time} ms", name=health.database, time=f"{health.latency * 1000:.1f}")


def _outgoing(outgoing: Outgoing, speech: Speech) -> list[str]:
    messages = Sentence.counted(outgoing.messages, "{count} message kept current", "{count} messages kept current")
    parts = [speech.say(messages)]
    if outgoing.ends:
        ends = Sentence.counted(outgoing.ends, "{count} end not delivered yet", "{count} ends not delivered yet")
        parts.append(speech.say(ends))
    if outgoing.refused_at is not None:
        refusals = Sentence.counted(
            outgoing.refusals,
            "{count} request refused as too many, {when}",
            "{count} requests refused as too many, the last {when}",
            when=text.relative(outgoing.refused_at),
        )
        parts.append(speech.say(refusals))
    return parts


def _colour(health: Health) -> discord.Colour:
    return BROKEN if health.latency is None else COLOURS.get(health.executor.state, WORKING)
