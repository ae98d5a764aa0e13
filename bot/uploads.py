"""The one decoder for pictures that strangers send: what it lets through is a plain picture of bearable size."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from PIL import ExifTags, Image, ImageChops, ImageOps, UnidentifiedImageError

from bot.errors import InvalidUpload
from bot.parameters import MAX_SIZE
from bot.sentences import Sentence

#: Formats that a member may send; Pillow opens no other, whatever the file's name says.
FORMATS = ("PNG", "JPEG", "WEBP")
#: What others begin with, at that byte, and their names: who sends one is told what it is.
OTHER_FORMATS = (
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (0, b"%PDF", "PDF"),
)
MAX_BYTES = 20 * 2**20
#: Pixels of an upload: a large camera's. Above, a small file may unpack to gigabytes.
MAX_PIXELS = 25_000_000
MIN_SIDE, MAX_ASPECT = 16, 8
#: How far the shapes of a picture and its mask may be from each other, as a share.
SHAPE_TOLERANCE = 0.02
#: What EXIF says of a picture whose sides are to be exchanged.
ON_ITS_SIDE = range(5, 9)
#: A grey from here on is white.
WHITE = 128
#: Of a mask on a transparent layer: how nearly black or white paint is, how nearly grey, and how much may be otherwise,
#: as a share. Edges are never quite so.
PAINT, GREY, OTHERWISE = 8, 8, 0.05
#: Transparent parts up to this share come by accident.
STRAY = 0.01
#: Fainter paint has no colour of its own.
VISIBLE = 64
TRANSPARENT_IS_REPAINTED = Sentence("mask: its transparent parts are painted anew, whatever is painted on it")


#: What Pillow raises where a file does not keep to its format.
_DAMAGED = (OSError, SyntaxError, ValueError, TypeError, LookupError, AssertionError, EOFError, struct.error)


class Inputs(NamedTuple):
    """What a job is to work on, no larger than it can use, and what its author should know of how it was read."""

    image: Image.Image | None
    mask: Image.Image | None
    remarks: Sequence[Sentence]


def decode_upload(content: bytes) -> Image.Image:
    """The picture as it is meant to be seen: turned as its camera says, on white where it is transparent, RGB.

    Raises `InvalidUpload` with a sentence for what is too large, no picture, truncated, animated, or a bomb.
    """
    with _opened(content) as image:
        return _on_white(_upright(image))


def decode_input(content: bytes) -> Image.Image:
    """The same, no larger than a job can use: it still covers the largest picture that can be made."""
    return _on_white(_decode(content).picture)


def decode_inputs(image: bytes | None, mask: bytes | None) -> Inputs:
    """A picture as `decode_input` gives it, and the mask of it: grey, and white is repainted. Raises `InvalidUpload`.

    Where the mask is white paint on a transparent layer, the layer counts as black. Of any other picture with
    transparent parts, those are repainted, and a remark says so.
    """
    size, picture = None, None
    if image is not None:
        sent = _decode(image)
        size, picture = sent.size, _on_white(sent.picture)
    if mask is None:
        return Inputs(picture, None, ())
    sent = _decode(mask)
    white, remarks = _read_mask(sent.picture)
    _check_mask(white, sent.size, size)
    return Inputs(picture, white, remarks)


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height of the picture as it is meant to be seen. Raises `InvalidUpload`."""
    with _opened(content) as image:
        return _upright_size(image)


def check_bytes(size: int) -> None:
    """Raises `InvalidUpload` for a file of more bytes than are read."""
    if size > MAX_BYTES:
        raise InvalidUpload(
            "The file has {size:.1f} MiB, and at most {most} MiB are read. Send a smaller one.",
            size=size / 2**20,
            most=MAX_BYTES // 2**20,
        )


class _Decoded(NamedTuple):
    """A picture that is upright and bearable, and the size in which it was sent."""

    picture: Image.Image
    size: tuple[int, int]


def _decode(content: bytes) -> _Decoded:
    with _opened(content) as image:
        size = _upright_size(image)
        return _Decoded(_upright(_bearable(image)), size)


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    check_bytes(len(content))
    try:
        with warnings.catch_warnings():
            # About bombs, for which the limit below is stricter, and about what it passes over.
            warnings.simplefilter("ignore")
            image: Any = Image.open(io.BytesIO(content), formats=FORMATS)
        with image:
            _check(image)
            yield image
    except Image.DecompressionBombError:
        # Refused before its sides are known.
        raise InvalidUpload(
            "The picture is too large: at most {most} megapixels are read. Send a smaller one.",
            most=MAX_PIXELS // 1_000_000,
        ) from None
    except UnidentifiedImageError:
        raise unread(content) from None
    except _DAMAGED as error:
        raise InvalidUpload("The picture is damaged or cut off. Save it again, and send that.") from error


