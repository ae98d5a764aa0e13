"""Where flags stand in a prompt: `--ar 16:9`, `—ar 16:9` as phones correct it, `--ar=16:9`; in quotes it is text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from bot.nearest import nearest
from bot.prompts.flag_table import FLAGS, FOREIGN, Flag, Kind

#: Two hyphens, or what phones and word processors make of them.
_DASH = "[‒–—―−]"
_FLAG = re.compile(
    rf"(?<![^\s,])(?P<dashes>--|{_DASH}-?|{_DASH}{_DASH}|-{_DASH})(?P<name>[a-zA-Z][\w-]*)(?P<equals>[=:])?"
)
_QUOTES = {'"': '"', "“": "”", "„": "“", "'": "'", "‘": "’", "«": "»"}
_QUOTED = re.compile(r'(?<![^\s(\[,=:])(?:"(?=\S)[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»)')
_WORD = re.compile(r"\S+")
_FOREIGN_VALUE = re.compile(r"[\d.,]+|https?://\S+|random|on|off")
#: As people write lists, with a space behind each comma; what else the last word holds belongs to it.
_NUMBERS = re.compile(r"\d+(?:\s*,\s*\d+)+(?![^\s,;.])")
#: What ends a phrase and belongs to no value.
_STOPS = ",;."
#: The longest name of a scheduler or a style.
MAX_WORDS = 8

BY_NAME = {name: flag for flag in FLAGS for name in flag.names}


@dataclass(frozen=True, slots=True)
class Use:
    """One flag as it was typed. `flag` is None for a name that is not ours; `value` is None where nothing follows."""

    name: str
    flag: Flag | None
    value: str | None
    start: int
    end: int

    @property
    def typed(self) -> str:
        """The flag with the dashes that it should have."""
        return f"--{self.name}"


def find_flags(text: str, is_known: Callable[[Kind, str], bool]) -> list[Use]:
    """The flags in `text`, in order. `is_known` says of a kind of name whether these words are one."""
    matches = list(_matches(text))
    starts = [match.start() for match in matches]
    ends = [*starts, len(text)][1:]
    return [_use(text, match, end, is_known) for match, end in zip(matches, ends, strict=True)]


def without(text: str, uses: list[Use]) -> str:
    """`text` without its flags, and without the gaps where they stood."""
    kept, at = "", 0
    for use in uses:
        kept, at = _join(kept, text[at : use.start]), use.end
    return _join(kept, text[at:]).strip().removesuffix(",").rstrip() if uses else text


def nearest_flags(name: str) -> list[str]:
    """The flags that look like `name`, the likest first; none where none does."""
    flags: dict[str, str] = {}
    for each in nearest(name, BY_NAME):
        flags.setdefault(BY_NAME[each].field, f"--{each}")
    return list(flags.values())


def folded(name: str) -> str:
    """A flag's name as it is compared."""
    return name.casefold().replace("_", "-")


def _matches(text: str) -> Iterator[re.Match[str]]:
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    for match in _FLAG.finditer(text):
        known = folded(match["name"]) in BY_NAME or folded(match["name"]) in FOREIGN
        # A dash of typography may just be one, so there only a name that is known makes a flag.
        if (known or match["dashes"] == "--") and not any(start < match.start() < end for start, end in quoted):
            yield match


def _use(text: str, match: re.Match[str], end: int, is_known: Callable[[Kind, str], bool]) -> Use:
    name = folded(match["name"])
    flag = BY_NAME.get(name)
    if flag is None:
        foreign = FOREIGN.get(name)
        value = _WORD.search(text, match.end(), end) if foreign is not None and foreign.value else None
        takes = value is not None and _FOREIGN_VALUE.fullmatch(value[0].rstrip(_STOPS).casefold())
        return Use(name, None, None, match.start(), value.end() if value and takes else match.end())
    if flag.kind is Kind.SWITCH and not match["equals"]:
        # What follows goes on with the prompt: "a fox --draft on a table".
        return Use(name, flag, "on", match.start(), match.end())
    start, stop = _value(text, flag, match.end(), end, is_known)
    return Use(name, flag, _unquoted(text[start:stop]) or None, match.start(), stop)


def _value(text: str, flag: Flag, start: int, end: int, is_known: Callable[[Kind, str], bool]) -> tuple[int, int]:
    """Where the value of a flag starts and ends; both are the same where there is none."""
    first = _WORD.search(text, start, end)
    if first is None:
        return start, start
    closing = _QUOTES.get(first[0][0])
    if closing is not None and (closes := text.find(closing, first.start() + 1, end)) > 0:
        return first.start(), closes + 1
    if flag.kind is Kind.NUMBERS and (numbers := _NUMBERS.match(text, first.start(), end)):
        return numbers.span()
    if flag.kind is Kind.TEXT:
        line = text.find("\n", first.start(), end)
        return first.start(), end if line < 0 else line
    if flag.kind in (Kind.SCHEDULER, Kind.STYLE):
        return first.start(), _known_run(text, flag.kind, first, end, is_known)
    return first.start(), first.start() + len(first[0].rstrip(_STOPS))


def _known_run(text: str, kind: Kind, first: re.Match[str], end: int, is_known: Callable[[Kind, str], bool]) -> int:
    """Where the longest run of words ends that is a known name; where the first word ends if none is."""
    stop = first.start() + len(first[0].rstrip(_STOPS))
    for word in islice(_WORD.finditer(text, first.start(), end), MAX_WORDS):
        words = text[first.start() : word.end()].rstrip(_STOPS)
        if is_known(kind, words):
            stop = first.start() + len(words)
    return stop


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and _QUOTES.get(value[0]) == value[-1]:
        return value[1:-1].strip()
    return value.rstrip(_STOPS).strip()


def _join(left: str, right: str) -> str:
    left, right = left.rstrip(), right.lstrip()
    if not left or left.endswith(","):
        right = right.removeprefix(",").lstrip()
    return f"{left} {right}" if left and right and right[0] not in _STOPS else left + right
