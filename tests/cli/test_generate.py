"""`imagine-bot generate`: pictures that explain themselves, the same ones for the same seed, and clean ends."""

from __future__ import annotations

import inspect
import io
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.cli.generate import generate
from bot.cli.options import named
from bot.infotext import PARAMETERS_KEY, read_parameters
from bot.inputs import input_id_of
from bot.layers import merge
from bot.model_info import EMBEDDED_BASE, ModelInfo
from bot.parameters import MAX_SEED, Lora, Parameters
from bot.prompts import PromptReader
from bot.prompts.flag_table import FLAGS
from bot.prompts.styles import load_styles
from tests.cli.command import TINY_PAIR, TRACEBACK, Ended, assert_refused, imagine_bot
from tests.cli.terminal import CTRL_C, terminal
from tests.settings_docs import env_example

PROMPT = "a red circle on a blue background"
LORAS = Path(__file__).parent.parent / "assets"
BLUE = Image.new("RGB", (96, 64), "blue")
HALF = Image.new("L", (96, 64))
HALF.paste(255, (48, 0, 96, 64))
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
    "original_size": ("--original-size", "120x128", (128, 120)),
    "crops_coords_top_left": ("--crops-coords-top-left", "8,16", (8, 16)),
    "target_size": ("--target-size", "128x120", (120, 128)),
    "negative_original_size": ("--negative-original-size", "40x32", (32, 40)),
    "negative_crops_coords_top_left": ("--negative-crops-coords-top-left", "1,2", (1, 2)),
    "negative_target_size": ("--negative-target-size", "32x40", (40, 32)),
    "style": ("--style", "ink", "Ink"),
    "loras": ("--lora", "ink:0.5", (Lora(name="ink", weight=0.5),)),
    "timestep_spacing": ("--spacing", "trailing", "trailing"),
    "variation_strength": ("--variation", "0.25", 0.25),
    "variation_seed": ("--variation-seed", "8", 8),
    "image": ("--image", "blue.png", input_id_of(BLUE)),
    "mask_image": ("--mask", "half.png", input_id_of(HALF)),
    "padding_mask_crop": ("--mask-padding", "8", 8),
    "strength": ("--strength", "0.75", 0.75),
    "upscaler": ("--upscaler", "latent", "latent"),
}
#: Does not go with the others.
ALONE = {"timesteps", "draft"}


def put_pictures(folder: Path) -> None:
    BLUE.save(folder / "blue.png")
    HALF.save(folder / "half.png")
    (folder / "cut.png").write_bytes((folder / "blue.png").read_bytes()[:-30])


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


def test_without_a_gpu_the_embedded_model_draws_also_where_the_example_was_copied(tmp_path: Path) -> None:
    copied = env_example() + "\nDEVICE=cpu\nHF_HUB_OFFLINE=true\n"
    (tmp_path / ".env").write_text(copied, encoding="utf-8")
    ended = imagine_bot("generate", PROMPT, "--steps", "2", cwd=tmp_path)
    assert ended.code == 0, ended
    for name in ("Model: tiny-sdxl-base", "Refiner: tiny-sdxl-refiner"):
        assert name in ended.out


def test_every_parameter_has_an_option() -> None:
    options = set(inspect.signature(generate).parameters)
    assert set(Parameters.model_fields) - {"raw_prompt", "raw_negative_prompt"} <= options
    assert set(TYPED) | ALONE == (set(Parameters.model_fields) & options) - {"prompt"}


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
    put_pictures(tmp_path)
    with terminal("generate", PROMPT, *options, cwd=tmp_path, LORA_DIR=str(LORAS), **TINY_PAIR) as screen:
        assert screen.end() == 0, screen.shown
    for shown in ("loading the model", "base", "refiner", "3/3", "━━"):
        assert shown in screen.shown
    arrived = {name: value for name, (_, _, value) in TYPED.items()}
    read, _ = PromptReader(tiny, load_styles()).read({"prompt": PROMPT, **arrived})
    expected = merge(tiny, read)
    pictures = [(tmp_path / name).read_bytes() for name in ("out-1.png", "out-2.png")]
    assert [read_parameters(png) for png in pictures] == [expected.of_image(0), expected.of_image(1)]


