"""Buttons that work for ever: their id holds what was pressed and for which job, nothing is kept in memory."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ButtonStyle, ui

#: Discord gives a cog's `on_job_button(interaction, action, job_id)` every press.
JOB_BUTTON_EVENT = "job_button"
CANCEL = "cancel"
AGAIN = "again"
DELETE = "delete"


class JobButton(ui.DynamicItem[ui.Button[Any]], template=r"imagine:(?P<action>[a-z_]{1,32}):(?P<job_id>[0-9]{1,19})"):
    """A button of one job. What a press does is decided by the cog that listens; who may press, too."""

    def __init__(self, action: str, job_id: int, button: ui.Button[Any]) -> None:
        button.custom_id = f"imagine:{action}:{job_id}"
        super().__init__(button)
        self.action = action
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        if not isinstance(item, ui.Button):
            raise TypeError(f"{match.group()} belongs to a {type(item).__name__}, not to a button")
        return cls(match["action"], int(match["job_id"]), item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        interaction.client.dispatch(JOB_BUTTON_EVENT, interaction, self.action, self.job_id)


def cancel_button(job_id: int, *, cancelling: bool = False) -> JobButton:
    """Takes the job back; greyed out once somebody has pressed it."""
    label = "Cancelling" if cancelling else "Cancel"
    return JobButton(CANCEL, job_id, ui.Button(label=label, style=ButtonStyle.secondary, disabled=cancelling))


def again_button(job_id: int) -> JobButton:
    """The same once more, with a fresh seed."""
    return JobButton(AGAIN, job_id, ui.Button(label="Again", style=ButtonStyle.primary))


def delete_button(job_id: int) -> JobButton:
    """Removes the pictures and the message."""
    return JobButton(DELETE, job_id, ui.Button(label="Delete", style=ButtonStyle.secondary))
