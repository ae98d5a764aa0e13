"""`imagine-bot download`: from a hub on this machine, in a terminal; and what needs no download or cannot have one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.model_info import EMBEDDED_BASE, SDXL_BASE
from tests.cli.command import TINY_PAIR, assert_refused, imagine_bot
from tests.cli.terminal import terminal
from tests.hub_server import Repository, files_of, run_hub

MODEL = "somebody/tiny-sdxl"


def test_the_weights_arrive_with_progress_and_size_and_are_there_when_the_hub_is_not(tmp_path: Path) -> None:
    settings = {"HF_HOME": str(tmp_path / "cache"), "DEVICE": "cpu"}
    with run_hub() as hub:
        hub.repositories[MODEL] = Repository(files_of(EMBEDDED_BASE))
        line = ("download", "--model", MODEL)
        with terminal(*line, cwd=tmp_path, HF_ENDPOINT=hub.url, **settings) as screen:
            assert screen.end() == 0, screen.shown
    for shown in ("asking the hub", "downloading unet/", "GB in all", "100 %"):
        assert shown in screen.shown
    again = imagine_bot(*line, cwd=tmp_path, HF_HUB_OFFLINE="true", **settings)
    assert again.code == 0, again
    folder = Path(again.out.removeprefix(f"{MODEL}: in ").strip())
    for file in (file for file in EMBEDDED_BASE.rglob("*") if file.suffix in (".json", ".safetensors")):
        assert (folder / file.relative_to(EMBEDDED_BASE)).read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("line", "device", "variant"),
    [
        ((), "auto", ".fp16"),
        ((), "cpu", ""),
        (("--precision", "half"), "cpu", ".fp16"),
        (("--precision", "full"), "auto", ""),
    ],
)
def test_the_half_sized_weights_are_taken_unless_the_cpu_or_the_others_are_meant(
    tmp_path: Path, line: tuple[str, ...], device: str, variant: str
) -> None:
    files = files_of(EMBEDDED_BASE)
    half = {name.replace(".safetensors", ".fp16.safetensors"): content for name, content in files.items()}
    with run_hub() as hub:
        hub.repositories[MODEL] = Repository({**files, **half})
        settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "cache"), "DEVICE": device}
        ended = imagine_bot("download", "--model", MODEL, *line, cwd=tmp_path, **settings)
    assert ended.code == 0, ended
    fetched = {name for name in hub.fetched() if name.endswith(".safetensors")}
    assert "unet/diffusion_pytorch_model" + variant + ".safetensors" in fetched
    assert {".fp16" if ".fp16" in name else "" for name in fetched} == {variant}


def test_a_model_that_the_hub_does_not_have_is_one_sentence(tmp_path: Path) -> None:
    with run_hub() as hub:
        settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "cache"), "DEVICE": "cpu"}
        ended = imagine_bot("download", "--model", "somebody/else", cwd=tmp_path, **settings)
    assert_refused(ended, "The hub has no model somebody/else", "HF_TOKEN")


def test_a_model_on_this_machine_needs_no_download(tmp_path: Path) -> None:
    ended = imagine_bot("download", cwd=tmp_path, **TINY_PAIR)
    assert ended.code == 0, ended
    assert len(ended.out.splitlines()) == 2
    assert all(line.endswith("nothing to download") for line in ended.out.splitlines())


def test_a_hub_that_is_switched_off_is_one_sentence(tmp_path: Path) -> None:
    ended = imagine_bot("download", cwd=tmp_path, HF_HUB_OFFLINE="true", HF_HOME=str(tmp_path / "cache"), DEVICE="cpu")
    assert_refused(ended, f"{SDXL_BASE} is not downloaded", "HF_HUB_OFFLINE")
