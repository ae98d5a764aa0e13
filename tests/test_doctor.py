"""The doctor looks at real things: a Discord on the loopback interface, real folders, a real database."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.doctor import (
    ROOM_FOR_PICTURES,
    Finding,
    State,
    broken_weights,
    examine,
    room_for_download,
    room_for_pictures,
    room_on_gpu,
)
from bot.files import existing_parent
from bot.invite import PERMISSIONS, PERMISSIONS_INTEGER, invite_url
from bot.model_info import EMBEDDED_BASE, SDXL_BASE, SDXL_REFINER, read_model_info
from bot.settings import Settings
from bot.storage import open_storage
from bot.storage.pictures import FLOOR
from tests.hub_server import files_of
from tests.loopback import LoopbackDiscord

OTHER_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.abc.def"


@pytest.fixture
async def loopback() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord() as discord:
        discord.world.bot_permissions = PERMISSIONS_INTEGER
        yield discord
        discord.assert_contract()


@pytest.fixture
def settings(loopback: LoopbackDiscord, tmp_path: Path) -> dict[str, Any]:
    """All that the bot needs, in order."""
    return {
        "discord_token": loopback.token,
        "discord_api_url": loopback.api_url,
        "model_base": "tiny",
        "model_refiner": "tiny",
        "device": "cpu",
        "data_dir": tmp_path / "data",
    }


async def findings(settings: dict[str, Any], **changes: Any) -> dict[str, Finding]:
    found = await examine(Settings(_env_file=None, **{**settings, **changes}))
    return {finding.subject: finding for finding in found}


async def test_where_all_is_well_nothing_is_to_do(settings: dict[str, Any], loopback: LoopbackDiscord) -> None:
    found = await findings(settings)
    assert found["Discord"].says == "logged in as imagine. The bot needs no privileged intent"
    assert found["server"].says == f"Atelier: has all permissions ({PERMISSIONS_INTEGER})"
    assert found["invite"].says == invite_url(loopback.world.application_id)
    # Without a GPU that is said, and it is no problem.
    assert {name for name, finding in found.items() if finding.state is not State.OK} == {"device"}
    assert found["device"].state is State.NOTE


@pytest.mark.parametrize("lacks", list(PERMISSIONS))
async def test_a_server_that_keeps_a_permission_back_is_named_with_it(
    settings: dict[str, Any], loopback: LoopbackDiscord, lacks: str
) -> None:
    loopback.world.bot_permissions &= ~PERMISSIONS[lacks]
    server = (await findings(settings))["server"]
    assert (server.state, server.says.partition(".")[0]) == (State.NOTE, f"Atelier: lacks {lacks}")


async def test_a_bot_that_nobody_invited_is_told_so(settings: dict[str, Any], loopback: LoopbackDiscord) -> None:
    loopback.world.bot_is_invited = False
    assert (await findings(settings))["servers"].says == "The bot is in no server yet: invite it with the link above."


async def test_a_token_that_discord_refuses_is_a_problem(settings: dict[str, Any]) -> None:
    found = await findings(settings, discord_token=OTHER_TOKEN)
    assert found["token"].state is State.OK
    assert found["Discord"].state is State.PROBLEM
    assert "Discord refuses DISCORD_TOKEN" in found["Discord"].says


async def test_a_discord_that_does_not_answer_is_a_problem(settings: dict[str, Any]) -> None:
    found = await findings(settings, discord_api_url="http://127.0.0.1:9/api/v10")
    assert found["Discord"].state is State.PROBLEM
    assert found["Discord"].says.startswith("http://127.0.0.1:9/api/v10 does not answer")


@pytest.mark.parametrize("token", [None, "my-bot"])
async def test_without_a_token_discord_is_not_asked(
    settings: dict[str, Any], loopback: LoopbackDiscord, token: str | None
) -> None:
    found = await findings(settings, discord_token=token)
    assert found["token"].state is State.PROBLEM
    assert "Discord" not in found
    assert not loopback.requests()


async def test_a_model_that_is_only_to_be_downloaded_yet_is_no_problem_online(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    changes = {"model_base": SDXL_BASE, "model_refiner": None}
    online = (await findings(settings, **changes))["base"]
    offline = (await findings(settings, **changes, hf_hub_offline=True))["base"]
    assert (online.state, offline.state) == (State.NOTE, State.PROBLEM)
    assert online.says.endswith("imagine-bot download")
    cache = (await findings(settings, **changes))["cache"]
    assert cache.says.endswith("where about 14.0 GB are to be downloaded: full precision, as DEVICE=cpu wants")
    assert f"left for {tmp_path / 'hub'}, " in cache.says
    cache = (await findings(settings, **changes, device="auto"))["cache"]
    assert cache.says.endswith("where about 7.0 GB are to be downloaded: half precision, for any DEVICE but cpu")


@pytest.mark.parametrize(
    ("free", "missing", "full_precision", "state"),
    [
        (12, [SDXL_BASE, SDXL_REFINER], False, State.OK),
        (12, [SDXL_BASE, SDXL_REFINER], True, State.PROBLEM),
        (11, [SDXL_BASE, SDXL_REFINER], False, State.PROBLEM),
        (6, ["some/base"], False, State.PROBLEM),
    ],
)
def test_weights_that_do_not_fit_on_the_disk_of_the_hub_s_cache_are_a_problem(
    tmp_path: Path, free: int, missing: list[str], full_precision: bool, state: State
) -> None:
    found = room_for_download(tmp_path, free * 10**9, missing, full_precision=full_precision)
    assert (found.subject, found.state) == ("cache", state)


@pytest.mark.parametrize(("total", "state"), [(4, State.PROBLEM), (8, State.NOTE), (17, State.OK)])
def test_a_gpu_is_measured_by_what_the_model_needs(total: int, state: State) -> None:
    assert room_on_gpu(total * 10**9, read_model_info(SDXL_BASE, SDXL_REFINER)).state is state
    assert room_on_gpu(total * 10**9, read_model_info("tiny", "tiny")).state is State.OK


async def test_folders_that_are_named_and_missing_are_named(settings: dict[str, Any], tmp_path: Path) -> None:
    missing = {name: tmp_path / name for name in ("lora_dir", "wildcard_dir")}
    missing["upscaler_model"] = tmp_path / "x2.safetensors"
    found = await findings(settings, **missing)
    for name, path in missing.items():
        assert found[name.upper()].state is State.NOTE
        assert str(path) in found[name.upper()].says
    (tmp_path / "lora_dir").mkdir()
    assert "LORA_DIR" not in await findings(settings, **missing)


async def test_it_goes_through_no_proxy_that_the_bot_would_not_use(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert (await findings(settings))["Discord"].state is State.OK


async def test_weights_that_are_broken_off_are_a_problem(settings: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(EMBEDDED_BASE, folder)
    assert broken_weights(folder) is None
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    base = (await findings(settings, model_base=str(folder), model_refiner=None))["base"]
    assert base.state is State.PROBLEM
    assert base.says.startswith(f"{weights} is broken")


async def test_a_database_that_cannot_be_opened_is_a_problem(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "imagine-bot.db").write_bytes(b"no database, " * 100)
    database = (await findings(settings))["database"]
    assert database.state is State.PROBLEM
    assert "is not a SQLite database" in database.says


async def test_a_database_that_is_not_there_yet_is_not_made(settings: dict[str, Any], tmp_path: Path) -> None:
    database = (await findings(settings))["database"]
    assert database.state is State.OK
    assert database.says == f"{tmp_path / 'data' / 'imagine-bot.db'}, made by the first start"
    assert files_of(tmp_path) == {}


async def test_a_data_folder_that_cannot_be_made_is_a_problem(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    # Where nobody can make a file, root neither.
    for folder in (tmp_path / "file", Path("/proc")):
        found = await findings(settings, data_dir=folder / "data")
        assert found["database"].state is found["disk"].state is State.PROBLEM
        assert found["database"].says.startswith(f"{folder} cannot be written to.")
        assert found["disk"].says.startswith(f"{folder / 'data'} cannot be made: {folder} cannot be written to.")


async def test_a_database_is_looked_at_without_a_trace_and_without_its_lock(settings: dict[str, Any]) -> None:
    url = Settings(_env_file=None, **settings).resolved_database_url
    async with open_storage(url):
        pass
    before = files_of(settings["data_dir"])
    assert (await findings(settings))["database"].says == str(settings["data_dir"] / "imagine-bot.db")
    assert files_of(settings["data_dir"]) == before
    async with open_storage(url) as storage:
        await storage.set_state("a", "b")
        assert (await findings(settings))["database"].state is State.OK


async def test_an_older_database_is_left_as_it_is_and_a_newer_one_is_a_problem(settings: dict[str, Any]) -> None:
    async with open_storage(Settings(_env_file=None, **settings).resolved_database_url):
        pass
    file = settings["data_dir"] / "imagine-bot.db"
    for revision, state, says in (
        ("0001", State.OK, "brought up to date by the next start"),
        ("9999", State.PROBLEM, "written by a newer version"),
    ):
        with contextlib.closing(sqlite3.connect(file)) as database, database:
            database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        before = files_of(settings["data_dir"])
        found = (await findings(settings))["database"]
        assert found.state is state
        assert says in found.says
        assert files_of(settings["data_dir"]) == before


@pytest.mark.parametrize(
    ("free", "state"),
    [(FLOOR - 1, State.PROBLEM), (FLOOR, State.NOTE), (ROOM_FOR_PICTURES - 1, State.NOTE), (2**40, State.OK)],
)
def test_a_disk_that_is_nearly_full_is_said_before_jobs_are_refused(tmp_path: Path, free: int, state: State) -> None:
    found = room_for_pictures(tmp_path, free)
    assert (found.subject, found.state) == ("disk", state)
    assert str(tmp_path) in found.says


def test_the_disk_is_that_of_the_nearest_folder_that_is_there(tmp_path: Path) -> None:
    assert existing_parent(tmp_path / "not" / "yet") == tmp_path
    assert existing_parent(Path("not") / "yet") == Path.cwd()
