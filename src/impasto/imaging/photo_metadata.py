"""Metadata of photographs: read from EXIF, XMP, IPTC and PNG's texts, written as EXIF and XMP.

Sources: Exif 2.32, 4.6; XMP specification, parts 1 and 2; IPTC-IIM 4.2, record 2.
"""

from __future__ import annotations

import contextlib
import io
import re
import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape

from PIL import Image, IptcImagePlugin

from impasto.types import PhotoMetadata

ARTIST, COPYRIGHT, DESCRIPTION, SOFTWARE, MAKE, MODEL = 0x013B, 0x8298, 0x010E, 0x0131, 0x010F, 0x0110
EXIF, GPS, USER_COMMENT = 0x8769, 0x8825, 0x9286
_TAKEN, _OFFSET, _CHANGED = 0x9003, 0x9011, 0x0132
_ACROSS, _DOWN, _UNIT = 0x011A, 0x011B, 0x0128
_TITLE, _KEYWORDS = 0x9C9B, 0x9C9E  # of Windows, UTF-16
LONGEST = 4000
"""Letters of a text that are kept."""
MOST = 200
"""Keywords that are kept."""

_DC, _RDF = "{http://purl.org/dc/elements/1.1/}", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_EXIF_NAMES = "{http://ns.adobe.com/exif/1.0/}"
_PLACE = ("GPSLatitude", "GPSLongitude", "GPSAltitude", "GPSAltitudeRef")
_XMP_TAG = 700
_XMP_DATES = (
    f"{_EXIF_NAMES}DateTimeOriginal",
    "{http://ns.adobe.com/photoshop/1.0/}DateCreated",
    "{http://ns.adobe.com/xap/1.0/}CreateDate",
)
_PNG_TEXTS = {"author": "Author", "copyright": "Copyright", "title": "Title", "description": "Description"}


def read_photo_metadata(data: bytes, codec: str) -> PhotoMetadata | None:
    """Return the metadata of a photograph in a picture file; None if there are none.

    ``codec``: Pillow's name of its format. Unreadable metadata are omitted; they do not prevent painting.
    """
    with contextlib.suppress(Exception), Image.open(io.BytesIO(data), formats=[codec]) as image:
        return metadata_of_image(image)
    if codec == "TIFF":  # of samples that Pillow cannot read
        exif = Image.Exif()
        with contextlib.suppress(Exception):
            exif.load(data)
            return _joined(lambda: _of_exif(exif), lambda: _of_packet(exif.get(_XMP_TAG)))
    return None


def metadata_of_image(image: Image.Image) -> PhotoMetadata | None:
    """Return the metadata of the photograph in a Pillow image; None if there are none."""
    return _joined(
        lambda: _of_exif(image.getexif()),
        lambda: _of_xmp(image),
        lambda: _of_iptc(image),
        lambda: _of_png(image),
        lambda: PhotoMetadata(resolution=_of_header(image)),
    )


def _joined(*readers: Callable[[], PhotoMetadata]) -> PhotoMetadata | None:
    """Return the metadata found by ``readers``, in order of precedence; None if there are none."""
    found = PhotoMetadata()
    for read in readers:
        with contextlib.suppress(Exception):  # damaged data of one kind does not spoil the others
            found = _filled(found, read())
    return None if found == PhotoMetadata() else found


def _of_header(image: Image.Image) -> tuple[float, float] | None:
    """Return the resolution in the format's own header. A JPEG's "dpi" may be Pillow's assumption."""
    if image.format not in ("JPEG", "MPO", None):
        return _resolution(image.info.get("dpi"))
    inches = {1: 1.0, 2: 2.54}.get(image.info.get("jfif_unit", 0))
    density = image.info.get("jfif_density", (0, 0))
    return None if inches is None else _resolution([side * inches for side in density])


def _filled(first: PhotoMetadata, second: PhotoMetadata) -> PhotoMetadata:
    """Return ``first`` with missing fields taken from ``second``."""
    return replace(first, **{name: value for name, value in vars(second).items() if not vars(first)[name]})


def _of_exif(exif: Image.Exif) -> PhotoMetadata:
    inside = exif.get_ifd(EXIF)
    unit = {3: 2.54}.get(exif.get(_UNIT, 2), 1.0)
    sides = [float(exif.get(tag) or 0) * unit for tag in (_ACROSS, _DOWN)]
    keywords = _utf16(exif.get(_KEYWORDS)).split(";")
    return PhotoMetadata(
        taken=_date(_text(inside.get(_TAKEN) or exif.get(_CHANGED))),
        offset=_matching(r"[+-]\d\d:\d\d", _text(inside.get(_OFFSET))),
        author=_text(exif.get(ARTIST)),
        copyright=_text(exif.get(COPYRIGHT)),
        title=_utf16(exif.get(_TITLE)),
        description=_described(_text(exif.get(DESCRIPTION))),
        keywords=_words(keywords),
        camera=(_text(exif.get(MAKE)), _text(exif.get(MODEL))) if exif.get(MODEL) else (),
        resolution=_resolution(sides),
        location={tag: value for tag, value in exif.get_ifd(GPS).items() if _is_plain(value)},
    )


