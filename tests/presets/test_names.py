"""What may be a preset's name, and which names are told apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PresetRefused
from bot.presets.names import MAX_NAME, folded, numbered, read_name, skeleton, tidy_name


@pytest.mark.parametrize(
    "name",
    ["ink", "Ink & paper", "v1.5", "fox's", "水墨", "Äpfel", "🦊", "16 to 9", "n" * 32, "हिन्दी", "a+b (2)", "café"],
)
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    assert read_name(name) == name


def test_spaces_are_tidied_and_letters_composed() -> None:
    assert read_name("  cafe\u0301   noir ") == "caf\u00e9 noir"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "A preset needs a name of 1 to 32 characters."),
        ("   ", "A preset needs a name of 1 to 32 characters."),
        ("n" * 33, "The name has 33 characters; a preset's has at most 32. Shorten it."),
        ("@everyone", "“@”"),
        ("<@123>", "“<”"),
        ("#art", "“#”"),
        ("**ink**", "“*”"),
        ("_ink_", "“_”"),
        ("~~ink~~", "“~”"),
        ("`ink`", "“`”"),
        ("||ink||", "“|”"),
        ("[ink](x)", "“[”"),
        ("> ink", "“>”"),
        ("a/b", "“/”"),
        ("a\\b", "“\\”"),
        ("C:ink", "“:”"),
        ("in\u200bk", "ZERO WIDTH SPACE"),
        ("in\u200dk", "ZERO WIDTH JOINER"),
        ("in\ufeffk", "ZERO WIDTH NO-BREAK SPACE"),
        ("in\u202ek", "RIGHT-TO-LEFT OVERRIDE"),
        ("in\u2066k", "LEFT-TO-RIGHT ISOLATE"),
        ("in\nk", "U+000A"),
        ("in\x00k", "U+0000"),
        ("in\u00a0k", "NO-BREAK SPACE"),
        ("in\u3164k", "HANGUL FILLER"),
        ("in\u2800k", "BRAILLE PATTERN BLANK"),
        ("ink\ufe0f", "VARIATION SELECTOR-16"),
        ("ink\ue000", "U+E000"),
        ("..", "cannot be a preset's name"),
        (".ink", "cannot be a preset's name"),
        ("a..b", "cannot be a preset's name"),
        ("i" + "\u0336" * 4, "cannot be a preset's name"),
        ("- +", "has none"),
    ],
)
def test_what_could_not_be_read_or_written_is_refused_with_what_is_wrong(name: str, why: str) -> None:
    with pytest.raises(PresetRefused) as refused:
        read_name(name)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ink", "INK"),
        ("paper", "рареr"),  # Cyrillic
        ("lnk", "Ink"),
        ("model", "mode1"),
        ("foo", "f00"),
        ("ink", "ｉｎｋ"),  # full width
        ("modern", "modem"),
        ("oval", "οvαl"),  # Greek
        ("it's", "it’s"),
    ],
)
def test_names_that_look_alike_have_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("ink", "inks"), ("か", "が"), ("cafe", "café"), ("fox", "ox"), ("2", "3")])
def test_names_that_look_different_are_told_apart(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_read_once_is_read_for_ever(text: str) -> None:
    try:
        name = read_name(text)
    except PresetRefused:
        return
    assert read_name(name) == name
    assert 1 <= len(name) <= MAX_NAME
    assert skeleton(name) == skeleton(folded(name))


@given(st.text(max_size=60), st.integers(2, 99))
def test_any_text_can_be_tidied_into_a_name_and_numbered(text: str, number: int) -> None:
    name = tidy_name(text)
    assert read_name(name) == name
    assert read_name(numbered(name, number)) == numbered(name, number)


def test_names_of_other_programs_stay_readable() -> None:
    assert tidy_name("mre-comic/ink: heavy") == "mre-comic ink heavy"
    assert tidy_name("///") == "preset"
