"""How long jobs take here, learned from those that ran; kept as JSON over restarts. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import accumulate

from bot.batching import images_of
from bot.jobs import Job
from bot.parameters import Parameters

#: What is left of an old measurement's weight with each newer one of its kind.
KEEP = 0.85
#: How many measurements the next coarser kind is worth to a finer one at first.
TRUST = 1.0
#: And what that one goes by in any case, so that nothing is divided by nothing.
LEAST_TRUST = 1e-3
#: Nothing takes less.
LEAST_SECONDS = 1e-3
#: Of so many devices and models the newest are kept, and of so many kinds of jobs each.
MOST_PLACES = 4
MOST_KINDS = 400
#: That of the JSON; another one's is forgotten.
VERSION = 1

#: Seconds that a job takes in any case, and seconds for each unit of its work.
Course = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Kind:
    """What decides how long a job takes: its work, how many images are drawn at a time, and the names of its kind.

    `names` go from what matters most to what matters least: how it begins and by which models, its size, the images,
    the scheduler.
    """

    work: float
    images: int
    begins: str
    size: int
    scheduler: str

    @classmethod
    def of(cls, job: Job) -> Kind:
        """That of one job alone."""
        p = job.parameters
        cells = [p] if job.comparison is None else job.comparison.cells
        size = round(2 * math.log2(p.width * p.height))
        return cls(sum(map(_work, cells)), images_of(job), _begins(job), size, p.scheduler)

    def names(self) -> tuple[str, ...]:
        """Coarse to fine; the first is that of all jobs."""
        parts = ["", self.begins, f"|{self.size}", f"|{self.images}", f"|{self.scheduler}"]
        return tuple(accumulate(parts))


def together(kinds: Sequence[Kind]) -> Kind:
    """That of jobs which are drawn in one batch."""
    first = kinds[0]
    if len(kinds) == 1:
        return first
    work, images = sum(kind.work for kind in kinds), sum(kind.images for kind in kinds)
    return Kind(work, images, first.begins, first.size, first.scheduler)


@dataclass(slots=True)
class Fit:
    """Seconds over work as a straight line, by least squares of seconds per work; the newest measurements count most.

    `trust` is how many measurements the next coarser kind is still worth.
    """

    trust: float = TRUST
    weight: float = 0.0
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0

    def learn(self, work: float, seconds: float) -> None:
        """One measurement more, and all before it count less."""
        self.trust, *sums = (KEEP * each for each in astuple(self))
        self.trust = max(self.trust, LEAST_TRUST)
        self.weight, self.x, self.y, self.xx, self.xy = sums
        self._add(work, seconds, 1.0)

    def course(self, coarser: Course | None) -> Course:
        """The line; no part of it is ever below 0.

        It has the slope of the coarser kind's (None: no work takes no time) where its own measurements say no other.
        """
        overhead, pace = (0.0, self.xy / self.xx) if coarser is None else coarser
        usual = self.x / self.weight
        # The sum of the weights of works² is the number of measurements.
        times = self.xx * (self.y / self.weight) / (overhead + pace * usual)
        level = (times + self.trust) / (self.xx + self.trust)
        known = Fit(*astuple(self))
        for work in (0.5 * usual, 1.5 * usual):
            known._add(work, level * (overhead + pace * work), TRUST / 2)
        pace = (known.weight * known.xy - known.x * known.y) / (known.weight * known.xx - known.x**2)
        overhead = (known.y - pace * known.x) / known.weight
        if pace < 0:
            return known.y / known.weight, 0.0
        return (overhead, pace) if overhead >= 0 else (0.0, known.xy / known.xx)

    def _add(self, work: float, seconds: float, weight: float) -> None:
        weight /= work**2
        self.weight += weight
        self.x += weight * work
        self.y += weight * seconds
        self.xx += weight * work * work
        self.xy += weight * work * seconds


class Pace:
    """How long jobs of each kind take on each device, with one model; what was never measured goes by what is like it.

    `learn` and `seconds` name the device: one that is new here knows nothing of what another one did.
    """

    def __init__(self, model: str = "") -> None:
        self._model = model
        self._places: dict[str, dict[str, Fit]] = {}
        self._courses: dict[tuple[str, str], Course | None] = {}
        #: How many measurements came in; whoever keeps them sees by it that there are new ones.
        self.learned = 0

    def learn(self, kind: Kind, seconds: float, device: str = "") -> None:
        """Those jobs took so long, all together."""
        place = self._place(device)
        kinds = self._places[place] = self._places.pop(place, {})
        for name in kind.names():
            # Taken out first: the dicts are in the order of the last use.
            kinds[name] = fit = kinds.pop(name, None) or Fit()
            fit.learn(kind.work, max(seconds, LEAST_SECONDS))
        for entries, most in ((self._places, MOST_PLACES), (kinds, MOST_KINDS)):
            for old in list(entries)[:-most]:
                del entries[old]
        self._courses.clear()
        self.learned += 1

    def seconds(self, kind: Kind, device: str = "") -> float | None:
        """How long those jobs will take, all together; None before anything was measured on that device."""
        course = self._course(device, kind.names())
        return None if course is None else course[0] + course[1] * kind.work

    def _course(self, device: str, names: tuple[str, ...]) -> Course | None:
        found = (device, names[-1])
        if found not in self._courses:
            kinds = self._places.get(self._place(device), {})
            course = None
            for name in names:
                if (fit := kinds.get(name)) is not None:
                    course = fit.course(course)
            self._courses[found] = course
        return self._courses[found]

    def _place(self, device: str) -> str:
        return f"{device}|{self._model}"

    def dump(self) -> str:
        """All that was learned, as JSON."""
        places = {place: {name: astuple(fit) for name, fit in kinds.items()} for place, kinds in self._places.items()}
        return json.dumps({"version": VERSION, "places": places})

    def restore(self, dumped: str) -> None:
        """Know again what was learned before. Raises `ValueError`, and knows nothing, where that cannot be read."""
        self._places.clear()
        self._courses.clear()
        try:
            known = json.loads(dumped)
            if known["version"] != VERSION:
                raise ValueError(f"of version {known['version']}")
            places = {
                place: {name: _read(sums) for name, sums in kinds.items()} for place, kinds in known["places"].items()
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(str(error)) from error
        self._places.update(places)


def _read(sums: Sequence[float]) -> Fit:
    fit = Fit(*map(float, sums))
    if not all(math.isfinite(each) and each > 0 for each in astuple(fit)):
        raise ValueError(f"no sums of measurements: {sums}")
    return fit


def _begins(job: Job) -> str:
    """How the drawing begins, and which models take part."""
    p = job.parameters
    if job.comparison is not None:
        begins = "sheet"
    elif p.image is None:
        begins = "text"
    elif p.mask_image is not None:
        begins = "mask"
    else:
        begins = "image" if p.upscaler is None else f"upscaled by {p.upscaler}"
    return begins + ("+refiner" if p.denoising_end is not None else "") + ("+lora" if p.loras else "")


def _work(p: Parameters) -> float:
    """As `Job.cost`, for the steps that are really taken."""
    steps = p.num_inference_steps if p.strength is None else max(1, round(p.num_inference_steps * p.strength))
    passes = 2 if p.guidance_scale > 1 else 1
    return p.width * p.height / 1e6 * steps * p.num_images_per_prompt * passes
