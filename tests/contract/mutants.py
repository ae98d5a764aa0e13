"""Requests that Discord refuses, or that break a promise of the bot: each is a valid one with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.contract.samples import VALID, Sample

Body = Any
MUTANTS: dict[str, Sample] = {}


def mutant(of: str, what: str) -> Callable[[Callable[[Body], object]], Callable[[Body], object]]:
    """Register what a function makes of a valid request's body (of a callback: of its data)."""

    def register(change: Callable[[Body], object]) -> Callable[[Body], object]:
        sample = deepcopy(VALID[of])
        change(sample.json["data"] if sample.path.endswith("/callback") else sample.json)
        MUTANTS[f"{of}: {what}"] = sample
        return change

    return register


def _container(body: Body) -> list[Any]:
    return body["components"][0]["components"]


def _buttons(body: Body) -> list[Any]:
    return _container(body)[2]["components"]


def _options(body: Body) -> list[Any]:
    return body[0]["options"]


mutant("reply", "a key with a typing mistake")(lambda body: body.update(contnet="x"))
mutant("reply", "a nested key that is unknown")(lambda body: _buttons(body)[0].update(colour=1))
mutant("reply", "content beside version 2")(lambda body: body.update(content="text"))
mutant("reply", "embeds beside version 2")(lambda body: body.update(embeds=[{"title": "x"}]))
mutant("reply", "version 2 without its flag")(lambda body: body.update(flags=0))
mutant("reply", "a flag that nobody may set")(lambda body: body.update(flags=(1 << 15) | (1 << 7)))
mutant("reply", "an empty container")(lambda body: _container(body).clear())
mutant("reply", "41 components")(lambda body: _container(body).extend([{"type": 14}] * 33))
mutant("reply", "41 components in one list")(lambda body: body["components"].extend([{"type": 14}] * 40))
mutant("reply", "4001 characters of text in two texts")(
    lambda body: body["components"].extend([{"type": 10, "content": "x" * 2000}] * 2)
)
mutant("reply", "an empty text")(lambda body: _container(body)[0].update(content=""))
mutant("reply", "one custom_id twice")(lambda body: _buttons(body)[1].update(custom_id="job:1:cancel"))
mutant("reply", "a custom_id of 101 characters")(lambda body: _buttons(body)[0].update(custom_id="x" * 101))
mutant("reply", "a button without custom_id")(lambda body: _buttons(body)[0].pop("custom_id"))
mutant("reply", "a button without label")(lambda body: _buttons(body)[0].pop("label"))
mutant("reply", "a label of 81 characters")(lambda body: _buttons(body)[0].update(label="x" * 81))
mutant("reply", "a button of unknown style")(lambda body: _buttons(body)[0].update(style=9))
mutant("reply", "a link with a custom_id")(lambda body: _container(body)[1]["accessory"].update(custom_id="x"))
mutant("reply", "six buttons in a row")(
    lambda body: _buttons(body).extend({"type": 2, "style": 2, "label": "x", "custom_id": f"{n}"} for n in range(4))
)
mutant("reply", "a select that shares its row")(
    lambda body: _container(body)[3]["components"].append({"type": 2, "style": 2, "label": "x", "custom_id": "x"})
)
mutant("reply", "a select of 26 options")(
    lambda body: _container(body)[3]["components"][0].update(
        options=[{"label": f"{n}", "value": f"{n}"} for n in range(26)]
    )
)
mutant("reply", "a select with one value twice")(
    lambda body: _container(body)[3]["components"][0]["options"][1].update(value="1:1")
)
mutant("reply", "an accent colour beyond white")(lambda body: body["components"][0].update(accent_color=1 << 24))
mutant("reply", "everyone may be pinged")(lambda body: body.update(allowed_mentions={"parse": ["everyone"]}))
mutant("reply", "a role may be pinged")(lambda body: body.update(allowed_mentions={"parse": [], "roles": ["1"]}))
mutant("reply", "nothing said of pings")(lambda body: body.pop("allowed_mentions"))
mutant("reply", "a container in a container")(lambda body: _container(body).append(deepcopy(body["components"][0])))
mutant("private reply", "content of 2001 characters")(lambda body: body.update(content="x" * 2001))
mutant("private reply", "nothing in it")(lambda body: body.update(content=""))
mutant("reply with a picture", "a picture that was not uploaded")(
    lambda body: body["components"][1]["items"][0]["media"].update(url="attachment://2-0.png")
)
mutant("reply with a picture", "a picture without alt text")(
    lambda body: body["components"][1]["items"][0].pop("description")
)
mutant("reply with a picture", "alt text of 1025 characters")(
    lambda body: body["components"][1]["items"][0].update(description="x" * 1025)
)
mutant("reply with a picture", "an upload that nothing shows")(lambda body: body["components"].pop())
mutant("reply with a picture", "a file name that was not uploaded")(
    lambda body: body["attachments"][0].update(filename="2-0.png")
)
mutant("edit with a picture", "eleven pictures in a gallery")(
    lambda body: body["components"][1].update(items=body["components"][1]["items"] * 11)
)
mutant("edit of the original", "an ephemeral edit")(lambda body: body.update(flags=(1 << 15) | (1 << 6)))
mutant("edit of the original", "tts")(lambda body: body.update(tts=True))
mutant("edit of the original", "a user's name")(lambda body: body.update(username="imagine"))
mutant("defer", "version 2 with the deferral")(lambda body: body.update(flags=1 << 15))
mutant("defer", "text with the deferral")(lambda body: body.update(content="wait"))
mutant("suggestions", "26 suggestions")(
    lambda body: body.update(choices=[{"name": f"{n}", "value": f"{n}"} for n in range(26)])
)
mutant("suggestions", "a suggestion of 101 characters")(lambda body: body["choices"][0].update(name="x" * 101))
mutant("modal", "six fields")(
    lambda body: body.update(
        components=[
            {"type": 18, "label": "x", "component": {"type": 4, "style": 1, "custom_id": f"{n}"}} for n in range(6)
        ]
    )
)
mutant("modal", "a title of 46 characters")(lambda body: body.update(title="x" * 46))
mutant("modal", "a label of 46 characters")(lambda body: body["components"][0].update(label="x" * 46))
mutant("modal", "no field")(lambda body: body["components"].clear())
mutant("modal", "a value longer than its field")(lambda body: body["components"][0]["component"].update(max_length=3))
mutant("commands", "a name with a space")(lambda body: body[0].update(name="imagine it"))
mutant("commands", "a name in upper case")(lambda body: body[0].update(name="Imagine"))
mutant("commands", "a name of 33 characters")(lambda body: body[0].update(name="x" * 33))
mutant("commands", "no description")(lambda body: body[0].pop("description"))
mutant("commands", "a description of 101 characters")(lambda body: body[0].update(description="x" * 101))
mutant("commands", "one name twice")(lambda body: body.append(deepcopy(body[0])))
mutant("commands", "a menu with a description")(lambda body: body[1].update(description="x"))
mutant("commands", "required after optional")(lambda body: _options(body)[-1].update(required=True))
mutant("commands", "an option's name in upper case")(lambda body: _options(body)[0].update(name="Prompt"))
mutant("commands", "two options of one name")(lambda body: _options(body)[1].update(name="prompt"))
mutant("commands", "26 options")(
    lambda body: _options(body).extend({"type": 5, "name": f"o{n}", "description": "x"} for n in range(22))
)
mutant("commands", "autocomplete beside choices")(lambda body: _options(body)[2].update(autocomplete=True))
mutant("commands", "26 choices")(
    lambda body: _options(body)[2].update(choices=[{"name": f"{n}", "value": f"{n}"} for n in range(26)])
)
mutant("commands", "a choice of the wrong type")(lambda body: _options(body)[2]["choices"][0].update(value=1))
mutant("commands", "limits that cross")(lambda body: _options(body)[3].update(min_value=151))
mutant("commands", "an option of an unknown type")(lambda body: _options(body)[3].update(type=12))
mutant("commands", "a text of more than 6000 characters")(lambda body: _options(body)[0].update(max_length=6001))
mutant("commands", "more than 8000 characters in all")(
    lambda body: _options(body).extend(
        {
            "type": 3,
            "name": f"o{n}",
            "description": "x" * 100,
            "choices": [{"name": f"{c:a>100}", "value": f"{c}"} for c in range(25)],
        }
        for n in range(4)
    )
)
mutant("message", "content of 2001 characters")(lambda body: body.update(content="x" * 2001))
mutant("message", "an ephemeral message")(lambda body: body.update(flags=64))
mutant("message", "eleven embeds")(lambda body: body.update(embeds=[{"title": "x"}] * 11))
mutant("message", "embeds of 6001 characters")(
    lambda body: body.update(embeds=[{"description": "x" * 4000}, {"description": "x" * 2001}])
)
mutant("direct message", "no recipient's id but a name")(lambda body: body.update(recipient_id="alice"))
