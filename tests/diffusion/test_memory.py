"""A size that memory cannot hold is refused before any work is done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from bot.errors import OutOfMemory
from tests.diffusion.engine import Engine


def test_what_is_needed_grows_with_the_pixels_and_doubles_with_guidance(engine: Engine) -> None:
    small, large = (engine.sdxl.memory.needed(engine.ask(width=side, height=side)) for side in (1024, 2048))
    assert large == 4 * small
    assert engine.sdxl.memory.needed(engine.ask(width=1024, height=1024, guidance_scale=1)) == small / 2


def test_a_size_that_does_not_fit_is_refused_before_the_first_step(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = engine.sdxl.memory.needed(engine.ask(width=2048, height=2048))
    # The machine's answer, not the code that asks: a machine with so little memory cannot be had here.
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=needed - 1))
    assert engine.sdxl.memory.available() == needed - 1
    steps: list[object] = []
    with pytest.raises(OutOfMemory) as caught:
        engine.sdxl(engine.ask(width=2048, height=2048), steps.append)
    assert str(caught.value) == (
        f"2048 × 2048 needs about {needed / 1e9:.1f} GB of memory, and {(needed - 1) / 1e9:.1f} GB are free. "
        "Ask for a smaller size."
    )
    assert steps == []


def test_with_little_memory_on_the_machine_less_is_tried_at_a_time_from_the_first_step(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdxl = engine.sdxl
    asked = engine.ask(width=512, height=512, num_images_per_prompt=2, num_inference_steps=1, denoising_end=None)
    # A little more than one image takes, and less than two, or than one that is decoded as a whole.
    room = sdxl.memory.needed(asked) * 5 // 4
    assert room < min(sdxl.memory.needed(asked, 2), sdxl.memory.needed(asked, tiled=False))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=room))
    drawn, decoded = list[int](), list[int]()

    def look(unet: Any, inputs: Any) -> None:
        drawn.append(len(inputs[0]))

    hooks = [
        sdxl.base.unet.register_forward_pre_hook(look),
        sdxl.base.vae.decoder.register_forward_pre_hook(lambda _, inputs: decoded.append(inputs[0].shape[-1])),
    ]
    remarks: list[object] = []
    try:
        assert len(sdxl(asked, on_remark=remarks.append)) == 2
    finally:
        for hook in hooks:
            hook.remove()
    # Two is one image with guidance.
    assert set(drawn) == {2}
    assert max(decoded) < 512 // sdxl.base.vae_scale_factor
    assert list(map(str, remarks)) == ["the memory did not hold all images at once: they were drawn one by one"]
