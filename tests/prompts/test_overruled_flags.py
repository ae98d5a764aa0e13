"""What comes of a finished picture is shown as typed without the flags that do not count for it any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.parameters import Parameters
from tests.prompts.reading import make_reader, read
from tests.services.room import ALICE, opened

READER = make_reader()


def rid(parameters: Parameters, **changes: object) -> str | None:
    return READER.rid_of_flags(parameters.model_dump() | changes, parameters)["raw_prompt"]


@pytest.mark.parametrize(
    ("typed", "changes", "left"),
    [
        ("a fox --seed 11 --ar 16:9", {"seed": 12}, "a fox --ar 16:9"),
        ("a fox --seed 11", {"seed": 12}, None),
        ("a fox --draft, in snow", {"num_inference_steps": 30, "draft": False}, None),
        ("a fox --size 512x512 --steps 20", {"width": 1024, "height": 1024}, "a fox --steps 20"),
        ("a fox --steps 500", {"seed": 12}, "a fox --steps 500"),
        ("a {red|red --seed 11} fox", {"seed": 12}, "a {red|red --seed 11} fox"),
        ('a fox "--seed 11"', {"seed": 12}, None),
        ("a fox", {"seed": 12}, None),
    ],
)
def test_only_flags_that_are_overruled_go(typed: str, changes: dict[str, object], left: str | None) -> None:
    parameters, _ = read(typed, READER)
    assert rid(parameters, **changes) == left


def test_a_style_stays_typed_beside_it() -> None:
    parameters, _ = read("a fox --seed 11", READER, style=READER.styles.names[0])
    assert rid(parameters, seed=12) == "a fox"


async def test_again_has_a_seed_of_its_own_and_says_nothing_of_the_one_that_was_typed(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        first = await room.service.submit(
            user_id=ALICE, guild_id=1, channel_id=2, changes={"prompt": "a fox --seed 11 --steps 20"}
        )
        again = await room.service.again(first.id, user_id=ALICE, guild_id=1, channel_id=2)
    assert again.parameters.seed != 11
    assert again.parameters.raw_prompt == "a fox --steps 20"
    assert again.remarks == ()
