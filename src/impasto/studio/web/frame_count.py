"""Counting of a picture's frames up to a limit.

Pillow's ``n_frames`` visits every frame of a GIF or TIFF; a malicious file of some megabytes can have so
many that this takes hours.
"""

from __future__ import annotations

from PIL import Image

_EXTENSION, _IMAGE = 0x21, 0x2C
_HEADER, _DESCRIPTOR = 13, 10
_HAS_TABLE, _TABLE_SIZE = 0x80, 0x07
_LEAST_BLOCK = 16
"""The smallest average size of blocks in bytes; encoders fill them up to 255."""


def has_more_frames(image: Image.Image, most: int) -> bool:
    """Return whether an opened ``image``, not a GIF, has more than ``most`` frames, without decoding any."""
    if image.format == "TIFF":
        try:
            image.seek(most)  # reads directories, not pixels
        except EOFError:
            return False
        return True
    return int(getattr(image, "n_frames", 1)) > most


def gif_frames(data: bytes, enough: int) -> int:
    """Return the number of frames of a GIF, counted up to ``enough`` (GIF89a, sections 15 to 26).

    Raises ValueError for one with so many tiny blocks that even its first frame would take long.
    """
    count, at = 0, _HEADER + _table(data, 10)
    left = len(data) // _LEAST_BLOCK + 4 * enough
    while count < enough and at < len(data):
        if data[at] == _EXTENSION:
            at += 2
        elif data[at] == _IMAGE:
            count += 1
            at += _DESCRIPTOR + _table(data, at + 9) + 1  # and the minimum code size
        else:  # the end, or where decoders stop too
            break
        while at < len(data) and data[at] and left:
            at += data[at] + 1
            left -= 1
        if not left:
            raise ValueError("its data is in blocks of a few bytes each")
        at += 1
    return count


def _table(data: bytes, at: int) -> int:
    """Return the size in bytes of the colour table that the packed field at ``at`` describes."""
    packed = data[at] if at < len(data) else 0
    return 3 * 2 ** ((packed & _TABLE_SIZE) + 1) if packed & _HAS_TABLE else 0
