"""What is in a stranger's file: too much, too deep, broken or wrong. It is a sentence at worst, and never slow."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import InfotextMissing, InvalidUpload, RequestRejected
from bot.infotext import PictureInfo, parse_infotext, read_picture, read_texts
from bot.infotext.reading import understand
from bot.layers import merge
from bot.remake import imagine_command, remake
from tests.factories import BASE_ALONE, ENSEMBLE
from tests.infotext.files import EXPECTED, corpus_texts, png_of, raw_png, saved, with_comment

#: Each takes a fraction of a second on a machine that does nothing else; the quadratic took minutes.
SOON = 10
PLAIN = corpus_texts("a1111_sdxl_refiner.txt")["parameters"]
GRAPH = json.loads(corpus_texts("comfyui_simple.json")["prompt"])


def test_a_picture_that_says_nothing_is_answered_with_what_to_send() -> None:
    with pytest.raises(InfotextMissing, match=r"does not say how it was made\. Send the original file"):
        read_picture(saved("PNG"))
    with pytest.raises(InfotextMissing):
        read_picture(with_comment("JPEG", b"ASCII\0\0\0Shot on a very good telephone"))


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"%PDF-1.7", b"\x89PNG", b"RIFF\0\0\0\0WAVE"])
def test_what_is_no_picture_is_answered_as_such(content: bytes) -> None:
    with pytest.raises(InvalidUpload, match=r"no picture that can be read|is a (GIF|PDF), which is not read"):
        read_picture(content)


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(InvalidUpload, match="at most 20 MiB are read"):
        read_picture(png_of({"parameters": PLAIN}) + bytes(20 * 2**20))


def test_a_header_of_billions_of_pixels_costs_nothing() -> None:
    bomb = raw_png((b"tEXt", b"parameters\0" + PLAIN.encode()), size=(2**31 - 1, 2**31 - 1))
    assert read_picture(bomb).settings["Steps"] == "28"


def test_a_text_that_unpacks_to_far_more_is_passed_over() -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(32)) + packer.flush()
    started = time.process_time()
    with pytest.raises(InfotextMissing):
        read_picture(raw_png(*[(b"zTXt", b"parameters\0\0" + bomb)] * 20))
    assert time.process_time() - started < SOON


def _deep(opening: str, closing: str) -> str:
    return opening * 100_000 + "1" + closing * 100_000


def _ring() -> dict[str, object]:
    """A graph in which every node leads to the next, and the last to the first."""
    ring: dict[str, object] = {
        str(index): {"class_type": "Reroute", "inputs": {"text": [str((index + 1) % 500), 0], "model": [str(index), 0]}}
        for index in range(500)
    }
    sampler = {"steps": 20, "sampler_name": "euler", "positive": ["0", 0], "negative": ["9", 0], "model": ["1", 0]}
    return ring | {"s": {"class_type": "KSampler", "inputs": {**sampler, "latent_image": ["s", 0]}}}


@pytest.mark.parametrize(
    "texts",
    [
        {"prompt": _deep('{"a":', "}")},
        {"parameters": _deep("{", "}")},
        {"invokeai_metadata": _deep('{"model":', "}")},
        {"parameters": "Steps: 1, Sampler: x, Seed: 2, Hashes: " + _deep("[", "]")},
        {"prompt": json.dumps({"1": {"class_type": "X", "inputs": {"text": "y" * 5_000_000}}})},
        {"prompt": json.dumps(_ring())},
        {"prompt": json.dumps({str(index): {"inputs": {}} for index in range(50_000)})},
        {"prompt": json.dumps({"1": {"class_type": ["x"], "inputs": {"steps": {}, "sampler_name": ["1", 0]}}})},
        {"parameters": "a" * 1_000_000},
        {"parameters": " " * 1_000_000 + "x"},
        {"parameters": "a:" * 500_000},
        {"parameters": 'ab: "' * 300_000},
        {"parameters": "ab:[1," * 200_000},
        {"parameters": "(" * 500_000 + "\nSteps: 20, Sampler: Euler, Seed: 1"},
        {"parameters": "<lora:" * 200_000 + "\nSteps: 20, Sampler: Euler, Seed: 1"},
        {"parameters": "," * 500_000 + "<lora:a:1>\nSteps: 20, Sampler: Euler, Seed: 1"},
        {"Comment": '{"sampler": 5, "uc": []}', "Description": "{" * 100_000, "Source": "x" * 100_000},
        {"Dream": '"' + "[" * 100_000 + '" -s ' + "9" * 10_000},
        {"sd-metadata": '{"image": {"prompt": {"a": 1}, "sampler": {"b": []}}}'},
        {"imagine-bot": _deep('{"prompt":', "}")},
    ],
    ids=range(20),
)
def test_depth_length_and_rings_end_soon_in_words_or_in_a_reading(texts: dict[str, str]) -> None:
    started = time.process_time()
    said = answer(png_of(texts))
    assert time.process_time() - started < SOON
    assert said.endswith(".")


def answer(content: bytes) -> str:
    """What a member would read about this file."""
    try:
        again = remake(read_picture(content), ENSEMBLE)
    except RequestRejected as error:
        return str(error)
    merge(ENSEMBLE, {"prompt": "any"}, again.changes)
    return str(again.exactness)


def test_null_bytes_and_what_follows_them_do_not_get_into_parameters() -> None:
    content = raw_png((b"tEXt", b"parameters\0a fox\0 hidden\nSteps: 20, Sampler: Euler, Seed: 1, CFG scale: 5\0"))
    changes = remake(read_picture(content), ENSEMBLE).changes
    assert merge(ENSEMBLE, changes).prompt == "a fox  hidden"


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize(
    "encode",
    [
        lambda text: b"UNICODE\0" + text.encode("utf-16-be"),
        lambda text: b"UNICODE\0" + text.encode("utf-16-le"),
        lambda text: b"UNICODE\0" + text.encode("utf-16"),
        lambda text: b"ASCII\0\0\0" + text.encode(),
        lambda text: b"\0" * 8 + text.encode(),
        lambda text: text.encode(),
    ],
    ids=["as A1111 writes it", "wrong order", "marked order", "ascii", "undefined", "no head"],
)
def test_a_user_comment_is_read_in_whatever_encoding_it_is(kind: str, encode: Callable[[str], bytes]) -> None:
    text = PLAIN.replace("lighthouse", "Leuchtturm 灯台")
    info = read_picture(with_comment(kind, encode(text)))
    assert info.settings["Prompt"].startswith("a Leuchtturm 灯台")
    assert info.settings["Refiner switch at"] == "0.75"


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_file_that_is_cut_or_has_wrong_bytes_is_a_sentence_at_worst(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(FILES))
    content = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 8))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    read_texts(bytes(content))
    assert answer(bytes(content)).endswith(".")


FILES = [
    png_of({"parameters": PLAIN, "Comment": "x"}),
    with_comment("JPEG", b"UNICODE\0" + PLAIN.encode("utf-16-be")),
    with_comment("WEBP", b"UNICODE\0" + PLAIN.encode("utf-16-le")),
]
ODD = st.text(st.characters(codec="utf-8"), max_size=60)
VALUES = st.one_of(
    ODD,
    st.integers(-(10**25), 10**25).map(str),
    st.floats().map(str),
    st.tuples(st.integers(0, 99999), st.integers(0, 99999)).map(lambda pair: f"{pair[0]}x{pair[1]}"),
)
NAMES = sorted({name for case in EXPECTED for name in understand(corpus_texts(case)).settings})


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12), st.sampled_from([ENSEMBLE, BASE_ALONE]))
def test_whatever_the_settings_hold_the_parameters_are_valid(values: dict[str, str], model: object) -> None:
    again = remake(PictureInfo("A1111", values), model, ["ink"])
    parameters = merge(model, {"prompt": "any", "seed": 1}, again.changes)
    assert "\n" not in imagine_command(parameters, model)
    for remark in (*again.remarks, again.exactness):
        assert str(remark)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(GRAPH["3"]["inputs"])),
        st.recursive(
            st.one_of(
                st.none(),
                st.booleans(),
                st.integers(),
                st.floats(),
                ODD,
                st.sampled_from([["6", 0], ["3", 0], ["99", 1]]),
            ),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=3),
            max_leaves=5,
        ),
    )
)
def test_a_graph_with_anything_in_it_is_read_or_passed_over(inputs: dict[str, object]) -> None:
    graph = GRAPH | {"3": {"class_type": "KSampler", "inputs": GRAPH["3"]["inputs"] | inputs}}
    info = understand({"prompt": json.dumps(graph)})
    if info is not None:
        merge(ENSEMBLE, {"prompt": "any"}, remake(info, ENSEMBLE).changes)


@given(ODD, ODD)
def test_any_text_parses_to_settings(prompt: str, line: str) -> None:
    assert {"Prompt", "Negative prompt"} <= parse_infotext(f"{prompt}\n{line}").keys()
