"""Settings: what a variable means, what a wrong one is told, and that the documents say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from dotenv import dotenv_values

from bot.errors import StartupFailed
from bot.model_info import SDXL_BASE, SDXL_REFINER, TINY
from bot.settings import Settings, load_settings
from tests.settings_docs import ENV_EXAMPLE, README, env_example, with_table

NAMES = [name.upper() for name in Settings.model_fields]


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def refusal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StartupFailed) as caught:
        load_settings()
    return str(caught.value)


def test_the_readme_and_the_example_say_what_the_settings_are() -> None:
    """Mend them with: python -m tests.settings_docs"""
    readme = README.read_text(encoding="utf-8")
    assert with_table(readme) == readme
    assert ENV_EXAMPLE.read_text(encoding="utf-8") == env_example()


def test_a_copy_of_the_example_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(env_example(), encoding="utf-8")
    assert load_settings() == Settings(_env_file=None)
    assert load_settings().model_fields_set == set(), "what nobody said is taken for meant"


def test_what_the_example_shows_are_the_defaults(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(re.sub(r"^#(?=[A-Z_]+=)", "", env_example(), flags=re.MULTILINE), encoding="utf-8")
    assert set(dotenv_values(tmp_path / ".env")) == set(NAMES)
    assert load_settings() == Settings(_env_file=None)


@pytest.mark.parametrize(("base", "refiner"), [(TINY, TINY), ("some/base", None), (SDXL_BASE, SDXL_REFINER)])
def test_in_a_copy_of_the_example_changing_the_base_is_enough(tmp_path: Path, base: str, refiner: str | None) -> None:
    copied = re.sub(r"^#?MODEL_BASE=.*$", f"MODEL_BASE={base}", env_example(), flags=re.MULTILINE)
    (tmp_path / ".env").write_text(copied, encoding="utf-8")
    settings = load_settings()
    assert (settings.model_base, settings.model_refiner) == (base, refiner)


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_with_nothing_behind_it_is_the_default(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "")
    expected = Settings(_env_file=None, model_refiner=None) if name == "MODEL_REFINER" else Settings(_env_file=None)
    assert load_settings() == expected


@pytest.mark.parametrize(
    ("variables", "pair"),
    [
        ({}, (SDXL_BASE, SDXL_REFINER)),
        ({"MODEL_BASE": TINY}, (TINY, TINY)),
        ({"MODEL_BASE": TINY, "MODEL_REFINER": ""}, (TINY, None)),
        ({"MODEL_BASE": "some/base"}, ("some/base", None)),
        ({"MODEL_BASE": TINY, "MODEL_REFINER": TINY}, (TINY, TINY)),
        ({"MODEL_REFINER": ""}, (SDXL_BASE, None)),
        ({"MODEL_BASE": "", "MODEL_REFINER": ""}, (SDXL_BASE, None)),
    ],
)
def test_a_base_brings_its_own_refiner_unless_another_or_none_is_named(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], pair: tuple[str, str | None]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert (settings.model_base, settings.model_refiner) == pair


@pytest.mark.parametrize(
    ("variable", "value", "attribute", "meant"),
    [
        ("DISCORD_GUILD_IDS", "1, 2,", "discord_guild_ids", (1, 2)),
        ("DISCORD_API_URL", "http://127.0.0.1:8080/api/v10/", "discord_api_url", "http://127.0.0.1:8080/api/v10"),
        ("LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("HF_HUB_OFFLINE", "1", "hf_hub_offline", True),
    ],
)
def test_what_people_write_is_understood(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, attribute: str, meant: Any
) -> None:
    monkeypatch.setenv(variable, value)
    assert getattr(load_settings(), attribute) == meant


@pytest.mark.parametrize(
    "name",
    [name for name, field in Settings.model_fields.items() if Path in (field.annotation, *get_args(field.annotation))],
)
def test_every_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name.upper(), "~/bot.safetensors")
    assert getattr(load_settings(), name) == Path.home() / "bot.safetensors"
    sentence = refusal(monkeypatch, **{name.upper(): "~nobody-of-that-name/bot"})
    assert sentence.startswith(f"{name.upper()} must be in the home of somebody whom this machine knows, not ")


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("DEVICE", "tpu", "DEVICE must be auto, cuda, mps, xpu or cpu, not 'tpu'."),
        ("MAX_JOBS", "many", "MAX_JOBS must be a whole number, not 'many'."),
        ("MAX_JOBS", "0", "MAX_JOBS must be at least 1, not '0'."),
        ("MAX_JOBS_PER_USER", "1001", "MAX_JOBS_PER_USER must be at most 1000, not '1001'."),
        ("DISCORD_GUILD_IDS", "home", "DISCORD_GUILD_IDS must be a whole number, not 'home'."),
        ("DISCORD_GUILD_IDS", "0", "DISCORD_GUILD_IDS must be above 0, not '0'."),
        ("DISCORD_API_URL", "discord.com", "DISCORD_API_URL must start with http:// or https://, not 'discord.com'."),
        ("DISCORD_GATEWAY_URL", "http://x", "DISCORD_GATEWAY_URL must start with ws:// or wss://, not 'http://x'."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not 'LOUD'."),
        (
            "UPSCALER_MODEL",
            "x4.pth",
            "UPSCALER_MODEL must end in .safetensors; convert the model, or take another, not 'x4.pth'.",
        ),
        ("HF_HUB_OFFLINE", "perhaps", "HF_HUB_OFFLINE must be true or false, not 'perhaps'."),
    ],
)
def test_a_wrong_value_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    assert refusal(monkeypatch, **{variable: value}) == sentence


def test_an_env_file_that_is_no_text_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_bytes(b"DISCORD_TOKEN=\xff\xfe\n")
    assert refusal(monkeypatch).startswith(".env cannot be read: ")


def test_no_refusal_and_no_log_line_repeats_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(monkeypatch, DISCORD_TOKEN="abc.def.ghi", HF_TOKEN="hf_secret", MAX_JOBS="many")
    monkeypatch.setenv("MAX_JOBS", "1")
    for secret in ("abc.def.ghi", "hf_secret"):
        assert secret not in said
        assert secret not in repr(load_settings())


def test_the_database_lies_in_the_data_folder_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", "somewhere")
    assert load_settings().resolved_database_url == "sqlite+aiosqlite:///somewhere/imagine-bot.db"
    monkeypatch.setenv("DATABASE_URL", "postgresql://host/bot")
    assert load_settings().resolved_database_url == "postgresql://host/bot"


def test_rules_for_roles_are_pairs_of_an_id_and_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLE_WEIGHTS", "123=2.0, 456=0.5,")
    monkeypatch.setenv("ROLE_MAX_JOBS", "123=10")
    monkeypatch.setenv("PRIORITY_ROLES", "123, 456")
    monkeypatch.setenv("ROLE_DAILY_IMAGES", "")
    settings = load_settings()
    assert settings.role_weights == {123: 2.0, 456: 0.5}
    assert (settings.role_max_jobs, settings.role_daily_images) == ({123: 10}, {})
    assert settings.priority_roles == (123, 456)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("ROLE_WEIGHTS", "123=9", "ROLE_WEIGHTS must be at most 8, not '9'."),
        ("ROLE_WEIGHTS", "123", "ROLE_WEIGHTS must be ids of roles with a number each, as in 123=2, 456=3, not '123'."),
        ("ROLE_MAX_JOBS", "patrons=3", "ROLE_MAX_JOBS must be a whole number, not 'patrons'."),
        ("PRIORITY_ROLES", "patrons", "PRIORITY_ROLES must be a whole number, not 'patrons'."),
    ],
)
def test_a_wrong_rule_for_roles_is_told(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    assert refusal(monkeypatch, **{variable: value}) == expected
