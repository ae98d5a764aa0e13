"""Sentences for people, kept apart from the values in them, so that they can be said in another language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Sentence:
    """English with `{names}`, and what stands for them, other sentences too. `str()` is the English."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, template: str, /, **values: Any) -> Self:
        """The sentence with these values."""
        return cls(template, values)

    @classmethod
    def counted(cls, count: int, one: str, many: str, /, **values: Any) -> Self:
        """The sentence for one thing or for several, with `{count}` as a value."""
        return cls(one if count == 1 else many, {"count": count, **values})

    @classmethod
    def joined(cls, parts: Iterable[Self | str], separator: str = " ") -> Self:
        """Several, one after the other."""
        values = {f"part_{number}": part for number, part in enumerate(parts)}
        return cls(separator.join(f"{{{name}}}" for name in values), values)

    @classmethod
    def listed(cls, parts: Sequence[Self | str]) -> Self:
        """“a, b and c”."""
        if len(parts) < 2:
            return cls.joined(parts)
        return cls.of("{some} and {last}", some=cls.joined(parts[:-1], ", "), last=parts[-1])

    def __str__(self) -> str:
        return self.said_as(self.template)

    def said_as(self, template: str) -> str:
        """The same in the words of `template`, the translation of this one's."""
        return template.format(**self.values) if self.values else template

    def to_json(self) -> list[Any]:
        """As plain data for a database; values that are neither numbers nor sentences become text."""
        return [self.template, {name: _plain(value) for name, value in self.values.items()}]

    @classmethod
    def from_json(cls, data: list[Any]) -> Self:
        """What `to_json` gave."""
        template, values = data
        parts = {name: cls.from_json(value) if isinstance(value, list) else value for name, value in values.items()}
        return cls(template, parts)


def _plain(value: object) -> Any:
    if isinstance(value, Sentence):
        return value.to_json()
    return value if isinstance(value, int | float | str) else str(value)
