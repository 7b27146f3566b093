"""The files a training writes: the network as safetensors for torch, and as ONNX for phones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import save

from impasto.errors import OptionError
from impasto.files import replace
from impasto.inference import FastStyle
from impasto.inference.graphs import whole
from impasto.inference.styles import KEY, describe
from impasto.networks.files import load_network, save_network
from impasto.networks.gallery import GalleryNetwork
from impasto.networks.johnson import JohnsonPainter
from impasto.networks.train.additions import styles_in
from impasto.networks.train.stages import Model


def check_names(names: Sequence[str], known: Sequence[FastStyle]) -> None:
    """Raise OptionError for a name the network that is added to has already."""
    taken = {style.name for style in known}
    for name in names:
        if name in taken:
            raise OptionError(f"the network has a style called {name} already; expected another: --name")


def title_of(painting: str) -> str:
    """Return a title out of a file's name: "the_scream.jpg" is The scream."""
    words = Path(painting).stem.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def write_products(
    output: Path,
    model: Model,
    known: Sequence[FastStyle],
    added: Sequence[FastStyle],
    card: Mapping[str, Any],
) -> tuple[Path, ...]:
    """Write ``model`` to ``output``, and a gallery network as .onnx beside it; the files' paths.

    ``known`` styles are listed as far as the network still has them. Raises OutputError.
    """
    network = model.network
    if isinstance(network, JohnsonPainter):
        _write_johnson(output, network)
        return (output,)
    assert isinstance(network, GalleryNetwork)
    styles = [*known[: styles_in(network) - len(added)], *added]
    save_network(output, network, styles, card)
    network, _ = load_network(output)
    # Halves, as the file has them: the same numbers in half the space, computed with in float32.
    tensors = {n: tensor.detach().cpu().half().numpy() for n, tensor in network.state_dict().items()}
    about = {"licence": "", "precision": "fp16"} | dict(card)
    runnable = output.with_suffix(".onnx")
    replace(runnable, whole(tensors, len(network.table), {KEY: describe(styles, about)}))
    return output, runnable


def _write_johnson(output: Path, painter: JohnsonPainter) -> None:
    """Write a network with the names and the 0..255 of pytorch/examples, so that other programs read it."""
    tensors = {n: t.detach().cpu().contiguous() for n, t in painter.network.state_dict().items()}
    replace(output, save(tensors))