def _of_xmp(image: Image.Image) -> PhotoMetadata:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    if not packet and image.format == "TIFF":
        packet = image.tag_v2.get(_XMP_TAG, b"")  # type: ignore[attr-defined]
    return _of_packet(packet)


def _of_packet(packet: object) -> PhotoMetadata:
    text = packet.decode("utf-8", "replace") if isinstance(packet, bytes) else str(packet)
    if not text or "<!" in text or len(text) > 1 << 20:  # with entities, or extended
        return PhotoMetadata()
    root = ElementTree.fromstring(text.strip("\0 \r\n\t﻿"))

    def items(name: str) -> list[str]:
        return [item.text or "" for found in root.iter(_DC + name) for item in found.iter(f"{_RDF}li")]

    def first(name: str) -> str:
        return _text(next(iter(items(name)), ""))

    dates = [e.text or "" for name in _XMP_DATES for e in root.iter(name)]
    dates += [e.attrib[name] for name in _XMP_DATES for e in root.iter() if name in e.attrib]
    date, offset = _iso(next(filter(None, dates), ""))
    return PhotoMetadata(
        taken=date,
        offset=offset,
        author=_text("; ".join(items("creator"))),
        copyright=first("rights"),
        title=first("title"),
        description=_described(first("description")),
        keywords=_words(items("subject")),
        location=_place({name: _property(root, _EXIF_NAMES + name) for name in _PLACE}),
    )


def _property(root: ElementTree.Element, name: str) -> str:
    """Return a property of XMP, which is an element or an attribute."""
    held = next((e.text for e in root.iter(name) if e.text), None)
    return held or next((e.attrib[name] for e in root.iter() if name in e.attrib), "")


def _place(words: Mapping[str, str]) -> dict[int, Any]:
    """Return the EXIF tags for a place given as in XMP, such as 48,51.5N and 2,21,3E."""
    found: dict[int, Any] = {}
    for tag, name in ((1, "GPSLatitude"), (3, "GPSLongitude")):
        parts = re.fullmatch(r"(\d{1,3}),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?([NSEW])", words[name].strip())
        if parts is None:
            return {}
        minutes = float(parts[2])
        seconds = float(parts[3] or 0) + round(60 * (minutes % 1), 4)
        found |= {tag: parts[4], tag + 1: (float(parts[1]), float(int(minutes)), seconds)}
    height = re.fullmatch(r"(\d+)(?:/([1-9]\d*))?", words["GPSAltitude"].strip())
    if height is not None:
        found |= {5: b"\1" if words["GPSAltitudeRef"].strip() == "1" else b"\0"}
        found[6] = int(height[1]) / int(height[2] or 1)
    return found


