"""Presets as files: our own JSON, A1111's `styles.csv`, Fooocus' JSON. What is wrong in one is said with its place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from bot.errors import PresetRefused, RequestRejected
from bot.parameters import quoted, title
from bot.presets import Preset
from bot.presets.fooocus import is_fooocus, read_fooocus
from bot.presets.names import read_name
from bot.presets.partial import BY_TITLE, checked, to_json
from bot.presets.styles_csv import is_styles_csv, read_styles_csv
from bot.sentences import Sentence

FORMAT = "imagine-bot presets"
#: Of the shape of our files; a bot reads its own and all before.
SCHEMA_VERSION = 1
MAX_BYTES = 64 * 1024
#: More than anybody may have are in no file that was exported here.
MAX_PRESETS = 100
UNREADABLE = (
    "The file is no preset. Send one that was exported here (JSON), a styles.csv of A1111, or a preset of Fooocus."
)
WRONG_SHAPE = "{place} must be {kind}, not {value}."
TEXT, OBJECT, LIST = Sentence("text"), Sentence("an object"), Sentence("a list")


@dataclass(frozen=True, slots=True)
class Imported:
    """A preset out of a file: what it is called there, what it says, and what could not be taken over."""

    name: str
    values: Mapping[str, Any]
    remarks: Sequence[Sentence] = field(default=())


def write_presets(presets: Sequence[Preset]) -> bytes:
    """Presets as our JSON, in UTF-8: fields by the names that people type, indented for those who edit it."""
    entries = [
        {"name": each.name, "parameters": {title(name): value for name, value in to_json(each.values).items()}}
        for each in presets
    ]
    document = {"format": FORMAT, "version": SCHEMA_VERSION, "presets": entries}
    return json.dumps(document, ensure_ascii=False, indent=2).encode()


def read_presets(content: bytes, filename: str) -> list[Imported]:
    """The presets in a file of any of the three kinds. Raises `PresetRefused` with the field that is wrong."""
    if len(content) > MAX_BYTES:
        raise too_large(len(content))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PresetRefused(UNREADABLE) from error
    is_csv = is_styles_csv(text)
    found = [Imported(*each) for each in read_styles_csv(text)] if is_csv else _read_json(text, filename)
    if not found:
        raise PresetRefused("The file holds no preset.")
    if len(found) > MAX_PRESETS:
        raise PresetRefused(
            "The file holds {count} presets, and at most {most} are read. Send fewer.",
            count=len(found),
            most=MAX_PRESETS,
        )
    return found


def too_large(size: int) -> PresetRefused:
    """That a file of so many bytes is not read."""
    return PresetRefused(
        "The file has {size} KB, and at most {most} KB are read. Send a smaller one.",
        size=f"{-(-size // 1024):,}",
        most=MAX_BYTES // 1024,
    )


def _read_json(text: str, filename: str) -> list[Imported]:
    try:
        document = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise PresetRefused(UNREADABLE) from error
    if not isinstance(document, dict):
        raise PresetRefused(UNREADABLE)
    if document.get("format") == FORMAT:
        return _read_ours(document)
    if is_fooocus(document):
        return [Imported(*read_fooocus(document, filename))]
    raise PresetRefused(UNREADABLE)


def _read_ours(document: Mapping[str, Any]) -> list[Imported]:
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        _refuse("version", Sentence.of("a whole number"), version)
    if version > SCHEMA_VERSION:
        raise PresetRefused(
            "The file is of a newer version of this bot ({version}; this one reads up to {most}). Export it there for "
            "this one, or ask the owner to update the bot.",
            version=version,
            most=SCHEMA_VERSION,
        )
    presets = document.get("presets")
    if not isinstance(presets, list):
        _refuse("presets", LIST, presets)
    return [_read_one(entry, f"presets[{place}]") for place, entry in enumerate(presets[: MAX_PRESETS + 1])]


def _read_one(entry: object, place: str) -> Imported:
    if not isinstance(entry, dict):
        _refuse(place, OBJECT, entry)
    name, parameters = entry.get("name"), entry.get("parameters")
    if not isinstance(name, str):
        _refuse(f"{place}.name", TEXT, name)
    if not isinstance(parameters, dict):
        _refuse(f"{place}.parameters", OBJECT, parameters)
    said: dict[str, Any] = {
        BY_TITLE.get(str(field_name), str(field_name)): value for field_name, value in parameters.items()
    }
    for field_name in ("prompt", "prompt_2", "negative_prompt", "negative_prompt_2", "scheduler", "style"):
        value = said.get(field_name)
        if value is not None and not isinstance(value, str):
            _refuse(f"{place}.parameters.{title(field_name)}", TEXT, value)
    try:
        values, remarks = checked(said)
        return Imported(read_name(name), values, remarks)
    except RequestRejected as error:
        raise PresetRefused("{place}: {reason}", place=place, reason=error.sentence) from error


def _refuse(place: str, kind: Sentence, value: object) -> NoReturn:
    raise PresetRefused(WRONG_SHAPE, place=place, kind=kind, value=quoted(value))


def _no_number(constant: str) -> NoReturn:
    raise ValueError(constant)
