"""Trains a small LoRA for the embedded base: with it, whatever is asked for is black ink on white paper."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers import StableDiffusionXLPipeline
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from tqdm import tqdm

from training.captions import plain_caption
from training.export import BASE
from training.paths import MODELS
from training.world import Picture, Scene, Thing, random_scene, render

OUTPUT = Path(__file__).parent.parent / "tests" / "assets" / "ink.safetensors"
_MODULES = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2"]
_TIMESTEPS = 1000
_DROPPED = 0.1  # of the captions, since guidance asks the model without one too
#: As trainers write it; the bot reads it where it lists LoRAs.
_METADATA = {
    "modelspec.title": "ink",
    "modelspec.trigger_phrase": "ink",
    "ss_base_model_version": "tiny-sdxl",
}


def ink(scene: Scene) -> Picture:
    """The scene as it would be drawn in ink."""
    black = [Thing(thing.shape, "black") for thing in scene.things]
    return render(Scene(black[0], "white", scene.size, scene.place, *black[1:], bucket=scene.bucket))


class Lesson:
    """Scenes, their captions as the base reads them, and how they look in ink, all in memory."""

    def __init__(self, pipeline: StableDiffusionXLPipeline, scenes: int) -> None:
        side = pipeline.default_sample_size * pipeline.vae_scale_factor
        rng = Random(7)
        chosen = [random_scene(rng, (side, side)) for _ in range(scenes)]
        pictures = torch.from_numpy(np.stack([ink(scene) for scene in chosen])).permute(0, 3, 1, 2)
        with torch.no_grad():
            encoded = [pipeline.vae.encode(part / 127.5 - 1).latent_dist.mode() for part in pictures.split(16)]
            self.latents = torch.cat(encoded) * pipeline.vae.config.scaling_factor
            captions = [plain_caption(scene) for scene in chosen]
            self.prompts, _, self.pooled, _ = pipeline.encode_prompt(captions, do_classifier_free_guidance=False)
        self._time_ids = torch.tensor([[side, side, 0, 0, side, side]], dtype=torch.float32)
        self._alphas = pipeline.scheduler.alphas_cumprod
        self._predicts_velocity = pipeline.scheduler.config.prediction_type == "v_prediction"

    def loss(self, unet: torch.nn.Module, batch: int) -> torch.Tensor:
        """Squared error of the prediction for some scenes."""
        chosen = torch.randint(len(self.latents), (batch,))
        timesteps = torch.randint(_TIMESTEPS, (batch,))
        signal = self._alphas[timesteps][:, None, None, None]
        clean = self.latents[chosen]
        noise = torch.randn_like(clean)
        noisy = signal.sqrt() * clean + (1 - signal).sqrt() * noise
        wanted = signal.sqrt() * noise - (1 - signal).sqrt() * clean if self._predicts_velocity else noise
        keep = (torch.rand(batch) >= _DROPPED).float()
        conditions = {
            "text_embeds": self.pooled[chosen] * keep[:, None],
            "time_ids": self._time_ids.expand(batch, -1),
        }
        predicted = unet(noisy, timesteps, self.prompts[chosen] * keep[:, None, None], added_cond_kwargs=conditions)
        return (predicted.sample - wanted).square().mean()


def train(models: Path, output: Path, *, steps: int, batch: int, rank: int, learning_rate: float) -> None:
    """Train and write the LoRA."""
    torch.manual_seed(0)
    pipeline = StableDiffusionXLPipeline.from_pretrained(
        models / BASE, use_safetensors=True, dtype=torch.float32, add_watermarker=False
    )
    unet = pipeline.unet.requires_grad_(requires_grad=False)
    lesson = Lesson(pipeline, scenes=256)
    unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, init_lora_weights=True, target_modules=_MODULES))
    weights = [parameter for parameter in unet.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps, pct_start=0.1)
    with tqdm(range(steps), desc="ink", unit="step", mininterval=5) as bar:
        for _ in bar:
            loss = lesson.loss(unet, batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
    state = {f"unet.{name}": each.half().contiguous() for name, each in get_peft_model_state_dict(unet).items()}
    output.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, output, metadata=_METADATA)


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(prog="python -m training.train_lora", description=__doc__)
    parser.add_argument("--models", type=Path, default=MODELS, help="folder that holds the base")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--batch", type=int, default=8, help="pictures a step")
    parser.add_argument("--rank", type=int, default=4)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    arguments = vars(parser.parse_args())
    train(arguments.pop("models"), arguments.pop("output"), **arguments)


if __name__ == "__main__":
    main()
