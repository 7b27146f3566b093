"""The pairs of a photograph and a painting: 20 of our own, and those of StyleID's protocol."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from impasto import imaging
from impasto.types import Picture

OWN = [
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
"""Photographs and paintings in ../shared/data that nobody was taught with."""


@dataclass(frozen=True)
class Pair:
    photo: Path
    painting: Path

    @property
    def name(self) -> str:
        return f"{self.photo.stem}-{self.painting.stem}"


def sized(source: Path, size: int, folder: Path) -> Path:
    """A PNG file in ``folder`` of the picture ``source``, its long side ``size``."""
    target = folder / f"{source.stem}-{size}.png"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        picture = imaging.read(source)
        pixels = imaging.resize(picture.pixels, *imaging.fit(picture.width, picture.height, size))
        imaging.write(Picture(pixels), target)
    return target


def own_pairs(shared: Path) -> list[Pair]:
    data = shared / "data"
    return [Pair(data / "content_test" / f"{photo}.jpg", data / f"{painting}.jpg") for photo, painting in OWN]


def styleid_pairs(folder: Path, every: int = 1) -> list[Pair]:
    """One in ``every`` of all pairs of ``data/cnt`` and ``data/sty``, photographs and paintings alike.

    The whole is in rounds: each goes once through the photographs, and a round later each has the next
    painting. The first pairs are taken, so that a part shows every photograph, and every painting before
    any comes again.
    """
    photos, paintings = (sorted((folder / "data" / kind).glob("*.png")) for kind in ("cnt", "sty"))
    if not (photos and paintings):
        raise SystemExit(f"expected StyleID's data/cnt and data/sty in {folder}; there are no pictures")
    step = max(1, len(paintings) // len(photos))
    rounds = [
        Pair(photo, paintings[(k * step + turn) % len(paintings)])
        for turn in range(len(paintings))
        for k, photo in enumerate(photos)
    ]
    return rounds[: -(-len(rounds) // every)]
