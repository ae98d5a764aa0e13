"""Presets of members and of servers: kept, found while somebody types, and laid beneath what is asked for."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

from bot.errors import NotYourJob, NotYourPreset, PresetChanged, PresetNotFound, PresetRefused, StorageUnavailable
from bot.jobs import JobStatus
from bot.model_info import ModelInfo
from bot.parameters import quoted
from bot.presets import Owner, OwnerKind, Preset
from bot.presets.codes import new_code, read_code
from bot.presets.layering import Laid, lay
from bot.presets.names import folded, numbered, read_name, skeleton
from bot.presets.reading import look_of
from bot.prompts.styles import Styles
from bot.services.preset_search import PresetIndex
from bot.storage import Storage
from bot.storage.presets import NameTaken, TooMany, preset_from_row

log = logging.getLogger(__name__)

#: How many presets one member and one server may have.
MOST: Mapping[OwnerKind, int] = {OwnerKind.USER: 25, OwnerKind.GUILD: 100}
#: What goes before the name of a server's preset where it could be one's own.
SERVER = "server:"
GONE = "This preset does not exist any more."
NOT_FOUND = "There is no preset {name}. Nearest: {nearest}."
UNLIKE_ANY = "There is no preset {name}. `/preset list` shows those that there are."
NOT_YOURS = "Only the person whose preset {name} is can do that. Make a copy of it, and change that."
MODERATORS_ONLY = "{name} is this server's preset: only who may manage the server can change it."
CHANGED = (
    "Preset {name} was changed meanwhile: it is at version {version} now. Look at it with `/preset show`; what you "
    "wrote is kept, and replaces that if you send it again."
)
TAKEN = "There is a preset {name} already, or one whose name looks the same. Choose another name."
TOO_MANY = "{most} presets are the most, and you have them. Delete one first."
TOO_MANY_OF_SERVER = "{most} presets are the most for a server, and it has them. Delete one first."
NO_JOB = "You have no job yet whose settings could be kept. Say some, as in steps: 30, or make a picture first."
NOT_YOUR_JOB = "Job #{job} is somebody else's. Save as preset, under More on its card, keeps its settings for you."
REVOKED = "The code {code} was taken back by whoever gave it out. Ask for a new one."
UNKNOWN_CODE = "The code {code} is unknown here. Look for a slip of the pen, or ask for a new one."


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with presets, where they stand, and whether they may manage that server."""

    user_id: int
    guild_id: int | None = None
    manages: bool = False

    @property
    def own(self) -> Owner:
        """They as an owner."""
        return Owner(OwnerKind.USER, self.user_id)

    @property
    def guild(self) -> Owner | None:
        """Their server as one; None in a conversation with the bot."""
        return None if self.guild_id is None else Owner(OwnerKind.GUILD, self.guild_id)

    def owners(self) -> list[Owner]:
        """Whose presets they see."""
        return [self.own] if self.guild is None else [self.own, self.guild]


def may_change(preset: Preset, person: Person) -> bool:
    """Whether it is theirs, or that of the server which they manage."""
    return preset.owner == person.own or (preset.owner == person.guild and person.manages)


def check_may_change(preset: Preset, person: Person) -> None:
    """Raises `NotYourPreset`."""
    if not may_change(preset, person):
        raise NotYourPreset(MODERATORS_ONLY if preset.owner == person.guild else NOT_YOURS, name=quoted(preset.name))


