"""What jobs name by id or name reaches the executor's process, and what it has to remark comes back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.comparison import Axis, Comparison
from bot.errors import GenerationFailed
from bot.events import Progress
from bot.executors import create_executor, generate_alone
from bot.infotext import COMPARISON_KEY, read_texts
from bot.inputs import InputFolder
from bot.jobs import Job
from bot.layers import merge
from bot.model_info import TINY, read_model_info
from bot.settings import Settings

ASSETS = Path(__file__).parent.parent / "assets"


async def test_inputs_loras_and_sheets_reach_the_child_and_what_it_remarks_comes_back(tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None, model_base=TINY, model_refiner=TINY, device="cpu", data_dir=tmp_path, lora_dir=ASSETS
    )
    model = read_model_info(TINY, TINY)
    image = await InputFolder(settings.inputs_dir).save(Image.new("RGB", (100, 60), "blue"))

    def job(comparison: Comparison | None = None, **changes: Any) -> Job:
        parameters = merge(model, {"prompt": "a red circle", "image": image, "num_inference_steps": 4}, changes)
        return Job(
            id=1,
            guild_id=None,
            channel_id=1,
            user_id=1,
            parameters=parameters,
            comparison=comparison,
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )

    async with create_executor(settings, model) as executor:
        await executor.ready()
        memory = executor.health().memory
        # On the CPU it is the machine's own, which is looked at when somebody asks.
        assert memory is not None
        assert memory.free is None
        memory.check(job().parameters)
        (made,) = await generate_alone(executor, job(loras=[{"name": "ink"}]), lambda event: None)
        assert made.remarks == ()
        (made,) = await generate_alone(executor, job(strength=0.1, denoising_end=0.5), lambda event: None)
        assert [str(each) for each in made.remarks] == [
            "strength 0.1 leaves nothing for the base: the refiner drew it alone"
        ]
        with pytest.raises(GenerationFailed, match=r"^The picture that this job works on is not kept any more\.$"):
            await generate_alone(executor, job(image="0" * 64), lambda event: None)
        cells = job(denoising_end=None).parameters, job(denoising_end=0.5).parameters
        sheet = Comparison((Axis("refiner_from", ("off", "0.5")),), cells)
        steps: list[Progress] = []
        (made,) = await generate_alone(executor, job(sheet, denoising_end=None), steps.append)
        assert (steps[-1].step, steps[-1].steps) == (sheet.steps, sheet.steps)
        assert read_texts(made.png)[COMPARISON_KEY] == json.dumps(sheet.to_json())
