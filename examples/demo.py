"""Paint a photograph with a style that comes with the package: what ``make demo`` runs.

The photograph is scikit-image's sample of a cup of coffee (by Rachel Michetti, CC0).
"""

from __future__ import annotations

import sys
from pathlib import Path

import skimage.data

import impasto


def main() -> None:
    style = sys.argv[1] if len(sys.argv) > 1 else "starry-night"
    out = Path("out")
    out.mkdir(exist_ok=True)
    path = out / f"demo-{style}.png"
    print(f"Painting scikit-image's coffee in the manner of {style} ...")

    def show(event: impasto.Progress) -> None:
        if event.step == event.steps:
            print(f"  {event.width}x{event.height}: loss {event.losses['total']:.4f}")

    result = impasto.stylize(skimage.data.coffee(), style, on_progress=show)
    result.save(path)
    print(f"Done in {result.seconds:.1f} seconds: {path.resolve()}")
    print(f"Now your own: {Path(sys.prefix) / 'bin' / 'impasto'} stylize photo.jpg {style} -o out.png")


if __name__ == "__main__":
    main()
