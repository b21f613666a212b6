"""Reads a PNG that nobody vouches for, within bounds, and writes it anew with what a picture needs and no more."""

import struct
import zlib
from collections.abc import Iterator

# PNG specification, third edition (W3C), sections 5 and 11.
SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_BYTES = 6 * 2**20
MOST_SIDE = 4_000
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Values of each pixel by colour type."""


class NotAPicture(ValueError):
    """The bytes are not a PNG that is kept; says why in a few words."""


def cleaned(data: bytes) -> tuple[bytes, int, int]:
    """The picture without texts, times, profiles and whatever else a PNG can carry, and its width and height.

    Everything is checked before it is believed: lengths, checksums, dimensions, and that the pixels are just as many
    as the header says, inflated no further than that. Raises NotAPicture.
    """
    if len(data) > MOST_BYTES:
        raise NotAPicture(f"it has {len(data)} bytes, more than {MOST_BYTES}")
    if not data.startswith(SIGNATURE):
        raise NotAPicture("it does not begin as a PNG does")
    chunks = [(kind, body) for kind, body in _chunks(data) if kind in _KEPT]
    kinds = [kind for kind, _ in chunks]
    if kinds[:1] != [b"IHDR"] or kinds[-1:] != [b"IEND"] or kinds.count(b"IHDR") != 1:
        raise NotAPicture("its parts do not stand where they have to")
    width, height, row = _header(chunks[0][1])
    _require_pixels(b"".join(body for kind, body in chunks if kind == b"IDAT"), height * (row + 1))
    return SIGNATURE + b"".join(_written(kind, body) for kind, body in chunks), width, height


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place < len(data):
        if place + 12 > len(data):
            raise NotAPicture("it ends in the middle of a part")
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 8 + length
        if end + 4 > len(data):
            raise NotAPicture("a part of it is longer than the file")
        body = data[place + 8 : end]
        if zlib.crc32(kind + body) != struct.unpack_from(">I", data, end)[0]:
            raise NotAPicture("the checksum of a part is wrong")
        yield kind, body
        if kind == b"IEND":
            return
        place = end + 4


def _header(body: bytes) -> tuple[int, int, int]:
    """Width, height, and the bytes of one row of pixels."""
    if len(body) != 13:
        raise NotAPicture("its header has the wrong length")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", body)
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE):
        raise NotAPicture(f"it says that it is {width} by {height} pixels")
    if colour not in _SAMPLES or depth != 8 or (compression, filtering, interlace) != (0, 0, 0):
        raise NotAPicture("it is of a kind that browsers do not write")
    return width, height, width * _SAMPLES[colour]


def _require_pixels(packed: bytes, size: int) -> None:
    unpacking = zlib.decompressobj()
    try:
        found = len(unpacking.decompress(packed, size + 1))
    except zlib.error as error:
        raise NotAPicture("its pixels cannot be read") from error
    if found != size or not unpacking.eof or unpacking.unused_data:
        raise NotAPicture("it holds more or fewer pixels than its header says")


def _written(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
