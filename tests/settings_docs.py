"""What README.md and .env.example say about the settings, made from the settings: `python -m tests.settings_docs`."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.settings import Settings

ROOT = Path(__file__).parents[1]
README, ENV_EXAMPLE = ROOT / "README.md", ROOT / ".env.example"
BEGIN, END = "<!-- settings -->", "<!-- /settings -->"
HEADING = "# Copy this file to .env and write your bot's token into it. What else you change loses its #."
#: What every copy says; anything else stays unsaid until somebody means it.
SAID = ("discord_token",)


def default_of(name: str) -> str:
    """What the variable would have to be set to for the default."""
    value: Any = getattr(Settings(_env_file=None), name)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}={number}" for key, number in value.items())
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def env_example() -> str:
    """The whole of .env.example."""
    blocks = [HEADING]
    for name, field in Settings.model_fields.items():
        comment = textwrap.fill(str(field.description), 110, initial_indent="# ", subsequent_indent="# ")
        blocks.append(f"{comment}\n{'' if name in SAID else '#'}{name.upper()}={default_of(name)}")
    return "\n\n".join(blocks) + "\n"


def table() -> str:
    """The table of the README, between its two marks."""
    rows = ["| variable | default | what it is |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = default_of(name)
        rows.append(f"| `{name.upper()}` | {f'`{default}`' if default else ''} | {field.description} |")
    return "\n".join([BEGIN, *rows, END])


def with_table(readme: str) -> str:
    """The README with the table as it should be."""
    before, _, rest = readme.partition(BEGIN)
    return before + table() + rest.partition(END)[2]


if __name__ == "__main__":
    ENV_EXAMPLE.write_text(env_example(), encoding="utf-8")
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
