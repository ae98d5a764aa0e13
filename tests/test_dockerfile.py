"""The Dockerfile without Docker: what it says, and its install steps and entry point, run in a fresh environment."""

from __future__ import annotations

import fnmatch
import json
import os
import shutil
import site
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

from bot import __version__
from tests.cli.command import Ended, assert_refused, environment
from tests.dockerfile import ROOT, entry_point, healthcheck, instructions, of_kind
from tests.patience import PATIENCE

INSTALL = "pip install "


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What COPY puts into the image, under a folder that stands for its root."""
    root = tmp_path_factory.mktemp("image")
    ignored = [line.removeprefix("**/") for line in ignore_lines() if line.startswith("**/")]
    for copied in of_kind("COPY"):
        *names, destination = copied.split()
        for name in names:
            target = root / destination.lstrip("/")
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns(*ignored))
            else:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target)
    return root


@pytest.fixture(scope="module")
def installed(context: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the package as the Dockerfile installs it; what it needs is lent from this one."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    packages = Path(
        subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[0])"], text=True).strip()
    )
    # A path line alone: this environment's own editable install of the bot stays behind.
    (packages / "lent.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    for command in install_steps():
        source = context / command.removeprefix(INSTALL).lstrip("/")
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-build-isolation"]
        ended = subprocess.run([*pip, str(source)], capture_output=True, text=True, timeout=PATIENCE)
        assert ended.returncode == 0, ended.stderr
    return folder


def ignore_lines() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def install_steps() -> list[str]:
    return [step for step in of_kind("RUN") if step.startswith(INSTALL)]


def start(installed: Path, cwd: Path, *command: str) -> Ended:
    """Run a command as the image would: the installed one, from a folder that holds no source."""
    found = shutil.which(command[0], path=str(installed / "bin"))
    assert found is not None, f"{command[0]} is not installed"
    ended = subprocess.run(
        [found, *command[1:]], cwd=cwd, env=environment(), capture_output=True, text=True, timeout=PATIENCE
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def files_below(folder: Path) -> set[str]:
    names = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return {name for name in names if "__pycache__" not in name}


def test_the_base_is_slim_and_its_python_is_one_that_the_package_takes() -> None:
    (base,) = of_kind("FROM")
    assert fnmatch.fnmatch(base, "python:3.1[1-9]-slim*")


def test_everything_that_is_copied_is_let_through_and_nothing_else_is() -> None:
    copied = {name for line in of_kind("COPY") for name in line.split()[:-1]}
    assert {line.removeprefix("!") for line in ignore_lines() if line.startswith("!")} == copied
    assert ignore_lines()[0] == "*"


def test_it_runs_as_somebody_who_owns_the_volumes_and_is_not_root() -> None:
    (user,) = of_kind("USER")
    assert user not in ("root", "0")
    (step,) = [step for step in of_kind("RUN") if "useradd" in step]
    assert step.split(" && ")[0].split()[-1] == user
    owned = step.partition(f"chown {user} ")[2].split()
    (folder,) = of_kind("WORKDIR")
    (declared,) = of_kind("VOLUME")
    assert json.loads(declared) == [str(Path(folder) / name) for name in owned]


def test_the_user_is_set_after_everything_is_installed_and_before_the_start() -> None:
    kinds = [kind for kind, _ in instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))]
    assert kinds.index("USER") > max(index for index, kind in enumerate(kinds) if kind in ("RUN", "COPY"))
    assert kinds.index("USER") < kinds.index("ENTRYPOINT")


def test_the_models_are_kept_in_the_volume_that_the_hub_s_library_uses() -> None:
    variables = dict(pair.split("=") for line in of_kind("ENV") for pair in line.split())
    assert f'"{variables["HF_HOME"]}"' in of_kind("VOLUME")[0]


@pytest.mark.parametrize(("age", "healthy"), [(None, False), (0, True), (60, True), (300, False)])
def test_the_health_check_wants_a_fresh_sign_of_life(tmp_path: Path, age: int | None, healthy: bool) -> None:
    if age is not None:
        file = tmp_path / "data" / "alive"
        file.parent.mkdir()
        file.touch()
        os.utime(file, (time.time() - age,) * 2)
    for variables in ({}, {"DATA_DIR": str(tmp_path / "data")}):
        ended = subprocess.run(
            ["sh", "-c", healthcheck()],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], **variables},
            capture_output=True,
        )
        assert (ended.returncode == 0) is healthy


def test_the_installed_package_has_every_file_of_the_source(installed: Path, context: Path) -> None:
    (package,) = installed.glob("lib/python*/site-packages/bot")
    assert files_below(package) == files_below(context / "usr/src/imagine-bot/bot")


def test_the_entry_point_starts_from_anywhere(installed: Path, tmp_path: Path) -> None:
    assert start(installed, tmp_path, entry_point()[0], "--version").out == f"imagine-bot {__version__}\n"
    assert_refused(start(installed, tmp_path, *entry_point()), "DISCORD_TOKEN is not set")


def test_the_installed_package_finds_its_model_its_migrations_and_no_source(installed: Path, tmp_path: Path) -> None:
    code = (
        "import asyncio, bot, bot.doctor, bot.settings, bot.storage; print(bot.__file__)\n"
        "settings = bot.settings.Settings(model_base='tiny')\n"
        "async def look():\n"
        "    async with bot.storage.open_storage(settings.resolved_database_url):\n"
        "        return await bot.doctor.examine(settings, offline=True)\n"
        "print(*(f'{each.subject}={each.state}' for each in asyncio.run(look())))"
    )
    ended = start(installed, tmp_path, "python", "-c", code)
    assert ended.code == 0, ended
    where, found = ended.out.splitlines()
    assert Path(where).is_relative_to(installed)
    assert {"base=ok", "refiner=ok", "database=ok"} <= set(found.split())
