"""What painting returns, in the kinds that people use, and networks that stay loaded."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto import imaging
from impasto.cli import keywords, python_reference
from impasto.errors import OptionError, OutputError
from impasto.types import Picture

ROOT = Path(__file__).parents[2]


def pixels(height: int = 24, width: int = 32, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, channels), dtype=np.uint8)


@pytest.fixture(scope="module")
def session() -> impasto.Session:
    return impasto.Session()


def encoded(image: Image.Image, format: str) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format)
    return stream.getvalue()


def test_images_of_pillow_give_images(session: impasto.Session) -> None:
    for mode in ("RGB", "L", "RGBA"):
        image = Image.fromarray(pixels(channels=4), "RGBA").convert(mode)
        found = session.fast(image, "starry-night").as_given()
        assert isinstance(found, Image.Image)
        assert (found.mode, found.size) == (mode, image.size)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_arrays_give_arrays_of_the_same_type(session: impasto.Session, dtype: str) -> None:
    top = {"uint8": 255, "uint16": 65535}.get(dtype, 1)
    given = (pixels() / 255 * top).astype(dtype)
    found = session.fast(given, "starry-night").as_given()
    assert isinstance(found, np.ndarray)
    assert (found.dtype, found.shape) == (np.dtype(dtype), given.shape)
    assert found.max() > top / 2


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_bytes_give_bytes_in_the_same_format(session: impasto.Session, format: str) -> None:
    found = session.fast(encoded(Image.fromarray(pixels()), format), "starry-night").as_given()
    assert isinstance(found, bytes)
    assert Image.open(io.BytesIO(found)).format == format


def test_a_result_is_an_array_an_image_and_a_file(session: impasto.Session, tmp_path: Path) -> None:
    result = session.fast(pixels(), "starry-night")
    array = np.asarray(result)
    assert (array.shape, array.dtype) == ((24, 32, 3), np.uint8)
    assert np.array_equal(np.asarray(result.to_pil()), array)
    stream = io.BytesIO()
    result.save(stream)
    result.save(tmp_path / "file.png")
    for place in (io.BytesIO(stream.getvalue()), tmp_path / "file.png", io.BytesIO(result.to_bytes())):
        assert np.array_equal(np.asarray(Image.open(place)), array)
    assert isinstance(result.as_given(), np.ndarray)
    assert np.asarray(result, dtype=np.float32).max() > 1
    assert result.to_array(np.float32).max() <= 1


def test_pictures_of_16_bits_are_arrays_of_16_bits(session: impasto.Session) -> None:
    result = session.fast(pixels().astype(np.uint16) * 257, "starry-night")
    assert np.asarray(result).dtype == np.uint16
    picture = session.fast(Picture(pixels().astype(np.float32) / 255), "starry-night").as_given()
    assert isinstance(picture, Picture)


def test_unusable_kinds_of_results_are_refused(session: impasto.Session, tmp_path: Path) -> None:
    result = session.fast(pixels(), "starry-night")
    with pytest.raises(OptionError, match="expected dtype to be uint8, uint16"):
        result.to_array(np.int32)
    with pytest.raises(OptionError, match="format is for file objects"):
        result.save(tmp_path / "a.png", format="jpg")


def test_a_session_loads_a_network_once_and_paints_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from impasto.painters import fast as module

    opened = []

    class Counted(module.AnyPaintingPainter):
        def __init__(self, *arguments: object, **options: object) -> None:
            opened.append(arguments)
            super().__init__(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "AnyPaintingPainter", Counted)
    alone = np.asarray(impasto.fast(pixels(), "water-lilies"))
    opened.clear()
    with impasto.Session() as session:
        for style in ("water-lilies", "great-wave", "water-lilies"):
            last = session.fast(pixels(), style)
    assert len(opened) == 1
    assert np.array_equal(np.asarray(last), alone)


def test_threads_share_a_session() -> None:
    styles = ("starry-night", "great-wave", "the-kiss", "water-lilies")
    alone = {style: np.asarray(impasto.fast(pixels(), style)) for style in styles}
    found: dict[str, np.ndarray] = {}
    with impasto.Session() as session:

        def paint(style: str) -> None:
            found[style] = np.asarray(session.fast(pixels(), style))

        threads = [threading.Thread(target=paint, args=(style,)) for style in styles]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert all(np.array_equal(found[style], alone[style]) for style in styles)


def test_an_optimised_painting_of_a_session_is_as_without_one() -> None:
    options = {"size": 48, "iterations": 1, "min_size": 0, "init": "content"}
    given = pixels(40, 48)
    with impasto.Session() as session:
        for _ in range(2):
            painted = session.stylize(given, "starry-night", **options)
    assert np.array_equal(np.asarray(painted), np.asarray(impasto.stylize(given, "starry-night", **options)))


def test_the_types_of_keyword_arguments_are_those_of_the_options() -> None:
    path = ROOT / "src/impasto/pipelines/keywords.py"
    assert path.read_text(encoding="utf-8") == keywords.text(), f"run python -m impasto.cli.keywords {path}"


def test_the_reference_is_that_of_the_docstrings() -> None:
    path = ROOT / "docs/python-reference.md"
    assert path.read_text(encoding="utf-8") == python_reference.page(), (
        f"run python -m impasto.cli.python_reference {path}"
    )


@pytest.mark.parametrize(
    ("image", "transparency", "expected"),
    [
        (Image.new("1", (32, 32)), None, "L"),
        (Image.new("I;16", (32, 32)), None, "L"),
        (Image.new("F", (32, 32), 0.5), None, "L"),
        (Image.new("LA", (32, 32), (9, 100)).convert("La"), None, "LA"),
        (Image.new("L", (32, 32), 7), 7, "LA"),
        (Image.new("RGB", (32, 32), (7, 7, 7)), (7, 7, 7), "RGBA"),
        (Image.new("P", (32, 32)), 0, "RGBA"),
    ],
)
def test_an_image_comes_back_grey_if_it_was_and_with_its_transparency(
    session: impasto.Session, image: Image.Image, transparency: object, expected: str
) -> None:
    if transparency is not None:
        image.info["transparency"] = transparency
    found = session.fast(image, "starry-night").as_given()
    assert isinstance(found, Image.Image)
    assert found.mode == expected


def test_a_result_is_written_to_addresses(session: impasto.Session, tmp_path: Path) -> None:
    result = session.fast(pixels(), "starry-night", output=(tmp_path / "first.png").as_uri())
    result.save((tmp_path / "second.png").as_uri())
    result.save("memory://results/third.png")
    expected = imaging.read(tmp_path / "first.png").pixels
    assert np.array_equal(imaging.read(tmp_path / "second.png").pixels, expected)
    assert session.fast("memory://results/third.png", "starry-night").picture.width == result.picture.width


def test_what_a_result_cannot_be_is_refused(session: impasto.Session, tmp_path: Path) -> None:
    result = session.fast(pixels(), "starry-night")
    (tmp_path / "a.bin").write_bytes(b"")
    calls: list[tuple[Any, type[Exception], str]] = [
        (lambda: result.to_bytes(5), OptionError, "expected format to be a text; got 5"),
        (lambda: result.to_bytes("jpg", quality="9"), OptionError, "expected quality to be a whole number"),
        (lambda: result.save(io.BytesIO(), metadata="no"), OptionError, "metadata to be True or False"),
        (lambda: result.save(""), OptionError, "got an empty name"),
        (lambda: result.to_array("nope"), OptionError, "dtype to be uint8, uint16 or .*; got 'nope'"),
    ]
    for call, error, words in calls:
        with pytest.raises(error, match=words):
            call()
    with (tmp_path / "a.bin").open("rb") as stream, pytest.raises(OutputError, match=r"file object: .*write"):
        result.save(stream)
    assert result.to_bytes("jpg", quality=np.int64(90)) == result.to_bytes("jpg", quality=90)
