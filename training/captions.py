"""The wordings of the small world: many for training, a few more that only the evaluation uses."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from training.world import DEFAULT_BACKGROUND, Scene, Thing, natural_colour

_SYNONYMS = {
    "circle": ("disc", "ball", "dot"),
    "square": ("box", "cube"),
    "heart": ("love heart",),
    "diamond": ("rhombus", "gem"),
    "ring": ("donut", "hoop"),
    "cross": ("plus", "plus sign"),
    "moon": ("crescent", "crescent moon"),
    "cat": ("kitty", "cat face", "kitten"),
    "fish": ("goldfish",),
    "house": ("home", "hut", "cottage"),
    "tree": ("pine tree", "fir tree", "pine"),
    "flower": ("daisy", "blossom"),
    "boat": ("ship", "sailboat", "sailing boat"),
    "mushroom": ("toadstool",),
    "gray": ("grey",),
    "purple": ("violet",),
    "cyan": ("turquoise",),
    "big": ("large", "huge", "giant"),
    "small": ("little", "tiny"),
    "medium": ("medium-sized", "medium"),
}
_BACKGROUNDS = (
    "{thing} on {a_colour} background",
    "{thing} on {a_colour} background",
    "{thing} on {a_colour} background",
    "{thing} on {colour}",
    "{thing}, {colour} background",
    "{thing} in front of {a_colour} background",
    "{thing} with {a_colour} background",
    "{thing} against {a_colour} background",
    "{thing} against {colour}",
    "{thing} in front of {colour}",
    "{colour} behind {thing}",
    "{colour} background with {thing}",
    "{a_colour} background with {thing}",
    "{colour} background, {thing}",
    "{thing}, the background is {colour}",
    "{thing}. the background is {colour}",
    "{thing} where the background is {colour}",
    "{thing}, background {colour}",
    "{thing} on {a_colour} backdrop",
)
_SIDES = (
    " on the {place}",
    " on the {place}",
    " at the {place}",
    " to the {place}",
    " on the {place} side",
    ", {place}",
)
_ENDS = (" at the {place}", " at the {place}", " on the {place}", " near the {place}", " in the {place}", ", {place}")
_MIDDLE = (" in the center", " in the middle", " in the centre", " at the center", ", centered")
_BESIDE = (" and ", " and ", " and ", " next to ", " beside ", " to the left of ", ", ")
_ABOVE = (" above ", " over ", " on top of ")
_OPENINGS = (
    "a picture of ", "picture of ", "a drawing of ", "a photo of ", "a painting of ", "an image of ",
    "an illustration of ", "draw ", "draw me ", "please draw ", "show me ", "i want ", "an icon of ",
    "give me ", "imagine ", "there is ",
)  # fmt: skip
_ENDINGS = (
    ", masterpiece", ", best quality", ", highly detailed", ", 4k", ", flat vector art", ", simple", ", minimalist",
    ", cartoon", ", sharp", ", icon", ", clean lines", ", beautiful", ", high quality", ", please", ".",
)  # fmt: skip
# Words of all kinds that say nothing about the picture, so that a stranger's words do not lead the model astray.
_NOISE_SYLLABLES = (
    "ba be bo ca co da de di do fa fi go ha he ho in is ka ke la le li lo ma me mi mo na ne no or pa pe po ra re ri ro "
    "sa se si so ta te ti to un va ve vi wa we wo ing ed er ly st sh ch th"
)
_NOISE_WORDS = (
    "wonderful art style my your our please really very nice cool new old good great best fine lovely strange "
    "artwork canvas sticker render design logo paper today tomorrow scene shot version quick simple bold "
    "create generate paint print can will we they it for with just some any one more than like"
)
_UNSEEN_BACKGROUNDS = (
    "{thing} over {a_colour} background",
    "{thing} placed on {a_colour} background",
    "on {a_colour} background, {thing}",
    "{thing} set against {a_colour} background",
    "{thing} laid upon {a_colour} background",
)
_UNSEEN_OPENINGS = ("", "a sketch of ", "could you draw ", "make ", "a poster of ")


def _article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


def _on(form: str, thing: str, colour: str) -> str:
    return form.format(thing=thing, colour=colour, a_colour=_article(colour))


class _Writer:
    def __init__(self, rng: Random, synonyms: float) -> None:
        self._rng, self._synonyms = rng, synonyms

    def word(self, plain: str) -> str:
        if plain in _SYNONYMS and self._rng.random() < self._synonyms:
            return self._rng.choice(_SYNONYMS[plain])
        return plain

    def noun(self, thing: Thing, background: str, size: str, leave_out: float) -> str:
        words = [self.word(thing.shape)]
        implied = thing.colour == natural_colour(thing.shape, background)
        if not (implied and self._rng.random() < leave_out):
            words.insert(0, self.word(thing.colour))
        if size != "medium" or self._rng.random() < 0.1:
            words.insert(0, self.word(size))
        return _article(" ".join(words))

    def subject(self, scene: Scene, leave_out: float = 0.5) -> str:
        if scene.second is not None:
            first, second = (self.noun(thing, scene.background, "medium", 0) for thing in scene.things)
            if scene.stacked and self._rng.random() < 0.3:
                return second + self._rng.choice((" below ", " under ")) + first
            if not scene.stacked and self._rng.random() < 0.1:
                return f"{second} to the right of {first}"
            return first + self._rng.choice(_ABOVE if scene.stacked else _BESIDE) + second
        return self.noun(scene.thing, scene.background, scene.size, leave_out) + self.place(scene.place)

    def place(self, place: str, forms: Sequence[str] | None = None) -> str:
        if place == "center":
            return self._rng.choice(_MIDDLE) if self._rng.random() < 0.1 else ""
        return self._rng.choice(forms or (_SIDES if place in ("left", "right") else _ENDS)).format(place=place)


def caption(scene: Scene, rng: Random) -> str:
    """One of the many ways in which people may ask for the scene."""
    write = _Writer(rng, synonyms=0.3)
    thing = write.subject(scene)
    if scene.background == DEFAULT_BACKGROUND and rng.random() < 0.35:
        text = thing
    elif scene.place != "center" and scene.second is None and rng.random() < 0.2:
        # The place may also come last: "a cat on a red background, on the left".
        noun = write.noun(scene.thing, scene.background, scene.size, 0.5)
        text = _on(rng.choice(_BACKGROUNDS), noun, write.word(scene.background))
        text += rng.choice(("", ",")) + write.place(scene.place)
    else:
        text = _on(rng.choice(_BACKGROUNDS), thing, write.word(scene.background))
    if rng.random() < 0.15:
        text = text.removeprefix("a ")
    if rng.random() < 0.22:
        text = rng.choice(_OPENINGS) + text
    elif rng.random() < 0.3:
        text = f"{_noise(rng)}{rng.choice((' ', ' of ', ', '))}{text}"
    if rng.random() < 0.18:
        text += rng.choice(_ENDINGS)
    elif rng.random() < 0.15:
        text += f", {_noise(rng)}"
    return text.upper() if rng.random() < 0.03 else text


def _noise(rng: Random) -> str:
    """One to three words that mean nothing here: real ones, or some that do not exist."""
    words = []
    for _ in range(rng.randrange(1, 4)):
        if rng.random() < 0.5:
            words.append(rng.choice(_NOISE_WORDS.split()))
        else:
            words.append("".join(rng.choices(_NOISE_SYLLABLES.split(), k=rng.randrange(1, 4))))
    return " ".join(words)


def plain_caption(scene: Scene) -> str:
    """The plainest full wording, without chance."""
    size = "" if scene.size == "medium" else f"{scene.size} "
    names = [_article(f"{size}{thing.colour} {thing.shape}") for thing in scene.things]
    thing = (" above " if scene.stacked else " and ").join(names)
    if scene.second is None and scene.place != "center":
        thing += f" {'on' if scene.place in ('left', 'right') else 'at'} the {scene.place}"
    return f"{thing} on {_article(scene.background)} background"


def unseen_caption(scene: Scene, rng: Random) -> str:
    """A wording that no training caption has."""
    thing = _Writer(rng, synonyms=0.0).subject(scene, leave_out=0)
    text = _on(rng.choice(_UNSEEN_BACKGROUNDS), thing, scene.background)
    return text if text.startswith("on ") else rng.choice(_UNSEEN_OPENINGS) + text
