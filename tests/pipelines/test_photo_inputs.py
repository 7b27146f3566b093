"""Pictures of any common kind, and the caller's state of torch, which stays as it was."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import impasto
from impasto import imaging
from impasto.errors import InputError, OptionError, PictureError
from impasto.files.locks import locked
from impasto.imaging.inputs import load_picture
from impasto.imaging.mask_inputs import list_masks, load_mask
from impasto.inspection.reconstruction import TEXTURE
from impasto.optimize.options import OptimizeOptions
from impasto.pipelines.inspect import reconstruct
from tests.conftest import blobs, stripes

BYTES = (blobs(48, 40, 1) * 255).round().astype(np.uint8)
QUICK = {"size": 48, "iterations": 1, "min_size": 0}


def encoded(kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(BYTES).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize(
    "source",
    [
        BYTES,
        BYTES.astype(np.uint16) * 257,
        BYTES / 255,
        np.dstack([BYTES, np.full(BYTES.shape[:2], 255, np.uint8)]),
        Image.fromarray(BYTES),
        Image.fromarray(BYTES).convert("RGBA"),
        encoded(),
        bytearray(encoded()),
        io.BytesIO(encoded()),
    ],
    ids=["uint8", "uint16", "floats", "rgba", "PIL", "PIL RGBA", "bytes", "bytearray", "file"],
)
def test_a_picture_of_any_kind_is_the_same_picture(source: Any) -> None:
    np.testing.assert_allclose(load_picture(source).pixels, BYTES / 255, atol=1e-6)


def test_grey_alpha_and_bits_are_kept() -> None:
    grey = load_picture(BYTES[..., 0])
    assert np.array_equal(grey.pixels[..., 0], grey.pixels[..., 2])
    clear = load_picture(np.dstack([BYTES, np.zeros(BYTES.shape[:2], np.uint8)]))
    assert clear.alpha is not None
    assert clear.alpha.max() == 0
    assert load_picture(BYTES.astype(np.uint16) * 257).bits == 16


@pytest.mark.parametrize(
    "source", [io.StringIO("x"), b"no picture", BYTES.astype(np.int32), BYTES[..., :2], 5, None]
)
def test_what_is_no_picture_is_refused(source: Any) -> None:
    with pytest.raises(PictureError):
        load_picture(source)


def test_photograph_and_style_may_be_images_of_pillow_s_or_bytes() -> None:
    painted = impasto.stylize(Image.fromarray(BYTES), encoded(), **QUICK)
    again = impasto.stylize(io.BytesIO(encoded()), BYTES, **QUICK)
    assert np.array_equal(painted.picture.pixels, again.picture.pixels)
    assert impasto.fast(encoded(), Image.fromarray(BYTES)).picture.width == 48


def test_a_result_is_a_picture_for_the_next_step() -> None:
    first = impasto.fast(blobs(32, 24, seed=1), "starry-night")
    again = impasto.fast(first, "great-wave")
    np.testing.assert_array_equal(
        again.picture.pixels, impasto.fast(first.picture, "great-wave").picture.pixels
    )


def test_a_result_shows_its_picture_in_a_notebook_and_few_words_elsewhere() -> None:
    result = impasto.stylize(BYTES, "starry-night", **QUICK)
    assert Image.open(io.BytesIO(result._repr_png_())).size == (48, 40)
    assert repr(result).startswith("Result(48x40, 1 iteration, ")


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_painting_works_in_every_mode_of_torch_s(mode: Any) -> None:
    plain = impasto.stylize(BYTES, stripes(48, 48), **QUICK)
    with mode():
        found = impasto.stylize(BYTES, stripes(48, 48), **QUICK)
    assert np.array_equal(found.picture.pixels, plain.picture.pixels)


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_textures_and_reconstructions_work_in_every_mode_of_torch_s(mode: Any) -> None:
    options = impasto.OptimizeOptions(iterations=1, style_layers={"relu2_1": 1})
    with mode():
        assert impasto.texture(stripes(48, 48), 48, options=options).pixels.shape[1] == 48
        layers = {"content_layers": "relu2_1", "style_layers": "relu2_1"}
        found = reconstruct(BYTES, **layers, size=48, iterations=1)
    assert len(found.content) == 1


def test_autocast_of_the_caller_s_changes_nothing() -> None:
    plain = impasto.stylize(BYTES, stripes(48, 48), **QUICK)
    with torch.autocast("cpu", torch.bfloat16):
        found = impasto.stylize(BYTES, stripes(48, 48), **QUICK)
    assert np.array_equal(found.picture.pixels, plain.picture.pixels)


@pytest.mark.parametrize("target", [None, b"out.png", 3, io.StringIO()])
def test_a_result_is_not_saved_to_what_is_no_file(target: Any) -> None:
    result = impasto.fast(BYTES, "starry-night")
    with pytest.raises(OptionError, match="expected a path or a binary file object"):
        result.save(target)


def test_the_caller_s_random_numbers_stay_where_they_are() -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    impasto.stylize(BYTES, "starry-night", init="noise", **QUICK)
    assert torch.equal(torch.get_rng_state(), before)


def test_two_runs_do_not_share_a_checkpoint(tmp_path: Path) -> None:
    state = tmp_path / "it.state"
    with locked(Path(f"{state}.lock")), pytest.raises(InputError, match=r"another run .*it\.state"):
        impasto.stylize(BYTES, "starry-night", checkpoint=state, **QUICK)
    impasto.stylize(BYTES, "starry-night", checkpoint=state, **QUICK)
    assert list(tmp_path.glob("it.state*")) in ([], [Path(f"{state}.lock")])


@pytest.mark.parametrize(
    "given",
    [
        lambda: BYTES,
        lambda: BYTES / 255,
        lambda: Image.fromarray(BYTES),
        encoded,
        lambda: io.BytesIO(encoded()),
    ],
    ids=["uint8", "floats", "PIL", "bytes", "file"],
)
def test_textures_measures_and_style_files_are_made_of_pictures_of_any_kind(
    given: Callable[[], Any], tmp_path: Path
) -> None:
    def made(source: Callable[[], Any]) -> tuple[Any, ...]:
        style = tmp_path / "a.style"
        impasto.make_style([source()], style)
        measures = impasto.measure(source(), BYTES, source())
        texture = impasto.texture(
            source(), 32, options=OptimizeOptions(iterations=1, min_size=0, init="noise")
        )
        return style.read_bytes()[-1000:], measures.to_dict(), texture.pixels.tobytes()

    path = tmp_path / "a.png"
    path.write_bytes(encoded())
    assert made(given) == made(lambda: path)


def test_a_texture_takes_the_options_of_a_painting_as_keywords() -> None:
    few = {"iterations": 1, "coarse_iterations": 1, "seed": 3}
    options = TEXTURE.replace(**few)
    expected = impasto.texture(BYTES, 48, options=options).pixels
    assert np.array_equal(impasto.texture(BYTES, 48, encoder="tiny", **few).pixels, expected)
    with pytest.raises(OptionError, match="unknown option 'sead'; did you mean 'seed'"):
        impasto.texture(BYTES, 48, sead=1)  # type: ignore[call-arg]
    with pytest.raises(OptionError, match="a texture has no content: expected no content_weight"):
        impasto.texture(BYTES, 48, content_weight=1)  # type: ignore[call-arg]
    with pytest.raises(OptionError, match="expected max_pixels"):
        impasto.texture(BYTES, 48, max_pixels=0)


def test_a_page_takes_the_options_of_a_painting_as_keywords(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="unknown option 'no_such'"):
        impasto.explain(BYTES, BYTES, tmp_path / "a.html", no_such=1)  # type: ignore[call-arg]
    with pytest.raises(OptionError, match="expected layers for both"):
        impasto.explain(BYTES, BYTES, tmp_path / "a.html", size=48, content_layers={})


def test_a_file_address_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded())
    painted = impasto.fast(path.as_uri(), path.as_uri(), output=tmp_path / "out.png")
    np.testing.assert_array_equal(painted.picture.pixels, impasto.fast(path, path).picture.pixels)


def test_arrays_of_the_other_byte_order_are_pictures_and_come_back_as_such() -> None:
    given = (BYTES.astype(np.uint16) * 257).astype(">u2")
    found = impasto.fast(given, "starry-night").as_given()
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.dtype(">u2")
    np.testing.assert_array_equal(found, impasto.fast(given.astype(np.uint16), "starry-night").as_given())


def test_floats_that_are_off_by_rounding_are_pictures() -> None:
    pixels = np.where(BYTES > 200, 1 + 1e-6, np.where(BYTES < 50, -1e-6, 0.5))
    np.testing.assert_array_equal(load_picture(pixels).pixels, pixels.clip(0, 1).astype(np.float32))
    grey = Image.fromarray(pixels[..., 0].astype(np.float32))
    np.testing.assert_array_equal(
        load_picture(grey).pixels[..., 0], pixels[..., 0].clip(0, 1).astype(np.float32)
    )
    with pytest.raises(PictureError, match=r"got values from -1e-06 to 1\.01$"):
        load_picture(np.where(BYTES > 200, 1.01, pixels))


def test_arrays_of_a_class_of_their_own_are_arrays(tmp_path: Path) -> None:
    kept = np.memmap(tmp_path / "kept.bin", np.uint8, "w+", shape=BYTES.shape)
    kept[:] = BYTES
    masked: Any = np.ma.masked_array(BYTES, np.zeros(BYTES.shape, bool))
    for one in (kept, masked, np.asfortranarray(BYTES), BYTES.astype(np.longdouble) / 255):
        np.testing.assert_allclose(load_picture(one).pixels, BYTES / 255, atol=1e-6)
    matrix: Any = BYTES[..., 0].view(np.matrix)
    np.testing.assert_array_equal(load_picture(matrix).pixels, load_picture(BYTES[..., 0]).pixels)


@pytest.mark.filterwarnings("always::impasto.imaging.ImagingWarning")
@pytest.mark.parametrize("make", [np.asarray, Image.fromarray], ids=["array", "image"])
@pytest.mark.parametrize("kind", [np.uint16, np.int32])
def test_values_of_8_bits_in_16_are_told(make: Any, kind: Any) -> None:
    if make is np.asarray and kind is np.int32:
        return  # which is refused
    with pytest.warns(
        imaging.ImagingWarning, match="nearly black; those from 0 to 255 are expected as uint8"
    ):
        load_picture(make(BYTES[..., 0].astype(kind)))
    given = make((BYTES[..., 0] > 99).astype(kind) * kind(255))
    with pytest.warns(imaging.ImagingWarning, match="nearly black"):
        load_mask(list_masks(given)[0], None, "a mask")


class ByBytes:
    """A name in bytes, as the system has it."""

    def __fspath__(self) -> bytes:
        return b"a.png"


def test_a_path_of_bytes_is_a_picture_s_and_no_output_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_bytes(encoded())
    name: Any = ByBytes()
    np.testing.assert_array_equal(
        impasto.fast(name, name).picture.pixels, impasto.fast("a.png", "a.png").picture.pixels
    )
    with pytest.raises(OptionError, match="expected output to be a path"):
        impasto.fast("a.png", "a.png", output=name)


def test_an_array_where_none_belongs_is_refused_in_a_line() -> None:
    with pytest.raises(OptionError, match="expected init to be") as caught:
        impasto.stylize(BYTES, "starry-night", init=BYTES, **QUICK)
    assert "\n" not in str(caught.value)


def text_file(tmp_path: Path) -> Any:
    (tmp_path / "a.png").write_bytes(encoded())
    return (tmp_path / "a.png").open(encoding="utf-8")


def closed_file(tmp_path: Path) -> Any:
    with text_file(tmp_path) as stream:
        return stream


def read_file(_: Path) -> Any:
    stream = io.BytesIO(encoded())
    stream.read()
    return stream


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (text_file, "expected a file opened in binary mode"),
        (closed_file, "expected an open file; it cannot be read"),
        (read_file, "nothing is left to read"),
        (lambda _: b"", "expected the bytes of a picture; got none"),
        (lambda _: "", "got an empty name"),
        (lambda _: Image.new("RGB", (0, 5)), "at least one pixel; got 0 x 5"),
        (lambda _: BYTES.transpose(2, 0, 1), r"\.transpose\(1, 2, 0\) puts the channels last"),
        (lambda _: np.ma.masked_array(BYTES, BYTES > 9), r"without masked values; got some: \.filled"),
        (lambda _: BYTES[None], r"array\[0\] is one picture"),
        (lambda _: torch.zeros(3, 8, 8), r"got a tensor: \.permute\(1, 2, 0\)"),
    ],
)
def test_what_is_nearly_a_picture_is_refused_with_what_would_do(
    make: Callable[[Path], Any], words: str, tmp_path: Path
) -> None:
    source = make(tmp_path)
    with pytest.raises(PictureError, match=words):
        load_picture(source)
    if hasattr(source, "close"):
        source.close()


def test_a_mask_may_be_a_picture_of_any_kind(tmp_path: Path) -> None:
    grey = np.zeros(BYTES.shape[:2], np.uint8)
    grey[:, 24:] = 255
    path = tmp_path / "mask.png"
    Image.fromarray(grey).save(path)
    expected = impasto.fast(BYTES, "starry-night", protect=path).picture.pixels
    kinds = [
        grey,
        grey[..., None],
        np.repeat(grey[..., None], 3, axis=2),
        grey > 0,
        grey // 255,
        grey / 255,
        grey.astype(np.uint16) * 257,
        Image.fromarray(grey),
        Image.fromarray(grey > 0),
        path.read_bytes(),
        io.BytesIO(path.read_bytes()),
        path.as_uri(),
    ]
    for kind in kinds:
        np.testing.assert_array_equal(
            impasto.fast(BYTES, "starry-night", protect=kind).picture.pixels, expected
        )
    two = [Image.fromarray(grey), Image.fromarray(255 - grey)]
    assert impasto.fast(BYTES, ["starry-night", "great-wave"], content_masks=two).picture.width == 48


def test_an_image_of_coloured_regions_is_a_mask() -> None:
    regions = np.zeros((*BYTES.shape[:2], 3), np.uint8)
    regions[:, :24] = (255, 0, 0)
    regions[:, 24:] = (0, 0, 255)
    image = Image.fromarray(regions)
    found = impasto.stylize(BYTES, BYTES, content_masks=image, style_masks=[image], **QUICK)
    again = impasto.stylize(BYTES, BYTES, content_masks=regions, style_masks=[regions], **QUICK)
    np.testing.assert_array_equal(found.picture.pixels, again.picture.pixels)
