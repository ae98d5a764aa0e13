"""Presets as cards: one in full, all that somebody sees, two beside each other, and one that is passed on."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

import discord
from discord import ButtonStyle, ui

from bot.parameters import title
from bot.presets import Preset
from bot.presets.codes import write_code
from bot.presets.partial import FIELDS
from bot.presets.provenance import TEXTS, write, write_fields
from bot.sentences import Sentence
from bot.translation import ENGLISH, Speech
from bot.ui import text
from bot.ui.cards import DONE, WAITING
from bot.ui.layout import Layout
from bot.ui.text import Line, Rank

#: Discord gives a cog's `on_preset_button(interaction, action, key)` every press.
PRESET_EVENT = "preset_button"
#: On a shared card, with a code; on one's own, with an id.
USE_CODE, COPY_CODE, USE, EDIT = "usecode", "copycode", "use", "edit"
#: How much of a preset a line of a list shows, and how much of a text a card.
SUMMARY_LENGTH, TEXT_LENGTH = 70, 300
#: Of a server's presets a list shows the most used; with all of one's own they fit into a message.
SHOWN_OF_SERVER = 12
CHOICE_LENGTH = 100
NOTHING = "No presets yet. `/preset save` keeps the settings of your last job under a name."
SAVED = Sentence("Saved.")
CHANGED = Sentence("Changed.")
SAME = "They say the same."


class PresetButton(
    ui.DynamicItem[ui.Button[Any]], template=r"preset-card:(?P<action>[a-z]{1,16}):(?P<key>[0-9A-Z]{1,19})"
):
    """A button of one preset. What a press does, and who may, the cog decides that listens."""

    def __init__(self, action: str, key: str, button: ui.Button[Any]) -> None:
        button.custom_id = f"preset-card:{action}:{key}"
        super().__init__(button)
        self.action = action
        self.key = key

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        if not isinstance(item, ui.Button):
            raise TypeError(f"{match.group()} belongs to a {type(item).__name__}, not to a button")
        return cls(match["action"], match["key"], item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        interaction.client.dispatch(PRESET_EVENT, interaction, self.action, self.key)


def card_button(action: str, key: str, speech: Speech = ENGLISH) -> PresetButton:
    """A button with its usual label."""
    labels = {
        USE: speech.say("Use"),
        USE_CODE: speech.say("Use"),
        COPY_CODE: speech.say("Save a copy"),
        EDIT: speech.say("Edit…"),
    }
    style = ButtonStyle.primary if action in (USE, USE_CODE) else ButtonStyle.secondary
    return PresetButton(action, key, ui.Button(label=labels[action], style=style))


def preset_card(
    preset: Preset, *notes: Sentence, heading: Sentence | None = None, may_change: bool, speech: Speech = ENGLISH
) -> Layout:
    """All of one preset, for one person. `heading` says what has become of it, `notes` what else they should know."""
    lines = [Line(Rank.FIGURES, said)] if heading is not None and (said := speech.say(heading)) else []
    lines += [Line(Rank.FIGURES, _head(preset, speech)), *_fields(preset.values)]
    if preset.locked:
        fields = ", ".join(title(name) for name in FIELDS if name in preset.locked)
        lines.append(Line(Rank.NOTICE, f"-# {speech.say('fixed for whoever uses it: {fields}', fields=fields)}"))
    lines += text.remark_lines(notes, speech)
    buttons = [card_button(USE, str(preset.id), speech)]
    if may_change:
        buttons.append(card_button(EDIT, str(preset.id), speech))
    words: ui.TextDisplay[Any] = ui.TextDisplay(text.fitted(lines, text.MESSAGE_LENGTH))
    return Layout(words, ui.ActionRow(*buttons), colour=WAITING)


def list_card(
    own: Sequence[Preset], of_server: Sequence[Preset], defaults: Collection[int], speech: Speech = ENGLISH
) -> Layout:
    """The presets that somebody sees, most used first; `defaults` are the ids of those used where none is named."""
    lines: list[Line] = []
    if own:
        lines.append(Line(Rank.FIGURES, f"**{speech.say('Your presets')}**"))
        lines += [Line(Rank.NOTICE, _entry(each, defaults, speech)) for each in own]
    if of_server:
        shown = of_server[:SHOWN_OF_SERVER]
        lines.append(Line(Rank.FIGURES, f"**{speech.say('This server')}**"))
        lines += [Line(Rank.UNUSUAL, _entry(each, defaults, speech)) for each in shown]
        if hidden := len(of_server) - len(shown):
            lines.append(Line(Rank.FIGURES, f"-# {speech.say('and {count} more', count=hidden)}"))
    if not lines:
        return Layout(ui.TextDisplay(speech.say(NOTHING)), colour=WAITING)
    return Layout(ui.TextDisplay(text.fitted(lines, text.MESSAGE_LENGTH)), colour=WAITING)


def imported_card(saved: Sequence[Preset], notes: Sequence[Sentence], speech: Speech = ENGLISH) -> Layout:
    """What a file has brought."""
    lines = [Line(Rank.FIGURES, speech.say(SAVED))]
    lines += [Line(Rank.UNUSUAL, _entry(each, (), speech)) for each in saved]
    lines += text.remark_lines(notes, speech)
    return Layout(ui.TextDisplay(text.fitted(lines, text.MESSAGE_LENGTH)), colour=WAITING)


def share_card(preset: Preset, code: str, user_id: int, speech: Speech = ENGLISH) -> Layout:
    """A preset for everybody in the channel, under its code."""
    shown = write_code(code)
    lines = [
        Line(Rank.FIGURES, f"{_head(preset, speech)} · <@{user_id}>"),
        *_fields(preset.values),
        Line(Rank.FIGURES, f"-# {speech.say('`/preset import` takes the code {code}', code=shown)}"),
    ]
    words: ui.TextDisplay[Any] = ui.TextDisplay(text.fitted(lines, text.MESSAGE_LENGTH))
    row: ui.ActionRow[Any] = ui.ActionRow(card_button(USE_CODE, code, speech), card_button(COPY_CODE, code, speech))
    return Layout(words, row, colour=DONE)


def diff_card(
    one: Mapping[str, Any], other: Mapping[str, Any], names: Sequence[str], speech: Speech = ENGLISH
) -> Layout:
    """In what two sets of parameters differ; what only one of them says is `–` at the other."""
    lines = [Line(Rank.FIGURES, f"**{text.escape(names[0])}** → **{text.escape(names[1])}**")]
    for name in FIELDS:
        before, after = (each.get(name, ...) for each in (one, other))
        if before != after:
            lines.append(Line(Rank.UNUSUAL, f"**{title(name)}** {_shown(before)} → {_shown(after)}"))
    if len(lines) == 1:
        lines.append(Line(Rank.FIGURES, speech.say(SAME)))
    return Layout(ui.TextDisplay(text.fitted(lines, text.MESSAGE_LENGTH)), colour=WAITING)


def choice_label(preset: Preset, *, is_of_server: bool, speech: Speech = ENGLISH) -> str:
    """A preset as one line of an autocomplete list, which shows text as it is."""
    where = f" · {speech.say('this server')}" if is_of_server else ""
    return text.plain(f"{preset.name}{where} · {_summary(preset)}", CHOICE_LENGTH)


def _head(preset: Preset, speech: Speech) -> str:
    name = f"**{text.escape(preset.name)}**"
    return name if preset.version == 1 else f"{name} · {speech.say('version {version}', version=preset.version)}"


def _entry(preset: Preset, defaults: Collection[int], speech: Speech) -> str:
    parts = [f"**{text.escape(preset.name)}**", text.escape(_summary(preset), SUMMARY_LENGTH)]
    if preset.id in defaults:
        parts.append(speech.say("used unless another is named"))
    return f"- {' · '.join(parts)}"


def _summary(preset: Preset) -> str:
    return ", ".join(write_fields(preset.values).values())


def _fields(values: Mapping[str, Any]) -> list[Line]:
    """A line for each text, and one for all settings."""
    texts = [f"**{title(name)}** {_shown(values[name])}" for name in FIELDS if name in values and name in TEXTS]
    settings = write_fields({name: values[name] for name in FIELDS if name in values and name not in TEXTS})
    lines = [Line(Rank.PROMPT, each) for each in texts]
    if settings:
        lines.insert(0, Line(Rank.FIGURES, text.escape(" · ".join(settings.values()), text.MESSAGE_LENGTH // 2)))
    return lines


def _shown(value: Any) -> str:
    return "–" if value is ... else text.escape(write(value), TEXT_LENGTH)