def unread(content: bytes) -> InvalidUpload:
    """What is wrong with a file that is no picture of these formats."""
    known = (name for at, begin, name in OTHER_FORMATS if content.startswith(begin, at))
    if (name := next(known, None)) is not None:
        return InvalidUpload(
            "The file is a {format}, which is not read. Send a still picture: PNG, JPEG or WebP.", format=name
        )
    return InvalidUpload("The file is no picture that can be read. Send a PNG, JPEG or WebP.")


def _check(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InvalidUpload(
            "The picture is {width} × {height}; at most {most} megapixels are read. Send a smaller one.",
            width=width,
            height=height,
            most=MAX_PIXELS // 1_000_000,
        )
    if min(width, height) < MIN_SIDE or max(width, height) > MAX_ASPECT * min(width, height):
        raise InvalidUpload(
            "The picture is {width} × {height}. Send one with {least} pixels a side, none over {most} times the other.",
            width=width,
            height=height,
            least=MIN_SIDE,
            most=MAX_ASPECT,
        )
    # A phone's JPEG may hold more pictures, as one of the depths; the first is what it shows.
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise InvalidUpload("The picture moves. Send a still one: PNG, JPEG or WebP.")


def _check_mask(mask: Image.Image, size: tuple[int, int], image_size: tuple[int, int] | None) -> None:
    if not any(mask.histogram()[WHITE:]):
        raise InvalidUpload("The mask has no white, and white is what is repainted. Paint over that part.")
    if image_size is None:
        return
    ratio = size[0] * image_size[1] / (size[1] * image_size[0])
    if abs(ratio - 1) > SHAPE_TOLERANCE:
        raise InvalidUpload(
            "The mask is {mask_width} × {mask_height}, and the image {width} × {height}. Send two of the same shape.",
            mask_width=size[0],
            mask_height=size[1],
            width=image_size[0],
            height=image_size[1],
        )


def _read_mask(picture: Image.Image) -> tuple[Image.Image, Sequence[Sentence]]:
    if not picture.has_transparency_data:
        return picture.convert("L"), ()
    layers = picture.convert("RGBA")
    if _is_painted(layers):
        ground = Image.new("RGBA", layers.size, "black")
        return Image.alpha_composite(ground, layers).convert("L"), ()
    return ImageOps.invert(layers.getchannel("A")), (TRANSPARENT_IS_REPAINTED,)


def _bearable(image: Image.Image) -> Image.Image:
    """The picture of a file that is open, or a smaller one that still covers the largest that can be made."""
    scale = MAX_SIZE / min(image.size)
    if scale >= 1:
        return image
    size = round(image.width * scale), round(image.height * scale)
    # A JPEG is then not even unpacked in full.
    image.draft(None, size)
    # What has a palette would be thinned out.
    return _eight_bit(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """Read before anything is unpacked, as far as the format lets one."""
    width, height = image.size
    return (height, width) if image.getexif().get(ExifTags.Base.Orientation) in ON_ITS_SIDE else (width, height)


def _upright(image: Image.Image) -> Image.Image:
    return ImageOps.exif_transpose(_eight_bit(image))


def _eight_bit(image: Image.Image) -> Image.Image:
    """The same with 8 bits a channel, whatever is transparent as alpha, and without a palette."""
    if image.mode.startswith("I"):
        # Of 16 bits Pillow keeps the lowest greys, and all others are white.
        grey = image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
        if "transparency" not in image.info:
            return grey
        grey.info["transparency"] = int(image.info["transparency"] / 257 + 0.5)
        return grey.convert("LA")
    if image.has_transparency_data:
        return image if image.mode in ("LA", "RGBA") else image.convert("RGBA")
    return image.convert({"P": "RGB", "1": "L"}[image.mode]) if image.mode in ("P", "1") else image


def _is_painted(layers: Image.Image) -> bool:
    """Whether an RGBA picture is black and white paint, and not a picture with holes."""
    red, green, blue, alpha = layers.split()
    transparent = sum(alpha.histogram()[:WHITE])
    if not transparent:
        return True
    visible = alpha.point([0] * VISIBLE + [255] * (256 - VISIBLE))
    darkest = ImageChops.darker(ImageChops.darker(red, green), blue)
    lightest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    seen = sum(visible.histogram()[255:])
    white = sum(darkest.histogram(visible)[-PAINT:])
    black = sum(lightest.histogram(visible)[:PAINT])
    if white and white + black >= seen * (1 - OTHERWISE):
        return True
    grey = sum(ImageChops.subtract(lightest, darkest).histogram(visible)[:GREY])
    is_stray = transparent <= STRAY * layers.width * layers.height
    return is_stray and grey >= seen * (1 - OTHERWISE)


def _on_white(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        layers = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers)
    return image.convert("RGB")
