from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from impasto import imaging
from impasto.catalogue.loader import load_style
from impasto.errors import InputError, OptionError, OutputError, PictureError, StyleError
from impasto.inference.options import FastOptions
from impasto.jobs import Job
from impasto.painters import Materials, fast, make_painter
from impasto.painters.fast import FastPainter
from impasto.pipelines.photo import paint_job
from impasto.pipelines.result import Result
from impasto.types import Picture
from tests.conftest import blobs
from tests.inference.networks import darker, negative


def paint(photo: Picture, *styles: str, **options: object) -> Picture:
    job = Job("", styles or ("starry-night",), options=FastOptions(device="cpu", **options))
    return make_painter(job).paint(photo).picture


def paint_file(photo: Path, output: Path, **options: object) -> Result:
    return paint_job(Job(str(photo), ("starry-night",), str(output), FastOptions(device="cpu", **options)))


def test_a_painting_keeps_transparency_and_precision() -> None:
    alpha = np.zeros((40, 60), np.float32)
    alpha[:, :30] = 1
    painted = paint(Picture(blobs(60, 40, seed=1), alpha, 16), size=30)
    assert (painted.width, painted.height, painted.bits) == (30, 20, 16)
    assert painted.alpha is not None
    assert painted.alpha[:, :10].min() > 0.9
    assert painted.alpha[:, 20:].max() < 0.1


def test_what_is_under_transparency_leaves_no_trace() -> None:
    pixels = np.full((40, 60, 3), 0.5, np.float32)
    alpha = np.ones((40, 60), np.float32)
    alpha[:, 40:] = 0
    hidden = pixels.copy()
    hidden[:, 40:] = 0
    seen = paint(Picture(hidden, alpha)).pixels
    assert np.allclose(seen, paint(Picture(pixels)).pixels, atol=1e-3)


def test_a_file_says_how_it_was_painted(photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    done = paint_file(photo_file, out, strength=0.5, size=48)
    assert (done.picture.width, done.picture.height, done.notes) == (48, 32, ())
    found = imaging.read_parameters(out)
    assert found is not None
    assert found["content"] == str(photo_file)
    assert (found["engine"], found["styles"]) == ("fast", ["starry-night"])
    options = FastOptions(strength=0.5, size=48, device="cpu")
    assert FastOptions.from_dict(found["options"]) == options


def test_without_a_size_large_photographs_are_shrunk_to_a_safe_one(
    photo_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast, "SAFE_PIXELS", 3000)
    small = paint_file(photo_file, tmp_path / "a.png")
    assert small.notes == ("the photo was larger; use --size for more",)
    assert small.picture.width * small.picture.height <= 3000 * 1.02  # sides are whole numbers
    own = paint_file(photo_file, tmp_path / "b.png", size=96)
    assert (own.picture.width, own.picture.height, own.notes) == (96, 64, ())


def test_bad_requests_are_refused(photo_file: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="16 or more; got 15"):
        FastOptions(size=15)
    with pytest.raises(PictureError, match="16 x 11"):
        paint_file(photo_file, tmp_path / "o.png", size=16)
    with pytest.raises(InputError, match="also an input"):
        paint_file(photo_file, photo_file)
    with pytest.raises(OutputError, match="xyz"):
        paint_file(photo_file, tmp_path / "o.xyz")


def test_a_style_s_own_network_paints_in_it(refined_file: Path) -> None:
    photo = Picture(blobs(48, 32, seed=1))
    plain = paint(photo).pixels
    for refined in (
        paint(photo, str(refined_file)),
        paint(photo, model=str(refined_file)),  # with any style
        make_painter(Job("", (), options=FastOptions(model=str(refined_file)))).paint(photo).picture,
    ):
        assert refined.pixels.mean() < plain.mean() - 0.1
    in_memory = make_painter(
        Job("", ("x",), options=FastOptions(device="cpu")),
        Materials(styles=[load_style(refined_file)]),
    )
    assert (in_memory.paint(photo).picture.pixels == refined.pixels).all()


def test_a_blend_is_painted_by_a_network_between_those_of_its_styles(refined_file: Path) -> None:
    photo, blend = Picture(blobs(48, 32, seed=1)), (str(refined_file), "starry-night")  # of equal statistics
    alone, plain = (paint(photo, style).pixels for style in blend)
    shares = [paint(photo, *blend, style_weights=(share, 1 - share)).pixels for share in (1, 0.99, 0.5, 0)]
    assert np.abs(shares[0] - alone).max() < 1e-3
    assert np.abs(shares[1] - alone).max() < 0.02
    assert shares[2].mean() == pytest.approx((alone.mean() + plain.mean()) / 2, abs=0.02)
    assert np.abs(shares[3] - plain).max() < 1e-3


def test_without_strength_a_style_s_own_network_gives_the_photograph_back_as_the_bundled_one_does(
    refined_file: Path,
) -> None:
    photo = Picture(blobs(48, 32, seed=1))
    plain = paint(photo, strength=0).pixels
    assert np.abs(paint(photo, str(refined_file), strength=0).pixels - plain).max() < 1e-3
    whole, half = (
        (paint(photo, strength=s).pixels - paint(photo, str(refined_file), strength=s).pixels).mean()
        for s in (1, 0.5)
    )
    assert 0.1 < half < whole - 0.02


def test_masks_have_each_style_painted_by_its_own_network(refined_file: Path, tmp_path: Path) -> None:
    photo, masks = Picture(blobs(48, 32, seed=1)), []
    for name, columns in (("left", slice(0, 24)), ("right", slice(24, 48))):
        mask = np.zeros((32, 48, 3), np.float32)
        mask[:, columns] = 1
        imaging.write(Picture(mask), tmp_path / f"{name}.png")
        masks.append(str(tmp_path / f"{name}.png"))
    styles = (str(refined_file), "great-wave")
    job = Job("", styles, content_masks=tuple(masks), options=FastOptions(device="cpu"))
    found = make_painter(job).paint(photo).picture.pixels
    for style, columns in zip(styles, (slice(0, 20), slice(28, 48)), strict=True):
        assert np.abs(found[:, columns] - paint(photo, style).pixels[:, columns]).max() < 1e-3


def test_painters_share_the_networks_that_are_open(
    refined_file: Path, photo_file: Path, tmp_path: Path
) -> None:
    def painter(style: Path | str, like: FastPainter | None = None) -> FastPainter:
        return FastPainter(Job("", (str(style),), options=FastOptions(device="cpu")), like=like)

    plain = painter(photo_file)
    refined = painter(refined_file, plain)
    assert refined.engine is not plain.engine
    assert refined.network != plain.network
    assert painter(photo_file, refined).engine is plain.engine
    assert painter(refined_file, plain).engine is refined.engine
    again = refined
    for number in range(fast.OPEN):
        again = painter(darker(tmp_path / f"{number}.style"), again)
    assert painter(refined_file, again).engine is not refined.engine


def test_a_network_of_one_style_needs_no_style_and_takes_no_other(tmp_path: Path) -> None:
    photo, model = Picture(blobs(48, 32, seed=1)), str(negative(tmp_path / "negative.onnx"))
    job = Job("", (), options=FastOptions(model=model, device="cpu"))
    painter = make_painter(job)
    assert np.allclose(painter.paint(photo).picture.pixels, 1 - photo.pixels, atol=1e-6)
    with pytest.raises(StyleError, match="has a single style, negative; expected no STYLE"):
        paint(photo, model=model)
    with pytest.raises(OptionError, match=r"cannot change its strength; got 0\.5"):
        make_painter(Job("", (), options=FastOptions(model=model, strength=0.5, device="cpu")))


def test_the_edges_of_a_seamless_painting_meet() -> None:
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False, dtype=np.float32)
    wave = np.stack([0.5 + 0.4 * np.cos(angle + shift) for shift in (0, 1, 2)], -1)
    photo = Picture(np.repeat(wave[None], 48, 0).astype(np.float32))  # a panorama all around
    painted = paint(photo, seamless="x").pixels
    assert painted.shape == (48, 96, 3)
    steps = np.abs(np.diff(painted, axis=1, append=painted[:, :1])).mean((0, 2))
    assert steps[-1] <= 1.1 * steps[:-1].max()


