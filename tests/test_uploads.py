"""What strangers' files are decoded to: the picture as its sender sees it, and nothing that is not one."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.errors import InvalidUpload
from bot.uploads import decode_input, decode_inputs, decode_upload, size_of
from tests.pictures import encoded

#: Its left half is a dark grey, its right half a light one.
GREYS = np.full((64, 64), 50_000, np.uint16)
GREYS[:, :32] = 10_000


def pixel(image: Image.Image, x: int, y: int = 0) -> Any:
    return image.getpixel((x, y))


def test_a_grey_of_16_bits_stays_that_grey() -> None:
    content = encoded(Image.fromarray(GREYS), "PNG")
    picture, (_, mask, _) = decode_upload(content), decode_inputs(None, content)
    assert mask is not None
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
            broken = whole[:at] + bytes([value]) + whole[at + 1 :]
            # Whatever else is raised fails the test.
            with contextlib.suppress(InvalidUpload):
                assert decode_upload(broken).size == (640, 480)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_moves_is_refused(kind: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    with pytest.raises(InvalidUpload, match="The picture moves"):
        decode_upload(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=90))


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "AVIF"])
def test_another_format_is_called_by_its_name(kind: str) -> None:
    with pytest.raises(InvalidUpload, match=f"The file is a {kind}, which is not read. Send a still picture"):
        decode_upload(encoded(Image.new("RGB", (32, 32), "red"), kind))


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "1")])
def test_a_picture_is_no_larger_than_any_that_can_be_made_of_it_and_upright(kind: str, mode: str) -> None:
    lying = Image.new("RGB", (5000, 2500), "white")
    lying.paste("black", (0, 0, 2500, 2500))
    exif = Image.Exif()
    # The top of the scene is on the right side of what is saved.
    exif[0x0112] = 8
    content = encoded(lying.convert(mode), kind, exif=exif)
    upright = decode_input(content)
    assert (upright.mode, upright.size) == ("RGB", (2048, 4096))
    assert size_of(content) == (2500, 5000)
    assert pixel(upright, 1000, 100) > (250, 250, 250)
    assert pixel(upright, 1000, 4000) < (5, 5, 5)


def painted(mode: str, ground: Any, *marks: tuple[Any, tuple[int, int, int, int]]) -> bytes:
    """A layer of 64 pixels a side in that colour, with those rectangles on it."""
    layer = Image.new(mode, (64, 64), ground)
    for colour, box in marks:
        layer.paste(colour, box)
    return encoded(layer, "PNG")


WHITE, BLACK, NOTHING, HERE = (255, 255, 255, 255), (0, 0, 0, 255), (0, 0, 0, 0), (10, 10, 40, 40)
MASKS = {
    "white on black": painted("L", 0, (255, HERE)),
    "white on a transparent layer": painted("RGBA", NOTHING, (WHITE, HERE)),
    "white on a layer of transparent white": painted("RGBA", (255, 255, 255, 0), (WHITE, HERE)),
    "half transparent white on a layer": painted("RGBA", NOTHING, ((255, 255, 255, 160), HERE)),
    "white and black on a layer": painted("RGBA", NOTHING, (BLACK, (0, 0, 64, 50)), (WHITE, HERE)),
    "white on black with a pixel that is nearly opaque": painted(
        "RGBA", BLACK, (WHITE, HERE), ((0, 0, 0, 250), (0, 0, 1, 1))
    ),
    "white on black with a pixel that is transparent": painted("RGBA", BLACK, (WHITE, HERE), (NOTHING, (0, 0, 1, 1))),
    "white, with another nearly opaque": painted(
        "RGBA", BLACK, (WHITE, HERE), ((255, 255, 255, 254), (11, 11, 12, 12))
    ),
    "soft white on black with a pixel that is transparent": painted(
        "LA", (0, 255), ((100, 255), (0, 0, 64, 9)), ((230, 255), HERE), ((0, 0), (63, 63, 64, 64))
    ),
}


@pytest.mark.parametrize("name", MASKS)
def test_what_is_white_in_a_mask_is_repainted_on_whatever_layer_it_is(name: str) -> None:
    _, mask, remarks = decode_inputs(None, MASKS[name])
    assert mask is not None
    assert list(remarks) == []
    assert min(pixel(mask, 10, 10), pixel(mask, 39, 39)) > 127 > max(pixel(mask, 0, 0), pixel(mask, 60, 60))


HOLES = {
    "a hole in a picture": painted("RGBA", (200, 120, 40, 255), (NOTHING, HERE)),
    "a hole in a light picture": painted("RGBA", (235, 240, 230, 255), (NOTHING, HERE)),
    "a hole in a black layer": painted("RGBA", BLACK, (NOTHING, HERE)),
    "a colour that is transparent": encoded(Image.open(io.BytesIO(MASKS["white on black"])), "PNG", transparency=255),
}


@pytest.mark.parametrize("name", HOLES)
def test_holes_in_what_is_no_mask_are_repainted_and_that_is_told(name: str) -> None:
    _, mask, remarks = decode_inputs(None, HOLES[name])
    assert mask is not None
    assert [pixel(mask, *at) for at in ((0, 0), (9, 9), (10, 10), (39, 39), (40, 40))] == [0, 0, 255, 255, 0]
    assert [str(each) for each in remarks] == [
        "mask: its transparent parts are painted anew, whatever is painted on it"
    ]


def test_shapes_that_do_not_fit_are_named_as_they_were_sent() -> None:
    image, mask = (encoded(Image.new("L", size, 255), "PNG") for size in ((4000, 3000), (3000, 3000)))
    with pytest.raises(InvalidUpload, match="The mask is 3000 × 3000, and the image 4000 × 3000"):
        decode_inputs(image, mask)
