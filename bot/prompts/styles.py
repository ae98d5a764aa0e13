"""Styles: words around a prompt, by name. Ours lie in `styles.json`; an owner's own are merged over them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import InvalidParameters, StartupFailed
from bot.nearest import nearest
from bot.parameters import UNLIKE_ANY, quoted

OURS = Path(__file__).with_name("styles.json")
#: Where the typed words go in a style's prompt.
SLOT = "{prompt}"
#: What means no style. Midjourney's --style raw asks for the same.
NO_STYLE = ("none", "off", "raw")
#: As many as Discord shows while somebody types, and as long as one may be.
MAX_SUGGESTIONS = 25
MAX_LABEL = 100
MAX_NAME = 50
#: How much alike a style and what was typed must be, of 1; a name of so few letters is like much.
LIKENESS = 0.6
SHORT = 4

Say = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Style:
    """A template around the typed words, and what else to keep away from."""

    name: str
    description: str
    prompt: str
    negative: str = ""

    def label(self, say: Say = str) -> str:
        """Name and description in one line for a menu."""
        label = f"{self.name} · {say(self.description)}" if self.description else self.name
        return label if len(label) <= MAX_LABEL else label[: MAX_LABEL - 1] + "…"

    def apply(self, prompt: str) -> str:
        """The prompt in this style."""
        return self.prompt.replace(SLOT, prompt)


class Styles:
    """The styles by name, however it is spaced or capitalised."""

    def __init__(self, styles: Iterable[Style]) -> None:
        self._styles = {folded(style.name): style for style in styles}

    def __len__(self) -> int:
        return len(self._styles)

    @property
    def names(self) -> list[str]:
        """All names, in order."""
        return [style.name for style in self._styles.values()]

    def find(self, name: str) -> Style | None:
        """The style that `name` means."""
        return self._styles.get(folded(name))

    def get(self, name: str) -> Style:
        """The style that `name` means. Raises `InvalidParameters` with the nearest names."""
        style = self.find(name)
        if style is not None:
            return style
        if not self._styles:
            raise InvalidParameters("style {value} is unknown: there are no styles here.", value=quoted(name))
        near = nearest(name, self.names)
        if not near:
            raise InvalidParameters(UNLIKE_ANY, title="style", value=quoted(name))
        raise InvalidParameters(
            "style {value} is unknown. Nearest: {nearest}.", value=quoted(name), nearest=", ".join(near)
        )

    def suggest(self, typed: str, say: Say = str) -> list[Style]:
        """At most 25 styles for what has been typed so far, the likeliest first; the first ones for nothing.

        `say` translates their descriptions, which are looked through too.
        """
        wanted = folded(typed)[:MAX_NAME]
        ranked = [
            (_distance(wanted, key, [*_words(style.name), *_words(say(style.description))]), style)
            for key, style in self._styles.items()
        ]
        near = [(distance, style) for distance, style in ranked if distance is not None]
        return [style for _, style in sorted(near, key=lambda pair: pair[0])][:MAX_SUGGESTIONS]


def load_styles(own: Path | None = None) -> Styles:
    """Our styles, with those of the owner's file over them, where there is one; null there takes one of ours away.

    Raises `StartupFailed` with what is wrong in the owner's file.
    """
    entries: dict[str, Any] = _read(OURS)
    if own is not None and own.exists():
        names = {folded(name): name for name in entries}
        for name, entry in _read(own).items():
            entries.pop(names.get(folded(name), name), None)
            entries[name] = entry
    return Styles(_style(name, entry, own or OURS) for name, entry in entries.items() if entry is not None)


def folded(name: str) -> str:
    """A name as it is compared."""
    return "".join(name.casefold().replace("-", " ").replace("_", " ").split())


def _words(text: str) -> list[str]:
    return text.casefold().replace("-", " ").split()


def _distance(wanted: str, key: str, words: list[str]) -> tuple[int, float] | None:
    """How far a style is from what was typed; None is too far."""
    if key.startswith(wanted):
        return 0, 0
    if any(folded(word).startswith(wanted) for word in words):
        return 1, 0
    if wanted in key:
        return 2, 0
    # More may be typed than the name has, as photographic for photo.
    likeness = max(_likeness(wanted, key), _likeness(wanted[: len(key)], key) if len(key) > SHORT else 0)
    return (3, 1 - likeness) if likeness >= LIKENESS else None


def _likeness(wanted: str, key: str) -> float:
    return difflib.SequenceMatcher(None, wanted, key).ratio()


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise StartupFailed("{file} cannot be read: {error}.", file=file, error=error) from error
    if not isinstance(content, Mapping):
        raise StartupFailed("{file} must hold an object: names of styles, and what belongs to each.", file=file)
    return dict(content)


def _style(name: str, entry: Any, file: Path) -> Style:
    known = {"description", "prompt", "negative"}
    if not isinstance(entry, Mapping) or not all(isinstance(text, str) for text in entry.values()):
        raise StartupFailed("{file}: {name} must hold texts: description, prompt, negative.", file=file, name=name)
    if unknown := entry.keys() - known:
        raise StartupFailed(
            "{file}: {name} has no {unknown}.", file=file, name=name, unknown=", ".join(sorted(unknown))
        )
    if not folded(name) or len(name) > MAX_NAME or folded(name) in NO_STYLE:
        raise StartupFailed("{file}: {name} cannot be the name of a style.", file=file, name=quoted(name))
    if SLOT not in entry.get("prompt", ""):
        raise StartupFailed("{file}: the prompt of {name} must have {slot} in it.", file=file, name=name, slot=SLOT)
    return Style(name, entry.get("description", ""), entry["prompt"], entry.get("negative", ""))
