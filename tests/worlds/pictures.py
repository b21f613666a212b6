"""Pictures made by hand, chunk by chunk."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    """One part of a PNG with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width: int, height: int, *, colour: int = 2, interlace: int = 0) -> bytes:
    """The first part."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, interlace))


def png(width: int, height: int, *, rows: bytes | None = None, shade: int = 0) -> bytes:
    """A plain picture of one grey, or one with these bytes for its rows."""
    pixels = (b"\0" + bytes([shade]) * 3 * width) * height if rows is None else rows
    return SIGNATURE + header(width, height) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
