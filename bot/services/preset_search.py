"""Names of presets as they are looked for: by what they begin with, what is in them, and what looks like it."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence

from rapidfuzz import fuzz, process

from bot.presets import Owner, Preset
from bot.presets.names import MAX_NAME, folded, skeleton

#: As many as Discord shows.
MOST = 25
#: How much alike two names must be, of 100.
LIKENESS = 65

Found = tuple[Owner, int]


class PresetIndex:
    """The presets' names by owner. Ids and names alone, so that a search goes over nothing else."""

    def __init__(self) -> None:
        self._names: defaultdict[Owner, dict[int, str]] = defaultdict(dict)
        self._uses: defaultdict[Owner, dict[int, int]] = defaultdict(dict)
        self._skeletons: defaultdict[Owner, dict[str, int]] = defaultdict(dict)

    def add(self, preset: Preset) -> None:
        """This preset, or what is new of it."""
        self.remove(preset)
        self._names[preset.owner][preset.id] = folded(preset.name)
        self._uses[preset.owner][preset.id] = preset.uses
        self._skeletons[preset.owner][skeleton(preset.name)] = preset.id

    def remove(self, preset: Preset) -> None:
        """Not this one any more."""
        name = self._names[preset.owner].pop(preset.id, None)
        self._uses[preset.owner].pop(preset.id, None)
        if name is not None:
            self._skeletons[preset.owner].pop(skeleton(name), None)

    def find(self, name: str, owner: Owner) -> int | None:
        """The id of the owner's preset that is called so, or nearly so that nobody sees the difference."""
        return self._skeletons[owner].get(skeleton(name)) if len(name) <= 2 * MAX_NAME else None

    def search(self, typed: str, owners: Sequence[Owner]) -> list[Found]:
        """At most 25, the likeliest first: what begins so, what has it in it, what looks like it; most used first."""
        wanted = folded(typed.strip()[:MAX_NAME])
        ranked = [
            ((0 if name.startswith(wanted) else 1, -self._uses[owner][preset_id], name), (owner, preset_id))
            for owner in owners
            for preset_id, name in self._names[owner].items()
            if wanted in name
        ]
        found = [each for _, each in heapq.nsmallest(MOST, ranked, key=lambda pair: pair[0])]
        if len(found) < MOST and wanted:
            found += self._alike(wanted, owners, set(found))
        return found[:MOST]

    def _alike(self, wanted: str, owners: Sequence[Owner], besides: set[Found]) -> list[Found]:
        alike = [
            (likeness, (owner, preset_id))
            for owner in owners
            for _, likeness, preset_id in process.extract(
                wanted, self._names[owner], scorer=fuzz.WRatio, score_cutoff=LIKENESS, limit=2 * MOST
            )
        ]
        alike.sort(key=lambda pair: -pair[0])
        return [each for _, each in alike if each not in besides]
