"""Draws scenes that training never saw, counts what is right, and how much is left of it in words that it never saw."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from training.captions import caption, plain_caption, unseen_caption
from training.export import BASE, GUIDANCE, HANDOVER, REFINER, STEPS
from training.measure import Score, error, score, truest
from training.paths import MODELS
from training.sheet import save_sheet
from training.world import BUCKETS, SHAPES, SQUARE, Picture, Scene, is_new, random_scene

FloatArray = NDArray[np.float64]
BARS = {"background": 0.97, "colour": 0.97, "place": 0.95, "shape": 0.85, "shape of big": 0.95}
#: The ways of drawing, as the table and the JSON name them.
ALONE, BOTH, REWORDED, GAIN = "base", "base + refiner", "unseen wordings", "gain"
_FIRST_SEED = 500_000
_SQUARE_SHARE = 0.5


@dataclass(frozen=True)
class Prompt:
    """One question to the model."""

    scene: Scene
    text: str
    seed: int


class Pair:
    """The base and the refiner as they are used: the one hands its latents over to the other."""

    def __init__(self, folder: Path, steps: int, guidance: float) -> None:
        options = {"use_safetensors": True, "dtype": torch.float32, "add_watermarker": False}
        self._base = StableDiffusionXLPipeline.from_pretrained(folder / BASE, **options)
        shared = {name: getattr(self._base, name) for name in ("text_encoder_2", "tokenizer_2", "vae")}
        self._refiner = None
        if (folder / REFINER).exists():
            self._refiner = StableDiffusionXLImg2ImgPipeline.from_pretrained(folder / REFINER, **shared, **options)
        for pipeline in filter(None, (self._base, self._refiner)):
            pipeline.set_progress_bar_config(disable=True)
        self._settings = {"num_inference_steps": steps, "guidance_scale": guidance}

    @property
    def has_refiner(self) -> bool:
        """Whether there is one."""
        return self._refiner is not None

    def draw(self, prompts: list[Prompt], *, refine: bool) -> list[Picture]:
        """Prompts of one bucket, as a batch; every picture has its own generator."""
        generators = [torch.Generator().manual_seed(prompt.seed) for prompt in prompts]
        width, height = prompts[0].scene.bucket
        common = {"prompt": [prompt.text for prompt in prompts], "generator": generators, **self._settings}
        if refine and self._refiner is not None:
            half = self._base(width=width, height=height, denoising_end=HANDOVER, output_type="latent", **common).images
            pictures = self._refiner(image=half, denoising_start=HANDOVER, output_type="np", **common).images
        else:
            pictures = self._base(width=width, height=height, output_type="np", **common).images
        return list((pictures * 255).round().astype(np.uint8))


def new_prompts(count: int) -> list[Prompt]:
    """One-thing scenes of held-out combinations, every shape equally often, half of them worded plainly."""
    rng = Random(20_26)
    prompts = []
    for number in range(count):
        bucket = SQUARE if rng.random() < _SQUARE_SHARE else rng.choice(BUCKETS[1:])
        while (
            not is_new(scene := random_scene(rng, bucket, two=0)) or scene.thing.shape != SHAPES[number % len(SHAPES)]
        ):
            pass
        text = caption(scene, rng) if number // len(SHAPES) % 2 else plain_caption(scene)
        prompts.append(Prompt(scene, text, _FIRST_SEED + number))
    return prompts


def reworded(prompts: list[Prompt]) -> list[Prompt]:
    """The same scenes and seeds in wordings that no training caption has."""
    rng = Random(20_27)
    return [replace(prompt, text=unseen_caption(prompt.scene, rng)) for prompt in prompts]


def draw_all(pair: Pair, prompts: list[Prompt], *, refine: bool, batch: int, title: str) -> list[Picture]:
    """Draw bucket by bucket and put the pictures back in order."""
    pictures: dict[Prompt, Picture] = {}
    with tqdm(total=len(prompts), desc=title, unit="picture", file=sys.stderr) as bar:
        for bucket in BUCKETS:
            group = [prompt for prompt in prompts if prompt.scene.bucket == bucket]
            for start in range(0, len(group), batch):
                part = group[start : start + batch]
                pictures.update(zip(part, pair.draw(part, refine=refine), strict=True))
                bar.update(len(part))
    return [pictures[prompt] for prompt in prompts]


def summary(scores: list[Score], prompts: list[Prompt], errors: list[float]) -> dict[str, float]:
    """Shares of right answers, and the error to the truth."""
    rows = [asdict(one) for one in scores]
    figures = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    for size in ("small", "medium", "big"):
        right = [one.shape for one, prompt in zip(scores, prompts, strict=True) if prompt.scene.size == size]
        figures[f"shape of {size}"] = float(np.mean(right)) if right else math.nan
    figures["error"] = float(np.mean(errors))
    return figures


def seconds_a_picture(pair: Pair) -> float:
    """One picture at the default steps, the median of five."""
    prompt = Prompt(Scene(new_prompts(1)[0].scene.thing, "white"), "a red circle on a blue background", 1)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        pair.draw([prompt], refine=pair.has_refiner)
        times.append(time.perf_counter() - start)
    return sorted(times)[2]


def evaluate(
    pair: Pair, prompts: list[Prompt], batch: int, *, rewording: bool
) -> tuple[dict[str, dict[str, float]], list[Picture]]:
    """All figures by way of drawing, and the pictures of the best way."""
    results: dict[str, dict[str, float]] = {}

    def judge(way: str, asked: list[Prompt], *, refine: bool) -> tuple[list[Picture], FloatArray]:
        pictures = draw_all(pair, asked, refine=refine, batch=batch, title=way)
        pairs = list(zip(pictures, asked, strict=True))
        errors = [error(picture, truest(picture, prompt.scene)) for picture, prompt in pairs]
        results[way] = summary([score(picture, prompt.scene) for picture, prompt in pairs], asked, errors)
        return pictures, np.array(errors)

    pictures, errors = judge(ALONE, prompts, refine=False)
    if pair.has_refiner:
        pictures, refined = judge(BOTH, prompts, refine=True)
        gain = errors - refined
        results[GAIN] = {
            "error": float(gain.mean()),
            "standard error": float(gain.std(ddof=1) / math.sqrt(len(gain))),
            "better in": float((gain > 0).mean()),
        }
    if rewording:
        judge(REWORDED, reworded(prompts), refine=pair.has_refiner)
    return results, pictures


def _table(results: dict[str, dict[str, float]], count: int, seconds: float) -> Table:
    ways = [way for way in (ALONE, BOTH, REWORDED) if way in results]
    judged = BOTH if BOTH in results else ALONE
    table = Table("", *ways, "bar", title=f"{count} held-out prompts", caption=f"{seconds:.2f} s a picture")
    for name, figure in results[judged].items():
        bar = BARS.get(name)
        cells = [f"{results[way][name]:.1f}" if name == "error" else f"{results[way][name]:.1%}" for way in ways]
        table.add_row(name, *cells, "" if bar is None else f"≥ {bar:.0%} {'met' if figure >= bar else 'MISSED'}")
    if GAIN in results:
        gain = results[GAIN]
        shown = f"{gain['error']:.1f} ± {gain['standard error']:.1f}, better in {gain['better in']:.0%}"
        table.add_row("refiner's gain", "", shown, *[""] * (len(ways) - 2), "> 0")
    return table


def main() -> None:
    """Evaluate."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--models", type=Path, default=MODELS, help="folder that holds both model folders")
    parser.add_argument("--prompts", type=int, default=240)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--no-rewording", action="store_true", help="leave out the column of unseen wordings")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet to this PNG file")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON; - prints them as the last line")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    pair = Pair(arguments.models, arguments.steps, arguments.guidance)
    prompts = new_prompts(arguments.prompts)
    results, pictures = evaluate(pair, prompts, arguments.batch, rewording=not arguments.no_rewording)
    seconds = seconds_a_picture(pair)
    Console().print(_table(results, len(prompts), seconds))
    if arguments.sheet:
        save_sheet(arguments.sheet, pictures, [prompt.text for prompt in prompts])
    text = json.dumps({**results, "seconds_a_picture": seconds, "prompts": len(prompts)})
    if arguments.json == "-":
        print(text)
    elif arguments.json:
        Path(arguments.json).write_text(text)


if __name__ == "__main__":
    main()
