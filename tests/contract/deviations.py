"""Where discord.py, or Discord's own documentation, is known to part from the API description.

Three in all: two are taken out of the body before it is judged, the third is a wider schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Body = dict[str, Any]

#: Discord reads an id that is a number too: its own examples have uploads so, discord.py people that may be pinged.
ID_AS_NUMBER: Mapping[str, Any] = {"type": ["string", "integer"], "pattern": "^(0|[1-9][0-9]*)$", "minimum": 0}


def tts_of_an_edit(template: str, method: str, body: Body) -> Body:
    """discord.py sends `tts: false` with every edit of a message; Discord ignores it."""
    if "/messages/" in template and method == "PATCH" and body.get("tts") is False:
        return {key: value for key, value in body.items() if key != "tts"}
    if template.endswith("/callback") and body.get("type") == 7 and (body.get("data") or {}).get("tts") is False:
        return {**body, "data": {key: value for key, value in body["data"].items() if key != "tts"}}
    return body


def nsfw_of_a_command(template: str, method: str, body: Body) -> Body:
    """`nsfw` of a command is documented and missing from the description."""
    if template.endswith("/commands") and isinstance(body.get("nsfw"), bool):
        return {key: value for key, value in body.items() if key != "nsfw"}
    return body


DEVIATIONS: tuple[Callable[[str, str, Body], Body], ...] = (
    tts_of_an_edit,
    nsfw_of_a_command,
)


def without_deviations(template: str, method: str, body: Any) -> Any:
    """The body as the description would have it; commands come in a list, each of them is a body."""
    if isinstance(body, list):
        return [without_deviations(template, method, item) for item in body]
    if isinstance(body, dict):
        for deviation in DEVIATIONS:
            body = deviation(template, method, body)
    return body
