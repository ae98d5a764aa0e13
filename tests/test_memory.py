"""What pictures need of a device's memory, and what is made of it where that is the machine's."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import psutil
import pytest

from bot.memory import Memory
from tests.factories import make_parameters

GB = 10**9
#: SDXL in 32 bits: 384 channels of the refiner at 36 tensors, 256 of the autoencoder at 4.
SDXL = {"latent": 384 * 36 * 4, "pixel": 256 * 4 * 4, "scale": 8, "tile": 512**2}
LARGE = make_parameters(width=2048, height=2048, guidance_scale=5.0)
USUAL = make_parameters(width=1024, height=1024, guidance_scale=5.0)


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], Memory]:
    """Memory of a machine that has so many GB left; such a machine cannot be had here."""

    def memory(gigabytes: float) -> Memory:
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=int(gigabytes * GB)))
        return Memory(**SDXL)

    return memory


def test_whole_pictures_and_several_at_a_time_need_what_they_take() -> None:
    memory = Memory(**SDXL)
    assert memory.needed(LARGE, tiled=False) / GB == pytest.approx(17.4, abs=0.1)
    assert memory.needed(LARGE) / GB == pytest.approx(7.2, abs=0.1)
    assert memory.needed(LARGE, 4) == 4 * memory.needed(LARGE)
    # One at a time is decoded, however many are drawn.
    assert memory.needed(USUAL, 2, tiled=False) == memory.needed(USUAL, tiled=False)


@pytest.mark.parametrize(
    ("gigabytes", "way"),
    [(30, (4, False)), (17, (1, True)), (10, (1, True)), (28.5, (1, False))],
    ids=["room for all", "neither", "just one", "one whole"],
)
def test_where_memory_is_the_machines_it_is_decided_beforehand(
    left: Callable[[float], Memory], gigabytes: float, way: tuple[int, bool]
) -> None:
    assert left(gigabytes).way(LARGE, 4) == way


def test_whole_pictures_are_given_up_before_pictures_at_a_time(left: Callable[[float], Memory]) -> None:
    assert left(4).way(USUAL, 2) == (2, True)


def test_a_device_with_a_memory_of_its_own_is_asked_for_all_first() -> None:
    assert Memory(**SDXL, free=GB).way(LARGE, 4) == (4, False)


def test_a_model_that_enlarges_is_counted() -> None:
    small = {"width": 64, "height": 64, "guidance_scale": 1.0, "image": "a" * 64}
    memory = Memory(**SDXL)
    needed = [memory.needed(make_parameters(**small, upscaler=upscaler)) for upscaler in (None, "x4")]
    assert needed[0] < needed[1]
    assert needed[1] / GB == pytest.approx(0.6, abs=0.1)
