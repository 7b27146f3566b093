"""Large pictures are shrunk while they are read."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from impasto import imaging
from impasto.imaging import decoder, png_strips, shrinker
from impasto.imaging.inputs import load_picture

RNG = np.random.default_rng(1)


def landscape(height: int, width: int, channels: int = 3) -> np.ndarray:
    steps = RNG.integers(-3, 4, (2, height, width, channels))
    return (100 + steps[0].cumsum(0) + steps[1].cumsum(1)).clip(0, 255).astype(np.uint8)


def png(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", **options)
    return stream.getvalue()


def kinds() -> dict[str, bytes]:
    found = {}
    for mode, channels in (("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4)):
        found[mode] = png(Image.fromarray(landscape(50, 37, channels).squeeze()))
    for bits in (1, 2, 4, 8):
        few = Image.fromarray(landscape(50, 37)).quantize(2**bits)
        found[f"{bits} bits"] = png(few, bits=bits)
        found[f"{bits} bits with a transparent colour"] = png(few, bits=bits, transparency=1)
    found["1 bit grey"] = png(Image.fromarray(landscape(50, 37)).convert("1"))
    found["a transparent colour"] = png(Image.fromarray(landscape(50, 37)), transparency=(100, 100, 100))
    for channels in (1, 3, 4):
        samples = landscape(50, 37, channels).astype(np.uint16).squeeze() * 257
        found[f"16 bits, {channels}"] = cv2.imencode(".png", samples)[1].tobytes()
    return found


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("rows", [7, 50])
def test_the_strips_of_a_png_are_the_picture(kind: str, rows: int) -> None:
    data = kinds()[kind]
    whole = decoder.decode(data)
    parts = [decoder.decode(part) for part in png_strips.strips(data, rows)]
    assert np.array_equal(np.concatenate([part.pixels for part in parts]), whole.pixels)
    assert {part.bits for part in parts} == {whole.bits}
    if whole.alpha is not None:
        ones = [np.ones(p.pixels.shape[:2], np.float32) if p.alpha is None else p.alpha for p in parts]
        assert np.array_equal(np.concatenate(ones), whole.alpha)


@pytest.mark.parametrize("damage", [lambda d: d[: len(d) // 2], lambda d: d[:200] + b"\xff" * 40 + d[240:]])
def test_the_strips_of_a_damaged_png_are_refused(damage: object) -> None:
    data = png(Image.fromarray(landscape(50, 37)))
    with pytest.raises((ValueError, zlib.error, OSError)):
        list(png_strips.strips(damage(data), 7))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("size", "shrunk", "step"),
    [((201, 300), (150, 224), 37), ((201, 300), (67, 100), 1), ((90, 50), (30, 17), 7)],
)
def test_strips_are_shrunk_as_the_whole_is(size: tuple[int, int], shrunk: tuple[int, int], step: int) -> None:
    pixels = landscape(size[1], size[0]).astype(np.float32) / 255
    small = shrinker.Shrinker(size, shrunk)
    for start in range(0, size[1], step):
        small.add(pixels[start : start + step], None)
    found, alpha = small.finish()
    assert alpha is None
    assert np.abs(found - imaging.resize(pixels, *shrunk)).max() < 1e-5


def test_colours_under_transparency_do_not_count() -> None:
    pixels, alpha = np.zeros((60, 60, 3), np.float32), np.zeros((60, 60), np.float32)
    pixels[:, 30:], alpha[:, 30:] = 0.5, 1
    small = shrinker.Shrinker((60, 60), (5, 5))
    small.add(pixels, alpha)
    found, seen = small.finish()
    assert seen is not None
    assert np.allclose(found[seen > 0.01], 0.5, atol=1e-4)


@pytest.mark.parametrize("size", [64, 700, 1024, 1500])
@pytest.mark.parametrize("sides", [(9000, 6001), (6001, 9000), (4003, 2999), (30_000, 400)])
def test_a_painting_has_the_size_that_the_whole_picture_gives(size: int, sides: tuple[int, int]) -> None:
    found = shrinker.shrunk_size(*sides, size)
    assert found is not None
    assert max(found) >= 1024
    assert imaging.fit(*found, size) == imaging.fit(*sides, size)


def test_a_width_and_a_height_are_both_covered() -> None:
    assert shrinker.shrunk_size(9000, 6000, (1500, 1600)) == (2400, 1600)


def test_small_pictures_and_those_needed_whole_are_not_shrunk() -> None:
    assert shrinker.shrunk_size(2000, 2000, 64) is None
    assert shrinker.shrunk_size(9000, 6000, None) is None
    assert shrinker.shrunk_size(9000, 6000, 8000) is None


def lower_the_limit(patch: pytest.MonkeyPatch) -> None:
    """Have pictures of three million pixels count as large."""
    for module in (shrinker, decoder):
        patch.setattr(module, "LARGE", 2_000_000)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
def test_every_format_is_shrunk_while_it_is_read(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lower_the_limit(monkeypatch)
    image = Image.fromarray(landscape(300, 400)).resize((2000, 1500), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    options = {} if kind != "JPEG" else {"exif": exif(6)}
    image.save(stream, kind, **options)
    path = tmp_path / "picture"
    path.write_bytes(stream.getvalue())
    whole, found = imaging.read(path), imaging.read(path, size=500)
    assert (found.width, found.height) == ((768, 1024) if kind == "JPEG" else (1024, 768))
    assert np.abs(found.pixels - imaging.resize(whole.pixels, found.width, found.height)).mean() < 0.01


def exif(orientation: int) -> bytes:
    data = Image.Exif()
    data[0x0112] = orientation
    return data.tobytes()


def test_pictures_in_memory_are_shrunk_too(monkeypatch: pytest.MonkeyPatch) -> None:
    lower_the_limit(monkeypatch)
    small = landscape(300, 400)
    image = Image.fromarray(small).resize((2000, 1500), Image.Resampling.BICUBIC)
    expected = imaging.resize(load_picture(image).pixels, 1024, 768)
    for one in (image, np.asarray(image), png(image, compress_level=1)):
        found = load_picture(one, size=500)
        assert np.abs(found.pixels - expected).max() < 1e-4


def large_png(path: Path) -> None:
    """Write 9000 x 9000 pixels in one colour and a stripe, some hundred kilobytes."""
    deflate = zlib.compressobj(6)
    row = b"\0" + (b"\x20\x60\xa0" * 6000 + b"\xf0\xe0\x10" * 3000)
    body = b"".join(deflate.compress(row) for _ in range(9000)) + deflate.flush()
    one = png(Image.new("RGB", (1, 1)))
    header = one[:16] + (9000).to_bytes(4, "big") * 2 + one[24:29]
    header += zlib.crc32(header[12:]).to_bytes(4, "big")
    chunk = b"IDAT" + body
    end = one[-12:]
    path.write_bytes(
        header + len(body).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") + end
    )


PEAK = """
import resource, sys
from impasto import imaging
from impasto.imaging.inputs import load_picture
import cv2, numpy
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = imaging.read(sys.argv[1], size=64)
assert (found.width, found.height) == (1024, 1024), found
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1000)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of the peak")
def test_a_large_png_for_a_small_painting_takes_little_memory(tmp_path: Path) -> None:
    large_png(tmp_path / "large.png")
    command = [sys.executable, "-c", PEAK, str(tmp_path / "large.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200  # MB; the picture has 243 MB, and 972 MB in float32
