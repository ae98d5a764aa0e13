"""`imagine-bot generate`: pictures that explain themselves, the same ones for the same seed, and clean ends."""

from __future__ import annotations

import inspect
import io
import re
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from bot.cli.generate import generate
from bot.infotext import PARAMETERS_KEY, read_parameters
from bot.layers import merge
from bot.model_info import EMBEDDED_BASE, ModelInfo
from bot.parameters import MAX_SEED, Parameters
from bot.prompts.flag_table import FLAGS
from tests.cli.command import TINY_PAIR, TRACEBACK, Ended, assert_refused, imagine_bot
from tests.cli.terminal import CTRL_C, terminal

PROMPT = "a red circle on a blue background"
#: Every parameter with another value than its default, as one types it and as it must arrive.
TYPED = {
    "prompt_2": ("--prompt-2", "a circle", "a circle"),
    "negative_prompt": ("--negative-prompt", "a square", "a square"),
    "negative_prompt_2": ("--negative-prompt-2", "a star", "a star"),
    "width": ("--width", "72", 72),
    "height": ("--height", "64", 64),
    "num_inference_steps": ("--steps", "4", 4),
    "guidance_scale": ("--guidance", "4.5", 4.5),
    "guidance_rescale": ("--guidance-rescale", "0.5", 0.5),
    "scheduler": ("--scheduler", "ddim", "DDIM"),
    "seed": ("--seed", str(MAX_SEED), MAX_SEED),
    "num_images_per_prompt": ("--images", "2", 2),
    "clip_skip": ("--clip-skip", "1", 1),
    "eta": ("--eta", "0.5", 0.5),
    "denoising_end": ("--refiner-from", "0.5", 0.5),
    "aesthetic_score": ("--aesthetic-score", "7", 7.0),
    "negative_aesthetic_score": ("--negative-aesthetic-score", "2", 2.0),
    "original_size": ("--original-size", "128 120", (128, 120)),
    "crops_coords_top_left": ("--crops-coords-top-left", "8 16", (8, 16)),
    "target_size": ("--target-size", "120 128", (120, 128)),
    "negative_original_size": ("--negative-original-size", "32 40", (32, 40)),
    "negative_crops_coords_top_left": ("--negative-crops-coords-top-left", "1 2", (1, 2)),
    "negative_target_size": ("--negative-target-size", "40 32", (40, 32)),
}


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Ended]]:
    """The same command line twice, at the same time, in two folders."""
    folders = [tmp_path_factory.mktemp("generate") for _ in range(2)]
    line = ("generate", PROMPT, "--seed", "7", "-o", "a.png", "--model", "tiny", "--device", "cpu")
    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda folder: imagine_bot(*line, cwd=folder), folders))
    return list(zip(folders, ended, strict=True))


def test_one_seed_makes_the_same_file_twice(twice: list[tuple[Path, Ended]]) -> None:
    assert [ended.code for _, ended in twice] == [0, 0], twice
    first, second = ((folder / "a.png").read_bytes() for folder, _ in twice)
    assert first == second
    for folder, _ in twice:
        assert [file.name for file in folder.iterdir()] == ["a.png"]


def test_the_picture_says_how_it_was_made_and_so_does_the_command(
    twice: list[tuple[Path, Ended]], tiny: ModelInfo
) -> None:
    folder, ended = twice[0]
    png = (folder / "a.png").read_bytes()
    assert read_parameters(png) == merge(tiny, {"prompt": PROMPT, "seed": 7})
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.size == (tiny.native_size, tiny.native_size)
        assert ended.out == f"a.png\n{picture.info[PARAMETERS_KEY]}\n"


def test_into_files_and_pipes_goes_nothing_but_the_answer(twice: list[tuple[Path, Ended]]) -> None:
    assert [ended.err for _, ended in twice] == ["", ""]


#: What only a picture in Discord has: what it works on, and what was typed before the prompt was read.
NOT_HERE = {"image", "mask_image", "padding_mask_crop", "upscaler", "raw_prompt", "raw_negative_prompt"}


def test_every_parameter_has_an_option_or_a_flag_in_the_prompt() -> None:
    options = set(inspect.signature(generate).parameters)
    flags = {flag.field for flag in FLAGS}
    assert set(Parameters.model_fields) - NOT_HERE <= options | flags
    assert set(TYPED) == (set(Parameters.model_fields) & options) - {"prompt"}


def test_the_prompt_is_read_as_in_discord(tmp_path: Path) -> None:
    typed = f"{PROMPT} --variation 0.2 --steps 300"
    ended = imagine_bot("generate", typed, "--steps", "2", cwd=tmp_path, **TINY_PAIR)
    assert ended.code == 0, ended
    assert "steps 2: the option counts, not --steps 300 in the prompt" in ended.err
    parameters = read_parameters((tmp_path / "out.png").read_bytes())
    assert parameters is not None
    assert (parameters.prompt, parameters.raw_prompt) == (PROMPT, typed)
    assert (parameters.num_inference_steps, parameters.variation_strength) == (2, 0.2)


def test_every_option_reaches_the_picture_and_a_terminal_sees_the_progress(tmp_path: Path, tiny: ModelInfo) -> None:
    options = [word for option, value, _ in TYPED.values() for word in (option, value)]
    sized = [part for word in options for part in (word.split() if re.fullmatch(r"\d+ \d+", word) else [word])]
    with terminal("generate", PROMPT, *sized, cwd=tmp_path, **TINY_PAIR) as screen:
        assert screen.end() == 0, screen.shown
    for shown in ("loading the model", "base", "refiner", "4/4", "━━"):
        assert shown in screen.shown
    expected = merge(tiny, {"prompt": PROMPT}, {name: arrived for name, (_, _, arrived) in TYPED.items()})
    pictures = [(tmp_path / name).read_bytes() for name in ("out-1.png", "out-2.png")]
    assert [read_parameters(png) for png in pictures] == [expected.of_image(0), expected.of_image(1)]


@pytest.mark.parametrize("moment", ["loading the model", "base"])
def test_ctrl_c_ends_it_at_once_and_leaves_no_file(tmp_path: Path, moment: str) -> None:
    with terminal("generate", PROMPT, "--steps", "150", cwd=tmp_path, **TINY_PAIR) as screen:
        screen.until(moment)
        screen.press(CTRL_C)
        assert screen.end() == 128 + signal.SIGINT
    assert TRACEBACK not in screen.shown
    assert list(tmp_path.iterdir()) == []


def test_sigterm_ends_it_and_gives_the_cursor_back(tmp_path: Path) -> None:
    with terminal("generate", PROMPT, "--steps", "150", cwd=tmp_path, **TINY_PAIR) as screen:
        screen.until("base")
        screen.process.terminate()
        assert screen.end() == 128 + signal.SIGTERM
    assert TRACEBACK not in screen.shown
    assert screen.shown.rfind("\x1b[?25h") > screen.shown.rfind("\x1b[?25l") >= 0
    assert list(tmp_path.iterdir()) == []


def test_broken_weights_are_said_once_with_what_to_do(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(EMBEDDED_BASE, broken)
    weights = broken / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    ended = imagine_bot("generate", PROMPT, "--model", str(broken), "--device", "cpu", cwd=tmp_path)
    assert_refused(ended, f"The vae of the model {broken} cannot be loaded", "Copy the model there again.")
    assert not (tmp_path / "out.png").exists()
