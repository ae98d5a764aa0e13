"""The doors by which pictures are asked for: each setting comes in by every one of them, or has a reason not to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.cli.generate import generate
from bot.cli.request import read_request
from bot.cogs.compare import Compare
from bot.cogs.imagine import Imagine
from bot.cogs.imagine_options import read_options
from bot.comparison import AskedAxis
from bot.comparison.axes import LORA_PREFIX, find_axis
from bot.comparison.comparer import Comparer
from bot.inputs import InputFolder, input_id_of
from bot.layers import clamp, merge, model_defaults
from bot.model_info import ModelInfo
from bot.parameters import Lora, Parameters, title
from bot.prompts import PromptReader
from bot.prompts.advanced import read_advanced
from bot.prompts.flag_table import FLAGS, Kind
from bot.prompts.flag_values import write_value
from bot.settings import Settings
from bot.ui.edit_modal import read_modal
from tests.cogs.test_imagine_uploads import HALF, IMAGE, MASK, RED
from tests.diffusion.engine import LORAS
from tests.prompts.reading import STYLES

PICTURES = {"image": input_id_of(RED), "mask_image": input_id_of(HALF)}
#: What each field is set to: nothing that it is by itself.
VALUES: Mapping[str, Any] = {
    "prompt": "an owl",
    "prompt_2": "oil on canvas",
    "negative_prompt": "fog, text",
    "negative_prompt_2": "a photograph",
    "width": 192,
    "height": 256,
    "num_inference_steps": 4,
    "guidance_scale": 7.5,
    "guidance_rescale": 0.7,
    "scheduler": "DPM++ 2M Karras",
    "seed": 99,
    "num_images_per_prompt": 3,
    "clip_skip": 1,
    "eta": 0.5,
    "denoising_end": 0.7,
    "aesthetic_score": 7.0,
    "negative_aesthetic_score": 1.5,
    "original_size": (1216, 832),
    "crops_coords_top_left": (8, 16),
    "target_size": (640, 1536),
    "negative_original_size": (512, 768),
    "negative_crops_coords_top_left": (1, 2),
    "negative_target_size": (300, 400),
    "timesteps": (999, 750, 500),
    "timestep_spacing": "trailing",
    "draft": True,
    **PICTURES,
    "padding_mask_crop": 32,
    "strength": 0.35,
    "upscaler": "latent",
    "variation_seed": 8,
    "variation_strength": 0.2,
    "loras": (Lora(name="ink", weight=0.5),),
    "style": "ink",
}
#: What takes an image, or a mask besides.
OF_PICTURES = (*PICTURES, "padding_mask_crop", "strength", "upscaler")
#: What was typed, as the bot keeps it: nobody sets it.
KEPT = ("raw_prompt", "raw_negative_prompt")
FILES = "a file, and no text can hold one"
LACKS: Mapping[str, Mapping[str, str]] = {
    "a flag": {"image": FILES, "mask_image": FILES},
    "advanced": {"prompt": "it is the option beside it"},
    "an axis": {
        "draft": "it is finished from its card, and a sheet compares steps",
        "image": "one image and one mask are compared with what is done with them",
        "mask_image": "one image and one mask are compared with what is done with them",
        "num_images_per_prompt": "a sheet has one picture of each",
    },
}
FLAG_OF = {flag.field: flag for flag in reversed(FLAGS)}


class Doors:
    """What becomes of one field that is set to a value, by door: its value in the end, None where there is no way."""

    def __init__(self, model: ModelInfo, folder: Path) -> None:
        self.model = model
        self.folder = folder
        self.prompts = PromptReader(model, STYLES)
        self.by_name: Mapping[str, Callable[[str], Any]] = {
            "a flag": self.by_flag,
            "a line in Edit": self.by_line,
            "advanced": self.by_advanced,
            "/imagine": self.by_imagine,
            "/compare": self.by_compare,
            "an axis": self.by_axis,
            "generate": self.by_generate,
        }

    def by_flag(self, field: str) -> Any:
        if field == "prompt":
            return self.made({"prompt": VALUES[field]}, field)
        if field == "draft":
            return self.made({"prompt": "a fox --draft"}, field)
        flag = FLAG_OF.get(field)
        return None if flag is None else self.made({"prompt": f'a fox --{flag.names[0]} "{written(field)}"'}, field)

    def by_line(self, field: str) -> Any:
        texts = {"prompt": "a fox"}
        if field in ("prompt", "negative_prompt", "prompt_2", "negative_prompt_2"):
            edited = read_modal({**texts, field: VALUES[field]}, self.prompts, self.model)
        else:
            edited = read_modal({**texts, "settings:": line(field)}, self.prompts, self.model)
        return self.made(edited.changes, field)

    def by_advanced(self, field: str) -> Any:
        if field == "prompt":
            return None
        changes, _ = read_advanced(line(field), self.prompts.flags, self.model)
        return self.made({"prompt": "a fox", **changes}, field)

    def by_imagine(self, field: str) -> Any:
        said: dict[str, Any] = {"prompt": "a fox"}
        option = next((each for each in Imagine.imagine.parameters if each.name == field), None)
        if option is None:
            said["advanced"] = line(field)
        else:
            said[field] = written(field) if field == "loras" else VALUES[field]
        return self.made(read_options(said, self.prompts, self.model).changes, field)

    def by_compare(self, field: str) -> Any:
        if any(each.name == field for each in Compare.compare.parameters):
            return VALUES[field]
        return self.by_flag(field)

    def by_axis(self, field: str) -> Any:
        axis = find_axis(f"{LORA_PREFIX}ink" if field == "loras" else field)
        if axis is None:
            return None
        pictures = {} if axis.input is None else PICTURES
        typed = {"prompt": "a fox|an owl", "loras": "0, 0.5", "timesteps": "999, 500 | 999, 750, 500"}.get(field)
        if typed is None:
            other, separator = axis.example.split(", ")[0].split(" | ")[0], "|" if axis.kind.name == "TEXT" else ","
            typed = f"{other}{separator} {written(field)}".replace("8,16", "8x16").replace("1,2", "1x2")
        return getattr(self.sheet(axis.name, typed, **pictures), field)

    def by_generate(self, field: str) -> Any:
        if field not in inspect.signature(generate).parameters:
            return None
        said: dict[str, Any] = {"prompt": "a fox"}
        if field in OF_PICTURES:
            said["image"] = self.file(*IMAGE)
        if field in ("mask_image", "padding_mask_crop"):
            said["mask_image"] = self.file(*MASK)
        if field not in PICTURES:
            as_text = field.endswith(("_size", "_top_left", "timesteps"))
            said[field] = ["ink:0.5"] if field == "loras" else written(field) if as_text else VALUES[field]
        return getattr(self.generated(said), field)

    def generated(self, said: Mapping[str, Any]) -> Parameters:
        settings = Settings(_env_file=None, data_dir=self.folder, lora_dir=LORAS)
        return read_request(said, settings, self.model, InputFolder(self.folder / "inputs"))

    def file(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def picture(self, changes: Mapping[str, Any]) -> Parameters:
        """What is made of these changes, as the service does it."""
        layers = model_defaults(self.model)
        read, _ = self.prompts.read(changes, layers)
        return merge(self.model, layers, clamp(read, self.model)[0])

    def sheet(self, axis: str, values: str, **said: Any) -> Parameters:
        """The last cell of that sheet."""
        comparer = Comparer(self.model, self.prompts, LORAS, ["latent"])
        asked = [AskedAxis(axis, values)]
        return comparer.compare({"prompt": "a fox", **said}, model_defaults(self.model), asked)[0].cells[-1]

    def made(self, changes: Mapping[str, Any], field: str) -> Any:
        """That field in the picture that is made of these changes, and of the pictures that it needs."""
        needed = PICTURES.items() if field in OF_PICTURES else ()
        return getattr(self.picture({name: value for name, value in needed if name != field} | dict(changes)), field)


def written(field: str) -> str:
    flag = FLAG_OF.get(field)
    return write_value(flag.kind if flag is not None else Kind.WORD, VALUES[field])


def line(field: str) -> str:
    return f"{title(field)}: {written(field)}"


@pytest.mark.parametrize(
    "door", ["a flag", "a line in Edit", "advanced", "/imagine", "/compare", "an axis", "generate"]
)
def test_every_setting_comes_in_by_every_door_or_has_a_reason_not_to(
    door: str, tiny: ModelInfo, tmp_path: Path
) -> None:
    doors = Doors(tiny, tmp_path)
    assert {*VALUES, *KEPT} == Parameters.model_fields.keys()
    lacking = {field for field in VALUES if doors.by_name[door](field) != VALUES[field]}
    assert lacking == LACKS.get(door, {}).keys()


#: What sets several fields, or one in another way, by door.
SHORTHANDS: Mapping[str, Mapping[str, Any]] = {
    "draft": {"flag": "--draft", "line": "draft: on", "imagine": {"draft": True}, "generate": {"draft": True}},
    "shape": {
        "flag": "--ar 16:9",
        "line": "ar: 16:9",
        "imagine": {"aspect_ratio": "16:9"},
        "generate": {"aspect_ratio": "16:9"},
        "axis": ("aspect_ratio", "1:1, 16:9"),
    },
    "size": {
        "flag": "--size 192x128",
        "line": "size: 192x128",
        "imagine": {"advanced": "size: 192x128"},
        "generate": {"size": "192x128"},
    },
    "no refiner": {
        "flag": "--refiner off",
        "line": "refiner: off",
        "imagine": {"refiner": "off"},
        "generate": {"no_refiner": True},
        "axis": ("refiner", "0.8, off"),
    },
    "Align Your Steps": {
        "flag": "--spacing AYS",
        "line": "spacing: AYS",
        "imagine": {"timestep_spacing": "AYS"},
        "generate": {"timestep_spacing": "AYS"},
        "axis": ("spacing", "trailing, AYS"),
    },
}


@pytest.mark.parametrize("name", SHORTHANDS)
def test_what_stands_for_several_settings_means_the_same_at_every_door(
    name: str, tiny: ModelInfo, tmp_path: Path
) -> None:
    doors, said = Doors(tiny, tmp_path), SHORTHANDS[name]
    plain, reader = {"prompt": "a fox", "seed": 7}, doors.prompts
    made = [
        doors.picture({**plain, "prompt": f"a fox {said['flag']}"}),
        doors.picture(plain | read_modal({"prompt": "a fox", "settings:": said["line"]}, reader, tiny).changes),
        doors.picture(read_options({**plain, "advanced": said["line"]}, reader, tiny).changes),
        doors.picture(read_options({**plain, **said["imagine"]}, reader, tiny).changes),
        doors.generated({**plain, **said["generate"]}),
    ]
    if "axis" in said:
        made.append(doors.sheet(*said["axis"], seed=7))
    drawn = [each.model_dump(exclude=set(KEPT)) for each in made]
    assert all(each == drawn[0] for each in drawn)
    assert drawn[0] != doors.picture(plain).model_dump(exclude=set(KEPT))
