"""A ComfyUI graph as it is walked: always backwards, every node once, and what was read is remembered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bot.infotext.info import load_object, plain

MAX_NODES = 2000
#: How many nodes of text or numbers may lie between an input and its value.
_MAX_LINKS = 20


class Text(NamedTuple):
    """A text, and the node of which it is an input."""

    text: str
    node: str | None


@dataclass(slots=True)
class Graph:
    """`nodes` are the inputs of each node; a list of two in them is a link to another node."""

    nodes: Mapping[str, Mapping[str, Any]]
    kinds: Mapping[str, str]
    _read: set[tuple[str, str]] = field(default_factory=set)

    def has(self, node: str, *inputs: str) -> bool:
        """Whether the node has one of these inputs."""
        return any(name in self.nodes[node] for name in inputs)

    def upstream(self, node: str, inputs: Sequence[str]) -> Iterator[str]:
        """The nodes before this one, nearest first, along these inputs; from the second on along all that pass on."""
        seen, line = {node}, self._linked(node, inputs)
        while line:
            current = line.pop(0)
            if current not in seen:
                seen.add(current)
                yield current
                line += self._linked(
                    current, (*inputs, "samples", "pixels", "image", "vae_pixels", "model", "latent_image")
                )

    def find(self, node: str, inputs: Sequence[str], via: Sequence[str]) -> Any:
        """The first value that one of these inputs has, at the node or before it along `via`; None where none has."""
        for current in (node, *(self.upstream(node, via) if via else ())):
            for name in inputs:
                value = self._value(current, name)
                if value is not None:
                    return value
        return None

    def text(self, node: str, start: Sequence[str], via: Sequence[str], inputs: Sequence[str]) -> Text:
        """The first text along these inputs, or in one of them."""
        for name in start:
            if isinstance(self.nodes[node].get(name), str):
                return Text(str(self._value(node, name)).strip(), None)
        seen, line = {node}, self._linked(node, (*start, "guider"))
        while line:
            current = line.pop(0)
            if current in seen:
                continue
            seen.add(current)
            for name in inputs:
                value = self._value(current, name)
                if isinstance(value, str):
                    return Text(value.strip(), current)
            line += self._linked(current, (*start, *via))
        return Text("", None)

    def pass_over(self, node: str, *inputs: str) -> None:
        """These inputs say nothing that is not said elsewhere."""
        self._read.update((node, name) for name in inputs)

    def unused(self) -> dict[str, str]:
        """All values that nobody has asked for, by the kind of their node."""
        return {
            f"{self.kinds[node]}.{name}": plain(value)
            for node, inputs in self.nodes.items()
            for name, value in inputs.items()
            if (node, name) not in self._read and isinstance(value, str | int | float) and value != ""
        }

    def _linked(self, node: str, inputs: Sequence[str]) -> list[str]:
        links = (self._target(self.nodes[node].get(name)) for name in dict.fromkeys(inputs))
        return [target for target in links if target is not None]

    def _target(self, value: Any) -> str | None:
        if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str | int):
            return None
        return str(value[0]) if str(value[0]) in self.nodes else None

    def _value(self, node: str, name: str) -> Any:
        """What an input is, where need be through nodes that only hold a text or a number."""
        for _ in range(_MAX_LINKS):
            value = self.nodes[node].get(name)
            target = self._target(value)
            if target is None:
                self._read.add((node, name))
                return value if isinstance(value, str | int | float) else None
            held = [
                key for key in (name, "seed", "value", "text", "string", "int", "float") if key in self.nodes[target]
            ]
            if not held:
                return None
            node, name = target, held[0]
        return None


def read_graph(text: str | None) -> Graph | None:
    """The graph in the text; None where it is none."""
    data = load_object(text)
    if data is None or len(data) > MAX_NODES:
        return None
    nodes = {
        node: entry for node, entry in data.items() if isinstance(entry, dict) and isinstance(entry.get("inputs"), dict)
    }
    if not nodes:
        return None
    kinds = {node: str(entry.get("class_type", "node"))[:80] for node, entry in nodes.items()}
    return Graph({node: entry["inputs"] for node, entry in nodes.items()}, kinds)
