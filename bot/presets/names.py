"""Names of presets: what may be one, and which two look alike."""

from __future__ import annotations

import unicodedata

from bot.errors import PresetRefused
from bot.parameters import quoted

MAX_NAME = 32
#: A preset without a name of its own, as some files have them.
NAMELESS = "preset"
#: Beside letters, digits, marks and symbols such as emoji.
PUNCTUATION = " -'’.,+&!?()=%"
#: Letters and marks that nobody sees: Hangul's fillers, Braille's blank, the joiner of graphemes, Khmer's own vowels.
INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
#: What steers the look of the character before it.
VARIATION_SELECTORS = frozenset([*map(chr, range(0xFE00, 0xFE10)), *map(chr, range(0x180B, 0x1810))])
#: Marks that may stand on one letter; more are a tower that covers the lines around it.
MOST_MARKS = 3

#: Small letters that look like those of the Latin alphabet, and digits that look like letters: the common part of what
#: Unicode lists as confusable. “i” is there for its capital.
_ALIKE = (
    ("аеорсухіјѕһԛԝвкмнтзьбгп", "aeopcyxljshqwbkmht3b6rn"),
    ("αβγεηικνορτυχωϲϳ", "abyenlkvoptuxwcj"),
    ("օսոհցզքɑɡɩʏⅼℓ", "ounhgqfagly" + "ll"),
    ("01|i’–—", "olll'--"),
)
_LOOKS_LIKE = {ord(one): other for ones, others in _ALIKE for one, other in zip(ones, others, strict=True)}


def read_name(text: str) -> str:
    """The name as it is kept: composed (NFC), without spaces around it and with single ones in it.

    Raises `PresetRefused` for what could not be written or told from another, with what would be right.
    """
    name = " ".join(part for part in unicodedata.normalize("NFC", text).split(" ") if part)
    if not name:
        raise PresetRefused("A preset needs a name of 1 to {most} characters.", most=MAX_NAME)
    if len(name) > MAX_NAME:
        raise PresetRefused(
            "The name has {length} characters; a preset's has at most {most}. Shorten it.",
            length=len(name),
            most=MAX_NAME,
        )
    wrong = next((character for character in name if not _is_allowed(character)), None)
    if wrong is not None:
        raise PresetRefused(
            "A preset's name cannot have {character} in it: letters, digits, spaces, emoji and {allowed} are allowed.",
            character=_shown(wrong),
            allowed=" ".join(PUNCTUATION.strip()),
        )
    if name.startswith(".") or ".." in name or _has_tower(name):
        raise PresetRefused("{name} cannot be a preset's name. Write it in plain words.", name=quoted(name))
    if not any(unicodedata.category(character) == "So" or character.isalnum() for character in name):
        raise PresetRefused("A preset's name needs a letter or a digit; {name} has none.", name=quoted(name))
    return name


def tidy_name(text: str) -> str:
    """The nearest to `text` that may be a name; other programs allow more."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(character if _is_allowed(character) else " " for character in composed)
    for name in (" ".join(kept.split()).replace("..", ".").lstrip(". ")[:MAX_NAME].strip(), NAMELESS):
        try:
            return read_name(name)
        except PresetRefused:
            continue
    return NAMELESS


def numbered(name: str, number: int) -> str:
    """The name with a number behind it, for a second one; no longer than a name may be."""
    behind = f" {number}"
    return name[: MAX_NAME - len(behind)].rstrip() + behind


def folded(name: str) -> str:
    """A name as it is compared: however it is capitalised and composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def skeleton(name: str) -> str:
    """What two names have in common that look the same, such as those with a Latin and with a Cyrillic “a”."""
    letters = unicodedata.normalize("NFKD", name.casefold()).translate(_LOOKS_LIKE)
    return unicodedata.normalize("NFC", letters.replace("rn", "m").replace("vv", "w"))


def _is_allowed(character: str) -> bool:
    if character in PUNCTUATION:
        return True
    if character in INVISIBLE or character in VARIATION_SELECTORS:
        return False
    # Sm, Sc and Sk are signs such as |, ` and ^ that Discord or a path may read.
    return unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No", "So")


def _has_tower(name: str) -> bool:
    marks = 0
    for character in unicodedata.normalize("NFD", name):
        marks = marks + 1 if unicodedata.category(character) == "Mn" else 0
        if marks > MOST_MARKS:
            return True
    return False


def _shown(character: str) -> str:
    """The character, or its name where there is nothing to see."""
    if character.isprintable() and unicodedata.category(character)[0] not in "MZ" and character not in INVISIBLE:
        return quoted(character)
    return unicodedata.name(character, f"U+{ord(character):04X}")
