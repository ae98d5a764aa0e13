"""Names of presets as they are looked for: by what they begin with, what is in them, and what looks like it."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

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
        self._most_used: dict[Owner, list[Found]] = {}

    def add(self, preset: Preset) -> None:
        """This preset, or what is new of it."""
        self.remove(preset)
        self._names[preset.owner][preset.id] = folded(preset.name)
        self._uses[preset.owner][preset.id] = preset.uses
        self._skeletons[preset.owner][skeleton(preset.name)] = preset.id

    def remove(self, preset: Preset) -> None:
        """Not this one any more."""
        self._most_used.pop(preset.owner, None)
        name = self._names[preset.owner].pop(preset.id, None)
        self._uses[preset.owner].pop(preset.id, None)
        if name is not None:
            self._skeletons[preset.owner].pop(skeleton(name), None)

    def find(self, name: str, owner: Owner) -> int | None:
        """The id of the owner's preset that is called so, or nearly so that nobody sees the difference."""
        return self._skeletons[owner].get(skeleton(name)) if len(name) <= 2 * MAX_NAME else None

    def search(self, typed: str, owners: Sequence[Owner]) -> list[Found]:
        """At most 25, the likeliest first: what begins so, what has it in it, what looks like it; most used first.

        Quick enough for the loop with 10,000 names: `benchmarks/presets.py`.
        """
        wanted = folded(typed.strip()[:MAX_NAME])
        if not wanted:
            return list(islice(heapq.merge(*map(self._popular, owners), key=self._rank), MOST))
        matching = [
            (not name.startswith(wanted), self._rank((owner, preset_id)), (owner, preset_id))
            for owner in owners
            for preset_id, name in self._names[owner].items()
            if wanted in name
        ]
        found = [each for _, _, each in heapq.nsmallest(MOST, matching, key=lambda match: match[:2])]
        if len(found) < MOST:
            found += self._alike(wanted, owners, set(found))
        return found[:MOST]

    def _rank(self, found: Found) -> tuple[int, str]:
        owner, preset_id = found
        return -self._uses[owner][preset_id], self._names[owner][preset_id]

    def _popular(self, owner: Owner) -> list[Found]:
        """The owner's most used ones, in order; remembered until one of theirs changes."""
        if owner not in self._most_used:
            of_owner = ((owner, preset_id) for preset_id in self._names[owner])
            self._most_used[owner] = heapq.nsmallest(MOST, of_owner, key=self._rank)
        return self._most_used[owner]

    def _alike(self, wanted: str, owners: Sequence[Owner], besides: set[Found]) -> list[Found]:
        alike: list[tuple[float, Found]] = []
        for owner in owners:
            # Of a name that is being typed there is only the beginning yet.
            beginnings = {preset_id: name[: len(wanted) + 1] for preset_id, name in self._names[owner].items()}
            near = process.extract(wanted, beginnings, scorer=fuzz.ratio, score_cutoff=LIKENESS, limit=MOST)
            alike += [(-likeness, (owner, preset_id)) for _, likeness, preset_id in near]
        alike.sort(key=lambda pair: pair[0])
        return [each for _, each in alike if each not in besides]
