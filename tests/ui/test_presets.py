"""Cards and forms of presets in every language: the longest of them still fit where Discord shows them."""

from __future__ import annotations

import pytest

from bot.layers import CLAMPED
from bot.parameters import MAX_LORAS, MAX_PROMPT_LENGTH, Lora
from bot.presets import Owner, OwnerKind, Preset
from bot.presets.names import MAX_NAME
from bot.presets.partial import FIELDS
from bot.presets.reading import write_settings_lines
from bot.sentences import Sentence
from bot.translation import Speech, languages
from bot.ui import preset_forms, presets
from bot.ui.edit_modal import MAX_HINT, MAX_LABEL, MAX_SETTINGS_LENGTH
from tests.ui.test_lengths import MAX_TEXT, PARAMETERS

LONGEST = "*" * MAX_PROMPT_LENGTH
VALUES = {name: value for name in FIELDS if (value := getattr(PARAMETERS, name)) is not None} | {
    "prompt": LONGEST,
    "loras": tuple(Lora(name="*" * 100, weight=-1.23456) for _ in range(MAX_LORAS)),
}
PRESET = Preset(
    id=2**63 - 1,
    owner=Owner(OwnerKind.GUILD, 2**63 - 1),
    name="W" * MAX_NAME,
    version=2**31,
    values=VALUES,
    locked=frozenset(FIELDS),
)
REMARKS = [Sentence(CLAMPED.template, {"title": "guidance", "value": number, "limit": 30}) for number in range(20)]

every_language = pytest.mark.parametrize("locale", ["en-US", *languages()])


@every_language
def test_the_largest_cards_of_presets_fit_into_a_message(locale: str) -> None:
    speech = Speech(locale)
    other = dict.fromkeys(FIELDS)
    for card in (
        presets.preset_card(PRESET, *REMARKS, heading=presets.SAVED, may_change=True, speech=speech),
        presets.list_card([PRESET] * 25, [PRESET] * 100, {PRESET.id}, speech),
        presets.share_card(PRESET, "W" * 12, 2**63 - 1, speech),
        presets.diff_card(VALUES, other, (PRESET.name, PRESET.name), speech),
        presets.imported_card([PRESET] * 25, REMARKS, speech),
    ):
        assert card.content_length() <= MAX_TEXT
        assert PRESET.name in "".join(getattr(item, "content", "") for item in card.walk_children())


@every_language
def test_labels_of_preset_forms_are_never_cut(locale: str) -> None:
    say = Speech(locale).say
    titles = (preset_forms.TITLE_NEW, preset_forms.TITLE_EDIT, preset_forms.TITLE_DRAW)
    for label in (*titles, *preset_forms.LABELS.values()):
        assert len(say(label)) <= MAX_LABEL
    for hint in (preset_forms.TEMPLATE_HINT, preset_forms.SETTINGS_HINT):
        assert len(say(hint)) <= MAX_HINT


def test_the_longest_settings_fit_into_their_input() -> None:
    assert len(write_settings_lines(VALUES)) <= MAX_SETTINGS_LENGTH
