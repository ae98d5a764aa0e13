"""What a picture says about how it was made, as a card for one person; what is too long for a card comes as a file."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.services.remake import ReadPicture
from bot.translation import ENGLISH, Speech
from bot.ui import text
from bot.ui.cards import WAITING
from bot.ui.layout import Layout

INFO_FILE = "image-info.txt"
MADE_BY = "Made by {program}"
TO_COPY = "To copy into the message box:"
#: What stands for the id of a picture that the bot keeps, which says nothing to anybody; Edit… has it whole.
INPUTS = {
    "image": "the picture it was made out of ({id}…)",
    "mask": "the mask of that picture ({id}…)",
}
INPUT_ID = re.compile(r"[0-9a-f]{64}")
SHORT_ID = 8
IN_FILE = "Not all of it has room here: the file has every word."
#: Discord takes 4,000 characters of text in one message; a few are for where the rest is.
ROOM = 3800
#: How much of each value is shown: as much as lets all of them have a line.
CUTS = (2000, 700, 240, 100, 60)
MAX_NAME = 60
FENCE = "```"


@dataclass(frozen=True, slots=True)
class InfoCard:
    """The card, and all of it as plain text where the card had to cut it."""

    view: Layout
    text: str | None

    def files(self) -> list[discord.File]:
        """Fresh files for one request; discord.py closes them after it."""
        return [] if self.text is None else [discord.File(io.BytesIO(self.text.encode()), INFO_FILE)]


def info_card(read: ReadPicture, *controls: ui.Item[Any], title: str = "", speech: Speech = ENGLISH) -> InfoCard:
    """Everything that a picture says about itself, how near a remake comes, and the command for it.

    `title` says which picture it is where there are several; `controls` end the card.
    """
    made_by = f"**{text.escape(speech.say(MADE_BY, program=read.info.program), MAX_NAME)}**"
    head = f"{made_by} · {text.escape(title, MAX_NAME)}" if title else made_by
    exactness, remarks = speech.say(read.remake.exactness), [speech.say(remark) for remark in read.remake.remarks]
    tail = "\n".join([text.escape(exactness), *_small(remarks)])
    command = _to_copy(read.command, speech)
    used = len(head) + len(tail)
    settings = [(name, _value(name, value, speech)) for name, value in read.settings]
    shown, fits = _settings(settings, ROOM - used - len(command))
    if command and not fits:
        # The words are in the file, too; what a picture says comes before how it is said again.
        shown, _ = _settings(settings, ROOM - used)
        command = ""
    is_whole = fits and bool(command) is (read.command is not None) and _are_whole(remarks)
    items: list[ui.Item[Any]] = [ui.TextDisplay(part) for part in (head, shown, tail, command) if part]
    if not is_whole:
        items += [ui.TextDisplay(f"-# {speech.say(IN_FILE)}"), ui.File(f"attachment://{INFO_FILE}")]
    return InfoCard(Layout(*items, *controls, colour=WAITING), None if is_whole else info_text(read, speech))


def info_text(read: ReadPicture, speech: Speech = ENGLISH) -> str:
    """The same as plain text, every word of it."""
    lines = [speech.say(MADE_BY, program=read.info.program), ""]
    lines += [f"{name}: {value}" for name, value in read.settings]
    lines += ["", *(speech.say(said) for said in (read.remake.exactness, *read.remake.remarks))]
    if read.command is not None:
        lines += ["", speech.say(TO_COPY), read.command]
    return "\n".join(lines) + "\n"


def _to_copy(command: str | None, speech: Speech) -> str:
    """The command in a block of its own, as it is to be typed; empty where no block could hold it."""
    if command is None or FENCE in command or command != text.plain(command):
        return ""
    return f"{speech.say(TO_COPY)}\n{FENCE}\n{command}\n{FENCE}"


def _value(name: str, value: str, speech: Speech) -> str:
    if name not in INPUTS or not INPUT_ID.fullmatch(value):
        return value
    return speech.say(INPUTS[name], id=value[:SHORT_ID])


def _small(remarks: Sequence[str]) -> list[str]:
    return [f"-# {text.escape(remark, text.PROMPT_LENGTH)}" for remark in remarks[: text.MAX_REMARKS]]


def _are_whole(remarks: Sequence[str]) -> bool:
    return len(remarks) <= text.MAX_REMARKS and all(len(remark) <= text.PROMPT_LENGTH for remark in remarks)


def _settings(settings: Sequence[tuple[str, str]], room: int) -> tuple[str, bool]:
    """A line for each, cut so that all of them fit into `room` characters; and whether nothing was cut."""
    for cut in CUTS:
        lines = [f"**{text.escape(name, MAX_NAME)}** {text.escape(value, cut)}" for name, value in settings]
        if (length := sum(map(len, lines)) + len(lines)) <= room:
            break
    while lines and length > room:
        length -= len(lines.pop()) + 1
    is_whole = len(lines) == len(settings) and all(
        len(text.plain(value)) <= cut and len(text.plain(name)) <= MAX_NAME for name, value in settings
    )
    return "\n".join(lines), is_whole
