"""The base of every message that the bot lays out: Components V2, no state of its own, errors to the one handler."""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from bot.ui.errors import answer_error


class Layout(ui.LayoutView):
    """A message in one container. It never times out: its buttons are `JobButton`s, which need no view in memory."""

    def __init__(self, *items: ui.Item[Any], colour: discord.Colour) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.Container(*items, accent_colour=colour))

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, item: ui.Item[Any], /) -> None:
        await answer_error(interaction, error)


def text_of(view: ui.LayoutView) -> str:
    """All texts of a layout, in order, as one."""
    return "\n".join(item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay))
