"""What is near a name that nobody knows, and what is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.nearest import MAX_KNOWN, MAX_LENGTH, nearest
from bot.prompts.styles import load_styles
from bot.scheduler_names import SCHEDULERS

STYLES = load_styles().names


@pytest.mark.parametrize(
    ("typed", "known", "first"),
    [
        ("watercolor", STYLES, "watercolour"),
        ("CINEMATC", STYLES, "cinematic"),
        ("dpm++ 2m karas", SCHEDULERS, "DPM++ 2M Karras"),
        ("Eular", SCHEDULERS, "Euler"),
        ("papr", ["ink", "old/paper", "paper"], "paper"),
        ("paper", ["ink", "styles/old-paper-of-the-attic"], "styles/old-paper-of-the-attic"),
        ("stpes", ["seed", "steps", "size"], "steps"),
    ],
)
def test_the_likest_name_comes_first(typed: str, known: list[str], first: str) -> None:
    found = nearest(typed, known)
    assert found[0] == first
    assert len(found) <= 3


@pytest.mark.parametrize("typed", ["xyzzy", "", "a", "?" * 5000])
def test_where_nothing_is_near_nothing_is_named(typed: str) -> None:
    assert nearest(typed, [*STYLES, *SCHEDULERS]) == []


def test_nothing_is_near_where_nothing_is() -> None:
    assert nearest("ink", []) == []


def test_of_any_number_of_names_so_many_are_looked_at() -> None:
    looked_at: list[str] = []

    def names() -> Iterator[str]:
        for number in range(10**6):
            looked_at.append(f"{number:06}")
            yield looked_at[-1]

    assert nearest("000007", names())[0] == "000007"
    assert len(looked_at) == MAX_KNOWN


def test_of_a_long_name_so_many_letters_are_looked_at() -> None:
    letters = "".join(map(chr, range(0x4E00, 0x4E00 + MAX_LENGTH)))
    assert nearest(f"{letters} and more", [f"{letters} and something else"]) == [f"{letters} and something else"]
