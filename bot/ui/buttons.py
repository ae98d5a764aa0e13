"""Buttons that work for ever: their id holds what was pressed and for which job, nothing is kept in memory."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ButtonStyle, ui

from bot.canvas import Direction
from bot.translation import ENGLISH, Speech

#: Discord gives a cog's `on_job_button(interaction, action, job_id, index)` every press.
JOB_BUTTON_EVENT = "job_button"
#: And its `on_unsent_button(interaction, unsent_id)` a press on what was typed before.
UNSENT_BUTTON_EVENT = "unsent_button"
CANCEL = "cancel"
AGAIN = "again"
DELETE = "delete"
#: Asks first.
ASK_DELETE = "ask_delete"
KEEP = "keep"
VARY = "vary"
SUBTLE = "subtle"
STRONG = "strong"
UPSCALE = "upscale"
EDIT = "edit"
MORE = "more"
EXTEND = "extend"
#: To each direction.
EXTEND_TO = {direction: f"extend_{direction}" for direction in Direction}
REDRAW = "redraw"
INFO = "info"
FINISH = "finish"
PRESET = "preset"


class JobButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"imagine:(?P<action>[a-z_]{1,32}):(?P<job_id>[0-9]{1,19})(?::(?P<index>[0-9]{1,2}))?",
):
    """A button of one job, or of its picture `index`. What a press does, and who may, the cog decides that listens."""

    def __init__(self, action: str, job_id: int, button: ui.Button[Any], index: int | None = None) -> None:
        button.custom_id = f"imagine:{action}:{job_id}" if index is None else f"imagine:{action}:{job_id}:{index}"
        super().__init__(button)
        self.action = action
        self.job_id = job_id
        self.index = index or 0

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        if not isinstance(item, ui.Button):
            raise TypeError(f"{match.group()} belongs to a {type(item).__name__}, not to a button")
        index = match["index"]
        return cls(match["action"], int(match["job_id"]), item, None if index is None else int(index))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        interaction.client.dispatch(JOB_BUTTON_EVENT, interaction, self.action, self.job_id, self.index)


class UnsentButton(ui.DynamicItem[ui.Button[Any]], template=r"unsent:(?P<unsent_id>[0-9a-f]{32})"):
    """Opens a modal again with what was typed into it."""

    def __init__(self, unsent_id: str, button: ui.Button[Any]) -> None:
        button.custom_id = f"unsent:{unsent_id}"
        super().__init__(button)
        self.unsent_id = unsent_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        if not isinstance(item, ui.Button):
            raise TypeError(f"{match.group()} belongs to a {type(item).__name__}, not to a button")
        return cls(match["unsent_id"], item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        interaction.client.dispatch(UNSENT_BUTTON_EVENT, interaction, self.unsent_id)


def job_button(
    action: str, job_id: int, label: str, index: int | None = None, *, style: ButtonStyle = ButtonStyle.secondary
) -> JobButton:
    """A button with that label."""
    return JobButton(action, job_id, ui.Button(label=label, style=style), index)


def cancel_button(job_id: int, *, cancelling: bool = False, speech: Speech = ENGLISH) -> JobButton:
    """Takes the job back; greyed out once somebody has pressed it."""
    label = speech.say("Cancelling") if cancelling else speech.say("Cancel")
    return JobButton(CANCEL, job_id, ui.Button(label=label, style=ButtonStyle.secondary, disabled=cancelling))


def again_button(job_id: int, speech: Speech = ENGLISH) -> JobButton:
    """The same once more, with a fresh seed."""
    return job_button(AGAIN, job_id, speech.say("Again"), style=ButtonStyle.primary)


def delete_button(job_id: int, speech: Speech = ENGLISH) -> JobButton:
    """Removes the pictures and the message."""
    return job_button(DELETE, job_id, speech.say("Delete"))


def ask_delete_button(job_id: int, speech: Speech = ENGLISH) -> JobButton:
    """Asks whether the pictures and the message are to be removed."""
    return job_button(ASK_DELETE, job_id, speech.say("Delete"))


def edit_button(job_id: int, speech: Speech = ENGLISH) -> JobButton:
    """Opens the request in a modal."""
    return job_button(EDIT, job_id, speech.say("Edit…"))


def preset_button(job_id: int, speech: Speech = ENGLISH) -> JobButton:
    """Opens the settings of the job as a preset that can be saved."""
    return job_button(PRESET, job_id, speech.say("Save as preset"))


def unsent_button(unsent_id: str, speech: Speech = ENGLISH) -> UnsentButton:
    """Opens what was refused in its modal."""
    return UnsentButton(unsent_id, ui.Button(label=speech.say("Edit…"), style=ButtonStyle.primary))


def finished_rows(job_id: int, count: int, speech: Speech = ENGLISH) -> list[ui.ActionRow[Any]]:
    """What can be done with so many pictures of a job."""
    again, edit = again_button(job_id, speech), edit_button(job_id, speech)
    more = job_button(MORE, job_id, speech.say("More"))
    if count == 1:
        vary = job_button(VARY, job_id, speech.say("Vary"), 0)
        upscale = job_button(UPSCALE, job_id, speech.say("Upscale"), 0)
        return [ui.ActionRow(again, vary, upscale, edit, more)]
    return [
        ui.ActionRow(*(job_button(UPSCALE, job_id, f"U{index + 1}", index) for index in range(count))),
        ui.ActionRow(*(job_button(VARY, job_id, f"V{index + 1}", index) for index in range(count))),
        ui.ActionRow(again, edit, more),
    ]


def closed_row(job_id: int, speech: Speech = ENGLISH) -> ui.ActionRow[Any]:
    """What can be done with a job that has no picture."""
    return ui.ActionRow(again_button(job_id, speech), edit_button(job_id, speech), delete_button(job_id, speech))


def sheet_row(job_id: int, speech: Speech = ENGLISH) -> ui.ActionRow[Any]:
    """What can be done with a sheet, which is many pictures and none."""
    return ui.ActionRow(again_button(job_id, speech), delete_button(job_id, speech))
