"""The Dockerfile, read: its instructions in order, and what they say."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: The options of HEALTHCHECK stand before its command.
COMMAND = " CMD "


def instructions(text: str) -> list[tuple[str, str]]:
    """Each instruction with what follows it, continuation lines joined and comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    words = [line.strip().split(None, 1) for line in joined.splitlines() if line.strip()]
    return [(name, " ".join(rest.split())) for name, rest in words]


def of_kind(kind: str) -> list[str]:
    """What follows every instruction of that name."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    return [rest for name, rest in instructions(text) if name == kind]


def entry_point() -> list[str]:
    """The command line of a container that is started without arguments."""
    return [*json.loads(of_kind("ENTRYPOINT")[-1]), *json.loads(of_kind("CMD")[-1])]


def healthcheck() -> str:
    """The shell command by which Docker asks whether the container is well."""
    return of_kind("HEALTHCHECK")[-1].partition(COMMAND)[2]
