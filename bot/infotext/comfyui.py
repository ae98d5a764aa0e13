"""ComfyUI's format: the graph of nodes that was run. What we look for is followed back from the last sampler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.infotext import names
from bot.infotext.comfyui_graph import Graph, read_graph
from bot.infotext.info import PictureInfo, limited, plain, stem

PROGRAM = "ComfyUI"
_LATENTS = ("latent_image", "latent", "samples")
_PARTS = ("noise", "guider", "sampler", "sigmas")
_LOADERS = ("ckpt_name", "unet_name", "base_ckpt_name")
#: Where a text may stand: in an encoder, or in a node of text that feeds it.
_TEXTS = ("text", "text_g", "prompt", "positive", "string", "value", "STRING")
_NEGATIVE_TEXTS = ("text", "text_g", "prompt", "negative", "string", "value", "STRING")
#: How the advanced sampler hands over; where it does stands at the one that goes on.
_HANDOVER = ("start_at_step", "end_at_step", "add_noise", "return_with_leftover_noise")


def read_comfyui(texts: Mapping[str, str]) -> PictureInfo | None:
    """The picture's info where it holds a graph with a sampler that we know; None otherwise."""
    graph = read_graph(texts.get("prompt"))
    if graph is None:
        return None
    chain = _samplers(graph)
    if not chain:
        return None
    settings = {name: plain(value) for name, value in _settings(graph, chain).items() if value not in (None, "")}
    return PictureInfo(PROGRAM, limited(settings | graph.unused()), text=texts["prompt"])


def _samplers(graph: Graph) -> Sequence[str]:
    """Those that the picture went through, first to last."""
    found = [node for node in graph.nodes if _is_sampler(graph, node)]
    before = {node: [each for each in graph.upstream(node, _LATENTS) if each in found] for node in found}
    # Of several pictures in one graph, the one that took the most work.
    last = max(found, key=lambda node: len(before[node]), default=None)
    if last is None:
        return ()
    return [*sorted(before[last], key=lambda node: len(before[node])), last]


def _is_sampler(graph: Graph, node: str) -> bool:
    advanced = graph.has(node, "sampler") and graph.has(node, "sigmas")
    return advanced or (graph.has(node, "steps") and graph.has(node, "sampler_name", "sampler"))


def _settings(graph: Graph, chain: Sequence[str]) -> dict[str, Any]:
    first, last = chain[0], chain[-1]
    steps = graph.find(first, ("steps",), _PARTS)
    settings: dict[str, Any] = {
        **_prompts(graph, first),
        names.STEPS: steps,
        names.SAMPLER: graph.find(first, ("sampler_name",), _PARTS),
        names.SCHEDULE_TYPE: graph.find(first, ("scheduler",), _PARTS),
        names.CFG_SCALE: graph.find(first, ("cfg",), _PARTS),
        names.SEED: graph.find(first, ("seed", "noise_seed"), _PARTS),
        names.SIZE: _size(graph, first),
        names.MODEL: _model(graph, first),
        names.CLIP_SKIP: _clip_skip(graph, first),
        names.LORA_WEIGHTS: _loras(graph, first),
    }
    denoise = graph.find(first, ("denoise",), _PARTS)
    if isinstance(denoise, int | float) and denoise < 1:
        settings[names.DENOISING_STRENGTH] = denoise
    settings["Init image"] = graph.find(first, ("image",), (*_LATENTS, "pixels"))
    graph.pass_over(first, *_HANDOVER)
    if len(chain) > 1:
        settings |= _second(graph, first, last, steps)
    return settings


