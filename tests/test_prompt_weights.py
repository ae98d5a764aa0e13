"""The language of weights, pure text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.prompt_weights import Fragment, parse_weights, plain_text


@pytest.mark.parametrize(
    ("prompt", "pieces"),
    [
        ("a fox", [("a fox", 1)]),
        ("a (red) fox", [("a ", 1), ("red", 1.1), (" fox", 1)]),
        ("((red))", [("red", 1.21)]),
        ("[red]", [("red", 1 / 1.1)]),
        ("(red:1.3)", [("red", 1.3)]),
        ("(red:.5) (blue : 2 )", [("red", 0.5), (" ", 1), ("blue ", 2)]),
        ("(red:-1)", [("red", -1)]),
        ("(a (red:1.5) fox:0.5)", [("a ", 0.5), ("red", 0.75), (" fox", 0.5)]),
        (r"\(red\) \[x\] \\", [(r"(red) [x] " + "\\", 1)]),
        ("(to the end", [("to the end", 1.1)]),
        ("[to the end", [("to the end", 1 / 1.1)]),
        ("closes nothing) :1.3)", [("closes nothing) :1.3)", 1)]),
        ("16:9, at 7:30", [("16:9, at 7:30", 1)]),
        ("[red:1.3)", [("red:1.3)", 1 / 1.1)]),
    ],
)
def test_brackets_say_how_much_a_piece_counts(prompt: str, pieces: list[tuple[str, float]]) -> None:
    (section,) = parse_weights(prompt)
    assert [piece.text for piece in section] == [text for text, _ in pieces]
    assert [piece.weight for piece in section] == pytest.approx([weight for _, weight in pieces])


def test_break_begins_a_new_section_and_brackets_reach_across_it() -> None:
    assert parse_weights("a fox BREAK (a\nBREAK tree:1.5)") == (
        (Fragment("a fox "),),
        (Fragment("a\n", 1.1),),
        (Fragment("tree", 1.5),),
    )
    assert parse_weights("BREAKFAST, breakneck") == ((Fragment("BREAKFAST, breakneck"),),)


@pytest.mark.parametrize("prompt", ["", "BREAK", "()", "(:1.3)"])
def test_nothing_said_is_no_section(prompt: str) -> None:
    assert parse_weights(prompt) == ()


def test_the_plain_text_is_what_is_said() -> None:
    assert plain_text(r"a (red:1.3) [fox] BREAK \(snow\)") == "a red fox (snow)"


@given(st.text("ab (()[]:.19\\BREAK\n", max_size=60))
def test_any_text_can_be_read_and_loses_only_marks(prompt: str) -> None:
    sections = parse_weights(prompt)
    letters = [char for section in sections for piece in section for char in piece.text if char in "ab"]
    assert letters == [char for char in prompt if char in "ab"]
    assert all(piece.text for section in sections for piece in section)


@given(st.text(st.characters(exclude_characters="()[]\\"), max_size=60).filter(lambda text: "BREAK" not in text))
def test_text_without_marks_is_one_ordinary_piece(prompt: str) -> None:
    assert parse_weights(prompt) == (((Fragment(prompt),),) if prompt else ())
