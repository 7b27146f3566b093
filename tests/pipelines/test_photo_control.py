"""What ``impasto.stylize`` does with masks, colours, folders and networks of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import impasto
from impasto import imaging
from impasto.encoders import ModuleEncoder
from impasto.encoders.network import CENTRED
from impasto.errors import InputError, OptionError, PictureError, StyleError
from impasto.types import Picture
from tests.conftest import blobs

FAST = {"size": 64, "iterations": 12, "min_size": 0, "style_weight": 60.0, "coarse_iterations": None}
PHOTO = 0.3 + 0.4 * blobs(64, 48, seed=1)
RED = np.tile(np.float32([0.9, 0.1, 0.1]), (64, 64, 1))
BLUE = np.tile(np.float32([0.1, 0.1, 0.9]), (64, 64, 1))
LEFT = np.zeros((48, 64), np.float32)
LEFT[:, :32] = 1


def coloured(left: tuple[int, int, int], right: tuple[int, int, int], height: int = 48) -> np.ndarray:
    mask = np.zeros((height, 64, 3), np.float32)
    mask[:, :32], mask[:, 32:] = left, right
    return mask


def redness(result: impasto.Result) -> tuple[float, float]:
    """How much more red than blue the left and the right part have become."""
    difference = result.picture.pixels - PHOTO
    gained = difference[..., 0] - difference[..., 2]
    return float(gained[:, :24].mean()), float(gained[:, 40:].mean())


def save_grey(path: Path, mask: np.ndarray) -> Path:
    imaging.write(Picture(np.repeat(mask[..., None], 3, 2)), path)
    return path


def test_grey_mask_files_put_each_style_in_its_place(tmp_path: Path) -> None:
    masks = [save_grey(tmp_path / "a.png", LEFT), save_grey(tmp_path / "b.png", 1 - LEFT)]
    result = impasto.stylize(PHOTO, [RED, BLUE], content_masks=masks, **FAST)
    assert redness(result)[0] > redness(result)[1] + 0.2
    assert result.parameters()["content_masks"] == [str(m) for m in masks]


def test_coloured_regions_pair_photograph_and_style() -> None:
    style = np.concatenate([RED[:, :32], BLUE[:, :32]], 1)
    left, right = redness(
        impasto.stylize(
            PHOTO,
            style,
            content_masks=coloured((0, 1, 0), (1, 1, 0)),
            style_masks=coloured((1, 1, 0), (0, 1, 0), 64),
            **FAST,
        )
    )
    assert right > left + 0.2


def test_a_style_mask_alone_takes_the_style_from_there() -> None:
    style = np.concatenate([RED[:, :32], BLUE[:, :32]], 1)
    inner = np.zeros((64, 64), np.float32)
    inner[:, 40:] = 1
    assert max(redness(impasto.stylize(PHOTO, style, style_masks=inner, **FAST))) < -0.1


def test_what_is_protected_stays(tmp_path: Path) -> None:
    guard = save_grey(tmp_path / "guard.png", 1 - LEFT)
    pixels = impasto.stylize(PHOTO, RED, protect=guard, **FAST).picture.pixels
    np.testing.assert_allclose(pixels[:, 34:], PHOTO[:, 34:], atol=1e-5)
    assert np.abs(pixels[:, :24] - PHOTO[:, :24]).mean() > 0.05


def test_a_feathered_edge_is_softer() -> None:
    def step(feather: float) -> float:
        """How much less changes just right of the edge than just left of it, for all that changes."""
        options = FAST | {"mask_feather": feather, "precision": "float32"}
        pixels = impasto.stylize(PHOTO, RED, content_masks=LEFT, **options).picture.pixels
        change = np.abs(pixels - PHOTO).mean((0, 2))
        return float((change[26:31].mean() - change[33:38].mean()) / change[:20].mean())

    assert step(10.0) < 0.8 * step(0.0)


@pytest.mark.parametrize(
    ("masks", "error", "words"),
    [
        ({"content_masks": np.ones((48, 48), np.float32)}, PictureError, "64 x 48"),
        ({"content_masks": np.full((48, 64), 2.0, np.float32)}, PictureError, r"in \[0, 1\]"),
        ({"content_masks": [LEFT, LEFT]}, OptionError, r"one grey mask per style \(1\)"),
        ({"content_masks": coloured((1, 0, 0), (0, 1, 0))}, OptionError, "in the colours of the photo"),
        ({"style_masks": [np.ones((64, 64), np.float32)] * 2}, InputError, r"per style \(1\); got 2"),
        ({"content_masks": np.zeros((48, 64), np.float32)}, StyleError, "leaves nothing"),
        ({"protect": np.ones((9, 99), np.float32)}, PictureError, "protect"),
    ],
)
def test_masks_that_do_not_fit_are_refused_with_both_sides_of_the_story(
    masks: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        impasto.stylize(PHOTO, RED, **masks, **FAST)  # type: ignore[arg-type]


def test_a_style_file_cannot_be_masked() -> None:
    with pytest.raises(StyleError, match="cannot be masked"):
        impasto.stylize(PHOTO, "starry-night", style_masks=np.ones((8, 8), np.float32), **FAST)


def test_a_folder_is_one_style_of_all_its_pictures(tmp_path: Path) -> None:
    for name, pixels in (("a.png", RED), ("b.png", BLUE)):
        imaging.write(Picture(pixels), tmp_path / name)
    (tmp_path / "notes.txt").write_text("not a picture")
    few = FAST | {"iterations": 1}
    both = impasto.stylize(PHOTO, [RED, BLUE], **few).losses["total"]
    folder = impasto.stylize(PHOTO, tmp_path, **few).losses["total"]
    assert folder == pytest.approx(both, rel=0.01)  # saved with 8 bits


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match="has no pictures"):
        impasto.stylize(PHOTO, tmp_path, **FAST)


def test_the_photographs_colours_can_be_kept(photo: Picture) -> None:
    kept = impasto.stylize(photo, RED, color="luminance", **FAST).picture.pixels
    lab = imaging.rgb_to_lab(imaging.resize(photo.pixels, 64, 43))
    assert np.abs(imaging.rgb_to_lab(kept)[..., 1:] - lab[..., 1:]).mean() < 2


def test_pictures_on_the_way_have_the_colours_of_the_result(photo: Picture) -> None:
    last: list[np.ndarray] = []

    def watch(event: impasto.Progress) -> None:
        assert event.preview is not None
        last[:] = [event.preview()]

    result = impasto.stylize(photo, RED, color="luminance", on_progress=watch, **FAST)
    np.testing.assert_allclose(last[0], result.picture.pixels, atol=1e-5)


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 16, 3, stride=2, padding=1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.second(torch.relu(self.first(image)))
        return found


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_a_network_of_ones_own_paints(photo: Picture, optimizer: str) -> None:
    layers = {"content_layers": {"second": 1.0}, "style_layers": {"first": 1.0, "second": 1.0}}
    options = (
        FAST | layers | {"optimizer": optimizer, "learning_rate": 0.05, "iterations": 15, "init": "content"}
    )
    own = ModuleEncoder(Small(), CENTRED)
    seen: list[float] = []
    impasto.stylize(photo, BLUE, encoder=own, on_progress=lambda e: seen.append(e.losses["total"]), **options)
    assert seen[-1] < 0.8 * seen[0]


@pytest.mark.parametrize(
    "loss", ["sort-matching", "sliced-wasserstein", "mrf", "nearest-neighbours", "strotss"]
)
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_every_sampling_style_loss_falls(photo: Picture, loss: str, optimizer: str) -> None:
    seen: list[float] = []

    def watch(event: impasto.Progress) -> None:
        seen.append(sum(v for n, v in event.losses.items() if n.startswith("style")))

    options = FAST | {"optimizer": optimizer, "learning_rate": 0.02, "style_loss": loss}
    options["iterations"] = 6 if optimizer == "adam" else 14
    impasto.stylize(photo, blobs(64, 64, seed=9), on_progress=watch, **options)
    assert min(seen[-2:]) < 0.95 * seen[0]


def test_a_style_file_serves_only_losses_of_moments(photo: Picture) -> None:
    with pytest.raises(StyleError, match="needs the painting itself"):
        impasto.stylize(photo, "starry-night", style_loss="mrf", **FAST)
    impasto.stylize(photo, "starry-night", style_loss="mean-std", **FAST)


def test_a_loss_of_ones_own_counts(photo: Picture) -> None:
    def brightness(image: torch.Tensor) -> torch.Tensor:
        return 30 * (image.mean() - 0.9).square()

    plain = impasto.stylize(photo, BLUE, **FAST).picture.pixels
    seen: list[float] = []
    brighter = impasto.stylize(
        photo,
        BLUE,
        extra_losses={"brightness": brightness},
        on_progress=lambda e: seen.append(e.losses["brightness"]),
        **FAST,
    ).picture.pixels
    assert brighter.mean() > plain.mean() + 0.05
    assert seen[-1] < seen[0]


def test_strokes_of_one_style_on_the_layout_of_another() -> None:
    fine = np.tile(np.kron(np.eye(2, dtype=np.float32), np.ones((2, 2), np.float32)), (16, 16))
    layout, strokes = blobs(64, 64, seed=4), np.repeat(fine[..., None], 3, 2)

    def grain(pixels: np.ndarray) -> float:
        return float(np.abs(np.diff(pixels.mean(2), axis=0)).mean())

    alone = impasto.stylize(PHOTO, layout, **FAST).picture.pixels
    mixed = impasto.stylize(PHOTO, layout, strokes=strokes, **FAST)
    assert grain(mixed.picture.pixels) > 1.2 * grain(alone)
    assert mixed.parameters()["strokes"] == "picture"


def test_strokes_need_a_picture_to_lie_on() -> None:
    with pytest.raises(StyleError, match="expected a picture as the style that gives the layout"):
        impasto.stylize(PHOTO, "starry-night", strokes=RED, **FAST)
    with pytest.raises(OptionError, match="first 2 blocks"):
        impasto.stylize(PHOTO, RED, strokes=BLUE, style_layers={"relu3_1": 1.0}, **FAST)
