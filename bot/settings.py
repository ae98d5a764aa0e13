"""Everything an owner can set, read from the environment and `.env`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import StartupFailed
from bot.model_info import REFINERS, SDXL_BASE

GuildId = Annotated[int, Field(gt=0)]
RoleId = Annotated[int, Field(gt=0)]
Device = Literal["auto", "cuda", "mps", "xpu", "cpu"]
#: What pydantic calls things, and what people do.
WORDS = {
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "a valid boolean": "true or false",
    "less than or equal to": "at most",
    "greater than or equal to": "at least",
    "greater than": "above",
}


class Settings(BaseSettings):
    """The settings, one environment variable a field, in upper case."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=False
    )

    discord_token: SecretStr | None = Field(None, description="The bot's token, from the Discord developer portal.")
    discord_guild_ids: Annotated[tuple[GuildId, ...], NoDecode] = Field(
        (),
        description="Servers that get the commands at once (for trying out), as ids with commas; empty: all servers.",
    )
    discord_api_url: str = Field(
        "https://discord.com/api/v10", description="Base of Discord's REST API, for a proxy in front of it."
    )
    discord_gateway_url: str = Field(
        "wss://gateway.discord.gg/", description="Discord's gateway, for a proxy in front of it."
    )
    model_base: str = Field(SDXL_BASE, description="The base: a folder, a hub id, or `tiny` for the embedded model.")
    model_refiner: str | None = Field(
        default_factory=lambda named: REFINERS.get(named.get("model_base", "")),
        description="The refiner: a folder, a hub id, or `tiny`; empty: the base alone.",
    )
    device: Device = Field("auto", description="Where the model runs; auto takes the first of cuda, mps, xpu, cpu.")
    data_dir: Path = Field(Path("data"), description="The folder for pictures and for the database file.")
    lora_dir: Path | None = Field(
        None, description="A folder of LoRAs (safetensors) for the base; empty: `loras` in DATA_DIR."
    )
    wildcard_dir: Path | None = Field(
        None,
        description="A folder of text files, a choice a line, for __name__ in prompts; empty: `wildcards` in DATA_DIR.",
    )
    upscaler_model: Path | None = Field(
        None, description="An ESRGAN-type model (safetensors) for Upscale; empty: the two-pass way alone."
    )
    database_url: str = Field("", description="SQLAlchemy URL of the database; empty: a SQLite file in DATA_DIR.")
    max_jobs_per_user: int = Field(4, ge=1, le=1000, description="Jobs that one person may have waiting or running.")
    max_jobs: int = Field(100, ge=1, le=100_000, description="Jobs that may wait in all.")
    max_jobs_per_channel: int | None = Field(
        None, ge=1, le=100_000, description="Jobs that one channel may have waiting or running; empty: any number."
    )
    max_megapixels: float | None = Field(
        None,
        ge=0.01,
        le=4.2,
        description="Millions of pixels that one picture may have, 0.01 to 4.2; empty: 4 times as many as the model "
        "was trained on.",
    )
    role_max_jobs: Annotated[dict[RoleId, Annotated[int, Field(ge=1, le=1000)]], NoDecode] = Field(
        {}, description="MAX_JOBS_PER_USER for roles, as in `123=10, 456=2`; of several roles the most counts."
    )
    role_weights: Annotated[dict[RoleId, Annotated[float, Field(ge=0.25, le=8)]], NoDecode] = Field(
        {},
        description="Shares of the machine for roles, 0.25 to 8 where others have 1, as in `123=2.0, 456=0.5`; of "
        "several roles the largest counts.",
    )
    priority_roles: Annotated[tuple[RoleId, ...], NoDecode] = Field(
        (), description="Roles whose jobs go first, as ids with commas; who has waited 10 minutes ranks with them."
    )
    cooldown_seconds: int = Field(0, ge=0, le=86_400, description="Seconds between two requests of one person.")
    daily_images: int = Field(
        0, ge=0, le=1_000_000, description="Pictures that one person may have in 24 hours; 0: any number."
    )
    role_daily_images: Annotated[dict[RoleId, Annotated[int, Field(ge=0, le=1_000_000)]], NoDecode] = Field(
        {}, description="DAILY_IMAGES for roles, as in `123=200, 456=0`; of several roles the most counts."
    )
    retention_days: int = Field(
        30,
        ge=0,
        le=36500,
        description="Days that pictures are kept in DATA_DIR; 0: for ever. Discord keeps its copies.",
    )
    shutdown_grace_seconds: int = Field(
        30,
        ge=0,
        le=3600,
        description="Seconds that a running job has to end when the bot is stopped; later, the next start redoes it.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")
    hf_token: SecretStr | None = Field(None, description="Token for models on the Hugging Face hub that need one.")
    hf_hub_offline: bool = Field(False, description="Never ask the hub; use what has been downloaded.")

    @field_validator("discord_guild_ids", "priority_roles", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("role_max_jobs", "role_weights", "role_daily_images", mode="before")
    @classmethod
    def _pair(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        if not all(equals for _, equals, _ in pairs):
            raise ValueError("must be ids of roles with a number each, as in 123=2, 456=3")
        return {role_id.strip(): number.strip() for role_id, _, number in pairs}

    @field_validator("discord_token", "hf_token", "model_refiner", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("discord_api_url", "discord_gateway_url")
    @classmethod
    def _is_a_url(cls, value: str, info: ValidationInfo) -> str:
        schemes = ("ws://", "wss://") if info.field_name == "discord_gateway_url" else ("http://", "https://")
        if not value.startswith(schemes):
            raise ValueError(f"must start with {' or '.join(schemes)}")
        # The paths that are put behind the API's base begin with a slash of their own.
        return value.rstrip("/") if info.field_name == "discord_api_url" else value

    @field_validator("*")
    @classmethod
    def _find_home(cls, value: object) -> object:
        if not isinstance(value, Path):
            return value
        try:
            return value.expanduser()
        except RuntimeError as error:
            raise ValueError("must be in the home of somebody whom this machine knows") from error

    @field_validator("upscaler_model")
    @classmethod
    def _holds_no_pickle(cls, value: Path | None) -> Path | None:
        # Whoever loads a pickle, as .pth files are, runs what is in it.
        if value is not None and value.suffix.lower() != ".safetensors":
            raise ValueError("must end in .safetensors; convert the model, or take another")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _empty_is_the_default(cls, values: dict[str, Any]) -> dict[str, Any]:
        # A name with nothing behind it. Only an empty MODEL_REFINER says something: that the base is meant alone.
        return {name: value for name, value in values.items() if value != "" or name == "model_refiner"}

    @property
    def inputs_dir(self) -> Path:
        """Where pictures that jobs work on are kept."""
        return self.data_dir / "inputs"

    @property
    def loras(self) -> Path:
        """Where LoRAs lie."""
        return self.lora_dir or self.data_dir / "loras"

    @property
    def wildcards(self) -> Path:
        """Where the files of wildcards lie."""
        return self.wildcard_dir or self.data_dir / "wildcards"

    @property
    def resolved_database_url(self) -> str:
        """The database's URL with the default filled in."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'imagine-bot.db'}"


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process; `StartupFailed` says all that is wrong at once, by variable name."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        wrong = [dict(detail) for detail in error.errors(include_url=False)]
        # A default that follows from another setting is not looked for where any is wrong: that is nobody's mistake.
        lines = dict.fromkeys(_line(detail) for detail in wrong if detail["type"] != "default_factory_not_called")
        raise StartupFailed("\n".join(lines)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise StartupFailed(f".env cannot be read: {error}. It must be a text file in UTF-8.") from error


def in_words(rule: str) -> str:
    """What pydantic says that an input should be, in words for people."""
    rule = rule.removeprefix("Input should be ").partition(", unable")[0]
    for theirs, ours in WORDS.items():
        rule = rule.replace(theirs, ours)
    return rule.replace("'", "")


def _line(detail: dict[str, Any]) -> str:
    name = str(detail["loc"][0]).upper()
    if detail["type"] == "value_error":
        return f"{name} {detail['ctx']['error']}, not {detail['input']!r}."
    return f"{name} must be {in_words(detail['msg'])}, not {detail['input']!r}."