def halves(side: str) -> np.ndarray:
    mask = np.zeros((40, 60), np.float32)
    mask[:, slice(0, 30) if side == "left" else slice(30, 60)] = 1
    return mask


def masked(*styles: str, masks: tuple[np.ndarray, ...] = (), **options: object) -> Picture:
    protect = options.pop("protect", None)
    job = Job("", styles, options=FastOptions(device="cpu", **options))
    materials = Materials(styles=styles, content_masks=masks, protect=protect)  # type: ignore[arg-type]
    return make_painter(job, materials).paint(PHOTO).picture


PHOTO = Picture(blobs(60, 40, seed=1))


def test_each_style_goes_where_its_mask_is_white() -> None:
    both = masked("starry-night", "great-wave", masks=(halves("left"), halves("right"))).pixels
    for style, place in (("starry-night", slice(0, 29)), ("great-wave", slice(31, 60))):
        assert np.allclose(both[:, place], masked(style).pixels[:, place], atol=1e-5)


def test_where_no_mask_is_white_and_where_it_is_protected_the_photograph_stays() -> None:
    for kept in (
        masked("starry-night", masks=(halves("left"),)),
        masked("starry-night", protect=halves("right")),
    ):
        assert np.allclose(kept.pixels[:, 31:], PHOTO.pixels[:, 31:], atol=1e-5)
        assert np.allclose(kept.pixels[:, :29], masked("starry-night").pixels[:, :29], atol=1e-5)


def test_a_protected_photograph_stays_to_the_last_digit() -> None:
    kept = masked("starry-night", protect=halves("right"))
    np.testing.assert_array_equal(kept.pixels[:, 31:], PHOTO.pixels[:, 31:])


def test_masks_that_one_pass_cannot_follow_are_refused() -> None:
    left = halves("left")
    with pytest.raises(OptionError, match=r"one grey mask per style \(2\); got 1"):
        masked("starry-night", "great-wave", masks=(left,))
    with pytest.raises(OptionError, match="grey masks; impasto stylize takes coloured regions"):
        masked("starry-night", masks=(np.stack([left, 0 * left, 1 - left], 2),))
    with pytest.raises(OptionError, match="style_weights divide"):
        masked("starry-night", "great-wave", masks=(left, 1 - left), style_weights=(1.0, 2.0))
    job = Job("", ("starry-night",), options=FastOptions(device="cpu"))
    with pytest.raises(OptionError, match="neither style masks nor strokes"):
        make_painter(job, Materials(styles=("starry-night",), style_masks=(left,)))
    with pytest.raises(PictureError, match="content mask"):
        masked("starry-night", masks=(np.ones((40, 40), np.float32),))
