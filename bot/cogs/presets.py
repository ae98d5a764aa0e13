"""`/preset`: settings and words that are kept under a name."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.cogs.completion import complete_scheduler, complete_style
from bot.cogs.edits import refuse_typed
from bot.cogs.imagine_options import read_options
from bot.cogs.preset_drawing import PresetDrawing
from bot.cogs.preset_people import complete_own, complete_preset, person_of
from bot.cogs.promise import answer_privately, promised
from bot.errors import PresetChanged
from bot.parameters import ASPECT_RATIOS, MAX_PROMPT_LENGTH, quoted
from bot.presets import Preset
from bot.presets.reading import read_fields, read_preset
from bot.sentences import Sentence
from bot.services.presets import Person, check_may_change
from bot.translation import Speech
from bot.ui import preset_forms, presets
from bot.ui.edit_modal import is_answer_to, typed_inputs
from bot.ui.errors import answer_error, reply
from bot.unsent import Unsent

MAX_NAME = 100
#: Ids and versions have 63 bits.
MAX_DIGITS = 19


@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
class PresetCommands(PresetDrawing, commands.GroupCog, group_name="preset"):
    """Settings and words that are kept under a name"""

    @app_commands.command()
    @app_commands.rename(
        num_inference_steps="steps",
        guidance_scale="guidance",
        num_images_per_prompt="images",
        denoising_end="refiner_from",
        loras="lora",
    )
    @app_commands.describe(
        name="What it is to be called",
        job="One of your jobs, by the number on its card; the last one unless you say anything",
        prompt="Words around what is typed later, which {prompt} stands for",
        negative_prompt="What it should not show, without “no”",
        style="Words around the prompt, such as those for a photo or for ink",
        aspect_ratio="The shape of the picture; square unless you say otherwise",
        num_images_per_prompt="How many pictures, each with a seed of its own: 1 to 4",
        num_inference_steps="How many steps to take: more is slower and mostly finer",
        guidance_scale="How closely to follow the words: 3 is loose, 9 is strict",
        loras="LoRAs and how much of each, as in ink:0.8, paper:0.5",
        scheduler="The sampler, as in DPM++ 2M Karras",
        refiner="Whether the refiner does the last part of the steps",
        denoising_end="Where the refiner takes over: 0.8 leaves it the last fifth of the steps",
        advanced="Any other setting, as in eta: 0.5, aesthetic_score: 7, timesteps: 999,500,250",
    )
    @app_commands.choices(aspect_ratio=[Choice(name=ratio, value=ratio) for ratio in ASPECT_RATIOS])
    async def save(
        self,
        interaction: discord.Interaction[Any],
        name: Range[str, 1, MAX_NAME],
        job: Range[int, 1] | None = None,
        prompt: Range[str, 1, MAX_PROMPT_LENGTH] | None = None,
        negative_prompt: Range[str, 1, MAX_PROMPT_LENGTH] | None = None,
        style: str | None = None,
        aspect_ratio: str | None = None,
        num_images_per_prompt: int | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        loras: str | None = None,
        scheduler: str | None = None,
        refiner: Literal["on", "off"] | None = None,
        denoising_end: Range[float, 0.01, 0.99] | None = None,
        advanced: str | None = None,
    ) -> None:
        """Keep these settings, or those of a job of yours, under a name."""
        said = {
            "prompt": prompt,
            "negative_prompt": negative_prompt,
            "style": style,
            "aspect_ratio": aspect_ratio,
            "num_images_per_prompt": num_images_per_prompt,
            "num_inference_steps": num_inference_steps,
            "guidance_scale": guidance_scale,
            "loras": loras,
            "scheduler": scheduler,
            "refiner": refiner,
            "denoising_end": denoising_end,
            "advanced": advanced,
        }
        asked = await asyncio.to_thread(read_options, said, self._generation.prompts, self._generation.model)
        work = self._save(person_of(interaction), name, asked.changes, job)
        preset, remarks = await promised(interaction, work, private=True)
        await self._show(interaction, preset, *asked.remarks, *remarks, heading=presets.SAVED)

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction[Any]) -> None:
        """See your presets and this server's."""
        person = person_of(interaction)
        of_server = [] if person.guild is None else self._presets.of(person.guild)
        defaults = {each.id for owner in person.owners() if (each := self._presets.default_of(owner, person))}
        card = presets.list_card(self._presets.of(person.own), of_server, defaults, Speech(interaction.locale))
        await answer_privately(interaction, card)

    @app_commands.command()
    @app_commands.describe(preset="Its name")
    async def show(self, interaction: discord.Interaction[Any], preset: str) -> None:
        """See all that a preset says."""
        await self._show(interaction, self._found(interaction, preset))

    @app_commands.command()
    @app_commands.describe(preset="Its name")
    async def edit(self, interaction: discord.Interaction[Any], preset: str) -> None:
        """Change what a preset says; pictures that were made with it stay as they are."""
        await self._open_editor(interaction, self._found(interaction, preset))

    @app_commands.command()
    @app_commands.describe(preset="Its name", name="What it is to be called")
    async def rename(self, interaction: discord.Interaction[Any], preset: str, name: Range[str, 1, MAX_NAME]) -> None:
        """Call one of your presets otherwise."""
        person = person_of(interaction)
        found = self._presets.find(preset, [person.own])
        renamed = await promised(interaction, self._presets.rename(found, person, name), private=True)
        await reply(interaction, "{name} is called {new} now.", name=quoted(found.name), new=quoted(renamed.name))

    @app_commands.command()
    @app_commands.describe(preset="Its name, which may be one of the server's", name="What it is to be called")
    async def copy(
        self, interaction: discord.Interaction[Any], preset: str, name: Range[str, 1, MAX_NAME] | None = None
    ) -> None:
        """Make a preset of your own out of another one."""
        person, found = person_of(interaction), self._found(interaction, preset)
        if name is None:
            work = self._presets.save_as_free(person.own, found.name, found.values)
        else:
            work = self._presets.save(person.own, name, found.values)
        await self._show(interaction, await promised(interaction, work, private=True), heading=presets.SAVED)

    @app_commands.command()
    @app_commands.describe(preset="Its name")
    async def delete(self, interaction: discord.Interaction[Any], preset: str) -> None:
        """Delete one of your presets, with its codes."""
        person = person_of(interaction)
        found = self._presets.find(preset, [person.own])
        await promised(interaction, self._presets.delete(found, person), private=True)
        await reply(interaction, "Preset {name} is deleted.", name=quoted(found.name))

    @app_commands.command()
    @app_commands.describe(preset="Its name; none unless you say")
    async def default(self, interaction: discord.Interaction[Any], preset: str | None = None) -> None:
        """Choose the preset that is used where you name none."""
        person = person_of(interaction)
        found = None if preset is None else self._found(interaction, preset)
        await promised(interaction, self._presets.set_default(person.own, found), private=True)
        if found is None:
            await reply(interaction, "No preset is used unless you name one.")
        else:
            await reply(interaction, "{name} is used where you name no preset.", name=quoted(found.name))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Something was done in Discord; a form of a preset that was sent is for here."""
        if not is_answer_to(interaction, preset_forms.PREFIX):
            return
        kind, *about = str(interaction.custom_id).removeprefix(preset_forms.PREFIX).split(":")
        inputs = typed_inputs(interaction)
        try:
            if kind == "new":
                await self._save_form(interaction, inputs)
            elif kind == "edit":
                await self._edit_form(interaction, *_version_of(about), inputs)
            else:
                await self._draw_form(interaction, kind, ":".join(about), inputs.get(preset_forms.PROMPT, ""))
        except PresetChanged as error:
            # Sent once more, it replaces the version that they have been told of.
            newest = preset_forms.edit_id(self._presets.get(about[0], person_of(interaction)))
            await refuse_typed(interaction, error, self._unsent, Unsent(newest, inputs))
        except Exception as error:  # noqa: BLE001 - the one handler tells what is whose fault
            await refuse_typed(interaction, error, self._unsent)

    @commands.Cog.listener()
    async def on_preset_button(self, interaction: discord.Interaction[Any], action: str, key: str) -> None:
        """A `PresetButton` was pressed."""
        try:
            if action == presets.USE_CODE:
                await self._use_shared(interaction, key)
            elif action == presets.COPY_CODE:
                await self._copy_shared(interaction, key)
            else:
                preset = self._presets.get(key, person_of(interaction))
                open_form = self._open_editor if action == presets.EDIT else self._ask_for_words
                await open_form(interaction, preset)
        except Exception as error:  # noqa: BLE001 - the one handler tells what is whose fault
            await answer_error(interaction, error)

    async def _save(
        self, person: Person, name: str, said: dict[str, Any], job_id: int | None
    ) -> tuple[Preset, list[Sentence]]:
        values, remarks = read_preset(said, self._generation.prompts.flags, self._generation.model)
        if job_id is not None or not values:
            values = await self._presets.look_of_job(person, job_id) | values
        return await self._presets.save(person.own, name, values), remarks

    async def _save_form(self, interaction: discord.Interaction[Any], inputs: dict[str, str]) -> None:
        values, remarks = read_fields(inputs, self._generation.prompts.flags, self._generation.model)
        person, name = person_of(interaction), inputs.get(preset_forms.NAME, "")
        preset = await promised(interaction, self._presets.save(person.own, name, values), private=True)
        await self._show(interaction, preset, *remarks, heading=presets.SAVED)

    async def _edit_form(
        self, interaction: discord.Interaction[Any], preset_id: int, version: int, inputs: dict[str, str]
    ) -> None:
        person = person_of(interaction)
        preset = self._presets.get(preset_id, person)
        values, remarks = read_fields(inputs, self._generation.prompts.flags, self._generation.model)
        work = self._presets.edit(preset, version, person, values)
        await self._show(
            interaction, await promised(interaction, work, private=True), *remarks, heading=presets.CHANGED
        )

    async def _open_editor(self, interaction: discord.Interaction[Any], preset: Preset) -> None:
        check_may_change(preset, person_of(interaction))
        inputs, speech = preset_forms.fields_of(preset.values), Speech(interaction.locale)
        modal = preset_forms.preset_modal(preset_forms.edit_id(preset), inputs, speech)
        await interaction.response.send_modal(modal)

    @save.autocomplete("style")
    async def _styles(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return complete_style(typed, self._generation.prompts.styles, Speech(interaction.locale))

    @save.autocomplete("scheduler")
    async def _schedulers(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return complete_scheduler(typed)

    @show.autocomplete("preset")
    @edit.autocomplete("preset")
    @copy.autocomplete("preset")
    @default.autocomplete("preset")
    async def _seen(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return complete_preset(typed, self._presets, person_of(interaction), Speech(interaction.locale))

    @rename.autocomplete("preset")
    @delete.autocomplete("preset")
    async def _own(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return complete_own(typed, self._presets, person_of(interaction), Speech(interaction.locale))


def _version_of(about: list[str]) -> tuple[int, int]:
    """The preset and its version that the id of a form names; what no form of ours names is no preset."""
    numbers = [int(each) for each in about if each.isdecimal() and len(each) < MAX_DIGITS]
    return (numbers[0], numbers[1]) if len(numbers) == len(about) == 2 else (0, 0)
