"""Drawing the words: which alternatives and which lines of wildcards a seed takes.

Each choice is drawn from the seed and its own words alone: the same seed takes the same, whatever stands around it, on
any machine and any version of Python.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

from bot.errors import InvalidParameters
from bot.parameters import MAX_PROMPT_LENGTH
from bot.prompts.alternatives import Choice, Option, Part, Wildcard, parse, split_weight, wildcards_in
from bot.prompts.wildcards import Wildcards, shown

#: Files that name each other may multiply; nobody reads a prompt with more choices in it than this.
MAX_DRAWS = 500
#: How many files may lie between a prompt and a word.
MAX_FILES_DEEP = 8

_SPACES = re.compile(r"[ \t]{2,}")


def draw(text: str, seed: int, wildcards: Wildcards, place: str = "prompt") -> str:
    """`text` with its alternatives and wildcards drawn; as it is where it has none.

    `place` tells the same words in two texts apart. Raises `InvalidParameters` with what to change.
    """
    parts = parse(text)
    for name in sorted(wildcards_in(parts)):
        wildcards.check(name)
    if all(isinstance(part, str) for part in parts):
        return "".join(map(str, parts))
    return _SPACES.sub(" ", _Draw(seed, wildcards).text(parts, place, ())).strip()


class _Draw:
    def __init__(self, seed: int, wildcards: Wildcards) -> None:
        self._seed = seed
        self._wildcards = wildcards
        self._draws = 0
        self._length = 0

    def text(self, parts: Sequence[Part], place: str, inside: tuple[str, ...]) -> str:
        """The parts as one text; `inside` are the wildcards whose lines these are."""
        return "".join(self._part(part, place, inside) for part in parts)

    def _part(self, part: Part, place: str, inside: tuple[str, ...]) -> str:
        if isinstance(part, str):
            self._length += len(part)
            if self._length > 2 * MAX_PROMPT_LENGTH:
                raise self._too_much()
            return part
        self._draws += 1
        if self._draws > MAX_DRAWS:
            raise self._too_much()
        key = f"{place}/{part.key}"
        return self._wildcard(part, key, inside) if isinstance(part, Wildcard) else self._choice(part, key, inside)

    def _choice(self, choice: Choice, key: str, inside: tuple[str, ...]) -> str:
        most = len(choice.options)
        if most == 1 and len(parts := choice.options[0].parts) == 1 and isinstance(parts[0], Wildcard):
            # `{2$$__animals__}` takes two lines of the file.
            return self._wildcard(parts[0], key, inside, choice)
        return self._picked(choice, choice.options, key, inside)

    def _wildcard(self, wildcard: Wildcard, key: str, inside: tuple[str, ...], choice: Choice | None = None) -> str:
        if wildcard.name in inside:
            raise InvalidParameters(
                "The wildcard {name} leads back to itself. Its owner can mend that.", name=shown(wildcard.name)
            )
        if len(inside) >= MAX_FILES_DEEP:
            raise self._too_much()
        options = [Option(weight, (line,)) for weight, line in map(split_weight, self._wildcards.lines(wildcard.name))]
        return self._picked(choice or Choice((), key), options, key, (*inside, wildcard.name), in_file=True)

    def _picked(
        self, choice: Choice, options: Sequence[Option], key: str, inside: tuple[str, ...], in_file: bool = False
    ) -> str:
        high = len(options) if choice.high is None else min(choice.high, len(options))
        low = min(choice.low, high)
        count = low + int(self._share(key, "count") * (high - low + 1))
        texts = []
        for index in self._indices(options, count, key):
            option = options[index]
            if in_file:
                option = replace(option, parts=parse(str(option.parts[0])))
            texts.append(self.text(option.parts, f"{key}/{index}", inside))
        if len(texts) == 1:
            return texts[0]
        return choice.separator.join(text.strip() for text in texts if text.strip())

    def _indices(self, options: Sequence[Option], count: int, key: str) -> list[int]:
        """`count` different options by their weights; what weighs nothing comes last."""
        left = dict(enumerate(option.weight for option in options))
        taken = []
        for turn in range(count):
            if not any(left.values()):
                left = dict.fromkeys(left, 1.0)
            mark = self._share(key, str(turn)) * sum(left.values())
            # What rounding leaves over falls to the last.
            for index in [each for each in left if left[each]]:
                drawn, mark = index, mark - left[index]
                if mark < 0:
                    break
            taken.append(drawn)
            del left[drawn]
        return taken

    def _share(self, key: str, turn: str) -> float:
        """A number from 0 to below 1 that depends on the seed, the key and the turn."""
        source = f"{self._seed}\0{key}\0{turn}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hashlib.sha256(source).digest()[:6]) / 2**48

    def _too_much(self) -> InvalidParameters:
        return InvalidParameters("The alternatives and wildcards of this prompt draw too many words. Make them fewer.")