def test_a_picture_is_changed_in_its_own_shape_where_its_mask_is_white(tmp_path: Path) -> None:
    put_pictures(tmp_path)
    line = ("--image", "blue.png", "--mask", "half.png", "--timesteps", "999,700,400,100", "--seed", "7")
    ended = imagine_bot("generate", "a yellow circle on a green background", *line, cwd=tmp_path, **TINY_PAIR)
    assert ended.code == 0, ended
    assert ended.err == "size 160 × 104: the shape of the image\n"
    parameters = read_parameters((tmp_path / "out.png").read_bytes())
    assert parameters is not None
    assert (parameters.timesteps, parameters.strength) == ((999, 700, 400, 100), 0.95)
    with Image.open(tmp_path / "out.png") as picture:
        pixels = np.asarray(picture.convert("RGB"), np.int16)
    assert (pixels[:, :79] == (0, 0, 255)).all()
    assert np.abs(pixels[:, 81:] - (0, 0, 255)).mean() > 20
    assert sorted(file.name for file in tmp_path.iterdir()) == ["blue.png", "cut.png", "half.png", "out.png"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["--mask", "half.png"], "--mask needs an --image to work on. Add one, or leave it out."),
        (["--image", "none.png"], "“none.png” cannot be read: No such file or directory."),
        (["--image", "cut.png"], "“cut.png”: The picture is damaged or cut off. Save it again.\n"),
        (["--image", "blue.png", "--mask", "cut.png"], "“cut.png”: The picture is damaged or cut off."),
        (["--image", "blue.png", "--mask-padding", "8"], "--mask-padding needs a --mask. Add one, or leave it out."),
        (["--image", "blue.png", "--upscaler", "x4"], "There is no upscaler “x4” here. Use latent, or set "),
        (["--strength", "0.5"], "--strength needs an --image to work on. Add one, or leave it out."),
        (["--scheduler", "Foo"], "scheduler “Foo” is unknown. See: imagine-bot generate --help"),
        (["--lora", "zzz"], "There is no LoRA “zzz”. Those that there are lie in LORA_DIR."),
        (["--lora", "inc:0.5"], "There is no LoRA “inc”. Nearest: ink."),
        (["--style", "watercolor paint"], "style “watercolor paint” is unknown. Nearest: "),
        (["--spacing", "wide"], "spacing must be leading, trailing, linspace or AYS."),
        (["--spacing", "AYS", "--scheduler", "UniPC"], "scheduler UniPC takes no timesteps of its own. These do: "),
        (["--timesteps", "999,many"], "--timesteps takes whole numbers with commas, as in --timesteps 999,"),
        (["--size", "72"], "--size takes width x height in pixels, as in --size 1216x832, not “72”."),
        (["--crop", "0"], "--crops-coords-top-left takes two whole numbers, top and left, as in "),
        (["--draft", "--steps", "30"], "A draft takes 8 steps. Leave out draft, or steps."),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_what_cannot_be_used_is_named_before_any_model_is_loaded(
    tmp_path: Path, line: list[str], sentence: str
) -> None:
    put_pictures(tmp_path)
    ended = imagine_bot("generate", PROMPT, *line, cwd=tmp_path, LORA_DIR=str(LORAS), **TINY_PAIR)
    assert_refused(ended, sentence)
    assert not (tmp_path / "out.png").exists()


def test_a_picture_that_is_there_already_is_left_alone_unless_one_says_otherwise(tmp_path: Path) -> None:
    line = ("generate", PROMPT, "--steps", "2", "--images", "2")
    (tmp_path / "out-2.png").write_bytes(b"mine")
    ended = imagine_bot(*line, cwd=tmp_path, **TINY_PAIR)
    assert_refused(ended, "“out-2.png” is there already. Name another file, or overwrite with --force.")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("out-2.png", b"mine")]
    assert imagine_bot(*line, "--force", cwd=tmp_path, **TINY_PAIR).code == 0
    assert (tmp_path / "out-2.png").read_bytes() != b"mine"


def test_every_name_that_a_flag_has_is_an_option(tmp_path: Path) -> None:
    help_text = imagine_bot("generate", "--help", cwd=tmp_path, COLUMNS="200").out
    # Where the refiner takes over has a name of its own here.
    names = {name for flag in FLAGS for name in flag.names} - {"refiner"}
    assert {f"--{named(name)}" for name in names} <= set(help_text.split())
    assert (named("cfg"), named("Clip_Skip"), named("refiner")) == ("guidance", "clip-skip", "refiner")


def test_other_names_of_an_option_mean_the_same(tmp_path: Path) -> None:
    put_pictures(tmp_path)
    names = ("--size", "72x64", "--crop", "8,16", "--cfg", "4", "--sampler", "ddim", "--step", "3", "--n", "1")
    ended = imagine_bot("generate", PROMPT, *names, cwd=tmp_path, **TINY_PAIR)
    assert ended.code == 0, ended
    made = read_parameters((tmp_path / "out.png").read_bytes())
    assert made is not None
    assert (made.width, made.height, made.crops_coords_top_left) == (72, 64, (8, 16))
    assert (made.guidance_scale, made.scheduler, made.num_inference_steps) == (4, "DDIM", 3)


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
