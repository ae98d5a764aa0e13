"""Buttons and lists about pictures that are kept as files: their ids hold what is to be done, and with which file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

import discord
from discord import ButtonStyle, SelectOption, ui

from bot.originals import ID_PATTERN
from bot.sentences import Sentence
from bot.translation import ENGLISH, Speech
from bot.ui.cards import WAITING
from bot.ui.layout import Layout
from bot.ui.text import escape, plain

#: Discord gives a cog's `on_picture_button(interaction, action, original_id)` every press and choice.
PICTURE_EVENT = "picture_button"
PREFIX = "imagine-picture:"
REMAKE = "remake"
EDIT = "edit"
USE = "use"
#: What the modal is called in which that is asked for.
TITLES = {EDIT: Sentence("Remake this picture"), USE: Sentence("Another out of this picture")}
WHICH = "Which picture?"
IT_IS_HERE = "The picture is here. It becomes the start of a new one."
MAX_LABEL = 100
MAX_REFUSAL = 200


class PictureButton(
    ui.DynamicItem[ui.Button[Any]], template=rf"{PREFIX}(?P<action>[a-z]{{1,16}}):(?P<original_id>{ID_PATTERN})"
):
    """A button of one kept picture. What a press does is decided by the cog that listens."""

    def __init__(self, action: str, original_id: str, button: ui.Button[Any]) -> None:
        button.custom_id = picture_id(action, original_id)
        super().__init__(button)
        self.action = action
        self.original_id = original_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        if not isinstance(item, ui.Button):
            raise TypeError(f"{match.group()} belongs to a {type(item).__name__}, not to a button")
        return cls(match["action"], match["original_id"], item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        interaction.client.dispatch(PICTURE_EVENT, interaction, self.action, self.original_id)


class PictureSelect(ui.DynamicItem[ui.Select[Any]], template=r"imagine-pictures:(?P<action>[a-z]{1,16})"):
    """A list of kept pictures, of which one is chosen."""

    def __init__(self, action: str, select: ui.Select[Any]) -> None:
        select.custom_id = f"imagine-pictures:{action}"
        super().__init__(select)
        self.action = action

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        if not isinstance(item, ui.Select):
            raise TypeError(f"{match.group()} belongs to a {type(item).__name__}, not to a list")
        return cls(match["action"], item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        interaction.client.dispatch(PICTURE_EVENT, interaction, self.action, self.item.values[0])


def picture_id(action: str, original_id: str) -> str:
    """The id of a button, and of the modal that it opens."""
    return f"{PREFIX}{action}:{original_id}"


def picture_button(action: str, original_id: str, speech: Speech = ENGLISH) -> PictureButton:
    """Opens the modal of that action, *Edit…* or *Use*."""
    is_use = action == USE
    label, style = (speech.say("Use"), ButtonStyle.primary) if is_use else (speech.say("Edit…"), ButtonStyle.secondary)
    return PictureButton(action, original_id, ui.Button(label=label, style=style))


def title_of(modal_id: str) -> Sentence | None:
    """What the modal with that id is called, if it is about a kept picture."""
    return TITLES.get(modal_id.removeprefix(PREFIX).partition(":")[0]) if modal_id.startswith(PREFIX) else None


def remake_row(original_id: str, *, has_prompt: bool, speech: Speech = ENGLISH) -> ui.ActionRow[Any]:
    """*Remake* makes the picture again as it is, where that can be; *Edit…* asks what is to be otherwise."""
    buttons = [picture_button(EDIT, original_id, speech)]
    if has_prompt:
        label = speech.say("Remake")
        buttons.insert(0, PictureButton(REMAKE, original_id, ui.Button(label=label, style=ButtonStyle.primary)))
    return ui.ActionRow(*buttons)


def choice_card(
    action: str, named: Mapping[str, str], refusals: Sequence[str] = (), speech: Speech = ENGLISH
) -> Layout:
    """A question which of several pictures is meant; `named` are their names by their ids.

    `refusals` say which others there are, and why they cannot be chosen.
    """
    options = [
        SelectOption(label=plain(f"{number}. {name}", MAX_LABEL), value=original_id)
        for number, (original_id, name) in enumerate(named.items(), 1)
    ]
    lines = [speech.say(WHICH), *(f"-# {escape(refusal, MAX_REFUSAL)}" for refusal in refusals)]
    select = PictureSelect(action, ui.Select(options=options))
    return Layout(ui.TextDisplay("\n".join(lines)), ui.ActionRow(select), colour=WAITING)


def use_card(original_id: str, speech: Speech = ENGLISH) -> Layout:
    """What is shown where the modal could not be opened at once."""
    row: ui.ActionRow[Any] = ui.ActionRow(picture_button(USE, original_id, speech))
    return Layout(ui.TextDisplay(speech.say(IT_IS_HERE)), row, colour=WAITING)
