from __future__ import annotations

import pytest
import torch

from impasto.catalogue.measured import PictureStyle
from impasto.encoders.network import Encoder
from impasto.errors import OptionError
from impasto.networks.gallery import GalleryNetwork, neutral_rows
from impasto.networks.train.additions import add_rows, first_rows, keep_styles, styles_in
from impasto.networks.train.batches import LossWeights, row_weights
from impasto.networks.train.evaluation import contact_sheet, judge, middle
from impasto.networks.train.targets import StyleTarget, make_target
from impasto.tensors import to_pixels
from impasto.types import Picture
from tests.networks.train.conftest import levels

IMAGE = torch.linspace(0, 1, 3 * 64 * 64).view(1, 3, 64, 64)


@torch.no_grad()
def test_added_styles_leave_those_before_as_they_were(gallery: GalleryNetwork) -> None:
    more = add_rows(gallery, [torch.ones(2, gallery.table.shape[1])])
    assert (styles_in(gallery), styles_in(more)) == (2, 3)
    for style in range(2):
        before = gallery(IMAGE, row_weights(5, style, 1.0, 1.0)[None])
        assert torch.equal(before, more(IMAGE, row_weights(7, style, 1.0, 1.0)[None]))
    assert torch.equal(more.table[5:], torch.ones(2, gallery.table.shape[1]))


@torch.no_grad()
def test_kept_styles_are_renumbered_and_paint_alike(gallery: GalleryNetwork) -> None:
    one = keep_styles(gallery, [1])
    assert styles_in(one) == 1
    before = gallery(IMAGE, row_weights(5, 1, 0.5, 1.0)[None])
    assert torch.equal(before, one(IMAGE, row_weights(3, 0, 0.5, 1.0)[None]))


@torch.no_grad()
def test_the_nearest_style_is_the_one_that_paints_the_target(
    gallery: GalleryNetwork, encoder: Encoder
) -> None:
    gallery.table[3:, :12] = torch.tensor([0.2, 0, 0, 0, 0.2, 0, 0, 0, 0.2, 0.7, 0.1, 0.1])
    painted = gallery(IMAGE.expand(1, -1, -1, -1), row_weights(5, 1, 0.5, 1.0)[None])
    target = make_target(encoder, PictureStyle(Picture(to_pixels(painted))).statistics)
    rows, number = first_rows(gallery, target, encoder, IMAGE, LossWeights())
    assert number == 1
    assert torch.equal(rows, gallery.table[3:5])


def test_other_beginnings_are_the_mean_and_no_style(
    gallery: GalleryNetwork, encoder: Encoder, target: StyleTarget
) -> None:
    table = gallery.table.detach()
    mean, number = first_rows(gallery, target, encoder, IMAGE, LossWeights(), "mean")
    assert number is None
    assert torch.allclose(mean, (table[1:3] + table[3:5]) / 2)
    neutral = neutral_rows(2, gallery.widths)
    assert torch.equal(first_rows(gallery, target, encoder, IMAGE, LossWeights(), "neutral")[0], neutral)
    assert torch.equal(first_rows(GalleryNetwork(1), target, encoder, IMAGE, LossWeights())[0], neutral)
    with pytest.raises(OptionError, match="nearest, mean, neutral"):
        first_rows(gallery, target, encoder, IMAGE, LossWeights(), "far")  # type: ignore[arg-type]


def test_the_photographs_row_judged_has_no_content_distance(
    gallery: GalleryNetwork, encoder: Encoder, target: StyleTarget
) -> None:
    with torch.no_grad():
        gallery.table[1:] = gallery.table[0]
    found = judge(gallery, 5, {1: target}, encoder, [levels(1), levels(2)], 64)
    assert found.content == 0
    assert found.style > 0


def test_the_middle_of_a_photograph_is_its_middle() -> None:
    photo = torch.zeros(3, 64, 100, dtype=torch.uint8)
    photo[:, :, 18:82] = 255
    assert torch.equal(middle(photo, 64), torch.ones(3, 64, 64))
    assert middle(photo, 32).shape == (3, 32, 32)


def test_the_contact_sheet_has_photographs_beside_their_paintings(gallery: GalleryNetwork) -> None:
    sheet = contact_sheet(gallery, 5, [0, 1], [levels(1), levels(2), levels(3)])
    assert sheet.shape == (1, 3, 2 * 256, 3 * 256)
    assert torch.equal(sheet[0, :, :256, :256], middle(levels(1), 256))
