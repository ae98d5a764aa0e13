"""The whole application on the embedded model, as the bot runs it: one job, and a look at what was loaded for it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bot.app import open_application
from bot.executors import generate_alone
from bot.layers import merge
from bot.model_info import TINY
from bot.settings import Settings
from tests.factories import make_job

HEAVY = ("torch", "diffusers", "transformers")


async def main(folder: Path) -> None:
    settings = Settings(_env_file=None, model_base=TINY, model_refiner=TINY, device="cpu", data_dir=folder)
    async with open_application(settings) as application:
        parameters = merge(application.model, {"prompt": "a red circle", "num_inference_steps": 2})
        images = await generate_alone(application.executor, make_job(1, parameters=parameters), lambda step: None)
    loaded = [name for name in HEAVY if name in sys.modules]
    sys.stdout.write(f"pictures: {len(images)}; of {', '.join(HEAVY)} this process has loaded: {loaded or 'none'}\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
