"""The building: floors, the one home of each heavy library, sizes of files, and documents that say what is so."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from bot import __version__
from tests.patience import PATIENCE
from tests.settings_docs import README

ROOT = Path(__file__).parents[1]
BOT, TESTS, BENCHMARKS, TRAINING = (ROOT / name for name in ("bot", "tests", "benchmarks", "training"))
#: What training leaves behind, which git ignores.
WORK = TRAINING / "work"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

DISCORD = ("bot/client.py", "bot/cogs/", "bot/ui/", "bot/delivery/", "bot/playground/")
TORCH = ("bot/diffusion/",)
#: Where each heavy library may be imported, inside of functions too.
HOMES = {
    "discord": DISCORD,
    "simcord": ("bot/playground/",),
    "torch": TORCH,
    "diffusers": TORCH,
    "transformers": TORCH,
    "accelerate": TORCH,
    "sqlalchemy": ("bot/storage/",),
    "alembic": ("bot/storage/",),
    "ray": ("bot/executors/ray_pool.py",),
    "onnxruntime": ("bot/moderation/image_classifier.py",),
    "typer": ("bot/cli/",),
    "rich": ("bot/cli/",),
}
#: The same for the trees beside the bot, where that is not everywhere.
HOMES_OUTSIDE = {
    "discord": ("tests/", "benchmarks/naive_bot.py"),
    "simcord": ("tests/",),
    "torch": ("training/", "tests/diffusion/"),
    "diffusers": ("training/", "tests/diffusion/"),
    "transformers": ("training/",),
    "accelerate": (),
    "sqlalchemy": (),
    "alembic": (),
    "ray": (),
    "onnxruntime": (),
    "typer": (),
    "rich": ("benchmarks/figures.py", "training/"),
}
MAX_LINES = 300
#: Longer files, each with its reason.
LONGER = {
    "tests/test_job_queue.py": "one desk, and every moment at which a job can be cancelled or die",
}
TRY_IT = 'python3 -m venv .venv && .venv/bin/pip install -e ".[playground]" && .venv/bin/imagine-bot playground'
TEST_IT = 'python3 -m venv .venv && .venv/bin/pip install -e ".[dev]" && .venv/bin/pytest'


def sources(*folders: Path) -> list[Path]:
    files = (file for folder in folders for file in folder.rglob("*.py"))
    return sorted(file for file in files if not file.is_relative_to(WORK))


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def imports(source: str) -> Iterator[str]:
    """The packages that a file imports, at its top or deeper, by statement or by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (str(each.value).partition(".")[0] for each in node.args if isinstance(each, ast.Constant))


def strangers(name: str, source: str) -> list[str]:
    """The libraries that this file imports away from their homes."""
    homes = HOMES if name.startswith("bot/") else HOMES_OUTSIDE
    return [library for library in imports(source) if not name.startswith(homes.get(library, ("",)))]


def declared(project: dict[str, Any]) -> set[str]:
    """The distributions that the package asks for, optional ones too, by their normalised names."""
    optional = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(each for name, extra in optional.items() if name != "dev" for each in extra)]
    return {normalised(re.split(r"[^\w.-]", each, maxsplit=1)[0]) for each in wanted}


def normalised(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def undeclared(source: str, project: dict[str, Any]) -> list[str]:
    """The packages that a source imports, and nothing that is declared brings by itself."""
    foreign = [name for name in imports(source) if name not in sys.stdlib_module_names and name != "bot"]
    homes = packages_distributions()
    # Without an optional package there is nothing to look its import name up in; where known it is its own.
    return [name for name in foreign if not {normalised(each) for each in homes.get(name, [name])} & declared(project)]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={"PYTHONPATH": "."},
    )


def test_imports_run_down_the_floors_only() -> None:
    kept = lint_imports(ROOT)
    assert kept.returncode == 0, kept.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("parameters.py", "import bot.jobs", "imports run one way down the floors"),
        ("attic.py", "", "every module has its floor"),
        ("storage/__init__.py", "import torch", "never loads torch"),
        ("services/generation.py", "import discord", "neither Discord nor torch"),
        ("client.py", "import simcord", "does not know its playground"),
    ],
)
def test_an_import_against_the_rules_is_caught(tmp_path: Path, file: str, line: str, contract: str) -> None:
    shutil.copytree(BOT, tmp_path / "bot", ignore=shutil.ignore_patterns("models", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "bot" / file).open("a", encoding="utf-8") as planted:
        planted.write(f"\n{line}\n")
    broken = lint_imports(tmp_path)
    assert broken.returncode == 1, broken.stdout
    said = [line for line in broken.stdout.splitlines() if contract in line and " BROKEN" in line]
    assert said, broken.stdout


def test_heavy_libraries_are_imported_at_home_only() -> None:
    files = sources(BOT, TESTS, BENCHMARKS, TRAINING)
    found = {name_of(file): strangers(name_of(file), file.read_text(encoding="utf-8")) for file in files}
    assert {name: libraries for name, libraries in found.items() if libraries} == {}
    assert HOMES.keys() == HOMES_OUTSIDE.keys()


def test_every_package_that_the_bot_imports_is_declared() -> None:
    project = PYPROJECT["project"]
    found = {name_of(file): undeclared(file.read_text(encoding="utf-8"), project) for file in sources(BOT)}
    assert {name: packages for name, packages in found.items() if packages} == {}
    assert undeclared("import pytest, aiohttp, spandrel, os", project) == ["pytest"]


@pytest.mark.parametrize(
    "source",
    [
        "import torch",
        "from torch.nn import functional",
        "def load():\n    import torch.cuda",
        "import importlib\nimportlib.import_module('torch.nn')",
    ],
)
def test_no_import_of_a_heavy_library_is_overlooked(source: str) -> None:
    assert strangers("bot/services/generation.py", source) == ["torch"]
    assert strangers("bot/diffusion/sdxl.py", source) == []


def test_a_file_has_one_subject_and_few_lines() -> None:
    lines = {
        name_of(file): len(file.read_text(encoding="utf-8").splitlines())
        for file in sources(BOT, TESTS, BENCHMARKS, TRAINING)
    }
    assert {name: count for name, count in lines.items() if count > MAX_LINES and name not in LONGER} == {}
    assert {name for name in LONGER if lines.get(name, 0) <= MAX_LINES} == set(), "no exception any more"


def test_no_file_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "misc", "common"}
    assert [name_of(file) for file in sources(BOT, TESTS, BENCHMARKS, TRAINING) if file.stem in drawers] == []


def test_every_module_says_what_it_is_for() -> None:
    texts = {name_of(file): file.read_text(encoding="utf-8") for file in sources(BOT, TESTS, BENCHMARKS, TRAINING)}
    assert [name for name, text in texts.items() if text.strip() and not ast.get_docstring(ast.parse(text))] == []


def test_the_readme_s_two_commands_are_there_and_ci_runs_the_second() -> None:
    readme = README.read_text(encoding="utf-8").splitlines()
    assert TRY_IT in readme
    assert TEST_IT in readme
    assert TEST_IT in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_what_is_installed_is_one_version_with_one_torch() -> None:
    project = PYPROJECT["project"]
    assert project["version"] == __version__
    # The embedded model's pictures are compared bit by bit; another torch may draw them differently.
    assert [each for each in project["dependencies"] if each.startswith("torch")] == ["torch==2.13.0"]
    assert [each for each in project["optional-dependencies"]["playground"] if each.startswith("simcord")] == [
        "simcord[preview]==3.2.1"
    ]
