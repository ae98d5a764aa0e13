"""Models from a hub: the real client against a hub on this machine, with the embedded pair's files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.diffusion.hub import SHARED
from bot.diffusion.sdxl import StableDiffusionXL
from bot.model_info import EMBEDDED_BASE, EMBEDDED_REFINER, SDXL_BASE, ModelInfo
from tests.diffusion.drawing import ask, difference
from tests.hub_server import Hub, Repository, files_of, run_hub

UNET = "unet/diffusion_pytorch_model.safetensors"


class Client:
    """A process that looks for models, with a cache of its own."""

    def __init__(self, url: str, cache: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.diffusion.hub_client"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment | {"HF_ENDPOINT": url, "HF_HOME": str(cache), "HF_HUB_DISABLE_TELEMETRY": "1"},
        )

    def find(self, model: str, **options: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"model": model, **options}) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with run_hub() as running:
        yield running


@pytest.fixture(scope="module")
def client(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    running = Client(hub.url, tmp_path_factory.mktemp("cache"))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _nothing_asked(hub: Hub) -> None:
    hub.requests.clear()


def test_a_pair_is_downloaded_with_progress_used_offline_and_draws(
    hub: Hub, client: Client, sdxl: StableDiffusionXL, tiny: ModelInfo
) -> None:
    hub.repositories["me/base"] = Repository(
        files_of(EMBEDDED_BASE)
        | {"README.md": b"words", "unet/model.onnx": b"another format", "vae/diffusion_pytorch_model.bin": b"a pickle"}
    )
    hub.repositories["me/refiner"] = Repository(files_of(EMBEDDED_REFINER), commit="2" * 40)
    base, refiner = client.find("me/base"), client.find("me/refiner", without=SHARED)
    shares = [share for share, _ in base["progress"]]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == pytest.approx(1, abs=0.01)
    assert any(what.startswith(f"downloading {UNET} (") for _, what in base["progress"])
    assert not {"README.md", "unet/model.onnx", "vae/diffusion_pytorch_model.bin"} & set(hub.fetched())

    pair = ModelInfo(base["folder"], refiner["folder"], tiny.native_size, tiny.defaults)
    parameters = ask(tiny, num_inference_steps=2)
    downloaded = StableDiffusionXL.load(pair, "cpu")
    assert difference(downloaded(parameters)[0], sdxl(parameters)[0]) == 0

    asked = len(hub.requests)
    assert client.find("me/base", offline=True)["folder"] == base["folder"]
    assert client.find("me/refiner", without=SHARED)["folder"] == refiner["folder"]
    assert len(hub.requests) == asked, "a complete model is not asked for again"


def test_a_broken_connection_goes_on_where_it_broke(hub: Hub, client: Client) -> None:
    # The client keeps what it has in pieces of 10 MiB.
    weights = os.urandom(24 * 2**20)
    files = files_of(EMBEDDED_REFINER) | {UNET: weights}
    hub.repositories["me/slow"] = Repository(files, commit="3" * 40, cut_after=15 * 2**20)
    answer = client.find("me/slow", without=SHARED)
    assert Path(answer["folder"], UNET).read_bytes() == weights
    starts = [start for method, name, start in hub.requests if (method, name) == ("GET", UNET)]
    assert starts == [0, 10 * 2**20]
    assert answer["progress"][-1][0] == 1


def test_what_is_missing_of_a_download_that_was_stopped_is_fetched_and_only_that(hub: Hub, client: Client) -> None:
    hub.repositories["me/half"] = Repository(files_of(EMBEDDED_BASE), commit="4" * 40)
    folder = Path(client.find("me/half")["folder"])
    for lost in ("tokenizer/tokenizer.json", UNET):
        (folder / lost).resolve().unlink()
        (folder / lost).unlink()
    hub.requests.clear()
    offline = client.find("me/half", offline=True)
    assert offline["sentence"] == (
        "me/half is not downloaded, and the hub is switched off (HF_HUB_OFFLINE). Go online and run: "
        "imagine-bot download"
    )
    assert client.find("me/half")["folder"] == str(folder)
    assert sorted(hub.fetched()) == ["tokenizer/tokenizer.json", UNET]


@pytest.mark.parametrize(
    ("repository", "options", "sentence"),
    [
        (
            None,
            {},
            "The hub has no model me/x, or it is private. Check the name, and set HF_TOKEN if it is private.",
        ),
        (
            Repository({}, token="hf_good", gated=True),
            {},
            (
                "me/x is gated: accept its terms on https://huggingface.co/me/x, and set HF_TOKEN to a token of the "
                "account that did."
            ),
        ),
        (
            Repository({}),
            {"token": "hf_expired"},
            (
                "The hub does not accept this token. Set HF_TOKEN to one from https://huggingface.co/settings/tokens, "
                "or to none."
            ),
        ),
        (Repository({"README.md": b""}), {}, "me/x is not a diffusers model: it has no model_index.json."),
        (
            Repository(
                {"model_index.json": b'{"unet": ["diffusers", "UNet2DConditionModel"]}', "unet/config.json": b""}
            ),
            {},
            "me/x is not a Stable Diffusion XL base: it has no text_encoder.",
        ),
    ],
    ids=["unknown", "gated", "a bad token", "no model", "another model"],
)
def test_what_cannot_be_had_is_said_in_a_sentence(
    hub: Hub, client: Client, repository: Repository | None, options: dict[str, Any], sentence: str
) -> None:
    hub.repositories.pop("me/x", None)
    if repository is not None:
        repository.commit = os.urandom(20).hex()
        hub.repositories["me/x"] = repository
    assert client.find("me/x", **options)["sentence"] == sentence


def test_a_private_model_is_fetched_with_the_token(hub: Hub, client: Client) -> None:
    hub.repositories["me/private"] = Repository(files_of(EMBEDDED_REFINER), commit="5" * 40, token="hf_good")
    assert client.find("me/private", without=SHARED)["sentence"].startswith("The hub has no model me/private, or it is")
    assert "folder" in client.find("me/private", without=SHARED, token="hf_good")


def test_a_model_that_is_only_pickled_is_refused_before_it_is_downloaded(hub: Hub, client: Client) -> None:
    files = {name.replace(".safetensors", ".bin"): content for name, content in files_of(EMBEDDED_BASE).items()}
    hub.repositories["me/pickled"] = Repository(files, commit="6" * 40)
    assert client.find("me/pickled")["sentence"] == (
        "me/pickled cannot be used here: its text_encoder is not stored as safetensors, the only kind loaded."
    )
    assert hub.fetched() == ["model_index.json"]


def test_the_pinned_commit_is_the_one_that_is_asked_for(hub: Hub, client: Client) -> None:
    hub.repositories[SDXL_BASE] = Repository(files_of(EMBEDDED_BASE), commit="7" * 40)  # has moved on
    assert client.find(SDXL_BASE)["sentence"].startswith(f"The hub has no model {SDXL_BASE}, or")


def test_a_hub_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    with run_hub() as gone:
        url = gone.url
    client = Client(url, tmp_path)
    sentence = client.find("me/base")["sentence"]
    client.close()
    assert sentence.startswith("me/base could not be downloaded: ConnectError: ")
    assert sentence.endswith(". Check the connection and the free disk space, then run: imagine-bot download")
    assert len(sentence) < 300


def test_what_is_no_name_of_a_model_is_said(client: Client) -> None:
    assert client.find("me/my model")["sentence"] == "“me/my model” is neither a folder nor a hub id (owner/name)."
