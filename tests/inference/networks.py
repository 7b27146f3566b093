"""Networks in files: a decoder of one's own in a style file, and a network of one style."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from impasto.catalogue.files import read_style, write_style
from impasto.catalogue.lookup import named_styles
from impasto.inference.any_painting_numbers import BUNDLED
from impasto.inference.any_painting_weights import DECODER, pack_changes
from impasto.inference.onnx_files import Graph
from impasto.inference.styles import KEY, FastStyle, describe


def darker(path: Path, style: str = "starry-night") -> Path:
    """A named style with a network that paints in it as the bundled one does, but darker."""
    decoder = load_file(BUNDLED)
    decoder["colours.bias"] = decoder["colours.bias"] - np.float16(1)
    named = read_style(named_styles()[style])
    own = {f"{DECODER}{name}": numbers for name, numbers in decoder.items()}
    write_style(path, named.card, {**named.tensors, **own})
    return path


def changed(path: Path, style: str = "starry-night") -> Path:
    """A named style that changes the bundled network: it paints darker, and a little at random."""
    random = np.random.RandomState(3)
    changes = {
        name: (np.abs(numbers).mean() * 0.1 * random.standard_normal(numbers.shape)).astype(np.float32)
        for name, numbers in load_file(BUNDLED).items()
        if name.startswith(("finest", "colours"))
    }
    changes["colours.bias"] -= 1
    named = read_style(named_styles()[style])
    write_style(path, named.card, {**named.tensors, **pack_changes(changes)})
    return path


def negative(path: Path) -> Path:
    """A network of one style: the photograph's negative."""
    graph = Graph("negative")
    image = graph.input("image", [1, 3, "height", "width"])
    graph.add("Sub", graph.constant(np.ones(1, np.float32)), image, name="painting")
    graph.output("painting", [1, 3, "height", "width"])
    path.write_bytes(graph.to_bytes({KEY: describe(FastStyle("negative", "Negative"), "fp32")}))
    return path
