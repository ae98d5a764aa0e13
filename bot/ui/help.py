"""The card of `/help`: what the bot does, by groups, in the length that somebody reads on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from discord import ui

from bot.layers import bucket
from bot.model_info import ModelInfo
from bot.translation import ENGLISH, Speech
from bot.ui import text
from bot.ui.cards import WAITING
from bot.ui.layout import Layout

ABOUT = (
    "`/imagine` turns a prompt into a picture with {model} ({width}×{height} and the same area in other shapes). Your "
    "card shows your place in line, then the picture as it forms, then everything it was made with."
)
REFINER = (
    "A base model draws; for the last part of the steps a **refiner**, trained on fine detail, takes over. "
    "`refiner_from` says where (0.8 = the last fifth is the refiner's), `refiner: off` leaves it out."
)
NO_REFINER = "A base model draws alone here; no refiner is loaded."
#: What each command is good for, by its name.
COMMANDS = {
    "imagine": "{command} a picture, or up to four",
    "compare": "{command} a sheet of pictures that differ in one thing or two",
    "history": "{command} finds all that you have asked for, in your sight only",
    "preset": "{command} settings and words under a name, for `/imagine` and to pass on",
    "queue": "{command} who waits, and how long",
    "cancel": "{command} takes one of your jobs back",
    "help": "{command} shows this",
}
MAKING, FINDING, LOOKING = ("imagine", "compare", "preset"), ("history",), ("queue", "cancel", "help")
MODERATING = (
    "Whoever may manage messages can cancel and delete the jobs of others too, in that channel.",
    "Whoever may manage messages in the whole server can hold back, release and clear its jobs with /moderate.",
)
BUTTONS = (
    "**Again** makes the same with a fresh seed; **Edit…** lets you change it first.",
    "**Vary** and **Upscale** go on from one picture; **More** has the rest, and **Delete**.",
    "The menu of a message with a picture has, under Apps, **Image info**, **Remake this…** and **Use this picture**.",
)
TIPS = (
    "Name the thing first, then its look, then the place: *a red fox in the snow, watercolour*.",
    "What you do not want goes into `negative_prompt`, without “no”.",
    "Flags in the prompt do as well as options: `--ar 16:9 --no hands --seed 7`.",
    "The same `seed` and parameters make the same picture; change one word and compare.",
    "More `guidance` follows the words more closely and looks harder.",
)


def help_card(model: ModelInfo, mentions: Mapping[str, str], speech: Speech = ENGLISH) -> Layout:
    """What the bot does. `mentions` are the commands by name as they are to be written, best as something to press."""
    width, height = bucket("1:1", model.native_size)
    about = speech.say(ABOUT, model=text.escape(model.name), width=width, height=height)

    def said(names: Iterable[str]) -> list[str]:
        return [speech.say(COMMANDS[name], command=mentions[name]) for name in names]

    groups = (
        (speech.say("Pictures from words"), [about, speech.say(REFINER if model.refiner is not None else NO_REFINER)]),
        (speech.say("Make a picture"), said(MAKING)),
        (speech.say("Go on from a picture"), [*map(speech.say, BUTTONS), *said(FINDING)]),
        (speech.say("The queue"), said(LOOKING)),
        (speech.say("Moderators"), list(map(speech.say, MODERATING))),
        (speech.say("Tips"), list(map(speech.say, TIPS))),
    )
    items: list[ui.Item[Any]] = []
    for heading, lines in groups:
        if items:
            items.append(ui.Separator())
        first, *rest = lines
        # A list is read more easily than lines that wrap, and a paragraph more easily than a list of one.
        listed = [f"- {line}" for line in lines] if rest and first is not about else lines
        items.append(ui.TextDisplay("\n".join([f"**{heading}**", *listed])))
    return Layout(*items, colour=WAITING)
