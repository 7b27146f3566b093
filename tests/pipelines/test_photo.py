from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import impasto
from impasto import imaging
from impasto.errors import InputError, LayerError, OutputError, PictureError, StyleError, WeightsMissingError
from impasto.types import PhotoMetadata, Picture
from tests.conftest import blobs, stripes

FAST = {"size": 64, "iterations": 2, "min_size": 0}


def test_paints_a_file_in_a_named_style(photo_file: Path) -> None:
    result = impasto.stylize(photo_file, "starry-night", **FAST)
    assert result.picture.pixels.shape == (43, 64, 3)
    assert not np.allclose(
        result.picture.pixels, imaging.resize(imaging.read(photo_file).pixels, 64, 43), atol=1e-2
    )


def test_the_shipped_styles_are_many_documented_and_small() -> None:
    cards = impasto.styles()
    assert len(cards) >= 12
    for card in cards.values():
        assert card.title
        assert card.artist
        assert card.year
        assert "public domain" in card.licence.lower()


@pytest.mark.parametrize("name", sorted(impasto.styles()))
def test_every_shipped_style_paints_and_fits_its_size(name: str, photo: Picture) -> None:
    from impasto.catalogue.files import read_style
    from impasto.catalogue.lookup import named_styles

    path = named_styles()[name]
    changes = 60_000 if read_style(path).is_refined else 0  # of the fast network
    assert path.stat().st_size <= 300_000 + changes
    result = impasto.stylize(photo, name, size=64, iterations=1, min_size=0)
    assert np.isfinite(result.picture.pixels).all()


def test_arrays_of_bytes_and_of_floats_give_the_same(painting: Picture) -> None:
    array = (blobs(64, 64, seed=3) * 255).round().astype(np.uint8)
    first = impasto.stylize(array, painting, **FAST).picture.pixels
    second = impasto.stylize(array.astype(np.float64) / 255, painting, **FAST).picture.pixels
    np.testing.assert_allclose(first, second, atol=1e-5)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((8, 8, 2), np.uint8), r"\(H, W\); got \(8, 8, 2\)"),
        (np.zeros((0, 8, 3), np.uint8), "shape"),
        (np.full((8, 8, 3), 200.0), "values from 200 to 200"),
        (np.full((8, 8, 3), np.nan), "floats in"),
        (np.zeros((8, 8, 3), np.int32), "got int32"),
    ],
)
def test_arrays_that_are_not_pictures_are_refused(array: np.ndarray, words: str) -> None:
    with pytest.raises(PictureError, match=words):
        impasto.stylize(array, "starry-night", **FAST)


def test_a_style_file_paints_exactly_what_its_picture_paints(tmp_path: Path, photo: Picture) -> None:
    painting = Picture(stripes(150, 150))
    impasto.make_style(painting, tmp_path / "stripes.style", title="Stripes")
    from_picture = impasto.stylize(photo, painting, **FAST)
    from_file = impasto.stylize(photo, tmp_path / "stripes.style", **FAST)
    assert np.array_equal(from_picture.picture.pixels, from_file.picture.pixels)


def test_alpha_comes_back_and_what_it_hides_does_not_matter(painting: Picture) -> None:
    pixels = blobs(64, 64, seed=5)
    alpha = np.zeros((64, 64), np.float32)
    alpha[:, :40] = 1
    black, white = pixels.copy(), pixels.copy()
    black[:, 40:] = 0
    white[:, 40:] = 1
    results = [impasto.stylize(Picture(p, alpha), painting, **FAST).picture for p in (black, white)]
    assert results[0].alpha is not None
    np.testing.assert_allclose(results[0].alpha, alpha)
    assert np.array_equal(results[0].pixels, results[1].pixels)


def test_sixteen_bits_in_sixteen_bits_out(tmp_path: Path, photo: Picture, painting: Picture) -> None:
    result = impasto.stylize(Picture(photo.pixels, None, 16), painting, **FAST)
    result.save(tmp_path / "deep.png")
    back = imaging.read(tmp_path / "deep.png")
    assert back.bits == 16
    np.testing.assert_allclose(back.pixels, result.picture.pixels, atol=1 / 65535)


def test_a_saved_picture_tells_how_to_make_it_again(tmp_path: Path, photo_file: Path) -> None:
    result = impasto.stylize(photo_file, "starry-night", style_weight=2.5, **FAST)
    result.save(tmp_path / "out.png")
    stored = imaging.read_parameters(tmp_path / "out.png")
    assert stored == result.parameters()
    assert stored is not None
    options = impasto.OptimizeOptions.from_dict(stored["options"])  # type: ignore[arg-type]
    again = impasto.stylize(stored["content"], stored["styles"], options=options)  # type: ignore[arg-type]
    assert np.array_equal(again.picture.pixels, result.picture.pixels)


