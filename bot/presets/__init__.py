"""Presets: named, partial parameters of a member or of a server, and how they are laid over each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.sentences import Sentence


class OwnerKind(StrEnum):
    """What has presets."""

    USER = "user"
    GUILD = "guild"


@dataclass(frozen=True, slots=True)
class Owner:
    """A member, or a server."""

    kind: OwnerKind
    id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """One version of a preset. `values` are partial parameters by the names of `Parameters` (`bot.presets.partial`).

    `locked` are the fields that stay as they are here whatever else is asked for; only a server's presets have any.
    `uses` is how many pictures were asked for with it, in all versions.
    """

    id: int
    owner: Owner
    name: str
    version: int
    values: Mapping[str, Any]
    locked: frozenset[str] = field(default=frozenset())
    uses: int = 0

    @property
    def source(self) -> Sentence:
        """What the parameters that come from it are said to come from."""
        if self.version == 1:
            return Sentence.of("preset {name}", name=self.name)
        return Sentence.of("preset {name}, version {version}", name=self.name, version=self.version)
