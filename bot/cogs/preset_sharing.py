"""Presets passed on: by a code on a card, as files, and two beside each other."""

from __future__ import annotations

import asyncio
import io
from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.cogs.preset_people import PresetCog, complete_own, complete_preset, person_of
from bot.cogs.promise import answer_privately, promised
from bot.errors import PresetRefused
from bot.presets import Owner, Preset
from bot.presets.files import MAX_BYTES, Imported, read_presets, too_large, write_presets
from bot.presets.styles_csv import write_styles_csv
from bot.sentences import Sentence
from bot.services.presets import Person
from bot.translation import Speech
from bot.ui.errors import reply
from bot.ui.presets import SAVED, diff_card, imported_card, share_card

JSON_FILE, CSV_FILE = "presets.json", "styles.csv"
NOT_FETCHED = "Discord does not hand out the file right now. Try again in a minute."
ONE_OF_TWO = "Give a code or a file, one of the two."
WHICH_OTHER = "Name a second preset, or the number of a job of yours, to compare it with."


class PresetSharing(PresetCog):
    """Presets on their way."""

    @app_commands.command()
    @app_commands.describe(
        preset="Its name",
        other="The preset to compare it with",
        job="One of your jobs to compare it with, by the number on its card",
    )
    async def diff(
        self,
        interaction: discord.Interaction[Any],
        preset: str,
        other: str | None = None,
        job: Range[int, 1] | None = None,
    ) -> None:
        """See in what two presets differ, or a preset and a job of yours."""
        one = self._found(interaction, preset)
        if (other is None) is (job is None):
            raise PresetRefused(WHICH_OTHER)
        if other is not None:
            second = self._found(interaction, other)
            values, name = second.values, second.name
        else:
            look = self._presets.look_of_job(person_of(interaction), job)
            values, name = await promised(interaction, look, private=True), f"#{job}"
        card = diff_card(one.values, values, (one.name, name), Speech(interaction.locale))
        await answer_privately(interaction, card)

    @app_commands.command()
    @app_commands.describe(preset="Its name", revoke="Take back every code that was given out for it instead")
    async def share(self, interaction: discord.Interaction[Any], preset: str, revoke: bool = False) -> None:
        """Show a preset to the channel, with buttons to use it and to save a copy."""
        person = person_of(interaction)
        found = self._found(interaction, preset)
        if revoke:
            count = await promised(interaction, self._presets.revoke(found, person), private=True)
            one, many = "{count} code stands for nothing any more.", "{count} codes stand for nothing any more."
            await reply(interaction, Sentence.counted(count, one, many))
            return
        code = await promised(interaction, self._presets.share(found, person))
        card = share_card(found, code, person.user_id, Speech(interaction.locale))
        if interaction.response.is_done():
            await interaction.followup.send(view=card)
        else:
            await interaction.response.send_message(view=card)

    @app_commands.command(name="import")
    @app_commands.describe(
        code="A code from a card, as in 7K2M-9QXA-4TZC",
        file="JSON that was exported here, a styles.csv of A1111, or a preset of Fooocus",
    )
    async def import_(
        self,
        interaction: discord.Interaction[Any],
        code: Range[str, 1, 100] | None = None,
        file: discord.Attachment | None = None,
    ) -> None:
        """Make presets of your own out of a code or a file."""
        person = person_of(interaction)
        if code is not None and file is None:
            copied = await promised(interaction, self._copy_of_code(code, person.own), private=True)
            await self._show(interaction, copied, heading=SAVED)
        elif file is not None and code is None:
            saved, notes = await promised(interaction, self._save_file(file, person), private=True)
            await answer_privately(interaction, imported_card(saved, notes, Speech(interaction.locale)))
        else:
            raise PresetRefused(ONE_OF_TWO)

    @app_commands.command()
    @app_commands.describe(preset="Its name; all of yours unless you say", format="JSON has everything")
    async def export(
        self,
        interaction: discord.Interaction[Any],
        preset: str | None = None,
        format: Literal["JSON", "styles.csv"] = "JSON",  # noqa: A002 - what members see is called so
    ) -> None:
        """Get presets as a file, to keep or to pass on."""
        person = person_of(interaction)
        found = self._presets.of(person.own) if preset is None else [self._found(interaction, preset)]
        if not found:
            raise PresetRefused("You have no presets yet. `/preset save` makes one.")
        is_json = format == "JSON"
        content = write_presets(found) if is_json else write_styles_csv(found)
        attached = discord.File(io.BytesIO(content), JSON_FILE if is_json else CSV_FILE)
        await interaction.response.send_message(file=attached, ephemeral=True)

    @diff.autocomplete("preset")
    @diff.autocomplete("other")
    @export.autocomplete("preset")
    async def _comparable(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return complete_preset(typed, self._presets, person_of(interaction), Speech(interaction.locale))

    @share.autocomplete("preset")
    async def _shareable(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return complete_own(typed, self._presets, person_of(interaction), Speech(interaction.locale))

    async def _copy_of_code(self, code: str, owner: Owner) -> Preset:
        shared = await self._presets.by_code(code)
        return await self._presets.save_as_free(owner, shared.name, shared.values)

    async def _save_file(self, file: discord.Attachment, person: Person) -> tuple[list[Preset], list[Sentence]]:
        if file.size > MAX_BYTES:
            raise too_large(file.size)
        try:
            content = await file.read()
        except (discord.HTTPException, discord.NotFound) as error:
            raise PresetRefused(NOT_FETCHED) from error
        imported = await asyncio.to_thread(read_presets, content, file.filename)
        return await self._save_all(imported, person)

    async def _save_all(self, imported: list[Imported], person: Person) -> tuple[list[Preset], list[Sentence]]:
        """As many as there is room for; why the rest is not kept is the last of what is noted."""
        saved, notes = [], [remark for each in imported for remark in each.remarks]
        for each in imported:
            try:
                saved.append(await self._presets.save_as_free(person.own, each.name, each.values))
            except PresetRefused as error:
                if not saved:
                    raise
                notes.append(Sentence.of("{name} and what follows: {reason}", name=each.name, reason=error.sentence))
                break
        return saved, notes