class Presets:
    """All presets, in memory beside the database: they are looked for at every letter that somebody types."""

    def __init__(self, storage: Storage, model: ModelInfo, styles: Styles) -> None:
        self._storage = storage
        self._records = storage.presets
        self._model = model
        self._styles = styles
        self._by_owner: defaultdict[Owner, dict[int, Preset]] = defaultdict(dict)
        self._defaults: dict[Owner, int] = {}
        self._index = PresetIndex()

    async def __aenter__(self) -> Self:
        rows = await self._records.everything()
        for preset in await asyncio.to_thread(lambda: [preset_from_row(row) for row in rows]):
            self._remember(preset)
        self._defaults = await self._records.defaults()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def of(self, owner: Owner) -> list[Preset]:
        """Theirs, most used first."""
        return sorted(self._by_owner[owner].values(), key=lambda preset: (-preset.uses, folded(preset.name)))

    def suggest(self, typed: str, owners: Sequence[Owner]) -> list[Preset]:
        """At most 25 presets of these owners for what has been typed so far, the likeliest first."""
        wanted = typed.removeprefix(SERVER)
        found = self._index.search(wanted, owners)
        return [self._by_owner[owner][preset_id] for owner, preset_id in found]

    def named(self, preset: Preset, person: Person) -> str:
        """What that person types to mean it."""
        is_hidden = preset.owner == person.guild and self._find(preset.name, person.own) is not None
        return f"{SERVER}{preset.name}" if is_hidden else preset.name

    def find(self, name: str, owners: Sequence[Owner]) -> Preset:
        """The preset that `name` means; one's own comes before the server's. Raises `PresetNotFound`."""
        wanted = name.strip()
        if wanted.casefold().startswith(SERVER):
            wanted, owners = wanted[len(SERVER) :].strip(), [each for each in owners if each.kind is OwnerKind.GUILD]
        found = next(filter(None, (self._find(wanted, owner) for owner in owners)), None)
        if found is not None:
            return found
        near = list(dict.fromkeys(preset.name for preset in self.suggest(wanted, owners)[:3])) if wanted else []
        raise PresetNotFound(NOT_FOUND if near else UNLIKE_ANY, name=quoted(name), nearest=", ".join(near))

    def get(self, preset_id: int | str, person: Person) -> Preset:
        """The preset with that id, which that person sees; an id may come from outside. Raises `PresetNotFound`."""
        preset_id = int(preset_id) if str(preset_id).isdecimal() else 0
        for owner in person.owners():
            if preset_id in self._by_owner[owner]:
                return self._by_owner[owner][preset_id]
        raise PresetNotFound(GONE)

    def default_of(self, owner: Owner, person: Person) -> Preset | None:
        """What is used where none is named, by that member or in that server."""
        preset_id = self._defaults.get(owner)
        try:
            return None if preset_id is None else self.get(preset_id, person)
        except PresetNotFound:
            # A server's, and this is another one; or it was deleted.
            return None

    def used_by(self, person: Person, name: str | None) -> list[Preset]:
        """What lies beneath a request: the server's default, and the one that is named or one's own default."""
        chosen = self.default_of(person.own, person) if name is None else self.find(name, person.owners())
        return self.beneath(person, chosen)

    def beneath(self, person: Person, chosen: Preset | None) -> list[Preset]:
        """The same for a preset that was found otherwise."""
        of_server = None if person.guild is None else self.default_of(person.guild, person)
        same = of_server is not None and chosen is not None and of_server.id == chosen.id
        return [each for each in (None if same else of_server, chosen) if each is not None]

    async def save(
        self, owner: Owner, name: str, values: Mapping[str, Any], locked: frozenset[str] = frozenset()
    ) -> Preset:
        """A new preset. Raises `PresetRefused` for a name that cannot be or is taken, and where there are too many."""
        name = read_name(name)
        if not values:
            raise PresetRefused("A preset has to say something: give it a prompt or a setting, as in steps: 30.")
        try:
            preset = await self._records.create(owner, name, skeleton(name), values, locked, MOST[owner.kind])
        except NameTaken as error:
            raise PresetRefused(TAKEN, name=quoted(name)) from error
        except TooMany as error:
            is_own = owner.kind is OwnerKind.USER
            raise PresetRefused(TOO_MANY if is_own else TOO_MANY_OF_SERVER, most=MOST[owner.kind]) from error
        self._remember(preset)
        return preset

    async def save_as_free(self, owner: Owner, name: str, values: Mapping[str, Any]) -> Preset:
        """The same under the next name that is free: “ink”, “ink 2”. Raises `PresetRefused`."""
        free, number = name, 2
        while self._find(free, owner) is not None:
            free, number = numbered(name, number), number + 1
        return await self.save(owner, free, values)

    async def edit(
        self,
        preset: Preset,
        version: int,
        person: Person,
        values: Mapping[str, Any],
        locked: frozenset[str] | None = None,
    ) -> Preset:
        """Its next version, if `version` is still the newest. Raises `PresetChanged`, `PresetNotFound`."""
        check_may_change(preset, person)
        if not values:
            raise PresetRefused("A preset has to say something: give it a prompt or a setting, as in steps: 30.")
        kept = (preset.locked if locked is None else locked) & values.keys()
        edited = await self._records.replace(preset.id, version, values, kept)
        newest = self.get(preset.id, person)
        if edited is None:
            raise PresetChanged(CHANGED, name=quoted(newest.name), version=newest.version)
        self._remember(replace(edited, name=newest.name, uses=newest.uses))
        return self.get(preset.id, person)

    async def rename(self, preset: Preset, person: Person, name: str) -> Preset:
        """The same under another name. Raises `PresetRefused`, `PresetNotFound`."""
        check_may_change(preset, person)
        name = read_name(name)
        try:
            is_there = await self._records.rename(preset, name, skeleton(name))
        except NameTaken as error:
            raise PresetRefused(TAKEN, name=quoted(name)) from error
        if not is_there:
            raise PresetNotFound(GONE)
        self._remember(replace(self.get(preset.id, person), name=name))
        return self.get(preset.id, person)

    async def delete(self, preset: Preset, person: Person) -> None:
        """Gone, with its codes; pictures that were made with it say so for ever."""
        check_may_change(preset, person)
        await self._records.delete(preset.id)
        self._by_owner[preset.owner].pop(preset.id, None)
        self._index.remove(preset)
        self._defaults = {owner: each for owner, each in self._defaults.items() if each != preset.id}

    async def set_default(self, owner: Owner, preset: Preset | None) -> None:
        """Use it where none is named; None is none."""
        await self._records.set_default(owner, None if preset is None else preset.id)
        if preset is None:
            self._defaults.pop(owner, None)
        else:
            self._defaults[owner] = preset.id

    async def share(self, preset: Preset, person: Person) -> str:
        """A new code for this version of it."""
        check_may_change(preset, person)
        code = new_code()
        await self._records.add_code(code, preset)
        return code

    async def revoke(self, preset: Preset, person: Person) -> int:
        """Its codes stand for nothing any more; how many there were."""
        check_may_change(preset, person)
        return await self._records.revoke_codes(preset.id)

    async def by_code(self, typed: str) -> Preset:
        """What a code stands for, as it was shared. Raises `PresetRefused`, `PresetNotFound`."""
        code = read_code(typed)
        found = await self._records.find_code(code)
        if found is None or found[1]:
            raise PresetNotFound(UNKNOWN_CODE if found is None else REVOKED, code=quoted(typed.strip()))
        return found[0]

    async def look_of_job(self, person: Person, job_id: int | None) -> dict[str, Any]:
        """The settings of one of that person's jobs, the last one unless it is said. Raises `NotYourJob`."""
        if job_id is not None:
            job = await self._storage.get_job(job_id)
            if job.user_id != person.user_id:
                raise NotYourJob(NOT_YOUR_JOB, job=job.id)
        else:
            last = (await self._storage.history(person.user_id, statuses=tuple(JobStatus), count=1)).jobs
            if not last:
                raise PresetRefused(NO_JOB)
            job = last[0]
        return look_of(job.parameters, self._styles, self._model)

    async def count_use(self, used: Sequence[Preset]) -> None:
        """A picture was asked for with these."""
        for preset in used:
            known = self._by_owner[preset.owner].get(preset.id)
            if known is None:
                continue
            self._remember(replace(known, uses=known.uses + 1))
            try:
                await self._records.count_use(preset.id)
            except StorageUnavailable:
                # The picture is asked for; that it was counted matters less.
                log.exception("preset %s: a use was not counted", preset.id)

    def _find(self, name: str, owner: Owner) -> Preset | None:
        preset_id = self._index.find(name, owner)
        return None if preset_id is None else self._by_owner[owner][preset_id]

    def _remember(self, preset: Preset) -> None:
        self._by_owner[preset.owner][preset.id] = preset
        self._index.add(preset)


def laid(presets: Sequence[Preset]) -> Laid:
    """Presets over each other, the last on top."""
    return lay(*map(Laid.of, presets))
