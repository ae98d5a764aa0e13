"""Wildcards: `__name__` stands for a line of `name.txt` in the owner's folder."""

from __future__ import annotations

import fnmatch
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from bot.errors import InvalidParameters
from bot.nearest import nearest
from bot.parameters import CONTROL_CHARACTERS, quoted

log = logging.getLogger(__name__)

SUFFIX = ".txt"
#: More than anybody keeps by hand; a folder that was named by mistake is not read to its end.
MAX_FILES = 10_000
#: As many names as a refusal lists where none is near.
MOST_LISTED = 10
MAX_BYTES = 4 * 2**20


class Wildcards:
    """The files as they are now. For one prompt: what was read once is not read again.

    Names are looked up among the files that are there, so no name leads out of the folder.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._files: dict[str, Path] | None = None
        self._lines: dict[str, tuple[str, ...]] = {}

    @property
    def names(self) -> list[str]:
        """All names, in order."""
        return sorted(self._listing())

    def check(self, name: str) -> None:
        """Raises `InvalidParameters` with the nearest names when there is no such file."""
        self._matching(name)

    def lines(self, name: str) -> tuple[str, ...]:
        """The choices in that file, or in all files that a name with `*` means. Raises `InvalidParameters`."""
        if name not in self._lines:
            lines = tuple(line for file in self._matching(name) for line in _read(self._listing()[file], name))
            if not lines:
                raise InvalidParameters("The wildcard {name} has no choices in it.", name=shown(name))
            self._lines[name] = lines
        return self._lines[name]

    def _matching(self, name: str) -> list[str]:
        key = _folded(name)
        if key in self._listing():
            return [key]
        found = fnmatch.filter(self.names, key) if "*" in key else []
        if found:
            return found
        if not self._listing():
            raise InvalidParameters(
                "There is no wildcard {name}, as this bot has none. Its owner can add text files, a choice a line.",
                name=shown(name),
            )
        near = nearest(key, self.names)
        if not near:
            few = self.names[:MOST_LISTED]
            listed = ", ".join([*map(shown, few), *("…" for _ in self.names[MOST_LISTED : MOST_LISTED + 1])])
            raise InvalidParameters("There is no wildcard {name}. There are: {known}.", name=shown(name), known=listed)
        raise InvalidParameters(
            "There is no wildcard {name}. Nearest: {nearest}.", name=shown(name), nearest=", ".join(map(shown, near))
        )

    def _listing(self) -> dict[str, Path]:
        if self._files is None:
            self._files = {} if self._folder is None else dict(_walk(self._folder))
        return self._files


def shown(name: str) -> str:
    """A wildcard as people type it."""
    return f"__{quoted(name).strip('“”')}__"


def _folded(name: str) -> str:
    return name.casefold().replace("_", "-").replace(" ", "-").removesuffix(SUFFIX)


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Names and files below `folder`; links to other folders are not followed, nor files that lie elsewhere."""
    home, count = folder.resolve(), 0
    for parent, folders, files in os.walk(home):
        folders.sort()
        for file in sorted(files):
            path = Path(parent, file)
            if path.suffix.casefold() == SUFFIX and path.resolve().is_relative_to(home):
                yield _folded(path.relative_to(home).with_suffix("").as_posix()), path
                count += 1
            if count >= MAX_FILES:
                log.warning("more than %s wildcard files: the others are not read", MAX_FILES)
                return


def _read(file: Path, name: str) -> Iterator[str]:
    try:
        with file.open("rb") as opened:
            text = opened.read(MAX_BYTES).decode("utf-8-sig", "replace")
    except OSError:
        log.exception("wildcard %s", file)
        raise InvalidParameters(
            "The wildcard {name} cannot be read. The owner of this bot finds the reason in its log.", name=shown(name)
        ) from None
    for line in text.splitlines():
        choice = CONTROL_CHARACTERS.sub(" ", line).strip()
        if choice and not choice.startswith("#"):
            yield choice
