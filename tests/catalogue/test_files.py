from __future__ import annotations

import json
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from impasto.catalogue.cards import StyleCard
from impasto.catalogue.files import FileStyle, measure_style_file, read_style, write_style
from impasto.catalogue.measured import PictureStyle
from impasto.encoders.network import CENTRED, TINY, Encoder
from impasto.errors import OutputError, StyleError
from impasto.imaging.packed import PackedPicture
from impasto.types import Picture
from tests.conftest import blobs, stripes

LAYERS = ["relu1_1", "relu2_1"]
CARD = StyleCard("Stripes", "Nobody", "2026", "CC0", ("stripes.png",))


@pytest.fixture
def file(tmp_path: Path, encoder: Encoder) -> Path:
    path = tmp_path / "stripes.style"
    write_style(path, *measure_style_file([Picture(stripes(200, 150))], encoder, LAYERS, CARD))
    return path


@pytest.mark.parametrize("side", [100, 128, 150, 181, 200, 900])
def test_a_style_file_says_what_its_picture_says_at_every_size(
    file: Path, encoder: Encoder, side: int
) -> None:
    from_file = read_style(file).statistics(encoder, LAYERS, side)
    from_picture = PictureStyle(Picture(stripes(200, 150))).statistics(encoder, LAYERS, side)
    assert set(from_file) == set(from_picture)
    for name, found in from_picture.items():
        assert torch.equal(from_file[name].gram, found.gram)
        assert torch.equal(from_file[name].mean, found.mean)
        assert from_file[name].positions == found.positions


def test_half_precision_halves_the_file_and_keeps_three_digits(tmp_path: Path, encoder: Encoder) -> None:
    pictures = [Picture(stripes(200, 150))]
    sizes = {}
    for half in (False, True):
        path = tmp_path / f"{half}.style"
        write_style(path, *measure_style_file(pictures, encoder, LAYERS, CARD, half=half))
        sizes[half] = path.stat().st_size
    exact = read_style(tmp_path / "False.style").statistics(encoder, LAYERS, 128)
    rounded = read_style(tmp_path / "True.style").statistics(encoder, LAYERS, 128)
    assert sizes[True] < 0.75 * sizes[False]
    torch.testing.assert_close(rounded["relu2_1"].gram, exact["relu2_1"].gram, rtol=2e-3, atol=1e-3)


def test_a_picture_is_never_enlarged_to_measure_it() -> None:
    assert PictureStyle(Picture(stripes(200, 150))).sizes(16) == [128, 181]


def test_a_long_narrow_painting_is_measured_where_its_short_side_suffices(encoder: Encoder) -> None:
    scroll = PictureStyle(Picture(stripes(600, 60)))
    assert scroll.sizes(32) == [362, 512]
    found = scroll.statistics(encoder, ["relu5_1"], 128)
    assert found["relu5_1"].positions == 22 * 2


def test_a_painting_smaller_than_the_network_needs_is_refused(encoder: Encoder) -> None:
    with pytest.raises(StyleError, match="at least 32x32 pixels for these layers; it is 40x20"):
        PictureStyle(Picture(stripes(40, 20))).statistics(encoder, ["relu5_1"], 128)


def test_a_style_of_two_paintings_is_the_mean_of_both(tmp_path: Path, encoder: Encoder) -> None:
    pictures = [Picture(stripes(128, 128, period)) for period in (4, 16)]
    path = tmp_path / "both.style"
    write_style(path, *measure_style_file(pictures, encoder, LAYERS, CARD))
    both = read_style(path).statistics(encoder, LAYERS, 128)
    each = [PictureStyle(p).statistics(encoder, LAYERS, 128) for p in pictures]
    mean = (each[0]["relu1_1"].gram + each[1]["relu1_1"].gram) / 2
    torch.testing.assert_close(both["relu1_1"].gram, mean)


def test_the_card_survives(file: Path) -> None:
    card = read_style(file).card
    assert (card.title, card.artist, card.year, card.licence) == ("Stripes", "Nobody", "2026", "CC0")
    assert card.paintings == ("stripes.png",)


def test_another_encoder_is_refused(file: Path) -> None:
    other = Encoder(TINY, CENTRED, padding="reflect")
    with pytest.raises(StyleError, match="measured with the encoder tiny"):
        read_style(file).statistics(other, LAYERS, 128)


def test_a_layer_that_was_not_measured_is_refused_by_name(file: Path, encoder: Encoder) -> None:
    with pytest.raises(StyleError, match="relu1_1, relu2_1; relu3_1 was asked for"):
        read_style(file).statistics(encoder, ["relu3_1"], 128)


@pytest.mark.parametrize("content", [b"", b"not a style", b"\x00" * 500])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.style"
    path.write_bytes(content)
    with pytest.raises(StyleError, match="not a style file"):
        read_style(path)


