"""`imagine-bot download`: what needs none, and a hub that may not be asked."""

from __future__ import annotations

from pathlib import Path

from bot.model_info import SDXL_BASE
from tests.cli.command import TINY_PAIR, assert_refused, imagine_bot


def test_a_model_on_this_machine_needs_no_download(tmp_path: Path) -> None:
    ended = imagine_bot("download", cwd=tmp_path, **TINY_PAIR)
    assert ended.code == 0, ended
    assert len(ended.out.splitlines()) == 2
    assert all(line.endswith("nothing to download") for line in ended.out.splitlines())


def test_a_hub_that_is_switched_off_is_one_sentence(tmp_path: Path) -> None:
    ended = imagine_bot("download", cwd=tmp_path, HF_HUB_OFFLINE="true", HF_HOME=str(tmp_path / "cache"), DEVICE="cpu")
    assert_refused(ended, f"{SDXL_BASE} is not downloaded", "HF_HUB_OFFLINE")
