"""Rules for message components and modals that Discord documents and its API description misses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SECTION, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR, CONTAINER, LABEL = 9, 10, 11, 12, 13, 14, 17, 18
SELECTS = (STRING_SELECT, 5, 6, 7, 8)
#: What a message may hold only with the flag IS_COMPONENTS_V2.
COMPONENTS_V2 = (SECTION, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR, CONTAINER)
LINK, PREMIUM = 5, 6
MOST_COMPONENTS = 40
MOST_TEXT = 4000
MOST_IN_MODAL = 5

Component = Mapping[str, Any]


def walk(components: Iterable[Component]) -> Iterator[Component]:
    """Every component, nested ones and accessories too."""
    for component in components:
        yield component
        yield from walk(component.get("components") or ())
        yield from walk(component[key] for key in ("accessory", "component") if component.get(key))


def component_errors(components: list[Component]) -> Iterator[str]:
    """What Discord would refuse in the components of a message."""
    everything = list(walk(components))
    if len(everything) > MOST_COMPONENTS:
        yield f"{len(everything)} components with the nested ones, where {MOST_COMPONENTS} are the most"
    length = sum(len(component["content"]) for component in everything if component["type"] == TEXT_DISPLAY)
    if length > MOST_TEXT:
        yield f"{length} characters of text, where {MOST_TEXT} are the most"
    yield from _unique(everything)
    for component in everything:
        if component["type"] == ACTION_ROW:
            yield from _row(component)
        elif component["type"] == BUTTON:
            yield from _button(component)
        elif component["type"] in SELECTS:
            yield from _select(component)
        elif component["type"] in (MEDIA_GALLERY, THUMBNAIL):
            yield from _alt_text(component)


def modal_errors(modal: Component) -> Iterator[str]:
    """What Discord would refuse in a modal."""
    components = modal["components"]
    if len(components) > MOST_IN_MODAL:
        yield f"a modal of {len(components)} components, where {MOST_IN_MODAL} are the most"
    everything = list(walk(components))
    yield from _unique(everything)
    for component in everything:
        if component["type"] == LABEL and len(component["label"]) > 45:
            yield f"the label {component['label']!r} has more than 45 characters"
        if component["type"] in SELECTS:
            yield from _select(component)
        if component["type"] == TEXT_INPUT:
            low, high = component.get("min_length") or 0, component.get("max_length") or 4000
            if low > high:
                yield "min_length is above max_length"
            if len(component.get("value") or "") > high:
                yield "the value of a text input is longer than its max_length"


def media_urls(components: Iterable[Component]) -> Iterator[str]:
    """The address of every picture and file that the components show."""
    for component in walk(components):
        if component["type"] == MEDIA_GALLERY:
            yield from (item["media"]["url"] for item in component["items"])
        elif component["type"] == THUMBNAIL:
            yield component["media"]["url"]
        elif component["type"] == FILE:
            yield component["file"]["url"]


def _unique(components: list[Component]) -> Iterator[str]:
    for key in ("custom_id", "id"):
        values = Counter(component[key] for component in components if component.get(key))
        for value, number in values.items():
            if number > 1:
                yield f"{number} components have the {key} {value!r}"


def _row(row: Component) -> Iterator[str]:
    types = [component["type"] for component in row["components"]]
    if any(kind in SELECTS for kind in types) and len(types) > 1:
        yield "a select shares its row"


def _button(button: Component) -> Iterator[str]:
    style = button["style"]
    if style == LINK and (not button.get("url") or button.get("custom_id")):
        yield "a link button has a url and no custom_id"
    elif style not in (LINK, PREMIUM) and (button.get("url") or not button.get("custom_id")):
        yield "a button has a custom_id and no url"
    if style != PREMIUM and not button.get("label") and not button.get("emoji"):
        yield "a button has neither label nor emoji"


def _select(select: Component) -> Iterator[str]:
    low, high = select.get("min_values"), select.get("max_values")
    if (1 if low is None else low) > (1 if high is None else high):
        yield "min_values is above max_values"
    if select["type"] == STRING_SELECT:
        values = [option["value"] for option in select["options"]]
        if len(set(values)) < len(values):
            yield "two options of a select have the same value"
        if (high or 1) > len(values):
            yield "max_values is above the number of options"


def _alt_text(component: Component) -> Iterator[str]:
    items = component["items"] if component["type"] == MEDIA_GALLERY else [component]
    for item in items:
        if not item.get("description"):
            yield f"the picture {item['media']['url']} has no alt text"
