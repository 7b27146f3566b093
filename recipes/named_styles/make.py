"""Measure the styles that come with the package.

    python recipes/named_styles/make.py --paintings FOLDER

FOLDER holds the paintings (files named as below, long side about 1024 pixels). Only statistics are
stored, in half precision; the paintings are in the public domain, their painters dead for 70 years.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import impasto

PAINTINGS = [
    ("starry-night", "starry_night_van_gogh", "The Starry Night", "Vincent van Gogh", "1889"),
    (
        "straw-hat",
        "self_portrait_straw_hat_van_gogh",
        "Self-Portrait with a Straw Hat",
        "Vincent van Gogh",
        "1887",
    ),
    ("great-wave", "great_wave_hokusai", "Under the Wave off Kanagawa", "Katsushika Hokusai", "about 1831"),
    ("composition-vii", "composition_vii_kandinsky", "Composition VII", "Wassily Kandinsky", "1913"),
    ("the-kiss", "the_kiss_klimt", "The Kiss", "Gustav Klimt", "1908"),
    ("woman-with-a-hat", "woman_with_hat_matisse", "Woman with a Hat", "Henri Matisse", "1905"),
    ("water-lilies", "water_lilies_monet", "Water Lilies", "Claude Monet", "about 1916"),
    ("the-shipwreck", "the_shipwreck_turner", "The Shipwreck", "J. M. W. Turner", "1805"),
    ("grande-jatte", "grande_jatte_seurat", "A Sunday on La Grande Jatte", "Georges Seurat", "1886"),
    ("edtaonisl", "edtaonisl_picabia", "Edtaonisl (Ecclesiastic)", "Francis Picabia", "1913"),
    ("metzinger", "portrait_of_metzinger_delaunay", "Portrait of Jean Metzinger", "Robert Delaunay", "1906"),
    ("picasso-by-gris", "portrait_of_picasso_gris", "Portrait of Pablo Picasso", "Juan Gris", "1912"),
    ("red-and-blue-horse", "red_and_blue_horse_marc", "Red and Blue Horse", "Franz Marc", "1912"),
    ("gray-tree", "gray_tree_mondrian", "Gray Tree", "Piet Mondrian", "1911"),
    ("street-pavers", "street_pavers_boccioni", "The Street Pavers", "Umberto Boccioni", "1914"),
    ("cotopaxi", "cotopaxi_church", "Cotopaxi", "Frederic Edwin Church", "1862"),
    ("olive-trees", "olive_trees_van_gogh", "Olive Trees", "Vincent van Gogh", "1889"),
    (
        "when-will-you-marry",
        "when_will_you_marry_gauguin",
        "When Will You Marry? (Nafea Faa Ipoipo)",
        "Paul Gauguin",
        "1892",
    ),
    ("melancholy", "melancholy_munch", "Melancholy", "Edvard Munch", "about 1894"),
    ("clouds-over-bor", "clouds_over_bor_klee", "Clouds over Bor", "Paul Klee", "1928"),
    ("contrast-of-forms", "contrast_of_forms_leger", "Contrast of Forms", "Fernand Léger", "1913"),
    ("cossacks", "cossacks_kandinsky", "Cossacks", "Wassily Kandinsky", "about 1910"),
    ("small-worlds", "small_worlds_i_kandinsky", "Small Worlds I", "Wassily Kandinsky", "1922"),
    ("composition-no-vii", "composition_no_vii_mondrian", "Composition No. VII", "Piet Mondrian", "1913"),
    ("flower-girl", "flower_girl_malevich", "Flower Girl", "Kazimir Malevich", "about 1930"),
    (
        "friederike-beer",
        "fraulein_beer_schiele",
        "Portrait of Friederike Maria Beer",
        "Egon Schiele",
        "1914",
    ),
    ("the-dream", "the_dream_boccioni", "The Dream (Paolo and Francesca)", "Umberto Boccioni", "about 1909"),
    ("camille-mauclair", "camille_mauclair_vallotton", "Camille Mauclair", "Félix Vallotton", "about 1897"),
]
LICENCE = "The painting is in the public domain; these statistics of it are under the MIT licence"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--paintings", type=Path, required=True)
    folder = Path(impasto.__file__).parent / "catalogue" / "data"
    parser.add_argument("--output", type=Path, default=folder)
    parser.add_argument("--only", nargs="*", help="the names of those to measure, in place of all")
    options = parser.parse_args()
    options.output.mkdir(exist_ok=True)
    for name, file, title, artist, year in PAINTINGS:
        if options.only and name not in options.only:
            continue
        path = options.output / f"{name}.style"
        impasto.make_style(
            options.paintings / f"{file}.jpg",
            path,
            title=title,
            artist=artist,
            year=year,
            licence=LICENCE,
            half=True,
        )
        print(f"{name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
