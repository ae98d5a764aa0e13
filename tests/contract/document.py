"""Discord's official API description as validators, one a route, built when first asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from tests.contract.deviations import ID_AS_NUMBER

Schema = Mapping[str, Any]

#: How a route's template is marked where an id or a token stands.
PLACEHOLDER = "{"


class NoSuchRoute(LookupError):
    """Discord has no such route."""


def _is_integer(_checker: object, instance: object) -> bool:
    """Discord takes an integer written as a string wherever it takes an integer."""
    if isinstance(instance, str):
        return instance.removeprefix("-").isdecimal()
    return isinstance(instance, int) and not isinstance(instance, bool)


@dataclass(frozen=True)
class Document:
    """The description, with its templates found by path and its schemas made strict.

    Requests are judged with closed objects: a key that the schema does not name is an error, as it is a typing mistake
    or a field of another route. Discord itself would ignore it in silence.
    """

    content: Mapping[str, Any]
    _validators: dict[int, Draft202012Validator] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, path: Path) -> Document:
        """The description in that file."""
        content = json.loads(path.read_text(encoding="utf-8"))
        content["components"]["schemas"]["SnowflakeType"] = ID_AS_NUMBER
        return cls(content)

    def operation(self, method: str, path: str) -> tuple[str, Mapping[str, Any]]:
        """The template and the operation that serve a path; the most literal template wins, as at Discord."""
        segments = path.strip("/").split("/")
        fitting = [template for template in self.content["paths"] if _fits(template, segments)]
        for template in sorted(fitting, key=lambda template: template.count(PLACEHOLDER)):
            operation = self.content["paths"][template].get(method.lower())
            if operation is not None:
                return template, operation
        raise NoSuchRoute(f"{method} {path}: Discord's API description has no such route")

    def request_errors(self, operation: Mapping[str, Any], body: object) -> Iterator[str]:
        """What is wrong with the JSON body (of a multipart request: its payload_json)."""
        declared = operation.get("requestBody")
        if declared is None:
            if body is not None:
                yield "a body where none is taken"
        elif body is None:
            if declared.get("required"):
                yield "no body where one is needed"
        else:
            yield from self._errors(declared["content"]["application/json"]["schema"], body)

    def response_errors(self, operation: Mapping[str, Any], status: int, body: object) -> Iterator[str]:
        """What is wrong with an answer that claims to be Discord's."""
        responses = operation["responses"]
        declared = responses.get(str(status)) or responses.get(f"{status // 100}XX")
        if declared is None:
            yield f"the status {status}, which this route never answers with"
            return
        if "$ref" in declared:
            declared = self._resolve(declared)
        if "content" in declared:
            yield from self._errors(declared["content"]["application/json"]["schema"], body)
        elif body is not None:
            yield f"a body with the status {status}"

    def _errors(self, schema: Schema, body: object) -> Iterator[str]:
        for error in self._validator(schema).iter_errors(body):
            yield f"{error.json_path}: {_shortened(error.message)}"

    def _validator(self, schema: Schema) -> Draft202012Validator:
        # A schema lives as long as the document, so that its identity can stand for it.
        if id(schema) not in self._validators:
            strict = extend(
                Draft202012Validator,
                {"properties": _closed_properties, "oneOf": self._union, "anyOf": self._union, "allOf": self._all_of},
                type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
            )
            self._validators[id(schema)] = strict({**schema, "components": self.content["components"]})
        return self._validators[id(schema)]

    def _all_of(
        self, validator: Any, parts: list[Schema], instance: object, schema: Schema
    ) -> Iterator[ValidationError]:
        """The parts of an object know their own keys only, so closed objects are judged by all of them together."""
        resolved = [self._resolve(part) for part in parts]
        if all(part.get("type") == "object" for part in resolved):
            properties = {name: value for part in resolved for name, value in part["properties"].items()}
            required = [name for part in resolved for name in part.get("required", ())]
            yield from validator.descend(instance, {"properties": properties, "required": required})
        else:
            yield from Draft202012Validator.VALIDATORS["allOf"](validator, parts, instance, schema)

    def _union(
        self, validator: Any, branches: list[Schema], instance: object, _schema: Schema
    ) -> Iterator[ValidationError]:
        """Judge by the branch that is meant, or that comes nearest: its faults can be read, those of all cannot."""
        meant = [branch for branch in branches if self._may_mean(self._resolve(branch), instance)]
        faults = [list(validator.descend(instance, branch)) for branch in meant]
        if not faults:
            yield ValidationError(f"{instance!r} is none of the kinds that may stand here")
        else:
            yield from min(faults, key=len)

    def _may_mean(self, branch: Schema, instance: object) -> bool:
        if branch.get("type") == "null":
            return instance is None
        types = branch.get("properties", {}).get("type", {}).get("enum")
        return types is None or not isinstance(instance, Mapping) or instance.get("type") in types

    def _resolve(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            found: Any = self.content
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema


def _fits(template: str, segments: list[str]) -> bool:
    parts = template.strip("/").split("/")
    return len(parts) == len(segments) and all(
        part.startswith(PLACEHOLDER) or part == segment for part, segment in zip(parts, segments, strict=True)
    )


def _closed_properties(
    validator: Any, properties: Mapping[str, Schema], instance: object, schema: Schema
) -> Iterator[ValidationError]:
    yield from Draft202012Validator.VALIDATORS["properties"](validator, properties, instance, schema)
    if isinstance(instance, Mapping) and "additionalProperties" not in schema:
        for key in instance.keys() - properties.keys():
            yield ValidationError(f"the key {key!r} is unknown here")


def _shortened(message: str, limit: int = 300) -> str:
    return message if len(message) <= limit else f"{message[: limit // 2]} … {message[-limit // 2 :]}"
