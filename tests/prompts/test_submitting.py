"""Every request passes through the reader: what is recorded of it, and what Again makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.diffusion.assets import Assets
from bot.errors import InvalidParameters
from bot.inputs import InputFolder
from bot.job_queue import JobQueue
from bot.originals import OriginalFolder
from bot.services.generation import GenerationService
from bot.storage import open_storage
from bot.storage.pictures import PictureFolder
from tests.factories import ENSEMBLE
from tests.prompts.reading import make_reader, write_wildcards
from tests.scripted import ScriptedExecutor

ALICE = {"user_id": 30, "guild_id": 10, "channel_id": 20}


@asynccontextmanager
async def open_service(folder: Path) -> AsyncIterator[GenerationService]:
    reader = make_reader(write_wildcards(folder / "wildcards", animal="fox\ndog\ncat\nowl\nbear\nhare"))
    async with open_storage(f"sqlite+aiosqlite:///{folder / 'bot.db'}") as storage:
        queue = JobQueue(ScriptedExecutor(), max_jobs=50, max_jobs_per_user=50)
        pictures, inputs = PictureFolder(folder / "pictures"), InputFolder(folder / "inputs")
        originals = OriginalFolder(folder / "originals")
        yield GenerationService(ENSEMBLE, storage, pictures, inputs, queue, reader, originals, Assets())


async def test_a_job_is_recorded_as_typed_and_as_drawn_with_its_remarks(tmp_path: Path) -> None:
    typed = "a __animal__ --steps 500 --ar 7:5"
    async with open_service(tmp_path) as service:
        job = await service.get((await service.submit(**ALICE, changes={"prompt": typed})).id)
    assert job.parameters.raw_prompt == typed
    assert job.parameters.prompt.startswith("a ")
    assert "_" not in job.parameters.prompt
    assert [str(remark) for remark in job.remarks] == [
        "--ar 7:5 → 3:2 (1216 × 832): the nearest shape that the model was trained on",
        "steps 500 → 150: that is as far as it goes here",
    ]


async def test_again_draws_anew_with_a_fresh_seed_and_keeps_the_rest(tmp_path: Path) -> None:
    async with open_service(tmp_path) as service:
        changes = {"prompt": "a __animal__ --style ink --ar 16:9", "guidance_scale": 3.5}
        first = await service.submit(**ALICE, changes=changes)
        others = [await service.again(first.id, **ALICE) for _ in range(20)]
    assert len({job.parameters.prompt for job in others}) > 1
    assert len({job.parameters.seed for job in others}) == len(others)
    drawn = ("prompt", "seed")
    rest = [{name: value for name, value in job.parameters if name not in drawn} for job in (first, *others)]
    assert all(each == rest[0] for each in rest)


async def test_the_parameters_of_a_picture_make_the_same_job_again(tmp_path: Path) -> None:
    async with open_service(tmp_path) as service:
        first = await service.submit(**ALICE, changes={"prompt": "a __animal__ --style ink"})
        (tmp_path / "wildcards" / "animal.txt").write_text("whale")
        remade = await service.submit(**ALICE, changes=first.parameters.model_dump())
    assert remade.parameters == first.parameters


async def test_an_edited_prompt_wins_over_the_job_that_it_comes_from(tmp_path: Path) -> None:
    async with open_service(tmp_path) as service:
        first = await service.submit(**ALICE, changes={"prompt": "a fox --ar 16:9", "num_inference_steps": 12})
        edited = await service.submit(
            **ALICE, changes={"prompt": "a dog --ar 9:16"}, beneath=service.prompts.typed(first.parameters)
        )
    assert (edited.parameters.prompt, edited.parameters.width) == ("a dog", 768)
    assert (edited.parameters.num_inference_steps, edited.parameters.seed) == (12, first.parameters.seed)


async def test_a_prompt_that_cannot_be_read_leaves_no_job_behind(tmp_path: Path) -> None:
    async with open_service(tmp_path) as service:
        with pytest.raises(InvalidParameters, match="There is no wildcard __animals__"):
            await service.submit(**ALICE, changes={"prompt": "a __animals__"})
        assert service.line() == ()
