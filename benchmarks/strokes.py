"""The network for any painting beside the optimiser, on 20 pairs of pictures nobody trained with.

Two judges measure how far results are from style and content: LPIPS's AlexNet, and genuine VGG-19 to relu3_4.
The photograph unchanged is the bracket at one end. The pictures are read from ../shared, beside the
repository; AlexNet's files from a folder of yours (see ``benchmarks/judges.py``).

    python -m benchmarks.strokes --alexnet FOLDER [--network FILE] [--pictures OUT] [--without-optimiser]
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

import impasto
from benchmarks.judges import AlexNet
from impasto import imaging
from impasto.encoders import load_encoder
from impasto.metrics import content_distance, grid_energy, style_distance
from impasto.metrics.artefacts import border_frame
from impasto.networks.any_painting_files import BUNDLED, load_network
from impasto.optimize.pyramid import fit
from impasto.tensors import to_pixels, to_tensor
from impasto.types import Picture

SHARED = Path(__file__).parents[2] / "shared"
PAIRS = [
    ("tubingen", "style/girl_with_cat_marc"),
    ("kodim23", "style/apples_crop_cezanne"),
    ("lion", "style/self_portrait_orsay_van_gogh"),
    ("golden_gate", "paintings/umberto-boccioni_trees-1908"),
    ("kodim05", "style/agostino_novello_martini"),
    ("cat_with_hat", "paintings/oleksandr-bogomazov_toys-1914"),
    ("taj_mahal", "style/dutch_boats_in_a_gale_turner"),
    ("chicago", "paintings/aristarkh-lentulov_tverskoi-boulevard-1917"),
    ("stata", "paintings/ferdinand-hodler_forest-brook-at-leissingen-1904"),
    ("sailboat", "paintings/hiroshi-yoshida_fujiyama-from-okitsu-1928"),
    ("kodim09", "paintings/franklin-carmichael_autumn-splendor"),
    ("church_interior", "paintings/gustave-dore_raven-i019"),
    ("kodim21", "paintings/henri-martin_in-flowers"),
    ("monarch_butterfly", "paintings/sophie-taeuber-arp_figures-1926"),
    ("new_york_night", "paintings/pierre-bonnard_dusk-or-a-round-of-croquet-1892"),
    ("yosemite_river", "paintings/ivan-aivazovsky_burya-na-more-1873"),
    ("kodim08", "paintings/robert-julian-onderdonk_road-to-the-hills-1918"),
    ("flower_jug", "paintings/kuzma-petrov-vodkin_apples-1917"),
    ("louvre_pyramid", "paintings/aubrey-beardsley_salome-0065w"),
    ("kodim19", "paintings/paul-serusier_spring-1890"),
]


def sized(picture: Picture, size: int) -> Tensor:
    return to_tensor(imaging.resize(picture.pixels, *fit(picture.width, picture.height, size)))


def figures(result: Tensor, photo: Tensor, painting: Tensor, alexnet: AlexNet, vgg: object) -> list[float]:
    """Style and content by AlexNet, style and content by VGG-19, grid, frame."""
    return [
        alexnet.style_distance(result, painting),
        alexnet.content_distance(result, photo),
        style_distance(result, painting, vgg),  # type: ignore[arg-type]
        content_distance(result, photo, vgg),  # type: ignore[arg-type]
        grid_energy(result).worst,
        border_frame(result),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--alexnet", type=Path, required=True)
    parser.add_argument("--network", type=Path, default=BUNDLED)
    parser.add_argument("--pictures", type=Path, help="a folder to put the paintings into")
    parser.add_argument("--pairs", type=int, default=len(PAIRS))
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--without-optimiser", action="store_true")
    options = parser.parse_args()
    alexnet = AlexNet(options.alexnet)
    vgg = load_encoder(
        SHARED / "weights" / "vgg19_conv1_1-conv3_4.safetensors", padding="reflect", convention="caffe"
    )
    network = load_network(options.network)

    @torch.no_grad()
    def in_one_pass(photo: Tensor, painting: Tensor, *_: Picture) -> Tensor:
        torch.manual_seed(0)
        return network(photo, network.measure(painting)).clamp(0, 1)

    def optimised(_photo: Tensor, _painting: Tensor, *pictures: Picture) -> Tensor:
        return to_tensor(impasto.stylize(*pictures, size=options.size).picture.pixels)

    painters: dict[str, Callable[..., Tensor]] = {
        "photograph": lambda photo, *_: photo,
        "one pass": in_one_pass,
    }
    if not options.without_optimiser:
        painters["optimised"] = optimised
    print("| pair | painter | style, AlexNet | content | style, VGG-19 | content | grid | frame |")
    print("|---|---|---|---|---|---|---|---|")
    rows: dict[str, list[list[float]]] = {name: [] for name in painters}
    for photo_name, style_name in PAIRS[: options.pairs]:
        pair = [
            imaging.read(SHARED / "data" / f"{name}.jpg")
            for name in (f"content_test/{photo_name}", style_name)
        ]
        photo, painting = (sized(picture, options.size) for picture in pair)
        for name, paint in painters.items():
            result = paint(photo, painting, *pair)
            rows[name].append(figures(result, photo, painting, alexnet, vgg))
            cells = " | ".join(f"{value:.3f}" for value in rows[name][-1])
            print(f"| {photo_name}, {style_name} | {name} | {cells} |", flush=True)
            if options.pictures is not None:
                options.pictures.mkdir(parents=True, exist_ok=True)
                file = options.pictures / f"{photo_name}-{Path(style_name).stem}-{name.replace(' ', '-')}.png"
                Image.fromarray((to_pixels(result) * 255).round().astype("uint8")).save(file)
    for name, found in rows.items():
        means = " | ".join(f"{statistics.mean(column):.3f}" for column in zip(*found, strict=True))
        print(f"| mean of {len(found)} | {name} | {means} |")


if __name__ == "__main__":
    main()
