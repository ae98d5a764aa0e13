"""The modals of presets: one to write a preset in, one to say what is to be drawn with it. They are kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from discord import TextStyle, ui

from bot.parameters import MAX_PROMPT_LENGTH
from bot.presets import Preset
from bot.presets.names import MAX_NAME
from bot.presets.reading import TEXTS, write_settings_lines
from bot.sentences import Sentence
from bot.translation import ENGLISH, Speech
from bot.ui.edit_modal import MAX_HINT, MAX_LABEL, MAX_SETTINGS_LENGTH

#: Before what a modal is about: `preset:new`, `preset:edit:ID:VERSION`, `preset:with:ID`, `preset:code:CODE`.
PREFIX = "preset:"
NEW = f"{PREFIX}new"
BY_ID, BY_CODE = "with", "code"
MAX_INPUTS = 5
NAME, SETTINGS, PROMPT = "name", "settings", "prompt"
TITLE_NEW = Sentence("Save as preset")
TITLE_EDIT = Sentence("Edit preset")
TITLE_DRAW = Sentence("Draw with a preset")
TEMPLATE_HINT = Sentence("{prompt} stands for what is typed later; without it, that comes first.")
SETTINGS_HINT = Sentence("One a line, as in steps: 30. What has no line is left to others.")
LABELS: Mapping[str, Sentence] = {
    NAME: Sentence("Name"),
    "prompt": Sentence("Words around the prompt"),
    "negative_prompt": Sentence("Negative prompt"),
    "prompt_2": Sentence("Second prompt"),
    "negative_prompt_2": Sentence("Second negative prompt"),
    SETTINGS: Sentence("Settings"),
}


def edit_id(preset: Preset) -> str:
    """The id of a modal whose answer is the next version of this one."""
    return f"{PREFIX}edit:{preset.id}:{preset.version}"


def fields_of(values: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the inputs for these partial parameters."""
    return {**{name: values.get(name, "") for name in TEXTS}, SETTINGS: write_settings_lines(values)}


def preset_modal(custom_id: str, inputs: Mapping[str, str], speech: Speech = ENGLISH) -> ui.Modal:
    """A form for a preset, with what was written in it before; a new one has a name besides."""
    is_new = custom_id == NEW
    modal = ui.Modal(title=speech.say(TITLE_NEW if is_new else TITLE_EDIT)[:MAX_LABEL], custom_id=custom_id)
    # Second prompts are rare, and a form has room for five.
    texts = [name for name in TEXTS if inputs.get(name) or name in ("prompt", "negative_prompt")]
    for name in (*((NAME,) if is_new else ()), *texts, SETTINGS)[:MAX_INPUTS]:
        modal.add_item(_input(name, inputs.get(name, ""), speech))
    # One that is over is not remembered by discord.py, so that answers go one way before and after a restart.
    modal.stop()
    return modal


def form(custom_id: str, inputs: Mapping[str, str], speech: Speech = ENGLISH) -> ui.Modal:
    """The modal with that id once more, with what was written in it."""
    if custom_id.removeprefix(PREFIX).partition(":")[0] in (BY_ID, BY_CODE):
        return draw_modal(custom_id, inputs.get(PROMPT, ""), speech)
    return preset_modal(custom_id, inputs, speech)


def draw_id(kind: str, key: str) -> str:
    """The id of a modal whose answer is drawn with the preset of that id or code."""
    return f"{PREFIX}{kind}:{key}"


def draw_modal(custom_id: str, typed: str = "", speech: Speech = ENGLISH) -> ui.Modal:
    """Asks what is to be drawn."""
    modal = ui.Modal(title=speech.say(TITLE_DRAW)[:MAX_LABEL], custom_id=custom_id)
    text: ui.TextInput[Any] = ui.TextInput(
        custom_id=PROMPT,
        style=TextStyle.paragraph,
        required=True,
        max_length=MAX_PROMPT_LENGTH,
        default=typed or None,
    )
    modal.add_item(ui.Label(text=speech.say("Prompt")[:MAX_LABEL], component=text))
    modal.stop()
    return modal


def _input(name: str, value: str, speech: Speech) -> ui.Label[Any]:
    text: ui.TextInput[Any] = ui.TextInput(
        custom_id=name,
        style=TextStyle.short if name == NAME else TextStyle.paragraph,
        required=name == NAME,
        max_length=MAX_NAME if name == NAME else MAX_SETTINGS_LENGTH if name == SETTINGS else MAX_PROMPT_LENGTH,
        default=value or None,
    )
    hints = {"prompt": speech.say(TEMPLATE_HINT), SETTINGS: speech.say(SETTINGS_HINT)}
    hint = hints[name][:MAX_HINT] if name in hints else None
    return ui.Label(text=speech.say(LABELS[name])[:MAX_LABEL], description=hint, component=text)
