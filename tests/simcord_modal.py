"""A modal of the bot on the simulated Discord, as the person sees it who opened it."""

from __future__ import annotations

from typing import Any

import simcord
from simcord.components import walk_components

from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card

TEXT_INPUT = 4


class Form:
    """A modal that is open: what stands in its inputs can be changed, and then it is sent."""

    def __init__(self, server: SimulatedServer, result: simcord.InteractionResult, member: simcord.MemberActor) -> None:
        assert result.modal is not None, "no modal was opened"
        self._server = server
        self._result = result
        self._member = member
        self._spec: dict[str, Any] = result.modal
        self.values: dict[str, str] = {each["custom_id"]: each.get("value") or "" for each in self._inputs()}

    @classmethod
    async def opened_by(
        cls, server: SimulatedServer, card: Card, label: str, member: simcord.MemberActor | None = None
    ) -> Form:
        """The modal that this button of the card opens."""
        member = member or server.alice
        button = next(part for part in card.parts if part["type"] == 2 and part["label"] == label)
        return cls(server, await server.pressed(card, button["custom_id"], member), member)

    @property
    def custom_id(self) -> str:
        return str(self._spec["custom_id"])

    @property
    def title(self) -> str:
        return str(self._spec["title"])

    @property
    def labels(self) -> list[str]:
        """What stands above each input."""
        return [part["label"] for part in walk_components(self._spec["components"]) if part.get("label")]

    @property
    def hints(self) -> list[str]:
        """What stands below a label."""
        parts = walk_components(self._spec["components"])
        return [part["description"] for part in parts if part.get("description")]

    @property
    def settings(self) -> str:
        return self.values[self._settings_id]

    @settings.setter
    def settings(self, text: str) -> None:
        self.values[self._settings_id] = text

    def forge(self, custom_id: str) -> None:
        """Let it name something else when it is sent, as no client of Discord's would."""
        self._spec["custom_id"] = self._result._interaction.modal["custom_id"] = custom_id

    async def send(self) -> list[Card]:
        """Send it; returns what is answered."""
        result = await self._member.submit_modal(self._result, dict(self.values))
        assert result.acknowledged, "the modal was not answered"
        return self._server.answers(result)

    @property
    def _settings_id(self) -> str:
        return next(name for name in self.values if name.startswith("settings:"))

    def _inputs(self) -> list[dict[str, Any]]:
        return [part for part in walk_components(self._spec["components"]) if part["type"] == TEXT_INPUT]
