"""What people type is read beside the loop, however wrong it is, and not for long."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

import pytest

from bot.cogs.image_shape import in_shape
from bot.cogs.imagine_options import MAX_ADVANCED_LENGTH, read_options
from bot.nearest import nearest
from bot.prompts.flags import FlagReader
from bot.prompts.mistakes import MOST_MISTAKES
from bot.prompts.settings_text import read_settings
from bot.ui.edit_modal import read_modal
from tests.cogs.test_drafts import done
from tests.cogs.test_imagine_uploads import IMAGE
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card
from tests.simcord_modal import Form

READERS: tuple[Callable[..., Any], ...] = (
    nearest,
    read_options,
    read_modal,
    read_settings,
    in_shape,
    FlagReader.read,
)
#: Each is near a name that there is, and none is one.
WRONG = [f"stepps{number}" for number in range(300)]
LINES = "\n".join(f"{name}: 1" for name in WRONG)
FLAGS = " ".join(f"--{name} 1" for name in WRONG)[:1900]


@contextmanager
def watched() -> Iterator[list[str]]:
    """Which of the readers are called in this thread, which is the loop's."""
    codes: dict[CodeType, str] = {reader.__code__: reader.__qualname__ for reader in READERS}
    called: list[str] = []

    def look(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in codes:
            called.append(codes[frame.f_code])

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        yield called
    finally:
        sys.setprofile(before)


def is_told_of_the_first(answer: Card, name: str) -> None:
    assert answer.is_private
    assert answer.text.count("Nearest") == MOST_MISTAKES
    assert f"{name}4" in answer.text
    assert f"{name}5" not in answer.text
    assert "What comes after them was not looked at: " in answer.text


@pytest.mark.parametrize(
    "options",
    [
        {"prompt": f"a fox {FLAGS}"},
        {"prompt": "a fox", "advanced": "; ".join(f"{name}: 1" for name in WRONG)},
        {"prompt": "a fox", "advanced": FLAGS},
    ],
    ids=["flags", "advanced", "flags in advanced"],
)
async def test_hundreds_of_wrong_names_in_a_command_do_not_hold_up_the_loop(
    server: SimulatedServer, options: dict[str, str]
) -> None:
    with watched() as called:
        answer = await server.unchecked("imagine", **options)
    assert called == []
    is_told_of_the_first(answer, "stepps")


async def test_nor_do_they_with_an_image_whose_shape_may_count(server: SimulatedServer) -> None:
    with watched() as called:
        answer = await server.imagine(f"a fox {FLAGS}", image=IMAGE)
    assert called == []
    is_told_of_the_first(answer, "stepps")


async def test_nor_do_they_in_a_modal_nor_as_it_is_opened(server: SimulatedServer) -> None:
    card = await done(server, await server.imagine("a fox --steps 9", seed=7))
    with watched() as called:
        form = await Form.opened_by(server, card, "Edit…")
        form.settings = LINES[:4000]
        [answer] = await form.send()
    assert called == []
    is_told_of_the_first(answer, "stepps")


async def test_discord_takes_no_more_of_advanced_than_can_be_meant(server: SimulatedServer) -> None:
    command = server.env.backend.find_command("imagine", server.guild.id)
    assert command is not None
    option = next(each for each in command["options"] if each["name"] == "advanced")
    assert option["max_length"] == MAX_ADVANCED_LENGTH
