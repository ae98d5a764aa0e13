"""The modal in which a request is edited. It is kept nowhere: all that its answer needs stands in the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import InteractionType, TextStyle, ui

from bot.drafting import DRAFTED, about_draft, drafted
from bot.errors import RequestRejected
from bot.model_info import ModelInfo
from bot.parameters import MAX_PROMPT_LENGTH
from bot.prompts import PromptReader
from bot.prompts.settings_text import mark, read_settings, write_settings
from bot.sentences import Sentence
from bot.translation import ENGLISH, Speech

PROMPT, NEGATIVE_PROMPT = "prompt", "negative_prompt"
SECOND_PROMPTS = ("prompt_2", "negative_prompt_2")
#: The settings' id ends in the marks of the lines as they were, as many as an id can hold.
SETTINGS = "settings:"
MAX_MARKS = 22
MAX_SETTINGS_LENGTH = 4000
TITLE = Sentence("Edit")
LABELS = {
    PROMPT: Sentence("Prompt"),
    NEGATIVE_PROMPT: Sentence("Negative prompt"),
    "prompt_2": Sentence("Second prompt"),
    "negative_prompt_2": Sentence("Second negative prompt"),
}
SETTINGS_HINT = Sentence("One a line, as in steps: 30. Without its line a setting is as usual, and the seed is random.")
#: As many characters as Discord shows of a title or a label, and of a hint.
MAX_LABEL, MAX_HINT = 45, 100


@dataclass(frozen=True, slots=True)
class Edited:
    """A request as it was edited, for `GenerationService.submit`."""

    changes: dict[str, Any]
    beneath: dict[str, Any]
    remarks: list[Sentence]


async def edit_modal(
    custom_id: str,
    asked: Mapping[str, Any],
    prompts: PromptReader,
    model: ModelInfo,
    title: Sentence | str = TITLE,
    speech: Speech = ENGLISH,
) -> ui.Modal:
    """The modal with all of `asked` in it: partial parameters with the prompts as they are to be typed.

    `custom_id` says what it is about; its answer comes as an interaction with that id (`is_answer_to`).
    """
    inputs = await asyncio.to_thread(_filling, asked, prompts, model)
    return filled_modal(custom_id, inputs, title, speech)


def _filling(asked: Mapping[str, Any], prompts: PromptReader, model: ModelInfo) -> dict[str, str]:
    """What stands in the inputs as the modal opens."""
    lines = write_settings(asked, model)
    inputs = {name: str(asked.get(name) or "") for name in (PROMPT, NEGATIVE_PROMPT)}
    said = _said_by_flags(inputs[PROMPT], prompts)
    # A line that counted more than a flag in the prompt has no mark, so that it does so again.
    marks = [mark(line) for name, line in lines.items() if name not in said]
    inputs[f"{SETTINGS}{''.join(marks[:MAX_MARKS])}"] = "\n".join(lines.values())
    return inputs | {name: str(asked[name]) for name in SECOND_PROMPTS if asked.get(name)}


def filled_modal(
    custom_id: str, inputs: Mapping[str, str], title: Sentence | str = TITLE, speech: Speech = ENGLISH
) -> ui.Modal:
    """The same modal once more, with what was typed into it (`typed_inputs`)."""
    modal = ui.Modal(title=speech.say(title)[:MAX_LABEL], custom_id=custom_id)
    for name, value in inputs.items():
        modal.add_item(_input(name, value, speech))
    # One that is over is not remembered by discord.py, so that answers go one way before and after a restart.
    modal.stop()
    return modal


def is_answer_to(interaction: discord.Interaction[Any], prefix: str) -> bool:
    """Whether somebody sends a modal whose id begins like that."""
    return interaction.type is InteractionType.modal_submit and str(interaction.custom_id).startswith(prefix)


def typed_inputs(interaction: discord.Interaction[Any]) -> dict[str, str]:
    """What stands in the inputs of the modal that was sent, by their ids."""
    data: Any = interaction.data or {}
    return {str(each["custom_id"]): str(each.get("value") or "") for each in _inputs(data.get("components") or [])}


def read_modal(inputs: Mapping[str, str], prompts: PromptReader, model: ModelInfo) -> Edited:
    """What was asked for in the modal. Raises `InvalidParameters` with a sentence for each line that is wrong.

    The lines that were not touched lie beneath: a flag in the prompt wins over them, and a touched line over both.
    """
    settings_id = next((name for name in inputs if name.startswith(SETTINGS)), SETTINGS)
    known = settings_id.removeprefix(SETTINGS)
    read = read_settings(
        inputs.get(settings_id, ""), prompts.flags, model, {known[at : at + 4] for at in range(0, len(known), 4)}
    )
    texts = {name: value for name, value in inputs.items() if name in LABELS}
    negatives = [texts.get(NEGATIVE_PROMPT, ""), read.changes.pop(NEGATIVE_PROMPT, "")]
    changes = {**read.changes, **{name: text for name, text in texts.items() if text.strip() or name == PROMPT}}
    changes[NEGATIVE_PROMPT] = ", ".join(filter(None, map(str.strip, negatives)))
    if changes.pop("draft", False):
        return Edited(drafted(changes, model), read.beneath, [*read.remarks, about_draft(model)])
    return Edited(changes, read.beneath, read.remarks)


def _said_by_flags(prompt: str, prompts: PromptReader) -> Collection[str]:
    try:
        said = prompts.flags.read(prompt).fields
        return (*said, *DRAFTED) if said.get("draft") else said
    except RequestRejected:
        return ()


def _input(name: str, value: str, speech: Speech) -> ui.Label[Any]:
    text: ui.TextInput[Any] = ui.TextInput(
        custom_id=name,
        style=TextStyle.paragraph,
        required=name == PROMPT,
        max_length=MAX_PROMPT_LENGTH if name in LABELS else MAX_SETTINGS_LENGTH,
        default=value or None,
    )
    if name in LABELS:
        return ui.Label(text=speech.say(LABELS[name])[:MAX_LABEL], component=text)
    label, hint = speech.say("Settings")[:MAX_LABEL], speech.say(SETTINGS_HINT)[:MAX_HINT]
    return ui.Label(text=label, description=hint, component=text)


def _inputs(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The text inputs of an answer, each in a label (or, in older modals, in a row)."""
    for component in components:
        inner = [*(component.get("components") or []), *filter(None, [component.get("component")])]
        if inner:
            yield from _inputs(inner)
        elif "custom_id" in component:
            yield component