def _place_words(tags: Mapping[int, Any]) -> dict[str, str]:
    """Return a place in the form of XMP; {} if there is none."""
    found = {}
    with contextlib.suppress(KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        for tag, name in ((1, "GPSLatitude"), (3, "GPSLongitude")):
            degrees, minutes, seconds = (float(number) for number in tags[tag + 1])
            exact = 60 * degrees + minutes + seconds / 60
            found[name] = f"{int(exact // 60)},{exact % 60:.6f}{tags[tag]}"
        if 6 in tags:
            below = "1" if tags.get(5) in (1, b"\1") else "0"
            found |= {"GPSAltitude": f"{round(100 * float(tags[6]))}/100", "GPSAltitudeRef": below}
    return found if "GPSLongitude" in found else {}


def _of_iptc(image: Image.Image) -> PhotoMetadata:
    held: Mapping[Any, Any] = IptcImagePlugin.getiptcinfo(image) or {}  # type: ignore[arg-type]

    def several(number: int) -> list[str]:
        value = held.get((2, number), [])
        return [_text(one) for one in (value if isinstance(value, list) else [value])]

    day, clock = "".join(several(55)), "".join(several(60))
    whole = f"{day[:4]}-{day[4:6]}-{day[6:8]}T{clock[:2]}:{clock[2:4]}:{clock[4:6]}" if day else ""
    return PhotoMetadata(
        taken=_iso(whole)[0],
        author="; ".join(several(80)),
        copyright="".join(several(116)),
        title="".join(several(5)),
        description="".join(several(120)),
        keywords=_words(several(25)),
    )


def _of_png(image: Image.Image) -> PhotoMetadata:
    texts = {field: _text(image.info.get(name)) for field, name in _PNG_TEXTS.items()}
    return PhotoMetadata(**texts, taken=_iso(_text(image.info.get("Creation Time")))[0])  # type: ignore[arg-type]


def _text(value: object) -> str:
    """Return a text of EXIF, which may be UTF-8 decoded as Latin-1."""
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
    elif isinstance(value, str):
        text = value
        with contextlib.suppress(UnicodeError):
            text = value.encode("latin-1").decode("utf-8")
    else:
        return ""
    plain = "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
    return plain.strip()[:LONGEST]


def _utf16(value: object) -> str:
    if isinstance(value, (tuple, list)):
        value = bytes(value)
    return _text(value.decode("utf-16-le", "ignore")) if isinstance(value, bytes) else ""


def _described(text: str) -> str:
    """Return a description, but not what a camera or Impasto itself writes there."""
    return "" if text.startswith('{"impasto"') or text.isspace() else text


def _words(given: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(w for one in given if (w := _text(one))))[:MOST]


def _matching(pattern: str, text: str) -> str:
    return text if re.fullmatch(pattern, text) else ""


def _date(text: str) -> str:
    return _matching(r"[12]\d{3}:\d\d:\d\d \d\d:\d\d:\d\d", text)


def _iso(text: str) -> tuple[str, str]:
    """Return the date of EXIF and the offset in an ISO date, "" where there is none."""
    found = re.match(r"([12]\d{3})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?)?\S*?([+-]\d\d:\d\d|Z)?$", text)
    if found is None:
        return "", ""
    year, month, day, hour, minute, second, offset = found.groups()
    clock = f"{hour or '00'}:{minute or '00'}:{second or '00'}"
    return f"{year}:{month}:{day} {clock}", {"Z": "+00:00", None: ""}.get(offset, offset) or ""


def _resolution(sides: object) -> tuple[float, float] | None:
    """Return pixels per inch across and down, if they are some."""
    if not isinstance(sides, (tuple, list)) or len(sides) != 2:
        return None
    across, down = (float(side) for side in sides)
    return (across, down) if 10 <= across <= 100_000 and 10 <= down <= 100_000 else None


def _is_plain(value: object) -> bool:
    if isinstance(value, tuple):
        return all(_is_plain(one) for one in value)
    if isinstance(value, (str, bytes)):
        return True
    with contextlib.suppress(TypeError, ValueError, ZeroDivisionError, OverflowError):
        return 0 <= abs(float(value)) < 2**32  # type: ignore[arg-type]
    return False


def exif_of(about: PhotoMetadata | None, comment: bytes | None, *, location: bool) -> Image.Exif:
    """Return the EXIF data of a result: the program, ``about``, a user ``comment``, and where it was taken
    with ``location``."""
    made = Image.Exif()
    made[SOFTWARE] = "Impasto"
    inside = made.get_ifd(EXIF)
    if comment is not None:
        inside[USER_COMMENT] = comment
    if about is None:
        return made
    texts = {ARTIST: about.author, COPYRIGHT: about.copyright, DESCRIPTION: about.description}
    texts |= dict(zip((MAKE, MODEL), about.camera, strict=False))
    made.update({tag: text.encode() for tag, text in texts.items() if text})
    if about.taken:
        inside[_TAKEN] = about.taken
    if about.offset:
        inside[_OFFSET] = about.offset
    if about.resolution is not None:
        made[_ACROSS], made[_DOWN] = about.resolution
        made[_UNIT] = 2
    if location and about.location:
        made.get_ifd(GPS).update(about.location)
    return made


def exif_bytes(made: Image.Exif) -> bytes:
    """Return EXIF data as bytes. Raises ValueError for values that EXIF cannot hold."""
    try:
        return made.tobytes()
    except (TypeError, struct.error, OverflowError, ZeroDivisionError, AttributeError) as problem:
        raise ValueError(f"EXIF cannot hold the photograph's data: {problem}") from problem


def xmp_of(about: PhotoMetadata | None, *, location: bool = False) -> bytes | None:
    """Return the XMP packet of ``about``, with the place if asked for; None if it would be empty."""
    if about is None:
        return None
    fields = [
        _listed("creator", "Seq", (about.author,) if about.author else ()),
        _listed("rights", "Alt", (about.copyright,) if about.copyright else ()),
        _listed("title", "Alt", (about.title,) if about.title else ()),
        _listed("description", "Alt", (about.description,) if about.description else ()),
        _listed("subject", "Bag", about.keywords),
    ]
    if about.taken:
        day, _, clock = about.taken.partition(" ")
        iso = f"{day.replace(':', '-')}T{clock}{about.offset}"
        fields.append(f"<photoshop:DateCreated>{iso}</photoshop:DateCreated>")
    if location:
        place = _place_words(about.location)
        fields += [f"<exif:{name}>{escape(word)}</exif:{name}>" for name, word in place.items()]
    if not any(fields):
        return None
    return (
        '<?xpacket begin="﻿" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/">'
        f'{"".join(fields)}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def _listed(name: str, kind: str, items: tuple[str, ...]) -> str:
    if not items:
        return ""
    mark = ' xml:lang="x-default"' if kind == "Alt" else ""
    rows = "".join(f"<rdf:li{mark}>{escape(item)}</rdf:li>" for item in items)
    return f"<dc:{name}><rdf:{kind}>{rows}</rdf:{kind}></dc:{name}>"
