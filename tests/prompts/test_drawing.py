"""Alternatives and wildcards: drawn from the seed, stable, and never more than a sentence."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidParameters, RequestRejected
from bot.prompts.drawing import draw
from bot.prompts.wildcards import Wildcards
from tests.prompts.reading import make_reader, read, write_wildcards

NONE = Wildcards(None)
#: What seeds 0 to 7 draw of a to h, on every machine.
KNOWN = "acedecch"


def drawn(text: str, seeds: int = 200) -> Counter[str]:
    return Counter(draw(text, seed, NONE) for seed in range(seeds))


def test_each_alternative_comes_about_as_often_as_the_others() -> None:
    counts = drawn("a {red|blue|green} fox", 600)
    assert counts.keys() == {"a red fox", "a blue fox", "a green fox"}
    assert min(counts.values()) > 150


def test_a_weight_makes_an_alternative_more_frequent_and_zero_never_comes() -> None:
    counts = drawn("{3::red|blue|0::green}", 400)
    assert counts.keys() == {"red", "blue"}
    assert 2 < counts["red"] / counts["blue"] < 4.5


def test_alternatives_lie_in_each_other() -> None:
    assert drawn("a {red {fox|dog}|cat}").keys() == {"a red fox", "a red dog", "a cat"}


def test_several_are_picked_without_any_twice() -> None:
    for text in drawn("{2$$hat|scarf|boots}"):
        picked = text.split(", ")
        assert len(set(picked)) == 2
    assert drawn("{2$$ and $$hat|scarf}").keys() == {"hat and scarf", "scarf and hat"}
    assert {text.count(",") for text in drawn("{1-3$$a|b|c}")} == {0, 1, 2}
    assert all(len(text.split(", ")) == 2 for text in drawn("{9$$a|b}"))


@pytest.mark.parametrize("text", ["a {b|c", "a b|c} d", "}{", "{", "a | b", "2::a", "__", "a __b", "$$", "____"])
def test_what_is_not_closed_stays_as_text(text: str) -> None:
    assert draw(text, 1, NONE) == text


def test_a_brace_behind_a_backslash_is_a_brace() -> None:
    assert draw(r"\{a\|b\}", 1, NONE) == "{a|b}"
    assert drawn(r"{a\|b|c}").keys() == {"a|b", "c"}


def test_the_same_seed_draws_the_same_words_whatever_stands_around_them() -> None:
    for seed in range(30):
        alone = draw("{red|blue|green|white}", seed, NONE)
        text = draw("{big|small} {red|blue|green|white} {fox|dog}", seed, NONE)
        assert text.split()[1] == alone


def test_the_same_alternatives_twice_are_drawn_apart() -> None:
    assert len(drawn("{a|b} {a|b}")) == 4


def test_draws_do_not_depend_on_the_machine() -> None:
    assert [draw("{a|b|c|d|e|f|g|h}", seed, NONE) for seed in range(8)] == list(KNOWN)


def test_alternatives_that_lie_too_deep_are_a_sentence() -> None:
    with pytest.raises(InvalidParameters, match="may lie 16 deep in each other"):
        draw("{" * 900 + "}" * 900, 1, NONE)


def test_a_wildcard_is_a_line_of_its_file(tmp_path: Path) -> None:
    write_wildcards(tmp_path, **{"animals/cats": "# cats\n\n lion \r\ntiger\n", "animals/dogs": "wolf"})
    wildcards = Wildcards(tmp_path)
    assert {draw("a __animals/cats__", seed, wildcards) for seed in range(50)} == {"a lion", "a tiger"}
    assert {draw("a __Animals/*__", seed, wildcards) for seed in range(90)} == {"a lion", "a tiger", "a wolf"}
    assert {draw("{2$$__animals/cats__}", seed, wildcards) for seed in range(50)} == {"lion, tiger", "tiger, lion"}


def test_lines_may_hold_alternatives_weights_and_wildcards(tmp_path: Path) -> None:
    write_wildcards(tmp_path, colour="9::red\n0::blue", fox="a {quick|slow} __colour__ fox")
    results = {draw("__fox__", seed, Wildcards(tmp_path)) for seed in range(50)}
    assert results == {"a quick red fox", "a slow red fox"}


def test_an_unknown_wildcard_is_a_sentence_with_the_nearest_names(tmp_path: Path) -> None:
    write_wildcards(tmp_path, animals="fox", colours="red", empty="# nothing\n")
    with pytest.raises(InvalidParameters) as caught:
        draw("{a|__animal__}", 1, Wildcards(tmp_path))
    assert str(caught.value) == "There is no wildcard __animal__. Nearest: __animals__."
    with pytest.raises(InvalidParameters, match="The wildcard __empty__ has no choices in it"):
        draw("__empty__", 1, Wildcards(tmp_path))
    with pytest.raises(InvalidParameters, match="as this bot has none"):
        draw("__animals__", 1, NONE)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "..", "link", "linked/secret", "*/secret", "../*"])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    outside = write_wildcards(tmp_path / "outside", secret="password")
    (outside.parent / "secret.txt").write_text("password")
    folder = write_wildcards(tmp_path / "wildcards", animals="fox")
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / "linked").symlink_to(outside, target_is_directory=True)
    with pytest.raises(InvalidParameters, match="There is no wildcard"):
        draw(f"__{name}__", 1, Wildcards(folder))


def test_files_that_name_each_other_end_in_a_sentence(tmp_path: Path) -> None:
    write_wildcards(tmp_path, a="__b__", b="a __A__", **{f"w{n}": f"__w{n + 1}__ " * 40 for n in range(6)}, w6="x")
    with pytest.raises(InvalidParameters, match="leads back to itself"):
        draw("__a__", 1, Wildcards(tmp_path))
    with pytest.raises(InvalidParameters, match="draw too many words"):
        draw("__w0__", 1, Wildcards(tmp_path))


def test_a_prompt_that_grows_too_long_is_a_sentence(tmp_path: Path) -> None:
    write_wildcards(tmp_path, long="word " * 300)
    with pytest.raises(InvalidParameters) as caught:
        read("__long__, __long__", make_reader(tmp_path))
    assert str(caught.value) == (
        "prompt has 3,000 characters with all its words drawn; at most 2,000 are read. Shorten it."
    )


@given(st.text("{}|$:_-.0123ab*\\ ", max_size=300), st.integers(0, 2**32 - 1))
def test_hostile_text_is_drawn_or_refused_and_twice_the_same(text: str, seed: int) -> None:
    def outcome() -> str:
        try:
            return draw(text, seed, NONE)
        except RequestRejected as error:
            return str(error)

    assert outcome() == outcome()


@pytest.mark.parametrize(
    "text",
    ["{" * 2000, "}" * 2000, "{}" * 1000, "{|" * 1000, "{" * 15 + "|" * 1900 + "}" * 15, "_" * 2000, "__a" * 600,
     "--a" * 600, " --a" * 500, " --no" * 400, '"' * 2000, ' "' * 1000, "<lora:" * 330, "{9-$$" * 400, "\\" * 2000,
     " --style a" * 200, " --sampler DPM++" * 120, "{" + "a|" * 999 + "}", "{999$$" + "a|" * 950 + "}", ", " * 1000],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    with contextlib.suppress(RequestRejected):
        read(f"a {text}")
    assert time.process_time() - started < 2
