"""Sentences for people, kept apart from the values in them, so that they can be said in another language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Sentence:
    """English with `{names}`, and what stands for them. `str()` is the English."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, template: str, **values: Any) -> Self:
        """The sentence with these values."""
        return cls(template, values)

    def __str__(self) -> str:
        return self.said_as(self.template)

    def said_as(self, template: str) -> str:
        """The same in the words of `template`, the translation of this one's."""
        return template.format(**self.values) if self.values else template

    def to_json(self) -> list[Any]:
        """As plain data for a database; values become text."""
        plain = {
            name: value if isinstance(value, int | float | str) else str(value) for name, value in self.values.items()
        }
        return [self.template, plain]

    @classmethod
    def from_json(cls, data: list[Any]) -> Self:
        """What `to_json` gave."""
        template, values = data
        return cls(template, values)
