"""The languages that the bot speaks: a catalogue of translations for each, and sentences said in them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from bot.sentences import Sentence

#: One TOML file a language, named by Discord's code for it.
FOLDER = Path(__file__).parent / "locales"
#: Languages that have no file of their own and speak as another one does.
SPOKEN_AS: Mapping[str, str] = {"es-419": "es-ES"}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What stands for the English: the names of commands, what else Discord's list of them says, all sentences."""

    names: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    sentences: Mapping[str, str] = field(default_factory=dict)


@cache
def languages() -> tuple[str, ...]:
    """Discord's codes of all languages with a catalogue; English needs none."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def catalogue(locale: str | None) -> Catalogue:
    """The catalogue of that language; an empty one where there is none, and what is said is English."""
    language = SPOKEN_AS.get(locale or "", locale)
    if language not in languages():
        return Catalogue()
    return Catalogue(**tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8")))


class Speech:
    """Speaks to one person, in the language of that locale (`None` is English)."""

    def __init__(self, locale: object = None) -> None:
        self._catalogue = catalogue(None if locale is None else str(locale))

    def say(self, sentence: Sentence | str, /, **values: Any) -> str:
        """The sentence, or the English template with these values, in this language."""
        if isinstance(sentence, str):
            sentence = Sentence(sentence, values)
        said = {
            name: self.say(value) if isinstance(value, Sentence) else value for name, value in sentence.values.items()
        }
        template = self._catalogue.sentences.get(sentence.template, sentence.template)
        return Sentence(sentence.template, said).said_as(template)


#: Who speaks where nobody's language is known.
ENGLISH = Speech()
