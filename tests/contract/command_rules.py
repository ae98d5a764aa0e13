"""Rules for application commands that Discord documents and its API description misses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

CHAT_INPUT = 1
SUBCOMMAND, SUBCOMMAND_GROUP = 1, 2
MOST_COMMANDS = {CHAT_INPUT: 100, 2: 15, 3: 15}
MOST_CHARACTERS = 8000

Option = Mapping[str, Any]


def command_errors(commands: list[Option]) -> Iterator[str]:
    """What Discord would refuse in a bulk overwrite of commands."""
    for kind, number in Counter(command.get("type") or CHAT_INPUT for command in commands).items():
        if number > MOST_COMMANDS.get(kind, number):
            yield f"{number} commands of type {kind}, where {MOST_COMMANDS[kind]} are the most"
    names = Counter((command.get("type") or CHAT_INPUT, command["name"]) for command in commands)
    for (_, name), number in names.items():
        if number > 1:
            yield f"{number} commands have the name {name!r}"
    for command in commands:
        for error in _one_command(command):
            yield f"command {command['name']!r}: {error}"


def _one_command(command: Option) -> Iterator[str]:
    if (command.get("type") or CHAT_INPUT) != CHAT_INPUT:
        if command.get("description") or command.get("options"):
            yield "a menu command has neither description nor options"
        return
    if not command.get("description"):
        yield "the description is missing"
    length = characters(command)
    if length > MOST_CHARACTERS:
        yield f"{length} characters in all, where {MOST_CHARACTERS} are the most"
    yield from _named(command)
    yield from _options(command)


def _named(command: Option) -> Iterator[str]:
    for name in (command["name"], *(command.get("name_localizations") or {}).values()):
        if not all(char.isalnum() or char in "-_'" for char in name):
            yield f"the name {name!r} has characters other than letters, digits, - and _"
        if name != name.lower():
            yield f"the name {name!r} is not in lower case"


def _options(parent: Option) -> Iterator[str]:
    options: list[Option] = parent.get("options") or []
    names = Counter(option["name"] for option in options)
    for name, number in names.items():
        if number > 1:
            yield f"{number} options have the name {name!r}"
    if len({option["type"] in (SUBCOMMAND, SUBCOMMAND_GROUP) for option in options}) > 1:
        yield "subcommands stand beside other options"
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        yield "a required option follows an optional one"
    for option in options:
        yield from _named(option)
        for error in _limits(option):
            yield f"option {option['name']!r}: {error}"
        yield from _options(option)


def _limits(option: Option) -> Iterator[str]:
    choices = option.get("choices") or []
    if option.get("autocomplete") and choices:
        yield "autocomplete and choices exclude each other"
    for key in ("name", "value"):
        if len({choice[key] for choice in choices}) < len(choices):
            yield f"two choices have the same {key}"
    for low, high in (("min_value", "max_value"), ("min_length", "max_length")):
        if None not in (option.get(low), option.get(high)) and option[low] > option[high]:
            yield f"{low} is above {high}"


def characters(part: Option) -> int:
    """Names, descriptions and values, each by its longest translation, as Discord counts them."""
    own = sum(
        max(len(text) for text in (part.get(key) or "", *(part.get(f"{key}_localizations") or {}).values()))
        for key in ("name", "description")
    )
    value = part.get("value")
    inner = (*(part.get("options") or ()), *(part.get("choices") or ()))
    return own + (len(value) if isinstance(value, str) else 0) + sum(map(characters, inner))
