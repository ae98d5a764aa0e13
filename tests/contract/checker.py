"""The contract of every request: Discord's API description, the rules that it misses, and the bot's own promises."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.contract.command_rules import command_errors
from tests.contract.component_rules import modal_errors
from tests.contract.deviations import without_deviations
from tests.contract.document import Document, NoSuchRoute
from tests.contract.message_rules import FLAGS_OF_EDIT, FLAGS_OF_MESSAGE, FLAGS_OF_REPLY, defer_errors, message_errors

VARIABLE = "DISCORD_OPENAPI"
WHERE_TO_GET_IT = (
    f"{VARIABLE} is not set: let it name Discord's API description, the file specs/openapi.json of the repository "
    "https://github.com/discord/discord-api-spec"
)
REPLY, DEFERRED_REPLY, DEFERRED_UPDATE, UPDATE, MODAL = 4, 5, 6, 7, 9


def contract_is_at_hand() -> bool:
    """Whether the environment names the API description."""
    return bool(os.environ.get(VARIABLE))


@cache
def _document(path: str) -> Document:
    return Document.read(Path(path))


def document() -> Document:
    """The API description that the environment names, read once."""
    return _document(os.environ[VARIABLE])


def check_request(method: str, path: str, json: Any, files: Sequence[str] | None = None) -> list[str]:
    """Every fault of one request, in words; an empty list for one that Discord takes.

    `path` is what follows `/api/v10`. `json` is the body, or `payload_json` of a multipart request, whose files are
    named in `files` in the order of their index; None means that it is not known what was uploaded.
    """
    try:
        template, operation = document().operation(method, path)
    except NoSuchRoute as error:
        return [str(error)]
    body = without_deviations(template, method, json)
    errors = list(document().request_errors(operation, body))
    # The rules read bodies of the right shape; a wrong shape has been reported already.
    errors = errors or list(_rule_errors(template, method, body, files))
    return [f"{method} {template}: {error}" for error in errors]


def check_response(method: str, path: str, status: int, json: Any) -> list[str]:
    """Every fault of one answer that is meant to look like Discord's."""
    template, operation = document().operation(method, path)
    errors = document().response_errors(operation, status, json)
    return [f"answer {status} to {method} {template}: {error}" for error in errors]


def _rule_errors(template: str, method: str, body: Any, files: Sequence[str] | None) -> Iterator[str]:
    if template.endswith("/commands") and method == "PUT":
        yield from command_errors(body)
    elif template.endswith("/callback"):
        yield from _callback_errors(body, files)
    elif template.startswith(("/webhooks/", "/channels/")) and isinstance(body, Mapping):
        new = FLAGS_OF_REPLY if template.startswith("/webhooks/") else FLAGS_OF_MESSAGE
        yield from message_errors(body, files, FLAGS_OF_EDIT if method == "PATCH" else new)


def _callback_errors(body: Mapping[str, Any], files: Sequence[str] | None) -> Iterator[str]:
    kind, data = body["type"], body.get("data") or {}
    if kind in (REPLY, UPDATE):
        yield from message_errors(data, files, FLAGS_OF_EDIT if kind == UPDATE else FLAGS_OF_REPLY)
    elif kind in (DEFERRED_REPLY, DEFERRED_UPDATE):
        yield from defer_errors(data)
    elif kind == MODAL:
        yield from modal_errors(data)