def _second(graph: Graph, first: str, last: str, steps: Any) -> dict[str, Any]:
    """A second sampler is the refiner where it goes on with what the first has left, else a pass that enlarges."""
    begins = graph.find(last, ("start_at_step",), ())
    model = _model(graph, last)
    goes_on = isinstance(begins, int) and isinstance(steps, int) and 0 < begins < steps
    if goes_on and model != _model(graph, first):
        score = graph.find(last, ("ascore",), ("positive",))
        negative = graph.find(last, ("ascore",), ("negative",))
        graph.pass_over(last, "noise_seed", "steps", *_HANDOVER)
        for encoder in graph.upstream(last, ("positive", "negative")):
            graph.pass_over(encoder, "width", "height", "text")
        return {
            **_unlike(graph, first, last, "Refiner"),
            names.REFINER: model,
            names.REFINER_SWITCH: round(begins / steps, 4),
            names.AESTHETIC_SCORE: score,
            names.NEGATIVE_AESTHETIC_SCORE: negative,
        }
    return {
        **_unlike(graph, first, last, "Hires"),
        "Hires seed": graph.find(last, ("seed", "noise_seed"), _PARTS),
        names.HIRES_UPSCALE: graph.find(last, ("scale_by",), _LATENTS),
        names.HIRES_UPSCALER: graph.find(last, ("upscale_method", "model_name"), (*_LATENTS, "pixels", "image")),
        "Hires steps": graph.find(last, ("steps",), _PARTS),
        names.DENOISING_STRENGTH: graph.find(last, ("denoise",), _PARTS),
    }


def _unlike(graph: Graph, first: str, last: str, prefix: str) -> dict[str, Any]:
    """What the second sampler does otherwise than the first."""
    said = {"CFG scale": "cfg", "sampler": "sampler_name", "schedule type": "scheduler"}
    values = {name: [graph.find(node, (key,), _PARTS) for node in (first, last)] for name, key in said.items()}
    return {f"{prefix} {name}": after for name, (before, after) in values.items() if before != after}


def _prompts(graph: Graph, sampler: str) -> dict[str, Any]:
    via = ("guider", "conditioning", "conditioning_1", "conditioning_to")
    positive = graph.text(sampler, ("positive",), (*via, "positive"), _TEXTS)
    negative = graph.text(sampler, ("negative",), (*via, "negative"), _NEGATIVE_TEXTS)
    return {
        names.PROMPT: positive.text,
        names.NEGATIVE_PROMPT: negative.text,
        **_both_encoders(graph, positive.node, names.PROMPT, names.PROMPT_2, ""),
        **_both_encoders(graph, negative.node, names.NEGATIVE_PROMPT, names.NEGATIVE_PROMPT_2, "Negative "),
    }


def _both_encoders(graph: Graph, node: str | None, one: str, two: str, prefix: str) -> dict[str, Any]:
    """SDXL's own node of text: a prompt for either encoder (ours is the first, `l`), and sizes."""
    if node is None or not graph.has(node, "text_l"):
        return {}
    small, large = (graph.find(node, (name,), ()) for name in ("text_l", "text_g"))
    said: dict[str, Any] = {one: small or large}
    if small and large and small != large:
        said[two] = large
    corner = [graph.find(node, (name,), ()) for name in ("crop_h", "crop_w")]
    if any(corner):
        said[_named(prefix, names.CROP_TOP_LEFT)] = f"{corner[0]}x{corner[1]}"
    for name, (width, height) in {
        names.ORIGINAL_SIZE: ("width", "height"),
        names.TARGET_SIZE: ("target_width", "target_height"),
    }.items():
        sides = [graph.find(node, (side,), ()) for side in (width, height)]
        if all(isinstance(side, int) for side in sides):
            said[_named(prefix, name)] = f"{sides[0]}x{sides[1]}"
    return said


def _named(prefix: str, name: str) -> str:
    return f"{prefix}{name[0].lower()}{name[1:]}" if prefix else name


def _size(graph: Graph, sampler: str) -> str | None:
    sides = [graph.find(sampler, (side,), _LATENTS) for side in ("width", "height")]
    return f"{sides[0]}x{sides[1]}" if all(isinstance(side, int) for side in sides) else None


def _model(graph: Graph, sampler: str) -> str:
    return stem(graph.find(sampler, _LOADERS, ("model", "guider", "unet")))


def _loras(graph: Graph, sampler: str) -> str:
    found = []
    for node in graph.upstream(sampler, ("model", "guider")):
        name = graph.find(node, ("lora_name",), ())
        if isinstance(name, str) and name not in ("", "None"):
            weight = graph.find(node, ("strength_model", "strength", "lora_wt"), ())
            graph.find(node, ("strength_clip",), ())
            found.append(f"{stem(name)}: {1 if weight is None else weight}")
    return ", ".join(reversed(found))


def _clip_skip(graph: Graph, sampler: str) -> int | None:
    via = ("guider", "positive", "conditioning", "clip")
    stop = graph.find(sampler, ("stop_at_clip_layer",), via)
    return -stop if isinstance(stop, int) and stop < 0 else None
