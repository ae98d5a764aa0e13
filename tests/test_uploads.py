"""What strangers' files are decoded to: the picture as its sender sees it, and nothing that is not one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.errors import InvalidUpload
from bot.uploads import decode_input, decode_mask, decode_upload
from tests.pictures import encoded

#: Its left half is a dark grey, its right half a light one.
GREYS = np.full((64, 64), 50_000, np.uint16)
GREYS[:, :32] = 10_000


def pixel(image: Image.Image, x: int, y: int = 0) -> Any:
    return image.getpixel((x, y))


def test_a_grey_of_16_bits_stays_that_grey() -> None:
    content = encoded(Image.fromarray(GREYS), "PNG")
    picture, mask = decode_upload(content), decode_mask(content)
    assert (pixel(picture, 0), pixel(picture, 63)) == ((39, 39, 39), (195, 195, 195))
    assert (mask.mode, pixel(mask, 0), pixel(mask, 63)) == ("L", 39, 195)


def test_a_transparent_grey_of_16_bits_lies_on_white() -> None:
    picture = decode_upload(encoded(Image.fromarray(GREYS), "PNG", transparency=10_000))
    assert (pixel(picture, 0), pixel(picture, 63)) == ((255, 255, 255), (195, 195, 195))


def phone_photo(**options: Any) -> bytes:
    """A JPEG with a second, smaller picture in it, as phones save them."""
    depth = Image.new("RGB", (320, 240), "blue")
    return encoded(Image.new("RGB", (640, 480), "red"), "MPO", save_all=True, append_images=[depth], **options)


def test_of_a_jpeg_with_several_pictures_the_first_is_taken() -> None:
    picture = decode_upload(phone_photo())
    assert picture.size == (640, 480)
    red, green, blue = pixel(picture, 320, 240)
    assert red > 240 > 20 > max(green, blue)


def test_a_jpeg_that_only_promises_several_pictures_is_a_picture_or_refused_in_a_sentence() -> None:
    whole = phone_photo()
    index = whole.index(b"MPF\0")
    # The index of its pictures, byte by byte as a broken program might write it.
    for at in range(index, index + 90):
        for value in (0, 1, 0xFF):
            try:
                assert decode_upload(whole[:at] + bytes([value]) + whole[at + 1 :]).size == (640, 480)
            except InvalidUpload as error:
                assert "damaged" in str(error) or "no picture" in str(error)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_moves_is_refused(kind: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    with pytest.raises(InvalidUpload, match="The picture moves"):
        decode_upload(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=90))


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "1")])
def test_a_picture_is_no_larger_than_any_that_can_be_made_of_it_and_upright(kind: str, mode: str) -> None:
    lying = Image.new("RGB", (5000, 2500), "white")
    lying.paste("black", (0, 0, 2500, 2500))
    exif = Image.Exif()
    # The top of the scene is on the right side of what is saved.
    exif[0x0112] = 8
    upright = decode_input(encoded(lying.convert(mode), kind, exif=exif))
    assert (upright.mode, upright.size) == ("RGB", (2048, 4096))
    assert pixel(upright, 1000, 100) > (250, 250, 250)
    assert pixel(upright, 1000, 4000) < (5, 5, 5)
