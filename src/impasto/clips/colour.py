"""Conversion between the codes of a video and sRGB: range, matrix, primaries, transfer, bits.

Matrices, primaries and transfers are numbered as in ITU-T H.273. A video in ITU-R BT.709 is treated as sRGB
without conversion, as browsers and players show it; other primaries and transfers are converted, in linear
light.
"""

from __future__ import annotations

from threading import local
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.clips.track_header import TrackHeader
from impasto.imaging import linear_to_srgb, srgb_to_linear
from impasto.imaging.light import (
    BT709_PRIMARIES,
    D65,
    WHITE_NITS,
    WIDE,
    headroom,
    roll_off,
    with_headroom,
    xyz_of,
)
from impasto.types import Pixels, Plane

FULL, LIMITED, UNSPECIFIED = 2, 1, 2
BT709, BT2020 = 1, 9
SDR = (BT709, BT709, BT709)
"""The matrix, primaries and transfer of SDR."""
_LUMA = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087)}
_LUMA |= {9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
"""The weights of red and blue in luma, by matrix."""

_PRIMARIES = {
    1: BT709_PRIMARIES,
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
"""The primaries red, green and blue, with a D65 white."""

PQ, HLG, LINEAR = 16, 18, 8
_GAMMAS = {4: 2.2, 5: 2.8}
_TRANSFERS = (1, 4, 5, 6, 8, 13, 14, 15, PQ, HLG)
_NAMES = {
    "matrix": {1: "BT.709", 4: "FCC", 5: "BT.601", 6: "BT.601", 7: "SMPTE 240M", 9: "BT.2020", 10: "BT.2020"},
    "primaries": {
        1: "BT.709",
        5: "BT.601 (PAL)",
        6: "BT.601 (NTSC)",
        7: "BT.601 (NTSC)",
        9: "BT.2020",
        12: "Display P3",
        22: "EBU 3213",
    },
    "transfer": {4: "gamma 2.2", 5: "gamma 2.8", LINEAR: "linear", PQ: "PQ", HLG: "HLG"},
}
_converters = local()  # by target format


def matrix_of(frame: Any) -> int:
    """Return the matrix of a frame's codes.

    If the frame does not state it: BT.709 for HD, BT.601 below, as in players.
    """
    stated = int(frame.colorspace)
    if stated in _LUMA:
        return stated
    return BT709 if frame.height >= 720 or frame.width >= 1280 else 6


def is_full_range(frame: Any) -> bool:
    """Return whether codes span the full range; if the frame does not state it, only those of Motion JPEG
    do."""
    return int(frame.color_range) == FULL or frame.format.name.startswith("yuvj")


def bits_of(frame: Any) -> int:
    """Return the bits of each component: 8, 10, 12, 16."""
    return max(int(component.bits) for component in frame.format.components)


def is_high_range(frame: Any) -> bool:
    """Return whether a frame is HDR: PQ or HLG."""
    return int(frame.color_trc) in (PQ, HLG)


def complete(frame: Any, header: TrackHeader) -> None:
    """Tag ``frame`` with the colours that its container states, where its codec states none."""
    if int(frame.colorspace) in (0, UNSPECIFIED) and not frame.format.is_rgb and header.matrix in _LUMA:
        frame.colorspace = header.matrix
    if int(frame.color_primaries) in (0, UNSPECIFIED) and header.primaries in _PRIMARIES:
        frame.color_primaries = header.primaries
    if int(frame.color_trc) in (0, UNSPECIFIED) and header.transfer in _TRANSFERS:
        frame.color_trc = header.transfer


def contradictions(frame: Any, header: TrackHeader) -> list[str]:
    """Return a remark if ``frame`` states other colours than its container."""
    values = {
        "matrix": (header.matrix, int(frame.colorspace), tuple(_LUMA)),
        "primaries": (header.primaries, int(frame.color_primaries), tuple(_PRIMARIES)),
        "transfer": (header.transfer, int(frame.color_trc), _TRANSFERS),
    }
    found = []
    for what, (outside, inside, known) in values.items():
        names = [_NAMES[what].get(value, "SDR") for value in (outside, inside)]
        if outside in known and inside in known and names[0] != names[1]:
            found.append(f"{what} {names[0]}, not {names[1]}")
    if not found:
        return []
    return [f"the container states other colours than its pictures, whose own were used: {', '.join(found)}"]


def has_alpha(frame: Any) -> bool:
    """Return whether a frame's format has an alpha channel."""
    return any(component.is_alpha for component in frame.format.components)


def alpha_of(frame: Any) -> Plane | None:
    """Return the alpha of a frame, (H, W) in [0, 1]; None if it is opaque."""
    if not has_alpha(frame):
        return None
    deep = bits_of(frame) > 8
    codes = _reformat(frame, format="rgba64le" if deep else "rgba").to_ndarray()[..., 3]
    top = 65535 if deep else 255
    return None if bool((codes == top).all()) else codes.astype(np.float32) / np.float32(top)


def to_pixels(frame: Any) -> Pixels:
    """Return the frame as sRGB, (H, W, 3) float32 in [0, 1], neither rotated nor resized.

    Alpha is left out: see ``alpha_of``.
    """
    return to_srgb(_to_rgb(frame), int(frame.color_primaries), int(frame.color_trc))


def headroom_of(frame: Any) -> Plane:
    """Return the ``headroom`` of an HDR frame, (H, W)."""
    return headroom(brightness(_to_rgb(frame), int(frame.color_trc)))


def _to_rgb(frame: Any) -> Pixels:
    """Return the frame in its own RGB, (H, W, 3) float32 in [0, 1]."""
    if frame.format.is_rgb or frame.format.has_palette:
        return _rgb_array(frame)
    return _from_deep(frame) if bits_of(frame) > 8 else _from_eight(frame)


def _rgb_array(frame: Any) -> Pixels:
    deep = bits_of(frame) > 8 and not frame.format.has_palette
    array = _reformat(frame, format="rgb48le" if deep else "rgb24").to_ndarray()
    scaled: Pixels = array.astype(np.float32) / np.float32(65535 if deep else 255)
    return scaled


def _from_eight(frame: Any) -> Pixels:
    full = is_full_range(frame)
    found = _reformat(
        frame,
        format="rgb24",
        src_colorspace=matrix_of(frame),
        src_color_range=FULL if full else LIMITED,
        dst_color_range=FULL,
        interpolation=_flags(),
    )
    scaled: Pixels = found.to_ndarray().astype(np.float32) / np.float32(255)
    return scaled


def _from_deep(frame: Any) -> Pixels:
    """Convert more than 8 bits; swscale only interpolates chroma, because its matrix is off by whole
    codes."""
    bits = bits_of(frame)
    name = f"yuv444p{bits}le" if bits in (10, 12, 14, 16) else "yuv444p16le"
    full = FULL if is_full_range(frame) else LIMITED
    same = {"src_color_range": full, "dst_color_range": full}
    found = _reformat(frame, format=name, interpolation=_flags(), **same)
    planes = np.stack([_samples(found, plane) for plane in range(3)]).astype(np.float32)
    return from_ycbcr(planes, matrix_of(frame), int(name[7:9]), full == FULL)


def _samples(frame: Any, plane: int) -> NDArray[np.uint16]:
    """Return the (H, W) 16-bit samples of a plane, as stored in memory."""
    part = frame.planes[plane]
    rows = np.frombuffer(part, np.uint16).reshape(part.height, part.line_size // 2)
    return rows[:, : part.width]


def from_ycbcr(planes: NDArray[np.float32], matrix: int, bits: int, full: bool) -> Pixels:
    """Convert codes (3, H, W), luma, Cb and Cr, to RGB (H, W, 3) in [0, 1].

    ITU-R BT.709, section 3; BT.2020, table 4.
    """
    red, blue = _LUMA[matrix]
    top, step = float(2**bits - 1), float(2 ** (bits - 8))
    low, luma_span, span = (0.0, top, top) if full else (16 * step, 219 * step, 224 * step)
    y = (planes[0] - low) / luma_span
    cb, cr = ((planes[n] - 128 * step) / span for n in (1, 2))
    r = y + 2 * (1 - red) * cr
    b = y + 2 * (1 - blue) * cb
    g = (y - red * r - blue * b) / (1 - red - blue)
    return np.asarray(np.clip(np.stack([r, g, b], axis=-1), 0, 1), np.float32)


def to_ycbcr(pixels: Pixels, bits: int, matrix: int = BT709) -> NDArray[np.uint16]:
    """Convert to limited-range codes (3, H, W) of ``matrix``: the inverse of ``from_ycbcr``."""
    red, blue = _LUMA[matrix]
    step = 2 ** (bits - 8)
    y = pixels @ np.array([red, 1 - red - blue, blue], np.float32)
    cb = (pixels[..., 2] - y) / (2 * (1 - blue))
    cr = (pixels[..., 0] - y) / (2 * (1 - red))
    planes = np.stack([(16 + 219 * y) * step, (128 + 224 * cb) * step, (128 + 224 * cr) * step])
    return np.asarray(np.rint(planes), np.uint16)


def to_srgb(pixels: Pixels, primaries: int, transfer: int) -> Pixels:
    """Convert ``pixels`` of other ``primaries`` or another ``transfer`` to sRGB, clipped.

    PQ and HLG are converted to the brightness of SDR: white is at 203 nits (ITU-R BT.2408), and brighter
    values are rolled off towards 1.
    """
    known = transfer in (PQ, HLG, LINEAR) or transfer in _GAMMAS
    other = primaries in _PRIMARIES and primaries != BT709
    if not known and not other:
        return pixels
    linear = _linear(pixels, transfer)
    if other:
        linear = linear @ _between(primaries).T.astype(np.float32)
    return linear_to_srgb(np.clip(linear, 0, 1).astype(np.float32))


def _linear(pixels: Pixels, transfer: int) -> NDArray[np.float32]:
    if transfer in _GAMMAS:
        return pixels ** np.float32(_GAMMAS[transfer])
    if transfer == LINEAR:
        return pixels
    if transfer in (PQ, HLG):
        return roll_off(brightness(pixels, transfer))
    return srgb_to_linear(pixels)


def brightness(pixels: Pixels, transfer: int) -> NDArray[np.float32]:
    """Return HDR codes (H, W, 3) in [0, 1] as linear light; 1 is the white of SDR, 203 nits."""
    if transfer == PQ:  # SMPTE ST 2084
        root = np.maximum(pixels, 0) ** (1 / 78.84375)
        ratio = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        return np.asarray(10000 / WHITE_NITS * ratio ** (1 / 0.1593017578125), np.float32)
    # ITU-R BT.2100, table 5, on a display of 1000 nits
    low, high = pixels**2 / 3, (np.exp((pixels - 0.55991073) / 0.17883277) + 0.28466892) / 12
    scene = np.where(pixels <= 0.5, low, high)
    luma = np.maximum(scene @ WIDE, 1e-6)[..., None]
    return np.asarray(1000 / WHITE_NITS * scene * luma**0.2, np.float32)


def from_brightness(light: NDArray[np.float32], transfer: int) -> Pixels:
    """Return light as HDR codes in [0, 1]: the inverse of ``brightness``."""
    light = np.maximum(light, 0)
    if transfer == PQ:
        power = np.clip(light * (WHITE_NITS / 10000), 0, 1) ** 0.1593017578125
        return np.asarray(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375, np.float32)
    shown = light * (WHITE_NITS / 1000)
    luma = np.maximum(shown @ WIDE, 1e-6)[..., None]
    scene = np.clip(shown / luma ** (0.2 / 1.2), 0, 1)
    high = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-6)) + 0.55991073
    return np.asarray(np.where(scene <= 1 / 12, np.sqrt(3 * scene), high), np.float32)


def _between(primaries: int) -> NDArray[np.float64]:
    """Return the matrix from linear RGB of ``primaries`` to that of BT.709."""
    return np.linalg.inv(_to_xyz(BT709)) @ _to_xyz(primaries)


def _to_xyz(primaries: int) -> NDArray[np.float64]:
    return xyz_of(_PRIMARIES[primaries], D65)


def to_hdr(pixels: Pixels, headroom: Plane | None, transfer: int) -> Pixels:
    """Return sRGB ``pixels`` as HDR codes in [0, 1] with BT.2020 primaries, with the brightness from
    ``headroom``."""
    wide = with_headroom(pixels, headroom) @ np.linalg.inv(_between(BT2020)).T.astype(np.float32)
    return from_brightness(wide, transfer)


def to_frame(
    pixels: Pixels, pixel_format: str, alpha: Plane | None = None, *, tags: tuple[int, int, int] = SDR
) -> Any:
    """Return a frame of ``pixel_format`` for an encoder; values of ``pixels`` (H, W, 3) outside [0, 1] are
    clipped.

    ``tags``: the matrix, primaries and transfer of ``pixels``. ``alpha``: (H, W) in [0, 1], for formats with
    an alpha channel; None: opaque.
    """
    from impasto.clips.libav import load_av

    av = load_av()
    pixels = np.clip(pixels, 0, 1)
    if pixel_format in ("gbrap16le", "bgra", "yuva444p10le", "yuva420p"):
        plane = np.ones(pixels.shape[:2], np.float32) if alpha is None else np.clip(alpha, 0, 1)
        pixels = np.concatenate([pixels, plane[..., None]], axis=2)
    if pixel_format in ("gbrp16le", "gbrap16le"):
        frame = av.VideoFrame(pixels.shape[1], pixels.shape[0], pixel_format)
        for plane_number, channel in enumerate((1, 2, 0, 3)[: pixels.shape[2]]):
            _samples(frame, plane_number)[...] = np.rint(pixels[..., channel] * 65535).astype(np.uint16)
        return frame
    eight = "rgba" if pixels.shape[2] == 4 else "rgb24"
    if pixel_format in ("rgb24", "bgr0", "bgra"):
        frame = av.VideoFrame.from_ndarray(np.rint(pixels * 255).astype(np.uint8), format=eight)
        return frame if pixel_format == "rgb24" else _reformat(frame, format=pixel_format)
    tagged = {"src_color_range": LIMITED, "dst_color_range": LIMITED}
    if "10" in pixel_format:
        name = "yuva444p10le" if pixels.shape[2] == 4 else "yuv444p10le"
        frame = av.VideoFrame(pixels.shape[1], pixels.shape[0], name)
        for plane_number, samples in enumerate(to_ycbcr(pixels[..., :3], 10, tags[0])):
            _samples(frame, plane_number)[...] = samples
        if pixels.shape[2] == 4:
            _samples(frame, 3)[...] = np.rint(pixels[..., 3] * 1023).astype(np.uint16)
        if name != pixel_format:
            frame = _reformat(frame, format=pixel_format, interpolation=_flags(), **tagged)
    else:
        frame = av.VideoFrame.from_ndarray(np.rint(pixels * 255).astype(np.uint8), format=eight)
        tagged["src_color_range"] = FULL
        frame = _reformat(frame, format=pixel_format, dst_colorspace=BT709, interpolation=_flags(), **tagged)
    frame.color_range = LIMITED
    frame.colorspace, frame.color_primaries, frame.color_trc = tags
    return frame


def _reformat(frame: Any, *, format: str, **more: Any) -> Any:
    """Return the frame in another format.

    ``frame.reformat`` creates a converter for each frame, with as many threads as there are processors, which
    takes most of the time for small frames.
    """
    from av.video.reformatter import VideoReformatter

    kept = _converters.__dict__
    if format not in kept:
        kept[format] = VideoReformatter()
    return kept[format].reformat(frame, format=format, threads=1, **more)


def _flags() -> Any:
    from av.video.reformatter import Interpolation as Kind

    return Kind.BICUBIC | Kind.FULL_CHR_H_INT | Kind.FULL_CHR_H_INP | Kind.ACCURATE_RND
