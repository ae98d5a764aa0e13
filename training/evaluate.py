"""Draws scenes that training never saw, in wordings that it never saw, and counts what is right."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from training.captions import plain_caption, unseen_caption
from training.export import BASE, GUIDANCE, HANDOVER, REFINER, STEPS
from training.measure import Score, error, score, truest
from training.paths import MODELS
from training.sheet import save_sheet
from training.world import BUCKETS, SHAPES, SQUARE, Picture, Scene, is_new, random_scene

BARS = {"background": 0.97, "colour": 0.97, "place": 0.95, "shape": 0.85, "shape of big": 0.95}
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
    """One-thing scenes of held-out combinations, every shape equally often, half of them worded anew."""
    rng = Random(20_26)
    prompts = []
    for number in range(count):
        bucket = SQUARE if rng.random() < _SQUARE_SHARE else rng.choice(BUCKETS[1:])
        while (
            not is_new(scene := random_scene(rng, bucket, two=0)) or scene.thing.shape != SHAPES[number % len(SHAPES)]
        ):
            pass
        text = unseen_caption(scene, rng) if number // len(SHAPES) % 2 else plain_caption(scene)
        prompts.append(Prompt(scene, text, _FIRST_SEED + number))
    return prompts


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


def evaluate(pair: Pair, prompts: list[Prompt], batch: int) -> tuple[dict[str, dict[str, float]], list[Picture]]:
    """All figures by way of drawing, and the last way's pictures."""
    ways = {"base": False, "base + refiner": True} if pair.has_refiner else {"base": False}
    results: dict[str, dict[str, float]] = {}
    all_errors, pictures = [], []
    for way, refine in ways.items():
        pictures = draw_all(pair, prompts, refine=refine, batch=batch, title=way)
        pairs = list(zip(pictures, prompts, strict=True))
        errors = [error(picture, truest(picture, prompt.scene)) for picture, prompt in pairs]
        results[way] = summary([score(picture, prompt.scene) for picture, prompt in pairs], prompts, errors)
        all_errors.append(np.array(errors))
    if len(all_errors) == 2:
        gain = all_errors[0] - all_errors[1]
        results["gain"] = {
            "error": float(gain.mean()),
            "standard error": float(gain.std(ddof=1) / math.sqrt(len(gain))),
            "better in": float((gain > 0).mean()),
        }
    return results, pictures


def _table(results: dict[str, dict[str, float]], count: int, seconds: float) -> Table:
    ways = [way for way in results if way != "gain"]
    table = Table("", *ways, "bar", title=f"{count} held-out prompts", caption=f"{seconds:.2f} s a picture")
    for name, last in results[ways[-1]].items():
        bar = BARS.get(name)
        cells = [f"{results[way][name]:.1f}" if name == "error" else f"{results[way][name]:.1%}" for way in ways]
        mark = "" if bar is None else f"≥ {bar:.0%} {'met' if last >= bar else 'MISSED'}"
        table.add_row(name, *cells, mark)
    if "gain" in results:
        gain = results["gain"]
        table.add_row("refiner's gain", "", f"{gain['error']:.1f} ± {gain['standard error']:.1f}", "> 0")
    return table


def main() -> None:
    """Evaluate."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--models", type=Path, default=MODELS, help="folder that holds both model folders")
    parser.add_argument("--prompts", type=int, default=240)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--sheet", type=Path, help="write a contact sheet to this PNG file")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON; - prints them as the last line")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    pair = Pair(arguments.models, arguments.steps, arguments.guidance)
    prompts = new_prompts(arguments.prompts)
    results, pictures = evaluate(pair, prompts, arguments.batch)
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
