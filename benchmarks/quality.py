"""Closeness to the style at equal closeness to the content, against a neural-style-like run.

Both engines paint the same pairs with the same encoder, at several style weights: ours with the
default recipe, the other with neural-style's (one level, L-BFGS, 500 iterations, its losses and
layers, started from the content). A network that neither optimises (genuine VGG-19 to relu3_4)
measures both distances; the other engine's curve is read, pair by pair, at the content distance of
our default picture. The pictures are read from ../shared, beside the repository.

    python -m benchmarks quality            # 20 pairs, 512 pixels: over an hour on two cores
    QUALITY_PAIRS=4 QUALITY_SIZE=256 python -m benchmarks quality
"""

from __future__ import annotations

import os
import statistics
from pathlib import Path

import numpy as np

import impasto
from impasto import imaging
from impasto.encoders import load_encoder
from impasto.imaging import fit
from impasto.metrics import content_distance, grid_energy, style_distance
from impasto.tensors import to_tensor
from impasto.types import Picture

SHARED = Path(__file__).parents[2] / "shared"
PAIRS = [
    ("tubingen", "starry_night_van_gogh"),
    ("golden_gate", "great_wave_hokusai"),
    ("kodim22", "composition_vii_kandinsky"),
    ("lion", "woman_with_hat_matisse"),
    ("kodim05", "self_portrait_straw_hat_van_gogh"),
    ("taj_mahal", "water_lilies_monet"),
    ("stata", "the_kiss_klimt"),
    ("kodim23", "portrait_of_metzinger_delaunay"),
    ("sailboat", "the_shipwreck_turner"),
    ("kodim09", "edtaonisl_picabia"),
    ("cat_with_hat", "grande_jatte_seurat"),
    ("church_interior", "portrait_of_picasso_gris"),
    ("kodim21", "red_and_blue_horse_marc"),
    ("monarch_butterfly", "gray_tree_mondrian"),
    ("chicago", "street_pavers_boccioni"),
    ("yosemite_river", "cotopaxi_church"),
    ("kodim08", "night_cafe_van_gogh"),
    ("flower_jug", "fall_of_the_rebel_angels_bruegel"),
    ("louvre_pyramid", "seaport_etching"),
    ("kodim19", "arearea_gauguin"),
]
THEIRS = (10.0, 100.0, 1000.0, 10000.0)


def judged(result: Picture, photo: Picture, painting: Picture, judge: object) -> tuple[float, float]:
    """(content distance, style distance), content and style at the result's scale."""
    long_side = max(result.width, result.height)

    def sized(picture: Picture) -> Picture:
        return Picture(imaging.resize(picture.pixels, *fit(picture.width, picture.height, long_side)))

    image = to_tensor(result.pixels)
    content = content_distance(image, to_tensor(sized(photo).pixels), judge)  # type: ignore[arg-type]
    return content, style_distance(image, to_tensor(sized(painting).pixels), judge)  # type: ignore[arg-type]


def style_at(curve: list[tuple[float, float]], content: float) -> float | None:
    """The style distance of a curve of (content, style) points at ``content``, in logarithms.

    None outside the curve, where nothing was measured.
    """
    curve = sorted(curve)
    if not curve[0][0] <= content <= curve[-1][0]:
        return None
    contents, styles = (np.log([max(point[axis], 1e-6) for point in curve]) for axis in (0, 1))
    return float(np.exp(np.interp(np.log(content), contents, styles)))


def main() -> None:
    if not SHARED.exists():
        print(f"left out: the pictures are not there; expected a folder {SHARED}")
        return
    size = int(os.environ.get("QUALITY_SIZE", "512"))
    pairs = PAIRS[: int(os.environ.get("QUALITY_PAIRS", str(len(PAIRS))))]
    judge = load_encoder(
        SHARED / "weights" / "vgg19_conv1_1-conv3_4.safetensors", padding="reflect", convention="caffe"
    )
    base = impasto.OptimizeOptions().style_weight
    print("| content | style | ours: content, style distance | theirs at that content | ratio | grid |")
    print("|---|---|---|---|---|---|")
    ratios = []
    for photo_name, style_name in pairs:
        photo = imaging.read(SHARED / "data" / "content_test" / f"{photo_name}.jpg")
        painting = imaging.read(SHARED / "data" / "style" / f"{style_name}.jpg")
        own = impasto.stylize(photo, painting, size=size)
        content, style = judged(own.picture, photo, painting, judge)
        curve = []
        for weight in THEIRS:
            other = impasto.stylize(
                photo,
                painting,
                preset="neural-style",
                encoder="tiny",
                init="content",
                iterations=500,
                style_weight=weight,
                tv_weight=0.0,  # meant for VGG's scale of losses, it would only blur here
                size=size,
            )
            curve.append(judged(other.picture, photo, painting, judge))
        there = style_at(curve, content)
        grid = max(vars(grid_energy(to_tensor(own.picture.pixels))).values())
        cells = "beyond the curve, left out | "
        if there is not None:
            ratios.append(style / there)
            cells = f"{there:.3f} | {style / there:.2f}"
        print(
            f"| {photo_name} | {style_name} | {content:.3f}, {style:.3f} | {cells} | {grid:.2f} |",
            flush=True,
        )
    if not ratios:
        print("\nNo pair lies within the other's curve.")
        return
    print(
        f"\nStyle distance, ours / theirs at equal content distance: median {statistics.median(ratios):.2f}"
    )
    print(f"of {len(ratios)} pairs; closer in {sum(r < 1 for r in ratios)}. Default weight {base}.")
