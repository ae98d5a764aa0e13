"""The catalogues as discord.py asks for them: names, descriptions and choices of commands."""

from __future__ import annotations

import asyncio

from discord import Locale
from discord.app_commands import TranslationContextLocation, TranslationContextTypes, Translator, locale_str

from bot.translation import catalogue, languages

NAMES = (
    TranslationContextLocation.command_name,
    TranslationContextLocation.group_name,
    TranslationContextLocation.parameter_name,
)


class CatalogueTranslator(Translator):
    """Translates what Discord shows in its list of commands."""

    async def load(self) -> None:
        """Read all catalogues, so that nobody's answer waits for a file."""
        await asyncio.to_thread(lambda: [catalogue(language) for language in languages()])

    async def translate(self, string: locale_str, locale: Locale, context: TranslationContextTypes) -> str | None:
        """The string in that language; None leaves it to the English."""
        known = catalogue(locale.value)
        return (known.names if context.location in NAMES else known.descriptions).get(string.message)
