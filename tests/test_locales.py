"""The bot in other languages: all of it is translated, and people are answered in their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from discord import Locale

from bot.cogs.completion import complete_style
from bot.comparison.axes import AXES
from bot.executors import ExecutorState
from bot.jobs import JobStatus
from bot.parameters import Parameters
from bot.prompts.flag_table import FLAGS
from bot.prompts.styles import load_styles
from bot.sentences import Sentence
from bot.translation import SPOKEN_AS, Catalogue, Speech, catalogue, languages
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer, server
from tests.translatable import FIELD, Source

__all__ = ["server"]

LANGUAGES = languages()
#: An option that is also a flag, a line in Edit, an axis of a sheet or a word on cards has one name for everybody.
SHARED_NAMES = {str(field.title) for field in Parameters.model_fields.values()}
SHARED_NAMES |= {name.replace("-", "_") for flag in FLAGS for name in flag.names}
SHARED_NAMES |= {name for axis in AXES for name in axis.names}
BOLD = re.compile(r"\*\*(.+?)\*\*")
COMMAND = re.compile(r"(?<![\w/])/([a-z]+)\b")

Part = dict[str, Any]


@pytest.fixture(scope="module")
def source() -> Source:
    return Source()


@pytest.fixture(scope="module")
def templates(source: Source) -> dict[str, str]:
    return source.templates()


def fields(template: str) -> set[str]:
    """The places for values, with how they are written."""
    return {match[0] for match in FIELD.finditer(template)}


def parts(commands: list[Part]) -> Iterator[Part]:
    """Commands, and their options and choices."""
    for part in commands:
        yield part
        yield from parts([*(part.get("options") or ()), *(part.get("choices") or ())])


def wanted(commands: list[Part]) -> tuple[set[str], set[str]]:
    """The names and the other texts that Discord shows in its list of commands, as far as they are translated."""
    names = {part["name"] for part in parts(commands) if "type" in part and part["name"] not in SHARED_NAMES}
    choices = {part["name"] for part in parts(commands) if "value" in part and not is_a_name(part)}
    return names, choices | {part["description"] for part in parts(commands) if part.get("description")}


def is_a_name(choice: Part) -> bool:
    """Whether a choice is no more than its value."""
    return bool(choice["name"] == choice["value"])


def commands_of(server: SimulatedServer) -> list[Part]:
    """The commands as Discord knows them."""
    return [dict(command) for command in server.env.backend.commands[None].values()]


def test_catalogues_are_named_by_discords_codes() -> None:
    assert {Locale(code).value for code in (*LANGUAGES, *SPOKEN_AS)} >= {"de", "es-ES", "es-419", "fr", "ja", "pt-BR"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated_and_no_translation_is_of_nothing(
    language: str, templates: dict[str, str]
) -> None:
    known = catalogue(language).sentences
    missing = {template: place for template, place in templates.items() if not known.get(template)}
    assert (missing, known.keys() - templates.keys()) == ({}, set())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_values_of_its_sentence(language: str) -> None:
    differing = [
        (template, translation)
        for template, translation in catalogue(language).sentences.items()
        if fields(template) != fields(translation)
    ]
    assert differing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_in_sentences_have_the_names_that_people_see(language: str) -> None:
    known = catalogue(language)
    for template, translation in known.sentences.items():
        for name in COMMAND.findall(template):
            assert f"/{known.names[name]}" in translation, translation


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_in_sentences_have_the_labels_that_people_see(language: str) -> None:
    known = catalogue(language)
    labels = {**known.sentences, **known.names}
    for template, translation in known.sentences.items():
        for label in BOLD.findall(template):
            assert f"**{labels.get(label, label)}**" in translation or label not in labels, translation


def test_imagine_is_imagine_everywhere_as_people_pass_the_command_on() -> None:
    assert {catalogue(language).names["imagine"] for language in LANGUAGES} == {"imagine"}


async def test_all_that_discord_shows_of_commands_is_translated(server: SimulatedServer) -> None:
    names, descriptions = wanted(commands_of(server))
    for language in LANGUAGES:
        known = catalogue(language)
        assert (set(known.names), set(known.descriptions)) == (names, descriptions), language


async def test_discord_knows_the_translations_and_they_keep_its_limits(server: SimulatedServer) -> None:
    names, descriptions = wanted(commands_of(server))
    spoken = {*LANGUAGES, *SPOKEN_AS}
    for part in parts(commands_of(server)):
        called, described = (part.get(f"{key}_localizations") or {} for key in ("name", "description"))
        is_choice = "value" in part
        assert called.keys() == (spoken if part["name"] in (descriptions if is_choice else names) else set()), part
        assert described.keys() == (spoken if part.get("description") else set()), part
        assert all(1 <= len(name) <= (100 if is_choice else 32) for name in called.values()), called
        assert all(1 <= len(text) <= 100 for text in described.values()), described


async def test_translations_of_one_command_never_have_the_same_name(server: SimulatedServer) -> None:
    for siblings in (commands_of(server), *(part.get("options") or [] for part in parts(commands_of(server)))):
        for language in LANGUAGES:
            names = [
                (part["type"], (part.get("name_localizations") or {}).get(language, part["name"])) for part in siblings
            ]
            assert len(names) == len(set(names)), (language, names)


def test_nothing_is_said_without_knowing_to_whom(source: Source) -> None:
    assert list(source.unaddressed()) == []


def test_no_words_go_past_the_translator(source: Source) -> None:
    assert list(source.bypassing()) == []


def test_an_unknown_language_is_spoken_to_in_english() -> None:
    assert catalogue("tlh") == catalogue(None) == Catalogue()
    assert Speech("sv-SE").say("There is no job #{job}.", job=7) == "There is no job #7."


def test_spanish_of_america_has_the_translations_of_spain() -> None:
    assert catalogue("es-419") is not Catalogue()
    assert Speech("es-419").say("There is no job #{job}.", job=7) == "No hay ningún trabajo #7."


def test_sentences_within_sentences_are_translated_too() -> None:
    jobs = Sentence.counted(2, "{count} job is waiting", "{count} jobs are waiting")
    full = Sentence.of("The queue is full: {waiting}. Try again when some are done.", waiting=jobs)
    assert str(full) == "The queue is full: 2 jobs are waiting. Try again when some are done."
    assert Speech("de").say(full).startswith("Die Warteschlange ist voll: 2 Aufträge warten.")
    assert Speech("de").say(Sentence.from_json(full.to_json())) == Speech("de").say(full)


def test_styles_are_found_by_their_translated_descriptions() -> None:
    styles = load_styles()
    assert styles.suggest("aquarell") == []
    [found] = complete_style("aquarell", styles, Speech("de"))
    assert (found.name, found.value) == (
        "watercolour · Aquarell: durchsichtige Lasuren, die in raues Papier laufen",
        "watercolour",
    )


async def test_a_german_is_refused_in_german(server: SimulatedServer) -> None:
    answer = await server.unchecked("imagine", locale="de", prompt="a fox", seed=-1)
    assert answer.text == "seed muss eine ganze Zahl von 0 bis 4294967295 sein, nicht -1."
    assert answer.is_private


async def test_why_nothing_can_be_drawn_is_said_in_german_too(server: SimulatedServer) -> None:
    server.expects_trouble = True
    server.executor.become(ExecutorState.UNAVAILABLE, "/srv/model is broken.")
    refusal = (await server.unchecked("imagine", locale="de", prompt="a fox")).text
    assert refusal.startswith("Das Modell lässt sich gerade nicht laden; den Grund sieht der Betreiber")
    assert "as Modell lässt sich gerade nicht laden" in (await server.unchecked("queue", locale="de")).text


async def test_a_german_gets_a_german_card_from_the_line_to_the_picture(server: SimulatedServer) -> None:
    card = await server.unchecked("imagine", locale="de", prompt="a red fox", steps=151, seed=7)
    await server.run()
    assert "steps 151 → 150: weiter geht es hier nicht" in card.text
    assert "Abbrechen" in card.buttons
    server.executor.finish(1, [PNG])
    await server.until_recorded(JobStatus.SUCCEEDED)
    assert "150 Schritte · Euler · Guidance 5" in card.text
    assert {"Nochmal", "Bearbeiten…"} <= set(card.buttons)


async def test_a_card_speaks_its_authors_language_also_when_the_job_fails_or_the_bot_is_started_anew(
    server: SimulatedServer,
) -> None:
    server.expects_trouble = True
    card = await server.unchecked("imagine", locale="fr", prompt="a red fox")
    await server.run()
    await server.stop()
    await server.start()
    await server.run()
    assert "Le bot a été redémarré" in card.text
    server.executor.fail(1, RuntimeError("nobody foresaw this"))
    job = await server.until_recorded(JobStatus.FAILED)
    assert str(job.error) == "The picture could not be made."
    await server.until(lambda: "L’image n’a pas pu être faite." in card.text)


async def test_help_in_japanese_is_japanese(server: SimulatedServer) -> None:
    answer = await server.unchecked("help", locale="ja")
    assert answer.text.startswith("**言葉から画像へ**\n`/imagine` は base を使って")


async def test_a_catalogue_that_changes_is_told_to_discord(
    server: SimulatedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.stop()
    told = len(server.requests("PUT", "/commands"))
    await server.start()
    assert len(server.requests("PUT", "/commands")) == told
    await server.stop()
    monkeypatch.setitem(cast("dict[str, str]", catalogue("de").names), "help", "handbuch")
    await server.start()
    assert len(server.requests("PUT", "/commands")) == told + 1