def test_parameters_can_be_left_out(tmp_path: Path, photo: Picture, painting: Picture) -> None:
    impasto.stylize(photo, painting, **FAST).save(tmp_path / "out.png", parameters=False)
    assert imaging.read_parameters(tmp_path / "out.png") is None


def test_an_unknown_style_lists_the_known_ones(photo: Picture) -> None:
    with pytest.raises(StyleError, match=r"unknown style .stary-night.; did you mean .starry-night."):
        impasto.stylize(photo, "stary-night", **FAST)


def test_a_missing_style_file_is_a_missing_file(photo: Picture) -> None:
    with pytest.raises(StyleError, match=r"there is no file painting\.jpg"):
        impasto.stylize(photo, "painting.jpg", **FAST)


def test_no_style_at_all_is_refused(photo: Picture) -> None:
    with pytest.raises(InputError, match="at least one style"):
        impasto.stylize(photo, [], **FAST)


def test_an_unknown_layer_is_refused_by_name(photo: Picture, painting: Picture) -> None:
    with pytest.raises(LayerError, match="relu9_1"):
        impasto.stylize(photo, painting, style_layers={"relu9_1": 1.0}, **FAST)


def test_a_papers_preset_without_its_network_says_how_to_get_it(
    photo: Picture, painting: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS_DIR", str(tmp_path))
    with pytest.raises(WeightsMissingError, match="impasto models fetch vgg19") as caught:
        impasto.stylize(photo, painting, preset="gatys2016", **FAST)
    assert "--encoder tiny" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "gatys2015",
        "gatys2016",
        "neural-style",
        "content-reconstruction",
        "style-reconstruction",
        "nutshell",
        "single-layer",
        "tensorflow-notebook",
        "tensorflow-notebook-long",
    ],
)
def test_every_papers_preset_lowers_its_own_loss_with_the_shipped_network(
    name: str, photo: Picture, painting: Picture
) -> None:
    losses: list[float] = []
    impasto.stylize(
        photo,
        painting,
        preset=name,
        encoder="tiny",
        size=48,
        iterations=12,
        on_progress=lambda event: losses.append(event.losses["total"]),
    )
    assert min(losses[1:]) < losses[0] or losses[0] == 0


def test_a_folder_of_paintings_is_one_style_file(tmp_path: Path) -> None:
    folder = tmp_path / "works"
    folder.mkdir()
    for number in range(2):
        imaging.write(Picture(blobs(160, 160, seed=number)), folder / f"{number}.png")
    of_folder = impasto.make_style(folder, tmp_path / "folder.style")
    of_files = impasto.make_style(sorted(folder.iterdir()), tmp_path / "files.style")
    assert (of_folder.title, of_files.title) == ("folder", "files")
    assert impasto.make_style(folder / "0.png", tmp_path / "one.style").title == "0"
    one, other = (load_file(tmp_path / f"{name}.style") for name in ("folder", "files"))
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("style", ["starry-night", "works.style"])
def test_no_style_is_measured_from_one_that_has_no_picture(tmp_path: Path, style: str) -> None:
    with pytest.raises(InputError, match=f"expected the picture of a painting; got {style}"):
        impasto.make_style(style, tmp_path / "x.style")
    assert not (tmp_path / "x.style").exists()


def test_a_photograph_s_metadata_stay_in_its_painting(tmp_path: Path) -> None:
    place = {1: "N", 2: (1.0, 2.0, 3.0)}
    about = PhotoMetadata(author="Ann", copyright="(c) Ann", keywords=("sea",), location=place)
    imaging.write(Picture(blobs(32, 32, 1), metadata=about), tmp_path / "photo.jpg", location=True)
    result = impasto.stylize(tmp_path / "photo.jpg", "starry-night", size=32, iterations=1, min_size=0)
    result.save(tmp_path / "a.jpg")
    found = imaging.read(tmp_path / "a.jpg").metadata
    assert found is not None
    assert found == replace(about, location={})
    result.save(tmp_path / "b.png", metadata=False, parameters=False)
    assert imaging.read(tmp_path / "b.png").metadata is None
    assert imaging.read_parameters(tmp_path / "b.png") is None
    result.save(tmp_path / "c.jpg", location=True)
    kept = imaging.read(tmp_path / "c.jpg").metadata
    assert kept is not None
    assert kept.location[1] == "N"


def test_a_recipe_that_jpeg_cannot_hold_is_refused_before_work(tmp_path: Path) -> None:
    names = [tmp_path / f"{'浮世絵' * 20}{k}.png" for k in range(150)]
    imaging.write(Picture(blobs(32, 32, 1)), names[0])
    for name in names[1:]:
        name.symlink_to(names[0])
    with pytest.raises(OutputError, match=r"recipe.*--no-recipe"):
        impasto.stylize(names[0], names, size=32, output=tmp_path / "out.jpg")