def test_a_truncated_style_file_is_refused(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(StyleError, match="not a style file"):
        read_style(file)


def test_a_newer_format_is_refused_with_both_numbers(tmp_path: Path, encoder: Encoder) -> None:
    card, tensors = measure_style_file([Picture(stripes(128, 128))], encoder, LAYERS, CARD)
    path = tmp_path / "new.style"
    write_style(path, StyleCard(card.title, encoder=card.encoder, format=99), tensors)
    with pytest.raises(StyleError, match="format 99; this version of impasto reads format 1"):
        read_style(path)


def test_a_failed_write_leaves_nothing(tmp_path: Path, encoder: Encoder) -> None:
    card, tensors = measure_style_file([Picture(stripes(128, 128))], encoder, LAYERS, CARD)
    with pytest.raises(OutputError, match=r"cannot write .*s\.style"):
        write_style(tmp_path / "missing" / "s.style", card, tensors)
    folder = tmp_path / "folder.style"
    folder.mkdir()
    with pytest.raises(OutputError):
        write_style(folder, card, tensors)
    assert [p.name for p in tmp_path.iterdir()] == ["folder.style"]


def test_statistics_too_large_for_half_precision_are_refused(encoder: Encoder) -> None:
    loud = Encoder(TINY, CENTRED, padding="reflect")
    loud.load_state_dict(
        {n: t * (1e4 if n.startswith("conv1_1") else 1) for n, t in encoder.state_dict().items()}
    )
    picture = Picture(np.ones((128, 128, 3), np.float32))
    with pytest.raises(StyleError, match="number format"):
        measure_style_file([picture], loud, LAYERS, CARD, half=True)


def test_reading_gives_a_style_that_lists_what_it_holds(file: Path) -> None:
    style = read_style(file)
    assert isinstance(style, FileStyle)
    assert style.sizes() == [128, 181]
    assert style.layers() == LAYERS


def _spoilt(file: Path, *, text: str | None = None, **changed: np.ndarray | None) -> Path:
    """A copy of a style file with other metadata or numbers; None leaves a tensor out."""
    with safe_open(file, framework="numpy") as opened:
        metadata = opened.metadata()
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    for name, value in changed.items():
        if value is None:
            del tensors[name]
        else:
            tensors[name] = value
    copy = file.with_name("spoilt.style")
    save_file(tensors, copy, metadata if text is None else {"impasto": text})
    return copy


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{oops", "not JSON"),
        ("[]", "an object"),
        ('{"format": 1}', "has no title"),
        ('{"format": 1, "title": 3}', "has no title"),
    ],
)
def test_a_damaged_description_is_named(file: Path, text: str, word: str) -> None:
    with pytest.raises(StyleError, match=word):
        read_style(_spoilt(file, text=text))


def test_an_unknown_entry_is_named(file: Path) -> None:
    with safe_open(file, framework="numpy") as opened:
        values = json.loads(opened.metadata()["impasto"])
    with pytest.raises(StyleError, match="unknown entry, colour"):
        read_style(_spoilt(file, text=json.dumps(values | {"colour": "red"})))


def test_damaged_numbers_are_named(file: Path) -> None:
    with safe_open(file, framework="numpy") as opened:
        place = next(name for name in opened.keys() if name.endswith("/mean")).rpartition("/")[0]  # noqa: SIM118
        mean = opened.get_tensor(f"{place}/mean")
    for changed, word in (
        ({"foo": mean}, "unknown tensor, foo"),
        ({f"{place}/positions": None}, f"has no statistics of {place}"),
        ({f"{place}/gram": mean[:1]}, "do not fit together"),
        ({f"{place}/mean": np.full_like(mean, np.nan)}, "not all finite"),
    ):
        with pytest.raises(StyleError, match=word):
            read_style(_spoilt(file, **changed))


def test_a_large_painting_has_the_statistics_of_one_measured_as_a_whole(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = np.rint(255 * blobs(300, 210, seed=1)).astype(np.uint8)
    picture = Picture(samples.astype(np.float32) / np.float32(255))
    _, whole = measure_style_file([picture], encoder, LAYERS, CARD)
    monkeypatch.setattr("impasto.catalogue.files.AT_ONCE", 64)
    _, parts = measure_style_file([PackedPicture(samples)], encoder, LAYERS, CARD)
    assert parts.keys() == whole.keys()
    for name, array in whole.items():
        np.testing.assert_allclose(parts[name], array, rtol=2e-4, atol=1e-6, err_msg=name)


def test_several_paintings_are_in_memory_one_at_a_time(encoder: Encoder) -> None:
    alive: list[weakref.ref[Picture]] = []

    def pictures() -> Iterator[Picture]:
        for seed in range(4):
            assert sum(one() is not None for one in alive) <= 1
            picture = Picture(blobs(64, 64, seed))
            alive.append(weakref.ref(picture))
            yield picture
            del picture

    _, one_by_one = measure_style_file(pictures(), encoder, ["relu1_1"], StyleCard("x"))
    card = StyleCard("x")
    singles = [
        measure_style_file([Picture(blobs(64, 64, s))], encoder, ["relu1_1"], card)[1] for s in range(4)
    ]
    for name, array in one_by_one.items():
        mean = np.mean([one[name] for one in singles], axis=0)
        assert name.endswith("positions") or np.allclose(array, mean, rtol=1e-4, atol=1e-6)
